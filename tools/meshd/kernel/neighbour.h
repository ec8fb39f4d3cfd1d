/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_NEIGHBOUR_H
#define MESHD_KERNEL_NEIGHBOUR_H

/*
 * The device's neighbour table, by rtnetlink. Our entries are permanent and
 * have a mark that says whose they are; others are neither told nor changed.
 */

#include "kernel/sync.h"

/* What "ip neigh" shows as proto; no other program of ours or others' has it. */
#define NEIGHBOUR_PROTOCOL	109

/* As in struct sync_ops, with a queue on a rtnetlink socket. */
void neighbour_set(struct queue *queue, uint32_t ifindex, bool add,
		   const struct sync_neighbour *neighbour,
		   family_done_fn *done, void *data);
void neighbour_dump(struct queue *queue, uint32_t ifindex,
		    const struct family_dump_ops *ops, void *data);

#endif /* MESHD_KERNEL_NEIGHBOUR_H */
