// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "rpc/methods.h"

#include <string.h>

#define MUST	true

const struct rpc_method rpc_methods[] = {
	{ "status", false },
	{ "peers", false },
	{ "nodes", false },
	{ "records", false },
	{ "routes", false, { { "node", RPC_TEXT } } },
	{ "path", false,
	  { { "from", RPC_TEXT }, { "to", RPC_TEXT, MUST },
	    { "all", RPC_SWITCH } } },
	{ "graph", false },
	{ "init", true,
	  { { "name", RPC_TEXT }, { "address", RPC_TEXTS },
	    { "note", RPC_TEXT } } },
	{ "join", true,
	  { { "token", RPC_TEXT, MUST }, { "name", RPC_TEXT } } },
	{ "leave", true, { { "force", RPC_SWITCH } } },
	{ "connect", true, { { "peer", RPC_TEXT, MUST } } },
	{ "disconnect", true,
	  { { "peer", RPC_TEXT, MUST }, { "force", RPC_SWITCH } } },
	{ "drain", true, { { "on", RPC_SWITCH, MUST } } },
	{ "token.create", true,
	  { { "uses", RPC_NUMBER }, { "expires", RPC_NUMBER },
	    { "class", RPC_TEXT }, { "any_signer", RPC_SWITCH },
	    { "name", RPC_TEXT }, { "note", RPC_TEXT },
	    { "address", RPC_TEXTS } } },
	{ "token.list", true },
	{ "token.revoke", true, { { "id", RPC_TEXT, MUST } } },
	{ "node.list", false },
	{ "node.revoke", true, { { "node", RPC_TEXT, MUST } } },
	{ "node.renew", true, { { "node", RPC_TEXT } } },
	{ "signer.add", true, { { "node", RPC_TEXT, MUST } } },
	{ "signer.list", false },
	{ "subscribe", false, { { "types", RPC_TEXTS } } },
	{ "reload", true },
	{ "doctor", false },
	{ "cost", true,
	  { { "node", RPC_TEXT, MUST }, { "cost", RPC_NUMBER } } },
	{ "metrics", false },
};

const size_t rpc_method_count = sizeof(rpc_methods) / sizeof(*rpc_methods);

const struct rpc_method *rpc_method(const char *name)
{
	for (size_t i = 0; i < rpc_method_count; i++) {
		if (!strcmp(rpc_methods[i].name, name))
			return &rpc_methods[i];
	}
	return NULL;
}
