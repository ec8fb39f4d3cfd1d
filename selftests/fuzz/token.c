// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */

/* Text of a join token: what is read is written the same again. */

#include <stdlib.h>
#include <string.h>

#include "meshd/identity/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What follows the checksum's test is only reached with a right one. */
static void with_checksum(const uint8_t *data, size_t size)
{
	char text[TOKEN_TEXT_MAX], again[TOKEN_TEXT_MAX];
	struct meshlan_error err;
	struct token token;

	memset(&token, 0, sizeof(token));
	token.endpoints = size ? data[0] % 4 : 0;
	for (unsigned int i = 0; i < token.endpoints && size > 3; i++) {
		size_t len = data[1] % TOKEN_HOST_MAX;

		token.endpoint[i].port = data[2] << 8 | data[0];
		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		memcpy(token.endpoint[i].host, data, len);
		data += len;
		size -= len;
	}
	if (!token_text(&token, text))
		return;
	if (token_parse(&token, text, &err) != MESHLAN_OK ||
	    !token_text(&token, again) || strcmp(text, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char again[TOKEN_TEXT_MAX], *text = malloc(size + 1);
	struct meshlan_error err;
	struct token token;

	memcpy(text, data, size);
	text[size] = 0;
	if (token_parse(&token, text, &err) == MESHLAN_OK &&
	    !token_text(&token, again))
		abort();
	free(text);
	with_checksum(data, size);
	return 0;
}
