// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Fill a device's tables, and send frames that make use of them.
 *
 *	scale sessions DEV COUNT NEIGHBOURS ADDRESS
 *				with a key each, and a path to ADDRESS for the
 *				first NEIGHBOURS of them
 *	scale routes DEV COUNT HOP
 *	scale origins DEV COUNT CHILD
 *	scale fdb DEV COUNT FIRST NODES
 *				addresses in turn behind the NODES nodes from
 *				number FIRST on
 *	scale send DEV MILLISECONDS COUNT [MAC]
 *				small frames to COUNT of these addresses, or to
 *				MAC; prints how many a second were taken
 *
 * Node number N has the id 5ca1e00000000000 + N, which the peers' ids are
 * below.
 */
#define _GNU_SOURCE
#include "../tools/lib/libmeshlan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#define PUT(object, attribute, member, value)                                  \
	((object)->member = (value),                                           \
	 (object)->has |= MESHLAN_BIT(attribute))

#define FIRST_NODE		UINT64_C(0x5ca1e00000000000)
#define LOCAL_EXPERIMENT	0x88b5
/* A prime that no table's size is a multiple of: addresses out of order. */
#define STRIDE			UINT32_C(1000003)

enum { BATCH = 32, SIZE = 64 };

static struct meshlan_nl nl;
static uint32_t ifindex;

__attribute__((noreturn))
static void die(const char *what, const char *why)
{
	fprintf(stderr, "scale: %s: %s\n", what, why);
	exit(1);
}

static void ask(uint8_t command, const struct meshlan_set *set,
		const void *object, void *reply)
{
	struct meshlan_error err;

	if (meshlan_request(&nl, command, set, object, reply, &err))
		die("the kernel refuses", err.text);
}

static uint32_t number(const char *text)
{
	uint64_t value;

	if (!meshlan_parse_number(text, UINT32_MAX, &value))
		die(text, "not a number");
	return value;
}

static uint64_t node_of(const char *text)
{
	uint64_t node;

	if (!meshlan_parse_node(text, &node))
		die(text, "not a node id");
	return node;
}

/* --- sessions ------------------------------------------------------------- */

/* The other node does not exist, so its part is made up. */
static void give_key(uint64_t node)
{
	struct meshlan_key key = {0}, drawn;

	PUT(&key, MESHLAN_A_KEY_IFINDEX, ifindex, ifindex);
	PUT(&key, MESHLAN_A_KEY_NODE, node, node);
	ask(MESHLAN_CMD_KEY_NEW, &meshlan_key_set, &key, &drawn);
	PUT(&key, MESHLAN_A_KEY_INDEX, index, drawn.index);
	PUT(&key, MESHLAN_A_KEY_PEER_INDEX, peer_index, drawn.index);
	PUT(&key, MESHLAN_A_KEY_LANES, lanes, 1);
	PUT(&key, MESHLAN_A_KEY_CIPHER, cipher,
	    MESHLAN_CIPHER_CHACHA20_POLY1305);
	if (getrandom(key.secret, sizeof(key.secret), 0) < 0 ||
	    getrandom(key.peer_nonce, sizeof(key.peer_nonce), 0) < 0)
		die("no random bytes", strerror(errno));
	key.has |= MESHLAN_BIT(MESHLAN_A_KEY_PEER_NONCE) |
		   MESHLAN_BIT(MESHLAN_A_KEY_SECRET);
	ask(MESHLAN_CMD_KEY_SET, &meshlan_key_set, &key, NULL);
	key.has = MESHLAN_BIT(MESHLAN_A_KEY_IFINDEX) |
		  MESHLAN_BIT(MESHLAN_A_KEY_NODE) |
		  MESHLAN_BIT(MESHLAN_A_KEY_INDEX);
	ask(MESHLAN_CMD_KEY_USE, &meshlan_key_set, &key, NULL);
}

static void sessions(char **argv)
{
	uint32_t count = number(argv[0]), neighbours = number(argv[1]);
	struct meshlan_session session = {0};
	struct meshlan_path path = {0};

	PUT(&session, MESHLAN_A_SESSION_IFINDEX, ifindex, ifindex);
	PUT(&path, MESHLAN_A_PATH_IFINDEX, ifindex, ifindex);
	PUT(&path, MESHLAN_A_PATH_REMOTE_PORT, remote_port,
	    MESHLAN_DEFAULT_PORT);
	path.has |= MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV4);
	if (inet_pton(AF_INET, argv[2], &path.remote_ipv4) != 1)
		die(argv[2], "not an address");
	for (uint32_t i = 0; i < count; i++) {
		PUT(&session, MESHLAN_A_SESSION_NODE, node, FIRST_NODE + i);
		ask(MESHLAN_CMD_SESSION_NEW, &meshlan_session_set, &session,
		    NULL);
		give_key(FIRST_NODE + i);
		if (i >= neighbours)
			continue;
		PUT(&path, MESHLAN_A_PATH_NODE, node, FIRST_NODE + i);
		ask(MESHLAN_CMD_PATH_NEW, &meshlan_path_set, &path, NULL);
	}
}

/* --- tables --------------------------------------------------------------- */

static void routes(char **argv)
{
	struct meshlan_route route = {0};
	uint32_t count = number(argv[0]);

	PUT(&route, MESHLAN_A_ROUTE_IFINDEX, ifindex, ifindex);
	route.has |= MESHLAN_BIT(MESHLAN_A_ROUTE_HOP);
	route.hop.count = 1;
	route.hop.hop[0].has = MESHLAN_BIT(MESHLAN_A_HOP_NODE);
	route.hop.hop[0].node = node_of(argv[1]);
	for (uint32_t i = 0; i < count; i++) {
		PUT(&route, MESHLAN_A_ROUTE_NODE, node, FIRST_NODE + i);
		ask(MESHLAN_CMD_ROUTE_NEW, &meshlan_route_set, &route, NULL);
	}
}

static void origins(char **argv)
{
	struct meshlan_origin origin = {0};
	uint32_t count = number(argv[0]);

	PUT(&origin, MESHLAN_A_ORIGIN_IFINDEX, ifindex, ifindex);
	if (!meshlan_node_add(&origin.child, node_of(argv[1])))
		die("a child", strerror(errno));
	origin.has |= MESHLAN_BIT(MESHLAN_A_ORIGIN_CHILD);
	for (uint32_t i = 0; i < count; i++) {
		PUT(&origin, MESHLAN_A_ORIGIN_NODE, node, FIRST_NODE + i);
		ask(MESHLAN_CMD_ORIGIN_NEW, &meshlan_origin_set, &origin, NULL);
	}
	meshlan_release(&meshlan_origin_set, &origin);
}

static void address(uint32_t i, uint8_t mac[6])
{
	uint32_t low = htonl(i);

	mac[0] = 0x02;
	mac[1] = 0x5c;
	memcpy(mac + 2, &low, sizeof(low));
}

static void fdb(char **argv)
{
	uint32_t first = number(argv[1]), nodes = number(argv[2]);
	uint32_t count = number(argv[0]);
	struct meshlan_fdb entry = {0};

	if (!nodes)
		die(argv[2], "not a number of nodes");
	PUT(&entry, MESHLAN_A_FDB_IFINDEX, ifindex, ifindex);
	entry.has |= MESHLAN_BIT(MESHLAN_A_FDB_MAC);
	for (uint32_t i = 0; i < count; i++) {
		address(i, entry.mac);
		PUT(&entry, MESHLAN_A_FDB_NODE, node,
		    FIRST_NODE + first + i % nodes);
		ask(MESHLAN_CMD_FDB_NEW, &meshlan_fdb_set, &entry, NULL);
	}
}

/* --- frames --------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void send_frames(char **argv)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6,
				 .sll_ifindex = ifindex};
	uint32_t count = number(argv[1]), at = 0;
	double begin = now(), end = begin + number(argv[0]) / 1e3;
	struct mmsghdr messages[BATCH] = {0};
	const uint16_t type = htons(LOCAL_EXPERIMENT);
	uint8_t frames[BATCH][SIZE] = {0};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), sent;
	struct iovec iov[BATCH];
	uint64_t total = 0;

	if (!count)
		die(argv[1], "not a number of addresses");
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){frames[i], SIZE};
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &to, .msg_namelen = sizeof(to),
			.msg_iov = &iov[i], .msg_iovlen = 1,
		};
		frames[i][6] = 0x02;
		memcpy(frames[i] + 12, &type, sizeof(type));
		if (argv[2] && !meshlan_parse_mac(argv[2], frames[i]))
			die(argv[2], "not a MAC address");
	}
	while (now() < end) {
		for (int i = 0; i < BATCH && !argv[2]; i++) {
			address(at, frames[i]);
			at = (at + STRIDE) % count;
		}
		sent = sendmmsg(fd, messages, BATCH, 0);
		if (sent < 0 && errno != ENOBUFS)
			die("sending", strerror(errno));
		total += sent > 0 ? sent : 0;
	}
	printf("%.0f\n", total / (now() - begin));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int least, most;
		void (*run)(char **argv);
	} command[] = {
		{"sessions", 3, 3, sessions},
		{"routes", 2, 2, routes},
		{"origins", 2, 2, origins},
		{"fdb", 3, 3, fdb},
		{"send", 2, 3, send_frames},
	};
	struct meshlan_error err;

	for (size_t i = 0; i < sizeof(command) / sizeof(*command); i++) {
		if (argc < 3 || strcmp(argv[1], command[i].name) ||
		    argc - 3 < command[i].least || argc - 3 > command[i].most)
			continue;
		ifindex = if_nametoindex(argv[2]);
		if (!ifindex)
			die(argv[2], "no such device");
		if (meshlan_open(&nl, &err))
			die("netlink", err.text);
		command[i].run(argv + 3);
		return 0;
	}
	fputs("usage: scale sessions|routes|origins|fdb|send DEV ...\n",
	      stderr);
	return 64;
}
