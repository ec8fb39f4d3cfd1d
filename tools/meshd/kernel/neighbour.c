// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/neighbour.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "base/buf.h"
#include "lib/attr.h"

struct call {
	uint32_t ifindex;
	family_done_fn *done;
	struct family_dump_ops dump;
	void *data;
};

static const struct meshlan_attr neighbour_attr[] = {
	{.name = "address", .number = NDA_DST, .type = MESHLAN_TYPE_STRING},
	{.name = "mac", .number = NDA_LLADDR, .type = MESHLAN_TYPE_MAC},
	{.name = "protocol", .number = NDA_PROTOCOL, .type = MESHLAN_TYPE_U8,
	 .size = 1},
};

static const struct meshlan_set neighbour_attrs = {
	.name = "neighbour", .attr = neighbour_attr, .count = 3};

static void call_end(void *data, int error, const struct nlmsghdr *end,
		     const struct nlmsghdr *request)
{
	struct family_answer answer = {.error = error};
	struct call *call = data;

	if (end)
		answer.status = meshlan_refusal(end, request,
						sizeof(struct ndmsg),
						&neighbour_attrs, &answer.err);
	else if (error)
		answer.status = meshlan_fail(&answer.err,
					     meshlan_status_of(error),
					     "asking the kernel: %s",
					     strerror(error));
	if (call->done)
		call->done(call->data, &answer);
	free(call);
}

static struct nlmsghdr *put_head(char *buf, uint16_t type, uint16_t flags,
				 const struct ndmsg *head)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);

	message->nlmsg_type = type;
	message->nlmsg_flags = flags;
	memcpy(mnl_nlmsg_put_extra_header(message, sizeof(*head)), head,
	       sizeof(*head));
	return message;
}

void neighbour_set(struct queue *queue, uint32_t ifindex, bool add,
		   const struct sync_neighbour *neighbour,
		   family_done_fn *done, void *data)
{
	const union addr *addr = &neighbour->addr;
	struct ndmsg head = {
		.ndm_family = addr->sa.sa_family,
		.ndm_ifindex = ifindex,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = neighbour->router ? NTF_ROUTER : 0,
	};
	struct queue_request on = {.end = call_end};
	struct call *call = xalloc(sizeof(*call));
	struct nlmsghdr *message;
	char buf[128] = {0};

	message = put_head(buf, add ? RTM_NEWNEIGH : RTM_DELNEIGH,
			   add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &head);
	if (addr->sa.sa_family == AF_INET6)
		mnl_attr_put(message, NDA_DST, 16, &addr->in6.sin6_addr);
	else
		mnl_attr_put(message, NDA_DST, 4, &addr->in.sin_addr);
	if (add) {
		mnl_attr_put(message, NDA_LLADDR, 6, neighbour->mac);
		mnl_attr_put_u8(message, NDA_PROTOCOL, NEIGHBOUR_PROTOCOL);
	}
	call->done = done;
	call->data = data;
	on.data = call;
	queue_add(queue, message, &on);
}

/* --- reading ------------------------------------------------------------- */

static void *bytes_of(union addr *addr, size_t *size)
{
	*size = addr->sa.sa_family == AF_INET6 ? 16 : 4;
	if (addr->sa.sa_family == AF_INET6)
		return &addr->in6.sin6_addr;
	return &addr->in.sin_addr;
}

/* True if the attribute has this size, and was copied. */
static bool get(const struct nlattr *attr, void *to, size_t size)
{
	if (mnl_attr_get_payload_len(attr) != size)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return true;
}

/* False if it is not one of ours. */
static bool decode(const struct nlmsghdr *message, uint32_t ifindex,
		   struct sync_neighbour *neighbour)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	size_t len = mnl_nlmsg_get_payload_len(message), size;
	bool mac = false, addr = false;
	const struct nlattr *attr;
	uint8_t protocol = 0;
	const void *data;
	void *bytes;

	if (message->nlmsg_type != RTM_NEWNEIGH || len < sizeof(*head) ||
	    (uint32_t)head->ndm_ifindex != ifindex ||
	    !(head->ndm_state & NUD_PERMANENT))
		return false;
	memset(neighbour, 0, sizeof(*neighbour));
	neighbour->router = head->ndm_flags & NTF_ROUTER;
	neighbour->addr.sa.sa_family = head->ndm_family;
	bytes = bytes_of(&neighbour->addr, &size);
	data = head + 1;
	len -= sizeof(*head);
	while ((attr = attr_next(&data, &len))) {
		switch (mnl_attr_get_type(attr)) {
		case NDA_DST:
			addr = get(attr, bytes, size);
			break;
		case NDA_LLADDR:
			mac = get(attr, neighbour->mac, 6);
			break;
		case NDA_PROTOCOL:
			get(attr, &protocol, 1);
			break;
		}
	}
	return mac && addr && protocol == NEIGHBOUR_PROTOCOL &&
	       (head->ndm_family == AF_INET || head->ndm_family == AF_INET6);
}

static void call_take(void *data, const struct nlmsghdr *message)
{
	struct sync_neighbour neighbour;
	struct call *call = data;

	if (decode(message, call->ifindex, &neighbour))
		call->dump.object(call->data, &neighbour);
}

static void call_again(void *data)
{
	struct call *call = data;

	call->dump.again(call->data);
}

void neighbour_dump(struct queue *queue, uint32_t ifindex,
		    const struct family_dump_ops *ops, void *data)
{
	struct queue_request on = {
		.take = call_take,
		.again = call_again,
		.end = call_end,
		.dump = true,
	};
	struct call *call = xalloc(sizeof(*call));
	struct nlmsghdr *message;
	struct ndmsg head = {0};
	char buf[128] = {0};

	message = put_head(buf, RTM_GETNEIGH, 0, &head);
	mnl_attr_put_u32(message, NDA_IFINDEX, ifindex);
	call->ifindex = ifindex;
	call->done = ops->done;
	call->dump = *ops;
	call->data = data;
	on.data = call;
	queue_add(queue, message, &on);
}
