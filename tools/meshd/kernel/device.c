// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "kernel/device.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NODE_TEXT 17

/* --- finding ------------------------------------------------------------- */

/* NOT_FOUND if there is no meshlan device of this name. */
static enum meshlan_status find(struct meshlan_nl *nl, const char *name,
				struct meshlan_dev *dev,
				struct meshlan_error *err)
{
	static const struct meshlan_dev any;
	enum meshlan_status status;
	struct meshlan_list list;
	const struct meshlan_dev *devs;

	status = meshlan_dump(nl, MESHLAN_CMD_DEV_GET, &meshlan_dev_set, &any,
			      &list, err);
	if (status)
		return status;
	status = MESHLAN_ERR_NOT_FOUND;
	devs = list.items;
	for (size_t i = 0; i < list.count && status; i++) {
		if (strcmp(devs[i].ifname, name))
			continue;
		*dev = devs[i];
		status = MESHLAN_OK;
	}
	meshlan_list_free(&meshlan_dev_set, &list);
	return status;
}

/* What only the interface itself says. */
static enum meshlan_status read_link(struct device *device,
				     struct meshlan_error *err)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {0};
	bool good = fd >= 0;

	memcpy(request.ifr_name, device->name, IFNAMSIZ);
	good = good && !ioctl(fd, SIOCGIFHWADDR, &request);
	if (good)
		memcpy(device->mac, request.ifr_hwaddr.sa_data, 6);
	good = good && !ioctl(fd, SIOCGIFMTU, &request);
	if (good)
		device->mtu = request.ifr_mtu;
	else
		meshlan_fail(err, MESHLAN_ERR_SYSTEM, "reading %s: %s",
			     device->name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good ? MESHLAN_OK : MESHLAN_ERR_SYSTEM;
}

/* --- making -------------------------------------------------------------- */

/* Says in front of the kernel's line what was tried. */
static enum meshlan_status about(const char *what, const char *name,
				 enum meshlan_status status,
				 struct meshlan_error *err)
{
	struct meshlan_error why = *err;

	if (status == MESHLAN_ERR_PERMISSION)
		return meshlan_fail(err, status,
				    "%s %s: not allowed; run as root or with CAP_NET_ADMIN",
				    what, name);
	if (status)
		meshlan_fail(err, status, "%s %s: %.250s", what, name,
			     why.text);
	return status;
}

static enum meshlan_status make(const struct device_spec *spec,
				struct meshlan_error *err)
{
	struct meshlan_link link = {
		.has = MESHLAN_BIT(IFLA_MESHLAN_PORT) |
		       MESHLAN_BIT(IFLA_MESHLAN_NODE) |
		       MESHLAN_BIT(IFLA_MESHLAN_OWNER_UID),
		.port = spec->port,
		.node = spec->node,
		.owner_uid = spec->owner_uid,
		.lanes = spec->lanes,
	};
	enum meshlan_status status;

	if (spec->lanes)
		link.has |= MESHLAN_BIT(IFLA_MESHLAN_LANES);
	if (if_nametoindex(spec->name))
		return meshlan_fail(err, MESHLAN_ERR_BUSY,
				    "%s exists and is no meshlan device: "
				    "give this network another device name",
				    spec->name);
	status = meshlan_link_add(spec->name, &link, spec->mac, spec->mtu,
				  false, err);
	return about("making", spec->name, status, err);
}

static enum meshlan_status set_port(struct meshlan_nl *nl, uint32_t ifindex,
				    const struct device_spec *spec,
				    struct meshlan_error *err)
{
	struct meshlan_dev change = {
		.has = MESHLAN_BIT(MESHLAN_A_DEV_IFINDEX) |
		       MESHLAN_BIT(MESHLAN_A_DEV_PORT),
		.ifindex = ifindex,
		.port = spec->port,
	};
	enum meshlan_status status;

	status = meshlan_request(nl, MESHLAN_CMD_DEV_SET, &meshlan_dev_set,
				 &change, NULL, err);
	return about("setting the port of", spec->name, status, err);
}

/* Whether the device that is there can be this network's. */
static enum meshlan_status check(const struct device_spec *spec,
				 const struct meshlan_dev *dev,
				 struct meshlan_error *err)
{
	char theirs[NODE_TEXT], ours[NODE_TEXT];

	if (dev->node != spec->node)
		return meshlan_fail(err, MESHLAN_ERR_BUSY,
				    "%s is the device of node %s, this node is %s: "
				    "delete it (ip link del %s), or choose another device name",
				    spec->name,
				    meshlan_text_node(dev->node, theirs),
				    meshlan_text_node(spec->node, ours),
				    spec->name);
	if (MESHLAN_HAS(dev, MESHLAN_A_DEV_OWNER_UID) &&
	    dev->owner_uid != spec->owner_uid)
		return meshlan_fail(err, MESHLAN_ERR_BUSY,
				    "%s was made for user %" PRIu32 ", who alone "
				    "may share its port, and this daemon is user %" PRIu32
				    ": delete it (ip link del %s), it is made again",
				    spec->name, dev->owner_uid,
				    spec->owner_uid, spec->name);
	return MESHLAN_OK;
}

enum meshlan_status device_make(struct meshlan_nl *nl,
				const struct device_spec *spec,
				struct device *device,
				struct meshlan_error *err)
{
	enum meshlan_status status;

	memset(device, 0, sizeof(*device));
	memcpy(device->name, spec->name, IFNAMSIZ);
	status = find(nl, spec->name, &device->dev, err);
	if (status == MESHLAN_ERR_NOT_FOUND) {
		status = make(spec, err);
		device->made = !status;
		if (!status)
			status = find(nl, spec->name, &device->dev, err);
		if (status == MESHLAN_ERR_NOT_FOUND)
			meshlan_fail(err, status,
				     "%s was made, and is gone: "
				     "something deletes it, or gave it another name",
				     spec->name);
	}
	if (status)
		return status;
	device->ifindex = device->dev.ifindex;
	status = check(spec, &device->dev, err);
	if (!status && device->dev.port != spec->port)
		status = set_port(nl, device->ifindex, spec, err);
	if (!status)
		status = read_link(device, err);
	if (!status && spec->mtu && device->mtu != spec->mtu)
		status = device_set_mtu(device, spec->mtu, err);
	if (status)
		return status;
	device->dev.port = spec->port;
	if (spec->mtu)
		device->mtu = spec->mtu;
	return MESHLAN_OK;
}

/* --- beforehand ---------------------------------------------------------- */

enum meshlan_status device_socket(struct meshlan_nl *nl,
				  struct meshlan_error *err)
{
	enum meshlan_status status = meshlan_open_own(nl, err);

	if (status == MESHLAN_ERR_MODULE)
		meshlan_fail(err, status,
			     "the kernel module is not loaded; as root: modprobe meshlan "
			     "(if that fails, 'meshctl doctor' says why)");
	return status;
}

static bool port_is_free(int family, uint16_t port)
{
	union addr addr = { .sa.sa_family = family };
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	bool taken;

	/* The port is at the same place in both. */
	addr.in.sin_port = htons(port);
	if (fd >= 0 && family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	taken = fd >= 0 && bind(fd, &addr.sa, sizeof(addr)) &&
		errno == EADDRINUSE;
	if (fd >= 0)
		close(fd);
	return !taken;
}

enum meshlan_status device_possible(const char *name, uint16_t port,
				    struct meshlan_error *err)
{
	struct meshlan_nl nl;
	enum meshlan_status status = device_socket(&nl, err);

	if (status)
		return status;
	meshlan_close(&nl);
	if (if_nametoindex(name))
		return meshlan_fail(err, MESHLAN_ERR_BUSY,
				    "there is a device %s already: delete it (ip link del %s), or give this network another device name",
				    name, name);
	if (!port_is_free(AF_INET, port) || !port_is_free(AF_INET6, port))
		return meshlan_fail(err, MESHLAN_ERR_BUSY,
				    "another program has UDP port %u; "
				    "'ss -ulnp' shows which, or choose another port",
				    port);
	return MESHLAN_OK;
}

/* --- the claim ----------------------------------------------------------- */

static bool process_name(uint32_t pid, char *name, size_t size)
{
	char path[32];
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	good = fgets(name, size, file);
	fclose(file);
	if (good)
		name[strcspn(name, "\n")] = 0;
	return good && name[0];
}

static enum meshlan_status tell_claimant(struct meshlan_nl *nl,
					 const struct device *device,
					 struct meshlan_error *err)
{
	struct meshlan_error unused;
	struct meshlan_dev dev = {0};
	char name[32];

	find(nl, device->name, &dev, &unused);
	if (!dev.claim_pid || !process_name(dev.claim_pid, name, sizeof(name)))
		return meshlan_fail(err, MESHLAN_ERR_BUSY,
				    "another process (pid %" PRIu32 ") has claimed %s",
				    dev.claim_pid, device->name);
	return meshlan_fail(err, MESHLAN_ERR_BUSY,
			    "another %s (pid %" PRIu32 ") has claimed %s", name,
			    dev.claim_pid, device->name);
}

enum meshlan_status device_claim(struct meshlan_nl *nl,
				 const struct device *device,
				 struct meshlan_error *err)
{
	struct meshlan_dev claim = {
		.has = MESHLAN_BIT(MESHLAN_A_DEV_IFINDEX),
		.ifindex = device->ifindex,
	};
	enum meshlan_status status;

	status = meshlan_request(nl, MESHLAN_CMD_DEV_CLAIM, &meshlan_dev_set,
				 &claim, NULL, err);
	if (status == MESHLAN_ERR_BUSY)
		return tell_claimant(nl, device, err);
	return about("claiming", device->name, status, err);
}

/* --- the interface ------------------------------------------------------- */

enum meshlan_status device_up(const struct device *device,
			      struct meshlan_error *err)
{
	enum meshlan_status status = meshlan_link_up(device->name, err);

	if (status == MESHLAN_ERR_BUSY)
		return meshlan_fail(err, status,
				    "setting %s up: another program has UDP port %u; "
				    "'ss -ulnp' shows which, or choose another port",
				    device->name, device->dev.port);
	return about("setting up", device->name, status, err);
}

enum meshlan_status device_set_mtu(const struct device *device, uint32_t mtu,
				   struct meshlan_error *err)
{
	return about("setting the MTU of", device->name,
		     meshlan_link_mtu(device->name, mtu, err), err);
}

static enum meshlan_status address(const struct device *device, bool add,
				   const union addr *addr, unsigned int prefix,
				   struct meshlan_error *err)
{
	const void *bytes = addr->sa.sa_family == AF_INET6 ?
			    (const void *)&addr->in6.sin6_addr :
			    (const void *)&addr->in.sin_addr;
	char what[ADDR_TEXT_MAX + 32], text[ADDR_TEXT_MAX];

	snprintf(what, sizeof(what), "%s %s/%u %s", add ? "giving" : "taking",
		 addr_host_text(addr, text), prefix, add ? "to" : "from");
	return about(what, device->name,
		     meshlan_link_address(device->ifindex, add,
					  addr->sa.sa_family, bytes, prefix,
					  err),
		     err);
}

enum meshlan_status device_add_address(const struct device *device,
				       const union addr *addr,
				       unsigned int prefix,
				       struct meshlan_error *err)
{
	return address(device, true, addr, prefix, err);
}

enum meshlan_status device_del_address(const struct device *device,
				       const union addr *addr,
				       unsigned int prefix,
				       struct meshlan_error *err)
{
	return address(device, false, addr, prefix, err);
}

void device_set(struct family *family, uint32_t ifindex,
		const struct meshlan_dev *options, family_done_fn *done,
		void *data)
{
	struct meshlan_dev change = *options;

	change.has |= MESHLAN_BIT(MESHLAN_A_DEV_IFINDEX);
	change.ifindex = ifindex;
	family_request(family, MESHLAN_CMD_DEV_SET, &meshlan_dev_set, &change,
		       false, done, data);
}

enum meshlan_status device_delete(const struct device *device,
				  struct meshlan_error *err)
{
	enum meshlan_status status = meshlan_link_del(device->name, err);

	if (status == MESHLAN_ERR_NOT_FOUND)
		return MESHLAN_OK;
	return about("deleting", device->name, status, err);
}
