/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM meshlan

#if !defined(_MESHLAN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MESHLAN_TRACE_H

#include <linux/netdevice.h>
#include <linux/tracepoint.h>

#include "counters.h"
#include "event.h"
#include "key.h"
#include "meshlan.h"
#include "path.h"
#include "session.h"

TRACE_DEFINE_ENUM(MESHLAN_KEY_STEP_NEW);
TRACE_DEFINE_ENUM(MESHLAN_KEY_STEP_SET);
TRACE_DEFINE_ENUM(MESHLAN_KEY_STEP_USE);
TRACE_DEFINE_ENUM(MESHLAN_KEY_STEP_SOFT);
TRACE_DEFINE_ENUM(MESHLAN_KEY_STEP_HARD);
TRACE_DEFINE_ENUM(MESHLAN_KEY_STEP_RETIRE);
TRACE_DEFINE_ENUM(MESHLAN_KEY_STEP_DIE);

/*
 * Names are copied into arrays of fixed size: the macros for strings of any
 * size differ from kernel to kernel.
 */
TRACE_EVENT(meshlan_drop,
	TP_PROTO(const struct net_device *dev, enum meshlan_counter cause,
		 const struct sk_buff *skb),
	TP_ARGS(dev, cause, skb),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__array(char, cause, 32)
		__field(const void *, skb)
		__field(unsigned int, len)
	),
	TP_fast_assign(
		memcpy(__entry->dev, dev->name, IFNAMSIZ);
		memcpy(__entry->cause, meshlan_counter_name[cause], 32);
		__entry->skb = skb;
		__entry->len = skb->len;
	),
	TP_printk("dev=%s cause=%s skb=%p len=%u", __entry->dev,
		  __entry->cause, __entry->skb, __entry->len)
);

TRACE_EVENT(meshlan_path,
	TP_PROTO(const struct meshlan_path *path, bool up),
	TP_ARGS(path, up),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(u64, node)
		__field(u16, id)
		__field(bool, up)
	),
	TP_fast_assign(
		memcpy(__entry->dev, path->session->mdev->dev->name, IFNAMSIZ);
		__entry->node = path->session->node;
		__entry->id = path->id;
		__entry->up = up;
	),
	TP_printk("dev=%s node=%016llx path=%u state=%s", __entry->dev,
		  __entry->node, __entry->id, __entry->up ? "up" : "down")
);

TRACE_EVENT(meshlan_key,
	TP_PROTO(const struct meshlan_key *key, enum meshlan_key_step step),
	TP_ARGS(key, step),
	TP_STRUCT__entry(
		__array(char, dev, IFNAMSIZ)
		__field(u64, node)
		__field(u32, index)
		__field(unsigned int, step)
	),
	TP_fast_assign(
		memcpy(__entry->dev, key->session->mdev->dev->name, IFNAMSIZ);
		__entry->node = key->session->node;
		__entry->index = key->index;
		__entry->step = step;
	),
	TP_printk("dev=%s node=%016llx index=%08x step=%s", __entry->dev,
		  __entry->node, __entry->index,
		  __print_symbolic(__entry->step,
				   { MESHLAN_KEY_STEP_NEW, "new" },
				   { MESHLAN_KEY_STEP_SET, "set" },
				   { MESHLAN_KEY_STEP_USE, "use" },
				   { MESHLAN_KEY_STEP_SOFT, "soft" },
				   { MESHLAN_KEY_STEP_HARD, "hard" },
				   { MESHLAN_KEY_STEP_RETIRE, "retire" },
				   { MESHLAN_KEY_STEP_DIE, "die" }))
);

#endif /* _MESHLAN_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
