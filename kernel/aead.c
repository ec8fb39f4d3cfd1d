// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "aead.h"

#include <crypto/aead.h>
#include <crypto/chacha20poly1305.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define AES_GCM		"gcm(aes)"

/**
 * struct meshlan_aead_job - what AES needs for one packet
 * @aead: whose it is
 * @skb: the packet
 * @done: whom to tell if it finishes later
 * @arg: what to tell along
 * @opens: opens rather than seals
 * @nonce: of the packet
 * @sg: where the packet is
 * @req: the request; the implementation's own memory follows it
 */
struct meshlan_aead_job {
	struct meshlan_aead	*aead;
	struct sk_buff		*skb;
	meshlan_aead_done_t	done;
	void			*arg;
	bool			opens;
	u8			nonce[MESHLAN_IV_SIZE];
	struct scatterlist	sg;
	struct aead_request	req;
};

/* The nonce: the iv, whose last eight bytes are XORed with the counter. */
static __be64 nonce_low(const struct meshlan_aead *aead,
			const struct sk_buff *skb)
{
	const struct meshlan_header *header = (const void *)skb->data;
	__be64 iv;

	memcpy(&iv, aead->iv + MESHLAN_IV_SIZE - sizeof(iv), sizeof(iv));
	return iv ^ header->counter;
}

/* --- ChaCha20-Poly1305, from the library ---------------------------------- */

/*
 * The library's nonce is 64 bits, which it puts behind four zero bytes in
 * little endian: the first four bytes of the iv are not used.
 */
static u64 chacha_nonce(const struct meshlan_aead *aead,
			const struct sk_buff *skb)
{
	return le64_to_cpu((__force __le64)nonce_low(aead, skb));
}

static int chacha_seal(const struct meshlan_aead *aead, struct sk_buff *skb)
{
	const size_t head = sizeof(struct meshlan_header);
	u8 *text = skb->data + head;
	size_t len = skb->len - head;

	__skb_put(skb, MESHLAN_TAG_SIZE);
	chacha20poly1305_encrypt(text, text, len, skb->data, head,
				 chacha_nonce(aead, skb), aead->key);
	return 0;
}

static int chacha_open(const struct meshlan_aead *aead, struct sk_buff *skb)
{
	const size_t head = sizeof(struct meshlan_header);
	u8 *text = skb->data + head;

	if (!chacha20poly1305_decrypt(text, text, skb->len - head, skb->data,
				      head, chacha_nonce(aead, skb),
				      aead->key))
		return -EBADMSG;
	skb_trim(skb, skb->len - MESHLAN_TAG_SIZE);
	return 0;
}

/* --- AES-256-GCM, from the crypto API ------------------------------------- */

static struct meshlan_aead_job *job_get(struct meshlan_aead *aead)
{
	struct meshlan_aead_job *job = xchg(&aead->spare, NULL);

	if (job)
		return job;
	job = kmalloc(sizeof(*job) + crypto_aead_reqsize(aead->tfm),
		      GFP_ATOMIC);
	if (job)
		job->aead = aead;
	return job;
}

static void job_put(struct meshlan_aead_job *job)
{
	kfree_sensitive(xchg(&job->aead->spare, job));
}

static void job_finish(const struct meshlan_aead_job *job, int err)
{
	struct sk_buff *skb = job->skb;

	/* The tag goes when it did its work, and when it never came. */
	if (job->opens != !!err)
		skb_trim(skb, skb->len - MESHLAN_TAG_SIZE);
}

static void aes_done(void *data, int err)
{
	struct meshlan_aead_job *job = data;
	meshlan_aead_done_t done = job->done;
	struct sk_buff *skb = job->skb;
	void *arg = job->arg;

	/* Says only that it left the queue of those who wait for a place. */
	if (err == -EINPROGRESS)
		return;
	local_bh_disable();
	rcu_read_lock();
	job_finish(job, err);
	job_put(job);
	done(skb, err, arg);
	rcu_read_unlock();
	local_bh_enable();
}

MESHLAN_DEFINE_CRYPTO_CALLBACK(aes_done)

static int aes_crypt(struct meshlan_aead *aead, struct sk_buff *skb,
		     bool opens, meshlan_aead_done_t done, void *arg)
{
	const unsigned int head = sizeof(struct meshlan_header);
	unsigned int len = skb->len - head;
	struct meshlan_aead_job *job;
	__be64 low;
	int err;

	job = job_get(aead);
	if (unlikely(!job))
		return -ENOMEM;
	job->skb = skb;
	job->done = done;
	job->arg = arg;
	job->opens = opens;
	low = nonce_low(aead, skb);
	memcpy(job->nonce, aead->iv, MESHLAN_IV_SIZE - sizeof(low));
	memcpy(job->nonce + MESHLAN_IV_SIZE - sizeof(low), &low, sizeof(low));
	if (!opens)
		__skb_put(skb, MESHLAN_TAG_SIZE);
	sg_init_one(&job->sg, skb->data, skb->len);

	aead_request_set_tfm(&job->req, aead->tfm);
	/* No waiting for a place: when the queue is full, the packet is lost */
	aead_request_set_callback(&job->req, 0,
				  MESHLAN_CRYPTO_CALLBACK(aes_done), job);
	aead_request_set_ad(&job->req, head);
	aead_request_set_crypt(&job->req, &job->sg, &job->sg, len, job->nonce);
	err = opens ? crypto_aead_decrypt(&job->req) :
		      crypto_aead_encrypt(&job->req);
	if (err == -EINPROGRESS)
		return err;
	job_finish(job, err);
	job_put(job);
	return err;
}

static int aes_init(struct meshlan_aead *aead, const char *name, const u8 *key)
{
	int err;

	/*
	 * Mask 0 allows implementations that may finish later. One that never
	 * does can be had by asking, and then it is a slow one.
	 */
	aead->tfm = crypto_alloc_aead(name, 0, 0);
	if (IS_ERR(aead->tfm)) {
		err = PTR_ERR(aead->tfm);
		aead->tfm = NULL;
		return err;
	}
	err = crypto_aead_setkey(aead->tfm, key, MESHLAN_KEY_SIZE);
	if (!err)
		err = crypto_aead_setauthsize(aead->tfm, MESHLAN_TAG_SIZE);
	if (err) {
		crypto_free_aead(aead->tfm);
		aead->tfm = NULL;
		return err;
	}
	aead->async = crypto_aead_alg(aead->tfm)->base.cra_flags &
		      CRYPTO_ALG_ASYNC;
	return 0;
}

/* --- both ----------------------------------------------------------------- */

/**
 * meshlan_aead_init() - key a cipher for one direction of one lane
 * @aead: all zero
 * @cipher: which
 * @keys: from meshlan_derive_lane()
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a cipher that does not exist; or the cipher's error.
 */
int meshlan_aead_init(struct meshlan_aead *aead, enum meshlan_cipher cipher,
		      const struct meshlan_lane_keys *keys)
{
	aead->cipher = cipher;
	memcpy(aead->iv, keys->iv, sizeof(aead->iv));
	switch (cipher) {
	case MESHLAN_CIPHER_CHACHA20_POLY1305:
		memcpy(aead->key, keys->key, sizeof(aead->key));
		return 0;
	case MESHLAN_CIPHER_AES_256_GCM:
		return aes_init(aead, AES_GCM, keys->key);
	}
	return -EINVAL;
}

/**
 * meshlan_aead_uninit() - wipe a cipher
 * @aead: nobody uses it any more, nothing is under way; may be all zero
 *
 * Context: may sleep.
 */
void meshlan_aead_uninit(struct meshlan_aead *aead)
{
	if (aead->tfm)
		crypto_free_aead(aead->tfm);
	kfree_sensitive(aead->spare);
	memzero_explicit(aead, sizeof(*aead));
}

/**
 * meshlan_aead_seal() - encrypt a packet and append the tag
 * @aead: the cipher
 * @skb: linear, exclusively the caller's, with room for the tag
 * @done: called when the cipher answers -EINPROGRESS
 * @arg: for @done
 *
 * Return: 0, -EINPROGRESS, or an error; then the packet is spoilt.
 */
int meshlan_aead_seal(struct meshlan_aead *aead, struct sk_buff *skb,
		      meshlan_aead_done_t done, void *arg)
{
	if (aead->cipher == MESHLAN_CIPHER_CHACHA20_POLY1305)
		return chacha_seal(aead, skb);
	return aes_crypt(aead, skb, false, done, arg);
}

/**
 * meshlan_aead_open() - verify and decrypt a packet, remove the tag
 * @aead: the cipher
 * @skb: linear, exclusively the caller's, at least MESHLAN_SEAL_SIZE long
 * @done: called when the cipher answers -EINPROGRESS
 * @arg: for @done
 *
 * Return: 0, -EINPROGRESS, -EBADMSG if it is not authentic, or another error.
 */
int meshlan_aead_open(struct meshlan_aead *aead, struct sk_buff *skb,
		      meshlan_aead_done_t done, void *arg)
{
	if (aead->cipher == MESHLAN_CIPHER_CHACHA20_POLY1305)
		return chacha_open(aead, skb);
	return aes_crypt(aead, skb, true, done, arg);
}
