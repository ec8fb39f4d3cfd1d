// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "attr.h"

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
};
SET(route);

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

static bool decode_hops(const void *data, size_t len,
			struct meshlan_hop_array *hops)
{
	/* A newer kernel may know more; the rest is not lost, only not seen. */
	if (hops->count == MESHLAN_HOPS_MAX)
		return true;
	return meshlan_decode(&meshlan_hop_set, data, len,
			      &hops->hop[hops->count++]);
}

static void decode_counters(const void *data, size_t len,
			    struct meshlan_counter_array *counters)
{
	counters->count = len / sizeof(uint64_t);
	if (counters->count > MESHLAN_COUNTERS_MAX)
		counters->count = MESHLAN_COUNTERS_MAX;
	memcpy(counters->value, data, counters->count * sizeof(uint64_t));
}

static bool decode_attr(const struct meshlan_attr *attr, const void *data,
			size_t len, void *object)
{
	void *member = (char *)object + attr->offset;
	struct meshlan_blob *blob = member;
	uint16_t be16;

	switch (attr->type) {
	case MESHLAN_TYPE_FLAG:
		*(bool *)member = true;
		return true;
	case MESHLAN_TYPE_BE16:
		if (len != sizeof(be16))
			return false;
		memcpy(&be16, data, sizeof(be16));
		be16 = ntohs(be16);
		memcpy(member, &be16, sizeof(be16));
		return true;
	case MESHLAN_TYPE_BLOB:
		if (len > sizeof(blob->data))
			return false;
		blob->len = len;
		memcpy(blob->data, data, len);
		return true;
	case MESHLAN_TYPE_STRING:
		if (!len || len > attr->size || ((const char *)data)[len - 1])
			return false;
		memcpy(member, data, len);
		return true;
	case MESHLAN_TYPE_COUNTERS:
		if (len % sizeof(uint64_t))
			return false;
		decode_counters(data, len, member);
		return true;
	case MESHLAN_TYPE_NEST:
		return meshlan_decode(attr->nest, data, len, member);
	case MESHLAN_TYPE_HOPS:
		return decode_hops(data, len, member);
	default:
		if (len != attr->size)
			return false;
		memcpy(member, data, len);
		return true;
	}
}

bool meshlan_decode(const struct meshlan_set *set, const void *data,
		    size_t len, void *object)
{
	const struct meshlan_attr *known;
	const struct nlattr *attr;

	memset(object, 0, set->size);
	while ((attr = attr_next(&data, &len))) {
		known = meshlan_attr_of(set, mnl_attr_get_type(attr));
		if (!known)
			continue;
		if (!decode_attr(known, mnl_attr_get_payload(attr),
				 mnl_attr_get_payload_len(attr), object))
			return false;
		*(uint64_t *)object |= MESHLAN_BIT(known->number);
	}
	return !len;
}

static bool encode_hops(const struct meshlan_attr *attr,
			const struct meshlan_hop_array *hops,
			struct nlmsghdr *nlh, size_t size)
{
	struct nlattr *nest;

	for (unsigned int i = 0; i < hops->count; i++) {
		nest = mnl_attr_nest_start_check(nlh, size, attr->number);
		if (!nest || !meshlan_encode(attr->nest, &hops->hop[i], nlh,
					     size))
			return false;
		mnl_attr_nest_end(nlh, nest);
	}
	return true;
}

static bool encode_attr(const struct meshlan_attr *attr, const void *object,
			struct nlmsghdr *nlh, size_t size)
{
	const void *member = (const char *)object + attr->offset;
	const struct meshlan_blob *blob = member;
	uint16_t port;

	switch (attr->type) {
	case MESHLAN_TYPE_FLAG:
		return mnl_attr_put_check(nlh, size, attr->number, 0, NULL);
	case MESHLAN_TYPE_BE16:
		memcpy(&port, member, sizeof(port));
		return mnl_attr_put_u16_check(nlh, size, attr->number,
					      htons(port));
	case MESHLAN_TYPE_BLOB:
		return mnl_attr_put_check(nlh, size, attr->number, blob->len,
					  blob->data);
	case MESHLAN_TYPE_STRING:
		return mnl_attr_put_strz_check(nlh, size, attr->number,
					       member);
	case MESHLAN_TYPE_HOPS:
		return encode_hops(attr, member, nlh, size);
	case MESHLAN_TYPE_COUNTERS:
	case MESHLAN_TYPE_NEST:
		return false;	/* the kernel takes none of these */
	default:
		return mnl_attr_put_check(nlh, size, attr->number, attr->size,
					  member);
	}
}

bool meshlan_encode(const struct meshlan_set *set, const void *object,
		    struct nlmsghdr *nlh, size_t size)
{
	uint64_t has = *(const uint64_t *)object;

	for (unsigned int i = 0; i < set->count; i++) {
		const struct meshlan_attr *attr = &set->attr[i];

		if ((has & MESHLAN_BIT(attr->number)) &&
		    !encode_attr(attr, object, nlh, size))
			return false;
	}
	return true;
}

static uint64_t integer(const struct meshlan_attr *attr, const void *member)
{
	uint64_t u64 = 0;
	uint32_t u32;
	uint16_t u16;

	switch (attr->size) {
	case 1:
		return *(const uint8_t *)member;
	case 2:
		memcpy(&u16, member, 2);
		return u16;
	case 4:
		memcpy(&u32, member, 4);
		return u32;
	default:
		memcpy(&u64, member, 8);
		return u64;
	}
}

static void flags_text(const struct meshlan_names *names, uint64_t flags,
		       char *text, size_t size)
{
	size_t len = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < names->count; i++) {
		if (flags & (UINT64_C(1) << i))
			len += snprintf(text + len, size - len, "%s%s",
					len ? " " : "", names->name[i]);
		if (len >= size)
			return;
	}
}

const char *meshlan_attr_text(const struct meshlan_attr *attr,
			      const void *object, char *text, size_t size)
{
	const void *member = (const char *)object + attr->offset;
	const struct meshlan_blob *blob = member;
	char work[MESHLAN_TEXT_MAX] = "";
	const char *name;

	switch (attr->type) {
	case MESHLAN_TYPE_NODE:
		meshlan_text_node(integer(attr, member), work);
		break;
	case MESHLAN_TYPE_INDEX:
		snprintf(work, sizeof(work), "0x%08" PRIx64,
			 integer(attr, member));
		break;
	case MESHLAN_TYPE_ENUM:
		name = meshlan_name(attr->names, integer(attr, member));
		if (name)
			snprintf(work, sizeof(work), "%s", name);
		else
			snprintf(work, sizeof(work), "%" PRIu64,
				 integer(attr, member));
		break;
	case MESHLAN_TYPE_FLAGS:
		flags_text(attr->names, integer(attr, member), work,
			   sizeof(work));
		break;
	case MESHLAN_TYPE_IPV4:
		inet_ntop(AF_INET, member, work, sizeof(work));
		break;
	case MESHLAN_TYPE_IPV6:
		inet_ntop(AF_INET6, member, work, sizeof(work));
		break;
	case MESHLAN_TYPE_MAC:
		snprintf(work, sizeof(work), "%02x:%02x:%02x:%02x:%02x:%02x",
			 ((const uint8_t *)member)[0],
			 ((const uint8_t *)member)[1],
			 ((const uint8_t *)member)[2],
			 ((const uint8_t *)member)[3],
			 ((const uint8_t *)member)[4],
			 ((const uint8_t *)member)[5]);
		break;
	case MESHLAN_TYPE_NONCE:
		meshlan_text_hex(member, attr->size, work);
		break;
	case MESHLAN_TYPE_BLOB:
		meshlan_text_hex(blob->data, blob->len, work);
		break;
	case MESHLAN_TYPE_STRING:
		snprintf(work, sizeof(work), "%s", (const char *)member);
		break;
	case MESHLAN_TYPE_FLAG:
		snprintf(work, sizeof(work), "yes");
		break;
	case MESHLAN_TYPE_SECRET:
	case MESHLAN_TYPE_COUNTERS:
	case MESHLAN_TYPE_NEST:
	case MESHLAN_TYPE_HOPS:
		break;
	default:
		snprintf(work, sizeof(work), "%" PRIu64,
			 integer(attr, member));
		break;
	}
	snprintf(text, size, "%s", work);
	return text;
}
