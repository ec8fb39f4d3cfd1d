/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_RESOLVE_H
#define MESHD_RESOLVE_H

/*
 * Names, looked up off the loop. Callbacks come from the loop, exactly once
 * for each question; after resolver_close() with nothing found.
 */

#include <stdint.h>

#include <uv.h>

#include "base/addr.h"

#define RESOLVE_ADDRS_MAX	16
#define RESOLVE_SRV_MAX		16
#define RESOLVE_NAME_MAX	256

struct srv_target {
	char host[RESOLVE_NAME_MAX];
	uint16_t port;
};

/* @why: NULL, or one line if @count is 0. */
typedef void resolved_fn(void *data, uint64_t question, const union addr *addr,
			 unsigned int count, const char *why);
/* In the order in which they are to be tried (RFC 2782). */
typedef void srv_fn(void *data, uint64_t question,
		    const struct srv_target *target, unsigned int count,
		    const char *why);

struct resolver;

struct resolver *resolver_new(uv_loop_t *loop);
void resolver_close(struct resolver *resolver);
/* Addresses of a host; @port is put into them. */
void resolver_addresses(struct resolver *resolver, const char *name,
			uint16_t port, uint64_t question, resolved_fn *done,
			void *data);
/* _meshlan._udp.@domain: peers to dial, as "host" and port. */
void resolver_srv(struct resolver *resolver, const char *domain,
		  uint64_t question, srv_fn *done, void *data);

/* An answer as it came, for tests and fuzzing. Returns how many targets. */
unsigned int srv_parse(const uint8_t *answer, size_t len,
		       struct srv_target *target, unsigned int max);

#endif /* MESHD_RESOLVE_H */
