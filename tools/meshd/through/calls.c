// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "through/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct call {
	struct calls *calls;
	struct call *next;
	uint64_t node;			/* a claim, until it is known */
	bool dialled;
	bool known;			/* its certificate was judged */
	bool up;
	bool dead;
	uint64_t stream, ends;
	struct secure *secure;
	struct message_hello hello;
	uint8_t tag[SECURE_TAG_SIZE];
};

struct want {
	struct want *next;
	uint64_t node;
	uint64_t until, again, retry;
};

struct calls {
	uint64_t own;
	const uint8_t *psk;
	const struct calls_ops *ops;
	void *data;
	struct splice *splice;
	struct tls_credentials *credentials;
	struct call *list;
	struct want *wants;
	uint64_t now;			/* as last told */
	unsigned int inside;
	struct calls_status status;
};

/* --- calls and wants --------------------------------------------------------- */

static struct call *find_stream(const struct calls *calls, uint64_t stream)
{
	struct call *call = calls->list;

	while (call && (call->dead || call->stream != stream))
		call = call->next;
	return call;
}

static struct call *find_up(const struct calls *calls, uint64_t node)
{
	struct call *call = calls->list;

	while (call && (call->dead || !call->up || call->node != node))
		call = call->next;
	return call;
}

/* This node's own, or one whose caller is known. */
static struct call *find_real(const struct calls *calls, uint64_t node,
			      const struct call *but)
{
	struct call *call = calls->list;

	while (call && (call->dead || call == but || call->node != node ||
			!(call->known || call->dialled)))
		call = call->next;
	return call;
}

static struct call *find_dialled(const struct calls *calls, uint64_t node)
{
	struct call *call = calls->list;

	while (call && (call->dead || !call->dialled || call->node != node))
		call = call->next;
	return call;
}

static struct want *find_want(const struct calls *calls, uint64_t node)
{
	struct want *want = calls->wants;

	while (want && want->node != node)
		want = want->next;
	return want;
}

static void begin(struct calls *calls, uint64_t now)
{
	calls->inside++;
	calls->now = now;
}

/* Nothing of a call is on the stack any more. */
static void end(struct calls *calls)
{
	struct call **at = &calls->list, *call;

	if (--calls->inside)
		return;
	while ((call = *at)) {
		if (!call->dead) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		secure_free(call->secure);
		free(call);
	}
}

static void later(struct calls *calls, uint64_t node)
{
	struct want *want = find_want(calls, node);

	if (!want)
		return;
	want->again = calls->now + want->retry;
	want->retry *= 2;
	if (want->retry > CALLS_RETRY_MAX)
		want->retry = CALLS_RETRY_MAX;
}

static void drop_want(struct calls *calls, uint64_t node)
{
	struct want **at = &calls->wants, *want;

	while ((want = *at)) {
		if (want->node != node) {
			at = &want->next;
			continue;
		}
		*at = want->next;
		free(want);
		return;
	}
}

/* The stream is gone already, or about to. */
static void bury(struct call *call)
{
	struct calls *calls = call->calls;

	if (call->dead)
		return;
	call->dead = true;
	if (call->up)
		calls->ops->down(calls->data, call->node, call->tag);
	else if (call->dialled)
		later(calls, call->node);
}

static void hang_up(struct call *call, enum splice_end why)
{
	if (call->dead)
		return;
	bury(call);
	splice_close(call->calls->splice, call->stream, why);
}

static void refuse(struct call *call, const char *why)
{
	struct calls *calls = call->calls;

	if (call->dead)
		return;
	if (call->dialled)
		calls->status.failed++;
	else
		calls->status.refused++;
	calls->ops->refused(calls->data, call->node, why);
	hang_up(call, SPLICE_REFUSED);
}

/* --- TLS --------------------------------------------------------------------- */

static bool on_write(void *data, struct span bytes)
{
	struct call *call = data;

	return !call->dead &&
	       splice_write(call->calls->splice, call->stream, bytes);
}

static bool on_verify(void *data, const gnutls_datum_t *chain,
		      unsigned int count, struct meshlan_error *why)
{
	struct call *call = data;
	struct calls *calls = call->calls;
	uint64_t node = 0;

	if (!calls->ops->verify(calls->data, chain, count, &node, why))
		return false;
	if (node == call->node)
		return true;
	meshlan_fail(why, MESHLAN_ERR_REFUSED,
		     "shows the certificate of another node");
	return false;
}

/* Which of a pair's two calls stays; both ends come to the same. */
static bool loses(struct call *call)
{
	struct calls *calls = call->calls;
	struct call *other;

	while ((other = find_real(calls, call->node, call))) {
		/* Both dialled by the same: the older one lost its way. */
		if (other->dialled != call->dialled &&
		    other->dialled == (calls->own < call->node))
			return true;
		hang_up(other, SPLICE_DUPLICATE);
	}
	return false;
}

static void on_secure(void *data)
{
	struct message message = { .type = MESSAGE_HELLO };
	struct call *call = data;
	struct calls *calls = call->calls;

	call->known = true;
	if (loses(call)) {
		hang_up(call, SPLICE_DUPLICATE);
		return;
	}
	secure_tag(call->secure, call->tag);
	message.hello.version_min = MESSAGE_VERSION;
	message.hello.version_max = MESSAGE_VERSION;
	calls->ops->hello(calls->data, &message.hello);
	secure_psk_proof(call->secure, calls->psk, false,
			 message.hello.psk_proof);
	secure_send(call->secure, &message);
}

static const char *fault_of(const struct call *call,
			    const struct message_hello *hello)
{
	uint8_t proof[SECURE_PROOF_SIZE];

	if (hello->version_min > MESSAGE_VERSION ||
	    hello->version_max < MESSAGE_VERSION)
		return "versions differ: update the older meshd";
	secure_psk_proof(call->secure, call->calls->psk, true, proof);
	if (gnutls_memcmp(proof, hello->psk_proof, sizeof(proof)))
		return "the network's PSK (psk-file) differs between the two nodes";
	return NULL;
}

static void hear_hello(struct call *call, const struct message *message)
{
	struct calls *calls = call->calls;
	const char *fault = "did not say HELLO first";

	if (message->type == MESSAGE_HELLO)
		fault = fault_of(call, &message->hello);
	if (fault) {
		refuse(call, fault);
		return;
	}
	call->hello = message->hello;
	drop_want(calls, call->node);
	call->up = true;
	if (!calls->ops->up(calls->data, call->node)) {
		call->up = false;
		hang_up(call, SPLICE_REFUSED);
		return;
	}
	if (call->dialled)
		calls->status.made++;
	else
		calls->status.answered++;
}

static void on_message(void *data, const struct message *message)
{
	struct call *call = data;
	struct calls *calls = call->calls;

	if (call->dead)
		return;
	if (!call->up)
		hear_hello(call, message);
	else
		calls->ops->message(calls->data, call->node, message);
}

static const struct secure_ops secure_ops = {
	.write = on_write,
	.verify = on_verify,
	.up = on_secure,
	.message = on_message,
};

/* --- streams ----------------------------------------------------------------- */

static struct call *add(struct calls *calls, uint64_t node, bool dialled)
{
	struct call *call = xalloc(sizeof(*call));

	call->calls = calls;
	call->node = node;
	call->dialled = dialled;
	call->ends = calls->now + CALLS_LIFE;
	call->secure = secure_new(dialled, calls->credentials, &secure_ops,
				  call);
	call->next = calls->list;
	calls->list = call;
	return call;
}

static bool on_send(void *data, uint64_t neighbour,
		    const struct message *message)
{
	struct calls *calls = data;

	return calls->ops->send(calls->data, neighbour, message);
}

static uint64_t on_next_hop(void *data, uint64_t to)
{
	struct calls *calls = data;

	return calls->ops->next_hop(calls->data, to);
}

static size_t calls_in(const struct calls *calls)
{
	size_t count = 0;

	for (const struct call *call = calls->list; call; call = call->next)
		count += !call->dialled && !call->dead;
	return count;
}

static enum splice_end on_opened(void *data, uint64_t stream, uint64_t from)
{
	struct calls *calls = data;
	struct call *call;

	if (!from || from == calls->own)
		return SPLICE_REFUSED;
	/* Saves both the handshake. */
	if (calls->own < from && find_dialled(calls, from))
		return SPLICE_DUPLICATE;
	if (calls_in(calls) >= CALLS_IN_MAX)
		return SPLICE_TOO_MANY;
	call = add(calls, from, false);
	call->stream = stream;
	if (call->secure)
		return SPLICE_DONE;
	call->dead = true;
	return SPLICE_REFUSED;
}

static void on_heard(void *data, uint64_t stream, struct span bytes)
{
	struct call *call = find_stream(data, stream);
	struct meshlan_error why = {0};

	if (call && !secure_hear(call->secure, bytes, &why))
		refuse(call, why.text);
}

static void on_closed(void *data, uint64_t stream, enum splice_end why)
{
	struct calls *calls = data;
	struct call *call = find_stream(calls, stream);

	if (!call)
		return;
	calls->status.failed += call->dialled && !call->up;
	bury(call);
}

static const struct splice_ops splice_ops = {
	.send = on_send,
	.next_hop = on_next_hop,
	.opened = on_opened,
	.heard = on_heard,
	.closed = on_closed,
};

/* --- this node's own --------------------------------------------------------- */

static void dial(struct calls *calls, uint64_t node)
{
	struct call *call;

	if (find_real(calls, node, NULL))
		return;
	call = add(calls, node, true);
	if (call->secure)
		call->stream = splice_open(calls->splice, node, calls->now);
	if (!call->stream) {
		calls->status.failed++;
		bury(call);
	} else if (!secure_start(call->secure)) {
		calls->status.failed++;
		hang_up(call, SPLICE_BROKEN);
	}
}

static size_t wants(const struct calls *calls)
{
	size_t count = 0;

	for (const struct want *want = calls->wants; want; want = want->next)
		count++;
	return count;
}

static struct want *add_want(struct calls *calls, uint64_t node)
{
	struct want *want;

	if (wants(calls) >= CALLS_WANTS_MAX)
		return NULL;
	want = xalloc(sizeof(*want));
	want->node = node;
	want->retry = CALLS_RETRY_MIN;
	want->next = calls->wants;
	calls->wants = want;
	return want;
}

void calls_want(struct calls *calls, uint64_t node, uint64_t now)
{
	struct want *want = find_want(calls, node);

	if (node == calls->own || find_up(calls, node))
		return;
	if (!want)
		want = add_want(calls, node);
	if (!want)
		return;
	begin(calls, now);
	want->until = now + CALLS_PATIENCE;
	if (want->again <= now)
		dial(calls, node);
	end(calls);
}

uint64_t calls_again(const struct calls *calls, uint64_t node)
{
	const struct want *want = find_want(calls, node);

	if (find_real(calls, node, NULL))
		return NEVER;
	return want ? want->again : 0;
}

bool calls_send(struct calls *calls, uint64_t node,
		const struct message *message)
{
	struct call *call = find_up(calls, node);

	return call && secure_send(call->secure, message);
}

void calls_end(struct calls *calls, uint64_t node, uint64_t now)
{
	begin(calls, now);
	drop_want(calls, node);
	for (struct call *call = calls->list; call; call = call->next) {
		if (call->node != node || !(call->known || call->dialled))
			continue;
		call->up = false;
		hang_up(call, SPLICE_DONE);
	}
	end(calls);
}

/* --- looking ----------------------------------------------------------------- */

const struct message_hello *calls_hello(const struct calls *calls,
					uint64_t node)
{
	const struct call *call = find_up(calls, node);

	return call ? &call->hello : NULL;
}

bool calls_tag(const struct calls *calls, uint64_t node,
	       uint8_t tag[SECURE_TAG_SIZE])
{
	const struct call *call = find_up(calls, node);

	if (call)
		memcpy(tag, call->tag, SECURE_TAG_SIZE);
	return call;
}

bool calls_key(const struct calls *calls, uint64_t node,
	       uint8_t key[SECURE_KEY_SIZE])
{
	const struct call *call = find_up(calls, node);

	return call && secure_key(call->secure, key);
}

void calls_status(const struct calls *calls, struct calls_status *status)
{
	*status = calls->status;
	status->now = 0;
	for (const struct call *call = calls->list; call; call = call->next)
		status->now += !call->dead;
	splice_status(calls->splice, &status->splice);
}

/* --- what happens ------------------------------------------------------------ */

bool calls_message(struct calls *calls, uint64_t neighbour,
		   const struct message *message, uint64_t now)
{
	bool good;

	begin(calls, now);
	good = splice_message(calls->splice, neighbour, message, now);
	end(calls);
	return good;
}

void calls_lost(struct calls *calls, uint64_t neighbour, uint64_t now)
{
	begin(calls, now);
	splice_lost(calls->splice, neighbour);
	end(calls);
}

uint64_t calls_next(const struct calls *calls)
{
	uint64_t next = splice_next(calls->splice);

	for (const struct call *call = calls->list; call; call = call->next) {
		if (call->ends < next)
			next = call->ends;
	}
	for (const struct want *want = calls->wants; want; want = want->next) {
		if (want->until < next)
			next = want->until;
		if (want->again < next &&
		    !find_real(calls, want->node, NULL))
			next = want->again;
	}
	return next;
}

static void tick_want(struct calls *calls, struct want *want)
{
	uint64_t now = calls->now;

	if (want->until <= now)
		drop_want(calls, want->node);
	else if (want->again <= now)
		dial(calls, want->node);
}

void calls_tick(struct calls *calls, uint64_t now)
{
	struct want *want, *next;

	begin(calls, now);
	splice_tick(calls->splice, now);
	for (struct call *call = calls->list; call; call = call->next) {
		if (call->ends <= now)
			hang_up(call, SPLICE_LATE);
	}
	for (want = calls->wants; want; want = next) {
		next = want->next;
		tick_want(calls, want);
	}
	end(calls);
}

/* --- start and stop ---------------------------------------------------------- */

void calls_set_credentials(struct calls *calls,
			   struct tls_credentials *credentials)
{
	tls_credentials_put(calls->credentials);
	calls->credentials = tls_credentials_get(credentials);
}

struct calls *calls_new(uint64_t own, bool relays, const uint8_t *psk,
			const struct calls_ops *ops, void *data)
{
	struct calls *calls = xalloc(sizeof(*calls));

	calls->own = own;
	calls->psk = psk;
	calls->ops = ops;
	calls->data = data;
	calls->splice = splice_new(own, relays, &splice_ops, calls);
	return calls;
}

void calls_free(struct calls *calls)
{
	splice_free(calls->splice);
	for (struct call *call = calls->list; call; call = call->next)
		call->dead = true;
	begin(calls, calls->now);
	end(calls);
	while (calls->wants)
		drop_want(calls, calls->wants->node);
	tls_credentials_put(calls->credentials);
	free(calls);
}
