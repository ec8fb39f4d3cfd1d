/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KEY_SECRET_H
#define MESHD_KEY_SECRET_H

/* How the secret of a key comes about. Nothing here is kept anywhere. */

#include <stdbool.h>
#include <stdint.h>

#define KEY_SECRET_SIZE		32
#define KEY_EXCHANGE_SIZE	32

enum key_exchange {
	KEY_EXCHANGE_X25519,
};

/* What both ends know; "lower" and "higher" are the node ids. */
struct key_secret_of {
	uint64_t lower, higher;
	const uint8_t *psk;		/* KEY_SECRET_SIZE, NULL: none */
	const uint8_t *exporter;	/* KEY_SECRET_SIZE, of the connection */
	const uint8_t *previous;	/* likewise, of the key before; or NULL */
	const uint8_t *lower_exchange, *higher_exchange;
	uint8_t algorithm, cipher, lanes;
};

/* What they make of it: for the kernel, and for the next key. */
struct key_secret {
	uint8_t kernel[KEY_SECRET_SIZE];
	uint8_t chain[KEY_SECRET_SIZE];
};

void key_exchange_begin(uint8_t private[KEY_EXCHANGE_SIZE],
			uint8_t public[KEY_EXCHANGE_SIZE]);
/* @peer: what it sent. False if that is no point to agree on. */
bool key_secret_make(const struct key_secret_of *of,
		     const uint8_t private[KEY_EXCHANGE_SIZE],
		     const uint8_t peer[KEY_EXCHANGE_SIZE],
		     struct key_secret *secret);

#endif /* MESHD_KEY_SECRET_H */
