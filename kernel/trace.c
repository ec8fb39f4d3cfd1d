// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * meshlan_trace_key() - leave a trace of a step in a key's life
 * @key: the key
 * @step: the step, just taken; or about to be, if it is the last
 */
void meshlan_trace_key(const struct meshlan_key *key,
		       enum meshlan_key_step step)
{
	trace_meshlan_key(key, step);
}
