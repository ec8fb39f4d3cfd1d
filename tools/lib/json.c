// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "output.h"

#include <inttypes.h>
#include <string.h>

/* Bytes of the valid UTF-8 character at @text, 0 if there is none. */
static size_t utf8_len(const unsigned char *text)
{
	size_t len = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	uint32_t code = text[0] & (0xff >> (len + 1));
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

static void put_text(FILE *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t len;

	putc('"', out);
	while (*c) {
		len = 1;
		if (*c == '"' || *c == '\\') {
			fprintf(out, "\\%c", *c);
		} else if (*c < 0x20 || *c == 0x7f) {
			fprintf(out, "\\u%04x", *c);
		} else if (*c < 0x80) {
			putc(*c, out);
		} else {
			len = utf8_len(c);
			if (len)
				fwrite(c, 1, len, out);
			else
				fputs("\\ufffd", out);
			if (!len)
				len = 1;
		}
		c += len;
	}
	putc('"', out);
}

static void begin(struct meshlan_json *json, const char *name)
{
	if (!json->first)
		putc(',', json->out);
	json->first = false;
	if (!name)
		return;
	put_text(json->out, name);
	putc(':', json->out);
}

void meshlan_json_open(struct meshlan_json *json, const char *name,
		       char bracket)
{
	begin(json, name);
	putc(bracket, json->out);
	json->first = true;
}

void meshlan_json_close(struct meshlan_json *json, char bracket)
{
	putc(bracket, json->out);
	json->first = false;
}

void meshlan_json_string(struct meshlan_json *json, const char *name,
			 const char *value)
{
	begin(json, name);
	put_text(json->out, value);
}

void meshlan_json_number(struct meshlan_json *json, const char *name,
			 uint64_t value)
{
	begin(json, name);
	fprintf(json->out, "%" PRIu64, value);
}

void meshlan_json_bool(struct meshlan_json *json, const char *name, bool value)
{
	begin(json, name);
	fputs(value ? "true" : "false", json->out);
}

void meshlan_json_end(struct meshlan_json *json)
{
	putc('\n', json->out);
	json->first = true;
}

static void json_flags(struct meshlan_json *json,
		       const struct meshlan_attr *attr, const void *member)
{
	uint32_t flags;

	memcpy(&flags, member, sizeof(flags));
	meshlan_json_open(json, attr->name, '[');
	for (unsigned int i = 0; i < attr->names->count; i++) {
		if (flags & (UINT32_C(1) << i))
			meshlan_json_string(json, NULL, attr->names->name[i]);
	}
	meshlan_json_close(json, ']');
}

/*
 * Members have no dashes, for the sake of jq. A counter that a newer module
 * has is known by its number.
 */
static void json_counters(struct meshlan_json *json, const char *name,
			  const struct meshlan_counter_array *counters)
{
	char text[32];

	meshlan_json_open(json, name, '{');
	for (unsigned int i = 0; i < counters->count; i++) {
		const char *known = meshlan_name(&meshlan_counter_names, i);

		if (known)
			snprintf(text, sizeof(text), "%s", known);
		else
			snprintf(text, sizeof(text), "counter_%u", i);
		for (char *c = text; *c; c++) {
			if (*c == '-')
				*c = '_';
		}
		meshlan_json_number(json, text, counters->value[i]);
	}
	meshlan_json_close(json, '}');
}

static void json_hops(struct meshlan_json *json, const struct meshlan_attr *attr,
		      const struct meshlan_hop_array *hops)
{
	meshlan_json_open(json, attr->name, '[');
	for (unsigned int i = 0; i < hops->count; i++) {
		meshlan_json_open(json, NULL, '{');
		meshlan_json_members(json, attr->nest, &hops->hop[i]);
		meshlan_json_close(json, '}');
	}
	meshlan_json_close(json, ']');
}

static void json_nodes(struct meshlan_json *json, const char *name,
		       const struct meshlan_node_array *nodes)
{
	char text[MESHLAN_TEXT_MAX];

	meshlan_json_open(json, name, '[');
	for (size_t i = 0; i < nodes->count; i++)
		meshlan_json_string(json, NULL,
				    meshlan_text_node(nodes->node[i], text));
	meshlan_json_close(json, ']');
}

static void json_ethertypes(struct meshlan_json *json, const char *name,
			    const struct meshlan_ethertype_array *types)
{
	char text[8];

	meshlan_json_open(json, name, '[');
	for (unsigned int i = 0; i < types->count; i++) {
		snprintf(text, sizeof(text), "0x%04x", types->type[i]);
		meshlan_json_string(json, NULL, text);
	}
	meshlan_json_close(json, ']');
}

static void json_dscps(struct meshlan_json *json, const char *name,
		       const void *member)
{
	uint64_t dscps;

	memcpy(&dscps, member, sizeof(dscps));
	meshlan_json_open(json, name, '[');
	for (unsigned int i = 0; i < MESHLAN_DSCPS; i++) {
		if (dscps & UINT64_C(1) << i)
			meshlan_json_number(json, NULL, i);
	}
	meshlan_json_close(json, ']');
}

static void json_member(struct meshlan_json *json,
			const struct meshlan_attr *attr, const void *object)
{
	const void *member = (const char *)object + attr->offset;
	char text[MESHLAN_TEXT_MAX];

	switch (attr->type) {
	case MESHLAN_TYPE_U8:
	case MESHLAN_TYPE_U16:
	case MESHLAN_TYPE_U32:
	case MESHLAN_TYPE_U64:
	case MESHLAN_TYPE_BE16:
		begin(json, attr->name);
		fputs(meshlan_attr_text(attr, object, text, sizeof(text)),
		      json->out);
		break;
	case MESHLAN_TYPE_FLAG:
		meshlan_json_bool(json, attr->name, true);
		break;
	case MESHLAN_TYPE_FLAGS:
		json_flags(json, attr, member);
		break;
	case MESHLAN_TYPE_COUNTERS:
		json_counters(json, attr->name, member);
		break;
	case MESHLAN_TYPE_HOPS:
		json_hops(json, attr, member);
		break;
	case MESHLAN_TYPE_NODES:
		json_nodes(json, attr->name, member);
		break;
	case MESHLAN_TYPE_ETHERTYPES:
		json_ethertypes(json, attr->name, member);
		break;
	case MESHLAN_TYPE_DSCPS:
		json_dscps(json, attr->name, member);
		break;
	case MESHLAN_TYPE_NEST:
		meshlan_json_open(json, attr->name, '{');
		meshlan_json_members(json, attr->nest, member);
		meshlan_json_close(json, '}');
		break;
	case MESHLAN_TYPE_ROUTES:
	case MESHLAN_TYPE_SECRET:
		break;
	default:
		meshlan_json_string(json, attr->name,
				    meshlan_attr_text(attr, object, text,
						      sizeof(text)));
		break;
	}
}

void meshlan_json_members(struct meshlan_json *json,
			  const struct meshlan_set *set, const void *object)
{
	uint64_t has = *(const uint64_t *)object;

	for (unsigned int i = 0; i < set->count; i++) {
		if (has & MESHLAN_BIT(set->attr[i].number))
			json_member(json, &set->attr[i], object);
	}
}
