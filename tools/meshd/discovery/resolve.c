// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "resolve.h"

#include <netinet/in.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define ANSWER_MAX	4096

struct resolver {
	uv_loop_t *loop;
	unsigned int pending;
	bool closed;
};

struct question {
	struct resolver *resolver;
	uint64_t number;
	void *data;
	union {
		uv_getaddrinfo_t addresses;
		uv_work_t work;
	} request;
	uint16_t port;
	resolved_fn *resolved;
	srv_fn *srv;
	char name[RESOLVE_NAME_MAX];
	int length;		/* of the answer, or -1 */
	int failure;		/* h_errno */
	uint8_t answer[];
};

struct resolver *resolver_new(uv_loop_t *loop)
{
	struct resolver *resolver = xalloc(sizeof(*resolver));

	resolver->loop = loop;
	return resolver;
}

/* Questions under way end on their own; the last one frees. */
void resolver_close(struct resolver *resolver)
{
	if (!resolver)
		return;
	resolver->closed = true;
	if (!resolver->pending)
		free(resolver);
}

static struct question *new_question(struct resolver *resolver,
				     const char *name, uint64_t number,
				     void *data, size_t room)
{
	struct question *question = xalloc(sizeof(*question) + room);

	question->resolver = resolver;
	question->number = number;
	question->data = data;
	snprintf(question->name, sizeof(question->name), "%s", name);
	resolver->pending++;
	return question;
}

static void end_question(struct question *question)
{
	struct resolver *resolver = question->resolver;

	free(question);
	if (!--resolver->pending && resolver->closed)
		free(resolver);
}

/* --- addresses ------------------------------------------------------------ */

static unsigned int collect(const struct addrinfo *list, uint16_t port,
			    union addr *addr)
{
	unsigned int count = 0;

	for (; list && count < RESOLVE_ADDRS_MAX; list = list->ai_next) {
		if (list->ai_addrlen > sizeof(*addr) ||
		    (list->ai_family != AF_INET &&
		     list->ai_family != AF_INET6))
			continue;
		memset(&addr[count], 0, sizeof(*addr));
		memcpy(&addr[count], list->ai_addr, list->ai_addrlen);
		addr_unmap(&addr[count]);
		addr_set_port(&addr[count], port);
		count++;
	}
	return count;
}

static void addresses_done(uv_getaddrinfo_t *request, int status,
			   struct addrinfo *list)
{
	struct question *question = request->data;
	union addr addr[RESOLVE_ADDRS_MAX];
	unsigned int count = 0;
	char why[RESOLVE_NAME_MAX + 64] = "";

	if (!status && !question->resolver->closed)
		count = collect(list, question->port, addr);
	if (!count)
		snprintf(why, sizeof(why), "name '%s': %s", question->name,
			 status ? uv_strerror(status) : "no address");
	question->resolved(question->data, question->number, addr, count,
			   count ? NULL : why);
	uv_freeaddrinfo(list);
	end_question(question);
}

void resolver_addresses(struct resolver *resolver, const char *name,
			uint16_t port, uint64_t number, resolved_fn *done,
			void *data)
{
	static const struct addrinfo hints = {
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_ADDRCONFIG,
	};
	struct question *question = new_question(resolver, name, number, data,
						 0);
	int status;

	question->port = port;
	question->resolved = done;
	question->request.addresses.data = question;
	status = uv_getaddrinfo(resolver->loop, &question->request.addresses,
				addresses_done, question->name, NULL, &hints);
	if (status)
		addresses_done(&question->request.addresses, status, NULL);
}

/* --- services ------------------------------------------------------------- */

/* In a thread of its own. */
static void look_up(uv_work_t *request)
{
	struct question *question = request->data;
	struct __res_state state;

	memset(&state, 0, sizeof(state));
	question->length = -1;
	if (res_ninit(&state)) {
		question->failure = TRY_AGAIN;
		return;
	}
	question->length = res_nquery(&state, question->name, ns_c_in, ns_t_srv,
				      question->answer, ANSWER_MAX);
	question->failure = state.res_h_errno;
	res_nclose(&state);
}

static void looked_up(uv_work_t *request, int status)
{
	struct question *question = request->data;
	struct srv_target target[RESOLVE_SRV_MAX];
	unsigned int count = 0;
	char why[RESOLVE_NAME_MAX + 64];

	if (!status && question->length > 0 && question->length <= ANSWER_MAX &&
	    !question->resolver->closed)
		count = srv_parse(question->answer, question->length, target,
				  RESOLVE_SRV_MAX);
	snprintf(why, sizeof(why), "SRV of '%s': %s", question->name,
		 question->length > 0 ? "names no host" :
					hstrerror(question->failure));
	question->srv(question->data, question->number, target, count,
		      count ? NULL : why);
	end_question(question);
}

void resolver_srv(struct resolver *resolver, const char *domain,
		  uint64_t number, srv_fn *done, void *data)
{
	struct question *question = new_question(resolver, domain, number, data,
						 ANSWER_MAX);

	snprintf(question->name, sizeof(question->name), "_meshlan._udp.%s",
		 domain);
	question->srv = done;
	question->request.work.data = question;
	if (uv_queue_work(resolver->loop, &question->request.work, look_up,
			  looked_up))
		looked_up(&question->request.work, UV_ENOMEM);
}
