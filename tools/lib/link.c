// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#define BUF_SIZE 8192

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
	{.name = "mtu", .number = IFLA_MTU, .type = MESHLAN_TYPE_U32,
	 .size = 4},
	{.name = "linkinfo", .number = IFLA_LINKINFO,
	 .type = MESHLAN_TYPE_NEST, .nest = &info_set},
};

static const struct meshlan_set ifla_set = {
	.name = "link", .attr = ifla_attr, .count = 3};

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

static enum meshlan_status converse(struct nlmsghdr *request,
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
	else if (!mnl_nlmsg_ok(nlh, got) || nlh->nlmsg_type != NLMSG_ERROR)
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				      "the kernel's answer makes no sense");
	else
		status = meshlan_refusal(nlh, request,
					 sizeof(struct ifinfomsg), &ifla_set,
					 err);
	if (sock)
		mnl_socket_close(sock);
	return status;
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
				     uint32_t mtu, bool up,
				     struct meshlan_error *err)
{
	char buf[BUF_SIZE] = {0};
	struct nlattr *info, *data;
	struct nlmsghdr *nlh;
	enum meshlan_status status;

	nlh = start(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name,
		    up ? IFF_UP : 0);
	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, MESHLAN_FAMILY_NAME);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	meshlan_encode(&meshlan_link_set, link, nlh, sizeof(buf));
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	status = converse(nlh, err);
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

	return converse(start(buf, RTM_NEWLINK, 0, name, IFF_UP), err);
}

enum meshlan_status meshlan_link_del(const char *name,
				     struct meshlan_error *err)
{
	char buf[BUF_SIZE] = {0};

	return converse(start(buf, RTM_DELLINK, 0, name, 0), err);
}
