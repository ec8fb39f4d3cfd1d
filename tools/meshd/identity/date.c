// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "identity/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* The compiler takes the day from SOURCE_DATE_EPOCH if that is set. */
static uint64_t build_date(void)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = {0};
	char month[4];

	sscanf(__DATE__, "%3s %d %d", month, &tm.tm_mday, &tm.tm_year);
	tm.tm_mon = (strstr(months, month) - months) / 3;
	tm.tm_year -= 1900;
	/* Somewhere on earth it was the day before. */
	tm.tm_mday--;
	return timegm(&tm);
}

void date_start(struct date *date, uint64_t stored)
{
	uint64_t built = build_date();

	date->least = stored > built ? stored : built;
	date->met = false;
}

void date_hear(struct date *date, uint64_t signed_at)
{
	date->met = true;
	if (signed_at > date->least)
		date->least = signed_at;
}

uint64_t date_now(const struct date *date, uint64_t clock)
{
	return clock > date->least ? clock : date->least;
}

bool date_forgives_start(const struct date *date)
{
	return !date->met;
}

uint64_t date_to_store(const struct date *date, uint64_t clock,
		       uint64_t expires)
{
	uint64_t now = date_now(date, clock);

	return now <= expires ? now : 0;
}
