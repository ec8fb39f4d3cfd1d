// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "option.h"

#define LIST	OPTION_LIST
#define FIXED	OPTION_FIXED
#define HUB	OPTION_HUB

#define MEMBER(member) \
	.offset = offsetof(struct config, member), \
	.size = sizeof(((struct config *)0)->member)
#define SWITCH(member) \
	.value = "on|off", .form = "on or off", .parse = parse_switch, \
	MEMBER(member)
#define NUMBER(member, from, to) \
	.value = "N", .parse = parse_number, MEMBER(member), \
	.least = (from), .most = (to)
#define DURATION(member, from, to) \
	.value = "TIME", .parse = parse_duration, MEMBER(member), \
	.least = (from), .most = (to)
/* The kernel's bounds. */
#define RATE(member) \
	.value = "RATE", .parse = parse_rate, MEMBER(member), \
	.form = "a rate in bits per second (8k to 100G), or none", \
	.zero = "none", .least = 8000, .most = UINT64_C(100000000000)
#define TEXT(kind, member) \
	.parse = parse_##kind, .clear = clear_text, MEMBER(member)
#define FILE_NAME(member) \
	.value = "FILE", .form = "an absolute path", TEXT(file, member)
#define FILES(member) \
	.value = "FILE", .form = "an absolute path", .parse = parse_files, \
	.clear = clear_texts, MEMBER(member)
#define DIRECTORY(member) \
	.value = "DIR", .form = "an absolute path", TEXT(file, member)
#define HOSTS(member) \
	.value = "HOST", .parse = parse_hosts, .clear = clear_hosts, \
	.form = "an address or name, with or without port (192.0.2.1, " \
		"[2001:db8::1]:443, host.example:23731)", MEMBER(member)
#define GLOBS(member) \
	.value = "NAME", .parse = parse_globs, .clear = clear_texts, \
	.form = "an interface's name, perhaps with * and ?", MEMBER(member)
#define TYPES_FORM "an EtherType from 0x600 on (0x0806)"

const struct option config_options[CONFIG_OPTIONS] = {

#define HEADING "network"
[CONFIG_DEVICE] = { "device", HEADING, .standard = "mesh0", .flags = FIXED,
	.value = "NAME", .form = "a device's name (up to 15 characters)",
	TEXT(device, device),
	.help = "the network's device" },
[CONFIG_NAME] = { "name", HEADING, .flags = FIXED,
	.value = "NAME", .form = "a name (1 to 63 of a-z, 0-9 and -)",
	TEXT(name, name),
	.help = "this node's name, for init and join; else that of the host" },
[CONFIG_PORTS] = { "port", HEADING, .standard = "23731",
	.flags = LIST | FIXED | HUB,
	.value = "PORT", .form = "a port (1 to 65535), up to four different ones",
	.parse = parse_ports, .clear = clear_ports, MEMBER(ports),
	.help = "UDP port; others are tried where the first is blocked" },
[CONFIG_ADDRESS] = { "address", HEADING, .standard = "auto", .flags = LIST,
	.value = "auto|none|PREFIX", .zero = "none",
	.form = "auto, none, or an own address with its prefix "
		"(10.9.0.1/24, 2001:db8:9::/64)",
	.parse = parse_address, .clear = clear_address, MEMBER(address),
	.help = "the device's addresses; auto is one of IPv6 made from the key" },
[CONFIG_MTU] = { "mtu", HEADING, .standard = "1360",
	NUMBER(mtu, 1280, 9216), .form = "a number of bytes from 1280 to 9216",
	.help = "the network's MTU, the same at all nodes" },
[CONFIG_ROLE] = { "role", HEADING, .standard = "member",
	.value = "ROLE", .form = "member, client or transit",
	.parse = parse_choice, .names = &meshlan_role_names, MEMBER(dev.role),
	.help = "client: relay for nobody; transit: only relay" },
#undef HEADING

#define HEADING "identity"
[CONFIG_CA] = { "ca", HEADING, .flags = LIST, FILES(ca),
	.help = "own PKI: certificates of authorities" },
[CONFIG_CERTIFICATE] = { "certificate", HEADING, .flags = LIST,
	FILES(certificate),
	.help = "own PKI: this node's certificate, then those between" },
[CONFIG_KEY] = { "key", HEADING, .flags = FIXED, FILE_NAME(key),
	.help = "own PKI: this node's private key" },
[CONFIG_KEY_PASSWORD_FILE] = { "key-password-file", HEADING, .flags = FIXED,
	FILE_NAME(key_password_file),
	.help = "own PKI: a file whose first line opens the key" },
[CONFIG_CRL] = { "crl", HEADING, .flags = LIST, FILES(crl),
	.help = "own PKI: lists of revoked certificates" },
[CONFIG_NETWORK_SECRET_FILE] = { "network-secret-file", HEADING,
	.flags = FIXED, FILE_NAME(network_secret_file),
	.help = "own PKI: the network secret, 32 bytes in hex or base64" },
[CONFIG_PSK_FILE] = { "psk-file", HEADING, .flags = FIXED, FILE_NAME(psk_file),
	.help = "32 bytes in hex or base64, the same at all nodes, in all keys" },
[CONFIG_SIGNER] = { "signer", HEADING, .standard = "on", SWITCH(signer),
	.help = "admit and renew nodes, if this one may sign" },
#undef HEADING

#define HEADING "peers"
[CONFIG_PEER] = { "peer", HEADING, .flags = LIST, HOSTS(peer),
	.help = "a node to connect to, always" },
[CONFIG_HUB] = { "hub", HEADING, .flags = LIST, HOSTS(hub),
	.help = "a hub, where nodes find each other" },
[CONFIG_SRV] = { "srv", HEADING, .flags = LIST,
	.value = "DOMAIN", .form = "a domain name", .parse = parse_domains,
	.clear = clear_texts, MEMBER(srv),
	.help = "a domain whose _meshlan._udp SRV records name peers" },
[CONFIG_LAN] = { "lan", HEADING, .standard = "on", SWITCH(lan),
	.help = "find nodes on the same LAN by multicast" },
[CONFIG_UNDERLAY] = { "underlay", HEADING, .flags = LIST, GLOBS(underlay),
	.help = "interfaces to be used for paths, instead of all" },
[CONFIG_NOT_UNDERLAY] = { "not-underlay", HEADING, .flags = LIST,
	GLOBS(not_underlay),
	.help = "interfaces not to be used for paths" },
[CONFIG_MESH] = { "mesh", HEADING, .standard = "degree",
	.value = "degree|full", .form = "degree or full", .parse = parse_mesh,
	MEMBER(mesh),
	.help = "full: connect to every node, however many" },
[CONFIG_DEGREE] = { "degree", HEADING, .standard = "16",
	NUMBER(degree, 2, 1024), .form = "a number from 2 to 1024",
	.help = "with \"mesh = degree\" the most neighbours, some near, some random" },
[CONFIG_DELAY_CUTOFF] = { "delay-cutoff", HEADING, .standard = "off",
	DURATION(delay_cutoff, MILLISECOND, 10 * SECOND), .zero = "off",
	.form = "a time from 1ms to 10s, or off",
	.help = "neighbours no farther than that, unless there is no other way" },
#undef HEADING

#define HEADING "paths"
[CONFIG_PROBE_INTERVAL] = { "probe-interval", HEADING, .standard = "100ms",
	DURATION(probe_interval, 20 * MILLISECOND, 60 * SECOND),
	.grain = MILLISECOND, .form = "a time from 20ms to 60s, whole ms",
	.help = "between probes while data flows; dead after three unanswered" },
[CONFIG_KEEPALIVE] = { "keepalive", HEADING, .standard = "25s",
	DURATION(keepalive, SECOND, 10 * MINUTE),
	.grain = MILLISECOND, .form = "a time from 1s to 10m, whole ms",
	.help = "the longest silence of a path; less where a NAT forgets sooner" },
[CONFIG_FWMARK] = { "fwmark", HEADING, .standard = "0",
	NUMBER(dev.fwmark, 0, UINT32_MAX), .form = "a mark (0x10)",
	.help = "mark of outer packets, for rules of routing and firewall" },
[CONFIG_DSCP] = { "dscp", HEADING, .standard = "inherit",
	.value = "DSCP", .form = "a DSCP (0 to 63, ef, cs0 to cs7, af11 to af43, or inherit)",
	.parse = parse_dscp, MEMBER(dev.dscp),
	.help = "DSCP of outer packets" },
#undef HEADING

#define HEADING "sessions"
[CONFIG_REKEY] = { "rekey", HEADING, .standard = "2m",
	DURATION(rekey, SECOND, 24 * HOUR), .form = "a time from 1s to 24h",
	.help = "between new keys of a session" },
[CONFIG_CIPHER] = { "cipher", HEADING, .standard = "auto",
	.value = "CIPHER", .form = "auto, chacha20-poly1305 or aes-256-gcm",
	.parse = parse_choice, .names = &meshlan_cipher_names, .zero = "auto",
	MEMBER(cipher),
	.help = "auto: the faster one for the slower node of each pair" },
[CONFIG_LANES] = { "lanes", HEADING, .standard = "auto",
	NUMBER(lanes, 1, MESHLAN_LANE_MAX), .zero = "auto",
	.form = "a number from 1 to 16, or auto",
	.help = "lanes of a session, so that flows spread over processors" },
[CONFIG_DEADMAN] = { "deadman", HEADING, .standard = "off",
	DURATION(deadman, MINUTE, 365 * 24 * HOUR), .zero = "off",
	.form = "a time from 1m to 365d, or off",
	.help = "how long sessions go on when the daemon is gone" },
#undef HEADING

#define HEADING "routing"
[CONFIG_SCATTER] = { "scatter", HEADING, .standard = "flow",
	.value = "MODE", .form = "single, flow, packet or redundant",
	.parse = parse_choice, .names = &meshlan_scatter_names,
	.least = MESHLAN_SCATTER_SINGLE, MEMBER(dev.scatter),
	.help = "which of several ways to a node are taken" },
[CONFIG_SCATTER_RATIO] = { "scatter-ratio", HEADING, .standard = "2",
	.value = "RATIO", .form = "a number from 1 to 10 (1.5)",
	.parse = parse_ratio, MEMBER(scatter_ratio), .least = 1, .most = 10,
	.help = "ways up to so many times as bad as the best are taken too" },
[CONFIG_REDUNDANT_TYPES] = { "redundant-types", HEADING, .standard = "none",
	.flags = LIST, .zero = "none",
	.value = "TYPE", .form = TYPES_FORM ", or none", .parse = parse_types,
	.clear = clear_types, MEMBER(dev),
	.help = "EtherTypes that go two ways in any mode" },
[CONFIG_REDUNDANT_DSCP] = { "redundant-dscp", HEADING, .standard = "none",
	.flags = LIST, .zero = "none",
	.value = "DSCP", .form = "a DSCP (0 to 63, ef, cs0 to cs7, af11 to af43), or none",
	.parse = parse_dscps, .clear = clear_dscps, MEMBER(dev.redundant_dscp),
	.help = "DSCPs that go two ways in any mode" },
[CONFIG_COST] = { "cost", HEADING, .flags = LIST,
	.value = "\"NODE TIME\"", .form = "a node's name or id and a time up to 100s (alpha 10ms)",
	.parse = parse_costs, .clear = clear_costs, MEMBER(cost),
	.most = 100 * SECOND, .unit = MICROSECOND,
	.help = "take the link to a neighbour for slower than it is, by so much" },
#undef HEADING

#define HEADING "limits"
[CONFIG_LIMIT_UP] = { "limit-up", HEADING, .standard = "none",
	RATE(dev.limit_up),
	.help = "what the device sends, to all nodes together" },
[CONFIG_LIMIT_DOWN] = { "limit-down", HEADING, .standard = "none",
	RATE(dev.limit_down),
	.help = "what the device takes in, from all nodes together" },
[CONFIG_LIMIT_BURST] = { "limit-burst", HEADING, .standard = "50ms",
	DURATION(dev.limit_burst, 10 * MILLISECOND, SECOND),
	.unit = MILLISECOND, .form = "a time from 10ms to 1s, whole ms",
	.help = "so much of a limit may come at once" },
[CONFIG_NODE_LIMIT_UP] = { "node-limit-up", HEADING, .standard = "none",
	RATE(node_limit_up),
	.help = "what is sent to each node" },
[CONFIG_NODE_LIMIT_DOWN] = { "node-limit-down", HEADING, .standard = "none",
	RATE(node_limit_down),
	.help = "what is taken in from each node" },
[CONFIG_RELAY_LIMIT] = { "relay-limit", HEADING, .standard = "none",
	RATE(relay_limit),
	.help = "what each neighbour may have relayed" },
[CONFIG_STORM_LIMIT] = { "storm-limit", HEADING, .standard = "10000",
	NUMBER(dev.storm_limit, 1, UINT32_MAX), .zero = "none",
	.form = "a number of frames a second, or none",
	.help = "flooded frames a second of one node" },
[CONFIG_FLOOD_TYPES] = { "flood-types", HEADING, .standard = "any",
	.flags = LIST, .zero = "any",
	.value = "TYPE", .form = TYPES_FORM ", or any",
	.parse = parse_flood_types, .clear = clear_flood_types, MEMBER(dev),
	.help = "EtherTypes that may be flooded" },
[CONFIG_FLOOD_UNKNOWN] = { "flood-unknown", HEADING, .standard = "on",
	SWITCH(dev.flood_unknown),
	.help = "flood frames for MAC addresses that nobody has" },
[CONFIG_FDB_LIMIT] = { "fdb-limit", HEADING, .standard = "65536",
	NUMBER(dev.fdb_limit, 0, UINT32_MAX), .form = "a number",
	.help = "the most MAC addresses that are learned" },
[CONFIG_FDB_NODE_LIMIT] = { "fdb-node-limit", HEADING, .standard = "4096",
	NUMBER(dev.fdb_node_limit, 0, UINT32_MAX), .form = "a number",
	.help = "the most MAC addresses that are learned of one node" },
[CONFIG_FDB_AGE] = { "fdb-age", HEADING, .standard = "5m",
	DURATION(dev.fdb_age, SECOND, UINT32_MAX * SECOND), .unit = SECOND,
	.zero = "never", .form = "a time in whole seconds, or never",
	.help = "silent MAC addresses are forgotten after that" },
[CONFIG_SUPPRESS] = { "suppress", HEADING, .standard = "on",
	SWITCH(dev.suppress),
	.help = "answer ARP and neighbour solicitations here if possible" },
[CONFIG_LINK_LOCAL] = { "link-local", HEADING, .standard = "off",
	SWITCH(dev.link_local),
	.help = "carry frames for 01:80:c2:00:00:0x, as of the spanning tree" },
[CONFIG_LOOP_PROBES] = { "loop-probes", HEADING, .standard = "on",
	SWITCH(dev.loop_probes),
	.help = "as a port of a bridge, find out whether another node bridges the same LAN" },
#undef HEADING

#define HEADING "names"
[CONFIG_DNS] = { "dns", HEADING, .standard = "on", .flags = FIXED, SWITCH(dns),
	.help = "answer for nodes' names, and tell systemd-resolved so" },
[CONFIG_DOMAIN] = { "domain", HEADING, .standard = "%n.internal",
	.flags = FIXED,
	.value = "DOMAIN", .form = "a domain name", TEXT(domain, domain),
	.help = "what follows nodes' names" },
#undef HEADING

#define HEADING "daemon"
[CONFIG_USER] = { "user", HEADING, .standard = "meshd", .flags = FIXED | HUB,
	.value = "USER", .form = "a user's name", TEXT(user, user),
	.help = "as whom to run, when started by root" },
[CONFIG_SECCOMP] = { "seccomp", HEADING, .standard = "on",
	.flags = FIXED | HUB, SWITCH(seccomp),
	.help = "refuse system calls that are not needed; off for debuggers" },
[CONFIG_STATE_DIRECTORY] = { "state-directory", HEADING,
	.standard = "/var/lib/meshlan", .flags = FIXED,
	DIRECTORY(state_directory),
	.help = "below it, in a directory for the network, keys and memory are" },
[CONFIG_RUNTIME_DIRECTORY] = { "runtime-directory", HEADING,
	.standard = "/run/meshlan", .flags = FIXED,
	DIRECTORY(runtime_directory),
	.help = "where the socket for meshctl is" },
[CONFIG_HOOKS_DIRECTORY] = { "hooks-directory", HEADING,
	.standard = CONFIG_DIRECTORY "/hooks.d", DIRECTORY(hooks_directory),
	.help = "programs that are run when something happens" },
[CONFIG_METRICS] = { "metrics", HEADING, .standard = "off", .flags = FIXED,
	.value = "ADDRESS", .zero = "off",
	.form = "an address with or without port ([::1]:65533), or off",
	.parse = parse_listen, MEMBER(metrics),
	.help = "where Prometheus may ask by HTTP; port 65533 if none is said" },
[CONFIG_LOG_LEVEL] = { "log-level", HEADING, .standard = "info", .flags = HUB,
	.value = "LEVEL", .form = "error, warning, info or debug",
	.parse = parse_level, MEMBER(log_level),
	.help = "the least important lines of the log" },
#undef HEADING
};
