// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "meshctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The last event of a device. */
struct heard {
	uint32_t ifindex;
	uint64_t generation;
};

struct monitor {
	uint32_t ifindex;	/* 0 for all */
	bool timestamps;
	struct heard *heard;
	size_t devices;
};

/* Wall clock time of a boot-based time, as text with microseconds. */
static const char *wall_text(uint64_t boot_ns, char *text)
{
	struct timespec boot, wall;
	int64_t ns;
	time_t seconds;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &wall);
	ns = (wall.tv_sec - boot.tv_sec) * INT64_C(1000000000) +
	     (wall.tv_nsec - boot.tv_nsec) + (int64_t)boot_ns;
	seconds = ns / 1000000000;
	gmtime_r(&seconds, &tm);
	len = strftime(text, MESHLAN_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, MESHLAN_TEXT_MAX - len, ".%06dZ",
		 (int)(ns / 1000 % 1000000));
	return text;
}

static void print_members(const struct meshlan_set *set, const void *object)
{
	uint64_t has = *(const uint64_t *)object;
	char text[MESHLAN_TEXT_MAX];

	for (unsigned int i = 0; i < set->count; i++) {
		const struct meshlan_attr *attr = &set->attr[i];

		if (!(has & MESHLAN_BIT(attr->number)))
			continue;
		if (attr->nest) {
			print_members(attr->nest,
				      (const char *)object + attr->offset);
			continue;
		}
		putchar(' ');
		for (const char *c = attr->name; *c; c++)
			putchar(*c == '_' ? '-' : *c);
		printf(" %s",
		       meshlan_attr_text(attr, object, text, sizeof(text)));
	}
}

static enum meshlan_colour colour_of(uint32_t type)
{
	switch (type) {
	case MESHLAN_EVENT_PATH_UP:
		return MESHLAN_GREEN;
	case MESHLAN_EVENT_REPORT:
		return MESHLAN_YELLOW;
	case MESHLAN_EVENT_PATH_DOWN:
	case MESHLAN_EVENT_KEY_HARD:
	case MESHLAN_EVENT_KEY_LOST:
	case MESHLAN_EVENT_SESSION_EXPIRED:
	case MESHLAN_EVENT_FDB_FROZEN:
	case MESHLAN_EVENT_CONFLICT:
	case MESHLAN_EVENT_LOOP_FOUND:
	case MESHLAN_EVENT_STORM:
	case MESHLAN_EVENT_OWNER_LOST:
	case MESHLAN_EVENT_NETNS_GONE:
		return MESHLAN_RED;
	default:
		return MESHLAN_BOLD;
	}
}

static void print_json(const struct meshlan_event_info *event,
		       const char *ifname, const char *time)
{
	struct meshlan_json json = json_start();

	meshlan_json_open(&json, NULL, '{');
	if (time)
		meshlan_json_string(&json, "time", time);
	if (ifname[0])
		meshlan_json_string(&json, "ifname", ifname);
	meshlan_json_members(&json, &meshlan_event_info_set, event);
	meshlan_json_close(&json, '}');
	meshlan_json_end(&json);
}

static void print_text(const struct meshlan_event_info *event,
		       const char *ifname, const char *time)
{
	const uint64_t said = MESHLAN_BIT(MESHLAN_A_EVENT_IFINDEX) |
			      MESHLAN_BIT(MESHLAN_A_EVENT_TYPE) |
			      MESHLAN_BIT(MESHLAN_A_EVENT_BOOT_TIME);
	enum meshlan_colour colour = colour_of(event->type);
	struct meshlan_event_info rest = *event;
	char text[MESHLAN_TEXT_MAX];

	if (time)
		printf("%s ", time);
	if (ifname[0])
		printf("%s", ifname);
	else
		printf("if%" PRIu32, event->ifindex);
	printf(" %s%s%s", meshlan_colour_on(colour),
	       text_value(&meshlan_event_names, event->type, text),
	       meshlan_colour_off(colour));
	rest.has &= ~said;
	/* A node that the object within names is named once. */
	if (MESHLAN_HAS(event, MESHLAN_A_EVENT_NODE)) {
		rest.session.has &= ~MESHLAN_BIT(MESHLAN_A_SESSION_NODE);
		rest.key.has &= ~MESHLAN_BIT(MESHLAN_A_KEY_NODE);
		rest.path.has &= ~MESHLAN_BIT(MESHLAN_A_PATH_NODE);
		rest.fdb.has &= ~MESHLAN_BIT(MESHLAN_A_FDB_NODE);
		rest.ping.has &= ~MESHLAN_BIT(MESHLAN_A_PING_NODE);
		rest.report.has &= ~MESHLAN_BIT(MESHLAN_A_REPORT_NODE);
	}
	print_members(&meshlan_event_info_set, &rest);
	putchar('\n');
}

/*
 * Events are numbered without gaps, so a gap is news: the kernel itself leaves
 * some out when too many happen at once.
 */
static void tell_gap(struct monitor *monitor,
		     const struct meshlan_event_info *event, const char *ifname)
{
	struct heard *heard;
	size_t i;

	for (i = 0; i < monitor->devices; i++) {
		if (monitor->heard[i].ifindex == event->ifindex)
			break;
	}
	if (i == monitor->devices) {
		heard = reallocarray(monitor->heard, i + 1, sizeof(*heard));
		if (!heard)
			return;
		monitor->heard = heard;
		monitor->devices++;
		heard[i].ifindex = event->ifindex;
	} else if (event->generation > monitor->heard[i].generation + 1) {
		fprintf(stderr, "meshctl: monitor: %s: %" PRIu64
			" events are missing\n", ifname,
			event->generation - monitor->heard[i].generation - 1);
	}
	monitor->heard[i].generation = event->generation;
}

static bool tell(const struct meshlan_event_info *event, void *data)
{
	char ifname[IFNAMSIZ] = "", text[MESHLAN_TEXT_MAX], *time = NULL;
	struct monitor *monitor = data;

	if (!event) {
		fputs("meshctl: monitor: events were lost, reading too slow\n",
		      stderr);
		return true;
	}
	if (monitor->ifindex && event->ifindex != monitor->ifindex)
		return true;
	if (!if_indextoname(event->ifindex, ifname))
		ifname[0] = 0;
	tell_gap(monitor, event, ifname);
	if (monitor->timestamps) {
		wall_text(event->boot_time, text);
		time = text;
	}
	if (want_json)
		print_json(event, ifname, time);
	else
		print_text(event, ifname, time);
	return !fflush(stdout);
}

static bool set_timestamps(const char *text, void *object)
{
	struct monitor *monitor = object;

	(void)text;
	monitor->timestamps = true;
	return true;
}

enum meshlan_status run_monitor(struct args *args, struct meshlan_error *err)
{
	static const struct word words[] = {
		{"timestamps", NULL, false, set_timestamps, NULL},
		{0},
	};
	struct monitor monitor = {0};
	enum meshlan_status status;

	/* Not through a claiming socket: others talk through it meanwhile. */
	status = meshlan_open_own(&family, err);
	if (!status && args->count &&
	    strcmp(args->word[0], "timestamps") &&
	    strcmp(args->word[0], "--timestamps"))
		status = take_dev(args, &monitor.ifindex, err);
	if (!status)
		status = take_words(args, words, &monitor, err);
	if (!status)
		status = meshlan_subscribe(&family, err);
	if (status)
		return status;
	status = meshlan_listen(&family, tell, &monitor, err);
	free(monitor.heard);
	return status;
}
