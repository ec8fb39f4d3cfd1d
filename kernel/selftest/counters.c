// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/* The stubs have these names, and the tracepoints are the other module's. */
#define meshlan_count_add	meshlan_counters_count_add
#define meshlan_drop		meshlan_counters_drop
#define meshlan_drop_list	meshlan_counters_drop_list
#define _MESHLAN_TRACE_H

#include "../counters.h"

static void trace_meshlan_drop(const struct net_device *dev,
			       enum meshlan_counter cause,
			       const struct sk_buff *skb)
{
}

#include "../counters.c"

#include "suite.h"

static bool starts(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* A cause without a row would be an error received, for no reason. */
static void every_drop(struct kunit *test)
{
	const struct drop_kind *kind;
	const char *name;
	bool rx, tx;
	int i;

	for (i = 0; i < MESHLAN_DROPS; i++) {
		kind = &drop_kinds[i];
		name = meshlan_counter_name[i];
		rx = kind->stat == RX_ERRORS || kind->stat == RX_DROPPED;
		KUNIT_EXPECT_TRUE_MSG(test, kind->reason,
				      "%s has no reason", name);
		tx = kind->stat == TX_ERRORS || kind->stat == TX_DROPPED;
		KUNIT_EXPECT_TRUE_MSG(test,
				      rx || !starts(name, "drop_rx_"),
				      "%s is not counted as received", name);
		KUNIT_EXPECT_TRUE_MSG(test,
				      tx || !starts(name, "drop_tx_"),
				      "%s is not counted as sent", name);
	}
}

static void every_name(struct kunit *test)
{
	const char *name;
	int i, j;

	for (i = 0; i < MESHLAN_COUNTERS; i++) {
		name = meshlan_counter_name[i];
		KUNIT_EXPECT_TRUE_MSG(test, *name, "counter %d has no name", i);
		KUNIT_EXPECT_TRUE_MSG(test,
				      starts(name, "drop_") ==
				      (i < MESHLAN_DROPS),
				      "%s is no name for counter %d", name, i);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_TRUE_MSG(test,
					      strcmp(name,
						     meshlan_counter_name[j]),
					      "%s is there twice", name);
	}
}

static struct kunit_case counters_cases[] = {
	KUNIT_CASE(every_drop),
	KUNIT_CASE(every_name),
	{}
};

struct kunit_suite meshlan_counters_suite = {
	.name = "meshlan_counters",
	.test_cases = counters_cases,
};
