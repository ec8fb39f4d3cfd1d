// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "kernel_sync_env.h"

#include "meshd/base/clock.h"

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
