// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * What happens when memory is short: every request that makes something is
 * made again and again, and each time the next one of its allocations fails.
 *
 *	nlfail STEP		STEP as below, or "list"
 *
 * A request that failed must have left nothing behind: without the fault it
 * succeeds at once. Prints how many allocations failed and how many of these
 * the request did not survive. Needs fail-nth in the kernel and a network
 * namespace of its own, without devices called mesh9.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/if_link_meshlan.h>
#include <linux/meshlan.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DEVICE		"mesh9"
#define OWN_NODE	9
#define PEER_NODE	7
#define POINTS_MAX	3000	/* a request with more makes no sense */

static struct mnl_socket *rtnl, *genl;
static uint16_t family;
static uint32_t ifindex, key_index;
static int nth;
static char buffer[8192];

static void die(const char *what)
{
	fprintf(stderr, "nlfail: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct mnl_socket *open_netlink(int protocol)
{
	struct timeval limit = {.tv_sec = 20};
	struct mnl_socket *nl = mnl_socket_open(protocol);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &limit,
		   sizeof(limit));
	return nl;
}

static int note_attribute(const struct nlattr *attr, void *data)
{
	uint16_t type = mnl_attr_get_type(attr);

	if (*(uint8_t *)data == CTRL_CMD_NEWFAMILY &&
	    type == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	if (*(uint8_t *)data != CTRL_CMD_NEWFAMILY &&
	    type == MESHLAN_A_KEY_INDEX)
		key_index = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int note(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(nlh);
	uint8_t command;

	(void)data;
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		command = CTRL_CMD_NEWFAMILY;
	else if (header->cmd == MESHLAN_CMD_KEY_NEW)
		command = 255;
	else
		return MNL_CB_OK;
	mnl_attr_parse(nlh, sizeof(*header), note_attribute, &command);
	return MNL_CB_OK;
}

/* Allocation number @n that this task makes from here on fails; 0 for none. */
static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(nth, text, len, 0) != len)
		die("fail-nth");
}

static bool reached(void)
{
	char text[16] = "";

	if (pread(nth, text, sizeof(text) - 1, 0) < 0)
		die("fail-nth");
	return !atoi(text);
}

/* The first part of an answer may have come when the second was lost. */
static void drain(struct mnl_socket *nl)
{
	while (recv(mnl_socket_get_fd(nl), buffer, sizeof(buffer),
		    MSG_DONTWAIT) > 0)
		;
}

/*
 * Return: the errno of the answer, 0 if granted. The kernel handles a request
 * while it is being sent: no allocation of the reader's fails.
 */
static int ask(struct mnl_socket *nl, struct nlmsghdr *nlh, unsigned int n,
	       bool *hit)
{
	static uint32_t seq;
	ssize_t len;
	int err, more;

	nlh->nlmsg_seq = ++seq;
	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	arm(n);
	len = mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
	err = errno;
	if (n)
		*hit = reached();
	arm(0);
	if (len < 0)
		return err;
	do {
		len = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		/* No memory for the answer: whatever happened, happened. */
		if (len < 0 && errno == ENOBUFS) {
			drain(nl);
			return ENOBUFS;
		}
		if (len < 0)
			die("no answer");
		more = mnl_cb_run(buffer, len, nlh->nlmsg_seq,
				  mnl_socket_get_portid(nl), note, NULL);
	} while (more > 0);
	return more < 0 ? errno : 0;
}

static struct nlmsghdr *genl_request(char *where, uint16_t type,
				     uint8_t command)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(where);
	struct genlmsghdr *header;

	nlh->nlmsg_type = type;
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->cmd = command;
	header->version = 1;
	return nlh;
}

/* The requests. */

static int link_add(unsigned int n, bool *hit)
{
	char request[1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct nlattr *info, *data;

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, DEVICE);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "meshlan");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u64(nlh, IFLA_MESHLAN_NODE, OWN_NODE);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return ask(rtnl, nlh, n, hit);
}

static int link_up(unsigned int n, bool *hit)
{
	char request[1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ifinfomsg *link;

	nlh->nlmsg_type = RTM_NEWLINK;
	link = mnl_nlmsg_put_extra_header(nlh, sizeof(*link));
	link->ifi_index = ifindex;
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	return ask(rtnl, nlh, n, hit);
}

static int link_del(unsigned int n, bool *hit)
{
	char request[1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);

	nlh->nlmsg_type = RTM_DELLINK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, DEVICE);
	return ask(rtnl, nlh, n, hit);
}

static struct nlmsghdr *object(char *where, uint8_t command, bool peer)
{
	struct nlmsghdr *nlh = genl_request(where, family, command);

	/* The same numbers in every set of attributes. */
	mnl_attr_put_u32(nlh, MESHLAN_A_SESSION_IFINDEX, ifindex);
	if (peer)
		mnl_attr_put_u64(nlh, MESHLAN_A_SESSION_NODE, PEER_NODE);
	return nlh;
}

static int session_new(unsigned int n, bool *hit)
{
	char request[1024];

	return ask(genl, object(request, MESHLAN_CMD_SESSION_NEW, true), n,
		   hit);
}

static int key_new(unsigned int n, bool *hit)
{
	char request[1024];

	return ask(genl, object(request, MESHLAN_CMD_KEY_NEW, true), n, hit);
}

static int set_key(uint32_t cipher, unsigned int n, bool *hit)
{
	static const char bytes[MESHLAN_SECRET_SIZE] = "not a secret at all";
	char request[1024];
	struct nlmsghdr *nlh = object(request, MESHLAN_CMD_KEY_SET, true);

	mnl_attr_put_u32(nlh, MESHLAN_A_KEY_INDEX, key_index);
	mnl_attr_put_u32(nlh, MESHLAN_A_KEY_PEER_INDEX, 0x12340);
	mnl_attr_put(nlh, MESHLAN_A_KEY_PEER_NONCE, MESHLAN_NONCE_SIZE, bytes);
	mnl_attr_put(nlh, MESHLAN_A_KEY_SECRET, sizeof(bytes), bytes);
	mnl_attr_put_u32(nlh, MESHLAN_A_KEY_CIPHER, cipher);
	mnl_attr_put_u8(nlh, MESHLAN_A_KEY_LANES, 4);
	return ask(genl, nlh, n, hit);
}

static int key_set(unsigned int n, bool *hit)
{
	return set_key(MESHLAN_CIPHER_CHACHA20_POLY1305, n, hit);
}

static int key_set_aes(unsigned int n, bool *hit)
{
	return set_key(MESHLAN_CIPHER_AES_256_GCM, n, hit);
}

static int key_use(unsigned int n, bool *hit)
{
	char request[1024];
	struct nlmsghdr *nlh = object(request, MESHLAN_CMD_KEY_USE, true);

	mnl_attr_put_u32(nlh, MESHLAN_A_KEY_INDEX, key_index);
	return ask(genl, nlh, n, hit);
}

static int path_new(unsigned int n, bool *hit)
{
	char request[1024];
	struct nlmsghdr *nlh = object(request, MESHLAN_CMD_PATH_NEW, true);

	mnl_attr_put_u16(nlh, MESHLAN_A_PATH_ID, 5);
	mnl_attr_put_u32(nlh, MESHLAN_A_PATH_REMOTE_IPV4, 0x0900007f);
	mnl_attr_put_u16(nlh, MESHLAN_A_PATH_REMOTE_PORT, 0x0900);
	return ask(genl, nlh, n, hit);
}

static int route_new(unsigned int n, bool *hit)
{
	char request[1024];
	struct nlmsghdr *nlh = object(request, MESHLAN_CMD_ROUTE_NEW, true);
	struct nlattr *hop = mnl_attr_nest_start(nlh, MESHLAN_A_ROUTE_HOP);

	mnl_attr_put_u64(nlh, MESHLAN_A_HOP_NODE, PEER_NODE);
	mnl_attr_nest_end(nlh, hop);
	return ask(genl, nlh, n, hit);
}

static int fdb_new(unsigned int n, bool *hit)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	char request[1024];
	struct nlmsghdr *nlh = object(request, MESHLAN_CMD_FDB_NEW, false);

	mnl_attr_put(nlh, MESHLAN_A_FDB_MAC, sizeof(mac), mac);
	mnl_attr_put_u64(nlh, MESHLAN_A_FDB_NODE, PEER_NODE);
	return ask(genl, nlh, n, hit);
}

static int claim(unsigned int n, bool *hit)
{
	char request[1024];

	return ask(genl, object(request, MESHLAN_CMD_DEV_CLAIM, false), n,
		   hit);
}

/* In this order each finds what it needs. */
static const struct step {
	const char *name;
	int (*make)(unsigned int n, bool *hit);
} steps[] = {
	{"link-add", link_add},
	{"link-up", link_up},
	{"session-new", session_new},
	{"key-new", key_new},
	{"key-set", key_set},
	{"key-use", key_use},
	{"path-new", path_new},
	{"route-new", route_new},
	{"fdb-new", fdb_new},
	{"claim", claim},
	{"link-del", link_del},
};

static const struct step aes = {"key-set-aes", key_set_aes};

static void must(const struct step *step)
{
	int err = step->make(0, NULL);

	/* Not every version knows routes. */
	if (err && !(err == EOPNOTSUPP && step->make == route_new)) {
		errno = err;
		die(step->name);
	}
	if (step->make == link_add)
		ifindex = if_nametoindex(DEVICE);
}

/* All that comes before @step, on a new device. */
static void prepare(const struct step *step)
{
	const struct step *before;

	if (if_nametoindex(DEVICE))
		link_del(0, NULL);
	for (before = steps; before < step; before++)
		must(before);
}

static void find_family(void)
{
	char request[1024];
	struct nlmsghdr *nlh = genl_request(request, GENL_ID_CTRL,
					    CTRL_CMD_GETFAMILY);

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, MESHLAN_FAMILY_NAME);
	ask(genl, nlh, 0, NULL);
	if (!family) {
		fputs("nlfail: no genetlink family meshlan\n", stderr);
		exit(1);
	}
}

static int attack(const struct step *step, const struct step *place)
{
	unsigned int n, lethal = 0;
	int err, again;
	bool hit;

	for (n = 1; n < POINTS_MAX; n++) {
		/* What a claim protects is its socket's alone. */
		mnl_socket_close(genl);
		genl = open_netlink(NETLINK_GENERIC);
		prepare(place);
		err = step->make(n, &hit);
		if (!hit)
			break;
		if (!err)
			continue;
		lethal++;
		again = step->make(0, NULL);
		if (!again || (again == EOPNOTSUPP && err == EOPNOTSUPP) ||
		    (err == ENOBUFS && (again == EEXIST || again == ENODEV ||
					again == EBUSY || again == EALREADY)))
			continue;
		fprintf(stderr, "nlfail: %s: point %u failed with '%s', ",
			step->name, n, strerror(err));
		fprintf(stderr, "and the next try with '%s'\n",
			strerror(again));
		return 1;
	}
	if (if_nametoindex(DEVICE))
		link_del(0, NULL);
	printf("%s: %u allocations, %u of them vital\n", step->name, n - 1,
	       lethal);
	/* A request in which nothing can fail was not tried at all. */
	return n == 1;
}

int main(int argc, char **argv)
{
	const unsigned int count = sizeof(steps) / sizeof(*steps);
	unsigned int i;

	if (argc != 2) {
		fputs("usage: nlfail STEP|list\n", stderr);
		return 64;
	}
	if (!strcmp(argv[1], "list")) {
		for (i = 0; i < count; i++)
			puts(steps[i].name);
		puts(aes.name);
		return 0;
	}
	nth = open("/proc/self/fail-nth", O_RDWR);
	if (nth < 0)
		die("/proc/self/fail-nth");
	rtnl = open_netlink(NETLINK_ROUTE);
	genl = open_netlink(NETLINK_GENERIC);
	find_family();
	for (i = 0; i < count; i++)
		if (!strcmp(argv[1], steps[i].name))
			return attack(&steps[i], &steps[i]);
		else if (!strcmp(argv[1], aes.name) &&
			 steps[i].make == key_set)
			return attack(&aes, &steps[i]);
	return 64;
}
