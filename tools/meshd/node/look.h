/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_LOOK_H
#define MESHD_LOOK_H

/*
 * What other nodes see: their links, and their next hops to some node. Each
 * member may ask each other one, a few times a second.
 */

#include "node/node.h"

/* @answer NULL: none came in time. It is gone when this returns. */
typedef void look_fn(void *data, uint64_t from,
		     const struct message_look *answer);

/*
 * Asks @whom, which may be this node. @done is called once, later, also if the
 * node ends first.
 */
void look_ask(struct node *node, uint64_t whom,
	      const struct message_look_ask *ask, look_fn *done, void *data);
/* MESSAGE_LOOK_ASK and MESSAGE_LOOK. */
void look_hear(struct node *node, uint64_t from, uint64_t exchange,
	       const struct message *message);
uint64_t look_next(const struct node *node);
void look_tick(struct node *node, uint64_t now);
void look_stop(struct node *node);

#endif /* MESHD_LOOK_H */
