/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_METHODS_H
#define MESHD_METHODS_H

/*
 * All that can be asked of the daemon.
 *
 * A request is one line: {"jsonrpc": "2.0", "id": 1, "method": "peers",
 * "params": {...}}. Parameters have names; one that is not known is an error,
 * so that no typing mistake is overlooked. An error has a code, one line of
 * text, and in "data" the exit status of meshctl: {"code": -32003, "message":
 * "no peer 'bob'", "data": {"status": 3}}; the code is -32000 less the status.
 *
 * In results: dates are seconds since 1970 (0 is never); "age", "uptime" and
 * "seen" are seconds ago; delay and jitter are nanoseconds; loss is lost
 * packets of a million; rates are bits per second. Node ids are strings of 16
 * hex digits, endpoints "192.0.2.1:23731" or "[2001:db8::1]:23731". What is
 * not known is left out. CLASS is "member" or "client". ? marks what may be
 * missing, NODE a parameter that is a node's name or id, * a method that
 * changes something.
 *
 * status -> {
 *	network, version: of meshd
 *	state: "blank" (no identity yet), "joining", "up", "alone" (no peer is
 *		up), "draining"
 *	uptime
 *	name?, node?, class?
 *	device?, port?, ports?: [further ports], mtu?, addresses?: [text]
 *	certificate?: {expires, serial, renewal?: date}
 *	peers?: {up, known}, nodes?: how many, this one too
 *	signer?: whether this node can admit others, signers?: [names]
 *	hubs?: [{address, state: "up"|"down", seen?, error?}]
 *	nat?: {kind: "none"|"easy"|"hard"|"unknown", seen_as: [endpoint]}
 *	module?: {loaded: version}
 *	warnings: [one line each]
 * }
 *
 * peers -> [{		nodes this one has or wants a session with
 *	name?, node, class?
 *	state: "up", "connecting", "down", "waiting" (for it to come)
 *	direct?: whether it is adjacent, via?: name of the next hop if not
 *	endpoint?, paths?: how many are up
 *	delay?, jitter?, loss?, rate?, mtu?
 *	age?: of the session, error?: the last, in words
 * }]
 *
 * nodes -> [{		all nodes, this one too
 *	name, node, class, self?: true
 *	addresses: [text], mac?
 *	reach: "self", "direct", "routed", "none"; via?: name; metric?
 *	expires: of its certificate, version?: of its meshd, seen?
 *	conflict?: one line
 * }]
 *
 * records -> [{name, node, sequence, age, expires, bytes}]
 *
 * routes {node?: NODE} -> [{
 *	name, node, metric?, state: "up", "held" (retracted), "none"
 *	hops: [{name, node, weight, metric}]
 * }]
 *
 * path {from?: NODE, to: NODE, all?: boolean} -> {
 *	from, to: names, metric?, reached: whether the way leads there
 *	hops: [{from, name, node, weight?, delay?, jitter?, loss?, rate?, mtu?,
 *		metric?, broken?: one line}]
 * }			from is this node if it is missing; NODE may also be an
 *			address or MAC address of the segment. all: every hop
 *			that may be taken, not only the one that is taken most
 *
 * graph -> {
 *	nodes: [{name, node, self?: true, silent?: true}]
 *	links: [{from, to: names, from_node, to_node, delay?, jitter?, loss?,
 *		rate?, metric?, cost?, up: boolean}]
 * }			as all nodes tell it, each link once
 *
 * init* {name?, address?: [endpoint]: where others reach it, note?} -> {
 *	network, name, node, device, addresses: [text]
 *	token, join: the command for the other host, expires: of the token
 * }			notifies of progress; on failure nothing stays
 *
 * join* {token, name?} -> {network, name, node, device, addresses, peers: how
 *	many are up}	notifies of progress; on failure nothing stays
 *
 * leave* {force?: boolean} -> {network, name}
 *			force: although this node is the only signer
 *
 * connect* {peer: NODE or endpoint} -> {name?, node, endpoint, delay?}
 *			notifies of progress
 * disconnect* {peer: NODE, force?: boolean} -> {name?, node}
 *			not connected again by itself; force: without telling it
 * drain* {on: boolean} -> {draining: boolean}
 *
 * token.create* {uses?, expires?: seconds from now, class?, any_signer?:
 *	boolean, name?: of the node that comes with it, note?, address?: [text]
 *	where it is to dial} -> {id, token,
 *	join, uses, expires, class, any_signer, name?}
 * token.list* -> [{id, state: "good"|"used up"|"expired"|"revoked", uses,
 *	uses_left, created, expires, class, any_signer, name?, note?}]
 * token.revoke* {id} -> {id}
 *			id: hex, or a beginning that fits one only
 *
 * node.list -> [{	certificates that this signer issued
 *	name, node, serial, class, issued, expires, revoked?: date}]
 * node.revoke* {node: NODE} -> {name, node, certificates: how many}
 * node.renew* {node?: NODE} -> {name, node, expires}
 *			its own certificate if there is no node
 *
 * signer.add* {node: NODE} -> {name, node, expires}
 * signer.list -> [{name, node, expires, self?: true}]
 *
 * subscribe {types?: [text]} -> {}
 *			then {"method": "event", "params": {type, time: date,
 *			text: one line, node?, name?, ...}} for each event, and
 *			{type: "lost", count} where some were left out
 *
 * reload* -> {changed: [names of options]}
 *
 * doctor -> [{level: "good"|"warning"|"error", what, cause, remedy}]
 *
 * cost* {node: NODE, cost?} -> {name, node, cost}
 *			of the link to an adjacent node; 0 for none. Without
 *			cost it is only told
 *
 * metrics -> {text}	as Prometheus gets it
 *
 * Long calls notify of progress while they last: {"method": "progress",
 * "params": {"id": of the request, "text": one line}}.
 */

#include <stdbool.h>
#include <stddef.h>

enum rpc_type {
	RPC_TEXT,
	RPC_NUMBER,	/* a whole one, not negative */
	RPC_SWITCH,	/* true or false */
	RPC_TEXTS,	/* an array */
};

struct rpc_param {
	const char *name;
	enum rpc_type type;
	bool must;
};

#define RPC_PARAMS_MAX	7

struct rpc_method {
	const char *name;
	bool writes;	/* or tells what not everybody may know */
	struct rpc_param param[RPC_PARAMS_MAX];
};

extern const struct rpc_method rpc_methods[];
extern const size_t rpc_method_count;

const struct rpc_method *rpc_method(const char *name);

#endif /* MESHD_METHODS_H */
