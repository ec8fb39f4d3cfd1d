/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHCTL_UNIT_H
#define MESHCTL_UNIT_H

#include "meshctl/config.h"

/* One test point: "pass NAME" or "fail NAME: WHY", on a line. */
__attribute__((format(printf, 2, 3)))
void point(bool good, const char *format, ...);

void test_parse(void);
void test_object(void);
void test_refusal(void);
void test_config(void);
void test_daemon(void);

/* Random input for the parsers; nothing is expected but an end. */
void fuzz(unsigned int seed, unsigned long rounds);

#endif /* MESHCTL_UNIT_H */
