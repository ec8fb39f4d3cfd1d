/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_RPC_H
#define MESHD_RPC_H

/*
 * JSON-RPC 2.0, one object a line, without sockets: lines come in by
 * rpc_link_input(), and what is to be sent is taken out by rpc_link_output().
 * methods.h says what can be asked; server.h ties it to the local socket.
 *
 * All in one thread. Handlers and callbacks may call anything here but
 * rpc_free() and rpc_link_free().
 */

#include <jansson.h>

#include "base/buf.h"
#include "lib/libmeshlan.h"

#define RPC_LINE_MAX	65536	/* of a request */
#define RPC_QUEUE_MAX	262144	/* waiting to be sent; then events are dropped */
#define RPC_CALLS_MAX	32	/* of one link at a time; then it is not read */

struct rpc;
struct rpc_link;
struct rpc_call;

/*
 * Answers @call now or later, exactly once, by rpc_answer() or rpc_refuse().
 * @params: an object with members as methods.h says, checked; borrowed, and
 * there until the call is answered.
 */
typedef void rpc_fn(struct rpc_call *call, const json_t *params, void *data);

struct rpc *rpc_new(void);
/* Links must have been freed. */
void rpc_free(struct rpc *rpc);
/*
 * @method is one of methods.h. What was not added is answered with "not
 * possible now": a blank daemon adds only what makes sense for one, and more
 * when it has joined. Again replaces; @fn NULL takes it away.
 */
void rpc_add(struct rpc *rpc, const char *method, rpc_fn *fn, void *data);

/* --- in handlers ----------------------------------------------------------- */

/* Takes @result over. The call is gone then. */
void rpc_answer(struct rpc_call *call, json_t *result);
/* @status is what meshctl exits with. The call is gone then. */
__attribute__((format(printf, 3, 4)))
void rpc_refuse(struct rpc_call *call, enum meshlan_status status,
		const char *format, ...);
/* Where a long call is: a line without a newline for the person who waits. */
__attribute__((format(printf, 2, 3)))
void rpc_progress(struct rpc_call *call, const char *format, ...);
/*
 * @gone is called once if who asked leaves before the answer. The call must
 * be answered all the same (in @gone or later); nobody hears it.
 */
typedef void rpc_gone_fn(struct rpc_call *call, void *data);
void rpc_on_gone(struct rpc_call *call, rpc_gone_fn *gone, void *data);
/* Events go to the link of this call from now on. */
void rpc_subscribe(struct rpc_call *call);

/* --- events ---------------------------------------------------------------- */

/*
 * To all that subscribed. Takes @event, an object, over; adds "type". A link
 * that does not read loses events, and is told how many when it does again.
 */
void rpc_event(struct rpc *rpc, const char *type, json_t *event);
bool rpc_has_listeners(const struct rpc *rpc);

/* --- for server.c and tests ------------------------------------------------ */

/* Something is there to be sent. Not a place to free, nor for input. */
typedef void rpc_ready_fn(struct rpc_link *link, void *data);

/* @writer: may call what changes something. @ready: may be NULL. */
struct rpc_link *rpc_link_new(struct rpc *rpc, bool writer,
			      rpc_ready_fn *ready, void *data);
/* Tells the calls that are not answered that it is gone. */
void rpc_link_free(struct rpc_link *link);
/*
 * Handlers run from here and nowhere else. False if there is no sense in going
 * on: a line was too long. What is in the output is still to be sent, then the
 * link freed.
 */
bool rpc_link_input(struct rpc_link *link, const void *data, size_t len);
/*
 * Whether more input is wanted. If not, that may change when something was
 * sent; then rpc_link_input() without data goes on with what waits.
 */
bool rpc_link_hungry(const struct rpc_link *link);
struct span rpc_link_output(const struct rpc_link *link);
void rpc_link_sent(struct rpc_link *link, size_t len);

#endif /* MESHD_RPC_H */
