/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHSIM_SCENARIO_H
#define MESHSIM_SCENARIO_H

#include "sim.h"

enum scenario_kind {
	SCENARIO_LINK_DOWN,
	SCENARIO_LINK_UP,
	SCENARIO_COST,
	SCENARIO_RESET,
	SCENARIO_RESTART,		/* of a daemon, with its state */
	SCENARIO_REBOOT,		/* without */
	SCENARIO_KINDS,
};

/* What all events of a kind came to. */
struct scenario_sum {
	uint32_t count;
	double seconds, seconds_max;	/* until no route changed */
	double healed_max;		/* until no way came or went */
	uint64_t updates;
};

struct scenario {
	uint32_t events, churn;		/* churn: seconds with an event each */
	bool partition;

	double converged, cpu;
	double partition_seconds, merge_seconds;
	struct scenario_sum sum[SCENARIO_KINDS];
	double bytes_start, bytes_churn;	/* of a node, all and in a second */
	double stretch;
	uint32_t wrong, unconverged;
	uint32_t flood_wrong;		/* of some origins: not N - 1 copies */
	uint64_t table, memory, memory_max;	/* of a node, on average */
	uint64_t raised, asks;
};

const char *scenario_name(enum scenario_kind kind);
void scenario_run(struct sim *sim, struct scenario *scenario);
/* One of a kind, or of another if there is none to be had. */
enum scenario_kind scenario_event(struct sim *sim, enum scenario_kind kind);
/* Cuts all links between the first half of the nodes and the rest. */
void scenario_partition(struct sim *sim, bool cut);

#endif /* MESHSIM_SCENARIO_H */
