// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel_fake.h"
#include "meshd/base/buf.h"
#include "meshd/base/clock.h"

struct env {
	struct fake *fake;
	struct queue *queue;
	struct family *family;
	struct sync *sync;
	uint64_t now;
	unsigned int found[SYNC_KINDS], foreign, ready, refused, sessions;
	uint8_t owner[SYNC_OWNER_MAX];
	size_t owner_len;
	char why[320];
	enum sync_kind refused_kind;
	uint64_t refused_node;
	uint16_t found_path;
	bool keep;			/* what is found, at once */
};

static void do_request(void *data, uint8_t command,
		       const struct meshlan_set *set, const void *object,
		       family_done_fn *done, void *done_data)
{
	struct env *env = data;

	family_request(env->family, command, set, object, false, done,
		       done_data);
}

static void do_dump(void *data, uint8_t command, const struct meshlan_set *set,
		    const void *filter, const struct family_dump_ops *ops,
		    void *dump_data)
{
	struct env *env = data;

	family_dump(env->family, command, set, filter, ops, dump_data);
}

static void do_neighbour(void *data, bool add,
			 const struct sync_neighbour *neighbour,
			 family_done_fn *done, void *done_data)
{
	fake_neighbour(((struct env *)data)->fake, add, neighbour, done,
		       done_data);
}

static void do_neighbours(void *data, const struct family_dump_ops *ops,
			  void *dump_data)
{
	fake_neighbours(((struct env *)data)->fake, ops, dump_data);
}

static void want_session(struct env *env, uint64_t node);

static void found(void *data, const struct sync_object *object)
{
	struct env *env = data;

	env->found[object->kind]++;
	env->foreign += object->foreign;
	if (object->kind == SYNC_PATH)
		env->found_path = object->path;
	if (env->keep && object->kind == SYNC_PATH)
		sync_path_keep(env->sync, object->node, object->path);
	if (env->keep && object->kind == SYNC_SESSION)
		want_session(env, object->node);
	if (!object->owner.len)
		return;
	env->owner_len = object->owner.len;
	memcpy(env->owner, object->owner.data, object->owner.len);
}

static void ready(void *data)
{
	struct env *env = data;

	env->ready++;
	if (env->keep)
		sync_sweep(env->sync);
}

static void refused(void *data, const struct sync_object *object,
		    const struct family_answer *answer)
{
	struct env *env = data;

	env->refused++;
	env->refused_kind = object->kind;
	env->refused_node = object->node;
	snprintf(env->why, sizeof(env->why), "%s", answer->err.text);
}

static void session(void *data, uint64_t node)
{
	((struct env *)data)->sessions++;
}

static void env_daemon(struct env *env, bool single_routes)
{
	struct sync_ops ops = {
		do_request, do_dump, do_neighbour, do_neighbours,
		single_routes, found, ready, refused, session,
	};
	struct fake *fake = env->fake;

	memset(env, 0, sizeof(*env));
	env->fake = fake;
	env->now = HOUR;
	env->queue = queue_new(&fake_socket, fake, FAKE_PORTID);
	env->family = family_new(env->queue, FAKE_FAMILY, NULL);
	env->sync = sync_new(FAKE_IFINDEX, &ops, env);
	sync_start(env->sync);
}

/* Until nothing is due any more. */
static void turn(struct env *env)
{
	for (int i = 0; i < 1000 && (sync_next(env->sync) <= env->now ||
				     queue_waiting(env->queue)); i++) {
		sync_tick(env->sync, env->now);
		queue_readable(env->queue);
		fake_turn(env->fake);
	}
}

static void env_open(struct env *env)
{
	memset(env, 0, sizeof(*env));
	env->fake = fake_new();
	env_daemon(env, false);
	turn(env);
}

static void daemon_dies(struct env *env)
{
	queue_free(env->queue);
	fake_turn(env->fake);
	sync_free(env->sync);
	family_free(env->family);
	fake_turn(env->fake);
}

static void env_close(struct env *env)
{
	daemon_dies(env);
	fake_free(env->fake);
}

static void later(struct env *env, uint64_t time)
{
	env->now += time;
	turn(env);
}

static struct span text(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static void want_session(struct env *env, uint64_t node)
{
	struct sync_session wanted = { .node = node, .expires = 1000,
				       .owner = text("session") };

	sync_session(env->sync, &wanted);
}

static struct sync_path path_to(const char *remote)
{
	struct sync_path path = { .owner = text("path") };

	if (remote)
		addr_parse(&path.remote, remote, 23731);
	return path;
}

static uint16_t want_path(struct env *env, uint64_t node, const char *remote)
{
	struct sync_path path = path_to(remote);

	return sync_path(env->sync, node, &path);
}

static void want_route(struct env *env, uint64_t node, uint64_t a, uint64_t b)
{
	struct sync_hop hops[] = { { .node = a }, { .node = b, .weight = 3 } };
	struct sync_route route = {
		.node = node, .hop = hops, .hops = b ? 2 : 1,
		.scatter = MESHLAN_SCATTER_FLOW, .owner = text("route"),
	};

	sync_route(env->sync, &route);
}

static unsigned int changes(struct env *env)
{
	return env->fake->changes + env->fake->neighbour_changes;
}

static void want_neighbour(struct env *env, const char *addr, uint8_t last)
{
	struct sync_neighbour neighbour = { .mac = { 2, 0, 0, 0, 0, last } };

	addr_parse(&neighbour.addr, addr, 1);
	sync_neighbour(env->sync, &neighbour);
}

/* One of everything. */
static void want_all(struct env *env)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 5 };
	const uint64_t children[] = { 5, 6 };

	want_session(env, 5);
	want_session(env, 6);
	want_path(env, 5, "192.0.2.5:1");
	want_path(env, 5, "[2001:db8::5]:1");
	want_path(env, 6, NULL);
	want_route(env, 9, 6, 5);
	sync_origin(env->sync, 9, children, 2, text("origin"));
	sync_origin(env->sync, 10, NULL, 0, text("origin"));
	sync_mac(env->sync, mac, 5);
	want_neighbour(env, "fd00::5", 5);
}

TEST(kernel, sync_all)
{
	struct fake_object *object;
	struct env env;
	unsigned int before;

	env_open(&env);
	point(env.ready == 1 && sync_settled(env.sync), "an empty kernel");
	want_all(&env);
	point(!changes(&env), "nothing is sent before the tick");
	turn(&env);
	point(sync_settled(env.sync) && !env.refused, "settled");
	point(fake_count(env.fake, SYNC_SESSION) == 2 &&
	      fake_count(env.fake, SYNC_PATH) == 3 &&
	      fake_count(env.fake, SYNC_ROUTE) == 1 &&
	      fake_count(env.fake, SYNC_ORIGIN) == 2 &&
	      fake_count(env.fake, SYNC_FDB) == 1 &&
	      fake_count(env.fake, SYNC_NEIGHBOUR) == 1, "all is there");
	object = fake_find(env.fake, SYNC_SESSION, 5, 0);
	point(object->session.expires == 1000 &&
	      object->session.owner.len == 8 &&
	      object->session.owner.data[0] == 0xd1 &&
	      !memcmp(object->session.owner.data + 1, "session", 7),
	      "a session with its end and its owner's bytes");
	object = fake_find(env.fake, SYNC_ROUTE, 9, 0);
	point(object->route.hop.count == 2 &&
	      object->route.hop.hop[0].node == 5 &&
	      object->route.hop.hop[0].weight == 3 &&
	      object->route.hop.hop[1].weight == 1, "a route with its hops");
	point_number("sessions are told", env.sessions, 2);
	before = changes(&env);
	want_all(&env);
	turn(&env);
	point_number("said again it changes nothing", changes(&env), before);
	sync_reread(env.sync);
	turn(&env);
	point(changes(&env) == before && env.ready == 2,
	      "read again neither");
	env_close(&env);
}

TEST(kernel, sync_order)
{
	const uint8_t *order;
	struct env env;

	env_open(&env);
	want_route(&env, 9, 5, 0);
	want_session(&env, 5);
	want_path(&env, 5, "192.0.2.5:1");
	turn(&env);
	order = env.fake->order;
	point(order[0] == MESHLAN_CMD_SESSION_NEW &&
	      order[1] == MESHLAN_CMD_PATH_NEW &&
	      order[2] == MESHLAN_CMD_ROUTES_SET,
	      "sessions, their paths, routes through them");
	env.fake->changes = 0;
	want_session(&env, 6);
	want_route(&env, 9, 6, 0);
	sync_session_gone(env.sync, 5);
	turn(&env);
	point(order[0] == MESHLAN_CMD_SESSION_NEW &&
	      order[1] == MESHLAN_CMD_SESSION_DEL &&
	      fake_find(env.fake, SYNC_ROUTE, 9, 0)->route.hop.hop[0].node ==
		      6, "what comes before what goes");
	point(env.fake->changes == 3 && !fake_count(env.fake, SYNC_PATH),
	      "paths go with their session, unasked");
	point(sync_settled(env.sync), "settled");
	env_close(&env);
}

TEST(kernel, sync_latest_wins)
{
	struct sync_session wanted = { .node = 5, .expires = 1 };
	struct env env;

	env_open(&env);
	env.fake->slow = true;
	sync_session(env.sync, &wanted);
	sync_tick(env.sync, env.now);
	for (int i = 2; i < 100; i++) {
		wanted.expires = i;
		sync_session(env.sync, &wanted);
		sync_tick(env.sync, env.now);
	}
	point_number("one change at a time", env.fake->changes, 1);
	point(!sync_session_there(env.sync, 5), "not there before the answer");
	env.fake->slow = false;
	turn(&env);
	point(env.fake->changes == 2 &&
	      fake_find(env.fake, SYNC_SESSION, 5, 0)->session.expires == 99,
	      "then the latest");
	point(sync_session_there(env.sync, 5), "there");

	env.fake->slow = true;
	sync_session_gone(env.sync, 5);
	sync_tick(env.sync, env.now);
	sync_session(env.sync, &wanted);
	want_path(&env, 5, "192.0.2.5:1");
	env.fake->slow = false;
	turn(&env);
	point(env.fake->changes == 5 &&
	      fake_count(env.fake, SYNC_SESSION) == 1 &&
	      fake_count(env.fake, SYNC_PATH) == 1 && sync_settled(env.sync),
	      "wanted again while it goes");
	sync_session_gone(env.sync, 5);
	sync_session(env.sync, &wanted);
	sync_session_gone(env.sync, 5);
	turn(&env);
	point(!fake_count(env.fake, SYNC_SESSION) && sync_settled(env.sync),
	      "and gone for good");
	env_close(&env);
}

TEST(kernel, sync_adoption)
{
	struct env env;
	unsigned int before;
	uint16_t path, again;

	env_open(&env);
	want_all(&env);
	path = want_path(&env, 5, "192.0.2.5:1");
	want_session(&env, 7);
	want_path(&env, 7, "192.0.2.7:1");
	want_route(&env, 8, 5, 7);
	turn(&env);
	before = changes(&env);
	daemon_dies(&env);
	env_daemon(&env, false);
	turn(&env);
	point(env.found[SYNC_SESSION] == 3 && env.found[SYNC_PATH] == 4 &&
	      env.found[SYNC_ROUTE] == 2 && env.found[SYNC_ORIGIN] == 2 &&
	      env.found[SYNC_FDB] == 1 && env.found[SYNC_NEIGHBOUR] == 1 &&
	      !env.foreign, "a new daemon finds everything");
	point(env.owner_len == 6 && !memcmp(env.owner, "origin", 6),
	      "with the bytes the old one left");
	want_all(&env);
	again = want_path(&env, 5, "192.0.2.5:1");
	turn(&env);
	point_number("the path is the one that is there", again, path);
	point_number("wanted again, nothing is sent", changes(&env), before);
	point_number("nothing is deleted yet",
		     fake_count(env.fake, SYNC_SESSION), 3);
	sync_sweep(env.sync);
	turn(&env);
	point(fake_count(env.fake, SYNC_SESSION) == 2 &&
	      fake_count(env.fake, SYNC_PATH) == 3 &&
	      fake_count(env.fake, SYNC_ROUTE) == 1 && !env.refused,
	      "the sweep takes what nobody wanted");
	point(fake_find(env.fake, SYNC_ROUTE, 9, 0) &&
	      !fake_find(env.fake, SYNC_SESSION, 7, 0), "and only that");
	point(sync_settled(env.sync), "settled");
	env_close(&env);
}

TEST(kernel, sync_keep)
{
	struct fake_object *object;
	struct env env;
	uint16_t id;

	env_open(&env);
	want_session(&env, 5);
	id = want_path(&env, 5, NULL);
	want_route(&env, 9, 5, 0);
	turn(&env);
	/* The peer moved it, which nobody who starts anew could know. */
	object = fake_find(env.fake, SYNC_PATH, 5, id);
	object->path.has |= MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV4) |
			    MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_PORT);
	object->path.remote_ipv4.s_addr = 0x010200c0;
	object->path.remote_port = 9;
	daemon_dies(&env);
	env.fake->changes = 0;
	env_daemon(&env, false);
	env.keep = true;
	turn(&env);
	object = fake_find(env.fake, SYNC_PATH, 5, id);
	point(object && object->path.remote_port == 9 &&
	      env.fake->changes == 1 && !fake_count(env.fake, SYNC_ROUTE) &&
	      sync_settled(env.sync),
	      "kept where it is found, and the rest swept");
	object->path.owner.data[0] = 1;
	daemon_dies(&env);
	env_daemon(&env, false);
	env.keep = true;
	turn(&env);
	object = fake_find(env.fake, SYNC_PATH, 5, id);
	point(object && object->path.owner.data[0] == 0xd1 &&
	      object->path.owner.len == 1, "another's becomes ours");
	env_close(&env);
}

TEST(kernel, sync_foreign)
{
	struct meshlan_session by_hand = {
		.has = MESHLAN_BIT(MESHLAN_A_SESSION_NODE), .node = 20 };
	struct meshlan_session others = {
		.has = MESHLAN_BIT(MESHLAN_A_SESSION_NODE) |
		       MESHLAN_BIT(MESHLAN_A_SESSION_OWNER),
		.node = 21, .owner = { 2, { 1, 2 } } };
	struct meshlan_path path = {
		.has = MESHLAN_BIT(MESHLAN_A_PATH_NODE) |
		       MESHLAN_BIT(MESHLAN_A_PATH_ID), .node = 20, .id = 1 };
	struct meshlan_fdb fixed = {
		.has = MESHLAN_BIT(MESHLAN_A_FDB_MAC) |
		       MESHLAN_BIT(MESHLAN_A_FDB_TYPE) |
		       MESHLAN_BIT(MESHLAN_A_FDB_NODE),
		.mac = { 2 }, .type = MESHLAN_FDB_TYPE_STATIC, .node = 20 };
	struct meshlan_fdb learned = fixed;
	struct meshlan_origin heard = {
		.has = MESHLAN_BIT(MESHLAN_A_ORIGIN_NODE), .node = 20 };
	struct env env;

	memset(&env, 0, sizeof(env));
	env.fake = fake_new();
	learned.mac[5] = 9;
	learned.type = MESHLAN_FDB_TYPE_LEARNED;
	fake_add(env.fake, SYNC_SESSION, &by_hand, sizeof(by_hand));
	fake_add(env.fake, SYNC_SESSION, &others, sizeof(others));
	fake_add(env.fake, SYNC_PATH, &path, sizeof(path));
	fake_add(env.fake, SYNC_FDB, &fixed, sizeof(fixed));
	fake_add(env.fake, SYNC_FDB, &learned, sizeof(learned));
	fake_add(env.fake, SYNC_ORIGIN, &heard, sizeof(heard));
	env_daemon(&env, false);
	turn(&env);
	sync_sweep(env.sync);
	turn(&env);
	point(!changes(&env) && env.foreign == 4 && sync_settled(env.sync),
	      "what is not ours is told and left alone");
	point(env.found[SYNC_FDB] == 1 && !env.found[SYNC_ORIGIN],
	      "what was learned is nobody's");
	want_session(&env, 21);
	turn(&env);
	point(fake_find(env.fake, SYNC_SESSION, 21, 0)->session.owner.data[0] ==
	      0xd1 && changes(&env) == 1, "unless it is wanted");
	sync_session_gone(env.sync, 21);
	turn(&env);
	point(!fake_find(env.fake, SYNC_SESSION, 21, 0) &&
	      fake_find(env.fake, SYNC_SESSION, 20, 0), "then it is ours");
	env_close(&env);
}

TEST(kernel, sync_refusals)
{
	struct env env;
	unsigned int before;

	env_open(&env);
	env.fake->refuse = EINVAL;
	want_session(&env, 5);
	turn(&env);
	point(env.refused == 1 && env.refused_kind == SYNC_SESSION &&
	      env.refused_node == 5, "refused, and told: %s", env.why);
	want_session(&env, 5);
	turn(&env);
	point_number("said again it is not asked again", env.fake->changes, 1);
	point(sync_next(env.sync) == env.now + SECOND, "but in a second");
	later(&env, SECOND);
	later(&env, 2 * SECOND);
	later(&env, SECOND);
	point_number("and then less often", env.refused, 3);
	for (int i = 0; i < 100; i++)
		later(&env, MINUTE);
	before = env.refused;
	later(&env, MINUTE);
	point(env.refused == before + 1, "at least once a minute");
	env.fake->refuse = 0;
	later(&env, MINUTE);
	point(sync_session_there(env.sync, 5) && sync_settled(env.sync),
	      "until it is good");
	env_close(&env);
}

TEST(kernel, sync_mistaken)
{
	struct meshlan_session other = {
		.has = MESHLAN_BIT(MESHLAN_A_SESSION_NODE), .node = 5 };
	struct env env;

	env_open(&env);
	fake_add(env.fake, SYNC_SESSION, &other, sizeof(other));
	want_session(&env, 5);
	turn(&env);
	point(!env.refused && sync_settled(env.sync) &&
	      fake_find(env.fake, SYNC_SESSION, 5, 0)->session.expires == 1000,
	      "what is already there is changed");
	fake_find(env.fake, SYNC_SESSION, 5, 0)->used = false;
	want_path(&env, 5, "192.0.2.1:1");
	turn(&env);
	point(env.refused == 1, "what vanished: %s", env.why);
	later(&env, 3 * SECOND);
	later(&env, 3 * SECOND);
	point(fake_count(env.fake, SYNC_PATH) == 1 && sync_settled(env.sync),
	      "is found out by reading again, and made again");
	fake_find(env.fake, SYNC_SESSION, 5, 0)->used = false;
	env.fake->object[SYNC_PATH][0].used = false;
	sync_session_gone(env.sync, 5);
	turn(&env);
	point(env.refused == 1 && sync_settled(env.sync),
	      "gone already is gone");
	env_close(&env);
}

TEST(kernel, sync_lost_answer)
{
	struct env env;

	env_open(&env);
	env.fake->lose = 2;
	want_session(&env, 5);
	turn(&env);
	later(&env, 5 * SECOND);
	point(sync_session_there(env.sync, 5) && sync_settled(env.sync) &&
	      fake_count(env.fake, SYNC_SESSION) == 1,
	      "an answer that was lost");
	env.fake->interrupt = 5;
	sync_reread(env.sync);
	turn(&env);
	point(sync_settled(env.sync) && env.ready >= 2,
	      "lists that change while they are read");
	env.fake->interrupt = 25;
	sync_reread(env.sync);
	turn(&env);
	point(!sync_settled(env.sync), "and will not stand still");
	later(&env, 2 * SECOND);
	point(sync_settled(env.sync), "are read later");
	env_close(&env);
}

TEST(kernel, sync_routes)
{
	unsigned int single = 0;
	struct env env;

	env_open(&env);
	want_session(&env, 5);
	want_session(&env, 6);
	for (int i = 0; i < 500; i++)
		want_route(&env, 1000 + i, 5, 6);
	turn(&env);
	point(fake_count(env.fake, SYNC_ROUTE) == 500 &&
	      env.fake->requests[MESHLAN_CMD_ROUTES_SET] == 2,
	      "500 routes are two requests");
	env.fake->refuse_node = 1042;
	for (int i = 0; i < 500; i++)
		want_route(&env, 1000 + i, 6, 0);
	turn(&env);
	for (int i = 0; i < 500; i++)
		single += fake_find(env.fake, SYNC_ROUTE, 1000 + i, 0)
				  ->route.hop.count == 1;
	point(single == 499 && env.refused == 1 && env.refused_node == 1042,
	      "one bad route holds back no other: %s", env.why);
	env.fake->refuse_node = 0;
	later(&env, 2 * SECOND);
	point(sync_settled(env.sync), "settled when it is good");
	for (int i = 0; i < 500; i++)
		sync_route_gone(env.sync, 1000 + i);
	turn(&env);
	point(!fake_count(env.fake, SYNC_ROUTE) && sync_settled(env.sync),
	      "all gone");
	env_close(&env);
}

TEST(kernel, sync_hops)
{
	const uint64_t children[] = { 7, 5, 6 };
	struct fake_object *route, *origin;
	struct env env;

	env_open(&env);
	want_session(&env, 5);
	want_route(&env, 9, 5, 6);
	sync_origin(env.sync, 9, children, 3, text("o"));
	turn(&env);
	route = fake_find(env.fake, SYNC_ROUTE, 9, 0);
	origin = fake_find(env.fake, SYNC_ORIGIN, 9, 0);
	point(route->route.hop.count == 1 &&
	      route->route.hop.hop[0].node == 5 &&
	      origin->origin.child.count == 1 && !env.refused,
	      "hops and children without session are left out");
	want_session(&env, 6);
	want_session(&env, 7);
	turn(&env);
	route = fake_find(env.fake, SYNC_ROUTE, 9, 0);
	origin = fake_find(env.fake, SYNC_ORIGIN, 9, 0);
	point(route->route.hop.count == 2 && origin->origin.child.count == 3,
	      "until they have one");
	sync_session_gone(env.sync, 5);
	turn(&env);
	route = fake_find(env.fake, SYNC_ROUTE, 9, 0);
	origin = fake_find(env.fake, SYNC_ORIGIN, 9, 0);
	point(route->route.hop.count == 1 &&
	      route->route.hop.hop[0].node == 6 &&
	      origin->origin.child.count == 2 && sync_settled(env.sync),
	      "or no longer");
	env_close(&env);
}

TEST(kernel, sync_old_module)
{
	struct env env;

	memset(&env, 0, sizeof(env));
	env.fake = fake_new();
	env_daemon(&env, true);
	turn(&env);
	want_session(&env, 5);
	want_route(&env, 9, 5, 0);
	turn(&env);
	sync_route_gone(env.sync, 9);
	want_route(&env, 10, 5, 0);
	turn(&env);
	point(env.fake->requests[MESHLAN_CMD_ROUTE_NEW] == 2 &&
	      env.fake->requests[MESHLAN_CMD_ROUTE_DEL] == 1 &&
	      !env.fake->requests[MESHLAN_CMD_ROUTES_SET] &&
	      sync_settled(env.sync), "routes one by one");
	env_close(&env);
}

static void move_path(struct env *env, uint16_t id, const char *remote,
		      struct meshlan_path *path)
{
	union addr addr;

	addr_parse(&addr, remote, 1);
	*path = (struct meshlan_path){
		.has = MESHLAN_BIT(MESHLAN_A_PATH_NODE) |
		       MESHLAN_BIT(MESHLAN_A_PATH_ID) |
		       MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_IPV4) |
		       MESHLAN_BIT(MESHLAN_A_PATH_REMOTE_PORT),
		.node = 5, .id = id, .remote_port = addr_port(&addr),
		.remote_ipv4 = addr.in.sin_addr,
	};
	/* In the kernel. */
	fake_find(env->fake, SYNC_PATH, 5, id)->path.remote_ipv4 =
		addr.in.sin_addr;
	fake_find(env->fake, SYNC_PATH, 5, id)->path.remote_port =
		addr_port(&addr);
	fake_find(env->fake, SYNC_PATH, 5, id)->path.has |= path->has;
}

TEST(kernel, sync_paths)
{
	struct sync_path path = path_to("192.0.2.1:1");
	struct fake_object *object;
	struct meshlan_path moved;
	unsigned int before;
	struct env env;
	uint16_t id, open;

	env_open(&env);
	want_session(&env, 5);
	id = sync_path(env.sync, 5, &path);
	open = want_path(&env, 5, NULL);
	point(id && open && id != open, "ids at once");
	turn(&env);
	object = fake_find(env.fake, SYNC_PATH, 5, id);
	point(object->path.active_interval == 100, "the kernel's own intervals");
	before = changes(&env);
	move_path(&env, id, "198.51.100.1:7", &moved);
	sync_path_moved(env.sync, &moved);
	turn(&env);
	point_number("a move is not taken back", changes(&env), before);
	point_number("said again, the path is the same",
		     sync_path(env.sync, 5, &path), id);
	turn(&env);
	point_number("and stays where it went", changes(&env), before);
	/* The event was lost this time. */
	move_path(&env, open, "198.51.100.2:8", &moved);
	sync_reread(env.sync);
	turn(&env);
	point_number("nor one that was overheard", changes(&env), before);
	point_number("the open path, asked for again",
		     want_path(&env, 5, NULL), open);
	path.active_interval = 50;
	sync_path_set(env.sync, 5, id, &path);
	turn(&env);
	object = fake_find(env.fake, SYNC_PATH, 5, id);
	point(object->path.active_interval == 50 &&
	      object->path.remote_port == 7,
	      "other settings change without the address");
	addr_parse(&path.remote, "192.0.2.9:9", 1);
	sync_path_set(env.sync, 5, id, &path);
	turn(&env);
	point(fake_find(env.fake, SYNC_PATH, 5, id)->path.remote_port == 9,
	      "unless it is another");
	sync_path_gone(env.sync, 5, id);
	turn(&env);
	point(!fake_find(env.fake, SYNC_PATH, 5, id) && sync_settled(env.sync),
	      "gone");
	point(want_path(&env, 5, "192.0.2.9:9") != id, "an id is not reused");
	for (int i = 0; i < 62; i++) {
		addr_set_port(&path.remote, 100 + i);
		point(sync_path(env.sync, 5, &path), "path %d", i + 3);
	}
	addr_set_port(&path.remote, 1000);
	point(!sync_path(env.sync, 5, &path), "not more than 64");
	env_close(&env);
}

TEST(kernel, sync_neighbours)
{
	struct env env;
	union addr addr;

	env_open(&env);
	want_neighbour(&env, "10.1.2.3", 1);
	want_neighbour(&env, "fd00::1", 2);
	turn(&env);
	point_number("two neighbours", fake_count(env.fake, SYNC_NEIGHBOUR), 2);
	want_neighbour(&env, "10.1.2.3", 9);
	turn(&env);
	point_number("one of them changed", env.fake->neighbour_changes, 3);
	/* The device was down. */
	for (int i = 0; i < 4; i++)
		env.fake->object[SYNC_NEIGHBOUR][i].used = false;
	sync_reread_neighbours(env.sync);
	turn(&env);
	point(fake_count(env.fake, SYNC_NEIGHBOUR) == 2 &&
	      sync_settled(env.sync), "made again");
	addr_parse(&addr, "10.1.2.3", 1);
	sync_neighbour_gone(env.sync, &addr);
	turn(&env);
	point_number("and gone", fake_count(env.fake, SYNC_NEIGHBOUR), 1);
	env_close(&env);
}

/* Anything in any order, with trouble: in the end it is as wanted last. */
static void act(struct env *env, uint64_t *wanted)
{
	uint64_t node = 1 + rand() % 8;

	switch (rand() % 10) {
	case 0:
		sync_session_gone(env->sync, node);
		*wanted &= ~(UINT64_C(1) << node);
		break;
	case 1:
		sync_route_gone(env->sync, 100 + node);
		break;
	case 2:
		want_route(env, 100 + node, node, 9 - node == node ? 0 :
								    9 - node);
		break;
	case 3:
		if (*wanted >> node & 1)
			want_path(env, node, rand() % 2 ? "192.0.2.1:1" :
							  "192.0.2.2:2");
		break;
	case 4:
		sync_origin(env->sync, 100 + node, &node, 1, text("o"));
		break;
	case 5:
		env->fake->lose = rand() % 2;
		break;
	case 6:
		env->fake->slow = rand() % 2;
		break;
	case 7:
		env->fake->interrupt = rand() % 3;
		break;
	default:
		want_session(env, node);
		*wanted |= UINT64_C(1) << node;
	}
}

TEST(kernel, sync_storm)
{
	uint64_t wanted = 0;
	struct env env;
	bool good = true;

	srand(1);
	env_open(&env);
	for (int i = 0; i < 20000; i++) {
		act(&env, &wanted);
		env.now += rand() % (SECOND / 10);
		if (sync_next(env.sync) <= env.now)
			sync_tick(env.sync, env.now);
		if (rand() % 3)
			queue_readable(env.queue);
		if (rand() % 1000 == 0)
			sync_reread(env.sync);
		fake_turn(env.fake);
	}
	env.fake->lose = env.fake->interrupt = 0;
	env.fake->slow = false;
	for (int i = 0; i < 20; i++)
		later(&env, MINUTE);
	for (uint64_t node = 1; node <= 8; node++)
		good &= !!fake_find(env.fake, SYNC_SESSION, node, 0) ==
			!!(wanted >> node & 1);
	point(good, "sessions as they were wanted last");
	sync_reread(env.sync);
	good = env.fake->changes;
	env.fake->changes = 0;
	turn(&env);
	point(good && !env.fake->changes, "and nothing left to change");
	env_close(&env);
}
