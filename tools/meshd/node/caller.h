/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CALLER_H
#define MESHD_CALLER_H

/*
 * The joiner's connections: from a port of its own it dials all that the token
 * names, one shortly after the other, and speaks with the first that answers.
 */

#include "identity/admission.h"
#include "node/daemon.h"

/* None may free the caller. */
struct caller_ops {
	void (*progress)(void *data, const char *text);
	/* The end, one of the two. @id is the callee's. */
	void (*joined)(void *data, struct identity *id,
		       const struct message_join_grant *grant);
	void (*failed)(void *data, enum meshlan_status status,
		       const char *text);
};

struct caller;

/* @token is copied. */
enum meshlan_status caller_new(struct daemon *daemon,
			       const struct token *token, const char *name,
			       const struct caller_ops *ops, void *data,
			       struct caller **caller,
			       struct meshlan_error *err);
void caller_free(struct caller *caller);
uint64_t caller_next(const struct caller *caller);
void caller_tick(struct caller *caller, uint64_t now);

#endif /* MESHD_CALLER_H */
