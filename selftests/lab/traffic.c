// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Every node to every other, and a count of what arrived.
 *
 *	traffic ping [OPTION...]	echo requests over IPv4
 *	traffic broadcast [OPTION...]	Ethernet frames for all
 *	traffic inject NETNS DEVICE	send the frame that standard input has
 *					as hex digits
 *
 *	count N		of each node to each other (default 1)
 *	from N		only this node sends
 *	to N		only this node is looked at
 *	timeout MS	what has not come by then is lost (default 3000)
 *	interval MS	between two sendings; default: as fast as it arrives
 *
 * Standard input names the nodes, one a line: NUMBER NETNS DEVICE ADDRESS.
 * For each two nodes a line tells: FROM TO SENT CAME TWICE MIN MEAN MAX; what
 * CAME counts once what came several times, TWICE counts the others, and times
 * are in microseconds, there and back for ping, there for broadcast. A node
 * that hears itself is listed as well.
 */
#include "traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * How much may be under way at once. More would overrun what is tested: each
 * frame stands for one that a queue must hold, a broadcast for one a node.
 */
#define UNDER_WAY	16
/* Something that comes twice comes soon. */
#define LINGER_NS	300000000

struct node *nodes;
int node_count;
struct options options = {.count = 1, .timeout = 3000};
uint32_t run;

void die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("lab: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(102);
}

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

void enter(const char *netns)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("network namespace %s: %s", netns, strerror(errno));
	close(fd);
}

/* --- sendings ------------------------------------------------------------- */

/* A sending is one frame from a node; a broadcast has several receivers. */
struct sending {
	int from, to;		/* to < 0: all */
	uint64_t at;
	int missing;
	bool given_up;
};

struct tally {
	uint32_t sent, came, twice;
	uint64_t min, sum, max;
};

static struct sending *sendings;
static struct tally *tally;	/* [from][to] */
static uint8_t *came;		/* [sending], or [sending][to] */
static uint32_t sending_count, sent_count, oldest, under_way;
static const struct method *method;

static struct tally *tally_of(int from, int to)
{
	return &tally[from * node_count + to];
}

static void plan_one(int from, int to)
{
	struct sending *s = &sendings[sending_count++];

	s->from = from;
	s->to = to;
	s->missing = to >= 0 ? 1 : node_count - 1;
}

/* In turns: the load is spread, and no two in a row have the same receiver. */
static void plan(void)
{
	size_t most = (size_t)node_count * options.count *
		      (method->broadcast ? 1 : node_count);

	sendings = calloc(most, sizeof(*sendings));
	came = calloc(most, method->broadcast ? node_count : 1);
	tally = calloc((size_t)node_count * node_count, sizeof(*tally));
	if (!sendings || !came || !tally)
		die("out of memory");
	for (int n = 0; n < options.count; n++) {
		for (int step = 1; step < node_count; step++) {
			for (int from = 0; from < node_count; from++) {
				int to = (from + step) % node_count;

				if (options.from &&
				    nodes[from].number != options.from)
					continue;
				if (method->broadcast) {
					if (step == 1)
						plan_one(from, -1);
				} else if (!options.to ||
					   nodes[to].number == options.to) {
					plan_one(from, to);
				}
			}
		}
	}
}

static void send_next(void)
{
	struct sending *s = &sendings[sent_count];

	s->at = now();
	method->send(s->from, s->to, sent_count);
	for (int to = 0; to < node_count; to++) {
		if (to != s->from && (s->to < 0 || s->to == to))
			tally_of(s->from, to)->sent++;
	}
	under_way += s->missing;
	sent_count++;
}

/* When something of ours last came; others may talk as well. */
static uint64_t heard;

void arrived(uint32_t number, int to)
{
	struct sending *s = &sendings[number];
	struct tally *t;
	uint64_t took;
	uint8_t *seen;

	if (number >= sent_count || (s->to >= 0 && s->to != to))
		return;
	heard = now();
	t = tally_of(s->from, to);
	seen = &came[method->broadcast ? (size_t)number * node_count + to
				       : number];
	if (*seen || to == s->from) {
		t->twice++;
		return;
	}
	*seen = 1;
	took = (now() - s->at) / 1000;
	t->min = t->came && t->min < took ? t->min : took;
	t->max = t->max > took ? t->max : took;
	t->sum += took;
	t->came++;
	s->missing--;
	if (!s->given_up)
		under_way--;
}

/* What came too late makes room for others. */
static void give_up(uint64_t time)
{
	for (; oldest < sent_count; oldest++) {
		struct sending *s = &sendings[oldest];

		if (s->missing &&
		    time - s->at < options.timeout * UINT64_C(1000000))
			return;
		s->given_up = true;
		under_way -= s->missing;
	}
}

static bool may_send(uint64_t time, uint64_t last)
{
	if (sent_count == sending_count)
		return false;
	if (options.interval)
		return time - last >= options.interval * UINT64_C(1000000);
	return under_way <= UNDER_WAY;
}

static void exchange(void)
{
	struct pollfd *polled = calloc(node_count, sizeof(*polled));
	uint64_t time = now(), last = 0;

	if (!polled)
		die("out of memory");
	heard = time;
	for (int i = 0; i < node_count; i++) {
		polled[i].fd = nodes[i].fd;
		polled[i].events = POLLIN;
	}
	while (sent_count < sending_count || oldest < sending_count ||
	       time - heard < LINGER_NS) {
		if (may_send(time, last)) {
			last = time;
			send_next();
		}
		if (poll(polled, node_count, may_send(now(), last) ? 0 : 1) > 0) {
			for (int i = 0; i < node_count; i++) {
				if (polled[i].revents)
					method->receive(i);
			}
		}
		time = now();
		give_up(time);
	}
	free(polled);
}

static void report(void)
{
	for (int from = 0; from < node_count; from++) {
		for (int to = 0; to < node_count; to++) {
			const struct tally *t = tally_of(from, to);

			if ((!t->sent && !t->twice) ||
			    (options.to && nodes[to].number != options.to))
				continue;
			printf("%d %d %u %u %u %lu %lu %lu\n",
			       nodes[from].number, nodes[to].number, t->sent,
			       t->came, t->twice, t->min,
			       t->came ? t->sum / t->came : 0, t->max);
		}
	}
}

/* --- the command line ----------------------------------------------------- */

static void read_nodes(void)
{
	struct node node = {0};
	char address[32];

	while (scanf("%d %63s %15s %31s", &node.number, node.netns, node.device,
		     address) == 4) {
		node.address = method->address(address);
		nodes = reallocarray(nodes, node_count + 1, sizeof(node));
		if (!nodes)
			die("out of memory");
		enter(node.netns);
		node.ifindex = if_nametoindex(node.device);
		if (!node.ifindex)
			die("%s: no device %s", node.netns, node.device);
		nodes[node_count] = node;
		method->open(&nodes[node_count++]);
	}
}

static void read_options(int argc, char **argv)
{
	const struct {
		const char *name;
		int *value;
	} known[] = {
		{"count", &options.count},
		{"from", &options.from},
		{"to", &options.to},
		{"timeout", &options.timeout},
		{"interval", &options.interval},
	};
	char *end;
	size_t k;
	long n;

	for (int i = 0; i + 1 < argc; i += 2) {
		for (k = 0; k < 5 && strcmp(argv[i], known[k].name); k++)
			;
		n = strtol(argv[i + 1], &end, 10);
		if (k == 5 || *end || n < 1 || n > 10000000)
			die("%s %s makes no sense", argv[i], argv[i + 1]);
		*known[k].value = n;
	}
	if (argc % 2)
		die("%s needs a value", argv[argc - 1]);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "inject")) {
		inject(argv[2], argv[3]);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "ping"))
		method = &ping;
	else if (argc > 1 && !strcmp(argv[1], "broadcast"))
		method = &broadcast;
	else
		die("traffic: ping, broadcast or inject");
	read_options(argc - 2, argv + 2);
	run = getpid() ^ (uint32_t)now();
	read_nodes();
	plan();
	exchange();
	report();
	return 0;
}
