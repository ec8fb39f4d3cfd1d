/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_HOOKS_H
#define MESHD_HOOKS_H

/*
 * Programs that are told what happens: every executable file of a directory,
 * with the event in its environment. One is run after the other, so a slow
 * one holds up only hooks; the same event twice within a moment is told once,
 * and when much happens at once a summary is.
 *
 *	MESHLAN_EVENT	its type, or "summary"
 *	MESHLAN_TEXT	a line for a person
 *	MESHLAN_NETWORK, MESHLAN_DEVICE
 *	MESHLAN_NODE, MESHLAN_NAME	whom it is about, if anybody
 *	MESHLAN_COUNT	how many events a summary stands for
 */

#include <stdint.h>
#include <uv.h>

struct hooks;

/* @directory, @network, @device: copied. */
struct hooks *hooks_new(uv_loop_t *loop, const char *directory,
			const char *network, const char *device);
/* Kills what runs; memory goes when the loop has run. */
void hooks_free(struct hooks *hooks);
/* @name may be NULL. */
void hooks_tell(struct hooks *hooks, const char *type, uint64_t node,
		const char *name, const char *text);

#endif /* MESHD_HOOKS_H */
