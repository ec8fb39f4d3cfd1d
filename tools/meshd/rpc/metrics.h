/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_METRICS_H
#define MESHD_METRICS_H

/*
 * Prometheus' text format, and a small HTTP server that gives it.
 *
 * Values come from a callback when somebody asks: it says metric_value() for
 * each value of each metric, in any order; they are sorted by metric here.
 */

#include <uv.h>

#include "base/addr.h"
#include "base/buf.h"
#include "lib/libmeshlan.h"

/* All there are; their names, types and help are in metrics.c. */
enum metric_kind {
	METRIC_INFO,			/* version, node, name: 1 */
	METRIC_START_TIME,
	METRIC_CERTIFICATE_EXPIRY,
	METRIC_NODES,
	METRIC_PEERS,			/* state */
	METRIC_PEER_UP,			/* peer */
	METRIC_PEER_DIRECT,		/* peer */
	METRIC_PEER_DELAY,		/* peer */
	METRIC_PEER_JITTER,		/* peer */
	METRIC_PEER_LOSS,		/* peer */
	METRIC_PEER_RATE,		/* peer */
	METRIC_PEER_RECEIVED,		/* peer */
	METRIC_PEER_SENT,		/* peer */
	METRIC_PATHS,			/* state */
	METRIC_ROUTES,
	METRIC_ROUTE_CHANGES,
	METRIC_REKEYS,			/* result */
	METRIC_REFUSED,			/* cause */
	METRIC_CONTROL_CONNECTIONS,
	METRIC_CONTROL_RECEIVED,
	METRIC_CONTROL_SENT,
	METRIC_CONTROL_DROPPED,		/* cause */
	METRIC_RECORDS,
	METRIC_DROPS,			/* cause: the kernel's counters */
	METRIC_HUB_UP,			/* hub */
	METRIC_DRAINING,
	METRICS
};

struct metrics;

/*
 * @label: the value of the metric's label, which need not be plain; NULL if
 * it has none. Times are seconds, rates bytes per second, loss a ratio.
 */
void metric_value(struct metrics *metrics, enum metric_kind metric,
		  const char *label, double value);
/* The labels of METRIC_INFO. */
void metric_info(struct metrics *metrics, const char *version,
		 const char *node, const char *name);

typedef void metrics_fn(struct metrics *metrics, void *data);

/* @network is a label of everything. The text is added to @out. */
void metrics_text(const char *network, metrics_fn *fn, void *data,
		  struct buf *out);

struct metrics_server;

/*
 * GET /metrics at @addr; all else is 404. At most 16 connections, ten seconds
 * each when idle.
 */
enum meshlan_status metrics_server_new(uv_loop_t *loop, const union addr *addr,
				       const char *network, metrics_fn *fn,
				       void *data,
				       struct metrics_server **server,
				       struct meshlan_error *err);
/* Memory goes when libuv has closed its handles. */
void metrics_server_free(struct metrics_server *server);

#endif /* MESHD_METRICS_H */
