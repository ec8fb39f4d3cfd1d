/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHCTL_H
#define MESHCTL_H

#include "../lib/libmeshlan.h"
#include "../lib/output.h"

/* --- commands -------------------------------------------------------------- */

/* What is left of the command line. */
struct args {
	int count;
	char **word;
};

typedef enum meshlan_status run_fn(struct args *args,
				   struct meshlan_error *err);

struct command {
	const char *name;
	run_fn *run;
	const char *usage;	/* what follows the name */
	const char *help;
	const struct command *sub;	/* instead of run */
};

extern const struct command dev_commands[];
extern const struct command session_commands[];
extern const struct command key_commands[];
extern const struct command path_commands[];
extern const struct command route_commands[];
extern const struct command origin_commands[];
extern const struct command fdb_commands[];

run_fn run_show, run_monitor, run_genkey, run_ping, run_trace;
run_fn run_setconf, run_syncconf, run_showconf;
run_fn run_dev_list;

/* Those that ask the daemon. */
extern const struct command token_commands[];
extern const struct command node_commands[];
extern const struct command signer_commands[];

run_fn run_status, run_peers, run_nodes, run_records, run_routes, run_way;
run_fn run_graph, run_events, run_init, run_join, run_leave, run_connect;
run_fn run_disconnect, run_drain, run_reload, run_doctor, run_cost;
run_fn run_metrics;

/* Chosen on the command line; NULL if no network was. */
extern bool want_json;
/* The way to a node as the daemons on it tell it. */
enum meshlan_status trace_mesh(struct args *args, struct meshlan_error *err);
extern const char *want_network;
/* Opened by the first question. */
extern struct meshlan_nl family;
/* One request, or a dump; see meshlan_request() and meshlan_dump(). */
enum meshlan_status ask(uint8_t command, const struct meshlan_set *set,
			const void *object, void *reply,
			struct meshlan_error *err);
enum meshlan_status ask_all(uint8_t command, const struct meshlan_set *set,
			    const void *filter, struct meshlan_list *list,
			    struct meshlan_error *err);

/* --- the command line ----------------------------------------------------- */

/* A word, usually with a value after it, that sets something in an object. */
struct word {
	const char *name;
	const char *value;	/* how usage calls it; NULL if there is none */
	bool many;		/* may be said more than once */
	bool (*parse)(const char *text, void *object);
	const char *want;	/* "not WANT" says what is wrong */
};

extern const struct word dev_words[];
extern const struct word session_words[];
extern const struct word path_words[];
extern const struct word route_words[];
extern const struct word origin_words[];
extern const struct word fdb_words[];

#define PUT(object, attribute, member, given)                                  \
	((object)->member = (given),                                           \
	 (void)((object)->has |= MESHLAN_BIT(attribute)))

/* A rate that can be a limit, or "none"; the text may be in @text. */
bool parse_limit(const char *text, uint64_t *limit);
const char *text_limit(uint64_t limit, char *text);
#define LIMIT_FORM "a rate of 8k to 100G (bit/s: 10M, 1.5Gbit, or none)"
#define SCATTER_FORM "a mode (single, flow, packet, redundant or default)"

const char *take(struct args *args);
enum meshlan_status take_dev(struct args *args, uint32_t *ifindex,
			     struct meshlan_error *err);
enum meshlan_status take_node(struct args *args, uint64_t *node,
			      struct meshlan_error *err);
enum meshlan_status take_words(struct args *args, const struct word *words,
			       void *object, struct meshlan_error *err);
enum meshlan_status take_end(struct args *args, struct meshlan_error *err);
enum meshlan_status apply_word(const struct word *word, const char *value,
			       void *object, struct meshlan_error *err);
enum meshlan_status find_dev(const char *name, uint32_t *ifindex,
			     struct meshlan_error *err);

/* --- lists ------------------------------------------------------------------ */

struct listing {
	const struct meshlan_set *set;
	uint8_t command;
	bool by_node;		/* the kernel narrows the dump to a node */
	size_t columns;
	const char *const *head;
	/* The first column, the device, is there already. */
	void (*row)(struct meshlan_table *table, const void *object);
};

/* [DEV [NODE]] */
enum meshlan_status list(const struct listing *listing, struct args *args,
			 struct meshlan_error *err);
/* Sets a member by the name of its attribute; false if the set has none. */
bool put_named(const struct meshlan_set *set, void *object, const char *name,
	       const void *value);
enum meshlan_status dump_of(uint8_t command, const struct meshlan_set *set,
			    uint32_t ifindex, struct meshlan_list *list,
			    struct meshlan_error *err);
void print_object(struct meshlan_json *json, const struct meshlan_set *set,
		 const void *object, const char *ifname);
struct meshlan_json json_start(void);

/* --- text of objects -------------------------------------------------------- */

/* All of them, in one request, or none. */
enum meshlan_status set_routes(uint32_t ifindex,
			       const struct meshlan_route *route, size_t count,
			       struct meshlan_error *err);
/* Allocated; NULL without memory. */
char *text_hops(const struct meshlan_hop_array *hops);
/* Each returns @text, of MESHLAN_TEXT_MAX bytes. */
const char *text_remote(const struct meshlan_path *path, char *text);
const char *text_local(const struct meshlan_path *path, char *text);
const char *text_oif(uint32_t ifindex, char *text);
const char *text_loss(uint32_t millionths, char *text);
const char *text_value(const struct meshlan_names *names, uint32_t value,
		       char *text);
enum meshlan_colour path_colour(const struct meshlan_path *path);
enum meshlan_colour key_colour(const struct meshlan_key *key);

#endif /* MESHCTL_H */
