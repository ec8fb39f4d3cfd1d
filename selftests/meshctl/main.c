// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int failed;

void point(bool good, const char *format, ...)
{
	va_list args;

	failed |= !good;
	fputs(good ? "pass " : "fail ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* For a comparison with the uapi header: SET ATTRIBUTE NUMBER. */
static void print_names(void)
{
	static const struct meshlan_set *const sets[] = {
		&meshlan_dev_set,   &meshlan_session_set, &meshlan_key_set,
		&meshlan_path_set,  &meshlan_hop_set,	  &meshlan_route_set,
		&meshlan_routes_set,
		&meshlan_origin_set, &meshlan_ping_set,	  &meshlan_report_set,
		&meshlan_fdb_set,   &meshlan_event_info_set,
		&meshlan_link_set,
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		for (unsigned int j = 0; j < sets[i]->count; j++)
			printf("%s %s %u\n", sets[i]->name,
			       sets[i]->attr[j].name, sets[i]->attr[j].number);
	}
}

static void print_values(const char *what, const struct meshlan_names *names)
{
	for (unsigned int i = 0; i < names->count; i++)
		printf("%s %s %u\n", what, names->name[i], names->first + i);
}

static void print_all_values(void)
{
	print_values("cipher", &meshlan_cipher_names);
	print_values("key-state", &meshlan_key_state_names);
	print_values("path-state", &meshlan_path_state_names);
	print_values("fdb-type", &meshlan_fdb_type_names);
	print_values("role", &meshlan_role_names);
	print_values("report-cause", &meshlan_cause_names);
	print_values("event", &meshlan_event_names);
	print_values("counter", &meshlan_counter_names);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "names")) {
		print_names();
	} else if (argc == 2 && !strcmp(argv[1], "values")) {
		print_all_values();
	} else if (argc == 4 && !strcmp(argv[1], "fuzz")) {
		fuzz(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	} else if (argc == 1) {
		test_parse();
		test_object();
		test_refusal();
		test_config();
		test_daemon();
	} else {
		fputs("usage: meshctl-unit [names|values|fuzz SEED ROUNDS]\n",
		      stderr);
		return 2;
	}
	return failed;
}
