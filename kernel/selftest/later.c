// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "later.h"

#include <crypto/internal/aead.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/spinlock.h>

#define THREADS	3

/**
 * struct later_request - what is kept of a request
 * @list: node in the list of those that are begun
 * @req: the request
 * @err: what it will be told
 * @child: the one that does the work, at once
 */
struct later_request {
	struct list_head	list;
	struct aead_request	*req;
	int			err;
	struct aead_request	child;
};

static LIST_HEAD(begun);
static DEFINE_SPINLOCK(begun_lock);
static enum meshlan_later mode;
static atomic_t mixed;
static struct task_struct *thread[THREADS];

static struct crypto_aead *child_of(struct crypto_aead *tfm)
{
	return *(struct crypto_aead **)crypto_aead_ctx(tfm);
}

static int later_init_tfm(struct crypto_aead *tfm)
{
	struct crypto_aead **child = crypto_aead_ctx(tfm);

	*child = crypto_alloc_aead("gcm(aes)", 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(*child))
		return PTR_ERR(*child);
	crypto_aead_set_reqsize(tfm, sizeof(struct later_request) +
				crypto_aead_reqsize(*child));
	return 0;
}

static void later_exit_tfm(struct crypto_aead *tfm)
{
	crypto_free_aead(child_of(tfm));
}

static int later_setkey(struct crypto_aead *tfm, const u8 *key,
			unsigned int len)
{
	return crypto_aead_setkey(child_of(tfm), key, len);
}

static int later_setauthsize(struct crypto_aead *tfm, unsigned int size)
{
	return crypto_aead_setauthsize(child_of(tfm), size);
}

static void finish(struct later_request *later)
{
	/* Ciphers do this in the context of their interrupt. */
	local_bh_disable();
	aead_request_complete(later->req, later->err);
	local_bh_enable();
}

static int later_crypt(struct aead_request *req, bool encrypts)
{
	struct later_request *later = aead_request_ctx(req);
	struct aead_request *child = &later->child;
	int nth;

	aead_request_set_tfm(child, child_of(crypto_aead_reqtfm(req)));
	aead_request_set_callback(child, 0, NULL, NULL);
	aead_request_set_ad(child, req->assoclen);
	aead_request_set_crypt(child, req->src, req->dst, req->cryptlen,
			       req->iv);
	later->req = req;
	later->err = encrypts ? crypto_aead_encrypt(child) :
				crypto_aead_decrypt(child);
	nth = atomic_inc_return(&mixed) % 3;
	if (READ_ONCE(mode) != MESHLAN_LATER_MIXED)
		nth = READ_ONCE(mode) == MESHLAN_LATER_NEVER ? 1 : 0;
	if (nth == 1)
		return later->err;
	if (nth == 2) {
		/* Another CPU was quicker than the one that began. */
		finish(later);
		return -EINPROGRESS;
	}
	spin_lock_bh(&begun_lock);
	list_add_tail(&later->list, &begun);
	spin_unlock_bh(&begun_lock);
	return -EINPROGRESS;
}

static int later_encrypt(struct aead_request *req)
{
	return later_crypt(req, true);
}

static int later_decrypt(struct aead_request *req)
{
	return later_crypt(req, false);
}

static struct aead_alg later_alg = {
	.init		= later_init_tfm,
	.exit		= later_exit_tfm,
	.setkey		= later_setkey,
	.setauthsize	= later_setauthsize,
	.encrypt	= later_encrypt,
	.decrypt	= later_decrypt,
	.ivsize		= 12,
	.maxauthsize	= 16,
	.base = {
		.cra_name		= MESHLAN_LATER,
		.cra_driver_name	= MESHLAN_LATER,
		.cra_flags		= CRYPTO_ALG_ASYNC,
		.cra_blocksize		= 1,
		.cra_ctxsize		= sizeof(struct crypto_aead *),
		.cra_module		= THIS_MODULE,
	},
};

static struct later_request *take(enum meshlan_later which)
{
	struct later_request *later = NULL;

	spin_lock_bh(&begun_lock);
	if (!list_empty(&begun)) {
		if (which == MESHLAN_LATER_NEWEST)
			later = list_last_entry(&begun, struct later_request,
						list);
		else
			later = list_first_entry(&begun, struct later_request,
						 list);
		list_del(&later->list);
	}
	spin_unlock_bh(&begun_lock);
	return later;
}

/**
 * meshlan_later_finish() - finish requests
 * @n: how many at most
 *
 * Return: how many.
 */
unsigned int meshlan_later_finish(unsigned int n)
{
	struct later_request *later;
	unsigned int done = 0;

	while (done < n && (later = take(mode))) {
		finish(later);
		done++;
	}
	return done;
}

static int finisher(void *arg)
{
	struct later_request *later;

	while (!kthread_should_stop()) {
		later = take(get_random_u32() & 1);
		if (later)
			finish(later);
		else
			usleep_range(20, 100);
	}
	return 0;
}

/**
 * meshlan_later_start() - finish requests at random, on several CPUs
 */
void meshlan_later_start(void)
{
	int i;

	for (i = 0; i < THREADS; i++)
		thread[i] = kthread_run(finisher, NULL, "meshlan-later/%d", i);
}

/**
 * meshlan_later_stop() - no longer
 */
void meshlan_later_stop(void)
{
	int i;

	for (i = 0; i < THREADS; i++) {
		if (!IS_ERR_OR_NULL(thread[i]))
			kthread_stop(thread[i]);
		thread[i] = NULL;
	}
}

/**
 * meshlan_later_mode() - say when requests finish
 * @new_mode: when
 */
void meshlan_later_mode(enum meshlan_later new_mode)
{
	WRITE_ONCE(mode, new_mode);
}

/**
 * meshlan_later_init() - make the cipher known
 *
 * Return: 0 or a negative error.
 */
int meshlan_later_init(void)
{
	mode = MESHLAN_LATER_OLDEST;
	atomic_set(&mixed, 0);
	return crypto_register_aead(&later_alg);
}

/**
 * meshlan_later_exit() - forget the cipher, which nobody uses any more
 */
void meshlan_later_exit(void)
{
	crypto_unregister_aead(&later_alg);
}
