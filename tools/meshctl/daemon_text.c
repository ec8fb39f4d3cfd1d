// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "daemon.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECOND	UINT64_C(1000000000)

/* --- members ------------------------------------------------------------------- */

/* What others named themselves is shown plain. Returns @text. */
static const char *plain(const char *from, char text[MESHLAN_TEXT_MAX])
{
	snprintf(text, MESHLAN_TEXT_MAX, "%s", from);
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	return text;
}

static const char *text_of(const json_t *object, const char *name,
			   char text[MESHLAN_TEXT_MAX])
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? plain(value, text) : "-";
}

static bool has(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return value && !json_is_null(value);
}

static uint64_t number_of(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 ? value : 0;
}

static bool is(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* Texts of an array with commas between. */
static const char *joined(const json_t *array, char text[MESHLAN_TEXT_MAX])
{
	char one[MESHLAN_TEXT_MAX];
	size_t i, len = 0;
	json_t *value;

	text[0] = 0;
	json_array_foreach(array, i, value) {
		if (!json_is_string(value) || len >= MESHLAN_TEXT_MAX - 3)
			continue;
		len += snprintf(text + len, MESHLAN_TEXT_MAX - len, "%s%s",
				len ? ", " : "",
				plain(json_string_value(value), one));
	}
	return text[0] ? text : "-";
}

static const char *until(uint64_t end, uint64_t date, char *text)
{
	char when[MESHLAN_TEXT_MAX], span[MESHLAN_TEXT_MAX];

	if (!end)
		return "never";
	meshlan_text_time(end, when);
	if (end <= date)
		snprintf(text, MESHLAN_TEXT_MAX, "%.40s (past)", when);
	else
		snprintf(text, MESHLAN_TEXT_MAX, "%.40s (in %.40s)", when,
			 meshlan_text_duration((end - date) * SECOND, span));
	return text;
}

/* --- tables --------------------------------------------------------------------- */

enum kind {
	KIND_TEXT,
	KIND_STATE,	/* coloured */
	KIND_TEXTS,
	KIND_NUMBER,
	KIND_NS,
	KIND_LOSS,
	KIND_RATE,
	KIND_SECONDS,
	KIND_DATE,
	KIND_WAY,	/* of direct and via */
	KIND_HOPS,
	KIND_SWITCH,
};

struct column {
	const char *head, *name;
	enum kind kind;
};

static enum meshlan_colour state_colour(const char *state)
{
	static const char *const good[] = {"up", "good", "self", "direct"};
	static const char *const bad[] = {"down", "expired", "revoked", "none"};

	for (size_t i = 0; i < 4; i++) {
		if (!strcmp(state, good[i]))
			return MESHLAN_GREEN;
		if (!strcmp(state, bad[i]))
			return MESHLAN_RED;
	}
	return MESHLAN_YELLOW;
}

static const char *hops_text(const json_t *hops, char *text)
{
	char name[MESHLAN_TEXT_MAX];
	size_t i, len = 0;
	json_t *hop;

	text[0] = 0;
	json_array_foreach(hops, i, hop) {
		if (len >= MESHLAN_TEXT_MAX - 3)
			break;
		len += snprintf(text + len, MESHLAN_TEXT_MAX - len,
				"%s%.64s*%" PRIu64, len ? ", " : "",
				text_of(hop, "name", name),
				number_of(hop, "weight"));
	}
	return text[0] ? text : "-";
}

static const char *way_text(const json_t *row, char *text)
{
	char via[MESHLAN_TEXT_MAX];

	if (is(row, "direct"))
		return "direct";
	if (!has(row, "via"))
		return "-";
	snprintf(text, MESHLAN_TEXT_MAX, "via %.64s",
		 text_of(row, "via", via));
	return text;
}

static const char *number_text(uint64_t value, enum kind kind, char *text)
{
	switch (kind) {
	case KIND_NS:
		return meshlan_text_duration(value, text);
	case KIND_SECONDS:
		return meshlan_text_duration(value * SECOND, text);
	case KIND_LOSS:
		return text_loss(value, text);
	case KIND_RATE:
		return meshlan_text_rate(value, text);
	case KIND_DATE:
		return value ? meshlan_text_time(value, text) : "never";
	default:
		snprintf(text, MESHLAN_TEXT_MAX, "%" PRIu64, value);
		return text;
	}
}

static const char *cell_text(const json_t *row, const struct column *column,
			     char *text)
{
	const json_t *value = json_object_get(row, column->name);

	switch (column->kind) {
	case KIND_WAY:
		return way_text(row, text);
	case KIND_TEXT:
	case KIND_STATE:
		return text_of(row, column->name, text);
	case KIND_TEXTS:
		return joined(value, text);
	case KIND_HOPS:
		return hops_text(value, text);
	case KIND_SWITCH:
		return json_is_true(value) ? "yes" : "no";
	default:
		return json_is_integer(value) ?
			       number_text(number_of(row, column->name),
					   column->kind, text) : "-";
	}
}

/* Columns end with one that has no head. */
static void render_table(FILE *out, const json_t *rows,
			 const struct column *columns)
{
	const char *head[MESHLAN_COLUMNS_MAX], *cell;
	char text[MESHLAN_TEXT_MAX];
	struct meshlan_table table;
	size_t count = 0, i;
	json_t *row;

	for (; columns[count].head; count++)
		head[count] = columns[count].head;
	meshlan_table_head(&table, count, head);
	json_array_foreach(rows, i, row) {
		for (size_t j = 0; j < count; j++) {
			cell = cell_text(row, &columns[j], text);
			meshlan_table_cell(&table,
					   columns[j].kind == KIND_STATE ?
						   state_colour(cell) :
						   MESHLAN_PLAIN,
					   "%s", cell);
		}
	}
	meshlan_table_print(&table, out);
}

#define TABLE(name, ...)						\
	void render_##name(FILE *out, const json_t *result, uint64_t date) \
	{								\
		static const struct column columns[] = {__VA_ARGS__, {0}}; \
									\
		(void)date;						\
		render_table(out, result, columns);			\
	}

TABLE(peers, {"NAME", "name", KIND_TEXT}, {"NODE", "node", KIND_TEXT},
      {"STATE", "state", KIND_STATE}, {"WAY", NULL, KIND_WAY},
      {"ENDPOINT", "endpoint", KIND_TEXT}, {"DELAY", "delay", KIND_NS},
      {"JITTER", "jitter", KIND_NS}, {"LOSS", "loss", KIND_LOSS},
      {"RATE", "rate", KIND_RATE}, {"AGE", "age", KIND_SECONDS},
      {"ERROR", "error", KIND_TEXT})

TABLE(nodes, {"NAME", "name", KIND_TEXT}, {"NODE", "node", KIND_TEXT},
      {"CLASS", "class", KIND_TEXT}, {"REACH", "reach", KIND_STATE},
      {"VIA", "via", KIND_TEXT}, {"ADDRESSES", "addresses", KIND_TEXTS},
      {"EXPIRES", "expires", KIND_DATE}, {"VERSION", "version", KIND_TEXT},
      {"CONFLICT", "conflict", KIND_TEXT})

TABLE(records, {"NAME", "name", KIND_TEXT}, {"NODE", "node", KIND_TEXT},
      {"SEQUENCE", "sequence", KIND_NUMBER}, {"AGE", "age", KIND_SECONDS},
      {"EXPIRES", "expires", KIND_DATE}, {"BYTES", "bytes", KIND_NUMBER})

TABLE(routes, {"NAME", "name", KIND_TEXT}, {"NODE", "node", KIND_TEXT},
      {"STATE", "state", KIND_STATE}, {"METRIC", "metric", KIND_NUMBER},
      {"HOPS", "hops", KIND_HOPS})

TABLE(tokens, {"ID", "id", KIND_TEXT}, {"STATE", "state", KIND_STATE},
      {"LEFT", "uses_left", KIND_NUMBER}, {"USES", "uses", KIND_NUMBER},
      {"EXPIRES", "expires", KIND_DATE}, {"CLASS", "class", KIND_TEXT},
      {"ANY-SIGNER", "any_signer", KIND_SWITCH}, {"NAME", "name", KIND_TEXT},
      {"NOTE", "note", KIND_TEXT})

TABLE(certificates, {"NAME", "name", KIND_TEXT}, {"NODE", "node", KIND_TEXT},
      {"SERIAL", "serial", KIND_TEXT}, {"CLASS", "class", KIND_TEXT},
      {"ISSUED", "issued", KIND_DATE}, {"EXPIRES", "expires", KIND_DATE},
      {"REVOKED", "revoked", KIND_DATE})

TABLE(signers, {"NAME", "name", KIND_TEXT}, {"NODE", "node", KIND_TEXT},
      {"EXPIRES", "expires", KIND_DATE}, {"THIS", "self", KIND_SWITCH})

static const struct column hop_columns[] = {
	{"FROM", "from", KIND_TEXT}, {"TO", "name", KIND_TEXT},
	{"WEIGHT", "weight", KIND_NUMBER},
	{"DELAY", "delay", KIND_NS}, {"JITTER", "jitter", KIND_NS},
	{"LOSS", "loss", KIND_LOSS}, {"RATE", "rate", KIND_RATE},
	{"MTU", "mtu", KIND_NUMBER}, {"METRIC", "metric", KIND_NUMBER},
	{"BROKEN", "broken", KIND_TEXT}, {0},
};

void render_path(FILE *out, const json_t *result, uint64_t date)
{
	char from[MESHLAN_TEXT_MAX], to[MESHLAN_TEXT_MAX];

	(void)date;
	fprintf(out, "from %s to %s", text_of(result, "from", from),
		text_of(result, "to", to));
	if (has(result, "metric"))
		fprintf(out, ", metric %" PRIu64, number_of(result, "metric"));
	fputs(is(result, "reached") ? "\n" : ": it is not reached\n", out);
	render_table(out, json_object_get(result, "hops"), hop_columns);
}

void render_graph(FILE *out, const json_t *result, uint64_t date)
{
	static const struct column columns[] = {
		{"FROM", "from", KIND_TEXT}, {"TO", "to", KIND_TEXT},
		{"DELAY", "delay", KIND_NS}, {"JITTER", "jitter", KIND_NS},
		{"LOSS", "loss", KIND_LOSS}, {"RATE", "rate", KIND_RATE},
		{"METRIC", "metric", KIND_NUMBER},
		{"COST", "cost", KIND_NUMBER}, {"UP", "up", KIND_SWITCH}, {0},
	};

	(void)date;
	render_table(out, json_object_get(result, "links"), columns);
}

/* --- status ---------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4)))
static void line(FILE *out, const char *name, const char *format, ...)
{
	va_list args;

	fprintf(out, "  %-12s ", name);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	putc('\n', out);
}

static void status_node(FILE *out, const json_t *status, uint64_t date)
{
	const json_t *certificate = json_object_get(status, "certificate");
	char a[MESHLAN_TEXT_MAX], b[MESHLAN_TEXT_MAX], c[MESHLAN_TEXT_MAX];

	if (has(status, "node"))
		line(out, "node", "%s (%s), %s", text_of(status, "name", a),
		     text_of(status, "node", b), text_of(status, "class", c));
	if (has(status, "device"))
		line(out, "device", "%s, port %" PRIu64 ", MTU %" PRIu64,
		     text_of(status, "device", a), number_of(status, "port"),
		     number_of(status, "mtu"));
	if (has(status, "addresses"))
		line(out, "addresses", "%s",
		     joined(json_object_get(status, "addresses"), a));
	if (!certificate)
		return;
	line(out, "certificate", "ends %s",
	     until(number_of(certificate, "expires"), date, a));
	if (has(certificate, "renewal"))
		line(out, "", "renews %s",
		     until(number_of(certificate, "renewal"), date, a));
}

static void status_others(FILE *out, const json_t *status)
{
	const json_t *peers = json_object_get(status, "peers");
	const json_t *nat = json_object_get(status, "nat");
	char a[MESHLAN_TEXT_MAX], b[MESHLAN_TEXT_MAX], c[MESHLAN_TEXT_MAX];
	json_t *hub;
	size_t i;

	if (peers)
		line(out, "peers", "%" PRIu64 " up of %" PRIu64,
		     number_of(peers, "up"), number_of(peers, "known"));
	if (has(status, "nodes"))
		line(out, "nodes", "%" PRIu64, number_of(status, "nodes"));
	if (has(status, "signers") || is(status, "signer"))
		line(out, "signers", "%s%s",
		     joined(json_object_get(status, "signers"), a),
		     is(status, "signer") ? " (this node is one)" : "");
	json_array_foreach(json_object_get(status, "hubs"), i, hub)
		line(out, i ? "" : "hubs", "%s %s%s%s",
		     text_of(hub, "address", a), text_of(hub, "state", b),
		     has(hub, "error") ? ": " : "",
		     has(hub, "error") ? text_of(hub, "error", c) : "");
	if (nat)
		line(out, "NAT", "%s, seen as %s", text_of(nat, "kind", a),
		     joined(json_object_get(nat, "seen_as"), b));
}

static void status_software(FILE *out, const json_t *status)
{
	const json_t *module = json_object_get(status, "module");
	char a[MESHLAN_TEXT_MAX], b[MESHLAN_TEXT_MAX];

	line(out, "meshd", "%s, up %s", text_of(status, "version", a),
	     number_text(number_of(status, "uptime"), KIND_SECONDS, b));
	if (!module)
		return;
	line(out, "module", "%s loaded, %s installed",
	     text_of(module, "loaded", a), text_of(module, "installed", b));
}

void render_status(FILE *out, const json_t *result, uint64_t date)
{
	char a[MESHLAN_TEXT_MAX], b[MESHLAN_TEXT_MAX];
	const char *state = text_of(result, "state", b);
	json_t *warning;
	size_t i;

	fprintf(out, "%snetwork %s%s: %s%s%s\n",
		meshlan_colour_on(MESHLAN_BOLD), text_of(result, "network", a),
		meshlan_colour_off(MESHLAN_BOLD),
		meshlan_colour_on(state_colour(state)), state,
		meshlan_colour_off(state_colour(state)));
	status_node(out, result, date);
	status_others(out, result);
	status_software(out, result);
	json_array_foreach(json_object_get(result, "warnings"), i, warning) {
		if (json_is_string(warning))
			fprintf(out, "%swarning%s: %s\n",
				meshlan_colour_on(MESHLAN_YELLOW),
				meshlan_colour_off(MESHLAN_YELLOW),
				plain(json_string_value(warning), a));
	}
}

/* --- what was done ----------------------------------------------------------------- */

void render_joined(FILE *out, const json_t *result, uint64_t date)
{
	const char *join = json_string_value(json_object_get(result, "join"));
	char a[MESHLAN_TEXT_MAX], b[MESHLAN_TEXT_MAX], c[MESHLAN_TEXT_MAX];

	fprintf(out, "This host is node %s (%s) of network %s.\n",
		text_of(result, "name", a), text_of(result, "node", b),
		text_of(result, "network", c));
	line(out, "device", "%s", text_of(result, "device", a));
	line(out, "addresses", "%s",
	     joined(json_object_get(result, "addresses"), a));
	if (has(result, "peers"))
		line(out, "peers", "%" PRIu64 " up",
		     number_of(result, "peers"));
	if (!join)
		return;
	fprintf(out, "\nOn the next host, until %s:\n\n  %s\n",
		until(number_of(result, "expires"), date, a), join);
}

void render_token(FILE *out, const json_t *result, uint64_t date)
{
	const char *join = json_string_value(json_object_get(result, "join"));
	char a[MESHLAN_TEXT_MAX], b[MESHLAN_TEXT_MAX];

	fprintf(out, "token %s, for %" PRIu64 " %s, until %s\n\n  %s\n",
		text_of(result, "id", a), number_of(result, "uses"),
		number_of(result, "uses") == 1 ? "use" : "uses",
		until(number_of(result, "expires"), date, b),
		join ? join : "-");
	if (is(result, "any_signer"))
		fputs("\nAny signer takes it, and each counts for itself: it may be used more often.\n",
		      out);
}

#define SENTENCE(name, format, ...)					\
	void render_##name(FILE *out, const json_t *result, uint64_t date) \
	{								\
		char a[MESHLAN_TEXT_MAX], b[MESHLAN_TEXT_MAX];		\
									\
		(void)date, (void)a, (void)b;				\
		fprintf(out, format "\n", __VA_ARGS__);			\
	}

SENTENCE(left, "This host is no node of network %s any more.",
	 text_of(result, "network", a))
SENTENCE(connected, "connected to %s at %s", text_of(result, "name", a),
	 text_of(result, "endpoint", b))
SENTENCE(disconnected, "disconnected from %s", text_of(result, "name", a))
SENTENCE(drain, "%s", is(result, "draining") ?
	 "draining: others go around this node" : "not draining")
SENTENCE(token_revoked, "token %s is revoked", text_of(result, "id", a))
SENTENCE(node_revoked, "node %s (%s) is revoked",
	 text_of(result, "name", a), text_of(result, "node", b))
SENTENCE(renewed, "the certificate of %s ends %s", text_of(result, "name", a),
	 until(number_of(result, "expires"), date, b))
SENTENCE(signer, "%s may admit nodes; ends %s", text_of(result, "name", a),
	 until(number_of(result, "expires"), date, b))
SENTENCE(reload, "changed: %s",
	 joined(json_object_get(result, "changed"), a))
SENTENCE(cost, "cost of the link to %s: %" PRIu64, text_of(result, "name", a),
	 number_of(result, "cost"))

void render_metrics(FILE *out, const json_t *result, uint64_t date)
{
	const char *text = json_string_value(json_object_get(result, "text"));

	(void)date;
	fputs(text ? text : "", out);
}

void render_event(FILE *out, const json_t *event, uint64_t date)
{
	char a[MESHLAN_TEXT_MAX], b[MESHLAN_TEXT_MAX], c[MESHLAN_TEXT_MAX];

	if (has(event, "count") && !has(event, "text")) {
		fprintf(out, "%" PRIu64 " events were lost, reading too slow\n",
			number_of(event, "count"));
		return;
	}
	if (has(event, "time"))
		date = number_of(event, "time");
	fprintf(out, "%s %s%s%s %s\n", meshlan_text_time(date, a),
		meshlan_colour_on(MESHLAN_BOLD), text_of(event, "type", b),
		meshlan_colour_off(MESHLAN_BOLD), text_of(event, "text", c));
}

void render_doctor(FILE *out, const json_t *result, uint64_t date)
{
	char what[MESHLAN_TEXT_MAX];
	const char *level, *remedy, *cause;
	enum meshlan_colour colour;
	json_t *one;
	size_t i;

	(void)date;
	json_array_foreach(result, i, one) {
		level = json_string_value(json_object_get(one, "level")) ?:
			"warning";
		cause = json_string_value(json_object_get(one, "cause")) ?: "-";
		remedy = json_string_value(json_object_get(one, "remedy"));
		colour = !strcmp(level, "good")	 ? MESHLAN_GREEN :
			 !strcmp(level, "error") ? MESHLAN_RED :
						   MESHLAN_YELLOW;
		fprintf(out, "%s%-8s%s %s: %s\n", meshlan_colour_on(colour),
			level, meshlan_colour_off(colour),
			text_of(one, "what", what), cause);
		if (remedy && *remedy)
			fprintf(out, "         -> %s\n", remedy);
	}
}
