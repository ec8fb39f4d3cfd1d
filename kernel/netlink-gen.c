// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/meshlan.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: make generate */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/meshlan.h>

/* Integer value ranges */
static const struct netlink_range_validation meshlan_a_path_active_interval_range = {
	.min	= 20ULL,
	.max	= 60000ULL,
};

static const struct netlink_range_validation meshlan_a_path_idle_interval_range = {
	.min	= 20ULL,
	.max	= 600000ULL,
};

static const struct netlink_range_validation meshlan_a_path_size_range = {
	.min	= 128ULL,
	.max	= 65507ULL,
};

/* Common nested types */
const struct nla_policy meshlan_hop_nl_policy[MESHLAN_A_HOP_WEIGHT + 1] = {
	[MESHLAN_A_HOP_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_HOP_WEIGHT] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy meshlan_route_change_nl_policy[MESHLAN_A_ROUTE_GONE + 1] = {
	[MESHLAN_A_ROUTE_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_ROUTE_HOP] = NLA_POLICY_NESTED(meshlan_hop_nl_policy),
	[MESHLAN_A_ROUTE_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
	[MESHLAN_A_ROUTE_SCATTER] = NLA_POLICY_MAX(NLA_U32, 4),
	[MESHLAN_A_ROUTE_GONE] = { .type = NLA_FLAG, },
};

/* MESHLAN_CMD_DEV_GET - do */
static const struct nla_policy meshlan_dev_get_nl_policy[MESHLAN_A_DEV_IFINDEX + 1] = {
	[MESHLAN_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MESHLAN_CMD_DEV_SET - do */
static const struct nla_policy meshlan_dev_set_nl_policy[MESHLAN_A_DEV_LOOP_PROBES + 1] = {
	[MESHLAN_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_DEV_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_DEV_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[MESHLAN_A_DEV_LANES] = NLA_POLICY_RANGE(NLA_U8, 1, MESHLAN_LANE_MAX),
	[MESHLAN_A_DEV_FDB_LIMIT] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_DEV_FDB_NODE_LIMIT] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_DEV_FDB_AGE] = { .type = NLA_U32, },
	[MESHLAN_A_DEV_FWMARK] = { .type = NLA_U32, },
	[MESHLAN_A_DEV_DSCP] = NLA_POLICY_MAX(NLA_U8, MESHLAN_DSCP_INHERIT),
	[MESHLAN_A_DEV_ROLE] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[MESHLAN_A_DEV_STORM_LIMIT] = { .type = NLA_U32, },
	[MESHLAN_A_DEV_FLOOD_UNKNOWN] = NLA_POLICY_MAX(NLA_U32, 1),
	[MESHLAN_A_DEV_FLOOD_TYPE] = { .type = NLA_U16, },
	[MESHLAN_A_DEV_FLOOD_ANY] = { .type = NLA_FLAG, },
	[MESHLAN_A_DEV_SUPPRESS] = NLA_POLICY_MAX(NLA_U32, 1),
	[MESHLAN_A_DEV_LINK_LOCAL] = NLA_POLICY_MAX(NLA_U32, 1),
	[MESHLAN_A_DEV_LIMIT_UP] = { .type = NLA_U64, },
	[MESHLAN_A_DEV_LIMIT_DOWN] = { .type = NLA_U64, },
	[MESHLAN_A_DEV_LIMIT_BURST] = NLA_POLICY_RANGE(NLA_U16, 10, 1000),
	[MESHLAN_A_DEV_SCATTER] = NLA_POLICY_MAX(NLA_U32, 4),
	[MESHLAN_A_DEV_REDUNDANT_TYPE] = { .type = NLA_U16, },
	[MESHLAN_A_DEV_REDUNDANT_NO_TYPE] = { .type = NLA_FLAG, },
	[MESHLAN_A_DEV_REDUNDANT_DSCP] = { .type = NLA_U64, },
	[MESHLAN_A_DEV_LOOP_PROBES] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* MESHLAN_CMD_DEV_CLAIM - do */
static const struct nla_policy meshlan_dev_claim_nl_policy[MESHLAN_A_DEV_IFINDEX + 1] = {
	[MESHLAN_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MESHLAN_CMD_DEV_RELEASE - do */
static const struct nla_policy meshlan_dev_release_nl_policy[MESHLAN_A_DEV_IFINDEX + 1] = {
	[MESHLAN_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MESHLAN_CMD_SESSION_NEW - do */
static const struct nla_policy meshlan_session_new_nl_policy[MESHLAN_A_SESSION_RELAY_LIMIT + 1] = {
	[MESHLAN_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_SESSION_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_SESSION_EXPIRES] = { .type = NLA_U64, },
	[MESHLAN_A_SESSION_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
	[MESHLAN_A_SESSION_LIMIT_UP] = { .type = NLA_U64, },
	[MESHLAN_A_SESSION_LIMIT_DOWN] = { .type = NLA_U64, },
	[MESHLAN_A_SESSION_RELAY_LIMIT] = { .type = NLA_U64, },
};

/* MESHLAN_CMD_SESSION_SET - do */
static const struct nla_policy meshlan_session_set_nl_policy[MESHLAN_A_SESSION_RELAY_LIMIT + 1] = {
	[MESHLAN_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_SESSION_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_SESSION_EXPIRES] = { .type = NLA_U64, },
	[MESHLAN_A_SESSION_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
	[MESHLAN_A_SESSION_LIMIT_UP] = { .type = NLA_U64, },
	[MESHLAN_A_SESSION_LIMIT_DOWN] = { .type = NLA_U64, },
	[MESHLAN_A_SESSION_RELAY_LIMIT] = { .type = NLA_U64, },
};

/* MESHLAN_CMD_SESSION_GET - do */
static const struct nla_policy meshlan_session_get_do_nl_policy[MESHLAN_A_SESSION_NODE + 1] = {
	[MESHLAN_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_SESSION_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_SESSION_GET - dump */
static const struct nla_policy meshlan_session_get_dump_nl_policy[MESHLAN_A_SESSION_IFINDEX + 1] = {
	[MESHLAN_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MESHLAN_CMD_SESSION_DEL - do */
static const struct nla_policy meshlan_session_del_nl_policy[MESHLAN_A_SESSION_NODE + 1] = {
	[MESHLAN_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_SESSION_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_KEY_NEW - do */
static const struct nla_policy meshlan_key_new_nl_policy[MESHLAN_A_KEY_NODE + 1] = {
	[MESHLAN_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_KEY_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_KEY_SET - do */
static const struct nla_policy meshlan_key_set_nl_policy[MESHLAN_A_KEY_LANES + 1] = {
	[MESHLAN_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_KEY_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_KEY_INDEX] = { .type = NLA_U32, },
	[MESHLAN_A_KEY_NONCE] = NLA_POLICY_EXACT_LEN(MESHLAN_NONCE_SIZE),
	[MESHLAN_A_KEY_PEER_INDEX] = { .type = NLA_U32, },
	[MESHLAN_A_KEY_PEER_NONCE] = NLA_POLICY_EXACT_LEN(MESHLAN_NONCE_SIZE),
	[MESHLAN_A_KEY_SECRET] = NLA_POLICY_EXACT_LEN(MESHLAN_SECRET_SIZE),
	[MESHLAN_A_KEY_CIPHER] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
	[MESHLAN_A_KEY_LANES] = NLA_POLICY_RANGE(NLA_U8, 1, MESHLAN_LANE_MAX),
};

/* MESHLAN_CMD_KEY_USE - do */
static const struct nla_policy meshlan_key_use_nl_policy[MESHLAN_A_KEY_INDEX + 1] = {
	[MESHLAN_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_KEY_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_KEY_INDEX] = { .type = NLA_U32, },
};

/* MESHLAN_CMD_KEY_GET - do */
static const struct nla_policy meshlan_key_get_do_nl_policy[MESHLAN_A_KEY_INDEX + 1] = {
	[MESHLAN_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_KEY_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_KEY_INDEX] = { .type = NLA_U32, },
};

/* MESHLAN_CMD_KEY_GET - dump */
static const struct nla_policy meshlan_key_get_dump_nl_policy[MESHLAN_A_KEY_NODE + 1] = {
	[MESHLAN_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_KEY_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_KEY_DEL - do */
static const struct nla_policy meshlan_key_del_nl_policy[MESHLAN_A_KEY_INDEX + 1] = {
	[MESHLAN_A_KEY_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_KEY_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_KEY_INDEX] = { .type = NLA_U32, },
};

/* MESHLAN_CMD_PATH_NEW - do */
static const struct nla_policy meshlan_path_new_nl_policy[MESHLAN_A_PATH_WEIGHT + 1] = {
	[MESHLAN_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_PATH_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_PATH_ID] = NLA_POLICY_MIN(NLA_U16, 1),
	[MESHLAN_A_PATH_REMOTE_IPV4] = { .type = NLA_BE32, },
	[MESHLAN_A_PATH_REMOTE_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[MESHLAN_A_PATH_REMOTE_PORT] = NLA_POLICY_MIN(NLA_BE16, 1),
	[MESHLAN_A_PATH_LOCAL_IPV4] = { .type = NLA_BE32, },
	[MESHLAN_A_PATH_LOCAL_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[MESHLAN_A_PATH_OIF] = { .type = NLA_U32, },
	[MESHLAN_A_PATH_ACTIVE_INTERVAL] = NLA_POLICY_FULL_RANGE(NLA_U32, &meshlan_a_path_active_interval_range),
	[MESHLAN_A_PATH_IDLE_INTERVAL] = NLA_POLICY_FULL_RANGE(NLA_U32, &meshlan_a_path_idle_interval_range),
	[MESHLAN_A_PATH_RATE] = { .type = NLA_U64, },
	[MESHLAN_A_PATH_WEIGHT] = NLA_POLICY_RANGE(NLA_U32, 1, 1000),
	[MESHLAN_A_PATH_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
};

/* MESHLAN_CMD_PATH_SET - do */
static const struct nla_policy meshlan_path_set_nl_policy[MESHLAN_A_PATH_WEIGHT + 1] = {
	[MESHLAN_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_PATH_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_PATH_ID] = NLA_POLICY_MIN(NLA_U16, 1),
	[MESHLAN_A_PATH_REMOTE_IPV4] = { .type = NLA_BE32, },
	[MESHLAN_A_PATH_REMOTE_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[MESHLAN_A_PATH_REMOTE_PORT] = NLA_POLICY_MIN(NLA_BE16, 1),
	[MESHLAN_A_PATH_LOCAL_IPV4] = { .type = NLA_BE32, },
	[MESHLAN_A_PATH_LOCAL_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[MESHLAN_A_PATH_OIF] = { .type = NLA_U32, },
	[MESHLAN_A_PATH_ACTIVE_INTERVAL] = NLA_POLICY_FULL_RANGE(NLA_U32, &meshlan_a_path_active_interval_range),
	[MESHLAN_A_PATH_IDLE_INTERVAL] = NLA_POLICY_FULL_RANGE(NLA_U32, &meshlan_a_path_idle_interval_range),
	[MESHLAN_A_PATH_RATE] = { .type = NLA_U64, },
	[MESHLAN_A_PATH_WEIGHT] = NLA_POLICY_RANGE(NLA_U32, 1, 1000),
	[MESHLAN_A_PATH_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
};

/* MESHLAN_CMD_PATH_GET - do */
static const struct nla_policy meshlan_path_get_do_nl_policy[MESHLAN_A_PATH_ID + 1] = {
	[MESHLAN_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_PATH_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_PATH_ID] = NLA_POLICY_MIN(NLA_U16, 1),
};

/* MESHLAN_CMD_PATH_GET - dump */
static const struct nla_policy meshlan_path_get_dump_nl_policy[MESHLAN_A_PATH_NODE + 1] = {
	[MESHLAN_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_PATH_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_PATH_DEL - do */
static const struct nla_policy meshlan_path_del_nl_policy[MESHLAN_A_PATH_ID + 1] = {
	[MESHLAN_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_PATH_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_PATH_ID] = NLA_POLICY_MIN(NLA_U16, 1),
};

/* MESHLAN_CMD_PATH_PROBE - do */
static const struct nla_policy meshlan_path_probe_nl_policy[MESHLAN_A_PATH_SIZE + 1] = {
	[MESHLAN_A_PATH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_PATH_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_PATH_ID] = NLA_POLICY_MIN(NLA_U16, 1),
	[MESHLAN_A_PATH_SIZE] = NLA_POLICY_FULL_RANGE(NLA_U32, &meshlan_a_path_size_range),
};

/* MESHLAN_CMD_ROUTE_NEW - do */
static const struct nla_policy meshlan_route_new_nl_policy[MESHLAN_A_ROUTE_SCATTER + 1] = {
	[MESHLAN_A_ROUTE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ROUTE_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_ROUTE_HOP] = NLA_POLICY_NESTED(meshlan_hop_nl_policy),
	[MESHLAN_A_ROUTE_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
	[MESHLAN_A_ROUTE_SCATTER] = NLA_POLICY_MAX(NLA_U32, 4),
};

/* MESHLAN_CMD_ROUTE_SET - do */
static const struct nla_policy meshlan_route_set_nl_policy[MESHLAN_A_ROUTE_SCATTER + 1] = {
	[MESHLAN_A_ROUTE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ROUTE_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_ROUTE_HOP] = NLA_POLICY_NESTED(meshlan_hop_nl_policy),
	[MESHLAN_A_ROUTE_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
	[MESHLAN_A_ROUTE_SCATTER] = NLA_POLICY_MAX(NLA_U32, 4),
};

/* MESHLAN_CMD_ROUTE_GET - do */
static const struct nla_policy meshlan_route_get_do_nl_policy[MESHLAN_A_ROUTE_NODE + 1] = {
	[MESHLAN_A_ROUTE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ROUTE_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_ROUTE_GET - dump */
static const struct nla_policy meshlan_route_get_dump_nl_policy[MESHLAN_A_ROUTE_IFINDEX + 1] = {
	[MESHLAN_A_ROUTE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MESHLAN_CMD_ROUTE_DEL - do */
static const struct nla_policy meshlan_route_del_nl_policy[MESHLAN_A_ROUTE_NODE + 1] = {
	[MESHLAN_A_ROUTE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ROUTE_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_ROUTES_SET - do */
static const struct nla_policy meshlan_routes_set_nl_policy[MESHLAN_A_ROUTES_ROUTE + 1] = {
	[MESHLAN_A_ROUTES_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ROUTES_ROUTE] = NLA_POLICY_NESTED(meshlan_route_change_nl_policy),
};

/* MESHLAN_CMD_ORIGIN_NEW - do */
static const struct nla_policy meshlan_origin_new_nl_policy[MESHLAN_A_ORIGIN_OWNER + 1] = {
	[MESHLAN_A_ORIGIN_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ORIGIN_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_ORIGIN_CHILD] = { .type = NLA_U64, },
	[MESHLAN_A_ORIGIN_LEAF] = { .type = NLA_FLAG, },
	[MESHLAN_A_ORIGIN_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
};

/* MESHLAN_CMD_ORIGIN_SET - do */
static const struct nla_policy meshlan_origin_set_nl_policy[MESHLAN_A_ORIGIN_OWNER + 1] = {
	[MESHLAN_A_ORIGIN_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ORIGIN_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_ORIGIN_CHILD] = { .type = NLA_U64, },
	[MESHLAN_A_ORIGIN_LEAF] = { .type = NLA_FLAG, },
	[MESHLAN_A_ORIGIN_OWNER] = NLA_POLICY_MAX_LEN(MESHLAN_OWNER_MAX),
};

/* MESHLAN_CMD_ORIGIN_GET - do */
static const struct nla_policy meshlan_origin_get_do_nl_policy[MESHLAN_A_ORIGIN_NODE + 1] = {
	[MESHLAN_A_ORIGIN_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ORIGIN_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_ORIGIN_GET - dump */
static const struct nla_policy meshlan_origin_get_dump_nl_policy[MESHLAN_A_ORIGIN_IFINDEX + 1] = {
	[MESHLAN_A_ORIGIN_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MESHLAN_CMD_ORIGIN_DEL - do */
static const struct nla_policy meshlan_origin_del_nl_policy[MESHLAN_A_ORIGIN_NODE + 1] = {
	[MESHLAN_A_ORIGIN_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_ORIGIN_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* MESHLAN_CMD_PING - do */
static const struct nla_policy meshlan_ping_nl_policy[MESHLAN_A_PING_TTL + 1] = {
	[MESHLAN_A_PING_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_PING_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_PING_ID] = { .type = NLA_U32, },
	[MESHLAN_A_PING_TTL] = { .type = NLA_U8, },
};

/* MESHLAN_CMD_FDB_NEW - do */
static const struct nla_policy meshlan_fdb_new_nl_policy[MESHLAN_A_FDB_TYPE + 1] = {
	[MESHLAN_A_FDB_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_FDB_MAC] = NLA_POLICY_EXACT_LEN(6),
	[MESHLAN_A_FDB_VLAN] = NLA_POLICY_MAX(NLA_U16, 4094),
	[MESHLAN_A_FDB_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_FDB_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, 4),
};

/* MESHLAN_CMD_FDB_SET - do */
static const struct nla_policy meshlan_fdb_set_nl_policy[MESHLAN_A_FDB_TYPE + 1] = {
	[MESHLAN_A_FDB_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_FDB_MAC] = NLA_POLICY_EXACT_LEN(6),
	[MESHLAN_A_FDB_VLAN] = NLA_POLICY_MAX(NLA_U16, 4094),
	[MESHLAN_A_FDB_NODE] = NLA_POLICY_MIN(NLA_U64, 1),
	[MESHLAN_A_FDB_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, 4),
};

/* MESHLAN_CMD_FDB_GET - do */
static const struct nla_policy meshlan_fdb_get_do_nl_policy[MESHLAN_A_FDB_VLAN + 1] = {
	[MESHLAN_A_FDB_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_FDB_MAC] = NLA_POLICY_EXACT_LEN(6),
	[MESHLAN_A_FDB_VLAN] = NLA_POLICY_MAX(NLA_U16, 4094),
};

/* MESHLAN_CMD_FDB_GET - dump */
static const struct nla_policy meshlan_fdb_get_dump_nl_policy[MESHLAN_A_FDB_IFINDEX + 1] = {
	[MESHLAN_A_FDB_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* MESHLAN_CMD_FDB_DEL - do */
static const struct nla_policy meshlan_fdb_del_nl_policy[MESHLAN_A_FDB_VLAN + 1] = {
	[MESHLAN_A_FDB_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[MESHLAN_A_FDB_MAC] = NLA_POLICY_EXACT_LEN(6),
	[MESHLAN_A_FDB_VLAN] = NLA_POLICY_MAX(NLA_U16, 4094),
};

/* Ops table for meshlan */
static const struct genl_split_ops meshlan_nl_ops[] = {
	{
		.cmd		= MESHLAN_CMD_DEV_GET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_dev_get_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_dev_get_nl_policy,
		.maxattr	= MESHLAN_A_DEV_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= MESHLAN_CMD_DEV_GET,
		.dumpit	= meshlan_nl_dev_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MESHLAN_CMD_DEV_SET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_dev_set_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_dev_set_nl_policy,
		.maxattr	= MESHLAN_A_DEV_LOOP_PROBES,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_DEV_CLAIM,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_dev_claim_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_dev_claim_nl_policy,
		.maxattr	= MESHLAN_A_DEV_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_DEV_RELEASE,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_dev_release_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_dev_release_nl_policy,
		.maxattr	= MESHLAN_A_DEV_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_SESSION_NEW,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_session_new_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_session_new_nl_policy,
		.maxattr	= MESHLAN_A_SESSION_RELAY_LIMIT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_SESSION_SET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_session_set_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_session_set_nl_policy,
		.maxattr	= MESHLAN_A_SESSION_RELAY_LIMIT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_SESSION_GET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_session_get_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_session_get_do_nl_policy,
		.maxattr	= MESHLAN_A_SESSION_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_SESSION_GET,
		.dumpit		= meshlan_nl_session_get_dumpit,
		.policy		= meshlan_session_get_dump_nl_policy,
		.maxattr	= MESHLAN_A_SESSION_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MESHLAN_CMD_SESSION_DEL,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_session_del_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_session_del_nl_policy,
		.maxattr	= MESHLAN_A_SESSION_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_KEY_NEW,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_key_new_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_key_new_nl_policy,
		.maxattr	= MESHLAN_A_KEY_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_KEY_SET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_key_set_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_key_set_nl_policy,
		.maxattr	= MESHLAN_A_KEY_LANES,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_KEY_USE,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_key_use_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_key_use_nl_policy,
		.maxattr	= MESHLAN_A_KEY_INDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_KEY_GET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_key_get_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_key_get_do_nl_policy,
		.maxattr	= MESHLAN_A_KEY_INDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_KEY_GET,
		.dumpit		= meshlan_nl_key_get_dumpit,
		.policy		= meshlan_key_get_dump_nl_policy,
		.maxattr	= MESHLAN_A_KEY_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MESHLAN_CMD_KEY_DEL,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_key_del_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_key_del_nl_policy,
		.maxattr	= MESHLAN_A_KEY_INDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_PATH_NEW,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_path_new_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_path_new_nl_policy,
		.maxattr	= MESHLAN_A_PATH_WEIGHT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_PATH_SET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_path_set_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_path_set_nl_policy,
		.maxattr	= MESHLAN_A_PATH_WEIGHT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_PATH_GET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_path_get_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_path_get_do_nl_policy,
		.maxattr	= MESHLAN_A_PATH_ID,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_PATH_GET,
		.dumpit		= meshlan_nl_path_get_dumpit,
		.policy		= meshlan_path_get_dump_nl_policy,
		.maxattr	= MESHLAN_A_PATH_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MESHLAN_CMD_PATH_DEL,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_path_del_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_path_del_nl_policy,
		.maxattr	= MESHLAN_A_PATH_ID,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_PATH_PROBE,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_path_probe_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_path_probe_nl_policy,
		.maxattr	= MESHLAN_A_PATH_SIZE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ROUTE_NEW,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_route_new_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_route_new_nl_policy,
		.maxattr	= MESHLAN_A_ROUTE_SCATTER,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ROUTE_SET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_route_set_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_route_set_nl_policy,
		.maxattr	= MESHLAN_A_ROUTE_SCATTER,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ROUTE_GET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_route_get_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_route_get_do_nl_policy,
		.maxattr	= MESHLAN_A_ROUTE_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ROUTE_GET,
		.dumpit		= meshlan_nl_route_get_dumpit,
		.policy		= meshlan_route_get_dump_nl_policy,
		.maxattr	= MESHLAN_A_ROUTE_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MESHLAN_CMD_ROUTE_DEL,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_route_del_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_route_del_nl_policy,
		.maxattr	= MESHLAN_A_ROUTE_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ROUTES_SET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_routes_set_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_routes_set_nl_policy,
		.maxattr	= MESHLAN_A_ROUTES_ROUTE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ORIGIN_NEW,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_origin_new_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_origin_new_nl_policy,
		.maxattr	= MESHLAN_A_ORIGIN_OWNER,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ORIGIN_SET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_origin_set_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_origin_set_nl_policy,
		.maxattr	= MESHLAN_A_ORIGIN_OWNER,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ORIGIN_GET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_origin_get_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_origin_get_do_nl_policy,
		.maxattr	= MESHLAN_A_ORIGIN_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_ORIGIN_GET,
		.dumpit		= meshlan_nl_origin_get_dumpit,
		.policy		= meshlan_origin_get_dump_nl_policy,
		.maxattr	= MESHLAN_A_ORIGIN_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MESHLAN_CMD_ORIGIN_DEL,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_origin_del_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_origin_del_nl_policy,
		.maxattr	= MESHLAN_A_ORIGIN_NODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_PING,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_ping_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_ping_nl_policy,
		.maxattr	= MESHLAN_A_PING_TTL,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_FDB_NEW,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_fdb_new_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_fdb_new_nl_policy,
		.maxattr	= MESHLAN_A_FDB_TYPE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_FDB_SET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_fdb_set_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_fdb_set_nl_policy,
		.maxattr	= MESHLAN_A_FDB_TYPE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_FDB_GET,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_fdb_get_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_fdb_get_do_nl_policy,
		.maxattr	= MESHLAN_A_FDB_VLAN,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= MESHLAN_CMD_FDB_GET,
		.dumpit		= meshlan_nl_fdb_get_dumpit,
		.policy		= meshlan_fdb_get_dump_nl_policy,
		.maxattr	= MESHLAN_A_FDB_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= MESHLAN_CMD_FDB_DEL,
		.pre_doit	= meshlan_nl_pre_doit,
		.doit		= meshlan_nl_fdb_del_doit,
		.post_doit	= meshlan_nl_post_doit,
		.policy		= meshlan_fdb_del_nl_policy,
		.maxattr	= MESHLAN_A_FDB_VLAN,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group meshlan_nl_mcgrps[] = {
	[MESHLAN_NLGRP_EVENTS] = { "events", GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family meshlan_nl_family __ro_after_init = {
	.name		= MESHLAN_FAMILY_NAME,
	.version	= MESHLAN_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= meshlan_nl_ops,
	.n_split_ops	= ARRAY_SIZE(meshlan_nl_ops),
	.mcgrps		= meshlan_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(meshlan_nl_mcgrps),
};
