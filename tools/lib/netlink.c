// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#define QUERY_SIZE	16384
#define REQUEST_SIZE	MESHLAN_REQUEST_SIZE
#define REPLY_SIZE	65536
#define DUMP_ATTEMPTS	20

static enum meshlan_status fail_errno(struct meshlan_error *err,
				      const char *what)
{
	return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "%s: %s", what,
			    strerror(errno));
}

static struct nlmsghdr *put_head(void *buf, uint16_t type, uint8_t command,
				 uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = version;
	return nlh;
}

static void ask(struct meshlan_nl *nl, struct nlmsghdr *nlh, uint16_t flags)
{
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
}

struct nlmsghdr *meshlan_build(void *buf, size_t size, uint16_t family,
			       uint8_t command, const struct meshlan_set *set,
			       const void *object)
{
	struct nlmsghdr *nlh = put_head(buf, family, command,
					MESHLAN_FAMILY_VERSION);

	return meshlan_encode(set, object, nlh, size) ? nlh : NULL;
}

/* Send @request and give each message of the answer to @take. */
static enum meshlan_status
converse(struct meshlan_nl *nl, struct nlmsghdr *request,
	 const struct meshlan_set *set,
	 enum meshlan_status (*take)(const struct nlmsghdr *nlh, void *data,
				     struct meshlan_error *err),
	 void *data, bool *interrupted, struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	struct nlmsghdr *nlh;
	bool done = false;
	ssize_t got;
	char *buf;
	int len;

	buf = malloc(REPLY_SIZE);
	if (!buf)
		return fail_errno(err, "reading the answer");
	if (mnl_socket_sendto(nl->sock, request, request->nlmsg_len) < 0) {
		status = fail_errno(err, "sending to the kernel");
		done = true;
	}
	while (!done) {
		got = mnl_socket_recvfrom(nl->sock, buf, REPLY_SIZE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			status = fail_errno(err, "hearing from the kernel");
			break;
		}
		len = got;
		for (nlh = (void *)buf; !done && mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (!mnl_nlmsg_seq_ok(nlh, request->nlmsg_seq) ||
			    !mnl_nlmsg_portid_ok(nlh, nl->portid))
				continue;
			if (interrupted &&
			    (nlh->nlmsg_flags & NLM_F_DUMP_INTR))
				*interrupted = true;
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE) {
				done = true;
				if (nlh->nlmsg_type == NLMSG_ERROR && !status)
					status = meshlan_refusal(
						nlh, request,
						sizeof(struct genlmsghdr), set,
						err);
			} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE &&
				   !status && take) {
				status = take(nlh, data, err);
			}
		}
	}
	free(buf);
	return status;
}

/* --- the family ---------------------------------------------------------- */

static const struct meshlan_set family_set = {.name = "family"};

static void find_group(const struct nlattr *groups, struct meshlan_nl *nl)
{
	const struct nlattr *group, *attr;
	const char *name;
	uint32_t id;

	mnl_attr_for_each_nested(group, groups) {
		name = NULL;
		id = 0;
		mnl_attr_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
				name = mnl_attr_get_str(attr);
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
				id = mnl_attr_get_u32(attr);
		}
		if (name && !strcmp(name, MESHLAN_MCGRP_EVENTS))
			nl->events = id;
	}
}

static enum meshlan_status take_family(const struct nlmsghdr *nlh, void *data,
				       struct meshlan_error *err)
{
	struct meshlan_nl *nl = data;
	const struct nlattr *attr;

	(void)err;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			nl->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			find_group(attr, nl);
	}
	return MESHLAN_OK;
}

/* Asking for the family makes the kernel load the module, if we may. */
static enum meshlan_status resolve(struct meshlan_nl *nl,
				   struct meshlan_error *err)
{
	char buf[QUERY_SIZE] = {0};
	struct nlmsghdr *nlh;
	enum meshlan_status status;

	nlh = put_head(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	ask(nl, nlh, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, MESHLAN_FAMILY_NAME);
	status = converse(nl, nlh, &family_set, take_family, nl, NULL, err);
	if (status == MESHLAN_ERR_NOT_FOUND)
		return meshlan_fail(err, MESHLAN_ERR_MODULE,
				    "the kernel module is not loaded; as root: modprobe meshlan");
	if (!status && !nl->family)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "the kernel's answer makes no sense");
	return status;
}

/* The socket that a claim left to us, if there is one. */
static struct mnl_socket *claiming_socket(void)
{
	const char *text = getenv(MESHLAN_CLAIM_FD);
	socklen_t len = sizeof(int);
	int protocol = -1;
	uint64_t fd;

	if (!text || !meshlan_parse_number(text, INT32_MAX, &fd))
		return NULL;
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) ||
	    protocol != NETLINK_GENERIC)
		return NULL;
	return mnl_socket_fdopen(fd);
}

static enum meshlan_status open_socket(struct meshlan_nl *nl,
				       struct meshlan_error *err)
{
	int on = 1;

	if (!nl->sock) {
		nl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
		if (!nl->sock)
			return fail_errno(err, "opening a netlink socket");
		if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0)
			return fail_errno(err, "binding a netlink socket");
	}
	/* A kernel without these only tells less. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_GET_STRICT_CHK, &on,
			      sizeof(on));
	nl->portid = mnl_socket_get_portid(nl->sock);
	return resolve(nl, err);
}

static enum meshlan_status open_with(struct meshlan_nl *nl,
				     struct mnl_socket *sock,
				     struct meshlan_error *err)
{
	struct timespec now;
	enum meshlan_status status;

	/* A socket may serve several programs: none takes another's answer. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	*nl = (struct meshlan_nl){
		.sock = sock,
		.inherited = sock,
		.seq = now.tv_nsec ^ (uint32_t)now.tv_sec << 20,
	};
	status = open_socket(nl, err);
	if (status)
		meshlan_close(nl);
	return status;
}

enum meshlan_status meshlan_open(struct meshlan_nl *nl,
				 struct meshlan_error *err)
{
	return open_with(nl, claiming_socket(), err);
}

enum meshlan_status meshlan_open_own(struct meshlan_nl *nl,
				     struct meshlan_error *err)
{
	return open_with(nl, NULL, err);
}

void meshlan_close(struct meshlan_nl *nl)
{
	if (!nl->sock)
		return;
	if (nl->inherited)
		free(nl->sock);	/* its descriptor is not ours to close */
	else
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

/* --- requests ------------------------------------------------------------ */

struct one {
	const struct meshlan_set *set;
	void *object;
};

enum meshlan_status meshlan_decode_message(const struct nlmsghdr *nlh,
					   const struct meshlan_set *set,
					   void *object,
					   struct meshlan_error *err)
{
	if (mnl_nlmsg_get_payload_len(nlh) < GENL_HDRLEN ||
	    !meshlan_decode(set, mnl_nlmsg_get_payload_offset(nlh, GENL_HDRLEN),
			    mnl_nlmsg_get_payload_len(nlh) - GENL_HDRLEN,
			    object))
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "the kernel's %s makes no sense",
				    set->name);
	return MESHLAN_OK;
}

static enum meshlan_status take_one(const struct nlmsghdr *nlh, void *data,
				    struct meshlan_error *err)
{
	struct one *one = data;

	return meshlan_decode_message(nlh, one->set, one->object, err);
}

enum meshlan_status meshlan_request(struct meshlan_nl *nl, uint8_t command,
				    const struct meshlan_set *set,
				    const void *object, void *reply,
				    struct meshlan_error *err)
{
	struct one one = {.set = set, .object = reply};
	char *buf = calloc(1, REQUEST_SIZE);
	enum meshlan_status status;
	struct nlmsghdr *nlh;

	if (!buf)
		return fail_errno(err, "writing a request");
	nlh = meshlan_build(buf, REQUEST_SIZE, nl->family, command, set,
			    object);
	if (nlh) {
		ask(nl, nlh, NLM_F_ACK);
		status = converse(nl, nlh, set, reply ? take_one : NULL, &one,
				  NULL, err);
	} else {
		status = meshlan_fail(err, MESHLAN_ERR_REFUSED,
				      "more than one message holds");
	}
	/* It may hold a secret, sent or not. */
	explicit_bzero(buf, REQUEST_SIZE);
	free(buf);
	return status;
}

static size_t route_size(const struct meshlan_route *route)
{
	const size_t u32 = MNL_ATTR_HDRLEN + sizeof(uint32_t);
	const size_t u64 = MNL_ATTR_HDRLEN + sizeof(uint64_t);

	/* The nest, node, scatter and gone; the owner; the hops. */
	return 2 * MNL_ATTR_HDRLEN + u64 + u32 +
	       MNL_ATTR_HDRLEN + MNL_ALIGN(route->owner.len) +
	       route->hop.count * (MNL_ATTR_HDRLEN + u64 + u32);
}

size_t meshlan_routes_fit(const struct meshlan_route *route, size_t count)
{
	size_t fit, room = REQUEST_SIZE - QUERY_SIZE;

	for (fit = 0; fit < count && route_size(&route[fit]) <= room; fit++)
		room -= route_size(&route[fit]);
	return fit;
}

struct many {
	const struct meshlan_set *set;
	struct meshlan_list *list;
	size_t room;
};

void meshlan_list_free(const struct meshlan_set *set, struct meshlan_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		meshlan_release(set, (char *)list->items + i * set->size);
	free(list->items);
	*list = (struct meshlan_list){0};
}

/* What was read is forgotten, the room for it kept. */
static void empty(const struct meshlan_set *set, struct meshlan_list *list)
{
	while (list->count)
		meshlan_release(set, (char *)list->items +
					     --list->count * set->size);
}

static enum meshlan_status take_many(const struct nlmsghdr *nlh, void *data,
				     struct meshlan_error *err)
{
	struct many *many = data;
	struct meshlan_list *list = many->list;
	enum meshlan_status status;

	if (list->count == many->room) {
		size_t room = many->room ? many->room * 2 : 16;
		void *items = reallocarray(list->items, room, many->set->size);

		if (!items)
			return fail_errno(err, "reading a list");
		list->items = items;
		many->room = room;
	}
	status = meshlan_decode_message(
		nlh, many->set,
		(char *)list->items + list->count * many->set->size, err);
	if (!status)
		list->count++;
	return status;
}

enum meshlan_status meshlan_dump(struct meshlan_nl *nl, uint8_t command,
				 const struct meshlan_set *set,
				 const void *filter, struct meshlan_list *list,
				 struct meshlan_error *err)
{
	struct many many = {.set = set, .list = list};
	char buf[QUERY_SIZE];
	enum meshlan_status status;
	struct nlmsghdr *nlh;
	bool interrupted;

	*list = (struct meshlan_list){0};
	/* What changed while it was read is read again. */
	for (int i = 0; i < DUMP_ATTEMPTS; i++) {
		interrupted = false;
		empty(set, list);
		memset(buf, 0, sizeof(buf));
		nlh = put_head(buf, nl->family, command,
			       MESHLAN_FAMILY_VERSION);
		meshlan_encode(set, filter, nlh, sizeof(buf));
		ask(nl, nlh, NLM_F_DUMP);
		status = converse(nl, nlh, set, take_many, &many,
				  &interrupted, err);
		if (status)
			break;
		if (!interrupted)
			return MESHLAN_OK;
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				      "the list changes faster than it can be read");
	}
	meshlan_list_free(set, list);
	return status;
}

/* --- events -------------------------------------------------------------- */

enum meshlan_status meshlan_subscribe(struct meshlan_nl *nl,
				      struct meshlan_error *err)
{
	int size = 4 << 20;

	/* Beyond the usual limit where we may, up to it where we may not. */
	if (setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)))
		setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUF,
			   &size, sizeof(size));
	if (!mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP,
				   &nl->events, sizeof(nl->events)))
		return MESHLAN_OK;
	return meshlan_fail(err, meshlan_status_of(errno),
			    "joining the events: %s", strerror(errno));
}

/* What stands in one datagram. */
static enum meshlan_status tell_events(struct meshlan_nl *nl, const void *buf,
				       int len, meshlan_tell_fn *tell,
				       void *data, bool *more,
				       struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	struct meshlan_event_info event;
	const struct nlmsghdr *nlh;

	for (nlh = buf; *more && !status && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_type != nl->family)
			continue;
		status = meshlan_decode_message(nlh, &meshlan_event_info_set, &event,
					err);
		if (!status)
			*more = tell(&event, data);
	}
	return status;
}

enum meshlan_status meshlan_hear(struct meshlan_nl *nl, meshlan_tell_fn *tell,
				 void *data, bool *more,
				 struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	char *buf = malloc(REPLY_SIZE);
	ssize_t got = -1;

	*more = true;
	if (buf)
		got = mnl_socket_recvfrom(nl->sock, buf, REPLY_SIZE);
	if (got >= 0)
		status = tell_events(nl, buf, got, tell, data, more, err);
	else if (buf && errno == ENOBUFS)
		*more = tell(NULL, data);
	else if (!buf || errno != EINTR)
		status = fail_errno(err, "reading events");
	free(buf);
	return status;
}

enum meshlan_status meshlan_listen(struct meshlan_nl *nl,
				   meshlan_tell_fn *tell, void *data,
				   struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	bool more = true;

	while (more && !status)
		status = meshlan_hear(nl, tell, data, &more, err);
	return status;
}
