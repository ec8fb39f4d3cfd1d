// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool put_named(const struct meshlan_set *set, void *object, const char *name,
	       const void *value)
{
	bool found = false;

	for (unsigned int i = 0; i < set->count; i++) {
		const struct meshlan_attr *attr = &set->attr[i];

		if (strcmp(attr->name, name))
			continue;
		memcpy((char *)object + attr->offset, value, attr->size);
		*(uint64_t *)object |= MESHLAN_BIT(attr->number);
		found = true;
	}
	return found;
}

enum meshlan_status dump_of(uint8_t command, const struct meshlan_set *set,
			    uint32_t ifindex, struct meshlan_list *list,
			    struct meshlan_error *err)
{
	enum meshlan_status status;
	void *filter = calloc(1, set->size);

	if (!filter)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "out of memory");
	put_named(set, filter, "ifindex", &ifindex);
	status = ask_all(command, set, filter, list, err);
	free(filter);
	return status;
}

struct meshlan_json json_start(void)
{
	return (struct meshlan_json){.out = stdout, .first = true};
}

void print_object(struct meshlan_json *json, const struct meshlan_set *set,
		 const void *object, const char *ifname)
{
	meshlan_json_open(json, NULL, '{');
	if (ifname)
		meshlan_json_string(json, "ifname", ifname);
	meshlan_json_members(json, set, object);
	meshlan_json_close(json, '}');
}

struct out {
	struct meshlan_json json;
	struct meshlan_table table;
};

static void put_rows(const struct listing *listing, const char *ifname,
		     const struct meshlan_list *list, struct out *out)
{
	for (size_t i = 0; i < list->count; i++) {
		const void *object =
			(char *)list->items + i * listing->set->size;

		if (want_json) {
			print_object(&out->json, listing->set, object, ifname);
			continue;
		}
		meshlan_table_cell(&out->table, MESHLAN_PLAIN, "%s", ifname);
		listing->row(&out->table, object);
	}
}

/* Of a node: the one object, or what the kernel dumps for it. */
static enum meshlan_status list_node(const struct listing *listing,
				     uint32_t ifindex, const char *ifname,
				     uint64_t node, struct out *out,
				     struct meshlan_error *err)
{
	size_t size = listing->set->size;
	struct meshlan_list list = {0};
	enum meshlan_status status;
	void *filter = calloc(1, size);

	if (!filter)
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM, "out of memory");
	put_named(listing->set, filter, "ifindex", &ifindex);
	put_named(listing->set, filter, "node", &node);
	if (listing->by_node) {
		status = ask_all(listing->command, listing->set, filter, &list,
				 err);
	} else {
		list = (struct meshlan_list){calloc(1, size), 1};
		status = ask(listing->command, listing->set, filter, list.items,
			     err);
	}
	if (!status)
		put_rows(listing, ifname, &list, out);
	meshlan_list_free(listing->set, &list);
	free(filter);
	return status;
}

static enum meshlan_status list_dev(const struct listing *listing,
				    uint32_t ifindex, const char *ifname,
				    struct out *out, struct meshlan_error *err)
{
	struct meshlan_list list;
	enum meshlan_status status;

	status = dump_of(listing->command, listing->set, ifindex, &list, err);
	if (status)
		return status;
	put_rows(listing, ifname, &list, out);
	meshlan_list_free(listing->set, &list);
	return MESHLAN_OK;
}

static enum meshlan_status list_all(const struct listing *listing,
				    struct out *out, struct meshlan_error *err)
{
	const struct meshlan_dev *dev, none = {0};
	struct meshlan_list devs;
	enum meshlan_status status;

	status = ask_all(MESHLAN_CMD_DEV_GET, &meshlan_dev_set, &none, &devs,
			 err);
	if (status)
		return status;
	dev = devs.items;
	for (size_t i = 0; !status && i < devs.count; i++)
		status = list_dev(listing, dev[i].ifindex, dev[i].ifname, out,
				  err);
	free(devs.items);
	return status;
}

static enum meshlan_status list_some(const struct listing *listing,
				     struct args *args, struct out *out,
				     struct meshlan_error *err)
{
	const char *ifname = args->count ? args->word[0] : NULL;
	enum meshlan_status status;
	uint32_t ifindex;
	uint64_t node;

	if (!ifname)
		return list_all(listing, out, err);
	status = take_dev(args, &ifindex, err);
	if (status)
		return status;
	if (!args->count)
		return list_dev(listing, ifindex, ifname, out, err);
	status = take_node(args, &node, err);
	if (!status)
		status = take_end(args, err);
	if (!status)
		status = list_node(listing, ifindex, ifname, node, out, err);
	return status;
}

enum meshlan_status list(const struct listing *listing, struct args *args,
			 struct meshlan_error *err)
{
	struct out out = {.json = json_start()};
	enum meshlan_status status;

	/* Nothing is printed before all is read: no half of an answer. */
	if (want_json) {
		char *text = NULL;
		size_t size = 0;

		out.json.out = open_memstream(&text, &size);
		if (!out.json.out)
			return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
					    "out of memory");
		meshlan_json_open(&out.json, NULL, '[');
		status = list_some(listing, args, &out, err);
		meshlan_json_close(&out.json, ']');
		meshlan_json_end(&out.json);
		fclose(out.json.out);
		if (!status)
			fputs(text, stdout);
		free(text);
		return status;
	}
	meshlan_table_head(&out.table, listing->columns, listing->head);
	status = list_some(listing, args, &out, err);
	if (!status)
		meshlan_table_print(&out.table, stdout);
	return status;
}
