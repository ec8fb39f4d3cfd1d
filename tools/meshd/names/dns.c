// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "names_table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#define HEADER_SIZE	12
#define QUERY_MAX	4096
#define PLAIN_UDP_MAX	512
#define LABELS_MAX	128
#define NIBBLES		32
/* Of a network's addresses, which all begin alike: fd and 40 bits. */
#define ULA_NIBBLES	12

/* The question's name in lower case, label by label, the first one first. */
struct labels {
	unsigned int count;
	size_t len[LABELS_MAX];
	const char *at[LABELS_MAX];
	char bytes[LDNS_MAX_DOMAINLEN + 1];
};

/* What is there at a name. */
enum place {
	PLACE_ELSEWHERE,		/* not ours to speak of */
	PLACE_NOTHING,
	PLACE_EMPTY,			/* something is below it */
	PLACE_APEX,
	PLACE_HOST,
	PLACE_REVERSE,
};

struct found {
	enum place place;
	const struct host *host;
	char zone[LDNS_MAX_DOMAINLEN];	/* whose SOA it is under */
};

static void split(const ldns_rdf *name, struct labels *labels)
{
	const uint8_t *data = ldns_rdf_data(name);
	size_t size = ldns_rdf_size(name), at = 0;

	labels->count = 0;
	for (size_t i = 0; i < size && i < sizeof(labels->bytes); i++)
		labels->bytes[i] = tolower(data[i]);
	while (at < size && data[at] && labels->count < LABELS_MAX) {
		labels->len[labels->count] = data[at];
		labels->at[labels->count++] = labels->bytes + at + 1;
		at += 1 + data[at];
	}
}

/* How many labels are before @suffix; -1 if the name does not end so. */
static int before(const struct labels *labels, const char *suffix)
{
	const char *end = suffix + strlen(suffix);
	int i = labels->count;

	while (end > suffix) {
		const char *dot = memrchr(suffix, '.', end - suffix);
		const char *label = dot ? dot + 1 : suffix;

		if (--i < 0 || labels->len[i] != (size_t)(end - label) ||
		    memcmp(labels->at[i], label, end - label))
			return -1;
		end = dot ? dot : suffix;
	}
	return i;
}

/* --- backwards ----------------------------------------------------------- */

static bool read_octet(const char *label, size_t len, uint8_t *value)
{
	unsigned int number = 0;

	if (!len || len > 3 || (len > 1 && label[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)label[i]))
			return false;
		number = number * 10 + label[i] - '0';
	}
	*value = number;
	return number < 256;
}

static bool read_nibble(const char *label, size_t len, uint8_t *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = len == 1 && label[0] ? strchr(digits, label[0]) :
						   NULL;

	*value = digit ? digit - digits : 0;
	return digit != NULL;
}

/* The first @known nibbles of an address, from the labels before the suffix. */
static bool read_reverse(const struct labels *labels, unsigned int known,
			 struct record_address *address)
{
	uint8_t value;

	for (unsigned int i = 0; i < known; i++) {
		unsigned int label = known - 1 - i;

		if (address->len == 4) {
			if (!read_octet(labels->at[label], labels->len[label],
					&address->bytes[i]))
				return false;
			continue;
		}
		if (!read_nibble(labels->at[label], labels->len[label], &value))
			return false;
		address->bytes[i / 2] |= i % 2 ? value : value << 4;
	}
	return true;
}

/* Of octets, or nibbles. */
static unsigned int common(const struct record_address *a,
			   const struct record_address *b)
{
	unsigned int i;

	if (a->len != b->len)
		return 0;
	for (i = 0; i < a->len && a->bytes[i] == b->bytes[i]; i++)
		;
	if (a->len == 4 || i == a->len)
		return a->len == 4 ? i : NIBBLES;
	return 2 * i + (a->bytes[i] >> 4 == b->bytes[i] >> 4);
}

static unsigned int closest(const struct names *names,
			    const struct record_address *address)
{
	unsigned int best = 0;

	for (unsigned int i = 0; i < NAMES_BUCKETS; i++) {
		const struct host_address *at = names->by_address[i];

		for (; at; at = at->next) {
			unsigned int same = common(address, &at->address);

			if (same > best)
				best = same;
		}
	}
	return best;
}

static void reverse_zone(const struct record_address *address,
			 unsigned int known, char *zone, size_t size)
{
	size_t len = 0;

	for (unsigned int i = known; i-- > 0;) {
		uint8_t byte = address->bytes[i / 2];

		if (address->len == 4)
			len += snprintf(zone + len, size - len, "%u.",
					address->bytes[i]);
		else
			len += snprintf(zone + len, size - len, "%x.",
					i % 2 ? byte & 15 : byte >> 4);
	}
	snprintf(zone + len, size - len, "%s",
		 address->len == 4 ? "in-addr.arpa" : "ip6.arpa");
}

/* Ours: addresses that are somebody's, and all that begin as the network's do. */
static void find_reverse(const struct names *names, const struct labels *labels,
			 unsigned int known, uint8_t len, struct found *found)
{
	struct record_address address = { .len = len };
	unsigned int whole = len == 4 ? 4 : NIBBLES, same;
	bool ula;

	if (!known || known > whole || !read_reverse(labels, known, &address))
		return;
	ula = len == 16 && address.bytes[0] == 0xfd && known >= ULA_NIBBLES;
	found->host = known == whole ? names_host_at(names, &address) : NULL;
	same = found->host ? whole : closest(names, &address);
	if (found->host)
		found->place = PLACE_REVERSE;
	else if (ula && same >= ULA_NIBBLES)
		found->place = same >= known ? PLACE_EMPTY : PLACE_NOTHING;
	else
		return;
	reverse_zone(&address, ula ? ULA_NIBBLES : whole, found->zone,
		     sizeof(found->zone));
}

/* --- what a name is ------------------------------------------------------ */

static void find(const struct names *names, const struct labels *labels,
		 struct found *found)
{
	int count = before(labels, names->suffix);

	memset(found, 0, sizeof(*found));
	snprintf(found->zone, sizeof(found->zone), "%s", names->suffix);
	if (count == 0) {
		found->place = PLACE_APEX;
	} else if (count == 1) {
		found->host = names_host(names, labels->at[0], labels->len[0]);
		found->place = found->host ? PLACE_HOST : PLACE_NOTHING;
	} else if (count > 1) {
		found->place = PLACE_NOTHING;
	} else if (labels->count == 1) {
		found->host = names_host(names, labels->at[0], labels->len[0]);
		found->place = found->host ? PLACE_HOST : PLACE_ELSEWHERE;
	} else if ((count = before(labels, "ip6.arpa")) >= 0) {
		find_reverse(names, labels, count, 16, found);
	} else if ((count = before(labels, "in-addr.arpa")) >= 0) {
		find_reverse(names, labels, count, 4, found);
	}
}

/* --- what is answered ---------------------------------------------------- */

static ldns_rr *new_rr(ldns_rdf *owner, ldns_rr_type type)
{
	ldns_rr *rr = ldns_rr_new();

	ldns_rr_set_owner(rr, owner);
	ldns_rr_set_ttl(rr, NAMES_TTL);
	ldns_rr_set_type(rr, type);
	ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
	return rr;
}

/* @name: NULL for the suffix itself. */
static ldns_rdf *full_name(const struct names *names, const char *name)
{
	char text[RECORD_NAME_MAX + NAMES_SUFFIX_MAX + 2];

	snprintf(text, sizeof(text), "%s%s%s.", name ? name : "",
		 name ? "." : "", names->suffix);
	return ldns_dname_new_frm_str(text);
}

static ldns_rdf *server_name(const struct names *names)
{
	return full_name(names, names_of(names, names->own));
}

static void push_number(ldns_rr *rr, uint32_t value)
{
	ldns_rr_push_rdf(rr, ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, value));
}

static ldns_rr *make_soa(const struct names *names, const char *zone)
{
	ldns_rr *rr = new_rr(ldns_dname_new_frm_str(zone), LDNS_RR_TYPE_SOA);

	ldns_rr_push_rdf(rr, server_name(names));
	ldns_rr_push_rdf(rr, full_name(names, "hostmaster"));
	push_number(rr, names->serial);
	push_number(rr, 3600);
	push_number(rr, 600);
	push_number(rr, 86400);
	push_number(rr, NAMES_TTL);	/* of what is not there */
	return rr;
}

static unsigned int push_addresses(ldns_pkt *answer, const ldns_rdf *owner,
				   const struct host *host, uint8_t len)
{
	ldns_rr_type type = len == 4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA;
	unsigned int count = 0;

	for (unsigned int i = 0; i < host->count; i++) {
		const struct record_address *its = &host->address[i].address;
		ldns_rr *rr;

		if (its->len != len)
			continue;
		rr = new_rr(ldns_rdf_clone(owner), type);
		ldns_rr_push_rdf(rr, ldns_rdf_new_frm_data(
			len == 4 ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, len,
			its->bytes));
		ldns_pkt_push_rr(answer, LDNS_SECTION_ANSWER, rr);
		count++;
	}
	return count;
}

/* ANY gets one kind of what there is, as in RFC 8482. */
static unsigned int push_host(ldns_pkt *answer, const ldns_rdf *owner,
			      const struct host *host, ldns_rr_type type)
{
	unsigned int count = 0;

	if (type == LDNS_RR_TYPE_AAAA || type == LDNS_RR_TYPE_ANY)
		count = push_addresses(answer, owner, host, 16);
	if (type == LDNS_RR_TYPE_A || (type == LDNS_RR_TYPE_ANY && !count))
		count = push_addresses(answer, owner, host, 4);
	return count;
}

static unsigned int push_apex(const struct names *names, ldns_pkt *answer,
			      const ldns_rdf *owner, ldns_rr_type type)
{
	ldns_rr *rr;

	if (type == LDNS_RR_TYPE_NS) {
		rr = new_rr(ldns_rdf_clone(owner), type);
		ldns_rr_push_rdf(rr, server_name(names));
	} else if (type == LDNS_RR_TYPE_SOA || type == LDNS_RR_TYPE_ANY) {
		rr = make_soa(names, names->suffix);
	} else {
		return 0;
	}
	ldns_pkt_push_rr(answer, LDNS_SECTION_ANSWER, rr);
	return 1;
}

static unsigned int push_reverse(const struct names *names, ldns_pkt *answer,
				 const ldns_rdf *owner,
				 const struct host *host, ldns_rr_type type)
{
	ldns_rr *rr;

	if (type != LDNS_RR_TYPE_PTR && type != LDNS_RR_TYPE_ANY)
		return 0;
	rr = new_rr(ldns_rdf_clone(owner), LDNS_RR_TYPE_PTR);
	ldns_rr_push_rdf(rr, full_name(names, host->name));
	ldns_pkt_push_rr(answer, LDNS_SECTION_ANSWER, rr);
	return 1;
}

static void fill(const struct names *names, const ldns_rr *question,
		 ldns_pkt *answer)
{
	ldns_rr_type type = ldns_rr_get_type(question);
	const ldns_rdf *owner = ldns_rr_owner(question);
	unsigned int count = 0;
	struct labels labels;
	struct found found;

	split(owner, &labels);
	find(names, &labels, &found);
	if (found.place == PLACE_ELSEWHERE ||
	    ldns_rr_get_class(question) != LDNS_RR_CLASS_IN) {
		ldns_pkt_set_rcode(answer, LDNS_RCODE_REFUSED);
		return;
	}
	ldns_pkt_set_aa(answer, true);
	if (found.place == PLACE_HOST)
		count = push_host(answer, owner, found.host, type);
	else if (found.place == PLACE_APEX)
		count = push_apex(names, answer, owner, type);
	else if (found.place == PLACE_REVERSE)
		count = push_reverse(names, answer, owner, found.host, type);
	else if (found.place == PLACE_NOTHING)
		ldns_pkt_set_rcode(answer, LDNS_RCODE_NXDOMAIN);
	if (!count)
		ldns_pkt_push_rr(answer, LDNS_SECTION_AUTHORITY,
				 make_soa(names, found.zone));
}

/* --- packets ------------------------------------------------------------- */

/* Without a word but the reason. */
static void answer_bare(const uint8_t *query, uint8_t rcode, struct buf *out)
{
	uint8_t *header = buf_take(out, HEADER_SIZE);

	memset(header, 0, HEADER_SIZE);
	memcpy(header, query, 2);
	header[2] = 0x80 | (query[2] & 0x79);	/* opcode, recursion desired */
	header[3] = rcode;
}

static ldns_pkt *new_answer(const ldns_pkt *query)
{
	ldns_pkt *answer = ldns_pkt_new();

	ldns_pkt_set_id(answer, ldns_pkt_id(query));
	ldns_pkt_set_qr(answer, true);
	ldns_pkt_set_rd(answer, ldns_pkt_rd(query));
	ldns_pkt_push_rr(answer, LDNS_SECTION_QUESTION,
			 ldns_rr_clone(ldns_rr_list_rr(
				 ldns_pkt_question(query), 0)));
	if (ldns_pkt_edns(query))
		ldns_pkt_set_edns_udp_size(answer, NAMES_UDP_MAX);
	return answer;
}

static size_t room(const ldns_pkt *query, size_t most)
{
	size_t size = PLAIN_UDP_MAX;

	if (ldns_pkt_edns(query) && ldns_pkt_edns_udp_size(query) > size)
		size = ldns_pkt_edns_udp_size(query);
	return most == NAMES_TCP_MAX || size > most ? most : size;
}

static bool put_packet(const ldns_pkt *answer, size_t most, struct buf *out)
{
	uint8_t *wire = NULL;
	size_t len = 0;
	bool good;

	good = ldns_pkt2wire(&wire, answer, &len) == LDNS_STATUS_OK &&
	       len <= most;
	if (good)
		buf_add(out, wire, len);
	free(wire);
	return good;
}

static bool answer_query(const struct names *names, const ldns_pkt *query,
			 size_t most, struct buf *out)
{
	ldns_pkt *answer = new_answer(query);
	bool good;

	if (ldns_pkt_edns(query) && ldns_pkt_edns_version(query))
		ldns_pkt_set_edns_extended_rcode(answer, 1);	/* BADVERS */
	else
		fill(names, ldns_rr_list_rr(ldns_pkt_question(query), 0),
		     answer);
	good = put_packet(answer, most, out);
	if (!good) {
		ldns_pkt_free(answer);
		answer = new_answer(query);
		ldns_pkt_set_aa(answer, true);
		ldns_pkt_set_tc(answer, true);
		good = put_packet(answer, most, out);
	}
	ldns_pkt_free(answer);
	return good;
}

/* One question, nothing said, at most OPT and a signature. */
static bool good_counts(const uint8_t *header)
{
	static const uint8_t most[8] = { 0, 1, 0, 0, 0, 0, 0, 2 };

	return header[5] == 1 && !memcmp(header + 4, most, 7) &&
	       header[11] <= most[7];
}

bool names_answer(const struct names *names, struct span query, size_t most,
		  struct buf *out)
{
	ldns_pkt *pkt = NULL;
	bool good = true;

	if (query.len < HEADER_SIZE || query.len > QUERY_MAX ||
	    query.data[2] & 0x80)
		return false;
	if (query.data[2] & 0x78) {
		answer_bare(query.data, LDNS_RCODE_NOTIMPL, out);
		return true;
	}
	if (!good_counts(query.data) ||
	    ldns_wire2pkt(&pkt, query.data, query.len) != LDNS_STATUS_OK) {
		answer_bare(query.data, LDNS_RCODE_FORMERR, out);
		return true;
	}
	if (ldns_rr_list_rr_count(ldns_pkt_question(pkt)) == 1)
		good = answer_query(names, pkt, room(pkt, most), out);
	else
		answer_bare(query.data, LDNS_RCODE_FORMERR, out);
	ldns_pkt_free(pkt);
	return good;
}
