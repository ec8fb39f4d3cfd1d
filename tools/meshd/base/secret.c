// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"

/* Whole pages, as only these can be locked; the first bytes are the length. */
struct head {
	size_t size;
	_Alignas(16) uint8_t secret[];
};

static void lock(void *memory, size_t size)
{
	static bool told;

	madvise(memory, size, MADV_DONTDUMP);
	madvise(memory, size, MADV_WIPEONFORK);
	if (mlock(memory, size) && !told) {
		told = true;
		log_warn("keys are not locked in memory: %s (raise the limit of locked memory)",
			 strerror(errno));
	}
}

void *secret_alloc(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t whole = (sizeof(struct head) + size + page - 1) / page * page;
	struct head *head;

	head = mmap(NULL, whole, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (head == MAP_FAILED)
		abort();
	lock(head, whole);
	head->size = whole;
	return head->secret;
}

void secret_free(void *secret)
{
	struct head *head;

	if (!secret)
		return;
	head = (struct head *)((uint8_t *)secret -
			       offsetof(struct head, secret));
	secret_wipe(secret, head->size - sizeof(*head));
	munmap(head, head->size);
}

void secret_wipe(void *data, size_t size)
{
	explicit_bzero(data, size);
}

void secret_process(void)
{
	static const struct rlimit none;

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

void random_bytes(void *data, size_t size)
{
	uint8_t *at = data;

	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			abort();
		at += got;
		size -= got;
	}
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

uint64_t random_below(uint64_t below)
{
	uint64_t value, end = UINT64_MAX - UINT64_MAX % below;

	do {
		value = random_u64();
	} while (value >= end);
	return value % below;
}
