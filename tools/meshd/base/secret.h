/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_SECRET_H
#define MESHD_SECRET_H

/*
 * Memory for keys: locked, in no core file, not in children, wiped when freed.
 * Where locking is not allowed it still works, and says so once.
 */

#include <stddef.h>
#include <stdint.h>

void *secret_alloc(size_t size);		/* zeroed; never NULL */
void secret_free(void *secret);
void secret_wipe(void *data, size_t size);

/* No core files and no ptrace of this process, for the copies libraries make. */
void secret_process(void);

void random_bytes(void *data, size_t size);
uint64_t random_u64(void);
/* 0 to @below - 1, all as likely. */
uint64_t random_below(uint64_t below);

#endif /* MESHD_SECRET_H */
