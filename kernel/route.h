/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_ROUTE_H
#define _MESHLAN_ROUTE_H

#include "meshlan.h"

int meshlan_routes_init(struct meshlan_dev *mdev);
void meshlan_routes_uninit(struct meshlan_dev *mdev);

/* The session with the node is gone: so is the route to it. Under lock. */
void meshlan_route_forget(struct meshlan_dev *mdev, u64 node);

#endif /* _MESHLAN_ROUTE_H */
