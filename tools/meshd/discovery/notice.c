// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "notice.h"

#include <string.h>

#define NOTICE_VERSION	1
#define HEAD		36	/* version, count, two zero bytes, four u64 */

static void put_u64(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = value >> (56 - 8 * i);
}

static uint64_t get_u64(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | at[i];
	return value;
}

size_t addr_write(uint8_t *at, size_t room, const union addr *addr)
{
	uint8_t bytes[ADDR_BYTES_MAX];
	size_t len = addr_pack(addr, bytes);

	if (room < 1 + len)
		return 0;
	at[0] = len;
	memcpy(at + 1, bytes, len);
	return 1 + len;
}

size_t addr_read(const uint8_t *at, size_t len, union addr *addr)
{
	if (!len || at[0] > len - 1 || !addr_unpack(addr, at + 1, at[0]))
		return 0;
	return 1 + at[0];
}

size_t notice_seal(const struct discovery_keys *keys, uint8_t type,
		   const struct notice *notice, uint8_t box[NOTICE_BOX_MAX])
{
	uint8_t plain[NOTICE_MAX] = { NOTICE_VERSION, notice->count };
	size_t len = HEAD;

	put_u64(plain + 4, notice->node);
	put_u64(plain + 12, notice->instance);
	put_u64(plain + 20, notice->number);
	put_u64(plain + 28, notice->date);
	for (unsigned int i = 0; i < notice->count; i++)
		len += addr_write(plain + len, sizeof(plain) - len,
				  &notice->addr[i]);
	box_seal(keys, type, plain, len, box);
	return len + BOX_OVERHEAD;
}

static bool read_addrs(const uint8_t *at, size_t len, struct notice *notice)
{
	for (unsigned int i = 0; i < notice->count; i++) {
		size_t used = addr_read(at, len, &notice->addr[i]);

		if (!used)
			return false;
		at += used;
		len -= used;
	}
	return true;
}

bool notice_open(const struct discovery_keys *keys, uint8_t type,
		 const uint8_t *box, size_t len, struct notice *notice)
{
	uint8_t plain[NOTICE_MAX];

	if (len < HEAD + BOX_OVERHEAD || len > NOTICE_BOX_MAX ||
	    !box_open(keys, type, box, len, plain) ||
	    plain[0] != NOTICE_VERSION || plain[1] > NOTICE_ADDRS_MAX)
		return false;
	notice->count = plain[1];
	notice->node = get_u64(plain + 4);
	notice->instance = get_u64(plain + 12);
	notice->number = get_u64(plain + 20);
	notice->date = get_u64(plain + 28);
	return notice->node &&
	       read_addrs(plain + HEAD, len - BOX_OVERHEAD - HEAD, notice);
}
