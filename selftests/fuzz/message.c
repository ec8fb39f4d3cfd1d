// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include <stdlib.h>
#include <string.h>

#include "channel/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is understood can be said again, and is then understood the same. */
static void say_again(const struct message *message)
{
	struct buf once = {0}, twice = {0};
	struct meshlan_error why;
	struct message again;

	/* Numbers may have come longer than needed, but never shorter. */
	if (!message_encode(message, &once))
		abort();
	if (message_decode(&again, once.data, once.len, &why) != MESSAGE_GOOD)
		abort();
	if (!message_encode(&again, &twice) || once.len != twice.len ||
	    memcmp(once.data, twice.data, once.len))
		abort();
	message_release(&again);
	buf_free(&once);
	buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct meshlan_error why;
	struct message message;

	if (message_decode(&message, data, len, &why) == MESSAGE_GOOD)
		say_again(&message);
	message_release(&message);
	return 0;
}
