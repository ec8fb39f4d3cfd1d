// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "kernel_sync_env.h"

#include <errno.h>
#include <stdlib.h>

#include "meshd/base/clock.h"

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
