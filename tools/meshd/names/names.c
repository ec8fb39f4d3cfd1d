// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "names_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX	63

static bool good_label(const char *label, size_t len)
{
	if (!len || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!islower((unsigned char)label[i]) &&
		    !isdigit((unsigned char)label[i]) && label[i] != '-')
			return false;
	}
	return true;
}

static bool good_suffix(const char *suffix)
{
	if (strlen(suffix) >= NAMES_SUFFIX_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(suffix, ".");

		if (!good_label(suffix, len))
			return false;
		if (!suffix[len])
			return true;
		suffix += len + 1;
	}
}

struct names *names_create(const char *suffix)
{
	struct names *names;

	if (!good_suffix(suffix))
		return NULL;
	names = xalloc(sizeof(*names));
	strcpy(names->suffix, suffix);
	names->serial = 1;
	return names;
}

void names_destroy(struct names *names)
{
	for (unsigned int i = 0; names && i < NAMES_BUCKETS; i++) {
		while (names->by_node[i])
			names_remove(names, names->by_node[i]->node);
	}
	free(names);
}

const char *names_suffix(const struct names *names)
{
	return names->suffix;
}

void names_set_own(struct names *names, uint64_t node)
{
	names->own = node;
}

/* --- finding ------------------------------------------------------------- */

static uint32_t hash_bytes(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return (hash ^ hash >> 15) % NAMES_BUCKETS;
}

const struct host *names_host(const struct names *names, const char *name,
			      size_t len)
{
	const struct host *host = names->by_name[hash_bytes(name, len)];

	for (; host; host = host->next_name) {
		if (strlen(host->name) == len && !memcmp(host->name, name, len))
			return host;
	}
	return NULL;
}

const struct host *names_host_of(const struct names *names, uint64_t node)
{
	const struct host *host = names->by_node[hash_bytes(&node, 8)];

	while (host && host->node != node)
		host = host->next_node;
	return host;
}

const struct host *names_host_at(const struct names *names,
				 const struct record_address *address)
{
	uint32_t hash = hash_bytes(address->bytes, address->len);
	const struct host_address *at = names->by_address[hash];

	for (; at; at = at->next) {
		if (at->address.len == address->len &&
		    !memcmp(at->address.bytes, address->bytes, address->len))
			return at->host;
	}
	return NULL;
}

uint64_t names_find(const struct names *names, const char *name)
{
	size_t len = strcspn(name, "."), all = strlen(name);
	char label[LABEL_MAX + 1];
	const struct host *host;

	/* A name may end with the root's dot. */
	if (all > len + 1 && name[all - 1] == '.')
		all--;
	if (len > LABEL_MAX ||
	    (all > len + 1 &&
	     (all - len - 1 != strlen(names->suffix) ||
	      strncasecmp(name + len + 1, names->suffix, all - len - 1))))
		return 0;
	for (size_t i = 0; i < len; i++)
		label[i] = tolower((unsigned char)name[i]);
	host = names_host(names, label, len);
	return host ? host->node : 0;
}

uint64_t names_find_address(const struct names *names,
			    const struct record_address *address)
{
	const struct host *host = names_host_at(names, address);

	return host ? host->node : 0;
}

const char *names_of(const struct names *names, uint64_t node)
{
	const struct host *host = names_host_of(names, node);

	return host ? host->name : NULL;
}

/* --- changing ------------------------------------------------------------ */

static void unlink_address(struct names *names, struct host_address *address)
{
	struct host_address **at = &names->by_address[hash_bytes(
		address->address.bytes, address->address.len)];

	while (*at != address)
		at = &(*at)->next;
	*at = address->next;
}

void names_remove(struct names *names, uint64_t node)
{
	struct host *host = (struct host *)names_host_of(names, node);
	struct host **at;

	if (!host)
		return;
	at = &names->by_node[hash_bytes(&node, 8)];
	while (*at != host)
		at = &(*at)->next_node;
	*at = host->next_node;
	at = &names->by_name[hash_bytes(host->name, strlen(host->name))];
	while (*at != host)
		at = &(*at)->next_name;
	*at = host->next_name;
	for (unsigned int i = 0; i < host->count; i++)
		unlink_address(names, &host->address[i]);
	free(host);
	names->serial++;
}

/* An address that another host has stays with it. */
static void add_address(struct names *names, struct host *host,
			const struct record_address *address)
{
	struct host_address *new = &host->address[host->count], **head;

	if (host->count == RECORD_ADDRESSES_MAX ||
	    names_host_at(names, address))
		return;
	head = &names->by_address[hash_bytes(address->bytes, address->len)];
	new->host = host;
	new->address = *address;
	new->next = *head;
	*head = new;
	host->count++;
}

uint64_t names_set(struct names *names, uint64_t node, const char *name,
		   const struct record_address *address, size_t count)
{
	const struct host *other = names_host(names, name, strlen(name));
	struct host *host, **head;

	if (other && other->node != node)
		return other->node;
	names_remove(names, node);
	if (!good_label(name, strlen(name)))
		return 0;
	host = xalloc(sizeof(*host));
	host->node = node;
	strcpy(host->name, name);
	head = &names->by_node[hash_bytes(&node, 8)];
	host->next_node = *head;
	*head = host;
	head = &names->by_name[hash_bytes(name, strlen(name))];
	host->next_name = *head;
	*head = host;
	for (size_t i = 0; i < count; i++)
		add_address(names, host, &address[i]);
	return 0;
}

uint64_t names_learn(struct names *names, const struct record *record)
{
	struct record_address address[RECORD_ADDRESSES_MAX];
	size_t count = 0;

	for (unsigned int i = 0; i < record->address_count; i++) {
		if (!(record->lost_addresses >> i & 1))
			address[count++] = record->address[i];
	}
	if (record->lost_name) {
		names_remove(names, record->node);
		return 0;
	}
	return names_set(names, record->node, record->name, address, count);
}
