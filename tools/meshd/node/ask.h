/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_ASK_H
#define MESHD_ASK_H

/* What the methods of the local socket share; see rpc/methods.h. */

#include "node/node.h"

/* Members of @object; nothing happens if the value says "not known". */
void put_text(json_t *object, const char *name, const char *value);
void put_number(json_t *object, const char *name, uint64_t value);
/* The same, but 0 is not known. */
void put_known(json_t *object, const char *name, uint64_t value);
void put_bool(json_t *object, const char *name, bool value);
void put_node(json_t *object, const char *name, uint64_t id);
void put_addr(json_t *object, const char *name, const union addr *addr);
/* "name" and "node". */
void put_who(const struct node *node, json_t *object, uint64_t id);
void put_addresses(json_t *object, const struct record *record);
/* delay, jitter, loss, rate, mtu */
void put_path(json_t *object, const struct peer_path *path);
void put_expires(json_t *object, uint64_t date);

const char *class_text(bool client);
uint64_t seconds_since(uint64_t then, uint64_t now);
/*
 * The node that the parameter @name names; else refuses @call and returns 0.
 */
uint64_t take_peer(struct node *node, struct rpc_call *call,
		   const json_t *params, const char *name);

rpc_fn ask_status, ask_peers, ask_nodes, ask_records, ask_routes, ask_path,
       ask_graph, ask_doctor, ask_reload, ask_subscribe, ask_metrics;
rpc_fn ask_connect, ask_disconnect, ask_drain, ask_cost;
rpc_fn ask_token_create, ask_token_list, ask_token_revoke;
rpc_fn ask_node_list, ask_node_revoke, ask_node_renew;
rpc_fn ask_signer_add, ask_signer_list;

#endif /* MESHD_ASK_H */
