/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_LOAD_H
#define MESHD_LOAD_H

/* What both kinds of identity are loaded by. Errors begin with @path. */

#include "identity/identity.h"
#include "identity/pem.h"

enum meshlan_status load_authorities(struct identity *id, const char *path,
				     struct meshlan_error *err);
/* After authorities and own chain. */
enum meshlan_status load_revoked(struct identity *id, const char *path,
				 struct meshlan_error *err);
/* Takes the chain over from @pem. */
enum meshlan_status load_chain(struct identity *id, const char *path,
			       struct pem *pem, struct meshlan_error *err);
/* Last: whether all of it makes a node of @network. */
enum meshlan_status load_check(struct identity *id, const char *path,
			       const char *network, uint64_t date,
			       struct meshlan_error *err);

#endif /* MESHD_LOAD_H */
