/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_QUEUE_H
#define MESHD_KERNEL_QUEUE_H

/*
 * Requests on one netlink socket, several under way at once, and their answers
 * by sequence number. Pure: the socket is behind two functions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct nlmsghdr;
struct queue;

struct queue_socket {
	/* One datagram; 0, or a negative errno. */
	int (*send)(void *data, const void *message, size_t len);
	/* One datagram; its length, or a negative errno: -EAGAIN if none. */
	ssize_t (*receive)(void *data, void *buf, size_t size);
};

/* A message of the answer; for a dump as many as there are objects. */
typedef void queue_take_fn(void *data, const struct nlmsghdr *message);
/* A dump begins anew, as the kernel's list changed: forget what was taken. */
typedef void queue_again_fn(void *data);
/*
 * The end, always, and once. @error: 0, or an errno; of those that are not the
 * kernel's, ENOBUFS: the answer was lost, what became of the request is not
 * known; ECANCELED: queue_free(). @end: the kernel's last message, NULL if it
 * is no refusal; @request: what was asked.
 */
typedef void queue_end_fn(void *data, int error, const struct nlmsghdr *end,
			  const struct nlmsghdr *request);

struct queue_request {
	queue_take_fn *take;		/* or NULL */
	queue_again_fn *again;		/* of a dump */
	queue_end_fn *end;		/* or NULL */
	void *data;
	bool dump;
	size_t wipe_at, wipe_len;	/* a secret, wiped once it is sent */
};

/* @portid: that of the socket, 0 to take answers for any. */
struct queue *queue_new(const struct queue_socket *socket, void *data,
			uint32_t portid);
/* Ends all that is under way. Not from a callback; none may ask again. */
void queue_free(struct queue *queue);

/*
 * @message is copied; its sequence number and NLM_F_REQUEST are set here, and
 * NLM_F_ACK or NLM_F_DUMP. Sent in the order of the calls, at once if the
 * window allows; but @end is only called from queue_readable(), queue_flush()
 * or queue_free().
 */
void queue_add(struct queue *queue, const struct nlmsghdr *message,
	       const struct queue_request *request);

/* Nothing is sent; ends with @error, as if it had been. */
void queue_fail(struct queue *queue, const struct queue_request *request,
		int error);

/* The socket has something: reads until it has not. */
void queue_readable(struct queue *queue);
/* Ends what could not be sent. Call it when queue_due(). */
bool queue_due(const struct queue *queue);
void queue_flush(struct queue *queue);
size_t queue_waiting(const struct queue *queue);

#endif /* MESHD_KERNEL_QUEUE_H */
