// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "room.h"

#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "path.h"
#include "session.h"
#include "way.h"

/*
 * How large a plaintext may be on a way. What the first path takes, its route
 * tells; what those behind a relay take, only relays can, and they do when
 * something was too large. Their word lasts for a while and counts for ways
 * through the neighbour that brought it.
 */

/**
 * meshlan_rooms_init() - nobody has said anything
 * @rooms: what is set up
 */
void meshlan_rooms_init(struct meshlan_rooms *rooms)
{
	memset(rooms, 0, sizeof(*rooms));
	spin_lock_init(&rooms->lock);
}

static bool room_aged(unsigned long since)
{
	return time_after_eq(jiffies, since + MESHLAN_ROOM_TIME);
}

/* The hop's own place; or one that is free, or else the oldest. */
static unsigned int room_place(const struct meshlan_rooms *rooms, u64 hop)
{
	unsigned int i, place = 0;

	for (i = 0; i < MESHLAN_ROOMS; i++) {
		if (rooms->room[i].hop == hop)
			return i;
		if (!rooms->room[place].hop)
			continue;
		if (!rooms->room[i].hop ||
		    time_before(rooms->room[i].since, rooms->room[place].since))
			place = i;
	}
	return place;
}

/**
 * meshlan_room_reported() - a relay says what would have fitted
 * @rooms: of the session with the packet's destination
 * @hop: adjacent node through which it says so
 * @size: length of the routed packet; too small to be true means the least
 */
void meshlan_room_reported(struct meshlan_rooms *rooms, u64 hop, u16 size)
{
	unsigned int i;
	bool same;

	size = max_t(u16, size, MESHLAN_ROOM_MIN);
	spin_lock(&rooms->lock);
	i = room_place(rooms, hop);
	same = rooms->room[i].hop == hop && !room_aged(rooms->room[i].since);
	/* Reports overtake each other, and a way may have several ends. */
	if (!same || size <= rooms->room[i].size) {
		WRITE_ONCE(rooms->room[i].hop, hop);
		WRITE_ONCE(rooms->room[i].size, size);
		WRITE_ONCE(rooms->room[i].since, jiffies);
	}
	spin_unlock(&rooms->lock);
}

/**
 * meshlan_room_known() - what relays behind a hop say that fits
 * @rooms: of the session with the destination
 * @hop: the adjacent node
 *
 * Return: length of a routed packet; UINT_MAX if nobody said anything.
 */
unsigned int meshlan_room_known(const struct meshlan_rooms *rooms, u64 hop)
{
	unsigned int i;

	for (i = 0; i < MESHLAN_ROOMS; i++) {
		if (READ_ONCE(rooms->room[i].hop) == hop)
			return room_aged(READ_ONCE(rooms->room[i].since)) ?
			       UINT_MAX : READ_ONCE(rooms->room[i].size);
	}
	return UINT_MAX;
}

/**
 * meshlan_room() - how large a plaintext may be
 * @session: session with the node it is for
 * @way: the way it takes
 *
 * Return: bytes.
 */
unsigned int meshlan_room(const struct meshlan_session *session,
			  const struct meshlan_way *way)
{
	unsigned int room = meshlan_path_room(way->path);
	unsigned int around = MESHLAN_SEAL_SIZE;

	if (way->hop != session) {
		room = min(room, meshlan_room_known(&session->rooms,
						    way->hop->node));
		around += sizeof(struct meshlan_routed);
	}
	return room > around ? room - around : 0;
}
