// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "question.h"

#include <string.h>

/* What every packet begins with: nothing comes farther. */
#define TTL_MAX		64
/* Hops in a row that say nothing: then nobody beyond will. */
#define SILENT_MAX	3
/*
 * A relay passes on ten reports at once, and then ten a second; other packets
 * need some of them too.
 */
#define AT_ONCE		8
#define PACE		UINT64_C(125000000)

struct trace {
	struct asker asker;
	uint16_t vlan;
	bool heard;		/* of the question that was asked last */
	struct meshlan_ping answer;
	uint64_t farthest;	/* last node that was heard of, 0 if none */
};

static bool set_vlan(const char *text, void *object)
{
	struct trace *trace = object;
	uint64_t value;

	if (!meshlan_parse_number(text, 4094, &value))
		return false;
	trace->vlan = value;
	return true;
}

static const struct word words[] = {
	{"vlan", "ID", false, set_vlan, "a VLAN (0 to 4094)"},
	{0},
};

static bool take_answer(const struct meshlan_ping *answer, uint32_t seq,
			void *data)
{
	struct trace *trace = data;

	if (seq + 1 != trace->asker.asked)
		return true;
	trace->answer = *answer;
	trace->farthest = answer->reporter;
	trace->heard = true;
	return false;
}

/* Between two questions nobody is listened to. */
static bool ignore(const struct meshlan_ping *answer, uint32_t seq, void *data)
{
	(void)answer;
	(void)seq;
	(void)data;
	return true;
}

/* The question went no further, and that is not why it was asked. */
static bool broken(const struct trace *trace, int ttl)
{
	uint32_t cause = trace->answer.cause;

	return cause && (cause != MESHLAN_REPORT_CAUSE_TTL || ttl == TTL_MAX);
}

static void print_json(const struct trace *trace, int ttl)
{
	struct meshlan_json json = json_start();
	struct meshlan_ping shown = trace->answer;
	char text[MESHLAN_TEXT_MAX];

	meshlan_json_open(&json, NULL, '{');
	meshlan_json_string(&json, "ifname", trace->asker.ifname);
	meshlan_json_string(&json, "node",
			    meshlan_text_node(trace->asker.node, text));
	meshlan_json_number(&json, "hop", ttl + 1);
	if (trace->heard) {
		shown.has &= MESHLAN_BIT(MESHLAN_A_PING_REPORTER) |
			     MESHLAN_BIT(MESHLAN_A_PING_CAUSE) |
			     MESHLAN_BIT(MESHLAN_A_PING_RTT);
		if (!broken(trace, ttl))
			shown.has &= ~MESHLAN_BIT(MESHLAN_A_PING_CAUSE);
		meshlan_json_members(&json, &meshlan_ping_set, &shown);
		meshlan_json_bool(&json, "broken", broken(trace, ttl));
	}
	meshlan_json_close(&json, '}');
	meshlan_json_end(&json);
}

static void print_hop(const struct trace *trace, int ttl)
{
	const struct meshlan_ping *answer = &trace->answer;
	char text[MESHLAN_TEXT_MAX];

	if (want_json)
		return print_json(trace, ttl);
	if (!ttl)
		printf("trace to %s on %s\n",
		       meshlan_text_node(trace->asker.node, text),
		       trace->asker.ifname);
	if (!trace->heard) {
		printf("%2d  *\n", ttl + 1);
		return;
	}
	printf("%2d  %s", ttl + 1, meshlan_text_node(answer->reporter, text));
	printf("  %s", meshlan_text_duration(answer->rtt, text));
	if (broken(trace, ttl))
		printf("  %s! %s%s", meshlan_colour_on(MESHLAN_RED),
		       text_value(&meshlan_cause_names, answer->cause, text),
		       meshlan_colour_off(MESHLAN_RED));
	putchar('\n');
}

static enum meshlan_status ask_hop(struct trace *trace, int ttl,
				   struct meshlan_error *err)
{
	uint64_t now = question_now();
	enum meshlan_status status = MESHLAN_OK;

	trace->heard = false;
	if (ttl >= AT_ONCE)
		status = asker_wait(&trace->asker, now + PACE, NULL, ignore,
				    NULL, err);
	if (!status)
		status = asker_ask(&trace->asker, ttl, err);
	if (!status)
		status = asker_wait(&trace->asker,
				    question_now() + QUESTION_TIME, NULL,
				    take_answer, trace, err);
	return status;
}

static enum meshlan_status fail_hop(const struct trace *trace,
				    struct meshlan_error *err)
{
	char node[MESHLAN_TEXT_MAX], from[MESHLAN_TEXT_MAX];
	char cause[MESHLAN_TEXT_MAX] = "no answer";

	meshlan_text_node(trace->asker.node, node);
	meshlan_text_node(trace->farthest, from);
	if (!trace->farthest)
		return meshlan_fail(err, MESHLAN_ERR_SILENCE,
				    "node '%.16s': no answer", node);
	if (trace->heard)
		text_value(&meshlan_cause_names, trace->answer.cause, cause);
	return meshlan_fail(err, MESHLAN_ERR_SILENCE,
			    "node '%.16s': not beyond %.16s: %.32s", node, from,
			    cause);
}

static enum meshlan_status trace_all(struct trace *trace,
				     struct meshlan_error *err)
{
	enum meshlan_status status;
	int silent = 0;

	for (int ttl = 0; ttl <= TTL_MAX && silent < SILENT_MAX; ttl++) {
		status = ask_hop(trace, ttl, err);
		if (status)
			return status;
		print_hop(trace, ttl);
		fflush(stdout);
		silent = trace->heard ? 0 : silent + 1;
		if (trace->heard && !trace->answer.cause)
			return MESHLAN_OK;
		if (trace->heard && broken(trace, ttl))
			break;
	}
	return fail_hop(trace, err);
}

enum meshlan_status run_trace(struct args *args, struct meshlan_error *err)
{
	struct trace trace = {0};
	enum meshlan_status status;

	/* A device stands before a node; else it is the daemon's to find. */
	if (args->count == 1 ||
	    (args->count == 2 && !strcmp(args->word[1], "all")))
		return trace_mesh(args, err);
	status = asker_take(&trace.asker, args, err);
	if (!status)
		status = take_words(args, words, &trace, err);
	if (!status)
		status = asker_open(&trace.asker, trace.vlan, err);
	if (!status)
		status = trace_all(&trace, err);
	asker_close(&trace.asker);
	return status;
}
