// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/* Makes cryptd do AES-GCM, hence later: it goes before what it is made of. */
#include <crypto/aead.h>
#include <linux/err.h>
#include <linux/module.h>

static struct crypto_aead *tfm;

static int __init meshlan_async_init(void)
{
	char name[CRYPTO_MAX_ALG_NAME];
	struct crypto_aead *inner;

	/* Cryptd wants the name of an implementation, not of an algorithm. */
	inner = crypto_alloc_aead("gcm(aes)", 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	snprintf(name, sizeof(name), "cryptd(%s)",
		 crypto_tfm_alg_driver_name(crypto_aead_tfm(inner)));
	crypto_free_aead(inner);
	tfm = crypto_alloc_aead(name, 0, 0);
	return PTR_ERR_OR_ZERO(tfm);
}

static void __exit meshlan_async_exit(void)
{
	crypto_free_aead(tfm);
}

module_init(meshlan_async_init);
module_exit(meshlan_async_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A cipher that finishes later, for the tests of meshlan");
