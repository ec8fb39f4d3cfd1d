/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_EVENT_H
#define _MESHLAN_EVENT_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include <uapi/linux/meshlan.h>

struct meshlan_dev;
struct meshlan_fdb_change;
struct meshlan_key;
struct meshlan_path;
struct meshlan_report;
struct meshlan_session;

/**
 * struct meshlan_events - numbering of a device's events
 * @lock: makes number and sending one step, so that numbers arrive in order
 * @generation: number of the last event
 * @boot_time: boot-based nanoseconds when the device was made
 */
struct meshlan_events {
	spinlock_t	lock;
	u64		generation;
	u64		boot_time;
};

/* Steps in a key's life. */
enum meshlan_key_step {
	MESHLAN_KEY_STEP_NEW,
	MESHLAN_KEY_STEP_SET,
	MESHLAN_KEY_STEP_USE,
	MESHLAN_KEY_STEP_SOFT,
	MESHLAN_KEY_STEP_HARD,
	MESHLAN_KEY_STEP_RETIRE,
	MESHLAN_KEY_STEP_DIE,
};

/**
 * struct meshlan_ping_result - what became of a question
 * @node: node that was asked
 * @id: the asker's name of the question
 * @reporter: node that answered, or reported
 * @cause: enum meshlan_report_cause, 0 if it was answered
 * @rtt: nanoseconds since the question
 */
struct meshlan_ping_result {
	u64	node;
	u32	id;
	u64	reporter;
	u8	cause;
	u64	rtt;
};

/* Each may be called from any context that is not hard interrupt. */

/* Under meshlan_path.lock, so that what the event tells fits together. */
void meshlan_event_path(struct meshlan_path *path, enum meshlan_event event);

void meshlan_event_key(struct meshlan_key *key, enum meshlan_event event);
/* Under meshlan_dev.lock. */
void meshlan_event_session(struct meshlan_session *session,
			   enum meshlan_event event);
void meshlan_event_fdb(struct meshlan_dev *mdev, enum meshlan_event event,
		       const struct meshlan_fdb_change *change);
void meshlan_event_dev(struct meshlan_dev *mdev, enum meshlan_event event,
		       u32 claim_pid);
void meshlan_event_node(struct meshlan_dev *mdev, enum meshlan_event event,
			u64 node);
/* Of a loop through this node and another, or this one alone. */
void meshlan_event_loop(struct meshlan_dev *mdev, enum meshlan_event event,
			u64 node);
void meshlan_event_report(struct meshlan_session *session,
			  const struct meshlan_report *report, u64 via);
void meshlan_event_ping(struct meshlan_dev *mdev,
			const struct meshlan_ping_result *result);

/* Of no interest to a daemon, which takes these steps itself. */
void meshlan_trace_key(const struct meshlan_key *key,
		       enum meshlan_key_step step);

bool meshlan_events_heard(const struct meshlan_dev *mdev);
void meshlan_events_init(struct meshlan_events *events);
u64 meshlan_events_generation(struct meshlan_events *events);

#endif /* _MESHLAN_EVENT_H */
