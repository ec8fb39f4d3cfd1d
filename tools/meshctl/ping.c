// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "question.h"

#include <inttypes.h>

/* Nodes answer no more than 100 a second. */
#define LEAST_INTERVAL	UINT64_C(20000000)

struct ping {
	struct asker asker;
	uint16_t vlan;
	uint32_t count;		/* 0 until interrupted */
	uint64_t interval;	/* nanoseconds */
	int ttl;
	uint32_t told;		/* questions that something became of */
	uint32_t answered;
	uint64_t min, max, sum;	/* nanoseconds */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static bool set_count(const char *text, void *object)
{
	struct ping *ping = object;
	uint64_t value;

	if (!meshlan_parse_number(text, UINT32_MAX, &value) || !value)
		return false;
	ping->count = value;
	return true;
}

static bool set_interval(const char *text, void *object)
{
	struct ping *ping = object;

	return meshlan_parse_duration(text, UINT64_C(1000000000),
				      &ping->interval) &&
	       ping->interval >= LEAST_INTERVAL &&
	       ping->interval <= UINT64_C(3600000000000);
}

static bool set_ttl(const char *text, void *object)
{
	struct ping *ping = object;
	uint64_t value;

	if (!meshlan_parse_number(text, UINT8_MAX, &value))
		return false;
	ping->ttl = value;
	return true;
}

static bool set_vlan(const char *text, void *object)
{
	struct ping *ping = object;
	uint64_t value;

	if (!meshlan_parse_number(text, 4094, &value))
		return false;
	ping->vlan = value;
	return true;
}

static const struct word words[] = {
	{"count", "N", false, set_count, "a number (1 or more)"},
	{"interval", "TIME", false, set_interval, "a time (20ms to 1h)"},
	{"ttl", "N", false, set_ttl, "a number of relays (0 to 255)"},
	{"vlan", "ID", false, set_vlan, "a VLAN (0 to 4094)"},
	{0},
};

static void print_answer(const struct ping *ping,
			 const struct meshlan_ping *answer, uint32_t seq)
{
	struct meshlan_ping shown = *answer;
	struct meshlan_json json = json_start();
	char node[MESHLAN_TEXT_MAX], text[MESHLAN_TEXT_MAX];

	if (want_json) {
		shown.has &= ~MESHLAN_BIT(MESHLAN_A_PING_ID);
		meshlan_json_open(&json, NULL, '{');
		meshlan_json_string(&json, "ifname", ping->asker.ifname);
		meshlan_json_number(&json, "seq", seq + 1);
		meshlan_json_members(&json, &meshlan_ping_set, &shown);
		meshlan_json_close(&json, '}');
		meshlan_json_end(&json);
		return;
	}
	printf("%s from %s: seq %" PRIu32 " time %s",
	       answer->cause ? "report" : "answer",
	       meshlan_text_node(answer->reporter, node), seq + 1,
	       meshlan_text_duration(answer->rtt, text));
	if (answer->cause)
		printf(": %s%s%s", meshlan_colour_on(MESHLAN_RED),
		       text_value(&meshlan_cause_names, answer->cause, text),
		       meshlan_colour_off(MESHLAN_RED));
	putchar('\n');
}

static bool take_answer(const struct meshlan_ping *answer, uint32_t seq,
			void *data)
{
	struct ping *ping = data;

	ping->told++;
	if (!answer->cause) {
		ping->answered++;
		ping->sum += answer->rtt;
		if (ping->answered == 1 || answer->rtt < ping->min)
			ping->min = answer->rtt;
		if (answer->rtt > ping->max)
			ping->max = answer->rtt;
	}
	print_answer(ping, answer, seq);
	if (fflush(stdout))
		interrupted = 1;
	/* After the last question nothing but its answer is waited for. */
	return !ping->count || ping->told < ping->count;
}

static void print_head(const struct ping *ping)
{
	char text[MESHLAN_TEXT_MAX];

	if (want_json)
		return;
	printf("ping %s on %s\n", meshlan_text_node(ping->asker.node, text),
	       ping->asker.ifname);
	fflush(stdout);
}

static enum meshlan_status ask_and_wait(struct ping *ping,
					const sigset_t *mask,
					struct meshlan_error *err)
{
	uint64_t next = question_now();
	enum meshlan_status status = MESHLAN_OK;
	bool last;

	do {
		status = asker_ask(&ping->asker, ping->ttl, err);
		if (status)
			break;
		if (ping->asker.asked == 1)
			print_head(ping);
		last = ping->count && ping->asker.asked == ping->count;
		next += last ? QUESTION_TIME : ping->interval;
		status = asker_wait(&ping->asker, next, mask, take_answer, ping,
				    err);
		/* Who was stopped for a while does not make up for it. */
		if (next + ping->interval < question_now())
			next = question_now();
	} while (!status && !last && !interrupted);
	return status;
}

static void print_summary(const struct ping *ping)
{
	uint32_t sent = ping->asker.asked, answered = ping->answered;
	uint64_t mean = answered ? ping->sum / answered : 0;
	struct meshlan_json json = json_start();
	char text[MESHLAN_TEXT_MAX];

	if (want_json) {
		meshlan_json_open(&json, NULL, '{');
		meshlan_json_string(&json, "ifname", ping->asker.ifname);
		meshlan_json_string(&json, "node",
				    meshlan_text_node(ping->asker.node, text));
		meshlan_json_number(&json, "sent", sent);
		meshlan_json_number(&json, "answered", answered);
		if (answered) {
			meshlan_json_number(&json, "rtt_min", ping->min);
			meshlan_json_number(&json, "rtt_avg", mean);
			meshlan_json_number(&json, "rtt_max", ping->max);
		}
		meshlan_json_close(&json, '}');
		meshlan_json_end(&json);
		return;
	}
	printf("%" PRIu32 " sent, %" PRIu32 " answered, %.4g%% lost\n", sent,
	       answered, sent ? 100.0 * (sent - answered) / sent : 0);
	if (answered) {
		printf("time min %s", meshlan_text_duration(ping->min, text));
		printf(", avg %s", meshlan_text_duration(mean, text));
		printf(", max %s\n", meshlan_text_duration(ping->max, text));
	}
}

/* Only ppoll() lets them through, so that none comes unnoticed. */
static void catch_signals(sigset_t *mask)
{
	struct sigaction action = {.sa_handler = interrupt};
	sigset_t blocked;

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, mask);
	sigdelset(mask, SIGINT);
	sigdelset(mask, SIGTERM);
}

static enum meshlan_status ping_all(struct ping *ping,
				    struct meshlan_error *err)
{
	char text[MESHLAN_TEXT_MAX];
	enum meshlan_status status;
	sigset_t mask;

	catch_signals(&mask);
	status = ask_and_wait(ping, &mask, err);
	if (ping->asker.asked)
		print_summary(ping);
	if (!status && !ping->answered)
		status = meshlan_fail(err, MESHLAN_ERR_SILENCE,
				      "node '%s': no answer",
				      meshlan_text_node(ping->asker.node,
							text));
	return status;
}

enum meshlan_status run_ping(struct args *args, struct meshlan_error *err)
{
	struct ping ping = {.interval = UINT64_C(1000000000), .ttl = -1};
	enum meshlan_status status;

	status = asker_take(&ping.asker, args, err);
	if (!status)
		status = take_words(args, words, &ping, err);
	if (!status)
		status = asker_open(&ping.asker, ping.vlan, err);
	if (!status)
		status = ping_all(&ping, err);
	asker_close(&ping.asker);
	return status;
}
