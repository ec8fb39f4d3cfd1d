// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "question.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <libmnl/libmnl.h>

#define SECOND UINT64_C(1000000000)

uint64_t question_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

enum meshlan_status asker_take(struct asker *asker, struct args *args,
			       struct meshlan_error *err)
{
	const char *ifname = args->count ? args->word[0] : "";
	enum meshlan_status status;
	uint8_t mac[6];

	*asker = (struct asker){0};
	status = take_dev(args, &asker->ifindex, err);
	if (status)
		return status;
	snprintf(asker->ifname, sizeof(asker->ifname), "%s", ifname);
	asker->target = take(args);
	if (!asker->target)
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "which node? (16 hex digits, or a MAC address)");
	if (!meshlan_parse_node(asker->target, &asker->node) &&
	    !meshlan_parse_mac(asker->target, mac))
		return meshlan_fail(err, MESHLAN_ERR_USAGE,
				    "'%s': neither a node id (16 hex digits) nor a MAC address",
				    asker->target);
	return MESHLAN_OK;
}

static enum meshlan_status find_mac(struct asker *asker, uint16_t vlan,
				    struct meshlan_error *err)
{
	struct meshlan_fdb query = {0}, entry;
	enum meshlan_status status;

	meshlan_parse_mac(asker->target, query.mac);
	query.has = MESHLAN_BIT(MESHLAN_A_FDB_MAC);
	PUT(&query, MESHLAN_A_FDB_IFINDEX, ifindex, asker->ifindex);
	PUT(&query, MESHLAN_A_FDB_VLAN, vlan, vlan);
	status = ask(MESHLAN_CMD_FDB_GET, &meshlan_fdb_set, &query, &entry,
		     err);
	if (status == MESHLAN_ERR_NOT_FOUND)
		return meshlan_fail(err, status,
				    "mac '%s': behind no known node (see: meshctl fdb list)",
				    asker->target);
	if (status)
		return status;
	if (!MESHLAN_HAS(&entry, MESHLAN_A_FDB_NODE))
		return meshlan_fail(err, MESHLAN_ERR_REFUSED,
				    "mac '%s': is on this node itself",
				    asker->target);
	asker->node = entry.node;
	return MESHLAN_OK;
}

enum meshlan_status asker_open(struct asker *asker, uint16_t vlan,
			       struct meshlan_error *err)
{
	enum meshlan_status status = MESHLAN_OK;

	if (!asker->node)
		status = find_mac(asker, vlan, err);
	if (!status &&
	    getrandom(&asker->first, sizeof(asker->first), 0) !=
		    sizeof(asker->first))
		status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				      "drawing a number: %s", strerror(errno));
	/* A socket of its own: no event is taken for the kernel's answer. */
	if (!status)
		status = meshlan_open_own(&asker->events, err);
	if (!status)
		status = meshlan_subscribe(&asker->events, err);
	return status;
}

void asker_close(struct asker *asker)
{
	meshlan_close(&asker->events);
}

enum meshlan_status asker_ask(struct asker *asker, int ttl,
			      struct meshlan_error *err)
{
	struct meshlan_ping ping = {0};
	enum meshlan_status status;

	PUT(&ping, MESHLAN_A_PING_IFINDEX, ifindex, asker->ifindex);
	PUT(&ping, MESHLAN_A_PING_NODE, node, asker->node);
	PUT(&ping, MESHLAN_A_PING_ID, id, asker->first + asker->asked);
	if (ttl >= 0)
		PUT(&ping, MESHLAN_A_PING_TTL, ttl, ttl);
	status = ask(MESHLAN_CMD_PING, &meshlan_ping_set, &ping, NULL, err);
	if (!status)
		asker->asked++;
	return status;
}

struct hearing {
	const struct asker *asker;
	answer_fn *answer;
	void *data;
};

static bool tell(const struct meshlan_event_info *event, void *data)
{
	const struct hearing *hearing = data;
	const struct asker *asker = hearing->asker;
	uint32_t seq;

	/* What the kernel left out is as good as lost on the way. */
	if (!event || event->type != MESHLAN_EVENT_PING ||
	    event->ifindex != asker->ifindex ||
	    event->ping.node != asker->node)
		return true;
	seq = event->ping.id - asker->first;
	if (seq >= asker->asked)
		return true;
	return hearing->answer(&event->ping, seq, hearing->data);
}

enum meshlan_status asker_wait(struct asker *asker, uint64_t end,
			       const sigset_t *mask, answer_fn *answer,
			       void *data, struct meshlan_error *err)
{
	struct hearing hearing = {asker, answer, data};
	struct pollfd poll = {mnl_socket_get_fd(asker->events.sock), POLLIN, 0};
	enum meshlan_status status = MESHLAN_OK;
	bool more = true;
	uint64_t now;

	while (more && !status && (now = question_now()) < end) {
		struct timespec left = {(end - now) / SECOND,
					(end - now) % SECOND};
		int ready = ppoll(&poll, 1, &left, mask);

		if (ready > 0)
			status = meshlan_hear(&asker->events, tell, &hearing,
					      &more, err);
		else if (ready < 0 && errno == EINTR)
			break;
		else if (ready < 0)
			status = meshlan_fail(err, MESHLAN_ERR_SYSTEM,
					      "waiting: %s", strerror(errno));
	}
	return status;
}
