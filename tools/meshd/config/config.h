/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CONFIG_H
#define MESHD_CONFIG_H

/*
 * What an administrator tells the daemon: NETWORK.conf, its drop-ins and the
 * command line. Every option stands in one table (option.c) with its default,
 * and every member here has its default's value if nobody said anything.
 *
 * A configuration never changes once it is loaded. To reload, load a second
 * one, ask config_changes() what is different, and free the old one when
 * nothing points into it any more.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/log.h"
#include "lib/libmeshlan.h"

#define CONFIG_DIRECTORY	"/etc/meshlan"
#define CONFIG_PORT		23731
#define CONFIG_METRICS_PORT	65533
#define CONFIG_HUB_NAME		"hub"	/* in the network's place */
#define CONFIG_HUBS_MAX		8
#define CONFIG_PREFIXES_MAX	3
#define CONFIG_PORTS_MAX	4
#define CONFIG_LIST_MAX		256	/* values of one option */
#define CONFIG_NAME_MAX		63

/* One for each option, in the order in which they are shown. */
enum config_id {
	/* [network] */
	CONFIG_DEVICE,
	CONFIG_NAME,
	CONFIG_PORTS,
	CONFIG_ADDRESS,
	CONFIG_MTU,
	CONFIG_ROLE,
	/* [identity] */
	CONFIG_CA,
	CONFIG_CERTIFICATE,
	CONFIG_KEY,
	CONFIG_KEY_PASSWORD_FILE,
	CONFIG_CRL,
	CONFIG_NETWORK_SECRET_FILE,
	CONFIG_PSK_FILE,
	CONFIG_SIGNER,
	/* [peers] */
	CONFIG_PEER,
	CONFIG_HUB,
	CONFIG_SRV,
	CONFIG_LAN,
	CONFIG_UNDERLAY,
	CONFIG_NOT_UNDERLAY,
	CONFIG_MESH,
	CONFIG_DEGREE,
	CONFIG_DELAY_CUTOFF,
	/* [paths] */
	CONFIG_PROBE_INTERVAL,
	CONFIG_KEEPALIVE,
	CONFIG_FWMARK,
	CONFIG_DSCP,
	/* [sessions] */
	CONFIG_REKEY,
	CONFIG_CIPHER,
	CONFIG_LANES,
	CONFIG_DEADMAN,
	/* [routing] */
	CONFIG_SCATTER,
	CONFIG_SCATTER_RATIO,
	CONFIG_REDUNDANT_TYPES,
	CONFIG_REDUNDANT_DSCP,
	CONFIG_COST,
	/* [limits] */
	CONFIG_LIMIT_UP,
	CONFIG_LIMIT_DOWN,
	CONFIG_LIMIT_BURST,
	CONFIG_NODE_LIMIT_UP,
	CONFIG_NODE_LIMIT_DOWN,
	CONFIG_RELAY_LIMIT,
	CONFIG_STORM_LIMIT,
	CONFIG_FLOOD_TYPES,
	CONFIG_FLOOD_UNKNOWN,
	CONFIG_FDB_LIMIT,
	CONFIG_FDB_NODE_LIMIT,
	CONFIG_FDB_AGE,
	CONFIG_SUPPRESS,
	CONFIG_LINK_LOCAL,
	CONFIG_LOOP_PROBES,
	/* [names] */
	CONFIG_DNS,
	CONFIG_DOMAIN,
	/* [daemon] */
	CONFIG_USER,
	CONFIG_SECCOMP,
	CONFIG_STATE_DIRECTORY,
	CONFIG_RUNTIME_DIRECTORY,
	CONFIG_HOOKS_DIRECTORY,
	CONFIG_METRICS,
	CONFIG_LOG_LEVEL,

	CONFIG_OPTIONS
};

/* An address or a name of the DNS. */
struct config_host {
	char *host;		/* without brackets */
	uint16_t port;		/* CONFIG_PORT if none was said */
};

struct config_hosts {
	struct config_host *item;
	size_t count;
};

/* An IPv6 network without host part gets the node id for that. */
struct config_prefix {
	union addr addr;
	unsigned int bits;
};

/* none stands alone; auto is the ULA of network and key. */
struct config_address {
	bool automatic, none;
	struct config_prefix *prefix;
	size_t count;
};

struct config_cost {
	char *node;		/* a name or 16 hex digits */
	uint32_t cost;		/* microseconds, units of the metric */
};

struct config_costs {
	struct config_cost *item;
	size_t count;
};

struct config_texts {
	char **item;
	size_t count;
};

struct config_ports {
	uint16_t port[CONFIG_PORTS_MAX];
	unsigned int count;
};

enum config_mesh {
	CONFIG_MESH_DEGREE,
	CONFIG_MESH_FULL,
};

/*
 * Durations are nanoseconds, rates bits per second; 0 is "off" or "none" where
 * the option has such a word. Texts are NULL if there is none.
 */
struct config {
	char *network;			/* "hub" for meshd --hub */
	/* meshd --hub: just ports (one), user, seccomp and log level count. */
	bool hub_only;

	char *device;
	char *name;			/* NULL: that of the host */
	struct config_ports ports;	/* at least one */
	struct config_address address;
	uint32_t mtu;

	struct config_texts ca;
	struct config_texts certificate;
	char *key;
	char *key_password_file;
	struct config_texts crl;
	char *network_secret_file;
	char *psk_file;
	bool signer;

	struct config_hosts peer;
	struct config_hosts hub;
	struct config_texts srv;		/* domains */
	bool lan;
	struct config_texts underlay;		/* globs; none: all */
	struct config_texts not_underlay;
	enum config_mesh mesh;
	uint32_t degree;
	uint64_t delay_cutoff;

	uint64_t probe_interval;
	uint64_t keepalive;		/* at most, without data */

	uint64_t rekey;
	uint32_t cipher;		/* 0: the better one; MESHLAN_CIPHER_ */
	uint8_t lanes;			/* 0: as the kernel likes */
	uint64_t deadman;

	double scatter_ratio;
	struct config_costs cost;

	uint64_t node_limit_up;
	uint64_t node_limit_down;
	uint64_t relay_limit;

	/*
	 * What the kernel's device keeps: role, fwmark, dscp, scatter, redundant
	 * types and DSCPs, limits, floods, forwarding table, suppress, link-local
	 * and loop-probes. All are there, for MESHLAN_CMD_DEV_SET as it is.
	 */
	struct meshlan_dev dev;

	bool dns;
	char *domain;

	char *user;
	bool seccomp;
	char *state_directory;		/* above that of the network */
	char *runtime_directory;
	char *hooks_directory;
	union addr metrics;		/* family 0: none */
	enum log_level log_level;

	/* As it was written, for config_print() and config_changes(). */
	struct config_said {
		struct config_word {
			char *text;
			char *where;	/* NULL: a default */
		} *item;
		size_t count;
	} said[CONFIG_OPTIONS];
};

/* --- the command line ---------------------------------------------------- */

enum config_action {
	CONFIG_RUN,
	CONFIG_CHECK,			/* --check: load, say nothing */
	CONFIG_SHOW,			/* --show-config */
	CONFIG_EXAMPLE,			/* --example-config */
	CONFIG_HELP,
	CONFIG_VERSION,
};

/*
 * meshd NETWORK [--check|--show-config] [--config-directory DIR]
 * [--OPTION VALUE]... , or meshd --hub and the same. Later than as the first
 * word, --hub is an option and takes a host.
 */
struct config_command {
	enum config_action action;
	bool hub;
	const char *network;		/* "hub" with --hub */
	const char *directory;
	int argc;			/* the options that are left */
	char **argv;			/* free() the array */
};

/* Everything points into @argv. */
enum meshlan_status config_command(int argc, char **argv,
				   struct config_command *command,
				   struct meshlan_error *err);

/* --- configurations ------------------------------------------------------ */

/*
 * @argv: options only, as config_command() left them; keep them for reloads.
 * DIR/NETWORK.conf and DIR/NETWORK.conf.d may be missing. With an error there
 * is nothing to free.
 */
enum meshlan_status config_load(struct config *config, const char *network,
				const char *directory, int argc, char **argv,
				struct meshlan_error *err);
/* The same for meshd --hub, from DIR/hub.conf. */
enum meshlan_status config_load_hub(struct config *config,
				    const char *directory, int argc,
				    char **argv, struct meshlan_error *err);
void config_free(struct config *config);

/* As a file that gives the same configuration; defaults as comments. */
void config_print(const struct config *config, FILE *out);
/* Every option with a line of help: for --help, and as an example file. */
void config_help(FILE *out);
void config_example(FILE *out);

/* --- reloading ----------------------------------------------------------- */

struct config_changes {
	bool option[CONFIG_OPTIONS];
	unsigned int count;
};

/*
 * MESHLAN_ERR_REFUSED, naming the first option that may not change while the
 * daemon runs; then the old configuration stays in force, whole.
 */
enum meshlan_status config_changes(const struct config *old,
				   const struct config *new,
				   struct config_changes *changes,
				   struct meshlan_error *err);
/* "device"; for messages. */
const char *config_option_name(enum config_id id);
/* Whether a port below 1024 is to be opened, the DNS one included. */
bool config_low_ports(const struct config *config);

/* --- for the above and for tests ----------------------------------------- */

/* 1 to 63 of a-z, 0-9 and dashes, none of these at an end. */
bool config_is_name(const char *text);
bool config_is_domain(const char *text);

/* One file's worth of text; @file stands in messages. Any bytes will do. */
enum meshlan_status config_parse(struct config *config, const char *text,
				 size_t len, const char *file,
				 struct meshlan_error *err);
/* An empty one, to parse into and to finish; free it also after errors. */
void config_begin(struct config *config, const char *network, bool hub);
/* Defaults for what nobody said, and what only all together can show. */
enum meshlan_status config_finish(struct config *config,
				  struct meshlan_error *err);

#endif /* MESHD_CONFIG_H */
