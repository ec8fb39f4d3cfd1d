// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "option.h"

#include <stdlib.h>
#include <string.h>

/* What a configuration is before and after anything was said. */

/* All that the daemon sets, but what goes by one of two attributes. */
#define DEV_SETTINGS						\
	(MESHLAN_BIT(MESHLAN_A_DEV_ROLE) |			\
	 MESHLAN_BIT(MESHLAN_A_DEV_FWMARK) |			\
	 MESHLAN_BIT(MESHLAN_A_DEV_DSCP) |			\
	 MESHLAN_BIT(MESHLAN_A_DEV_SCATTER) |			\
	 MESHLAN_BIT(MESHLAN_A_DEV_REDUNDANT_DSCP) |		\
	 MESHLAN_BIT(MESHLAN_A_DEV_LIMIT_UP) |			\
	 MESHLAN_BIT(MESHLAN_A_DEV_LIMIT_DOWN) |		\
	 MESHLAN_BIT(MESHLAN_A_DEV_LIMIT_BURST) |		\
	 MESHLAN_BIT(MESHLAN_A_DEV_STORM_LIMIT) |		\
	 MESHLAN_BIT(MESHLAN_A_DEV_FLOOD_UNKNOWN) |		\
	 MESHLAN_BIT(MESHLAN_A_DEV_FDB_LIMIT) |			\
	 MESHLAN_BIT(MESHLAN_A_DEV_FDB_NODE_LIMIT) |		\
	 MESHLAN_BIT(MESHLAN_A_DEV_FDB_AGE) |			\
	 MESHLAN_BIT(MESHLAN_A_DEV_SUPPRESS) |			\
	 MESHLAN_BIT(MESHLAN_A_DEV_LINK_LOCAL) |		\
	 MESHLAN_BIT(MESHLAN_A_DEV_LOOP_PROBES))

void config_begin(struct config *config, const char *network, bool hub)
{
	*config = (struct config){
		.network = xstrdup(network),
		.hub_only = hub,
	};
}

void config_free(struct config *config)
{
	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++)
		option_clear(config, &config_options[i]);
	free(config->network);
	*config = (struct config){0};
}

/* With the network's name for "%n". */
static char *standard_text(const struct config *config, const char *standard)
{
	const char *mark = strstr(standard, "%n");
	char *text;

	if (!mark)
		return xstrdup(standard);
	if (asprintf(&text, "%.*s%s%s", (int)(mark - standard), standard,
		     config->network, mark + 2) < 0)
		abort();
	return text;
}

static enum meshlan_status set_standards(struct config *config,
					 struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;
	const struct option *option;
	char *text;

	for (unsigned int i = 0; !status && i < CONFIG_OPTIONS; i++) {
		option = &config_options[i];
		if (config->said[i].count || !option->standard)
			continue;
		text = standard_text(config, option->standard);
		status = option_say(config, option, text, NULL, err);
		free(text);
	}
	return status;
}

/* About the last value of it that was said. */
static enum meshlan_status wrong(const struct config *config,
				 enum config_id id, struct meshlan_error *err,
				 const char *text)
{
	const struct config_said *said = &config->said[id];
	const char *where = said->count ? said->item[said->count - 1].where :
					  NULL;

	return meshlan_fail(err, MESHLAN_ERR_USAGE, "%s%s%s: %s",
			    where ? where : "", where ? ": " : "",
			    config_options[id].name, text);
}

/* "none" beside something else. */
static enum meshlan_status check_words(const struct config *config,
				       struct meshlan_error *err)
{
	char text[64];

	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_said *said = &config->said[i];
		const char *word = config_options[i].zero;

		if (!word || said->count < 2)
			continue;
		for (size_t j = 0; j < said->count; j++) {
			if (strcmp(said->item[j].text, word))
				continue;
			snprintf(text, sizeof(text),
				 "\"%s\" has nothing beside it", word);
			return wrong(config, i, err, text);
		}
	}
	return MESHLAN_OK;
}

/* Own PKI: all of it or none. */
static enum meshlan_status check_files(const struct config *config,
				       struct meshlan_error *err)
{
	static const enum config_id files[] = {
		CONFIG_CA, CONFIG_CERTIFICATE, CONFIG_KEY,
		CONFIG_KEY_PASSWORD_FILE, CONFIG_CRL,
		CONFIG_NETWORK_SECRET_FILE,
	};
	bool all = config->said[CONFIG_CA].count &&
		   config->said[CONFIG_CERTIFICATE].count &&
		   config->said[CONFIG_KEY].count;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !all; i++) {
		if (config->said[files[i]].count)
			return wrong(config, files[i], err,
				     "an own PKI needs ca, certificate and key, all three");
	}
	return MESHLAN_OK;
}

static enum meshlan_status check_counts(const struct config *config,
					struct meshlan_error *err)
{
	if (config->hub.count > CONFIG_HUBS_MAX)
		return wrong(config, CONFIG_HUB, err, "more than 8");
	if (config->address.count > CONFIG_PREFIXES_MAX)
		return wrong(config, CONFIG_ADDRESS, err,
			     "more than three prefixes");
	if (config->hub_only && config->ports.count > 1)
		return wrong(config, CONFIG_PORTS, err, "a hub has one only");
	return MESHLAN_OK;
}

static void set_attributes(struct config *config)
{
	struct meshlan_dev *dev = &config->dev;

	dev->has = DEV_SETTINGS;
	dev->has |= dev->flood_any ? MESHLAN_BIT(MESHLAN_A_DEV_FLOOD_ANY) :
				     MESHLAN_BIT(MESHLAN_A_DEV_FLOOD_TYPE);
	dev->has |= dev->redundant_no_type ?
		MESHLAN_BIT(MESHLAN_A_DEV_REDUNDANT_NO_TYPE) :
		MESHLAN_BIT(MESHLAN_A_DEV_REDUNDANT_TYPE);
}

enum meshlan_status config_finish(struct config *config,
				  struct meshlan_error *err)
{
	enum meshlan_status status = set_standards(config, err);

	if (!status)
		status = check_words(config, err);
	if (!status)
		status = check_files(config, err);
	if (!status)
		status = check_counts(config, err);
	if (!status)
		set_attributes(config);
	return status;
}
