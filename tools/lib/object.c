// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <assert.h>

#define ATTR(object, id, member, kind, ...)                                    \
	{                                                                      \
		.name = #member,                                               \
		.number = id,                                                  \
		.offset = offsetof(struct meshlan_##object, member),           \
		.size = sizeof(((struct meshlan_##object *)0)->member),        \
		.type = MESHLAN_TYPE_##kind,                                   \
		__VA_ARGS__                                                    \
	}

#define SET(object)                                                            \
	const struct meshlan_set meshlan_##object##_set = {                    \
		.name = #object,                                               \
		.attr = object##_attr,                                         \
		.count = sizeof(object##_attr) / sizeof(*object##_attr),       \
		.size = sizeof(struct meshlan_##object),                       \
	};                                                                     \
	static_assert(offsetof(struct meshlan_##object, has) == 0,             \
		      "has comes first")

#define DEV(id, member, ...) \
	ATTR(dev, MESHLAN_A_DEV_##id, member, __VA_ARGS__)
static const struct meshlan_attr dev_attr[] = {
	DEV(IFINDEX, ifindex, U32),
	DEV(IFNAME, ifname, STRING),
	DEV(NODE, node, NODE),
	DEV(PORT, port, U16),
	DEV(GENERATION, generation, U64),
	DEV(BOOT_TIME, boot_time, U64),
	DEV(CLAIM_PID, claim_pid, U32),
	DEV(CIPHER, cipher, ENUM, .names = &meshlan_cipher_names),
	DEV(CHACHA_SPEED, chacha_speed, U32),
	DEV(AES_SPEED, aes_speed, U32),
	DEV(LANES, lanes, U8),
	DEV(COUNTERS, counters, COUNTERS),
	DEV(SESSIONS, sessions, U32),
	DEV(FDB_ENTRIES, fdb_entries, U32),
	DEV(FDB_LIMIT, fdb_limit, U32),
	DEV(FDB_NODE_LIMIT, fdb_node_limit, U32),
	DEV(FDB_AGE, fdb_age, U32),
	DEV(FWMARK, fwmark, U32),
	DEV(DSCP, dscp, U8),
	DEV(OWNER_UID, owner_uid, U32),
	DEV(ROLE, role, ENUM, .names = &meshlan_role_names),
	DEV(EPOCH, epoch, U16),
	DEV(STORM_LIMIT, storm_limit, U32),
	DEV(FLOOD_UNKNOWN, flood_unknown, ENUM, .names = &meshlan_switch_names),
	DEV(FLOOD_TYPE, flood_type, ETHERTYPES),
	DEV(FLOOD_ANY, flood_any, FLAG),
	DEV(ORIGINS, origins, U32),
	DEV(SUPPRESS, suppress, ENUM, .names = &meshlan_switch_names),
	DEV(LINK_LOCAL, link_local, ENUM, .names = &meshlan_switch_names),
	DEV(LIMIT_UP, limit_up, U64),
	DEV(LIMIT_DOWN, limit_down, U64),
	DEV(LIMIT_BURST, limit_burst, U16),
	DEV(SCATTER, scatter, ENUM, .names = &meshlan_scatter_names),
	DEV(REDUNDANT_TYPE, redundant_type, ETHERTYPES),
	DEV(REDUNDANT_NO_TYPE, redundant_no_type, FLAG),
	DEV(REDUNDANT_DSCP, redundant_dscp, DSCPS),
	DEV(LOOP_PROBES, loop_probes, ENUM, .names = &meshlan_switch_names),
	DEV(LOOPS, loops, U32),
	DEV(LOOP_NODE, loop_node, NODE),
	DEV(BLOCKED, blocked, FLAG),
};
SET(dev);

#define SESSION(id, member, ...) \
	ATTR(session, MESHLAN_A_SESSION_##id, member, __VA_ARGS__)
static const struct meshlan_attr session_attr[] = {
	SESSION(IFINDEX, ifindex, U32),
	SESSION(NODE, node, NODE),
	SESSION(EXPIRES, expires, U64),
	SESSION(OWNER, owner, BLOB),
	SESSION(RX_PACKETS, rx_packets, U64),
	SESSION(RX_BYTES, rx_bytes, U64),
	SESSION(TX_PACKETS, tx_packets, U64),
	SESSION(TX_BYTES, tx_bytes, U64),
	SESSION(AUTH_FAILURES, auth_failures, U64),
	SESSION(REPLAYS, replays, U64),
	SESSION(FDB_ENTRIES, fdb_entries, U32),
	SESSION(EXPIRED, expired, FLAG),
	SESSION(PATHS, paths, U32),
	SESSION(KEYS, keys, U32),
	SESSION(BEST_PATH, best_path, U16),
	SESSION(LIMIT_UP, limit_up, U64),
	SESSION(LIMIT_DOWN, limit_down, U64),
	SESSION(RESEQUENCE_BYTES, resequence_bytes, U32),
	SESSION(RESEQUENCE_WAITED, resequence_waited, U64),
	SESSION(RESEQUENCE_DELAY, resequence_delay, U64),
	SESSION(RESEQUENCE_LOST, resequence_lost, U64),
	SESSION(RESEQUENCE_EXPIRED, resequence_expired, U64),
	SESSION(RESEQUENCE_LATE, resequence_late, U64),
	SESSION(RELAY_LIMIT, relay_limit, U64),
	SESSION(MEMORY, memory, U32),
	SESSION(WINDOW_MEMORY, window_memory, U32),
};
SET(session);

#define KEY(id, member, ...) \
	ATTR(key, MESHLAN_A_KEY_##id, member, __VA_ARGS__)
static const struct meshlan_attr key_attr[] = {
	KEY(IFINDEX, ifindex, U32),
	KEY(NODE, node, NODE),
	KEY(INDEX, index, INDEX),
	KEY(NONCE, nonce, NONCE),
	KEY(PEER_INDEX, peer_index, INDEX),
	KEY(PEER_NONCE, peer_nonce, NONCE),
	KEY(SECRET, secret, SECRET),
	KEY(CIPHER, cipher, ENUM, .names = &meshlan_cipher_names),
	KEY(LANES, lanes, U8),
	KEY(STATE, state, ENUM, .names = &meshlan_key_state_names),
	KEY(RX_PACKETS, rx_packets, U64),
	KEY(RX_BYTES, rx_bytes, U64),
	KEY(TX_PACKETS, tx_packets, U64),
	KEY(TX_BYTES, tx_bytes, U64),
	KEY(AUTH_FAILURES, auth_failures, U64),
	KEY(AGE, age, U32),
};
SET(key);

#define PATH(id, member, ...) \
	ATTR(path, MESHLAN_A_PATH_##id, member, __VA_ARGS__)
static const struct meshlan_attr path_attr[] = {
	PATH(IFINDEX, ifindex, U32),
	PATH(NODE, node, NODE),
	PATH(ID, id, U16),
	PATH(PEER_ID, peer_id, U16),
	PATH(REMOTE_IPV4, remote_ipv4, IPV4),
	PATH(REMOTE_IPV6, remote_ipv6, IPV6),
	PATH(REMOTE_PORT, remote_port, BE16),
	PATH(LOCAL_IPV4, local_ipv4, IPV4),
	PATH(LOCAL_IPV6, local_ipv6, IPV6),
	PATH(OIF, oif, U32),
	PATH(ACTIVE_INTERVAL, active_interval, U32),
	PATH(IDLE_INTERVAL, idle_interval, U32),
	PATH(RATE, rate, U64),
	PATH(WEIGHT, weight, U32),
	PATH(OWNER, owner, BLOB),
	PATH(STATE, state, ENUM, .names = &meshlan_path_state_names),
	PATH(FLAGS, flags, FLAGS, .names = &meshlan_path_flag_names),
	PATH(RTT_LAST, rtt_last, U64),
	PATH(RTT_MIN, rtt_min, U64),
	PATH(RTT_SMOOTHED, rtt_smoothed, U64),
	PATH(JITTER, jitter, U64),
	PATH(LOSS_TX, loss_tx, U32),
	PATH(LOSS_RX, loss_rx, U32),
	PATH(RATE_MEASURED, rate_measured, U64),
	PATH(MTU, mtu, U32),
	PATH(TX_PACKETS, tx_packets, U64),
	PATH(TX_BYTES, tx_bytes, U64),
	PATH(RX_PACKETS, rx_packets, U64),
	PATH(RX_BYTES, rx_bytes, U64),
	PATH(LAST_HEARD, last_heard, U64),
	PATH(SIZE, size, U32),
};
SET(path);

#define HOP(id, member, ...) \
	ATTR(hop, MESHLAN_A_HOP_##id, member, __VA_ARGS__)
static const struct meshlan_attr hop_attr[] = {
	HOP(NODE, node, NODE),
	HOP(WEIGHT, weight, U32),
};
SET(hop);

#define ROUTE(id, member, ...) \
	ATTR(route, MESHLAN_A_ROUTE_##id, member, __VA_ARGS__)
static const struct meshlan_attr route_attr[] = {
	ROUTE(IFINDEX, ifindex, U32),
	ROUTE(NODE, node, NODE),
	ROUTE(HOP, hop, HOPS, .nest = &meshlan_hop_set),
	ROUTE(OWNER, owner, BLOB),
	ROUTE(SCATTER, scatter, ENUM, .names = &meshlan_scatter_names),
	ROUTE(GONE, gone, FLAG),
};
SET(route);

#define ROUTES(id, member, ...) \
	ATTR(routes, MESHLAN_A_ROUTES_##id, member, __VA_ARGS__)
static const struct meshlan_attr routes_attr[] = {
	ROUTES(IFINDEX, ifindex, U32),
	ROUTES(ROUTE, route, ROUTES, .nest = &meshlan_route_set),
};
SET(routes);

#define ORIGIN(id, member, ...) \
	ATTR(origin, MESHLAN_A_ORIGIN_##id, member, __VA_ARGS__)
static const struct meshlan_attr origin_attr[] = {
	ORIGIN(IFINDEX, ifindex, U32),
	ORIGIN(NODE, node, NODE),
	ORIGIN(CHILD, child, NODES),
	ORIGIN(LEAF, leaf, FLAG),
	ORIGIN(OWNER, owner, BLOB),
	ORIGIN(CONFIGURED, configured, FLAG),
	ORIGIN(FRAMES, frames, U64),
	ORIGIN(EPOCHS, epochs, U32),
	ORIGIN(AGE, age, U32),
};
SET(origin);

#define PING(id, member, ...) \
	ATTR(ping, MESHLAN_A_PING_##id, member, __VA_ARGS__)
static const struct meshlan_attr ping_attr[] = {
	PING(IFINDEX, ifindex, U32),
	PING(NODE, node, NODE),
	PING(ID, id, U32),
	PING(TTL, ttl, U8),
	PING(REPORTER, reporter, NODE),
	PING(CAUSE, cause, ENUM, .names = &meshlan_cause_names),
	PING(RTT, rtt, U64),
};
SET(ping);

#define REPORT(id, member, ...) \
	ATTR(report, MESHLAN_A_REPORT_##id, member, __VA_ARGS__)
static const struct meshlan_attr report_attr[] = {
	REPORT(IFINDEX, ifindex, U32),
	REPORT(NODE, node, NODE),
	REPORT(REPORTER, reporter, NODE),
	REPORT(VIA, via, NODE),
	REPORT(CAUSE, cause, ENUM, .names = &meshlan_cause_names),
	REPORT(MTU, mtu, U16),
};
SET(report);

#define FDB(id, member, ...) \
	ATTR(fdb, MESHLAN_A_FDB_##id, member, __VA_ARGS__)
static const struct meshlan_attr fdb_attr[] = {
	FDB(IFINDEX, ifindex, U32),
	FDB(MAC, mac, MAC),
	FDB(VLAN, vlan, U16),
	FDB(NODE, node, NODE),
	FDB(TYPE, type, ENUM, .names = &meshlan_fdb_type_names),
	FDB(AGE, age, U32),
	FDB(MOVES, moves, U32),
	FDB(FROZEN, frozen, FLAG),
};
SET(fdb);

#define EVENT(id, member, ...) \
	ATTR(event_info, MESHLAN_A_EVENT_##id, member, __VA_ARGS__)
static const struct meshlan_attr event_info_attr[] = {
	EVENT(IFINDEX, ifindex, U32),
	EVENT(TYPE, type, ENUM, .names = &meshlan_event_names),
	EVENT(GENERATION, generation, U64),
	EVENT(BOOT_TIME, boot_time, U64),
	EVENT(NODE, node, NODE),
	EVENT(SESSION, session, NEST, .nest = &meshlan_session_set),
	EVENT(KEY, key, NEST, .nest = &meshlan_key_set),
	EVENT(PATH, path, NEST, .nest = &meshlan_path_set),
	EVENT(FDB, fdb, NEST, .nest = &meshlan_fdb_set),
	EVENT(CLAIM_PID, claim_pid, U32),
	EVENT(PING, ping, NEST, .nest = &meshlan_ping_set),
	EVENT(REPORT, report, NEST, .nest = &meshlan_report_set),
	EVENT(HERE, here, NODE),
	EVENT(BLOCKED, blocked, NODE),
};
SET(event_info);

#define LINK(id, member, ...) \
	ATTR(link, IFLA_MESHLAN_##id, member, __VA_ARGS__)
static const struct meshlan_attr link_attr[] = {
	LINK(PORT, port, U16),
	LINK(NODE, node, NODE),
	LINK(LANES, lanes, U8),
	LINK(FDB_LIMIT, fdb_limit, U32),
	LINK(FDB_NODE_LIMIT, fdb_node_limit, U32),
	LINK(FDB_AGE, fdb_age, U32),
	LINK(FWMARK, fwmark, U32),
	LINK(DSCP, dscp, U8),
	LINK(OWNER_UID, owner_uid, U32),
};
SET(link);

const struct meshlan_attr *meshlan_attr_of(const struct meshlan_set *set,
					   unsigned int number)
{
	for (unsigned int i = 0; i < set->count; i++) {
		if (set->attr[i].number == number)
			return &set->attr[i];
	}
	return NULL;
}
