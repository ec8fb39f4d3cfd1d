// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "base/buf.h"
#include "base/secret.h"
#include "lib/attr.h"

/* As many as a socket's buffer surely has room for the answers of. */
#define WINDOW		16
#define ATTEMPTS	20
#define ANSWER_SIZE	65536

struct request {
	struct request *next;
	struct nlmsghdr *message;
	struct queue_request on;
	unsigned int attempts;
	bool interrupted;
	int error;
};

struct list {
	struct request *first, **last;
};

struct queue {
	const struct queue_socket *socket;
	void *data;
	uint32_t portid;
	uint32_t seq;
	struct list waiting;
	struct list flying;
	struct list failed;		/* to be ended, not from queue_add() */
	unsigned int answers;		/* to come, of what is no dump */
	bool dumping;			/* a socket does one at a time */
	bool overrun;
	bool closing;
};

static void list_init(struct list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void list_add(struct list *list, struct request *request)
{
	request->next = NULL;
	*list->last = request;
	list->last = &request->next;
}

static void list_del(struct list *list, struct request **at)
{
	struct request *request = *at;

	*at = request->next;
	if (list->last == &request->next)
		list->last = at;
	request->next = NULL;
}

struct queue *queue_new(const struct queue_socket *socket, void *data,
			uint32_t portid)
{
	struct queue *queue = xalloc(sizeof(*queue));

	queue->socket = socket;
	queue->data = data;
	queue->portid = portid;
	/* A socket that others used before may still have answers for them. */
	queue->seq = random_u64();
	list_init(&queue->waiting);
	list_init(&queue->flying);
	list_init(&queue->failed);
	return queue;
}

static void wipe(struct request *request)
{
	if (request->on.wipe_len)
		secret_wipe((char *)request->message + request->on.wipe_at,
			    request->on.wipe_len);
}

static void request_free(struct request *request)
{
	wipe(request);
	free(request->message);
	free(request);
}

/* It is on no list. */
static void finish(struct request *request, int error,
		   const struct nlmsghdr *end)
{
	if (request->on.end)
		request->on.end(request->on.data, error, end,
				request->message);
	request_free(request);
}

static void fly(struct queue *queue, struct request *request)
{
	struct nlmsghdr *message = request->message;
	int error;

	/* Not 0: that is what the kernel's own messages have. */
	if (!++queue->seq)
		queue->seq++;
	message->nlmsg_seq = queue->seq;
	error = queue->socket->send(queue->data, message, message->nlmsg_len);
	if (!request->on.dump)
		wipe(request);
	if (error) {
		/* No answer was lost: this is not what ENOBUFS means here. */
		request->error = error == -ENOBUFS ? ENOMEM : -error;
		list_add(&queue->failed, request);
		return;
	}
	list_add(&queue->flying, request);
	if (request->on.dump)
		queue->dumping = true;
	else
		queue->answers++;
}

static void send_waiting(struct queue *queue)
{
	struct request *request;

	while (!queue->closing && (request = queue->waiting.first)) {
		if (request->on.dump ? queue->dumping :
				       queue->answers >= WINDOW)
			return;
		list_del(&queue->waiting, &queue->waiting.first);
		fly(queue, request);
	}
}

void queue_add(struct queue *queue, const struct nlmsghdr *message,
	       const struct queue_request *on)
{
	struct request *request = xalloc(sizeof(*request));

	request->on = *on;
	request->message = xalloc(message->nlmsg_len);
	memcpy(request->message, message, message->nlmsg_len);
	request->message->nlmsg_flags |=
		NLM_F_REQUEST | (on->dump ? NLM_F_DUMP : NLM_F_ACK);
	request->message->nlmsg_pid = 0;
	list_add(&queue->waiting, request);
	send_waiting(queue);
}

void queue_fail(struct queue *queue, const struct queue_request *on, int error)
{
	struct request *request = xalloc(sizeof(*request));

	request->on = *on;
	request->on.wipe_len = 0;
	request->error = error;
	list_add(&queue->failed, request);
}

static struct request **find(struct queue *queue, uint32_t seq)
{
	struct request **at = &queue->flying.first;

	while (*at && (*at)->message->nlmsg_seq != seq)
		at = &(*at)->next;
	return *at ? at : NULL;
}

static struct request *land(struct queue *queue, struct request **at)
{
	struct request *request = *at;

	list_del(&queue->flying, at);
	if (request->on.dump)
		queue->dumping = false;
	else
		queue->answers--;
	return request;
}

/* The list changed under the dump, or a part of it was lost. On no list. */
static void dump_again(struct queue *queue, struct request *request)
{
	if (++request->attempts == ATTEMPTS) {
		finish(request, EINTR, NULL);
		return;
	}
	request->interrupted = false;
	if (request->on.again)
		request->on.again(request->on.data);
	fly(queue, request);
}

/* @refusal: whether the kernel says more about it. */
static int error_of(const struct nlmsghdr *message, bool *refusal)
{
	int error;

	*refusal = false;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(error)) {
		/* An old kernel's end of a dump says nothing. */
		return message->nlmsg_type == NLMSG_DONE ? 0 : EBADMSG;
	}
	memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
	if (error > 0 || error < -4095)
		return EBADMSG;
	*refusal = error && message->nlmsg_type == NLMSG_ERROR;
	return -error;
}

static void end_answer(struct queue *queue, struct request **at,
		       const struct nlmsghdr *message)
{
	struct request *request = land(queue, at);
	bool refusal;
	int error = error_of(message, &refusal);

	if (request->interrupted && (!error || error == EINTR))
		dump_again(queue, request);
	else
		finish(request, error, refusal ? message : NULL);
}

static void take(struct queue *queue, const struct nlmsghdr *message)
{
	struct request **at, *request;

	if (queue->portid && message->nlmsg_pid &&
	    message->nlmsg_pid != queue->portid)
		return;
	at = find(queue, message->nlmsg_seq);
	if (!at)
		return;
	request = *at;
	if (request->on.dump && (message->nlmsg_flags & NLM_F_DUMP_INTR))
		request->interrupted = true;
	if (message->nlmsg_type == NLMSG_ERROR ||
	    (message->nlmsg_type == NLMSG_DONE && request->on.dump))
		end_answer(queue, at, message);
	else if (message->nlmsg_type >= NLMSG_MIN_TYPE && request->on.take)
		request->on.take(request->on.data, message);
}

/* What is not answered by now will not be, as the kernel answers at once. */
static void forget_lost(struct queue *queue)
{
	struct request *request, *dump = NULL;

	queue->overrun = false;
	while (queue->flying.first) {
		request = land(queue, &queue->flying.first);
		if (request->on.dump) {
			dump = request;
			continue;
		}
		request->error = ENOBUFS;
		list_add(&queue->failed, request);
	}
	if (dump)
		dump_again(queue, dump);
}

static void read_datagram(struct queue *queue, const void *buf, size_t len)
{
	const struct nlmsghdr *message;

	while ((message = message_next(&buf, &len)))
		take(queue, message);
}

void queue_readable(struct queue *queue)
{
	char *buf = xalloc(ANSWER_SIZE);
	bool empty = false;
	ssize_t got;

	/* Bounded: a socket that only fails does not hold us for ever. */
	for (int i = 0; i < 1000 && !empty; i++) {
		got = queue->socket->receive(queue->data, buf, ANSWER_SIZE);
		if (got == -EINTR)
			continue;
		if (got == -ENOBUFS || got > ANSWER_SIZE) {
			queue->overrun = true;
			continue;
		}
		empty = got < 0;
		if (!empty)
			read_datagram(queue, buf, got);
	}
	free(buf);
	if (queue->overrun && empty)
		forget_lost(queue);
	queue_flush(queue);
}

bool queue_due(const struct queue *queue)
{
	return queue->failed.first;
}

void queue_flush(struct queue *queue)
{
	struct request *request;

	send_waiting(queue);
	while ((request = queue->failed.first)) {
		list_del(&queue->failed, &queue->failed.first);
		finish(request, request->error, NULL);
	}
	send_waiting(queue);
}

size_t queue_waiting(const struct queue *queue)
{
	const struct list *lists[] = {&queue->waiting, &queue->flying,
				      &queue->failed};
	size_t count = 0;

	for (int i = 0; i < 3; i++)
		for (struct request *r = lists[i]->first; r; r = r->next)
			count++;
	return count;
}

static void cancel(struct list *list)
{
	struct request *request;

	while ((request = list->first)) {
		list_del(list, &list->first);
		finish(request, ECANCELED, NULL);
	}
}

void queue_free(struct queue *queue)
{
	if (!queue)
		return;
	queue->closing = true;
	cancel(&queue->flying);
	cancel(&queue->failed);
	/* Last: what is asked from the callbacks ends up here. */
	cancel(&queue->waiting);
	free(queue);
}
