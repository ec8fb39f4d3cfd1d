/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_KERNEL_H
#define MESHD_KERNEL_KERNEL_H

/*
 * The device's sockets on the event loop: requests, events, neighbours. What
 * belongs to the underlay is in watch.h. Single thread. What the callbacks may
 * do is said where they are declared; none of them may call kernel_close().
 *
 *	kernel_open(); device_make(kernel_nl()); kernel_start();
 *	device_add_address(); device_up();
 *	... sync_*(kernel_sync()), key_*(kernel_family()) ...
 *	kernel_close();		the device and all in it carry on
 *
 * When the device is gone (watch.h), or the module was replaced: kernel_close()
 * and from the beginning.
 */

#include <uv.h>

#include "kernel/device.h"
#include "kernel/events.h"
#include "kernel/family.h"
#include "kernel/sync.h"

struct kernel;

struct kernel_ops {
	struct events_ops events;
	/* found, ready, refused, session count; the rest is filled in here. */
	struct sync_ops sync;
};

/* The claiming socket, MODULE if there is no module. Nothing is changed. */
enum meshlan_status kernel_open(uv_loop_t *loop, const struct kernel_ops *ops,
				void *data, struct kernel **kernel,
				struct meshlan_error *err);
/* Waiting, for device_make() before kernel_start(); NULL after. */
struct meshlan_nl *kernel_nl(struct kernel *kernel);

/* Claims @device, begins to listen, dumps (sync_start()). */
enum meshlan_status kernel_start(struct kernel *kernel,
				 const struct device *device,
				 struct meshlan_error *err);
/*
 * All requests end with ECANCELED. The claim ends when the loop has turned once
 * more: run it until its handles are closed.
 */
void kernel_close(struct kernel *kernel);

struct family *kernel_family(struct kernel *kernel);
struct sync *kernel_sync(struct kernel *kernel);
uint32_t kernel_ifindex(const struct kernel *kernel);

#endif /* MESHD_KERNEL_KERNEL_H */
