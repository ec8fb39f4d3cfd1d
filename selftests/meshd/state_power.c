// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "state_disk.h"
#include "state_help.h"

/* --- power cuts ------------------------------------------------------------ */

#define STEPS	12

/* Whether it is on disk when it returns. */
static bool script(struct state *state, int number, bool *done)
{
	struct state_token token = token_example(number);
	struct state_issued issued = issued_example(number, number);
	struct state_node node = node_example(number);

	*done = true;
	switch (number) {
	case 0:
		*done = state_set_number(state, STATE_SEQUENCE, 1, 0);
		return true;
	case 1:
	case 2:
		*done = state_add_token(state, &token);
		return true;
	case 3:
		token = token_example(1);
		*done = state_add_issued(state, &issued, token.id, 2);
		return true;
	case 4:
	case 8:
		state_set_node(state, &node, 0);
		return false;
	case 5:
		set_record(state, 5, 1, 9000, 0);
		return false;
	case 6:
		state_tick(state, 5 * SECOND);
		*done = !state_trouble(state);
		return true;
	case 7:
		*done = state_revoke_node(state, 3, DATE) == 1;
		return true;
	case 9:
		set_record(state, 5, 2, 5000, 0);
		return false;
	case 10:
		*done = state_set_number(state, STATE_SEQUENCE, 2, 0);
		return true;
	default:
		state_prune(state, DATE + 400 * 86400);
		*done = !state_trouble(state);
		return true;
	}
}

/* What the state is after each step that is on disk; the others have NULL. */
static void rehearse(char *wanted[STEPS + 1])
{
	struct state *state;
	bool done;

	disk_start();
	state = opened("/d");
	wanted[0] = dump(state);
	for (int i = 0; i < STEPS; i++)
		wanted[i + 1] = script(state, i, &done) ? dump(state) : NULL;
	state_close(state);
}

/* The number of the last step that is on disk for sure. */
static int perform(struct state *state)
{
	int stored = 0;
	bool done;

	for (int i = 0; state && i < STEPS; i++) {
		if (script(state, i, &done) && done)
			stored = i + 1;
		if (disk_is_cut())
			break;
	}
	state_close(state);
	return stored;
}

static bool kept(char *const wanted[STEPS + 1], int stored)
{
	struct state *state = opened("/d");
	int next = stored + 1;
	char *text;
	bool good;

	if (!state)
		return false;
	while (next <= STEPS && !wanted[next])
		next++;
	text = dump(state);
	good = !strcmp(text, wanted[stored]) ||
	       (next <= STEPS && !strcmp(text, wanted[next]));
	if (!good)
		printf("after step %d: %zu bytes\n", stored, strlen(text));
	free(text);
	state_close(state);
	return good;
}

TEST(state, power_cut)
{
	unsigned int wrong = 0, cuts = 0;
	struct meshlan_error err = {0};
	char *wanted[STEPS + 1];
	bool power_goes = true;
	struct state *state;
	int stored;

	rehearse(wanted);
	log_away();
	for (long at = 0; power_goes; at++) {
		for (uint32_t seed = 0; seed < 3; seed++) {
			disk_start();
			disk_cut_at(at);
			if (state_open("/d", DATE, &state, &err))
				state = NULL;
			stored = perform(state);
			power_goes = disk_is_cut();
			if (!power_goes)
				break;
			disk_reboot(seed + at * 7);
			/* And once more while it is being repaired. */
			if (seed == 2) {
				disk_cut_at(at % 5);
				state_open("/d", DATE, &state, &err);
				state_close(state);
				disk_reboot(at);
			}
			wrong += !kept(wanted, stored);
			cuts++;
		}
	}
	log_back("");
	point_number("a power cut at any write leaves old or new", wrong, 0);
	point(cuts > 200, "at %u writes", cuts);
	for (int i = 0; i <= STEPS; i++)
		free(wanted[i]);
	disk_stop();
}

TEST(state, full_disk)
{
	struct state_token token = token_example(1);
	struct state *state;
	char *before, *text;
	unsigned int failed = 0;

	disk_start();
	state = opened("/d");
	fill(state);
	state_tick(state, HOUR);
	before = dump(state);
	disk_quota(disk_used() + 6000);
	log_away();
	for (int i = 100; i < 200; i++) {
		token = token_example(i);
		strcpy(token.note, "a note that is as long as a note may be, sixty-three bytes or s");
		failed += !state_add_token(state, &token);
		set_record(state, i, 1, 4000, 0);
		state_tick(state, i * HOUR);
	}
	point_number("a full disk is told once", log_back("cannot be written"),
		     1);
	point(failed > 50, "what must be stored says that it is not");
	point(state_trouble(state) && strstr(state_trouble(state), "free some"),
	      "and that space is to be freed");
	point(state_find_token(state, token_example(1).id, &token),
	      "the old state can be read");
	disk_quota(0);
	log_away();
	point(state_set_number(state, STATE_ROUTE_SEQUENCE, 9, 0) &&
	      !state_trouble(state), "with space it goes on");
	point_number("which is told too", log_back("written again"), 1);
	state_close(state);
	state = opened("/d");
	text = dump(state);
	point(strstr(text, "number 1 9") && strstr(text, "issued 01") &&
	      strstr(text, "token 13"), "nothing old is lost");
	free(text);
	free(before);
	state_close(state);
	disk_stop();
}
