/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_FAMILY_H
#define MESHD_KERNEL_FAMILY_H

/*
 * Requests to the kernel's meshlan family without waiting for answers. The
 * objects are those of libmeshlan.h, with a "has" that says which members count.
 */

#include "kernel/queue.h"
#include "lib/libmeshlan.h"

struct family;

/* What a callback gets. All of it is gone when it returns. */
struct family_answer {
	enum meshlan_status status;
	int error;			/* errno, 0 if all is well */
	struct meshlan_error err;	/* one line, if not */
	const void *reply;		/* of the request's set, or NULL */
};

/* Called once for each request, never before family_request() returns. */
typedef void family_done_fn(void *data, const struct family_answer *answer);

struct family_dump_ops {
	/* Gone when it returns. */
	void (*object)(void *data, const void *object);
	/* The list changed while it was read: forget the objects so far. */
	void (*again)(void *data);
	family_done_fn *done;
};

/*
 * What this kernel knows: of each command whether it exists, and which
 * attributes it takes (bit n for attribute n). Older modules know less.
 */
struct family_known {
	uint64_t attrs[__MESHLAN_CMD_MAX];
	bool command[__MESHLAN_CMD_MAX];
};

/* @id: of the family. @known: copied; NULL: all. The queue is the caller's. */
struct family *family_new(struct queue *queue, uint16_t id,
			  const struct family_known *known);
/* Free the queue first, which ends what is under way. */
void family_free(struct family *family);

/*
 * Attributes that this kernel does not know are left out. @want_reply: the
 * answer has an object. @done may be NULL. Everything is copied; a secret in
 * @object is wiped from every copy once it is sent, but from the caller's own.
 */
void family_request(struct family *family, uint8_t command,
		    const struct meshlan_set *set, const void *object,
		    bool want_reply, family_done_fn *done, void *data);

/* @filter: an object whose attributes narrow the dump, never NULL. */
void family_dump(struct family *family, uint8_t command,
		 const struct meshlan_set *set, const void *filter,
		 const struct family_dump_ops *ops, void *data);

/* Whether this kernel has @command and knows @attr of it (0: any). */
bool family_knows(const struct family *family, uint8_t command,
		  unsigned int attr);

/*
 * One line for each thing that a too old module lacks: from *@i = 0 on, which
 * moves; NULL after the last.
 */
const char *family_lacks(const struct family *family, unsigned int *i);

/*
 * Asks the kernel what it knows. @done: NULL where it does not say, which is as
 * good as everything.
 */
void family_ask_known(struct queue *queue, uint16_t id,
		      void (*done)(void *data,
				   const struct family_known *known),
		      void *data);

#endif /* MESHD_KERNEL_FAMILY_H */
