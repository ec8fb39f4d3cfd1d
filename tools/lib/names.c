// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <assert.h>
#include <string.h>

#define NAMES(id, start, last, ...)                                            \
	static const char *const id##_list[] = {__VA_ARGS__};                  \
	static_assert(sizeof(id##_list) / sizeof(*id##_list) ==                \
			      (last) - (start) + 1,                            \
		      "as many names as values");                              \
	const struct meshlan_names id = {                                      \
		.first = (start),                                              \
		.count = (last) - (start) + 1,                                 \
		.name = id##_list,                                             \
	}

NAMES(meshlan_switch_names, MESHLAN_SWITCH_OFF, MESHLAN_SWITCH_ON,
      "off", "on");

NAMES(meshlan_cipher_names, MESHLAN_CIPHER_CHACHA20_POLY1305,
      MESHLAN_CIPHER_AES_256_GCM,
      "chacha20-poly1305", "aes-256-gcm");

NAMES(meshlan_key_state_names, MESHLAN_KEY_STATE_NEW, MESHLAN_KEY_STATE_RETIRED,
      "new", "receive", "transmit", "retired");

NAMES(meshlan_path_state_names, MESHLAN_PATH_STATE_DOWN, MESHLAN_PATH_STATE_UP,
      "down", "up");

/* Bit numbers. */
NAMES(meshlan_path_flag_names, 0, 4,
      "heard", "heard-by-peer", "active", "best", "local-learned");

NAMES(meshlan_fdb_type_names, MESHLAN_FDB_TYPE_LOCAL, MESHLAN_FDB_TYPE_STATIC,
      "local", "learned", "certified", "static");

NAMES(meshlan_role_names, MESHLAN_ROLE_MEMBER, MESHLAN_ROLE_TRANSIT,
      "member", "client", "transit");

NAMES(meshlan_scatter_names, MESHLAN_SCATTER_DEFAULT,
      MESHLAN_SCATTER_REDUNDANT,
      "default", "single", "flow", "packet", "redundant");

NAMES(meshlan_cause_names, MESHLAN_REPORT_CAUSE_TTL,
      MESHLAN_REPORT_CAUSE_REFUSED,
      "ttl", "no-route", "too-big", "refused");

NAMES(meshlan_event_names, MESHLAN_EVENT_PATH_UP, MESHLAN_EVENT_PING,
      "path-up", "path-down", "path-stats", "path-mtu", "path-moved",
      "key-soft", "key-hard", "key-lost",
      "session-wanted", "session-idle", "session-expired",
      "fdb-add", "fdb-move", "fdb-del", "fdb-frozen",
      "conflict", "loop-found", "loop-cleared", "storm", "report",
      "owner-lost", "netns-gone", "ping");

NAMES(meshlan_counter_names, MESHLAN_COUNTER_DROP_RX_MULTICAST,
      MESHLAN_COUNTER_CRYPTO_ASYNC,
      "drop-rx-multicast", "drop-rx-short", "drop-rx-type", "drop-rx-flags",
      "drop-rx-index", "drop-rx-expired", "drop-rx-replay",
      "drop-copy", "drop-rx-auth",
      "drop-rx-key-limit", "drop-rx-frame", "drop-rx-source", "drop-rx-probe",
      "drop-rx-path", "drop-rx-ecn", "drop-rx-order", "drop-rx-nomem",
      "drop-rx-down", "drop-rx-backlog", "drop-rx-control",
      "drop-rx-fragment", "drop-rx-reassembly",
      "drop-relay-ttl", "drop-relay-route", "drop-relay-refused",
      "drop-relay-limit",
      "drop-flood-seen", "drop-flood-epoch",
      "drop-flood-origins", "drop-flood-storm", "drop-flood-type", "drop-rx-link-local",
      "drop-rx-limit",
      "drop-tx-frame", "drop-tx-nobody", "drop-tx-session",
      "drop-tx-expired", "drop-tx-key", "drop-tx-key-limit", "drop-tx-path",
      "drop-tx-route", "drop-tx-loop", "drop-tx-too-big", "drop-tx-checksum",
      "drop-tx-seal", "drop-tx-nomem", "drop-tx-limit", "drop-tx-same-node",
      "drop-tx-unknown",
      "drop-role", "drop-tx-link-local", "drop-blocked", "drop-loop-probe",
      "fdb-full", "fdb-frozen", "fdb-conflict", "fdb-moved",
      "suppressed-arp", "suppressed-nd", "contested",
      "flood-tx", "flood-rx", "flood-copy-tx", "flood-all-tx", "flood-ttl",
      "fragment-tx", "fragment-rx", "too-big-tx",
      "relayed", "report-tx", "report-rx", "wanted",
      "probe-tx", "probe-rx", "challenge-tx",
      "loop-probe-tx", "loop-probe-rx", "loop-proof",
      "path-moved", "crypto-async");

const char *meshlan_name(const struct meshlan_names *names, unsigned int value)
{
	if (value < names->first || value - names->first >= names->count)
		return NULL;
	return names->name[value - names->first];
}

bool meshlan_value(const struct meshlan_names *names, const char *name,
		   uint32_t *value)
{
	size_t len = strlen(name);
	unsigned int fits = 0;

	for (unsigned int i = 0; len && i < names->count; i++) {
		if (strncmp(names->name[i], name, len))
			continue;
		*value = names->first + i;
		if (!names->name[i][len])
			return true;
		fits++;
	}
	return fits == 1;
}
