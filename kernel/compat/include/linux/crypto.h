/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_COMPAT_LINUX_CRYPTO_H
#define _MESHLAN_COMPAT_LINUX_CRYPTO_H

#include_next <linux/crypto.h>

/*
 * A request that is done calls back with the data that was left with it; up
 * to 6.2 with itself. MESHLAN_CRYPTO_CALLBACK(function) is the callback that
 * makes function(data, err) of either, once MESHLAN_DEFINE_CRYPTO_CALLBACK
 * has stood at file level.
 */
#define MESHLAN_DEFINE_CRYPTO_CALLBACK(function)			\
	static void __maybe_unused					\
	function##_of_request(struct crypto_async_request *req, int err) \
	{								\
		function(req->data, err);				\
	}

#define MESHLAN_CRYPTO_CALLBACK(function)				\
	__builtin_choose_expr(						\
		__builtin_types_compatible_p(crypto_completion_t,	\
			void (*)(struct crypto_async_request *, int)),	\
		function##_of_request, function)

#endif /* _MESHLAN_COMPAT_LINUX_CRYPTO_H */
