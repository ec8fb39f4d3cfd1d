// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Random requests to the genetlink family, most of them nearly right.
 *
 *	nlfuzz COUNT SEED DEV...
 *
 * makes itself the victim of the kernel's fault injection if MAKE_IT_FAIL is
 * in the environment, and prints how many were granted and how many refused, by
 * error. Fails when an answer does not come, or says what no caller can
 * understand.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/meshlan.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define DEVICES		8
#define ERRNO_MAX	134

enum kind { NONE, U8, U16, U32, U64, INDEX, NODE, BYTES, NEST };

/* What an attribute should look like; the fuzzer does not always obey. */
struct shape {
	enum kind kind;
	unsigned int len;
};

struct set {
	unsigned int max;
	struct shape shape[40];
};

static const struct set dev_set = {
	MESHLAN_A_DEV_MAX, {
		[MESHLAN_A_DEV_IFINDEX] = {INDEX, 0},
		[MESHLAN_A_DEV_NODE] = {NODE, 0},
		[MESHLAN_A_DEV_PORT] = {U16, 0},
		[MESHLAN_A_DEV_LANES] = {U8, 0},
		[MESHLAN_A_DEV_FDB_LIMIT] = {U32, 0},
		[MESHLAN_A_DEV_FDB_NODE_LIMIT] = {U32, 0},
		[MESHLAN_A_DEV_FDB_AGE] = {U32, 0},
		[MESHLAN_A_DEV_FWMARK] = {U32, 0},
		[MESHLAN_A_DEV_DSCP] = {U8, 0},
		[MESHLAN_A_DEV_SUPPRESS] = {U32, 0},
		[MESHLAN_A_DEV_LINK_LOCAL] = {U32, 0},
	}
};

static const struct set session_set = {
	MESHLAN_A_SESSION_MAX, {
		[MESHLAN_A_SESSION_IFINDEX] = {INDEX, 0},
		[MESHLAN_A_SESSION_NODE] = {NODE, 0},
		[MESHLAN_A_SESSION_EXPIRES] = {U64, 0},
		[MESHLAN_A_SESSION_OWNER] = {BYTES, MESHLAN_OWNER_MAX},
	}
};

static const struct set key_set = {
	MESHLAN_A_KEY_MAX, {
		[MESHLAN_A_KEY_IFINDEX] = {INDEX, 0},
		[MESHLAN_A_KEY_NODE] = {NODE, 0},
		[MESHLAN_A_KEY_INDEX] = {U32, 0},
		[MESHLAN_A_KEY_PEER_INDEX] = {U32, 0},
		[MESHLAN_A_KEY_PEER_NONCE] = {BYTES, MESHLAN_NONCE_SIZE},
		[MESHLAN_A_KEY_SECRET] = {BYTES, MESHLAN_SECRET_SIZE},
		[MESHLAN_A_KEY_CIPHER] = {U32, 0},
		[MESHLAN_A_KEY_LANES] = {U8, 0},
	}
};

static const struct set path_set = {
	MESHLAN_A_PATH_MAX, {
		[MESHLAN_A_PATH_IFINDEX] = {INDEX, 0},
		[MESHLAN_A_PATH_NODE] = {NODE, 0},
		[MESHLAN_A_PATH_ID] = {U16, 0},
		[MESHLAN_A_PATH_REMOTE_IPV4] = {U32, 0},
		[MESHLAN_A_PATH_REMOTE_IPV6] = {BYTES, 16},
		[MESHLAN_A_PATH_REMOTE_PORT] = {U16, 0},
		[MESHLAN_A_PATH_LOCAL_IPV4] = {U32, 0},
		[MESHLAN_A_PATH_LOCAL_IPV6] = {BYTES, 16},
		[MESHLAN_A_PATH_OIF] = {INDEX, 0},
		[MESHLAN_A_PATH_ACTIVE_INTERVAL] = {U32, 0},
		[MESHLAN_A_PATH_IDLE_INTERVAL] = {U32, 0},
		[MESHLAN_A_PATH_RATE] = {U64, 0},
		[MESHLAN_A_PATH_OWNER] = {BYTES, MESHLAN_OWNER_MAX},
		[MESHLAN_A_PATH_SIZE] = {U16, 0},
	}
};

static const struct set route_set = {
	MESHLAN_A_ROUTE_MAX, {
		[MESHLAN_A_ROUTE_IFINDEX] = {INDEX, 0},
		[MESHLAN_A_ROUTE_NODE] = {NODE, 0},
		[MESHLAN_A_ROUTE_HOP] = {NEST, 0},
		[MESHLAN_A_ROUTE_OWNER] = {BYTES, MESHLAN_OWNER_MAX},
	}
};

static const struct set fdb_set = {
	MESHLAN_A_FDB_MAX, {
		[MESHLAN_A_FDB_IFINDEX] = {INDEX, 0},
		[MESHLAN_A_FDB_MAC] = {BYTES, 6},
		[MESHLAN_A_FDB_VLAN] = {U16, 0},
		[MESHLAN_A_FDB_NODE] = {NODE, 0},
		[MESHLAN_A_FDB_TYPE] = {U32, 0},
	}
};

static const struct set *const set_of[] = {
	[MESHLAN_CMD_DEV_GET] = &dev_set,
	[MESHLAN_CMD_DEV_SET] = &dev_set,
	[MESHLAN_CMD_DEV_CLAIM] = &dev_set,
	[MESHLAN_CMD_DEV_RELEASE] = &dev_set,
	[MESHLAN_CMD_SESSION_NEW] = &session_set,
	[MESHLAN_CMD_SESSION_SET] = &session_set,
	[MESHLAN_CMD_SESSION_GET] = &session_set,
	[MESHLAN_CMD_SESSION_DEL] = &session_set,
	[MESHLAN_CMD_KEY_NEW] = &key_set,
	[MESHLAN_CMD_KEY_SET] = &key_set,
	[MESHLAN_CMD_KEY_USE] = &key_set,
	[MESHLAN_CMD_KEY_GET] = &key_set,
	[MESHLAN_CMD_KEY_DEL] = &key_set,
	[MESHLAN_CMD_PATH_NEW] = &path_set,
	[MESHLAN_CMD_PATH_SET] = &path_set,
	[MESHLAN_CMD_PATH_GET] = &path_set,
	[MESHLAN_CMD_PATH_DEL] = &path_set,
	[MESHLAN_CMD_PATH_PROBE] = &path_set,
	[MESHLAN_CMD_ROUTE_NEW] = &route_set,
	[MESHLAN_CMD_ROUTE_SET] = &route_set,
	[MESHLAN_CMD_ROUTE_GET] = &route_set,
	[MESHLAN_CMD_ROUTE_DEL] = &route_set,
	[MESHLAN_CMD_FDB_NEW] = &fdb_set,
	[MESHLAN_CMD_FDB_SET] = &fdb_set,
	[MESHLAN_CMD_FDB_GET] = &fdb_set,
	[MESHLAN_CMD_FDB_DEL] = &fdb_set,
	[MESHLAN_CMD_EVENT] = NULL,
};

static struct mnl_socket *nl;
static uint32_t device[DEVICES], device_count;
static uint64_t state;
static uint32_t last_index;	/* a key's, from the last answer */
static unsigned long refused[ERRNO_MAX];

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

static uint64_t any_number(void)
{
	static const uint64_t edge[] = {
		0, 1, 2, 3, 4, 16, 17, 20, 63, 64, 65, 255, 256, 1000, 4094,
		4095, 4096, 23731, 65535, 65536, 0x7fffffff, 0x80000000,
		0xffffffff, 0x7fffffffffffffff, 0x8000000000000000,
		0xffffffffffffffff,
	};

	return edge[any(sizeof(edge) / sizeof(*edge))];
}

static void put_bytes(struct nlmsghdr *nlh, uint16_t type, unsigned int len)
{
	uint8_t bytes[300];
	unsigned int i;

	for (i = 0; i < len; i++)
		bytes[i] = any(4) ? any(4) : any(256);
	bytes[0] &= any(4) ? 0xfe : 0xff;
	mnl_attr_put(nlh, type, len, bytes);
}

static void put_wrong(struct nlmsghdr *nlh, uint16_t type)
{
	put_bytes(nlh, type | (any(4) ? 0 : NLA_F_NESTED), any(80));
}

static void put_attribute(struct nlmsghdr *nlh, uint16_t type,
			  const struct shape *shape)
{
	struct nlattr *nest;
	unsigned int i;

	if (!any(40))
		return put_wrong(nlh, type);
	switch (shape->kind) {
	case NONE:
		return put_wrong(nlh, type);
	case U8:
		return mnl_attr_put_u8(nlh, type,
				       any(2) ? any(20) : any_number());
	case U16:
		return mnl_attr_put_u16(nlh, type,
					any(2) ? any(8) : any_number());
	case U32:
		if (last_index && !any(2))
			return mnl_attr_put_u32(nlh, type, last_index);
		return mnl_attr_put_u32(nlh, type,
					any(2) ? any(8) : any_number());
	case U64:
		return mnl_attr_put_u64(nlh, type, any_number());
	case INDEX:
		if (!any(20))
			return mnl_attr_put_u32(nlh, type, any_number());
		return mnl_attr_put_u32(nlh, type, device[any(device_count)]);
	case NODE:
		return mnl_attr_put_u64(nlh, type,
					any(20) ? any(12) : any_number());
	case BYTES:
		return put_bytes(nlh, type, any(20) ? shape->len : any(200));
	case NEST:
		for (i = any(4); i; i--) {
			nest = mnl_attr_nest_start(nlh, type);
			if (any(10))
				mnl_attr_put_u64(nlh, MESHLAN_A_HOP_NODE,
						 any(12));
			if (any(2))
				mnl_attr_put_u32(nlh, MESHLAN_A_HOP_WEIGHT,
						 any_number());
			if (!any(10))
				put_wrong(nlh, any(8));
			mnl_attr_nest_end(nlh, nest);
		}
	}
}

static struct nlmsghdr *invent(char *buffer, uint16_t family, uint32_t seq)
{
	uint8_t command = any(__MESHLAN_CMD_MAX + 1);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	const struct set *set = NULL;
	struct genlmsghdr *genl;
	unsigned int type;
	bool dump;

	if (command < sizeof(set_of) / sizeof(*set_of))
		set = set_of[command];
	dump = !any(20);
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
			   (dump ? NLM_F_DUMP : 0);
	nlh->nlmsg_seq = seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = 1;
	if (!set)
		return nlh;
	for (type = 1; type <= set->max; type++) {
		const struct shape *shape = &set->shape[type];
		/* Names of things nearly always, values often. */
		unsigned int often = 2;

		if (shape->kind == INDEX || shape->kind == NODE ||
		    shape->kind == BYTES || type == 3)
			often = 30;
		if (dump)
			often = type == 1 ? 2 : 0;
		if (shape->kind == NONE ? !any(400) : often && any(often))
			put_attribute(nlh, type, shape);
	}
	return nlh;
}

static int note_attribute(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == MESHLAN_A_KEY_INDEX &&
	    mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
		last_index = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int note(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	(void)data;
	if (genl->cmd == MESHLAN_CMD_KEY_NEW || genl->cmd == MESHLAN_CMD_KEY_GET)
		mnl_attr_parse(nlh, sizeof(*genl), note_attribute, NULL);
	return MNL_CB_OK;
}

/* Return: the errno of the answer, 0 if granted. */
static int answer(uint32_t seq)
{
	char buffer[65536];
	ssize_t n;
	int more;

	do {
		n = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		/* The kernel had no memory for the answer. */
		if (n < 0 && errno == ENOBUFS)
			return ENOBUFS;
		if (n < 0) {
			perror("nlfuzz: no answer");
			exit(1);
		}
		more = mnl_cb_run(buffer, n, seq, mnl_socket_get_portid(nl),
				  note, NULL);
		/* What was left of an answer that broke off: not this one's. */
	} while (more > 0 || (more < 0 && errno == EPROTO));
	return more < 0 ? errno : 0;
}

static int note_family(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		*(uint16_t *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int note_families(const struct nlmsghdr *nlh, void *data)
{
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), note_family, data);
	return MNL_CB_OK;
}

static uint16_t find_family(void)
{
	char buffer[8192];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;
	uint16_t family = 0;
	ssize_t n;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, MESHLAN_FAMILY_NAME);
	mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
	n = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
	if (n > 0)
		mnl_cb_run(buffer, n, 1, mnl_socket_get_portid(nl),
			   note_families, &family);
	if (!family) {
		fputs("nlfuzz: no genetlink family meshlan\n", stderr);
		exit(1);
	}
	return family;
}

static void connect_family(void)
{
	struct timeval limit = {.tv_sec = 20};

	nl = mnl_socket_open(NETLINK_GENERIC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("nlfuzz: netlink");
		exit(1);
	}
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &limit,
		   sizeof(limit));
}

/* An error that a driver's inside leaks, and no caller can act upon. */
static bool senseless(int error)
{
	return error == EFAULT || error == EIO || error == EBADMSG ||
	       error == EAGAIN || error >= ERRNO_MAX;
}

static void make_it_fail(bool on)
{
	static int file = -1;

	if (!getenv("MAKE_IT_FAIL"))
		return;
	if (file < 0)
		file = open("/proc/self/make-it-fail", O_WRONLY);
	if (file < 0 || write(file, on ? "1" : "0", 1) != 1) {
		perror("nlfuzz: make-it-fail");
		exit(1);
	}
}

/* What a closed socket had claimed must be free again. */
static void reconnect(void)
{
	make_it_fail(false);
	mnl_socket_close(nl);
	connect_family();
	make_it_fail(true);
}

int main(int argc, char **argv)
{
	unsigned long count, granted = 0, i;
	char buffer[8192];
	uint16_t family;
	int error;

	if (argc < 4 || argc > 3 + DEVICES) {
		fputs("usage: nlfuzz COUNT SEED DEV...\n", stderr);
		return 64;
	}
	count = strtoul(argv[1], NULL, 0);
	state = strtoul(argv[2], NULL, 0) * 2 + 1;
	for (i = 3; i < (unsigned long)argc; i++)
		device[device_count++] = if_nametoindex(argv[i]);
	connect_family();
	family = find_family();
	make_it_fail(true);
	for (i = 0; i < count; i++) {
		struct nlmsghdr *nlh = invent(buffer, family, i + 2);

		if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) >= 0) {
			error = answer(i + 2);
		} else if (errno == ENOBUFS || errno == ENOMEM) {
			error = errno;
		} else {
			perror("nlfuzz: send");
			return 1;
		}
		if (senseless(error)) {
			fprintf(stderr,
				"nlfuzz: request %lu (command %u): %s\n", i,
				((struct genlmsghdr *)
				 mnl_nlmsg_get_payload(nlh))->cmd,
				strerror(error));
			return 1;
		}
		if (error)
			refused[error]++;
		else
			granted++;
		if (!any(500))
			reconnect();
	}
	printf("granted %lu\n", granted);
	for (i = 0; i < ERRNO_MAX; i++)
		if (refused[i])
			printf("refused %lu: %s\n", refused[i], strerror(i));
	return 0;
}
