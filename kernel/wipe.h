/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_WIPE_H
#define _MESHLAN_WIPE_H

int meshlan_wipe_init(void);
void meshlan_wipe_exit(void);

#endif /* _MESHLAN_WIPE_H */
