/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_MEMORY_H
#define _MESHLAN_MEMORY_H

#include <linux/types.h>

struct meshlan_session;

/**
 * struct meshlan_memory - bytes that something takes, as they were allocated
 * @objects: of all but windows
 * @windows: of replay windows
 */
struct meshlan_memory {
	u32	objects;
	u32	windows;
};

void meshlan_session_memory(const struct meshlan_session *session,
			    struct meshlan_memory *memory);

#endif /* _MESHLAN_MEMORY_H */
