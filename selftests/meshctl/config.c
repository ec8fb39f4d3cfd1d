// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char whole[] =
	"# a comment\n"
	"[Device]\n"
	"node = 0123456789abcdef\n"
	"Port=23731   # another\n"
	"Lanes = 4\n"
	"FDBLimit = 1000\n"
	"fdb-node-limit = 100\n"
	"FdbAge = 5m\n"
	"Fwmark = 16\n"
	"Dscp = inherit\n"
	"LimitUp = 10Mbit\n"
	"limit-down = none\n"
	"Limit-Burst = 0.1s\n"
	"Role = transit\n"
	"StormLimit = 500\n"
	"FloodUnknown = off\n"
	"FloodTypes = 0x0806,0x86dd\n"
	"Suppress = off\n"
	"link-local = on\n"
	"redundant-types = 0x88ba\n"
	"RedundantDscp = ef,cs6\n"
	"Route = fedcba9876543210 hop 1111111111111111 weight 3"
	" hop fedcba9876543210 weight 1 owner aa\n"
	"Origin = 0123456789abcdef leaf\n"
	"Origin = 2222222222222222 child fedcba9876543210"
	" child 1111111111111111 owner bb\n"
	"Fdb = 02:00:00:00:00:01 vlan 7 node fedcba9876543210 type static\n"
	"\n"
	"[Session]\n"
	"Node = fedcba9876543210\n"
	"Expires = 2027-01-15T08:00:00Z\n"
	"Owner = 00ff\n"
	"LimitUp = 1.5M\n"
	"LimitDown = 64k\n"
	"relay-limit = 0.5G\n"
	"Path = id 1 remote 192.0.2.1:23731 local 192.0.2.9 interface lo\n"
	"Path = id 2 remote [2001:db8::1]:9 active-interval 1s rate 10M\n"
	"[session]\n"
	"Node = 1111111111111111\n"
	"Path = id 1\n";

static const char printed[] =
	"[Device]\n"
	"Node = 0123456789abcdef\n"
	"Port = 23731\n"
	"Lanes = 4\n"
	"FdbLimit = 1000\n"
	"FdbNodeLimit = 100\n"
	"FdbAge = 300s\n"
	"Fwmark = 0x10\n"
	"Dscp = inherit\n"
	"LimitUp = 10M\n"
	"LimitDown = none\n"
	"LimitBurst = 100ms\n"
	"Role = transit\n"
	"StormLimit = 500\n"
	"FloodUnknown = off\n"
	"FloodTypes = 0x0806,0x86dd\n"
	"Suppress = off\n"
	"LinkLocal = on\n"
	"RedundantTypes = 0x88ba\n"
	"RedundantDscp = 46,48\n"
	"Route = fedcba9876543210 hop 1111111111111111 weight 3"
	" hop fedcba9876543210 weight 1 owner aa\n"
	"Origin = 0123456789abcdef leaf\n"
	"Origin = 2222222222222222 child fedcba9876543210"
	" child 1111111111111111 owner bb\n"
	"Fdb = 02:00:00:00:00:01 vlan 7 node fedcba9876543210 type static\n"
	"\n"
	"[Session]\n"
	"Node = fedcba9876543210\n"
	"Expires = 2027-01-15T08:00:00Z\n"
	"Owner = 00ff\n"
	"LimitUp = 1500k\n"
	"LimitDown = 64k\n"
	"RelayLimit = 500M\n"
	"Path = id 1 remote 192.0.2.1:23731 local 192.0.2.9 interface lo"
	" rate measure\n"
	"Path = id 2 remote [2001:db8::1]:9"
	" active-interval 1000ms rate 10M\n"
	"\n"
	"[Session]\n"
	"Node = 1111111111111111\n"
	"Expires = never\n"
	"Path = id 1 rate measure\n";

struct wrong {
	const char *text, *error;
};

static const struct wrong wrong[] = {
	{"Port = 1\n", "f:1: Port: stands before [Device] and [Session]"},
	{"[Device]\n[Device]\n", "f:2: [Device]: said twice"},
	{"[Peer]\n", "f:1: [Peer]: neither [Device] nor [Session]"},
	{"[Device\n", "f:1: [Device: neither [Device] nor [Session]"},
	{"[Device]\nPort\n", "f:2: neither [Block] nor Name = value"},
	{"[Device]\nPort = x\n", "f:2: port 'x': not a port (1 to 65535)"},
	{"[Device]\nPort = 1\nport = 1\n", "f:3: port: said twice"},
	{"[Device]\nColour = red\n", "f:2: Colour: not known in this block"},
	{"[Session]\nPort = 1\n", "f:2: Port: not known in this block"},
	{"[Session]\nExpires = 0\n", "f:3: [Session]: the one above has no Node"},
	{"[Session]\n[Session]\n", "f:2: [Session]: the one above has no Node"},
	{"[Session]\nNode = 12xyz\n",
	 "f:2: Node: not a node id (16 hex digits)"},
	{"[Session]\nNode = 1111111111111111\nNode = 1111111111111111\n",
	 "f:3: Node: said twice"},
	{"[Session]\nNode = 1111111111111111\n[Session]\n"
	 "Node = 11:11:11:11:11:11:11:11\n",
	 "f:4: Node: a session with it is there already"},
	{"[Session]\nNode = 1111111111111111\nPath = 192.0.2.1:1\n",
	 "f:3: Path: '192.0.2.1:1': not known here (see: meshctl help)"},
	{"[Session]\nNode = 1111111111111111\nPath = remote\n",
	 "f:3: Path: remote: needs a value (ADDRESS:PORT)"},
	{"[Session]\nNode = 1111111111111111\nPath = id 1\nPath = id 1\n",
	 "f:4: Path: this id is there already"},
	{"[Session]\nPath = interface nosuchif0\n",
	 "f:2: Path: interface 'nosuchif0': not an interface, or not the one of the address"},
	{"[Device]\nRoute = x\n",
	 "f:2: Route: begins with no node id (16 hex digits)"},
	{"[Device]\nRoute = 1111111111111111 weight 1\n",
	 "f:2: Route: weight '1': not a number after a hop"},
	{"[Device]\nRoute = 1111111111111111 hop 1111111111111111\n"
	 "Route = 1111111111111111 hop 1111111111111111\n",
	 "f:3: Route: a route to this node is there already"},
	{"[Device]\nRole = king\n",
	 "f:2: role 'king': not a role (member, client or transit)"},
	{"[Device]\nFloodTypes = 0x806,5\n",
	 "f:2: flood-types '0x806,5': not EtherTypes from 0x600 on (0x0806,0x86dd), or any"},
	{"[Device]\nRedundantDscp = ef,\n",
	 "f:2: redundant-dscp 'ef,': not DSCPs (0 to 63, ef, cs0 to cs7, af11 to af43, as in ef,48), or none"},
	{"[Device]\nOrigin = x\n",
	 "f:2: Origin: begins with no node id (16 hex digits)"},
	{"[Device]\nOrigin = 1111111111111111\n",
	 "f:2: Origin: either children are needed, or leaf"},
	{"[Device]\nOrigin = 1111111111111111 leaf child 2222222222222222\n",
	 "f:2: Origin: either children are needed, or leaf"},
	{"[Device]\nOrigin = 1111111111111111 child 12\n",
	 "f:2: Origin: child '12': not a node id (16 hex digits)"},
	{"[Device]\nOrigin = 1111111111111111 leaf\n"
	 "Origin = 1111111111111111 leaf\n",
	 "f:3: Origin: this node is there already"},
	{"[Device]\nFdb = 02:00:00:00:00:01 node 1111111111111111\n"
	 "Fdb = 02:00:00:00:00:01 vlan 0 node 1111111111111111\n",
	 "f:3: Fdb: this address is there already"},
	{"[Device]\nFdb = 02:00:00:00:00:01\n", "f:2: Fdb: a node is needed"},
	{"[Device]\nFdb = 03:00:00:00:00:01 node 1111111111111111\n",
	 "f:2: Fdb: MAC address must be that of a single station"},
	{"[Device]\nFdb = 00:00:00:00:00:00 node 1111111111111111\n",
	 "f:2: Fdb: MAC address must be that of a single station"},
	{"[Device]\nFdb = 02:00:00:00:00:01 vlan 4095 node 1111111111111111\n",
	 "f:2: Fdb: a VLAN is from 0 to 4094"},
	{"[Device]\nFdb = 02:00:00:00:00:01 node 1111111111111111 type local\n",
	 "f:2: Fdb: only static and certified entries can be set"},
	{"[Device]\nRoute = 1111111111111111\n",
	 "f:2: Route: a hop is needed"},
	{"[Device]\nRoute = 1111111111111111 hop 2222222222222222 weight 0\n",
	 "f:2: Route: weight is 1 or more"},
	{"[Device]\nRoute = 1111111111111111 hop 2222222222222222"
	 " hop 2222222222222222\n",
	 "f:2: Route: hop given twice"},
	{"[Device]\nOrigin = 1111111111111111 child 2222222222222222"
	 " child 2222222222222222\n",
	 "f:2: Origin: child given twice"},
	{"[Device]\nLimitUp = 7999\n",
	 "f:2: limit-up '7999': not a rate of 8k to 100G (bit/s: 10M, 1.5Gbit, or none)"},
	{"[Session]\nLimitDown = 101G\n",
	 "f:2: limit-down '101G': not a rate of 8k to 100G (bit/s: 10M, 1.5Gbit, or none)"},
	{"[Session]\nPath = active-interval 19ms\n",
	 "f:2: Path: active-interval is from 20ms to 60s"},
	{"[Session]\nPath = idle-interval 11m\n",
	 "f:2: Path: idle-interval is from 20ms to 10m"},
	{"[Session]\nPath = weight 0\n", "f:2: Path: weight is from 1 to 1000"},
	{"[Session]\nPath = weight 1001\n",
	 "f:2: Path: weight is from 1 to 1000"},
	{"[Session]\nPath = remote 224.0.0.1:1\n",
	 "f:2: Path: the remote address is not unicast"},
	{"[Session]\nPath = remote [::ffff:192.0.2.1]:1\n",
	 "f:2: Path: the remote address is not unicast"},
	{"[Session]\nPath = local 0.0.0.1\n",
	 "f:2: Path: the local address is not unicast"},
	{"[Session]\nPath = remote 192.0.2.1 local 2001:db8::1\n",
	 "f:2: Path: remote and local address are of different families"},
	{"[Session]\nPath = remote fe80::1\n",
	 "f:2: Path: a link-local remote address needs an interface"},
	{"[Session]\nPath = remote 192.0.2.1:7\nPath = remote 192.0.2.1:7\n",
	 "f:3: Path: another path has these addresses"},
	{0},
};

static char *print(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print(config, out);
	fclose(out);
	return text;
}

static void good(const char *name, const char *text, const char *want)
{
	struct meshlan_error err = {0};
	char *copy = strdup(text), *got;
	struct config config;

	if (config_parse(copy, "f", &config, &err)) {
		point(false, "%s: %s", name, err.text);
	} else {
		got = print(&config);
		point(!strcmp(got, want), "%s", name);
		free(got);
		config_free(&config);
	}
	free(copy);
}

void test_config(void)
{
	struct meshlan_error err;
	struct config config;

	good("a whole configuration", whole, printed);
	good("what is printed is read", printed, printed);
	for (const struct wrong *w = wrong; w->text; w++) {
		char *copy = strdup(w->text);

		err.text[0] = 0;
		point(config_parse(copy, "f", &config, &err) ==
				      MESHLAN_ERR_USAGE &&
			      !strcmp(err.text, w->error),
		      "wrong configuration: '%s'", err.text);
		free(copy);
	}
}

/* --- random input --------------------------------------------------------- */

static unsigned long state;

/* Marsaglia's xorshift: the same numbers everywhere. */
static unsigned long next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* A few bytes changed, cut out or doubled; the end is always there. */
static char *mutate(const char *seed, size_t len, size_t *new_len)
{
	static const char *const words[] = {
		"\n[Session]\n", "\n[Device]\n", " = ", "Path", "0x", ":", "[",
		"]", "%", "99999999999999999999", "\t", "#", "+", ".", "-"};
	char *text = malloc(len * 2 + 512);
	size_t at, part;

	memcpy(text, seed, len);
	for (unsigned long n = next() % 8; n; n--) {
		const char *word = words[next() % (sizeof(words) / sizeof(*words))];

		at = len ? next() % len : 0;
		part = len - at ? next() % (len - at) % 32 : 0;
		switch (next() % 4) {
		case 0:
			if (len)
				text[at] = next();
			break;
		case 1:
			memmove(text + at, text + at + part, len - at - part);
			len -= part;
			break;
		case 2:
			memmove(text + at + part, text + at, len - at);
			len += part;
			break;
		default:
			part = strlen(word);
			memmove(text + at + part, text + at, len - at);
			memcpy(text + at, word, part);
			len += part;
			break;
		}
	}
	/* Exactly as long as it is, so that one byte too far is noticed. */
	text = realloc(text, len + 1);
	text[len] = 0;
	*new_len = len;
	return text;
}

/* As the kernel has it: nothing is left out. */
static bool complete(const struct config *config)
{
	if (__builtin_popcountll(config->dev.has) != 12)
		return false;
	for (size_t i = 0; i < config->fdbs; i++) {
		if (!config->fdb[i].type)
			return false;
	}
	for (size_t i = 0; i < config->sessions; i++) {
		for (size_t j = 0; j < config->session[i].paths; j++) {
			if (!config->session[i].path[j].id)
				return false;
		}
	}
	return true;
}

/* What was accepted can be printed, read, and printed the same again. */
static void again(struct config *config)
{
	struct meshlan_error err;
	char *first, *copy, *second;
	struct config other;

	if (!complete(config))
		return;
	first = print(config);
	copy = strdup(first);
	if (config_parse(copy, "again", &other, &err)) {
		point(false, "not again: %s", err.text);
	} else {
		second = print(&other);
		if (strcmp(first, second))
			point(false, "not the same again:\n%s%s", first, second);
		free(second);
		config_free(&other);
	}
	free(copy);
	free(first);
}

static void fuzz_config(void)
{
	const char *seed = next() % 2 ? whole : printed;
	size_t len;
	char *text = mutate(seed, strlen(seed), &len);
	struct meshlan_error err;
	struct config config;

	if (!config_parse(text, "fuzz", &config, &err)) {
		again(&config);
		config_free(&config);
	}
	free(text);
}

static void fuzz_words(void)
{
	static const char *const seeds[] = {
		"[fe80::1%eth0]:23731", "192.0.2.1:1", "2027-01-15T08:00:00Z",
		"1.5Gbit", "100ms", "0123:4567:89ab:cdef", "02:00:00:00:00:01",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="};
	const char *seed = seeds[next() % (sizeof(seeds) / sizeof(*seeds))];
	struct meshlan_endpoint end;
	struct meshlan_blob blob;
	uint8_t bytes[32];
	char text[MESHLAN_TEXT_MAX];
	uint64_t value;
	size_t len;
	char *word = mutate(seed, strlen(seed), &len);

	if (meshlan_parse_endpoint(word, &end))
		meshlan_text_endpoint(&end, text);
	meshlan_parse_node(word, &value);
	if (meshlan_parse_time(word, 1, &value))
		meshlan_text_time(value, text);
	if (meshlan_parse_rate(word, &value))
		meshlan_text_rate(value, text);
	if (meshlan_parse_duration(word, 1000000, &value))
		meshlan_text_duration(value, text);
	meshlan_parse_mac(word, bytes);
	meshlan_parse_secret(word, bytes);
	meshlan_parse_blob(word, &blob);
	free(word);
}

static const struct meshlan_set *const sets[] = {
	&meshlan_dev_set,   &meshlan_session_set,    &meshlan_key_set,
	&meshlan_path_set,  &meshlan_route_set,	     &meshlan_fdb_set,
	&meshlan_event_info_set, &meshlan_origin_set,
};

/* Attributes with random numbers and lengths, most of them plausible. */
static size_t random_attributes(char *data, size_t room)
{
	size_t len = 0;

	while (len + 4 + 64 <= room && next() % 12) {
		uint16_t head[2] = {4 + next() % (next() % 4 ? 9 : 60),
				    next() % 36};

		if (!(next() % 40))
			head[0] = next();
		memcpy(data + len, head, 4);
		for (size_t i = 4; i < 64; i++)
			data[len + i] = next();
		len += (head[0] < 64 ? head[0] + 3 : 64) & ~3;
		if (head[0] < 4)
			len += 4;
	}
	return next() % 8 ? len : next() % (len + 1);
}

static void fuzz_object(void)
{
	const struct meshlan_set *set =
		sets[next() % (sizeof(sets) / sizeof(*sets))];
	struct meshlan_json json = {.first = true};
	char work[1024] __attribute__((aligned(8)));
	size_t len = random_attributes(work, sizeof(work));
	void *object = malloc(set->size);
	char *data = malloc(len ? len : 1);

	memcpy(data, work, len);
	if (meshlan_decode(set, data, len, object)) {
		json.out = fopen("/dev/null", "w");
		meshlan_json_open(&json, NULL, '{');
		meshlan_json_members(&json, set, object);
		meshlan_json_close(&json, '}');
		fclose(json.out);
		meshlan_release(set, object);
	}
	free(data);
	free(object);
}

static void fuzz_refusal(void)
{
	struct {
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, pid;
		char data[1024];
	} reply = {.type = 2, .flags = 0x200 | (next() % 2 ? 0x100 : 0)},
	  request = {.type = 30};
	struct meshlan_error err;
	void *exact;
	size_t len;

	len = random_attributes(request.data + 4, 512);
	request.len = 16 + 4 + len;
	memset(reply.data, 0, 20);
	reply.data[0] = -(next() % 100);
	reply.data[1] = reply.data[2] = reply.data[3] = -1;
	memcpy(reply.data + 4, &request, 16);
	len = random_attributes(reply.data + 20, 512);
	reply.len = next() % 16 ? 16 + 20 + len : 16 + next() % 20;
	exact = malloc(reply.len);
	memcpy(exact, &reply, reply.len);
	meshlan_refusal(exact, (void *)&request, 4,
			sets[next() % (sizeof(sets) / sizeof(*sets))], &err);
	free(exact);
}

void fuzz(unsigned int seed, unsigned long rounds)
{
	state = seed * 2654435761UL + 1;
	for (unsigned long i = 0; i < rounds; i++) {
		fuzz_config();
		fuzz_words();
		fuzz_object();
		fuzz_refusal();
	}
	point(true, "%lu rounds from %u", rounds, seed);
}
