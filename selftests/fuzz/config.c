// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/*
 * A configuration file. What is taken must come back the same when it is
 * printed and read again; what is refused must say where.
 */

#include <stdlib.h>
#include <string.h>

#include "meshd/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char *printed(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print(config, out);
	fclose(out);
	return text;
}

static void read_again(const struct config *config)
{
	struct config_changes changes;
	struct meshlan_error err;
	struct config again;
	char *text = printed(config);

	config_begin(&again, config->network, config->hub_only);
	if (config_parse(&again, text, strlen(text), "again", &err) ||
	    config_finish(&again, &err) ||
	    config_changes(config, &again, &changes, &err) || changes.count) {
		fprintf(stderr, "%s\n%s\n", err.text, text);
		abort();
	}
	config_free(&again);
	free(text);
}

/* The first bit: a network's or a hub's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct meshlan_error err = {0};
	struct config config;
	bool hub = len && data[0] & 1;
	enum meshlan_status status;

	if (!len)
		return 0;
	config_begin(&config, hub ? CONFIG_HUB_NAME : "home", hub);
	status = config_parse(&config, (const char *)data + 1, len - 1, "f",
			      &err);
	if (status && strncmp(err.text, "f:", 2))
		abort();
	if (!status)
		status = config_finish(&config, &err);
	if (!status)
		read_again(&config);
	else if (!err.text[0])
		abort();
	config_free(&config);
	return 0;
}
