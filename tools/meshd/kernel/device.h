/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_KERNEL_DEVICE_H
#define MESHD_KERNEL_DEVICE_H

/*
 * The network's device. Everything here waits for the kernel's answer, which
 * takes microseconds, and is for the start and the end of a network (and for
 * "address added" on reload).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "kernel/family.h"
#include "lib/libmeshlan.h"

struct device_spec {
	char name[IFNAMSIZ];
	uint64_t node;
	uint16_t port;
	uint32_t owner_uid;		/* of the daemon's second socket */
	uint8_t lanes;			/* 0: the kernel's choice */
	uint32_t mtu;			/* of the network */
	uint8_t mac[6];			/* only for a device that is made */
};

struct device {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	bool made;			/* by this call */
	uint8_t mac[6];
	uint32_t mtu;
	struct meshlan_dev dev;		/* as the kernel says */
};

/* A socket for what is below, and for the claim. MODULE: there is no module. */
enum meshlan_status device_socket(struct meshlan_nl *nl,
				  struct meshlan_error *err);

/*
 * Makes the device, or takes the one of that name if it is a meshlan device of
 * this node; another port is set, another MTU too. Does not set it up.
 */
enum meshlan_status device_make(struct meshlan_nl *nl,
				const struct device_spec *spec,
				struct device *device,
				struct meshlan_error *err);

/* Whether a host without a network could make it now; makes nothing. */
enum meshlan_status device_possible(const char *name, uint16_t port,
				    struct meshlan_error *err);

/* BUSY: another process has claimed it, @err names it. */
enum meshlan_status device_claim(struct meshlan_nl *nl,
				 const struct device *device,
				 struct meshlan_error *err);

enum meshlan_status device_up(const struct device *device,
			      struct meshlan_error *err);
enum meshlan_status device_set_mtu(const struct device *device, uint32_t mtu,
				   struct meshlan_error *err);
/* Already there is good. IPv6 at once, without duplicate address detection. */
enum meshlan_status device_add_address(const struct device *device,
				       const union addr *addr,
				       unsigned int prefix,
				       struct meshlan_error *err);
/* Already gone is good. */
enum meshlan_status device_del_address(const struct device *device,
				       const union addr *addr,
				       unsigned int prefix,
				       struct meshlan_error *err);
/*
 * While the network runs: role, limits, floods, scatter... what @options has.
 * Does not wait.
 */
void device_set(struct family *family, uint32_t ifindex,
		const struct meshlan_dev *options, family_done_fn *done,
		void *data);
/* At leave. Gone is good. */
enum meshlan_status device_delete(const struct device *device,
				  struct meshlan_error *err);

#endif /* MESHD_KERNEL_DEVICE_H */
