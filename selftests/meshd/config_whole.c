// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "config_text.h"

TEST(config, hub)
{
	char *good[] = { "--port", "443", "--user=nobody" };
	char *bad[] = { "--peer=a.b" }, *many[] = { "--port=1,2" };
	struct config config;
	struct meshlan_error err = {0};

	point(!config_load_hub(&config, unit_dir(), 3, good, &err),
	      "good: %s", err.text);
	point(config.hub_only && config.ports.port[0] == 443 &&
	      !strcmp(config.user, "nobody") && config_low_ports(&config),
	      "port and user");
	config_free(&config);
	config_load_hub(&config, unit_dir(), 1, bad, &err);
	point_text("peer", err.text, "--peer: means nothing to a hub");
	config_load_hub(&config, unit_dir(), 1, many, &err);
	point_text("two ports", err.text,
		   "command line: port: a hub has one only");
}

static void command(const char *line, struct config_command *got,
		    struct meshlan_error *err)
{
	static char copy[200];
	static char *word[20];
	int count = 0;

	err->text[0] = 0;
	strcpy(copy, line);
	for (char *text = strtok(copy, " "); text; text = strtok(NULL, " "))
		word[count++] = text;
	config_command(count, word, got, err);
}

TEST(config, command)
{
	static const struct {
		const char *line, *error;
	} bad[] = {
		{ "meshd", "name a network, as in \"meshd home\", or say --hub" },
		{ "meshd --check", "name a network, as in \"meshd home\", or say --hub" },
		{ "meshd a b", "b: one network at a time" },
		{ "meshd Home", "Home: no name of a network (1 to 63 of a-z, 0-9 and -)" },
		{ "meshd ../x", "../x: no name of a network (1 to 63 of a-z, 0-9 and -)" },
		{ "meshd hub", "hub: no name for a network, hub.conf is that of meshd --hub" },
		{ "meshd --hub home", "home: a hub serves all networks; name none" },
	};
	struct config_command got;
	struct meshlan_error err = {0};

	for (size_t i = 0; i < COUNT(bad); i++) {
		command(bad[i].line, &got, &err);
		point_text(bad[i].line, err.text, bad[i].error);
	}
	command("meshd --lan off home --config-directory=/x --hub h.b --check "
		"--mtu=1400", &got, &err);
	point(!got.hub && got.action == CONFIG_CHECK && got.network &&
	      !strcmp(got.network, "home") && !strcmp(got.directory, "/x") &&
	      got.argc == 5 && !strcmp(got.argv[4], "--mtu=1400"),
	      "all mixed: %s", err.text);
	free(got.argv);
	command("meshd --hub --config-directory /y --port 5", &got, &err);
	point(got.hub && got.action == CONFIG_RUN && got.argc == 2 &&
	      !strcmp(got.network, "hub") && !strcmp(got.directory, "/y"),
	      "hub: %s", err.text);
	free(got.argv);
	command("meshd --help", &got, &err);
	point(got.action == CONFIG_HELP && !*err.text, "help needs no network");
	free(got.argv);
}

static char *printed(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print(config, out);
	fclose(out);
	return text;
}

/* What is printed is a file that gives the same. */
TEST(config, printed)
{
	struct config config, again;
	struct config_changes changes;
	struct meshlan_error err = {0};
	char *text;

	parse_config(&config, "port = 443, 23731\npeer = a.b, [2001:db8::1]:5\nrekey = 90s\n"
	      "cost = alpha 10\nscatter-ratio=1.5\nflood-types = 0x0806\n",
	      &err);
	text = printed(&config);
	point(strstr(text, "\nport = 443\t# f:1\nport = 23731\t# f:1\n") &&
	      strstr(text, "\n[paths]\n#probe-interval = 100ms\n") &&
	      strstr(text, "\n#domain = home.internal\n") &&
	      strstr(text, "\n#psk-file =\n"), "as in a file");
	point(!parse_config(&again, text, &err), "it is read again: %s", err.text);
	point(!config_changes(&config, &again, &changes, &err) &&
	      !changes.count, "and is the same");
	config_free(&config);
	config_free(&again);
	free(text);
}

/* The text of a file of the source tree; free() it. */
static char *source(const char *name)
{
	static const char here[] = "selftests/meshd/config_whole.c";
	size_t top = sizeof(__FILE__) - sizeof(here), got = 0;
	char *path, *text = calloc(1, 1 << 17);
	FILE *in;

	if (asprintf(&path, "%.*s%s", (int)top, __FILE__, name) < 0)
		abort();
	in = fopen(path, "r");
	if (in) {
		got = fread(text, 1, (1 << 17) - 1, in);
		fclose(in);
	}
	point(got > 0, "%s is there", name);
	free(path);
	return text;
}

/* ".BR key\-file " = \fIFILE\fR, ... *"" and what the marks say. */
static const char *described(const char *page, const struct option *option)
{
	char start[100] = "\n.BR ", *end = start + 5;

	for (const char *c = option->name; *c; c++) {
		if (*c == '-')
			*end++ = '\\';
		*end++ = *c;
	}
	strcpy(end, " \" = ");
	return strstr(page, start);
}

TEST(config, man_page)
{
	char *page = source("tools/man/meshd.conf.5");
	char heading[40], line[200];
	const char *found;

	for (unsigned int i = 0; i < CONFIG_OPTIONS; i++) {
		const struct option *option = &config_options[i];

		found = described(page, option);
		point(found, "meshd.conf(5) has %s", option->name);
		if (!found)
			continue;
		snprintf(line, sizeof(line), "%.*s",
			 (int)strcspn(found + 1, "\n"), found + 1);
		point(!strstr(line, ", ...") == !(option->flags & OPTION_LIST),
		      "it says whether %s is repeatable", option->name);
		point(!strstr(line, " *\"") == !(option->flags & OPTION_FIXED),
		      "it says whether %s can change", option->name);
		snprintf(heading, sizeof(heading), "\n.SS [%s]\n",
			 option->heading);
		point(strstr(page, heading) && strstr(page, heading) < found,
		      "%s stands below its heading", option->name);
	}
	free(page);
}

/* The words of the command line that are no options. */
TEST(config, man_page_of_the_program)
{
	static const char *const words[] = {
		"hub", "check", "show\\-config", "example\\-config",
		"config\\-directory", "help", "version",
	};
	char *page = source("tools/man/meshd.8");
	char text[60];

	for (size_t i = 0; i < COUNT(words); i++) {
		snprintf(text, sizeof(text), "\\-\\-%s", words[i]);
		point(strstr(page, text), "meshd(8) has %s", text);
	}
	free(page);
}

TEST(config, example_file)
{
	char *file = source("tools/packaging/examples/NETWORK.conf");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_example(out);
	fclose(out);
	point(strlen(file) > size &&
	      !strcmp(file + strlen(file) - size, text),
	      "but for its licence NETWORK.conf is what \"meshd --example-config\" prints");
	free(text);
	free(file);
}

/* The example with every "#option" made an option. */
TEST(config, example)
{
	struct config config;
	struct meshlan_error err = {0};
	char *text = NULL, *mark;
	size_t size, options = 0;
	FILE *out = open_memstream(&text, &size);

	config_example(out);
	fclose(out);
	for (mark = strstr(text, "\n#"); mark; mark = strstr(mark + 1, "\n#")) {
		if (mark[2] < 'a' || mark[2] > 'z')
			continue;
		options++;
		memmove(mark + 1, mark + 2, strlen(mark + 1));
	}
	while ((mark = strstr(text, "NETWORK.internal")))
		memcpy(mark, "network", 7);
	point_number("as many as there are", options, CONFIG_OPTIONS);
	point(!parse_config(&config, text, &err), "it is good: %s", err.text);
	config_free(&config);
	free(text);
}

TEST(config, changes)
{
	struct config old, new;
	struct config_changes changes;
	struct meshlan_error err = {0};

	parse_config(&old, "peer = a.b\nmtu = 1360\n", &err);
	parse_config(&new, "peer = a.b, c.d\nrekey = 1m\n", &err);
	point(!config_changes(&old, &new, &changes, &err), "good: %s",
	      err.text);
	point(changes.count == 2 && changes.option[CONFIG_PEER] &&
	      changes.option[CONFIG_REKEY], "peer and rekey, not mtu");
	config_free(&new);

	parse_config(&new, "peer = c.d\n\nport = 443\n", &err);
	point_number("refused", config_changes(&old, &new, &changes, &err),
		     MESHLAN_ERR_REFUSED);
	point_text("port", err.text,
		   "f:3: port: cannot change while meshd runs (from \"23731\" to \"443\"); restart it, which costs no packet");
	config_free(&new);
	config_free(&old);
}

TEST(config, low_ports)
{
	static const struct {
		const char *text;
		bool low;
	} cases[] = {
		{ "", true }, { "dns = off", false },
		{ "dns = off\nport = 2000, 443", true },
		{ "dns = off\nmetrics = 127.0.0.1:80", true },
		{ "dns = off\nmetrics = 127.0.0.1:8080", false },
	};
	struct config config;
	struct meshlan_error err = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		parse_config(&config, cases[i].text, &err);
		point(config_low_ports(&config) == cases[i].low,
		      "low ports, case %zu", i);
		config_free(&config);
	}
}
