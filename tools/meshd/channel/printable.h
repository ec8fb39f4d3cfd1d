/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_PRINTABLE_H
#define MESHD_PRINTABLE_H

#include <stddef.h>

#include "base/buf.h"

/*
 * A stranger's words for a log or a terminal: cut to fit, always ended by a
 * zero, and each byte that is no part of a printable character a '?'. Controls
 * of direction are not printable.
 */
void printable(char *to, size_t size, struct span from);

#endif /* MESHD_PRINTABLE_H */
