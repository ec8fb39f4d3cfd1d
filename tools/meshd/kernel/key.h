/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_KEY_H
#define MESHD_KERNEL_KEY_H

/*
 * Keys of a session, see "Keys" in Documentation/meshlan.rst: new on both nodes,
 * exchange, set on both, use. The session must be in the kernel
 * (sync_session_there()).
 */

#include "kernel/family.h"

/* Everything but the secret is valid if answer->status is 0. */
typedef void key_new_fn(void *data, const struct family_answer *answer,
			uint32_t index,
			const uint8_t nonce[MESHLAN_NONCE_SIZE]);

void key_new(struct family *family, uint32_t ifindex, uint64_t node,
	     key_new_fn *done, void *data);

struct key_set {
	uint64_t node;
	uint32_t index;			/* ours, with its nonce */
	uint8_t nonce[MESHLAN_NONCE_SIZE];
	uint32_t peer_index;
	uint8_t peer_nonce[MESHLAN_NONCE_SIZE];
	const uint8_t *secret;		/* 32 bytes; the caller wipes its own */
	enum meshlan_cipher cipher;
	uint8_t lanes;			/* 0: the device's */
};

void key_set(struct family *family, uint32_t ifindex, const struct key_set *key,
	     family_done_fn *done, void *data);
void key_use(struct family *family, uint32_t ifindex, uint64_t node,
	     uint32_t index, family_done_fn *done, void *data);
/* Already gone is good. */
void key_del(struct family *family, uint32_t ifindex, uint64_t node,
	     uint32_t index, family_done_fn *done, void *data);

#endif /* MESHD_KERNEL_KEY_H */
