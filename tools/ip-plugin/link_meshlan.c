// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers
 *
 * Plugin of iproute2's "ip": the options of link kind "meshlan".
 *
 * Ip opens link_meshlan.so from its library directory and looks for the object
 * meshlan_link_util. Neither that structure nor the functions below are in an
 * installed header. The layout has been the same since 2018, and so has the
 * one function needed. Printing has changed: what it takes is optional.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <linux/rtnetlink.h>
#include <linux/if_link_meshlan.h>
#include <linux/meshlan.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define REQUEST_MAX	1024	/* what every caller's buffer holds at least */

struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse)(struct link_util *lu, int argc, char **argv,
		     struct nlmsghdr *request);
	void (*print)(struct link_util *lu, FILE *out, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *out,
			     struct rtattr *xstats);
	void (*print_help)(struct link_util *lu, int argc, char **argv,
			   FILE *out);
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *message, void *out);
};

enum { PRINT_ANY = 4, COLOR_NONE = 6 };

int addattr_l(struct nlmsghdr *n, int maxlen, int type, const void *data,
	      int len);
__attribute__((weak))
void print_color_string(int type, int color, const char *key, const char *fmt,
			const char *value);
__attribute__((weak))
void print_color_uint(int type, int color, const char *key, const char *fmt,
		      unsigned int value);

/* One option is one attribute: parse() stores the value's bytes and may print
 * nothing, print() shows them again in the form that parse() takes.
 */
struct option {
	const char *name;
	const char *key;	/* in JSON */
	const char *form;	/* in the help */
	const char *wanted;	/* said when the value is wrong */
	const char *text;
	uint16_t attribute;
	uint8_t size;
	uint64_t min, max;
	bool hex;		/* 16 hexadecimal digits */
	const char *word;	/* stands for max */
};

static const struct option options[] = {
	{
		.name = "port", .key = "port", .form = "PORT",
		.wanted = "a UDP port from 1 to 65535",
		.text = "UDP port of all traffic, default 23731",
		.attribute = IFLA_MESHLAN_PORT, .size = 2,
		.min = 1, .max = UINT16_MAX,
	}, {
		.name = "node", .key = "node", .form = "ID",
		.wanted = "16 hexadecimal digits, not all zero",
		.text = "this node's id, 16 hexadecimal digits, default random",
		.attribute = IFLA_MESHLAN_NODE, .size = 8, .hex = true,
		.min = 1, .max = UINT64_MAX,
	}, {
		.name = "lanes", .key = "lanes", .form = "N",
		.wanted = "a number from 1 to 16",
		.text = "lanes a key gets, default one per CPU, at most 4",
		.attribute = IFLA_MESHLAN_LANES, .size = 1,
		.min = 1, .max = MESHLAN_LANE_MAX,
	}, {
		.name = "fdb-limit", .key = "fdb_limit", .form = "N",
		.wanted = "a number from 1 to 4294967295",
		.text = "most addresses learned",
		.attribute = IFLA_MESHLAN_FDB_LIMIT, .size = 4,
		.min = 1, .max = UINT32_MAX,
	}, {
		.name = "fdb-node-limit", .key = "fdb_node_limit", .form = "N",
		.wanted = "a number from 1 to 4294967295",
		.text = "most addresses learned of one node",
		.attribute = IFLA_MESHLAN_FDB_NODE_LIMIT, .size = 4,
		.min = 1, .max = UINT32_MAX,
	}, {
		.name = "fdb-age", .key = "fdb_age", .form = "SECONDS",
		.wanted = "seconds, or 0 for never",
		.text = "life of an unused learned address, 0 for ever",
		.attribute = IFLA_MESHLAN_FDB_AGE, .size = 4,
		.max = UINT32_MAX,
	}, {
		.name = "fwmark", .key = "fwmark", .form = "MARK",
		.wanted = "a number from 0 to 4294967295",
		.text = "mark of the packets sent, for routing rules",
		.attribute = IFLA_MESHLAN_FWMARK, .size = 4,
		.max = UINT32_MAX,
	}, {
		.name = "dscp", .key = "dscp", .form = "{ N | inherit }",
		.wanted = "a number from 0 to 63, or inherit",
		.text = "DSCP of the packets sent",
		.attribute = IFLA_MESHLAN_DSCP, .size = 1,
		.max = MESHLAN_DSCP_INHERIT, .word = "inherit",
	}, {
		.name = "owner-uid", .key = "owner_uid", .form = "UID",
		.wanted = "a user's number",
		.text = "user who may share the port; when adding only",
		.attribute = IFLA_MESHLAN_OWNER_UID, .size = 4,
		.max = UINT32_MAX - 1,
	},
};

/* Options of every link. Here they would be unknown, and it is easy to put
 * them on the wrong side of "type".
 */
static const char * const generic[] = {
	"address", "addrgenmode", "alias", "allmulticast", "altname", "arp",
	"broadcast", "down", "dynamic", "group", "gro_max_size", "gso_max_segs",
	"gso_max_size", "index", "link", "link-netns", "link-netnsid", "master",
	"mode", "mtu", "multicast", "name", "netns", "nomaster", "numrxqueues",
	"numtxqueues", "promisc", "protodown", "qlen", "state", "txqlen",
	"txqueuelen", "up",
};

static void print_help(struct link_util *lu, int argc, char **argv, FILE *out)
{
	size_t i;

	fputs("Usage: ip link add NAME [ mtu MTU ... ] type meshlan [ OPTION ... ]\n"
	      "       ip link set NAME type meshlan OPTION ...\n"
	      "\n"
	      "OPTION:\n", out);
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		char both[40];

		snprintf(both, sizeof(both), "%s %s", options[i].name,
			 options[i].form);
		fprintf(out, "    %-22s %s\n", both, options[i].text);
	}
	fputs("\nSessions, keys and paths are meshctl's matter.\n", out);
}

static const struct option *find_option(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(name, options[i].name))
			return &options[i];
	return NULL;
}

static bool is_generic(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(generic); i++)
		if (!strcmp(name, generic[i]))
			return true;
	return false;
}

static bool parse_value(const struct option *o, const char *s, uint64_t *value)
{
	size_t length = strlen(s);
	char *end;

	if (o->word && !strcmp(s, o->word)) {
		*value = o->max;
		return true;
	}
	if (o->hex) {
		if (length != 16 || strspn(s, "0123456789abcdefABCDEF") != 16)
			return false;
		*value = strtoull(s, NULL, 16);
	} else {
		/* Ten characters hold every number there is a use for. */
		if (length > 10 || strspn(s, "0123456789") == 0)
			return false;
		*value = strtoull(s, &end, strncasecmp(s, "0x", 2) ? 10 : 16);
		if (*end)
			return false;
	}
	if (o->word && *value == o->max)
		return false;
	return *value >= o->min && *value <= o->max;
}

static void add_value(struct nlmsghdr *request, const struct option *o,
		      uint64_t value)
{
	uint16_t u16 = value;
	uint32_t u32 = value;
	uint8_t u8 = value;
	const void *data;

	switch (o->size) {
	case 1:
		data = &u8;
		break;
	case 2:
		data = &u16;
		break;
	case 4:
		data = &u32;
		break;
	default:
		data = &value;
	}
	addattr_l(request, REQUEST_MAX, o->attribute, data, o->size);
}

static int complain_unknown(const char *name)
{
	if (is_generic(name))
		fprintf(stderr,
			"meshlan: put \"%s\" before \"type meshlan\", it is an option of every link\n",
			name);
	else
		fprintf(stderr,
			"meshlan: unknown option \"%s\"; see: ip link help meshlan\n",
			name);
	return -1;
}

static int parse(struct link_util *lu, int argc, char **argv,
		 struct nlmsghdr *request)
{
	const struct option *o;
	unsigned int seen = 0;
	uint64_t value;

	for (; argc > 0; argc -= 2, argv += 2) {
		if (!strcmp(*argv, "help")) {
			print_help(lu, argc, argv, stdout);
			return -1;
		}
		o = find_option(*argv);
		if (!o)
			return complain_unknown(*argv);
		if (argc < 2) {
			fprintf(stderr, "meshlan: \"%s\" needs a value: %s\n",
				o->name, o->wanted);
			return -1;
		}
		if (seen & (1U << o->attribute)) {
			fprintf(stderr, "meshlan: \"%s\" is given twice\n",
				o->name);
			return -1;
		}
		seen |= 1U << o->attribute;
		if (!parse_value(o, argv[1], &value)) {
			fprintf(stderr, "meshlan: wrong %s \"%s\": it is %s\n",
				o->name, argv[1], o->wanted);
			return -1;
		}
		add_value(request, o, value);
	}
	return 0;
}

static void show_string(FILE *out, const struct option *o, const char *value)
{
	char fmt[32];

	snprintf(fmt, sizeof(fmt), "%s %%s ", o->name);
	if (print_color_string)
		print_color_string(PRINT_ANY, COLOR_NONE, o->key, fmt, value);
	else
		fprintf(out, "%s %s ", o->name, value);
}

static void show_number(FILE *out, const struct option *o, unsigned int value)
{
	char fmt[32];

	snprintf(fmt, sizeof(fmt), "%s %%u ", o->name);
	if (print_color_uint)
		print_color_uint(PRINT_ANY, COLOR_NONE, o->key, fmt, value);
	else
		fprintf(out, "%s %u ", o->name, value);
}

static uint64_t get_value(const struct rtattr *attribute, size_t size)
{
	const void *data = RTA_DATA(attribute);
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (size) {
	case 1:
		return *(const uint8_t *)data;
	case 2:
		memcpy(&u16, data, sizeof(u16));
		return u16;
	case 4:
		memcpy(&u32, data, sizeof(u32));
		return u32;
	default:
		memcpy(&u64, data, sizeof(u64));
		return u64;
	}
}

static void print(struct link_util *lu, FILE *out, struct rtattr *tb[])
{
	const struct option *o;
	uint64_t value;
	char hex[17];
	size_t i;

	if (!tb)
		return;
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		o = &options[i];
		if (!tb[o->attribute] ||
		    RTA_PAYLOAD(tb[o->attribute]) < o->size)
			continue;
		value = get_value(tb[o->attribute], o->size);
		if (o->hex) {
			snprintf(hex, sizeof(hex), "%016llx",
				 (unsigned long long)value);
			show_string(out, o, hex);
		} else if (o->word && value == o->max) {
			show_string(out, o, o->word);
		} else {
			show_number(out, o, value);
		}
	}
}

__attribute__((visibility("default")))
struct link_util meshlan_link_util = {
	.id = "meshlan",
	.maxattr = IFLA_MESHLAN_MAX,
	.parse = parse,
	.print = print,
	.print_help = print_help,
};
