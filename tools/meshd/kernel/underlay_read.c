// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "base/buf.h"
#include "kernel/underlay_table.h"
#include "lib/attr.h"

/* Attributes behind a fixed header; NULL if there is no whole one. */
struct attrs {
	const void *data;
	size_t len;
};

static const void *head_of(const struct nlmsghdr *message, size_t size,
			   struct attrs *attrs)
{
	size_t len = mnl_nlmsg_get_payload_len(message);

	if (len < size)
		return NULL;
	size = MNL_ALIGN(size) < len ? MNL_ALIGN(size) : len;
	attrs->data = mnl_nlmsg_get_payload_offset(message, size);
	attrs->len = len - size;
	return mnl_nlmsg_get_payload(message);
}

static uint32_t u32_of(const struct nlattr *attr)
{
	uint32_t value = 0;

	if (mnl_attr_get_payload_len(attr) >= sizeof(value))
		memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
	return value;
}

static void text_of(const struct nlattr *attr, char *text, size_t size)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len >= size)
		len = size - 1;
	memset(text, 0, size);
	memcpy(text, mnl_attr_get_payload(attr), len);
}

/* --- links --------------------------------------------------------------- */

static void read_info(const struct nlattr *info, struct link *link)
{
	struct attrs attrs = {mnl_attr_get_payload(info),
			      mnl_attr_get_payload_len(info)};
	const struct nlattr *attr;

	while ((attr = attr_next(&attrs.data, &attrs.len)))
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			text_of(attr, link->kind, sizeof(link->kind));
}

static bool read_link(const struct nlmsghdr *message, struct link *link)
{
	const struct ifinfomsg *head;
	const struct nlattr *attr;
	bool elsewhere = false;
	struct attrs attrs;

	memset(link, 0, sizeof(*link));
	head = head_of(message, sizeof(*head), &attrs);
	/* A bridge tells of its ports in a family of its own. */
	if (!head || head->ifi_family != AF_UNSPEC || head->ifi_index <= 0)
		return false;
	link->ifindex = head->ifi_index;
	link->flags = head->ifi_flags;
	link->type = head->ifi_type;
	link->seen = true;
	while ((attr = attr_next(&attrs.data, &attrs.len))) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			text_of(attr, link->name, sizeof(link->name));
			break;
		case IFLA_MTU:
			link->mtu = u32_of(attr);
			break;
		case IFLA_LINK:
			link->below = u32_of(attr);
			break;
		case IFLA_LINK_NETNSID:
			elsewhere = true;
			break;
		case IFLA_MASTER:
			link->master = u32_of(attr);
			break;
		case IFLA_LINKINFO:
			read_info(attr, link);
			break;
		}
	}
	if (elsewhere)
		link->below = 0;
	return true;
}

static struct link *link_at(struct underlay *underlay, uint32_t ifindex)
{
	for (size_t i = 0; i < underlay->links; i++)
		if (underlay->link[i].ifindex == ifindex)
			return &underlay->link[i];
	return NULL;
}

static void tell_device(struct underlay *underlay, bool up, bool gone)
{
	if (!gone && underlay->device_known && underlay->device_up == up)
		return;
	underlay->device_known = !gone;
	underlay->device_up = up;
	if (underlay->ops.device)
		underlay->ops.device(underlay->data, up, gone);
}

static void add_link(struct underlay *underlay, const struct link *link)
{
	struct link *old = link_at(underlay, link->ifindex);

	if (!old) {
		if (underlay->links == underlay->link_room) {
			underlay->link_room = underlay->link_room * 2 + 16;
			underlay->link = xrealloc(underlay->link,
						  underlay->link_room *
						  sizeof(*link));
		}
		old = &underlay->link[underlay->links++];
	}
	*old = *link;
	if (underlay->device && link->ifindex == underlay->device)
		tell_device(underlay, link->flags & IFF_UP, false);
}

static void drop_link(struct underlay *underlay, struct link *link)
{
	bool device = underlay->device && link->ifindex == underlay->device;

	*link = underlay->link[--underlay->links];
	if (device)
		tell_device(underlay, false, true);
}

static void change_link(struct underlay *underlay,
			const struct nlmsghdr *message)
{
	struct link link, *old;

	if (!read_link(message, &link))
		return;
	old = link_at(underlay, link.ifindex);
	if (message->nlmsg_type == RTM_NEWLINK)
		add_link(underlay, &link);
	else if (old)
		drop_link(underlay, old);
	underlay->dirty = underlay->ask = true;
}

void underlay_set_device(struct underlay *underlay, uint32_t ifindex)
{
	const struct link *link = link_at(underlay, ifindex);

	underlay->device = ifindex;
	underlay->device_known = link;
	underlay->device_up = link && link->flags & IFF_UP;
	underlay->dirty = true;
}

/* --- addresses ----------------------------------------------------------- */

static bool put_addr(struct local *local, int family,
		     const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memset(&local->addr, 0, sizeof(local->addr));
	if (family == AF_INET6 && len == 16) {
		local->addr.in6.sin6_family = AF_INET6;
		memcpy(&local->addr.in6.sin6_addr, mnl_attr_get_payload(attr),
		       len);
		if (addr_is_link_local(&local->addr))
			local->addr.in6.sin6_scope_id = local->ifindex;
		return true;
	}
	if (family != AF_INET || len != 4)
		return false;
	local->addr.in.sin_family = AF_INET;
	memcpy(&local->addr.in.sin_addr, mnl_attr_get_payload(attr), len);
	return true;
}

static bool read_local(const struct nlmsghdr *message, struct local *local)
{
	const struct nlattr *attr, *near = NULL, *far = NULL;
	const struct ifaddrmsg *head;
	struct attrs attrs;

	memset(local, 0, sizeof(*local));
	head = head_of(message, sizeof(*head), &attrs);
	if (!head)
		return false;
	local->ifindex = head->ifa_index;
	local->flags = head->ifa_flags;
	local->scope = head->ifa_scope;
	local->prefix = head->ifa_prefixlen;
	local->seen = true;
	while ((attr = attr_next(&attrs.data, &attrs.len))) {
		switch (mnl_attr_get_type(attr)) {
		case IFA_LOCAL:
			near = attr;
			break;
		case IFA_ADDRESS:
			far = attr;
			break;
		case IFA_FLAGS:
			local->flags = u32_of(attr);
			break;
		}
	}
	/* Between two points the second is the other one's. */
	attr = near ? near : far;
	return attr && put_addr(local, head->ifa_family, attr);
}

static struct local *local_at(struct underlay *underlay,
			      const struct local *local)
{
	for (size_t i = 0; i < underlay->locals; i++)
		if (underlay->local[i].ifindex == local->ifindex &&
		    addr_same_host(&underlay->local[i].addr, &local->addr))
			return &underlay->local[i];
	return NULL;
}

static void add_local(struct underlay *underlay, const struct local *local)
{
	struct local *old = local_at(underlay, local);

	if (!old) {
		if (underlay->locals == underlay->local_room) {
			underlay->local_room = underlay->local_room * 2 + 16;
			underlay->local = xrealloc(underlay->local,
						   underlay->local_room *
						   sizeof(*local));
		}
		old = &underlay->local[underlay->locals++];
	}
	*old = *local;
}

static void change_local(struct underlay *underlay,
			 const struct nlmsghdr *message)
{
	struct local local, *old;

	if (!read_local(message, &local))
		return;
	old = local_at(underlay, &local);
	if (message->nlmsg_type == RTM_NEWADDR)
		add_local(underlay, &local);
	else if (old)
		*old = underlay->local[--underlay->locals];
	underlay->dirty = underlay->ask = true;
}

/* --- routes -------------------------------------------------------------- */

/* Those that come and go with every address or device are no news. */
static bool is_local_route(const struct rtmsg *head, const uint8_t *dst)
{
	if (head->rtm_type != RTN_UNICAST && head->rtm_type != RTN_BLACKHOLE &&
	    head->rtm_type != RTN_UNREACHABLE)
		return true;
	if (head->rtm_flags & RTM_F_CLONED || head->rtm_table == RT_TABLE_LOCAL)
		return true;
	return head->rtm_family == AF_INET6 && dst &&
	       (dst[0] == 0xff || (dst[0] == 0xfe && dst[1] == 0x80));
}

static void change_route(struct underlay *underlay,
			 const struct nlmsghdr *message)
{
	const uint8_t *dst = NULL;
	const struct nlattr *attr;
	const struct rtmsg *head;
	struct attrs attrs;
	uint32_t oif = 0;

	head = head_of(message, sizeof(*head), &attrs);
	if (!head)
		return;
	while ((attr = attr_next(&attrs.data, &attrs.len))) {
		if (mnl_attr_get_type(attr) == RTA_OIF)
			oif = u32_of(attr);
		else if (mnl_attr_get_type(attr) == RTA_DST &&
			 mnl_attr_get_payload_len(attr) >= 2)
			dst = mnl_attr_get_payload(attr);
	}
	if (is_local_route(head, dst) || (oif && oif == underlay->device))
		return;
	underlay->pending |= head->rtm_dst_len ? UNDERLAY_ROUTE :
						 UNDERLAY_DEFAULT_ROUTE;
	underlay->dirty = underlay->ask = true;
}

void underlay_default(struct underlay *underlay, int family, uint32_t ifindex)
{
	uint32_t *route = &underlay->route[family == AF_INET6];

	if (*route == ifindex)
		return;
	*route = ifindex;
	underlay->pending |= UNDERLAY_DEFAULT_ROUTE;
	underlay->dirty = true;
}

/* --- all ----------------------------------------------------------------- */

void underlay_begin(struct underlay *underlay)
{
	underlay->dumping = true;
	for (size_t i = 0; i < underlay->links; i++)
		underlay->link[i].seen = false;
	for (size_t i = 0; i < underlay->locals; i++)
		underlay->local[i].seen = false;
}

static void drop_unseen(struct underlay *underlay)
{
	for (size_t i = underlay->links; i--;)
		if (!underlay->link[i].seen)
			drop_link(underlay, &underlay->link[i]);
	for (size_t i = underlay->locals; i--;)
		if (!underlay->local[i].seen)
			underlay->local[i] =
				underlay->local[--underlay->locals];
}

void underlay_end(struct underlay *underlay, bool whole)
{
	if (whole)
		drop_unseen(underlay);
	underlay->dumping = false;
	underlay->dirty = underlay->ask = true;
}

void underlay_read(struct underlay *underlay, const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		change_link(underlay, message);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		change_local(underlay, message);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		change_route(underlay, message);
		break;
	}
}
