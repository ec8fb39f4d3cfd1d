/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_FAKE_H
#define MESHD_KERNEL_FAKE_H

/*
 * A meshlan module without a kernel, behind the socket of a queue: it checks
 * requests as the real one does and answers at once, unless it is told to be
 * slow, to forget or to talk nonsense.
 */

#include "meshd/kernel/family.h"
#include "meshd/kernel/queue.h"
#include "meshd/kernel/sync.h"

#define FAKE_FAMILY	29
#define FAKE_PORTID	4711
#define FAKE_IFINDEX	7
#define FAKE_OBJECTS	600

struct fake_datagram {
	size_t len;
	uint8_t *data;
};

struct fake_object {
	bool used;
	union {
		uint64_t has;
		struct meshlan_session session;
		struct meshlan_path path;
		struct meshlan_route route;
		struct meshlan_origin origin;
		struct meshlan_fdb fdb;
		struct sync_neighbour neighbour;
	};
};

struct fake {
	struct fake_object object[SYNC_KINDS][FAKE_OBJECTS];
	struct fake_datagram out[4096];
	size_t first, last;
	unsigned int requests[__MESHLAN_CMD_MAX];
	unsigned int changes;		/* requests that write */
	unsigned int neighbour_changes;
	uint8_t order[4096];		/* commands that write, as they came */
	uint32_t next_index;

	/* How it behaves. */
	bool reverse;			/* the last answer comes first */
	bool slow;			/* none comes until this is false */
	bool overrun;			/* the next receive() says ENOBUFS */
	unsigned int lose;		/* so many answers get lost */
	unsigned int interrupt;		/* so many dumps are inconsistent */
	int send_error;			/* negative errno */
	int refuse;			/* errno for what writes */
	uint64_t refuse_node;		/* only of this node, if not 0 */
	bool no_policy;
	uint64_t path_attrs;		/* known of path-new, 0: all */
	bool no_routes_set;

	/* Of neighbours: called by fake_turn(). */
	struct {
		family_done_fn *done;
		void *data;
		const struct family_dump_ops *dump;
	} pending[256];
	unsigned int pendings;

	/* The last request. */
	const uint8_t *message;		/* where the queue has it */
	uint8_t copy[131072];
	size_t copied;
};

extern const struct queue_socket fake_socket;

struct fake *fake_new(void);
void fake_free(struct fake *fake);
void fake_push(struct fake *fake, const void *data, size_t len);
/* Into the kernel, as if somebody else had made it. */
void fake_add(struct fake *fake, enum sync_kind kind, const void *object,
	      size_t size);
size_t fake_count(const struct fake *fake, enum sync_kind kind);
struct fake_object *fake_find(struct fake *fake, enum sync_kind kind,
			      uint64_t node, uint16_t path);

/* Neighbours, for struct sync_ops. */
void fake_neighbour(struct fake *fake, bool add,
		    const struct sync_neighbour *neighbour,
		    family_done_fn *done, void *data);
void fake_neighbours(struct fake *fake, const struct family_dump_ops *ops,
		     void *data);

void fake_turn(struct fake *fake);

#endif /* MESHD_KERNEL_FAKE_H */
