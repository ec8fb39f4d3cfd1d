// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/family.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "base/buf.h"
#include "base/secret.h"

/* Enough for nearly all requests; the others get MESHLAN_REQUEST_SIZE. */
#define SMALL_SIZE	8192

struct family {
	struct queue *queue;
	uint16_t id;
	struct family_known known;
};

struct call {
	const struct meshlan_set *set;
	family_done_fn *done;
	const struct family_dump_ops *dump;
	struct family_dump_ops dump_ops;
	void *data;
	void *object;
	bool want_reply, got_reply, confused;
};

struct family *family_new(struct queue *queue, uint16_t id,
			  const struct family_known *known)
{
	struct family *family = xalloc(sizeof(*family));

	family->queue = queue;
	family->id = id;
	if (known) {
		family->known = *known;
		return family;
	}
	memset(family->known.attrs, 0xff, sizeof(family->known.attrs));
	for (int i = 0; i < __MESHLAN_CMD_MAX; i++)
		family->known.command[i] = true;
	return family;
}

void family_free(struct family *family)
{
	free(family);
}

bool family_knows(const struct family *family, uint8_t command,
		  unsigned int attr)
{
	return command < __MESHLAN_CMD_MAX && family->known.command[command] &&
	       (!attr || family->known.attrs[command] & MESHLAN_BIT(attr));
}

/* --- answers ------------------------------------------------------------- */

static enum meshlan_status tell_error(int error, struct meshlan_error *err)
{
	switch (error) {
	case ENOBUFS:
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "the kernel's answer was lost, too many came at once");
	case EINTR:
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "the list changes faster than it can be read");
	case EOPNOTSUPP:
		return meshlan_fail(err, MESHLAN_ERR_MODULE,
				    "the loaded module is too old for this; as root, "
				    "when no network needs it: rmmod meshlan && modprobe meshlan");
	case EMSGSIZE:
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "more than one message holds");
	case EBADMSG:
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "the kernel's answer makes no sense");
	case ECANCELED:
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "given up, as the daemon ends");
	default:
		return meshlan_fail(err, meshlan_status_of(error),
				    "asking the kernel: %s", strerror(error));
	}
}

static void drop_reply(struct call *call)
{
	if (call->got_reply)
		meshlan_release(call->set, call->object);
	call->got_reply = false;
}

static void call_end(void *data, int error, const struct nlmsghdr *end,
		     const struct nlmsghdr *request)
{
	struct family_answer answer = {.error = error};
	family_done_fn *done;
	struct call *call = data;

	done = call->dump ? call->dump->done : call->done;
	if (!error && (call->confused ||
		       (call->want_reply && !call->got_reply)))
		answer.error = error = EBADMSG;
	if (end)
		answer.status = meshlan_refusal(end, request,
						sizeof(struct genlmsghdr),
						call->set, &answer.err);
	else if (error)
		answer.status = tell_error(error, &answer.err);
	if (!error && call->got_reply)
		answer.reply = call->object;
	if (done)
		done(call->data, &answer);
	drop_reply(call);
	free(call->object);
	free(call);
}

static void call_take(void *data, const struct nlmsghdr *message)
{
	struct meshlan_error unused;
	struct call *call = data;

	drop_reply(call);
	if (meshlan_decode_message(message, call->set, call->object,
				   &unused)) {
		call->confused = true;
		return;
	}
	call->got_reply = true;
	if (call->dump)
		call->dump->object(call->data, call->object);
}

static void call_again(void *data)
{
	struct call *call = data;

	drop_reply(call);
	call->confused = false;
	if (call->dump->again)
		call->dump->again(call->data);
}

static struct call *call_new(const struct meshlan_set *set, bool object,
			     void *data)
{
	struct call *call = xalloc(sizeof(*call));

	call->set = set;
	call->data = data;
	call->want_reply = object;
	if (object)
		call->object = xalloc(set->size);
	return call;
}

/* --- requests ------------------------------------------------------------ */

/* Where the secret is, if the request has one. */
static void find_secret(const struct nlmsghdr *message,
			const struct meshlan_set *set,
			struct queue_request *on)
{
	const struct meshlan_attr *known;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		known = meshlan_attr_of(set, mnl_attr_get_type(attr));
		if (!known || known->type != MESHLAN_TYPE_SECRET)
			continue;
		on->wipe_at = (const char *)mnl_attr_get_payload(attr) -
			      (const char *)message;
		on->wipe_len = mnl_attr_get_payload_len(attr);
	}
}

static uint64_t *has_of(void *object)
{
	return object;
}

/* A copy of @object without what this kernel does not know. */
static void *known_part(const struct family *family, uint8_t command,
			const struct meshlan_set *set, const void *object)
{
	void *copy = xalloc(set->size);

	memcpy(copy, object, set->size);
	*has_of(copy) &= family->known.attrs[command];
	return copy;
}

static void copy_free(const struct meshlan_set *set, void *copy)
{
	secret_wipe(copy, set->size);
	free(copy);
}

/* False if it does not fit any message. */
static bool ask(struct family *family, uint8_t command,
		const struct meshlan_set *set, const void *object,
		struct queue_request *on)
{
	static const size_t sizes[] = {SMALL_SIZE, MESHLAN_REQUEST_SIZE};
	struct nlmsghdr *message = NULL;
	char *buf;

	for (int i = 0; i < 2 && !message; i++) {
		buf = xalloc(sizes[i]);
		message = meshlan_build(buf, sizes[i], family->id, command,
					set, object);
		if (message) {
			find_secret(message, set, on);
			queue_add(family->queue, message, on);
			if (on->wipe_len)
				secret_wipe(buf, sizes[i]);
		}
		free(buf);
	}
	return message;
}

void family_request(struct family *family, uint8_t command,
		    const struct meshlan_set *set, const void *object,
		    bool want_reply, family_done_fn *done, void *data)
{
	struct call *call = call_new(set, want_reply, data);
	struct queue_request on = {
		.take = want_reply ? call_take : NULL,
		.end = call_end,
		.data = call,
	};
	void *copy;

	call->done = done;
	if (!family_knows(family, command, 0)) {
		queue_fail(family->queue, &on, EOPNOTSUPP);
		return;
	}
	copy = known_part(family, command, set, object);
	if (!ask(family, command, set, copy, &on))
		queue_fail(family->queue, &on, EMSGSIZE);
	copy_free(set, copy);
}

void family_dump(struct family *family, uint8_t command,
		 const struct meshlan_set *set, const void *filter,
		 const struct family_dump_ops *ops, void *data)
{
	struct call *call = call_new(set, true, data);
	struct queue_request on = {
		.take = call_take,
		.again = call_again,
		.end = call_end,
		.data = call,
		.dump = true,
	};

	call->want_reply = false;
	call->dump_ops = *ops;
	call->dump = &call->dump_ops;
	if (!family_knows(family, command, 0))
		queue_fail(family->queue, &on, EOPNOTSUPP);
	else if (!ask(family, command, set, filter, &on))
		queue_fail(family->queue, &on, EMSGSIZE);
}
