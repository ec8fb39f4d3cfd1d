// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "attr.h"

bool meshlan_node_add(struct meshlan_node_array *nodes, uint64_t node)
{
	size_t count = nodes->count;
	uint64_t *more;

	/* There is room for the next power of two. */
	if (!(count & (count - 1))) {
		more = reallocarray(nodes->node, count ? 2 * count : 1,
				    sizeof(*more));
		if (!more)
			return false;
		nodes->node = more;
	}
	nodes->node[nodes->count++] = node;
	return true;
}

static bool decode_node(const void *data, size_t len,
			struct meshlan_node_array *nodes)
{
	uint64_t node;

	if (len != sizeof(node))
		return false;
	memcpy(&node, data, sizeof(node));
	return meshlan_node_add(nodes, node);
}

static bool decode_ethertype(const void *data, size_t len,
			     struct meshlan_ethertype_array *types)
{
	if (len != sizeof(*types->type))
		return false;
	/* As with hops. */
	if (types->count < MESHLAN_ETHERTYPES_MAX)
		memcpy(&types->type[types->count++], data, len);
	return true;
}

void meshlan_release(const struct meshlan_set *set, void *object)
{
	struct meshlan_node_array *nodes;

	for (unsigned int i = 0; i < set->count; i++) {
		if (set->attr[i].type != MESHLAN_TYPE_NODES)
			continue;
		nodes = (void *)((char *)object + set->attr[i].offset);
		free(nodes->node);
		*nodes = (struct meshlan_node_array){0};
	}
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
	case MESHLAN_TYPE_ROUTES:
		return false;	/* the kernel tells of each by itself */
	case MESHLAN_TYPE_NODES:
		return decode_node(data, len, member);
	case MESHLAN_TYPE_ETHERTYPES:
		return decode_ethertype(data, len, member);
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
			goto malformed;
		*(uint64_t *)object |= MESHLAN_BIT(known->number);
	}
	if (!len)
		return true;
malformed:
	meshlan_release(set, object);
	return false;
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

static bool encode_routes(const struct meshlan_attr *attr,
			  const struct meshlan_route_array *routes,
			  struct nlmsghdr *nlh, size_t size)
{
	struct meshlan_route route;
	struct nlattr *nest;

	for (size_t i = 0; i < routes->count; i++) {
		route = routes->route[i];
		route.has &= ~MESHLAN_BIT(MESHLAN_A_ROUTE_IFINDEX);
		nest = mnl_attr_nest_start_check(nlh, size, attr->number);
		if (!nest || !meshlan_encode(attr->nest, &route, nlh, size))
			return false;
		mnl_attr_nest_end(nlh, nest);
	}
	return true;
}

static bool encode_nodes(const struct meshlan_attr *attr,
			 const struct meshlan_node_array *nodes,
			 struct nlmsghdr *nlh, size_t size)
{
	for (size_t i = 0; i < nodes->count; i++) {
		if (!mnl_attr_put_check(nlh, size, attr->number,
					sizeof(*nodes->node), &nodes->node[i]))
			return false;
	}
	return true;
}

static bool encode_ethertypes(const struct meshlan_attr *attr,
			      const struct meshlan_ethertype_array *types,
			      struct nlmsghdr *nlh, size_t size)
{
	for (unsigned int i = 0; i < types->count; i++) {
		if (!mnl_attr_put_u16_check(nlh, size, attr->number,
					    types->type[i]))
			return false;
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
	case MESHLAN_TYPE_ROUTES:
		return encode_routes(attr, member, nlh, size);
	case MESHLAN_TYPE_NODES:
		return encode_nodes(attr, member, nlh, size);
	case MESHLAN_TYPE_ETHERTYPES:
		return encode_ethertypes(attr, member, nlh, size);
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

static void ethertypes_text(const struct meshlan_ethertype_array *types,
			    char *text, size_t size)
{
	size_t len = 0;

	for (unsigned int i = 0; i < types->count && len < size; i++)
		len += snprintf(text + len, size - len, "%s0x%04x",
				i ? "," : "", types->type[i]);
}

static void dscps_text(uint64_t dscps, char *text, size_t size)
{
	size_t len = snprintf(text, size, "%s", dscps ? "" : "none");

	for (unsigned int i = 0; i < MESHLAN_DSCPS && len < size; i++) {
		if (dscps & UINT64_C(1) << i)
			len += snprintf(text + len, size - len, "%s%u",
					len ? "," : "", i);
	}
}

const char *meshlan_attr_text(const struct meshlan_attr *attr,
			      const void *object, char *text, size_t size)
{
	const void *member = (const char *)object + attr->offset;
	const struct meshlan_blob *blob = member;
	char work[8 * MESHLAN_ETHERTYPES_MAX] = "";
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
	case MESHLAN_TYPE_ETHERTYPES:
		ethertypes_text(member, work, sizeof(work));
		break;
	case MESHLAN_TYPE_DSCPS:
		dscps_text(integer(attr, member), work, sizeof(work));
		break;
	case MESHLAN_TYPE_SECRET:
	case MESHLAN_TYPE_COUNTERS:
	case MESHLAN_TYPE_NEST:
	case MESHLAN_TYPE_HOPS:
	case MESHLAN_TYPE_NODES:
		break;
	default:
		snprintf(work, sizeof(work), "%" PRIu64,
			 integer(attr, member));
		break;
	}
	snprintf(text, size, "%s", work);
	return text;
}
