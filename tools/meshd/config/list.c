// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "option.h"

#include <stdlib.h>
#include <string.h>

/* Values of several pieces: each parse function adds one. */

static void *one_more(void *items, size_t *count, size_t size)
{
	char *more = xrealloc(items, (*count + 1) * size);

	memset(more + (*count)++ * size, 0, size);
	return more;
}

static void add_text(struct config_texts *texts, const char *text)
{
	texts->item = one_more(texts->item, &texts->count,
			       sizeof(*texts->item));
	texts->item[texts->count - 1] = xstrdup(text);
}

void clear_texts(void *member)
{
	struct config_texts *texts = member;

	for (size_t i = 0; i < texts->count; i++)
		free(texts->item[i]);
	free(texts->item);
	*texts = (struct config_texts){0};
}

bool parse_files(const struct option *option, const char *text, void *member)
{
	if (*text != '/')
		return false;
	add_text(member, text);
	return true;
}

/* Interfaces' names with *, ? and [...]. */
bool parse_globs(const struct option *option, const char *text, void *member)
{
	if (text[strcspn(text, "/: \t")])
		return false;
	add_text(member, text);
	return true;
}

bool parse_domains(const struct option *option, const char *text, void *member)
{
	if (!config_is_domain(text))
		return false;
	add_text(member, text);
	return true;
}

bool parse_ports(const struct option *option, const char *text, void *member)
{
	struct config_ports *ports = member;
	uint64_t port;

	if (!meshlan_parse_number(text, UINT16_MAX, &port) || !port ||
	    ports->count == CONFIG_PORTS_MAX)
		return false;
	for (unsigned int i = 0; i < ports->count; i++) {
		if (ports->port[i] == port)
			return false;
	}
	ports->port[ports->count++] = port;
	return true;
}

void clear_ports(void *member)
{
	*(struct config_ports *)member = (struct config_ports){0};
}

/* 192.0.2.1, [2001:db8::1]:443, 2001:db8::1, example.org:443 */
static bool split_host(const char *text, struct config_host *host)
{
	struct meshlan_endpoint end;
	char address[MESHLAN_TEXT_MAX];
	const char *colon = strrchr(text, ':');
	uint64_t port = CONFIG_PORT;

	if (meshlan_parse_endpoint(text, &end)) {
		host->port = end.port ? end.port : CONFIG_PORT;
		end.port = 0;
		host->host = xstrdup(meshlan_text_endpoint(&end, address));
		return true;
	}
	if (colon && (!meshlan_parse_number(colon + 1, UINT16_MAX, &port) ||
		      !port))
		return false;
	host->port = port;
	host->host = xstrdup(text);
	if (colon)
		host->host[colon - text] = 0;
	if (config_is_domain(host->host))
		return true;
	free(host->host);
	return false;
}

bool parse_hosts(const struct option *option, const char *text, void *member)
{
	struct config_hosts *hosts = member;
	struct config_host host;

	if (!split_host(text, &host))
		return false;
	hosts->item = one_more(hosts->item, &hosts->count,
			       sizeof(*hosts->item));
	hosts->item[hosts->count - 1] = host;
	return true;
}

void clear_hosts(void *member)
{
	struct config_hosts *hosts = member;

	for (size_t i = 0; i < hosts->count; i++)
		free(hosts->item[i].host);
	free(hosts->item);
	*hosts = (struct config_hosts){0};
}

/* A node and a time with blanks between them. */
bool parse_costs(const struct option *option, const char *text, void *member)
{
	size_t len = strcspn(text, " \t");
	const char *time = text + len + strspn(text + len, " \t");
	struct config_costs *costs = member;
	char *node = xstrdup(text);
	uint64_t ns, id;

	node[len] = 0;
	if (!meshlan_parse_duration(time, SECOND, &ns) ||
	    ns > option->most || ns % option->unit ||
	    !(config_is_name(node) || meshlan_parse_node(node, &id))) {
		free(node);
		return false;
	}
	costs->item = one_more(costs->item, &costs->count,
			       sizeof(*costs->item));
	costs->item[costs->count - 1] = (struct config_cost){
		node, ns / option->unit,
	};
	return true;
}

void clear_costs(void *member)
{
	struct config_costs *costs = member;

	for (size_t i = 0; i < costs->count; i++)
		free(costs->item[i].node);
	free(costs->item);
	*costs = (struct config_costs){0};
}

/* Whether all bits from @bits on are zero. */
static bool is_network(const struct config_prefix *prefix)
{
	bool v6 = prefix->addr.sa.sa_family == AF_INET6;
	const uint8_t *byte = v6 ?
		(const uint8_t *)&prefix->addr.in6.sin6_addr :
		(const uint8_t *)&prefix->addr.in.sin_addr;
	unsigned int size = v6 ? 128 : 32;

	for (unsigned int i = prefix->bits; i < size; i++) {
		if (byte[i / 8] & 0x80 >> i % 8)
			return false;
	}
	return true;
}

static bool good_prefix(const struct config_prefix *prefix)
{
	unsigned int bits = prefix->bits;

	if (!addr_is_usable(&prefix->addr) ||
	    addr_is_link_local(&prefix->addr))
		return false;
	if (prefix->addr.sa.sa_family == AF_INET)
		return bits && bits <= 32 &&
		       (bits >= 31 || !is_network(prefix));
	/* The node id takes 64 bits. */
	return bits && bits <= 128 &&
	       (bits <= 64 || bits >= 127 || !is_network(prefix));
}

bool parse_address(const struct option *option, const char *text, void *member)
{
	struct config_address *address = member;
	struct config_prefix prefix = {0};
	const char *slash = strchr(text, '/');
	char host[ADDR_TEXT_MAX];
	uint64_t bits;

	if (!strcmp(text, "auto"))
		return address->automatic = true;
	if (!strcmp(text, "none"))
		return address->none = true;
	if (!slash || (size_t)(slash - text) >= sizeof(host) ||
	    !meshlan_parse_number(slash + 1, 128, &bits))
		return false;
	memcpy(host, text, slash - text);
	host[slash - text] = 0;
	prefix.bits = bits;
	if (strpbrk(host, "[]%") || !addr_parse(&prefix.addr, host, 1) ||
	    !good_prefix(&prefix))
		return false;
	addr_set_port(&prefix.addr, 0);
	address->prefix = one_more(address->prefix, &address->count,
				   sizeof(*address->prefix));
	address->prefix[address->count - 1] = prefix;
	return true;
}

void clear_address(void *member)
{
	struct config_address *address = member;

	free(address->prefix);
	*address = (struct config_address){0};
}

static bool add_type(const char *text, struct meshlan_ethertype_array *types)
{
	uint64_t type;

	if (!meshlan_parse_number(text, UINT16_MAX, &type) || type < 0x600 ||
	    types->count == MESHLAN_ETHERTYPES_MAX)
		return false;
	types->type[types->count++] = type;
	return true;
}

/* The device has a flag for the word beside the list. */
bool parse_types(const struct option *option, const char *text, void *member)
{
	struct meshlan_dev *dev = member;

	if (!strcmp(text, "none"))
		return dev->redundant_no_type = true;
	return add_type(text, &dev->redundant_type);
}

bool parse_flood_types(const struct option *option, const char *text,
		       void *member)
{
	struct meshlan_dev *dev = member;

	if (!strcmp(text, "any"))
		return dev->flood_any = true;
	return add_type(text, &dev->flood_type);
}

void clear_types(void *member)
{
	struct meshlan_dev *dev = member;

	dev->redundant_no_type = false;
	dev->redundant_type.count = 0;
}

void clear_flood_types(void *member)
{
	struct meshlan_dev *dev = member;

	dev->flood_any = false;
	dev->flood_type.count = 0;
}

/* One each time: the word "none" is what an empty list means. */
bool parse_dscps(const struct option *option, const char *text, void *member)
{
	uint64_t dscps;

	if (strchr(text, ',') || !meshlan_parse_dscps(text, &dscps))
		return false;
	*(uint64_t *)member |= dscps;
	return true;
}

void clear_dscps(void *member)
{
	*(uint64_t *)member = 0;
}
