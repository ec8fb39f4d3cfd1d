// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <stddef.h>
#include <stdint.h>

#include "rpc/methods.h"
#include "rpc/rpc.h"

/* Whatever comes to the local socket, in pieces of changing size. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct rpc_call *call, const json_t *params, void *data)
{
	if (json_object_size(params) > 1)
		rpc_refuse(call, MESHLAN_ERR_REFUSED, "%s", (char *)data);
	else
		rpc_answer(call, json_deep_copy(params));
}

static void keep(struct rpc_call *call, void *data)
{
	rpc_answer(call, json_null());
}

static void later(struct rpc_call *call, const json_t *params, void *data)
{
	rpc_progress(call, "waits");
	rpc_subscribe(call);
	rpc_on_gone(call, keep, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpc *rpc = rpc_new();
	struct rpc_link *link;
	size_t piece, done = 0;

	for (size_t i = 0; i < rpc_method_count; i++)
		rpc_add(rpc, rpc_methods[i].name, i % 2 ? answer : later,
			(void *)rpc_methods[i].name);
	link = rpc_link_new(rpc, size % 2, NULL, NULL);
	while (done < size) {
		piece = 1 + data[done] * 16;
		if (piece > size - done)
			piece = size - done;
		if (!rpc_link_input(link, data + done, piece))
			break;
		done += piece;
		rpc_event(rpc, "turn", json_object());
		if (done % 3)
			rpc_link_sent(link, rpc_link_output(link).len);
	}
	rpc_link_free(link);
	rpc_free(rpc);
	return 0;
}
