// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

struct unit {
	const char *part, *name;
	unit_fn *run;
};

static struct unit units[1024];
static unsigned int count;
static int failed;
static char dir[] = "/tmp/meshd-unit.XXXXXX";
static bool has_dir;

void unit_add(const char *part, const char *name, unit_fn *run)
{
	if (count == sizeof(units) / sizeof(*units))
		abort();
	units[count++] = (struct unit){ part, name, run };
}

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

void point_text(const char *name, const char *got, const char *wanted)
{
	bool good = !strcmp(got, wanted);

	if (!good)
		printf("got \"%s\", wanted \"%s\"\n", got, wanted);
	point(good, "%s", name);
}

void point_number(const char *name, uint64_t got, uint64_t wanted)
{
	if (got != wanted)
		printf("got %" PRIu64 ", wanted %" PRIu64 "\n", got, wanted);
	point(got == wanted, "%s", name);
}

const char *unit_dir(void)
{
	if (!has_dir && !mkdtemp(dir))
		abort();
	has_dir = true;
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static bool wanted(const struct unit *unit, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], unit->part) ||
		    !strcmp(argv[i], unit->name))
			return true;
	}
	return argc == 1 && strcmp(unit->part, "open");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned int i = 0; i < count; i++) {
		if (wanted(&units[i], argc, argv))
			units[i].run();
	}
	if (has_dir)
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return failed;
}
