/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_AEAD_H
#define _MESHLAN_AEAD_H

#include <linux/skbuff.h>
#include <linux/types.h>

#include "hkdf.h"
#include "messages.h"

struct crypto_aead;
struct meshlan_aead_job;

/* Called when a cipher that answered -EINPROGRESS is done; RCU, BH off. */
typedef void (*meshlan_aead_done_t)(struct sk_buff *skb, int err, void *arg);

/**
 * struct meshlan_aead - one cipher, keyed for one direction of one lane
 * @cipher: which
 * @key: of ChaCha20-Poly1305; AES keeps its own in @tfm
 * @iv: what the counter is added to, bit by bit, for the nonce
 * @tfm: AES-GCM
 * @spare: a job to save an allocation, taken and put back by xchg
 * @async: @tfm may finish later: whoever uses it must keep it
 */
struct meshlan_aead {
	enum meshlan_cipher	cipher;
	u8			key[MESHLAN_KEY_SIZE];
	u8			iv[MESHLAN_IV_SIZE];
	struct crypto_aead	*tfm;
	struct meshlan_aead_job	*spare;
	bool			async;
};

int meshlan_aead_init(struct meshlan_aead *aead, enum meshlan_cipher cipher,
		      const struct meshlan_lane_keys *keys);
void meshlan_aead_uninit(struct meshlan_aead *aead);

/*
 * Both work in place on a linear skb that is exclusively the caller's, whose
 * data begins with struct meshlan_header (all of it authenticated, its
 * counter the nonce). Sealing appends the tag, for which there must be room;
 * opening removes the tag. Return 0; -EINPROGRESS if @done will be called; or
 * another error, and the skb is still the caller's.
 */
int meshlan_aead_seal(struct meshlan_aead *aead, struct sk_buff *skb,
		      meshlan_aead_done_t done, void *arg);
int meshlan_aead_open(struct meshlan_aead *aead, struct sk_buff *skb,
		      meshlan_aead_done_t done, void *arg);

/* At load; then which cipher is faster here, and each one's MB/s. */
int meshlan_aead_measure(void);
enum meshlan_cipher meshlan_aead_faster(void);
u32 meshlan_aead_speed(enum meshlan_cipher cipher);

#endif /* _MESHLAN_AEAD_H */
