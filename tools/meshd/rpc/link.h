/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_RPC_LINK_H
#define MESHD_RPC_LINK_H

/* What rpc.c and link.c share. */

#include "rpc/methods.h"
#include "rpc/rpc.h"

struct rpc_handler {
	rpc_fn *fn;
	void *data;
};

struct rpc {
	struct rpc_handler *handler;	/* one for each of rpc_methods */
	struct rpc_link *first;
};

struct rpc_link {
	struct rpc *rpc;
	struct rpc_link *next;
	rpc_ready_fn *ready;
	void *data;
	struct buf in, out;
	struct rpc_call *call;		/* not answered yet */
	unsigned int calls;
	uint64_t lost;			/* events */
	json_t *types;			/* of events; NULL for all */
	bool writer, listens, ended;
	bool busy;			/* lines are being read further up */
};

struct rpc_call {
	struct rpc_link *link;		/* NULL: it is gone */
	struct rpc_call *next;
	json_t *request, *id;
	rpc_gone_fn *gone;
	void *data;
};

/* Takes @object over. */
void link_send(struct rpc_link *link, json_t *object);

/* @line is no string. */
void rpc_hear(struct rpc_link *link, const char *line, size_t len);
/* An answer that is an error; @id borrowed, may be NULL. */
void rpc_error(struct rpc_link *link, json_t *id, int code,
	       enum meshlan_status status, const char *text);
/* The link is gone. */
void rpc_orphan(struct rpc_call *call);

#endif /* MESHD_RPC_LINK_H */
