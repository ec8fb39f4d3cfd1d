/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SELFTEST_LATER_H
#define _MESHLAN_SELFTEST_LATER_H

#include <linux/types.h>

struct meshlan_aead;

/* AES-256-GCM as hardware does it: finished when the test says so. */
#define MESHLAN_LATER	"meshlan-later"

enum meshlan_later {
	MESHLAN_LATER_OLDEST,	/* finishes when told */
	MESHLAN_LATER_NEWEST,	/* when told, the newest first */
	MESHLAN_LATER_NEVER,	/* finishes at once */
	MESHLAN_LATER_MIXED,	/* at once, even before it is begun, when told */
};

int meshlan_later_init(void);
void meshlan_later_exit(void);
int meshlan_later_use(struct meshlan_aead *aead, const u8 *key);
void meshlan_later_mode(enum meshlan_later mode);
unsigned int meshlan_later_finish(unsigned int n);
void meshlan_later_start(void);
void meshlan_later_stop(void);

#endif /* _MESHLAN_SELFTEST_LATER_H */
