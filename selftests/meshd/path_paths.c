// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include "meshd/base/secret.h"
#include "meshd/path/nat.h"
#include "meshd/path/paths.h"
#include "meshd/path/pmtu.h"

#define NODE	UINT64_C(0xbbbbbbbbbbbbbbbb)
#define MAX	64

/* The kernel: answers size questions up to what the path carries. */
struct kernel {
	uint64_t now;
	struct paths *paths;
	struct book *book;
	struct host host;
	unsigned int count;
	struct { uint16_t id; struct path_spec spec; bool there, up; } path[MAX];
	uint32_t carries, mtu;
	unsigned int probes, results, silent, twins, least_up;
	bool full;
	uint16_t asked_id;
	uint32_t asked;
	uint64_t idle;
};

static bool op_add(void *data, uint64_t node, const struct path_spec *spec,
		   uint16_t *id)
{
	struct kernel *k = data;

	for (unsigned int i = 0; i < k->count; i++) {
		const struct path_spec *other = &k->path[i].spec;

		if (k->path[i].there &&
		    addr_equal(&other->remote, &spec->remote) &&
		    addr_equal(&other->local, &spec->local) &&
		    other->oif == spec->oif)
			k->twins++;
	}
	if (k->full || k->count == MAX)
		return false;
	k->path[k->count].id = *id = 100 + k->count;
	k->path[k->count].spec = *spec;
	k->path[k->count++].there = true;
	return true;
}

static unsigned int count_up(const struct kernel *k)
{
	unsigned int up = 0;

	for (unsigned int i = 0; i < k->count; i++)
		up += k->path[i].there && k->path[i].up;
	return up;
}

static void op_remove(void *data, uint64_t node, uint16_t id)
{
	struct kernel *k = data;
	unsigned int up;

	k->path[id - 100].there = false;
	up = count_up(k);
	k->least_up = up < k->least_up ? up : k->least_up;
}

static void op_probe(void *data, uint64_t node, uint16_t id, uint32_t size)
{
	struct kernel *k = data;

	k->probes++;
	k->asked = size;
	k->asked_id = id;
}

static void op_set_idle(void *data, uint64_t node, uint16_t id,
			uint64_t interval)
{
	struct kernel *k = data;

	k->idle = interval;
}

static void op_mtu(void *data, uint64_t node, uint16_t id, uint32_t mtu)
{
	struct kernel *k = data;

	k->results++;
	k->mtu = mtu;
}

static void op_silent(void *data, uint64_t node)
{
	struct kernel *k = data;

	k->silent++;
}

static const struct paths_ops ops = { op_add, op_remove, op_probe, op_set_idle,
				      op_mtu, op_silent };

static union addr at(const char *text)
{
	union addr addr;

	if (!addr_parse(&addr, text, 23731))
		point(false, "address %s", text);
	return addr;
}

static void begin(struct kernel *k)
{
	union addr own = at("192.0.2.1"), own6 = at("2001:db8::1");

	memset(k, 0, sizeof(*k));
	k->now = HOUR;
	k->carries = 1472;
	k->least_up = MAX;
	host_init(&k->host, 1, 23731);
	host_add_local(&k->host, &own, 2, 1500, true);
	host_add_local(&k->host, &own6, 2, 1500, true);
	k->book = book_new(&k->host);
	k->paths = paths_new(&ops, k, k->book, &k->host);
}

static void end(struct kernel *k)
{
	paths_free(k->paths);
	book_free(k->book);
}

static void tell(struct kernel *k, uint16_t id, enum meshlan_event what,
		 uint32_t mtu, const union addr *remote)
{
	struct meshlan_event_info event = {
		.type = what, .path = { .node = NODE, .id = id, .mtu = mtu },
	};

	if (remote) {
		event.path.has = MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV4);
		event.path.remote_ipv4 = remote->in.sin_addr;
		event.path.remote_port = addr_port(remote);
	}
	if (what == MESHLAN_EVENT_PATH_UP || what == MESHLAN_EVENT_PATH_DOWN)
		k->path[id - 100].up = what == MESHLAN_EVENT_PATH_UP;
	paths_event(k->paths, &event, k->now);
}

/* Those in @good come up at once. */
static void run(struct kernel *k, uint64_t time, const char *good)
{
	uint64_t stop = k->now + time, next;
	char text[ADDR_TEXT_MAX];

	while (k->now < stop) {
		for (unsigned int i = 0; i < k->count; i++) {
			if (k->path[i].there && !k->path[i].up && good &&
			    strstr(good, addr_host_text(&k->path[i].spec.remote,
							text)))
				tell(k, k->path[i].id, MESHLAN_EVENT_PATH_UP, 0,
				     NULL);
		}
		next = paths_next(k->paths);
		k->now = next > k->now ? next : k->now + MICROSECOND;
		k->now = k->now < stop ? k->now : stop;
		paths_tick(k->paths, k->now);
		if (k->asked && k->asked <= k->carries)
			tell(k, k->asked_id, MESHLAN_EVENT_PATH_MTU, k->asked,
			     NULL);
		k->asked = 0;
	}
}

static unsigned int there(const struct kernel *k)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < k->count; i++)
		count += k->path[i].there;
	return count;
}

TEST(path, paths_of_a_node)
{
	union addr remote = at("198.51.100.1"), six = at("2001:db8::9");
	union addr dead = at("203.0.113.9");
	struct kernel k;

	begin(&k);
	book_tell(k.book, NODE, &remote, CANDIDATE_TOLD, k.now);
	book_tell(k.book, NODE, &six, CANDIDATE_TOLD, k.now);
	book_tell(k.book, NODE, &dead, CANDIDATE_RECORD, k.now);
	paths_connected(k.paths, NODE, &remote, NULL, k.now);
	point_number("the connection's, the other family's, one more", there(&k),
		     3);
	run(&k, 20 * SECOND, "198.51.100.1 2001:db8::9");
	point_number("what does not come up goes", there(&k), 2);
	point_number("paths up", paths_up(k.paths, NODE), 2);
	run(&k, 3 * HOUR, "198.51.100.1 2001:db8::9");
	point(k.count < 12, "and is tried again seldom: %u", k.count);
	point_number("no two with the same addresses", k.twins, 0);

	tell(&k, 100, MESHLAN_EVENT_PATH_DOWN, 0, NULL);
	point_number("one down: not silent", k.silent, 0);
	tell(&k, 101, MESHLAN_EVENT_PATH_DOWN, 0, NULL);
	point_number("both down: silent, once", k.silent, 1);
	run(&k, MINUTE, NULL);
	point(there(&k) >= 1, "the kernel goes on trying");
	end(&k);
}

/* Frames have the other family; the connection would wait for its timeout. */
TEST(path, paths_ground)
{
	union addr remote = at("198.51.100.1"), six = at("2001:db8::9");
	struct kernel k;

	begin(&k);
	book_tell(k.book, NODE, &six, CANDIDATE_TOLD, k.now);
	paths_connected(k.paths, NODE, &remote, NULL, k.now);
	run(&k, SECOND, "198.51.100.1 2001:db8::9");
	point_number("both are up", paths_up(k.paths, NODE), 2);
	tell(&k, 101, MESHLAN_EVENT_PATH_DOWN, 0, NULL);
	run(&k, 5 * SECOND, "198.51.100.1");
	point_number("another path's end is nothing to it", k.silent, 0);
	run(&k, MINUTE, "198.51.100.1 2001:db8::9");
	tell(&k, 100, MESHLAN_EVENT_PATH_DOWN, 0, NULL);
	run(&k, SECOND, "2001:db8::9");
	point_number("its own path may be back at once", k.silent, 0);
	run(&k, 5 * SECOND, "2001:db8::9");
	point_number("its own path stays down: told, once", k.silent, 1);
	run(&k, SECOND, "198.51.100.1 2001:db8::9");
	tell(&k, 100, MESHLAN_EVENT_PATH_DOWN, 0, NULL);
	run(&k, 5 * SECOND, "2001:db8::9");
	point_number("and again when it was up meanwhile", k.silent, 2);
	end(&k);
}

TEST(path, paths_many_told)
{
	union addr remote = at("198.51.100.1");
	struct kernel k;

	begin(&k);
	for (int i = 0; i < 200; i++) {
		char text[64];
		union addr addr;

		snprintf(text, sizeof(text), "198.51.%d.7", i);
		addr = at(text);
		book_tell(k.book, NODE, &addr, CANDIDATE_TOLD, k.now);
	}
	paths_connected(k.paths, NODE, &remote, NULL, k.now);
	for (int i = 0; i < 600; i++) {
		run(&k, SECOND, "198.51.100.1");
		if (there(&k) > PATHS_PER_NODE)
			point(false, "too many paths");
		if (k.count > MAX - 8)
			break;
	}
	point(there(&k) <= 3, "200 addresses told: %u paths at a time",
	      there(&k));
	point(paths_up(k.paths, NODE) == 1, "and the good one is there");
	k.full = true;
	run(&k, 10 * MINUTE, "198.51.100.1");
	point(paths_up(k.paths, NODE) == 1, "the kernel refuses: all is well");
	paths_drop(k.paths, NODE);
	point_number("dropped", there(&k), 0);
	end(&k);
}

TEST(path, paths_interfaces)
{
	union addr remote = at("198.51.100.1"), second = at("203.0.113.5");
	union addr third = at("203.0.113.77");
	struct kernel k;

	begin(&k);
	host_add_local(&k.host, &second, 3, 1400, false);
	book_tell(k.book, NODE, &remote, CANDIDATE_TOLD, k.now);
	paths_connected(k.paths, NODE, &remote, &k.host.local[0].addr, k.now);
	run(&k, SECOND, "198.51.100.1");
	point_number("two interfaces, two paths", paths_up(k.paths, NODE), 2);
	point(k.path[0].spec.oif == 2 && k.path[1].spec.oif == 3,
	      "each by its interface");

	/* The second interface gets another address. */
	k.least_up = MAX;
	k.host.local_count = 2;
	host_add_local(&k.host, &third, 4, 1500, false);
	paths_network_changed(k.paths, k.now);
	run(&k, 100 * MILLISECOND, "198.51.100.1");
	point(paths_up(k.paths, NODE) == 2 && there(&k) == 2,
	      "a new address: a new path, and the old one is gone");
	point(k.least_up >= 1, "never without");

	/* Both addresses go at once; there is only a new one. */
	k.least_up = MAX;
	k.host.local_count = 0;
	host_add_local(&k.host, &second, 5, 1500, false);
	paths_network_changed(k.paths, k.now);
	point(there(&k) == 3, "the new path is made before the old ones go");
	run(&k, 15 * SECOND, "198.51.100.1");
	point(k.least_up >= 1 && there(&k) == 1, "and then they go");
	end(&k);
}

/* One that the routing table leads, beside one bound to where it leads. */
static unsigned int loose(const struct kernel *k)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < k->count; i++)
		count += k->path[i].there && !k->path[i].spec.local.sa.sa_family;
	return count;
}

TEST(path, paths_second_interface)
{
	union addr remote = at("198.51.100.1"), second = at("203.0.113.5");
	struct kernel k;

	begin(&k);
	book_tell(k.book, NODE, &remote, CANDIDATE_TOLD, k.now);
	paths_connected(k.paths, NODE, &remote, NULL, k.now);
	run(&k, SECOND, "198.51.100.1");
	point(loose(&k) == 1 && there(&k) == 1, "one interface: as routed");
	k.least_up = MAX;
	host_add_local(&k.host, &second, 3, 1400, false);
	paths_network_changed(k.paths, k.now);
	run(&k, SECOND, "198.51.100.1");
	point_number("a second: a path by each", paths_up(k.paths, NODE), 2);
	point_number("and none that goes by either", loose(&k), 0);
	point(k.least_up >= 1, "never without");
	k.host.local_count--;
	paths_network_changed(k.paths, k.now);
	run(&k, SECOND, "198.51.100.1");
	point(there(&k) == 1 && paths_up(k.paths, NODE) == 1,
	      "the second is gone: no twin of the first");
	end(&k);
}

TEST(path, paths_adoption)
{
	union addr remote = at("198.51.100.1"), other = at("198.51.100.2");
	struct meshlan_path path = {
		.has = MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV4) |
		       MESHLAN_BIT(MESHLAN_A_PATH_STATE),
		.node = NODE, .id = 100, .remote_port = 23731,
		.remote_ipv4 = remote.in.sin_addr,
		.state = MESHLAN_PATH_STATE_UP,
	};
	struct meshlan_path none = {0};
	struct kernel k;

	begin(&k);
	k.count = 1;
	k.path[0].id = 100;
	k.path[0].spec.remote = remote;
	k.path[0].there = k.path[0].up = true;
	point(paths_adopt(k.paths, NODE, &path, k.now), "a path is adopted");
	point_number("adopted, and up", paths_up(k.paths, NODE), 1);
	paths_connected(k.paths, NODE, &remote, NULL, k.now);
	point_number("the connection's path is that one", there(&k), 1);

	path.id = 100;
	path.remote_ipv4 = other.in.sin_addr;
	paths_sync(k.paths, NODE, &path, k.now);
	paths_sync(k.paths, NODE, &none, k.now);
	point(candidates_find(book_find(k.book, NODE), &other),
	      "events were lost: what moved meanwhile is known");
	paths_sync(k.paths, NODE, &none, k.now);
	point_number("events were lost: what is gone is gone",
		     paths_up(k.paths, NODE), 0);
	end(&k);
}

TEST(path, paths_nat_died)
{
	union addr remote = at("198.51.100.1"), moved = remote;
	struct kernel k;

	begin(&k);
	paths_connected(k.paths, NODE, &remote, NULL, k.now);
	run(&k, SECOND, "198.51.100.1");
	for (int i = 1; i <= 5; i++) {
		addr_set_port(&moved, 40000 + i);
		tell(&k, 100, MESHLAN_EVENT_PATH_MOVED, 0, &moved);
	}
	point_number("mappings die: the interval falls", k.idle, 10 * SECOND);
	run(&k, 200 * HOUR, "198.51.100.1");
	point_number("and rises again some day", k.idle, 25 * SECOND);
	end(&k);
}

/* Returns the questions that a search took. */
static unsigned int search(uint32_t most, uint32_t carries, uint32_t *found)
{
	struct pmtu pmtu = {0};
	unsigned int questions = 0;
	uint64_t now = HOUR;

	pmtu_start(&pmtu, most, now);
	while (!pmtu_result(&pmtu) && questions < 1000 && pmtu.next != NEVER) {
		uint32_t size;

		now = pmtu.next > now ? pmtu.next : now;
		size = pmtu_tick(&pmtu, now);
		questions += size != 0;
		if (size > most)
			return 1000;
		if (size && size <= carries)
			pmtu_heard(&pmtu, size, now);
	}
	*found = pmtu.good;
	return questions;
}

TEST(path, pmtu)
{
	unsigned int worst = 0;
	uint32_t found = 0;
	bool good = true;

	point_number("all passes: one question", search(1472, 1472, &found), 1);
	point_number("and the whole is found", found, 1472);
	for (uint32_t carries = 1232; carries <= 8972; carries += 7) {
		unsigned int questions = search(8972, carries, &found);

		worst = questions > worst ? questions : worst;
		good &= found <= carries;
		good &= carries - found <= 12;
	}
	point(good, "any size is found, to 12 bytes");
	point(worst < 40, "with %u questions at most", worst);
}

TEST(path, pmtu_later)
{
	union addr remote = at("198.51.100.1");
	struct kernel k;

	begin(&k);
	k.carries = 1300;
	paths_connected(k.paths, NODE, &remote, NULL, k.now);
	run(&k, MINUTE, "198.51.100.1");
	point(k.mtu <= 1300 && k.mtu >= 1290, "a path of 1300: %u", k.mtu);
	k.carries = 1472;
	run(&k, 15 * MINUTE, NULL);
	point_number("ten minutes later it carries more", k.mtu, 1472);
	k.carries = 1400;
	run(&k, 15 * MINUTE, NULL);
	point(k.mtu <= 1400 && k.mtu >= 1390, "and then less: %u", k.mtu);
	k.carries = 1250;
	tell(&k, 100, MESHLAN_EVENT_PATH_MTU, 1232, NULL);
	run(&k, 5 * MINUTE, NULL);
	point(k.mtu <= 1250 && k.mtu >= 1240, "a black hole: %u", k.mtu);
	k.probes = 0;
	paths_network_changed(k.paths, k.now);
	run(&k, 10 * MILLISECOND, NULL);
	point(k.probes >= 1, "the network changed: asked at once");
	end(&k);
}

TEST(path, nat_kinds)
{
	union addr own = at("10.0.0.2"), out = at("198.51.100.1:40000");
	union addr other = at("198.51.100.1:40001"), lan = at("10.0.0.9");
	union addr a = at("192.0.2.1"), b = at("192.0.2.2"), six;
	struct nat nat = {0};
	struct host host;

	six = at("2001:db8::1");
	host_init(&host, 1, 23731);
	host_add_local(&host, &own, 2, 1500, true);
	point(nat_kind(&nat, &host, AF_INET) == NAT_UNKNOWN, "nobody said");
	point(nat_observe(&nat, &host, 1, &a, &out, HOUR) &&
	      host.seen_count == 1 && addr_equal(&host.seen[0], &out),
	      "one says where");
	point(nat_kind(&nat, &host, AF_INET) == NAT_UNKNOWN, "one is too few");
	point(!nat_observe(&nat, &host, 2, &b, &out, HOUR) &&
	      nat_kind(&nat, &host, AF_INET) == NAT_CONE, "two agree: cone");
	nat_observe(&nat, &host, 2, &b, &other, HOUR);
	point(nat_kind(&nat, &host, AF_INET) == NAT_SYMMETRIC,
	      "two differ: symmetric");
	nat_observe(&nat, &host, 3, &lan, &own, HOUR);
	point(nat_kind(&nat, &host, AF_INET) == NAT_SYMMETRIC,
	      "a neighbour on the LAN sees no NAT, and changes nothing");
	point(!nat_observe(&nat, &host, 4, &a, &six, HOUR),
	      "another family is no view");
	for (uint64_t who = 10; who < 1000; who++) {
		union addr seen = other;

		addr_set_port(&seen, 1000 + who);
		nat_observe(&nat, &host, who, &a, &seen, HOUR);
	}
	point(nat.count <= NAT_VIEWS_MAX && host.seen_count <= HOST_SEEN_MAX,
	      "liars are bounded");
	point(nat_forget(&nat, &host, 0) && !host.seen_count, "all forgotten");
	nat_observe(&nat, &host, 3, &lan, &own, HOUR);
	point(nat_kind(&nat, &host, AF_INET) == NAT_NONE && !host.seen_count,
	      "seen at an own address: none");
}
