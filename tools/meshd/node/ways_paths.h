/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_WAYS_PATHS_H
#define MESHD_WAYS_PATHS_H

/* What ways.c needs of the kernel's paths; the rest is in node.h. */

#include "node/node.h"

/* Paths in use are looked at so often, for what no event tells. */
#define WAYS_MEASURE	(5 * SECOND)

extern const struct paths_ops ways_paths_ops;
/* The configuration changed: all paths get what it says of them. */
void ways_paths_configure(struct node *node);
/* Asks the kernel for what no event tells. */
void ways_paths_read(struct node *node);

#endif /* MESHD_WAYS_PATHS_H */
