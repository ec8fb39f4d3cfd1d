// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
/*
 * One timer for everything that waits for a time. Before the loop sleeps each
 * part is asked when it wants to be called, so no part has a timer of its own,
 * and what one part does to another needs no word about times.
 */
#include "node/node.h"
#include "node/start.h"

static void ring(uv_timer_t *alarm)
{
	struct daemon *daemon = alarm->data;
	uint64_t now = clock_now();

	if (state_next(daemon->state) <= now)
		state_tick(daemon->state, now);
	if (daemon->node)
		node_tick(daemon->node, now);
	start_tick(daemon, now);
}

static void plan(uv_prepare_t *handle)
{
	struct daemon *daemon = handle->data;
	uint64_t next = state_next(daemon->state), now = clock_now();

	if (daemon->node)
		next = earlier(next, node_next(daemon->node));
	next = earlier(next, start_next(daemon));
	if (next == NEVER) {
		uv_timer_stop(&daemon->alarm);
		return;
	}
	/* Up, or the loop would spin for the rest of a millisecond. */
	uv_update_time(&daemon->loop);
	uv_timer_start(&daemon->alarm, ring,
		       next <= now ? 0 : (next - now) / MILLISECOND + 1, 0);
}

void tick_start(struct daemon *daemon)
{
	uv_prepare_init(&daemon->loop, &daemon->plan);
	uv_timer_init(&daemon->loop, &daemon->alarm);
	daemon->plan.data = daemon;
	daemon->alarm.data = daemon;
	uv_prepare_start(&daemon->plan, plan);
	uv_unref((uv_handle_t *)&daemon->plan);
}

void tick_stop(struct daemon *daemon)
{
	uv_close((uv_handle_t *)&daemon->plan, NULL);
	uv_close((uv_handle_t *)&daemon->alarm, NULL);
}
