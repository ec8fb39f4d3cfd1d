/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SELFTEST_STUBS_H
#define _MESHLAN_SELFTEST_STUBS_H

#include <linux/atomic.h>
#include <linux/skbuff.h>

#include "../counters.h"
#include "../event.h"

/* In place of the parts that no suite tests: what they were asked for. */
extern atomic_t meshlan_test_counts[MESHLAN_COUNTERS];
extern atomic_t meshlan_test_steps[MESHLAN_KEY_STEP_DIE + 1];
extern atomic_t meshlan_test_events[MESHLAN_EVENT_PING + 1];
extern struct sk_buff_head meshlan_test_sent;
extern struct sk_buff_head meshlan_test_received;

void meshlan_test_reset(void);

/* How often it was counted, or told, since the last reset. */
#define MESHLAN_COUNTED(name)	\
	atomic_read(&meshlan_test_counts[MESHLAN_COUNTER_##name])
#define MESHLAN_TOLD(name)	\
	atomic_read(&meshlan_test_events[MESHLAN_EVENT_##name])
#define MESHLAN_STEPS(name)	\
	atomic_read(&meshlan_test_steps[MESHLAN_KEY_STEP_##name])

#endif /* _MESHLAN_SELFTEST_STUBS_H */
