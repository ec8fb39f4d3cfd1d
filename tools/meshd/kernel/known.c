// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "base/buf.h"
#include "kernel/family.h"
#include "lib/attr.h"

/* A policy for each command, or fewer: some share one. */
#define POLICIES_MAX	(2 * __MESHLAN_CMD_MAX)

struct question {
	void (*done)(void *data, const struct family_known *known);
	void *data;
	bool command[__MESHLAN_CMD_MAX];
	uint32_t policy[__MESHLAN_CMD_MAX];
	uint64_t attrs[POLICIES_MAX];
	bool any;
};

struct attrs {
	const void *data;
	size_t len;
};

static struct attrs inside(const struct nlattr *nest)
{
	return (struct attrs){mnl_attr_get_payload(nest),
			      mnl_attr_get_payload_len(nest)};
}

/* Of a command: which policy its requests have. */
static void take_command(struct question *question, const struct nlattr *nest)
{
	unsigned int command = mnl_attr_get_type(nest);
	struct attrs in = inside(nest);
	const struct nlattr *attr;

	if (command >= __MESHLAN_CMD_MAX)
		return;
	while ((attr = attr_next(&in.data, &in.len))) {
		if (mnl_attr_get_type(attr) != CTRL_ATTR_POLICY_DO ||
		    mnl_attr_get_payload_len(attr) != sizeof(uint32_t))
			continue;
		question->policy[command] = mnl_attr_get_u32(attr);
		question->command[command] = true;
		question->any = true;
	}
}

static void take_policy(struct question *question, const struct nlattr *nest)
{
	unsigned int policy = mnl_attr_get_type(nest);
	struct attrs in = inside(nest);
	const struct nlattr *attr;

	if (policy >= POLICIES_MAX)
		return;
	while ((attr = attr_next(&in.data, &in.len))) {
		if (mnl_attr_get_type(attr) < 64)
			question->attrs[policy] |=
				MESHLAN_BIT(mnl_attr_get_type(attr));
	}
}

static void question_take(void *data, const struct nlmsghdr *message)
{
	size_t len = mnl_nlmsg_get_payload_len(message);
	const struct nlattr *attr, *nest;
	struct question *question = data;
	struct attrs top, in;

	if (len < GENL_HDRLEN)
		return;
	top.data = mnl_nlmsg_get_payload_offset(message, GENL_HDRLEN);
	top.len = len - GENL_HDRLEN;
	while ((attr = attr_next(&top.data, &top.len))) {
		in = inside(attr);
		while ((nest = attr_next(&in.data, &in.len))) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_OP_POLICY)
				take_command(question, nest);
			else if (mnl_attr_get_type(attr) == CTRL_ATTR_POLICY)
				take_policy(question, nest);
		}
	}
}

static void question_again(void *data)
{
	struct question *question = data;

	*question = (struct question){.done = question->done,
				      .data = question->data};
}

static void question_end(void *data, int error, const struct nlmsghdr *end,
			 const struct nlmsghdr *request)
{
	struct question *question = data;
	struct family_known known = {0};

	/* Kernels do not tell of big-endian numbers: these are always known. */
	for (int i = MESHLAN_CMD_PATH_NEW; i <= MESHLAN_CMD_PATH_PROBE; i++)
		known.attrs[i] = MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV4) |
				 MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_PORT) |
				 MESHLAN_BIT(MESHLAN_A_PATH_LOCAL_IPV4);
	for (int i = 0; i < __MESHLAN_CMD_MAX; i++) {
		known.command[i] = question->command[i];
		if (question->command[i] && question->policy[i] < POLICIES_MAX)
			known.attrs[i] |= question->attrs[question->policy[i]];
	}
	question->done(question->data,
		       !error && question->any ? &known : NULL);
	free(question);
}

void family_ask_known(struct queue *queue, uint16_t id,
		      void (*done)(void *data,
				   const struct family_known *known),
		      void *data)
{
	struct question *question = xalloc(sizeof(*question));
	struct queue_request on = {
		.take = question_take,
		.again = question_again,
		.end = question_end,
		.data = question,
		.dump = true,
	};
	char buf[256] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	question->done = done;
	question->data = data;
	message->nlmsg_type = GENL_ID_CTRL;
	genl = mnl_nlmsg_put_extra_header(message, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETPOLICY;
	genl->version = 1;
	mnl_attr_put_u16(message, CTRL_ATTR_FAMILY_ID, id);
	queue_add(queue, message, &on);
}

/* --- what a module may be too old for ------------------------------------ */

static const struct {
	uint8_t command;
	uint8_t attr;
	const char *text;
} wanted[] = {
	{MESHLAN_CMD_ROUTES_SET, MESHLAN_A_ROUTES_ROUTE,
	 "the loaded module cannot set many routes at once: they are set one by one"},
	{MESHLAN_CMD_ROUTE_NEW, MESHLAN_A_ROUTE_SCATTER,
	 "the loaded module cannot scatter by route: routes do what the device does"},
	{MESHLAN_CMD_ORIGIN_NEW, MESHLAN_A_ORIGIN_CHILD,
	 "the loaded module has no children of floods: broadcasts go to every neighbour"},
	{MESHLAN_CMD_PATH_NEW, MESHLAN_A_PATH_WEIGHT,
	 "the loaded module has no weights of paths: paths share flows evenly"},
	{MESHLAN_CMD_SESSION_NEW, MESHLAN_A_SESSION_RELAY_LIMIT,
	 "the loaded module cannot limit what neighbours have relayed: it is not limited"},
	{MESHLAN_CMD_DEV_SET, MESHLAN_A_DEV_ROLE,
	 "the loaded module has no roles: this node relays like a member"},
	{MESHLAN_CMD_DEV_SET, MESHLAN_A_DEV_SCATTER,
	 "the loaded module cannot use several ways at once"},
	{MESHLAN_CMD_DEV_SET, MESHLAN_A_DEV_REDUNDANT_DSCP,
	 "the loaded module cannot send chosen packets two ways"},
	{MESHLAN_CMD_DEV_SET, MESHLAN_A_DEV_LOOP_PROBES,
	 "the loaded module does not find a LAN that is bridged twice"},
	{MESHLAN_CMD_PING, MESHLAN_A_PING_NODE,
	 "the loaded module knows no ping: delay to nodes behind others is not measured"},
};

const char *family_lacks(const struct family *family, unsigned int *i)
{
	while (*i < sizeof(wanted) / sizeof(*wanted)) {
		unsigned int at = (*i)++;

		if (!family_knows(family, wanted[at].command, wanted[at].attr))
			return wanted[at].text;
	}
	return NULL;
}
