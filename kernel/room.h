/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_ROOM_H
#define _MESHLAN_ROOM_H

#include <linux/jiffies.h>
#include <linux/spinlock.h>

struct meshlan_session;
struct meshlan_way;

/* Hops of one session whose relays' word is kept. */
#define MESHLAN_ROOMS		4
/* So long it is believed; then a larger packet is tried again. */
#define MESHLAN_ROOM_TIME	(600 * HZ)
/* What every IPv4 host takes, and so every path: 576, less 28 of headers. */
#define MESHLAN_ROOM_MIN	548

/**
 * struct meshlan_rooms - what relays further on say that fits
 * @lock: protects writing, BH off
 * @room: by hop
 * @room.hop: adjacent node through which the word came, 0 if none did
 * @room.size: length of routed packets that fits
 * @room.since: jiffies when the word came
 */
struct meshlan_rooms {
	spinlock_t		lock;
	struct {
		u64		hop;
		u16		size;
		unsigned long	since;
	} room[MESHLAN_ROOMS];
};

void meshlan_rooms_init(struct meshlan_rooms *rooms);

/* Packet path: RCU, BH off. */
void meshlan_room_reported(struct meshlan_rooms *rooms, u64 hop, u16 size);
unsigned int meshlan_room_known(const struct meshlan_rooms *rooms, u64 hop);
unsigned int meshlan_room(const struct meshlan_session *session,
			  const struct meshlan_way *way);

#endif /* _MESHLAN_ROOM_H */
