/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHCTL_QUESTION_H
#define MESHCTL_QUESTION_H

#include <signal.h>

#include "meshctl.h"

/* What ping and trace share: a node is asked, an event tells what became. */

/* How long a question waits; nanoseconds. */
#define QUESTION_TIME	UINT64_C(2000000000)

struct asker {
	struct meshlan_nl events;
	char ifname[IFNAMSIZ];
	uint32_t ifindex;
	const char *target;	/* as it was given */
	uint64_t node;
	uint32_t first;		/* id of question 0, drawn at random */
	uint32_t asked;		/* questions so far */
};

/* Nanoseconds of a clock that only goes forward. */
uint64_t question_now(void);

/* Takes DEV and NODE or MAC from @args. */
enum meshlan_status asker_take(struct asker *asker, struct args *args,
			       struct meshlan_error *err);
/* Finds a MAC's node, by its VLAN, and listens from now on. */
enum meshlan_status asker_open(struct asker *asker, uint16_t vlan,
			       struct meshlan_error *err);
void asker_close(struct asker *asker);

/* @ttl below 0: as far as packets go. */
enum meshlan_status asker_ask(struct asker *asker, int ttl,
			      struct meshlan_error *err);

/* @seq: the question, from 0. False: enough was heard. */
typedef bool answer_fn(const struct meshlan_ping *answer, uint32_t seq,
		       void *data);
/*
 * Gives answers to @answer until it wants no more, until @end, or until a
 * signal comes that only @mask lets through (NULL for none).
 */
enum meshlan_status asker_wait(struct asker *asker, uint64_t end,
			       const sigset_t *mask, answer_fn *answer,
			       void *data, struct meshlan_error *err);

#endif /* MESHCTL_QUESTION_H */
