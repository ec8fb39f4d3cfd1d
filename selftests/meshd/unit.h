/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_UNIT_H
#define MESHD_UNIT_H

/*
 * Tests of what needs no kernel: meshd-unit [PART...] runs those of the parts
 * named, or all but those of "open": these ask for what is not reached yet. A
 * test is a function made by TEST(part, name) anywhere.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* One test point: "pass NAME" or "fail NAME", on a line. */
__attribute__((format(printf, 2, 3)))
void point(bool good, const char *format, ...);
/* A point that also shows what was got when it fails. */
void point_text(const char *name, const char *got, const char *wanted);
void point_number(const char *name, uint64_t got, uint64_t wanted);

typedef void unit_fn(void);
void unit_add(const char *part, const char *name, unit_fn *run);

#define TEST(part, name)						\
	static void test_##part##_##name(void);				\
	__attribute__((constructor))					\
	static void add_##part##_##name(void)				\
	{								\
		unit_add(#part, #name, test_##part##_##name);		\
	}								\
	static void test_##part##_##name(void)

/* A directory of this run's own, removed at the end. */
const char *unit_dir(void);

#endif /* MESHD_UNIT_H */
