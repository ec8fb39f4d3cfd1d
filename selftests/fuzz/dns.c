// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "meshd/names/names.h"

/* One question, over UDP and over TCP. The answer is to that question. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct names *make_names(void)
{
	struct record_address address[RECORD_ADDRESSES_MAX] = {0};
	struct names *names = names_create("home.internal");

	for (int i = 0; i < RECORD_ADDRESSES_MAX; i++) {
		address[i].len = i % 2 ? 4 : 16;
		address[i].bytes[0] = i % 2 ? 10 : 0xfd;
		address[i].bytes[address[i].len - 1] = i;
	}
	names_set(names, 1, "alpha", address, RECORD_ADDRESSES_MAX);
	names_set(names, 2, "beta", NULL, 0);
	names_set_own(names, 1);
	return names;
}

static void ask(const struct names *names, struct span query, size_t most)
{
	struct buf out = {0};

	if (names_answer(names, query, most, &out) &&
	    (out.len < 12 || out.len > most ||
	     memcmp(out.data, query.data, 2) || !(out.data[2] & 0x80)))
		abort();
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct names *names;

	if (!names)
		names = make_names();
	ask(names, (struct span){ data, size }, NAMES_UDP_MAX);
	ask(names, (struct span){ data, size }, NAMES_TCP_MAX);
	return 0;
}
