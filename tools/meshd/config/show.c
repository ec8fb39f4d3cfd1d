// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "option.h"

#include <string.h>

/* Configurations as text, and what is different between two. */

static void print_heading(const char **heading, const struct option *option,
			  FILE *out)
{
	if (!*heading || strcmp(*heading, option->heading))
		fprintf(out, "%s[%s]\n", *heading ? "\n" : "",
			option->heading);
	*heading = option->heading;
}

void config_print(const struct config *config, FILE *out)
{
	const char *heading = NULL;

	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		const struct option *option = &config_options[i];
		const struct config_said *said = &config->said[i];

		if (!option_applies(option, config->hub_only))
			continue;
		print_heading(&heading, option, out);
		if (!said->count)
			fprintf(out, "#%s =\n", option->name);
		for (size_t j = 0; j < said->count; j++) {
			const struct config_word *word = &said->item[j];

			fprintf(out, "%s%s = %s%s%s\n", word->where ? "" : "#",
				option->name, word->text,
				word->where ? "\t# " : "",
				word->where ? word->where : "");
		}
	}
}

/* "%n" is NETWORK here. */
static void print_standard(const struct option *option, FILE *out)
{
	const char *mark = strstr(option->standard, "%n");

	if (mark)
		fprintf(out, "%.*sNETWORK%s", (int)(mark - option->standard),
			option->standard, mark + 2);
	else
		fputs(option->standard, out);
}

void config_help(FILE *out)
{
	const char *heading = NULL;

	fputs("meshd NETWORK [OPTION VALUE]...\n"
	      "\trun a network\n"
	      "meshd --hub [OPTION VALUE]...\n"
	      "\trun a hub, where nodes of any network find each other\n"
	      "meshd NETWORK --check|--show-config [OPTION VALUE]...\n"
	      "\tread the configuration; say nothing, or print it\n"
	      "meshd --example-config|--help|--version\n\n"
	      "  --config-directory DIR\n"
	      "\twhere the files are (" CONFIG_DIRECTORY ")\n\n"
	      "All others may also stand in " CONFIG_DIRECTORY "/NETWORK.conf, without the\n"
	      "dashes: see meshd.conf(5). Behind each is its default.\n\n", out);
	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		const struct option *option = &config_options[i];

		print_heading(&heading, option, out);
		fprintf(out, "  --%s %s%s\n\t%s", option->name, option->value,
			option->flags & OPTION_LIST ? " ..." : "",
			option->help);
		if (option->standard) {
			fputs(" (", out);
			print_standard(option, out);
			fputs(")", out);
		}
		fputs("\n", out);
	}
}

void config_example(FILE *out)
{
	const char *heading = NULL;

	fputs("# All options of meshd with their defaults; see meshd.conf(5).\n"
	      "# Copy what you need to " CONFIG_DIRECTORY "/NETWORK.conf\n"
	      "# or to a file in " CONFIG_DIRECTORY "/NETWORK.conf.d.\n\n",
	      out);
	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		const struct option *option = &config_options[i];

		print_heading(&heading, option, out);
		fprintf(out, "\n# %s%s:\n# %s\n#%s =", option->help,
			option->flags & OPTION_LIST ? "; repeatable" : "",
			option->form, option->name);
		if (option->standard) {
			fputs(" ", out);
			print_standard(option, out);
		}
		fputs("\n", out);
	}
}

static bool same(const struct config_said *a, const struct config_said *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->item[i].text, b->item[i].text))
			return false;
	}
	return true;
}

static enum meshlan_status cannot_change(const struct config *old,
					 const struct config *new,
					 enum config_id id,
					 struct meshlan_error *err)
{
	const struct config_said *was = &old->said[id], *is = &new->said[id];

	return meshlan_fail(err, MESHLAN_ERR_REFUSED,
			    "%s%s%s: cannot change while meshd runs (from \"%.60s\" to \"%.60s\"); restart it, which costs no packet",
			    is->count && is->item[0].where ?
				    is->item[0].where : "",
			    is->count && is->item[0].where ? ": " : "",
			    config_options[id].name,
			    was->count ? was->item[0].text : "",
			    is->count ? is->item[0].text : "");
}

enum meshlan_status config_changes(const struct config *old,
				   const struct config *new,
				   struct config_changes *changes,
				   struct meshlan_error *err)
{
	*changes = (struct config_changes){0};
	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		if (same(&old->said[i], &new->said[i]))
			continue;
		if (config_options[i].flags & OPTION_FIXED)
			return cannot_change(old, new, i, err);
		changes->option[i] = true;
		changes->count++;
	}
	return MESHLAN_OK;
}

bool config_low_ports(const struct config *config)
{
	for (unsigned int i = 0; i < config->ports.count; i++) {
		if (config->ports.port[i] < 1024)
			return true;
	}
	if (config->hub_only)
		return false;
	return config->dns || (config->metrics.sa.sa_family &&
			       addr_port(&config->metrics) < 1024);
}
