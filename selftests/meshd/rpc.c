// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "base/secret.h"
#include "rpc/methods.h"
#include "rpc/rpc.h"

/* --- a daemon of our own ---------------------------------------------------- */

static struct rpc_call *later;
static unsigned int asked, gone;

static void answer_now(struct rpc_call *call, const json_t *params, void *data)
{
	asked++;
	rpc_answer(call, json_pack("{s:s}", "said", (const char *)data));
}

static void keep(struct rpc_call *call, const json_t *params, void *data)
{
	asked++;
	later = call;
}

static void refuse(struct rpc_call *call, const json_t *params, void *data)
{
	rpc_refuse(call, MESHLAN_ERR_NOT_FOUND, "no node '%s'",
		   json_string_value(json_object_get(params, "node")));
}

static void subscribe(struct rpc_call *call, const json_t *params, void *data)
{
	rpc_subscribe(call);
	rpc_answer(call, json_object());
}

static void is_gone(struct rpc_call *call, void *data)
{
	gone++;
	if (data)
		rpc_refuse(call, MESHLAN_ERR_SYSTEM, "nobody is there");
}

static struct rpc *example(void)
{
	struct rpc *rpc = rpc_new();

	asked = gone = 0;
	later = NULL;
	rpc_add(rpc, "status", answer_now, "good");
	rpc_add(rpc, "peers", keep, NULL);
	rpc_add(rpc, "join", keep, NULL);
	rpc_add(rpc, "routes", refuse, NULL);
	rpc_add(rpc, "drain", answer_now, "drained");
	rpc_add(rpc, "subscribe", subscribe, NULL);
	return rpc;
}

/* What is to be sent, as one text; it counts as sent. */
static const char *output(struct rpc_link *link)
{
	static char *text;
	struct span out = rpc_link_output(link);

	free(text);
	text = calloc(1, out.len + 1);
	memcpy(text, out.data ? out.data : (const uint8_t *)"", out.len);
	rpc_link_sent(link, out.len);
	return text;
}

static const char *say(struct rpc_link *link, const char *line)
{
	rpc_link_input(link, line, strlen(line));
	rpc_link_input(link, "\n", 1);
	return output(link);
}

#define ASK(method) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\"}"
#define ASK_WITH(method, params) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" \
	method "\",\"params\":" params "}"
#define ERROR(id, code, text, status) "{\"jsonrpc\":\"2.0\",\"id\":" id	\
	",\"error\":{\"code\":" code ",\"message\":\"" text "\","	\
	"\"data\":{\"status\":" status "}}}\n"

TEST(rpc, answers)
{
	struct rpc *rpc = example();
	struct rpc_link *link = rpc_link_new(rpc, true, NULL, NULL);
	struct rpc_call *first;

	point_text("an answer", say(link, ASK("status")),
		   "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"said\":\"good\"}}\n");
	point_text("an id that is a text", say(link,
		   "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"status\"}"),
		   "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"said\":\"good\"}}\n");
	point_text("a refusal", say(link, ASK_WITH("routes", "{\"node\":\"bob\"}")),
		   ERROR("1", "-32003", "no node 'bob'", "3"));
	point_text("nothing yet", say(link, ASK("peers")), "");
	first = later;
	point_text("others do not wait for it", say(link, ASK("status")),
		   "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"said\":\"good\"}}\n");
	rpc_progress(first, "asks %s", "bob");
	point_text("progress", output(link),
		   "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":"
		   "{\"id\":1,\"text\":\"asks bob\"}}\n");
	rpc_answer(first, json_array());
	point_text("an answer later", output(link),
		   "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}\n");
	rpc_link_input(link, ASK("status") "\n" ASK("status") "\n" ASK("sta"),
		       sizeof(ASK("status") "\n" ASK("status") "\n") - 1 + 20);
	point_number("lines are found in what comes", asked, 6);
	rpc_link_free(link);
	rpc_free(rpc);
}

TEST(rpc, refusals)
{
	static const struct {
		const char *line, *answer;
	} cases[] = {
		{ "[]", ERROR("null", "-32600", "not a request of JSON-RPC 2.0 with an id", "1") },
		{ "{}", ERROR("null", "-32600", "not a request of JSON-RPC 2.0 with an id", "1") },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"status\"}",
		  ERROR("null", "-32600", "not a request of JSON-RPC 2.0 with an id", "1") },
		{ "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"status\"}",
		  ERROR("null", "-32600", "not a request of JSON-RPC 2.0 with an id", "1") },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"status\"}",
		  ERROR("1", "-32600", "not a request of JSON-RPC 2.0 with an id", "1") },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}",
		  ERROR("1", "-32600", "not a request of JSON-RPC 2.0 with an id", "1") },
		{ ASK("statu"), ERROR("1", "-32601", "'statu': no such method", "1") },
		{ ASK("nodes"), ERROR("1", "-32002", "not possible now (see: meshctl status)", "2") },
		{ ASK("drain"), ERROR("1", "-32602", "drain: on is missing", "1") },
		{ ASK_WITH("drain", "{\"on\":1}"),
		  ERROR("1", "-32602", "drain: on: not true or false", "1") },
		{ ASK_WITH("drain", "{\"on\":true,\"of\":1}"),
		  ERROR("1", "-32602", "drain: no parameter 'of'", "1") },
		{ ASK_WITH("drain", "[true]"),
		  ERROR("1", "-32602", "params: not an object", "1") },
		{ ASK_WITH("token.create", "{\"uses\":-1}"),
		  ERROR("1", "-32602", "token.create: uses: not a whole number, not negative", "1") },
		{ ASK_WITH("subscribe", "{\"types\":[1]}"),
		  ERROR("1", "-32602", "subscribe: types: not an array of texts", "1") },
		{ ASK_WITH("join", "{\"token\":5}"),
		  ERROR("1", "-32602", "join: token: not a text", "1") },
	};
	struct rpc *rpc = example();
	struct rpc_link *link = rpc_link_new(rpc, true, NULL, NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		point_text(cases[i].line, say(link, cases[i].line),
			   cases[i].answer);
	rpc_link_free(link);
	link = rpc_link_new(rpc, false, NULL, NULL);
	point_text("who may not write", say(link, ASK_WITH("drain", "{\"on\":true}")),
		   ERROR("1", "-32005", "not permitted: be root, or in the group of the socket", "5"));
	point(strstr(say(link, ASK("status")), "good"), "may read");
	point_number("nothing was done", asked, 1);
	rpc_link_free(link);
	rpc_free(rpc);
}

TEST(rpc, hostile)
{
	struct rpc *rpc = example();
	struct rpc_link *link = rpc_link_new(rpc, true, NULL, NULL);
	char *big = malloc(RPC_LINE_MAX + 2);
	bool more = true;
	int i;

	memset(big, '[', RPC_LINE_MAX);
	big[RPC_LINE_MAX] = 0;
	point(strstr(say(link, big), "-32700"), "65536 brackets are no JSON");
	for (i = 0; i < RPC_LINE_MAX / 5 - 1; i++)
		memcpy(big + i * 5, "{\"a\":", 5);
	big[i * 5] = 0;
	point(strstr(say(link, big), "-32700"), "nor 13000 objects in each other");
	memset(big, ' ', RPC_LINE_MAX);
	point(strstr(say(link, big), "-32700"), "nor blanks");
	point(strstr(say(link, ""), "-32700"), "nor an empty line");
	point(strstr(say(link, "{\"id\":1,\"id\":2}"), "-32700"),
	      "no name twice");
	point(strstr(say(link, "{\"id\":\"\xff\xfe\"}"), "-32700"),
	      "text is UTF-8");
	rpc_link_input(link, "{\"id\":\"\0\"}\n", 11);
	point(strstr(output(link), "-32700"), "and has no zeros");
	point(strstr(say(link, ASK("status")), "good"),
	      "after which a request is answered");
	memset(big, 'x', RPC_LINE_MAX + 1);
	more = rpc_link_input(link, big, RPC_LINE_MAX);
	point(more, "a line may still become right");
	more = rpc_link_input(link, "x", 1);
	point(!more && strstr(output(link), "at most 65536"),
	      "one that is too long ends it, in words");
	point(!rpc_link_input(link, ASK("status") "\n", 40) &&
	      !rpc_link_output(link).len && !rpc_link_hungry(link),
	      "nothing more is heard");
	free(big);
	rpc_link_free(link);
	rpc_free(rpc);
}

TEST(rpc, random)
{
	struct rpc *rpc = example();
	struct rpc_link *link = rpc_link_new(rpc, true, NULL, NULL);
	static const char good[] = ASK_WITH("drain", "{\"on\":true}") "\n";
	char line[sizeof(good)];

	for (int i = 0; i < 20000; i++) {
		memcpy(line, good, sizeof(good));
		for (int j = random_below(4); j >= 0; j--)
			line[random_below(sizeof(good) - 1)] =
				random_below(256);
		rpc_link_input(link, line, sizeof(good) - 1);
		rpc_link_sent(link, rpc_link_output(link).len);
	}
	rpc_link_input(link, "\n", 1);
	output(link);
	point(strstr(say(link, ASK("status")), "good"),
	      "requests with random bytes do no harm");
	rpc_link_free(link);
	rpc_free(rpc);
}

TEST(rpc, who_asked_leaves)
{
	struct rpc *rpc = example();
	struct rpc_link *link = rpc_link_new(rpc, true, NULL, NULL);
	struct rpc_call *first;

	say(link, ASK("peers"));
	first = later;
	rpc_on_gone(first, is_gone, NULL);
	say(link, ASK("peers"));
	rpc_on_gone(later, is_gone, rpc);
	rpc_link_free(link);
	point_number("both calls are told", gone, 2);
	rpc_progress(first, "still there");
	rpc_subscribe(first);
	rpc_answer(first, json_array());
	point(!rpc_has_listeners(rpc), "and end without harm");
	rpc_free(rpc);
}

TEST(rpc, many_calls)
{
	struct rpc *rpc = example();
	struct rpc_link *link = rpc_link_new(rpc, true, NULL, NULL);
	struct rpc_call *calls[RPC_CALLS_MAX + 8];
	unsigned int count = 0;

	for (int i = 0; i < RPC_CALLS_MAX + 5; i++) {
		later = NULL;
		say(link, ASK("peers"));
		if (later)
			calls[count++] = later;
	}
	point_number("so many at a time", count, RPC_CALLS_MAX);
	point(!rpc_link_hungry(link), "then it is not read");
	later = NULL;
	rpc_answer(calls[--count], json_null());
	point(!later, "no handler is called out of an answer");
	rpc_link_input(link, NULL, 0);
	point(later, "but with the next input");
	calls[count++] = later;
	while (count) {
		rpc_answer(calls[--count], json_null());
		later = NULL;
		rpc_link_input(link, NULL, 0);
		if (later)
			calls[count++] = later;
	}
	point_number("all are asked in the end", asked, RPC_CALLS_MAX + 5);
	rpc_link_free(link);
	rpc_free(rpc);
}

TEST(rpc, full_queue)
{
	struct rpc *rpc = example();
	struct rpc_link *link = rpc_link_new(rpc, true, NULL, NULL);
	unsigned int lines = 0;
	struct span out;

	for (int i = 0; i < 20000; i++)
		rpc_link_input(link, ASK("status") "\n",
			       sizeof(ASK("status")));
	out = rpc_link_output(link);
	point(out.len >= RPC_QUEUE_MAX && out.len < RPC_QUEUE_MAX + 100,
	      "who does not read gets no more answers (%zu)", out.len);
	while (rpc_link_output(link).len) {
		out = rpc_link_output(link);
		for (size_t i = 0; i < out.len; i++)
			lines += out.data[i] == '\n';
		rpc_link_sent(link, out.len);
		rpc_link_input(link, NULL, 0);
	}
	point_number("but each at last", lines, 20000);
	rpc_link_free(link);
	rpc_free(rpc);
}

TEST(rpc, events)
{
	struct rpc *rpc = example();
	struct rpc_link *all = rpc_link_new(rpc, false, NULL, NULL);
	struct rpc_link *some = rpc_link_new(rpc, false, NULL, NULL);
	struct rpc_link *none = rpc_link_new(rpc, false, NULL, NULL);
	unsigned int count = 0;
	const char *text;

	point(!rpc_has_listeners(rpc), "nobody listens");
	say(all, ASK("subscribe"));
	say(some, ASK_WITH("subscribe", "{\"types\":[\"peer-up\"]}"));
	point(rpc_has_listeners(rpc), "now somebody does");
	rpc_event(rpc, "peer-down", json_pack("{s:s}", "text", "bob is away"));
	point_text("an event", output(all),
		   "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":"
		   "{\"text\":\"bob is away\",\"type\":\"peer-down\"}}\n");
	point_text("not for who wants others", output(some), "");
	rpc_event(rpc, "peer-up", json_object());
	point(*output(some) && !*output(none), "each gets what he wants");
	output(all);
	for (int i = 0; i < 10000; i++)
		rpc_event(rpc, "peer-down", json_pack("{s:i}", "n", i));
	point(rpc_link_output(all).len < RPC_QUEUE_MAX + 200,
	      "who does not read loses events");
	for (text = output(all); (text = strchr(text, '\n')); text++)
		count++;
	rpc_event(rpc, "peer-down", json_object());
	text = output(all);
	point(atoi(strstr(text, "\"count\":") + 8) + count == 10000 &&
	      strstr(text, "\"lost\""), "and is told how many (%u came)", count);
	point(strstr(text, "peer-down"), "before the next");
	rpc_link_free(all);
	rpc_link_free(some);
	rpc_link_free(none);
	point(!rpc_has_listeners(rpc), "nobody listens any more");
	rpc_free(rpc);
}

TEST(rpc, methods)
{
	bool good = true;

	for (size_t i = 0; i < rpc_method_count; i++)
		good &= rpc_method(rpc_methods[i].name) == &rpc_methods[i];
	point(good, "every method is there once");
	point(!rpc_method("") && !rpc_method("statu"), "and no other");
}
