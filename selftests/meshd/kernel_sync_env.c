// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "kernel_sync_env.h"

#include "meshd/base/clock.h"

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

void env_daemon(struct env *env, bool single_routes)
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

void turn(struct env *env)
{
	for (int i = 0; i < 1000 && (sync_next(env->sync) <= env->now ||
				     queue_waiting(env->queue)); i++) {
		sync_tick(env->sync, env->now);
		queue_readable(env->queue);
		fake_turn(env->fake);
	}
}

void env_open(struct env *env)
{
	memset(env, 0, sizeof(*env));
	env->fake = fake_new();
	env_daemon(env, false);
	turn(env);
}

void daemon_dies(struct env *env)
{
	queue_free(env->queue);
	fake_turn(env->fake);
	sync_free(env->sync);
	family_free(env->family);
	fake_turn(env->fake);
}

void env_close(struct env *env)
{
	daemon_dies(env);
	fake_free(env->fake);
}

void later(struct env *env, uint64_t time)
{
	env->now += time;
	turn(env);
}

struct span text(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

void want_session(struct env *env, uint64_t node)
{
	struct sync_session wanted = { .node = node, .expires = 1000,
				       .owner = text("session") };

	sync_session(env->sync, &wanted);
}

struct sync_path path_to(const char *remote)
{
	struct sync_path path = { .owner = text("path") };

	if (remote)
		addr_parse(&path.remote, remote, 23731);
	return path;
}

uint16_t want_path(struct env *env, uint64_t node, const char *remote)
{
	struct sync_path path = path_to(remote);

	return sync_path(env->sync, node, &path);
}

void want_route(struct env *env, uint64_t node, uint64_t a, uint64_t b)
{
	struct sync_hop hops[] = { { .node = a }, { .node = b, .weight = 3 } };
	struct sync_route route = {
		.node = node, .hop = hops, .hops = b ? 2 : 1,
		.scatter = MESHLAN_SCATTER_FLOW, .owner = text("route"),
	};

	sync_route(env->sync, &route);
}

unsigned int changes(struct env *env)
{
	return env->fake->changes + env->fake->neighbour_changes;
}

void want_neighbour(struct env *env, const char *addr, uint8_t last)
{
	struct sync_neighbour neighbour = { .mac = { 2, 0, 0, 0, 0, last } };

	addr_parse(&neighbour.addr, addr, 1);
	sync_neighbour(env->sync, &neighbour);
}

void want_all(struct env *env)
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
