// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "aead.h"

#include <crypto/aead.h>
#include <linux/completion.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#define PACKET_SIZE	1420	/* header and frame of a full-sized packet */
#define ROUNDS		4	/* the fastest counts: others get interrupted */
#define ROUND_NS	(500 * NSEC_PER_USEC)

static u32 speed[MESHLAN_CIPHER_AES_256_GCM + 1];

/**
 * struct measure_wait - waiting for a packet
 * @done: it is sealed
 * @err: or why not
 */
struct measure_wait {
	struct completion	done;
	int			err;
};

static void measure_done(struct sk_buff *skb, int err, void *arg)
{
	struct measure_wait *wait = arg;

	wait->err = err;
	complete(&wait->done);
}

static int seal_once(struct meshlan_aead *aead, struct sk_buff *skb)
{
	struct measure_wait wait;
	int err;

	init_completion(&wait.done);
	err = meshlan_aead_seal(aead, skb, measure_done, &wait);
	if (err == -EINPROGRESS) {
		wait_for_completion(&wait.done);
		err = wait.err;
	}
	skb_trim(skb, PACKET_SIZE);
	return err;
}

/* MB/s, which is bytes in a microsecond, or an error. */
static s64 measure_round(struct meshlan_aead *aead, struct sk_buff *skb)
{
	u64 start = ktime_get_ns(), now, bytes = 0;
	int err;

	do {
		err = seal_once(aead, skb);
		if (err)
			return err;
		bytes += PACKET_SIZE;
		now = ktime_get_ns();
	} while (now - start < ROUND_NS);
	return div64_u64(bytes * NSEC_PER_USEC, now - start);
}

static const char *driver_name(const struct meshlan_aead *aead)
{
	if (!aead->tfm)
		return "library";
	return crypto_tfm_alg_driver_name(crypto_aead_tfm(aead->tfm));
}

static int measure(enum meshlan_cipher cipher, char *driver, size_t size)
{
	struct meshlan_lane_keys keys = {};
	struct meshlan_aead aead = {};
	struct sk_buff *skb;
	s64 round = 0;
	int err, i;

	err = meshlan_aead_init(&aead, cipher, &keys);
	if (err)
		return err;
	strscpy(driver, driver_name(&aead), size);
	skb = alloc_skb(PACKET_SIZE + MESHLAN_TAG_SIZE, GFP_KERNEL);
	if (!skb) {
		err = -ENOMEM;
		goto err_aead;
	}
	skb_put_zero(skb, PACKET_SIZE);
	for (i = 0; i < ROUNDS && round >= 0; i++) {
		round = measure_round(&aead, skb);
		if (round > speed[cipher])
			speed[cipher] = round;
	}
	err = min_t(s64, round, 0);
	kfree_skb(skb);
err_aead:
	meshlan_aead_uninit(&aead);
	return err;
}

/**
 * meshlan_aead_measure() - see what each cipher is and how fast, and say it
 *
 * A kernel without AES-GCM does with the other cipher.
 *
 * Return: 0 or a negative error.
 */
int meshlan_aead_measure(void)
{
	char chacha[CRYPTO_MAX_ALG_NAME], aes[CRYPTO_MAX_ALG_NAME];
	int err;

	err = measure(MESHLAN_CIPHER_CHACHA20_POLY1305, chacha,
		      sizeof(chacha));
	if (err)
		return err;
	err = measure(MESHLAN_CIPHER_AES_256_GCM, aes, sizeof(aes));
	if (err == -ENOENT)
		strscpy(aes, "none", sizeof(aes));
	else if (err)
		return err;
	pr_info("ChaCha20-Poly1305: %s, %u MB/s; AES-256-GCM: %s, %u MB/s\n",
		chacha, speed[MESHLAN_CIPHER_CHACHA20_POLY1305],
		aes, speed[MESHLAN_CIPHER_AES_256_GCM]);
	return 0;
}

/**
 * meshlan_aead_faster() - which cipher is the faster here
 *
 * Return: the cipher.
 */
enum meshlan_cipher meshlan_aead_faster(void)
{
	return speed[MESHLAN_CIPHER_AES_256_GCM] >
	       speed[MESHLAN_CIPHER_CHACHA20_POLY1305] ?
	       MESHLAN_CIPHER_AES_256_GCM : MESHLAN_CIPHER_CHACHA20_POLY1305;
}

/**
 * meshlan_aead_speed() - how fast a cipher is here
 * @cipher: which
 *
 * Return: MB/s, 0 if the kernel does not have it.
 */
u32 meshlan_aead_speed(enum meshlan_cipher cipher)
{
	return speed[cipher];
}
