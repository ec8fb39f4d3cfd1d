// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "channel/printable.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of the UTF-8 character at the front, 0 if there is none. */
static size_t character(struct span from, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = from.data[0];
	size_t len;

	if (first < 0x80)
		len = 1;
	else if (first >= 0xc2 && first < 0xf5)
		len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	else
		return 0;
	if (len > from.len)
		return 0;
	*code = len == 1 ? first : first & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if (from.data[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (from.data[i] & 0x3f);
	}
	return *code >= least[len] && *code <= 0x10ffff ? len : 0;
}

static bool is_printable(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} not[] = {
		{ 0, 0x1f },
		{ 0x7f, 0x9f },
		{ 0xad, 0xad },
		{ 0x61c, 0x61c },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0xd800, 0xf8ff },	/* surrogates, private use */
		{ 0xfeff, 0xfeff },
		{ 0xfff0, 0xfffb },
		{ 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(not) / sizeof(*not); i++) {
		if (code >= not[i].first && code <= not[i].last)
			return false;
	}
	return true;
}

void printable(char *to, size_t size, struct span from)
{
	uint32_t code;
	size_t len;
	bool good;

	while (from.len) {
		len = character(from, &code);
		good = len && is_printable(code);
		if (!len)
			len = 1;
		if (size < (good ? len : 1) + 1)
			break;
		if (good) {
			memcpy(to, from.data, len);
			to += len;
			size -= len;
		} else {
			*to++ = '?';
			size--;
		}
		from.data += len;
		from.len -= len;
	}
	*to = '\0';
}
