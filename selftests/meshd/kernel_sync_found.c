// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "kernel_sync_env.h"

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
