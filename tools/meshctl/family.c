// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

bool want_json;
struct meshlan_nl family;

/* Late, so that a command that makes no sense needs no module to say so. */
static enum meshlan_status open_family(struct meshlan_error *err)
{
	return family.sock ? MESHLAN_OK : meshlan_open(&family, err);
}

enum meshlan_status ask(uint8_t command, const struct meshlan_set *set,
			const void *object, void *reply,
			struct meshlan_error *err)
{
	enum meshlan_status status = open_family(err);

	if (status)
		return status;
	return meshlan_request(&family, command, set, object, reply, err);
}

enum meshlan_status ask_all(uint8_t command, const struct meshlan_set *set,
			    const void *filter, struct meshlan_list *list,
			    struct meshlan_error *err)
{
	enum meshlan_status status = open_family(err);

	if (status)
		return status;
	return meshlan_dump(&family, command, set, filter, list, err);
}

enum meshlan_status find_dev(const char *name, uint32_t *ifindex,
			     struct meshlan_error *err)
{
	*ifindex = if_nametoindex(name);
	if (*ifindex)
		return MESHLAN_OK;
	/* Without the module there is no device, but that is not the news. */
	if (open_family(err) == MESHLAN_ERR_MODULE)
		return MESHLAN_ERR_MODULE;
	return meshlan_fail(err, MESHLAN_ERR_NOT_FOUND,
			    "'%s': no such device (see: meshctl dev list)",
			    name);
}
