// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#define BUF_SIZE 8192

static const struct meshlan_attr ifa_attr[] = {
	{.name = "address", .number = IFA_LOCAL, .type = MESHLAN_TYPE_STRING},
};

static const struct meshlan_set ifa_set = {
	.name = "address", .attr = ifa_attr, .count = 1};

/* Names of what surrounds the attributes of our kind, for error lines. */
static const struct meshlan_attr info_attr[] = {
	{.name = "kind", .number = IFLA_INFO_KIND, .type = MESHLAN_TYPE_STRING},
	{.name = "data", .number = IFLA_INFO_DATA, .type = MESHLAN_TYPE_NEST,
	 .nest = &meshlan_link_set},
};

static const struct meshlan_set info_set = {
	.name = "linkinfo", .attr = info_attr, .count = 2};

static const struct meshlan_attr ifla_attr[] = {
	{.name = "name", .number = IFLA_IFNAME, .type = MESHLAN_TYPE_STRING},
	{.name = "address", .number = IFLA_ADDRESS, .type = MESHLAN_TYPE_MAC},
	{.name = "mtu", .number = IFLA_MTU, .type = MESHLAN_TYPE_U32,
	 .size = 4},
	{.name = "linkinfo", .number = IFLA_LINKINFO,
	 .type = MESHLAN_TYPE_NEST, .nest = &info_set},
};

static const struct meshlan_set ifla_set = {
	.name = "link", .attr = ifla_attr, .count = 4};

static struct nlmsghdr *start(char *buf, uint16_t type, uint16_t flags,
			      const char *name, unsigned int ifi_flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = time(NULL);
	info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	info->ifi_flags = ifi_flags;
	info->ifi_change = ifi_flags;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

static int error_of(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *body = mnl_nlmsg_get_payload(nlh);

	return body->error;
}

/* @good: an errno that is none, or 0. */
static enum meshlan_status converse(struct nlmsghdr *request, size_t header,
				    const struct meshlan_set *set, int good,
				    struct meshlan_error *err)
{
	struct mnl_socket *sock;
	char buf[BUF_SIZE];
	enum meshlan_status status;
	struct nlmsghdr *nlh = (void *)buf;
	ssize_t got = -1;
	int on = 1;

	sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (sock && mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) >= 0) {
		mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
		mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on));
		if (mnl_socket_sendto(sock, request, request->nlmsg_len) >= 0)
			do
				got = mnl_socket_recvfrom(sock, buf,
							  sizeof(buf));
			while (got < 0 && errno == EINTR);
	}
	if (got < 0)
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				      "talking to rtnetlink: %s",
				      strerror(errno));
	else if (!mnl_nlmsg_ok(nlh, got) || nlh->nlmsg_type != NLMSG_ERROR ||
		 mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nlmsgerr))
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				      "the kernel's answer makes no sense");
	else if (good && -error_of(nlh) == good)
		status = MESHLAN_OK;
	else
		status = meshlan_refusal(nlh, request, header, set, err);
	if (sock)
		mnl_socket_close(sock);
	return status;
}

static enum meshlan_status change(struct nlmsghdr *request,
				  struct meshlan_error *err)
{
	return converse(request, sizeof(struct ifinfomsg), &ifla_set, 0, err);
}

/* rtnetlink does not say that a kind is unknown in a way of its own. */
static bool module_missing(void)
{
	struct meshlan_error unused;
	struct meshlan_nl nl;

	if (meshlan_open_own(&nl, &unused) == MESHLAN_ERR_MODULE)
		return true;
	meshlan_close(&nl);
	return false;
}

enum meshlan_status meshlan_link_add(const char *name,
				     const struct meshlan_link *link,
				     const uint8_t *mac, uint32_t mtu, bool up,
				     struct meshlan_error *err)
{
	char buf[BUF_SIZE] = {0};
	struct nlattr *info, *data;
	struct nlmsghdr *nlh;
	enum meshlan_status status;

	nlh = start(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name,
		    up ? IFF_UP : 0);
	if (mac)
		mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, MESHLAN_FAMILY_NAME);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	meshlan_encode(&meshlan_link_set, link, nlh, sizeof(buf));
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	status = change(nlh, err);
	if ((status == MESHLAN_ERR_REFUSED || status == MESHLAN_ERR_MODULE) &&
	    module_missing())
		return meshlan_fail(err, MESHLAN_ERR_MODULE,
				    "the kernel module is not loaded; as root: modprobe meshlan");
	return status;
}

enum meshlan_status meshlan_link_up(const char *name,
				    struct meshlan_error *err)
{
	char buf[BUF_SIZE] = {0};

	return change(start(buf, RTM_NEWLINK, 0, name, IFF_UP), err);
}

enum meshlan_status meshlan_link_mtu(const char *name, uint32_t mtu,
				     struct meshlan_error *err)
{
	char buf[BUF_SIZE] = {0};
	struct nlmsghdr *nlh = start(buf, RTM_NEWLINK, 0, name, 0);

	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return change(nlh, err);
}

enum meshlan_status meshlan_link_del(const char *name,
				     struct meshlan_error *err)
{
	char buf[BUF_SIZE] = {0};

	return change(start(buf, RTM_DELLINK, 0, name, 0), err);
}

/* Where there is one, so that who broadcasts to the subnet is heard. */
static void put_broadcast(struct nlmsghdr *nlh, const struct in_addr *addr,
			  unsigned int prefix)
{
	if (prefix && prefix < 31)
		mnl_attr_put_u32(nlh, IFA_BROADCAST,
				 addr->s_addr | htonl(UINT32_MAX >> prefix));
}

enum meshlan_status meshlan_link_address(uint32_t ifindex, bool add,
					 int family, const void *addr,
					 unsigned int prefix,
					 struct meshlan_error *err)
{
	size_t size = family == AF_INET6 ? 16 : 4;
	char buf[BUF_SIZE] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *head;

	nlh->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (add)
		nlh->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	nlh->nlmsg_seq = time(NULL);
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->ifa_family = family;
	head->ifa_prefixlen = prefix;
	head->ifa_index = ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, size, addr);
	mnl_attr_put(nlh, IFA_ADDRESS, size, addr);
	/* Nobody else has it, and it shall work at once. */
	if (add && family == AF_INET6)
		mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD);
	else if (add)
		put_broadcast(nlh, addr, prefix);
	return converse(nlh, sizeof(*head), &ifa_set,
			add ? EEXIST : EADDRNOTAVAIL, err);
}
