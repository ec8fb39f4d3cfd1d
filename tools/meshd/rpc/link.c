// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "rpc/link.h"

#include <stdlib.h>
#include <string.h>

#define CODE_INVALID	(-32600)

struct rpc_link *rpc_link_new(struct rpc *rpc, bool writer,
			      rpc_ready_fn *ready, void *data)
{
	struct rpc_link *link = xalloc(sizeof(*link));

	link->rpc = rpc;
	link->writer = writer;
	link->ready = ready;
	link->data = data;
	link->next = rpc->first;
	rpc->first = link;
	return link;
}

void rpc_link_free(struct rpc_link *link)
{
	struct rpc_link **at = &link->rpc->first;
	struct rpc_call *call;

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	while ((call = link->call)) {
		link->call = call->next;
		rpc_orphan(call);
	}
	json_decref(link->types);
	buf_free(&link->in);
	buf_free(&link->out);
	free(link);
}

static void tell_ready(struct rpc_link *link)
{
	/* Who gave the input looks for output by itself. */
	if (link->ready && !link->busy)
		link->ready(link, link->data);
}

static int add_text(const char *text, size_t len, void *out)
{
	buf_add(out, text, len);
	return 0;
}

void link_send(struct rpc_link *link, json_t *object)
{
	json_dump_callback(object, add_text, &link->out, JSON_COMPACT);
	buf_add(&link->out, "\n", 1);
	json_decref(object);
	tell_ready(link);
}

bool rpc_link_hungry(const struct rpc_link *link)
{
	return !link->ended && link->out.len < RPC_QUEUE_MAX &&
	       link->calls < RPC_CALLS_MAX;
}

static void too_long(struct rpc_link *link)
{
	link->ended = true;
	rpc_error(link, NULL, CODE_INVALID, MESHLAN_ERR_USAGE,
		  "a request is one line of at most 65536 bytes");
	link->in.len = 0;
}

/* Lines, while there are some and more are wanted. */
static void read_lines(struct rpc_link *link)
{
	const uint8_t *end;
	size_t len, done = 0;

	link->busy = true;
	while (rpc_link_hungry(link)) {
		if (done == link->in.len)
			break;
		end = memchr(link->in.data + done, '\n', link->in.len - done);
		len = end ? (size_t)(end - link->in.data) - done :
			    link->in.len - done;
		if (len > RPC_LINE_MAX) {
			too_long(link);
			done = 0;
			break;
		}
		if (!end)
			break;
		rpc_hear(link, (const char *)link->in.data + done, len);
		done += len + 1;
	}
	if (done)
		buf_drop(&link->in, done);
	link->busy = false;
}

/*
 * Input that is not wanted yet waits: who reads stops when this is not hungry,
 * so it is what one read gave at most.
 */
bool rpc_link_input(struct rpc_link *link, const void *data, size_t len)
{
	if (link->ended)
		return false;
	buf_add(&link->in, data, len);
	read_lines(link);
	return !link->ended;
}

struct span rpc_link_output(const struct rpc_link *link)
{
	return (struct span){ link->out.data, link->out.len };
}

static void tell_lost(struct rpc_link *link)
{
	uint64_t lost = link->lost;

	link->lost = 0;
	link_send(link, json_pack("{s:s, s:s, s:{s:s, s:I}}", "jsonrpc", "2.0",
				  "method", "event", "params", "type", "lost",
				  "count", (json_int_t)lost));
}

void rpc_link_sent(struct rpc_link *link, size_t len)
{
	if (len)
		buf_drop(&link->out, len);
	/* Before whatever is next, and not to a full queue. */
	if (link->lost && link->out.len < RPC_QUEUE_MAX / 2)
		tell_lost(link);
}

static bool wants(const struct rpc_link *link, const char *type)
{
	json_t *one;
	size_t i;

	if (!link->types)
		return true;
	json_array_foreach(link->types, i, one) {
		if (!strcmp(json_string_value(one), type))
			return true;
	}
	return false;
}

static void event_to(struct rpc_link *link, json_t *event)
{
	if (link->lost || link->out.len >= RPC_QUEUE_MAX) {
		link->lost++;
		return;
	}
	link_send(link, json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0",
				  "method", "event", "params", event));
}

void rpc_event(struct rpc *rpc, const char *type, json_t *event)
{
	struct rpc_link *link, *next;

	json_object_set_new(event, "type", json_string(type));
	for (link = rpc->first; link; link = next) {
		next = link->next;
		if (link->listens && wants(link, type))
			event_to(link, event);
	}
	json_decref(event);
}

bool rpc_has_listeners(const struct rpc *rpc)
{
	for (const struct rpc_link *link = rpc->first; link;
	     link = link->next) {
		if (link->listens)
			return true;
	}
	return false;
}
