// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "rpc/metrics.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *label;	/* NULL if it has one value only */
	bool counter;
	const char *help;
} known[METRICS] = {
	[METRIC_INFO] = { "info", NULL, false,
		"The node: its id, its name, the version of its daemon." },
	[METRIC_START_TIME] = { "start_time_seconds", NULL, false,
		"When the daemon was started, in seconds since 1970." },
	[METRIC_CERTIFICATE_EXPIRY] = {
		"certificate_expiry_timestamp_seconds", NULL, false,
		"When the own certificate ends, in seconds since 1970." },
	[METRIC_NODES] = { "nodes", NULL, false,
		"Nodes of the network that are known, this one too." },
	[METRIC_PEERS] = { "peers", "state", false,
		"Nodes this one has or wants a session with." },
	[METRIC_PEER_UP] = { "peer_up", "peer", false,
		"Whether the peer can be reached." },
	[METRIC_PEER_DIRECT] = { "peer_direct", "peer", false,
		"Whether the peer is adjacent, and not relayed to." },
	[METRIC_PEER_DELAY] = { "peer_delay_seconds", "peer", false,
		"Smoothed round trip time of the best path." },
	[METRIC_PEER_JITTER] = { "peer_jitter_seconds", "peer", false,
		"Variation of the round trip time of the best path." },
	[METRIC_PEER_LOSS] = { "peer_loss_ratio", "peer", false,
		"Share of packets lost on the best path." },
	[METRIC_PEER_RATE] = { "peer_rate_bytes_per_second", "peer", false,
		"What the best path was seen to carry." },
	[METRIC_PEER_RECEIVED] = { "peer_received_bytes_total", "peer", true,
		"Bytes received from the peer." },
	[METRIC_PEER_SENT] = { "peer_sent_bytes_total", "peer", true,
		"Bytes sent to the peer." },
	[METRIC_PATHS] = { "paths", "state", false,
		"Paths to adjacent nodes." },
	[METRIC_ROUTES] = { "routes", NULL, false,
		"Nodes that can be reached." },
	[METRIC_ROUTE_CHANGES] = { "route_changes_total", NULL, true,
		"How often the best way to some node changed." },
	[METRIC_REKEYS] = { "rekeys_total", "result", true,
		"Session keys that were agreed on, or could not be." },
	[METRIC_REFUSED] = { "refused_total", "cause", true,
		"Nodes, joins and messages that were refused." },
	[METRIC_CONTROL_CONNECTIONS] = { "control_connections", NULL, false,
		"Connections with other nodes that are open." },
	[METRIC_CONTROL_RECEIVED] = { "control_received_packets_total", NULL,
		true, "Packets of the control channel that came in." },
	[METRIC_CONTROL_SENT] = { "control_sent_packets_total", NULL, true,
		"Packets of the control channel that went out." },
	[METRIC_CONTROL_DROPPED] = { "control_dropped_packets_total", "cause",
		true, "Of those that came in: what strangers sent too much of, or made no sense." },
	[METRIC_RECORDS] = { "records", NULL, false,
		"Records of nodes that are held." },
	[METRIC_DROPS] = { "drops_total", "cause", true,
		"Packets and frames the kernel dropped." },
	[METRIC_HUB_UP] = { "hub_up", "hub", false,
		"Whether the hub answers." },
	[METRIC_DRAINING] = { "draining", NULL, false,
		"Whether this node asks others to go around it." },
};

struct sample {
	enum metric_kind metric;
	char *labels;		/* as they are written; "" for none */
	double value;
};

struct metrics {
	struct sample *sample;
	size_t count, room;
};

/* What needs no escape, and what does, as the format has it. */
static void add_value(struct buf *buf, const char *name, const char *value)
{
	buf_add(buf, ",", 1);
	buf_add(buf, name, strlen(name));
	buf_add(buf, "=\"", 2);
	for (; *value; value++) {
		unsigned char c = *value;

		if (c == '\\' || c == '"')
			buf_add(buf, "\\", 1);
		if (c < ' ' || c > '~')
			c = '?';
		buf_add(buf, &c, 1);
	}
	buf_add(buf, "\"", 1);
}

/* @labels: without its end yet. */
static void add_sample(struct metrics *metrics, enum metric_kind metric,
		       struct buf *labels, double value)
{
	if (metrics->count == metrics->room) {
		metrics->room = metrics->room * 2 + 64;
		metrics->sample = xrealloc(metrics->sample, metrics->room *
					   sizeof(*metrics->sample));
	}
	buf_add(labels, "", 1);
	metrics->sample[metrics->count++] = (struct sample){
		metric, (char *)labels->data, value,
	};
}

void metric_value(struct metrics *metrics, enum metric_kind metric,
		  const char *label, double value)
{
	struct buf labels = {0};

	if (known[metric].label)
		add_value(&labels, known[metric].label, label ? label : "");
	add_sample(metrics, metric, &labels, value);
}

void metric_info(struct metrics *metrics, const char *version,
		 const char *node, const char *name)
{
	struct buf labels = {0};

	add_value(&labels, "version", version);
	add_value(&labels, "node", node);
	add_value(&labels, "name", name);
	add_sample(metrics, METRIC_INFO, &labels, 1);
}

static int compare(const void *one, const void *two)
{
	const struct sample *a = one, *b = two;

	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return strcmp(a->labels, b->labels);
}

__attribute__((format(printf, 2, 3)))
static void add_line(struct buf *out, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_add(out, text, strlen(text));
}

static void add_number(struct buf *out, double value)
{
	if (isnan(value))
		add_line(out, " NaN\n");
	else if (isinf(value))
		add_line(out, " %sInf\n", value < 0 ? "-" : "+");
	else
		add_line(out, " %.15g\n", value);
}

static void add_metric(struct buf *out, const char *network,
		       const struct sample *sample, size_t count)
{
	const char *name = known[sample->metric].name;

	add_line(out, "# HELP meshlan_%s %s\n# TYPE meshlan_%s %s\n", name,
		 known[sample->metric].help, name,
		 known[sample->metric].counter ? "counter" : "gauge");
	for (size_t i = 0; i < count; i++) {
		/* The format has no value twice. */
		if (i && !strcmp(sample[i].labels, sample[i - 1].labels))
			continue;
		add_line(out, "meshlan_%s{", name);
		buf_add(out, network, strlen(network));
		buf_add(out, sample[i].labels, strlen(sample[i].labels));
		buf_add(out, "}", 1);
		add_number(out, sample[i].value);
	}
}

void metrics_text(const char *network, metrics_fn *fn, void *data,
		  struct buf *out)
{
	struct metrics metrics = {0};
	struct buf label = {0};
	size_t next;

	add_value(&label, "network", network);
	buf_add(&label, "", 1);
	fn(&metrics, data);
	if (metrics.count)
		qsort(metrics.sample, metrics.count, sizeof(*metrics.sample),
		      compare);
	for (size_t i = 0; i < metrics.count; i = next) {
		next = i + 1;
		while (next < metrics.count &&
		       metrics.sample[next].metric == metrics.sample[i].metric)
			next++;
		/* Without the comma before it. */
		add_metric(out, (char *)label.data + 1, &metrics.sample[i],
			   next - i);
	}
	for (size_t i = 0; i < metrics.count; i++)
		free(metrics.sample[i].labels);
	free(metrics.sample);
	buf_free(&label);
}
