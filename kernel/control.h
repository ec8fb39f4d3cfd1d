/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_CONTROL_H
#define _MESHLAN_CONTROL_H

#include <linux/skbuff.h>

#include <uapi/linux/meshlan.h>

#include "messages.h"

struct meshlan_dev;
struct meshlan_session;
struct netlink_ext_ack;

/* Reports that one neighbour gets in a second; events of those it sends. */
#define MESHLAN_REPORTS		10
/* Reports of others that are passed on for one neighbour in a second. */
#define MESHLAN_REPORTS_PASSED	100
/* Messages of others that are relayed for one beyond a limit in a second. */
#define MESHLAN_CONTROL_RELAYED	100
/* Pings that one node gets in a second. */
#define MESHLAN_PINGS		100
/* Questions that wait for their ping; and how long each does. */
#define MESHLAN_PING_MAX	256
#define MESHLAN_PING_TIME	(5ULL * NSEC_PER_SEC)

/* Packet path: RCU, BH off. */
void meshlan_report(struct meshlan_session *from,
		    const struct meshlan_routed *routed,
		    enum meshlan_report_cause cause, unsigned int mtu);
void meshlan_control_receive(struct meshlan_session *session,
			     struct sk_buff *skb, bool via);

/* Under meshlan_dev.lock. */
int meshlan_ping_ask(struct meshlan_session *session, u32 id, u8 ttl,
		     struct netlink_ext_ack *extack);
void meshlan_pings_age(struct meshlan_dev *mdev);
void meshlan_pings_purge(struct meshlan_dev *mdev);

/* Shared with ping.c and loop_probe.c alone. */
bool meshlan_control_send(struct meshlan_session *session, const void *body,
			  unsigned int len, u8 ttl);
void meshlan_ping_receive(struct meshlan_session *session,
			  const struct meshlan_ping *ping);
bool meshlan_ping_reported(struct meshlan_session *session,
			   const struct meshlan_report *report);

#endif /* _MESHLAN_CONTROL_H */
