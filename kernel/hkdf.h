/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_HKDF_H
#define _MESHLAN_HKDF_H

#include <linux/types.h>

#include <uapi/linux/meshlan.h>

#define MESHLAN_KEY_SIZE	32
#define MESHLAN_IV_SIZE		12
#define MESHLAN_HOP_KEY_SIZE	16
#define MESHLAN_PRK_SIZE	32

/**
 * struct meshlan_lane_keys - what one direction of one lane is keyed with
 * @key: of the cipher
 * @iv: what the counter is added to, bit by bit, for the nonce
 * @hop: of the header's MAC in routed packets
 */
struct meshlan_lane_keys {
	u8	key[MESHLAN_KEY_SIZE];
	u8	iv[MESHLAN_IV_SIZE];
	__le64	hop[MESHLAN_HOP_KEY_SIZE / sizeof(__le64)];
} __packed;

int meshlan_hkdf_init(void);
void meshlan_hkdf_exit(void);

/* RFC 5869 with SHA-256 */
int meshlan_hkdf_extract(const u8 *salt, size_t salt_len, const u8 *secret,
			 size_t secret_len, u8 prk[MESHLAN_PRK_SIZE]);
int meshlan_hkdf_expand(const u8 prk[MESHLAN_PRK_SIZE], const u8 *info,
			size_t info_len, u8 *out, size_t len);

int meshlan_derive_lane(const u8 prk[MESHLAN_PRK_SIZE], u64 sender,
			u64 receiver, enum meshlan_cipher cipher, u8 lane,
			struct meshlan_lane_keys *keys);

#endif /* _MESHLAN_HKDF_H */
