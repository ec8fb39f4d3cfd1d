// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Many meshlan devices in many network namespaces, told and asked at once.
 *
 *	control keys		new keys for every two devices that have a
 *				session with each other and lack keys in use
 *	control rekey		... for all that have a session
 *	control paths		NODE PEER ID STATE RTT(us) LOSS(%)
 *	control wake		probe the paths that are down, at once
 *	control counters	NODE COUNTER VALUE, of those that are not zero
 *
 * Standard input names the devices, one a line: NETNS DEVICE. NODE and PEER
 * are node ids. An error is one line on standard error; the status is that of
 * meshctl.
 */
#include "../../tools/lib/libmeshlan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PUT(object, attribute, member, value)                                  \
	((object)->member = (value),                                           \
	 (object)->has |= MESHLAN_BIT(attribute))

/* Least that a question about sizes may have. */
#define WAKE_SIZE	128

/* What two devices have in common, as one of them sees it. */
enum {
	SESSION = 1,
	IN_USE = 2,		/* it sends under a key */
};

struct device {
	char netns[64];
	char name[IFNAMSIZ];
	struct meshlan_nl nl;
	struct meshlan_dev dev;
	uint8_t *with;		/* of each other device */
};

static struct device *devices;
static int count;

__attribute__((noreturn))
static void die(const struct device *device, enum meshlan_status status,
		const char *text)
{
	fflush(stdout);
	fprintf(stderr, "control: %s%s%s\n", device ? device->netns : "",
		device ? ": " : "", text);
	exit(status);
}

static void ask(struct device *device, uint8_t command,
		const struct meshlan_set *set, const void *object, void *reply)
{
	enum meshlan_status status;
	struct meshlan_error err;

	status = meshlan_request(&device->nl, command, set, object, reply,
				 &err);
	if (status)
		die(device, status, err.text);
}

/* --- devices -------------------------------------------------------------- */

/* A socket stays in the namespace in which it was made. */
static void open_device(struct device *device)
{
	enum meshlan_status status;
	struct meshlan_error err;
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", device->netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET)) {
		snprintf(err.text, sizeof(err.text), "entering it: %s",
			 strerror(errno));
		die(device, MESHLAN_ERR_SYSTEM, err.text);
	}
	close(fd);
	device->dev.ifindex = if_nametoindex(device->name);
	if (!device->dev.ifindex) {
		snprintf(err.text, sizeof(err.text), "no device %s",
			 device->name);
		die(device, MESHLAN_ERR_NOT_FOUND, err.text);
	}
	device->dev.has = MESHLAN_BIT(MESHLAN_A_DEV_IFINDEX);
	status = meshlan_open_own(&device->nl, &err);
	if (status)
		die(device, status, err.text);
	ask(device, MESHLAN_CMD_DEV_GET, &meshlan_dev_set, &device->dev,
	    &device->dev);
}

static void read_devices(void)
{
	struct device device;

	while (memset(&device, 0, sizeof(device)),
	       scanf("%63s %15s", device.netns, device.name) == 2) {
		devices = reallocarray(devices, count + 1, sizeof(device));
		if (!devices)
			die(NULL, MESHLAN_ERR_SYSTEM, "out of memory");
		open_device(&device);
		devices[count++] = device;
	}
}

static int device_of(uint64_t node)
{
	for (int i = 0; i < count; i++) {
		if (devices[i].dev.node == node)
			return i;
	}
	return -1;
}

/* All of one kind that a device has; free() the items. */
static struct meshlan_list dump(struct device *device, uint8_t command,
				const struct meshlan_set *set)
{
	const struct meshlan_session filter = {
		.has = MESHLAN_BIT(MESHLAN_A_SESSION_IFINDEX),
		.ifindex = device->dev.ifindex,
	};
	enum meshlan_status status;
	struct meshlan_list list;
	struct meshlan_error err;
	union {
		struct meshlan_session session;
		struct meshlan_key key;
		struct meshlan_path path;
	} any = {.session = filter};

	/* Every object begins with its has, its ifindex and its node. */
	status = meshlan_dump(&device->nl, command, set, &any, &list, &err);
	if (status)
		die(device, status, err.text);
	return list;
}

/* --- keys ----------------------------------------------------------------- */

static void look(struct device *device)
{
	struct meshlan_list list;
	int peer;

	device->with = calloc(count, 1);
	if (!device->with)
		die(NULL, MESHLAN_ERR_SYSTEM, "out of memory");
	list = dump(device, MESHLAN_CMD_SESSION_GET, &meshlan_session_set);
	for (size_t i = 0; i < list.count; i++) {
		peer = device_of(((struct meshlan_session *)list.items)[i].node);
		if (peer >= 0)
			device->with[peer] |= SESSION;
	}
	free(list.items);
	list = dump(device, MESHLAN_CMD_KEY_GET, &meshlan_key_set);
	for (size_t i = 0; i < list.count; i++) {
		const struct meshlan_key *key =
			(struct meshlan_key *)list.items + i;

		peer = device_of(key->node);
		if (peer >= 0 && key->state == MESHLAN_KEY_STATE_TRANSMIT)
			device->with[peer] |= IN_USE;
	}
	free(list.items);
}

/* Ask a device to draw index and nonce. */
static struct meshlan_key draw(struct device *device, uint64_t peer)
{
	struct meshlan_key key = {0}, drawn;

	PUT(&key, MESHLAN_A_KEY_IFINDEX, ifindex, device->dev.ifindex);
	PUT(&key, MESHLAN_A_KEY_NODE, node, peer);
	ask(device, MESHLAN_CMD_KEY_NEW, &meshlan_key_set, &key, &drawn);
	PUT(&key, MESHLAN_A_KEY_INDEX, index, drawn.index);
	memcpy(key.nonce, drawn.nonce, sizeof(key.nonce));
	return key;
}

static void set(struct device *device, struct meshlan_key key,
		const struct meshlan_key *peer, uint32_t cipher,
		const uint8_t *secret)
{
	PUT(&key, MESHLAN_A_KEY_PEER_INDEX, peer_index, peer->index);
	memcpy(key.peer_nonce, peer->nonce, sizeof(key.peer_nonce));
	memcpy(key.secret, secret, sizeof(key.secret));
	key.has |= MESHLAN_BIT(MESHLAN_A_KEY_PEER_NONCE) |
		   MESHLAN_BIT(MESHLAN_A_KEY_SECRET);
	PUT(&key, MESHLAN_A_KEY_CIPHER, cipher, cipher);
	ask(device, MESHLAN_CMD_KEY_SET, &meshlan_key_set, &key, NULL);
	explicit_bzero(&key, sizeof(key));
}

static void exchange(struct device *a, struct device *b)
{
	struct meshlan_key of_a = draw(a, b->dev.node);
	struct meshlan_key of_b = draw(b, a->dev.node);
	uint8_t secret[MESHLAN_SECRET_SIZE];

	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		die(NULL, MESHLAN_ERR_SYSTEM, "no random bytes");
	/* Both are on this machine, which knows its faster cipher. */
	set(a, of_a, &of_b, a->dev.cipher, secret);
	set(b, of_b, &of_a, a->dev.cipher, secret);
	explicit_bzero(secret, sizeof(secret));
	ask(a, MESHLAN_CMD_KEY_USE, &meshlan_key_set, &of_a, NULL);
	ask(b, MESHLAN_CMD_KEY_USE, &meshlan_key_set, &of_b, NULL);
}

static void keys(bool all)
{
	int both, made = 0;

	for (int i = 0; i < count; i++)
		look(&devices[i]);
	for (int i = 0; i < count; i++) {
		for (int j = i + 1; j < count; j++) {
			both = devices[i].with[j] & devices[j].with[i];
			if (!(both & SESSION) || (both & IN_USE && !all))
				continue;
			exchange(&devices[i], &devices[j]);
			made++;
		}
	}
	printf("%d\n", made);
}

static void keys_lacking(void)
{
	keys(false);
}

static void keys_all(void)
{
	keys(true);
}

/* --- what there is -------------------------------------------------------- */

static void paths(void)
{
	for (int i = 0; i < count; i++) {
		struct meshlan_list list = dump(
			&devices[i], MESHLAN_CMD_PATH_GET, &meshlan_path_set);

		for (size_t j = 0; j < list.count; j++) {
			const struct meshlan_path *path =
				(struct meshlan_path *)list.items + j;

			printf("%016" PRIx64 " %016" PRIx64 " %u %s %.1f %.2f\n",
			       devices[i].dev.node, path->node, path->id,
			       path->state == MESHLAN_PATH_STATE_UP ? "up"
								    : "down",
			       path->rtt_smoothed / 1000.0,
			       path->loss_tx / 10000.0);
		}
		free(list.items);
	}
}

/* A path that was down for long would be tried again late. */
static void wake(void)
{
	for (int i = 0; i < count; i++) {
		struct meshlan_list list = dump(
			&devices[i], MESHLAN_CMD_PATH_GET, &meshlan_path_set);

		for (size_t j = 0; j < list.count; j++) {
			struct meshlan_path *path =
				(struct meshlan_path *)list.items + j;

			if (path->state == MESHLAN_PATH_STATE_UP)
				continue;
			path->has = MESHLAN_BIT(MESHLAN_A_PATH_IFINDEX) |
				    MESHLAN_BIT(MESHLAN_A_PATH_NODE) |
				    MESHLAN_BIT(MESHLAN_A_PATH_ID) |
				    MESHLAN_BIT(MESHLAN_A_PATH_SIZE);
			path->size = WAKE_SIZE;
			ask(&devices[i], MESHLAN_CMD_PATH_PROBE,
			    &meshlan_path_set, path, NULL);
		}
		free(list.items);
	}
}

static void counters(void)
{
	for (int i = 0; i < count; i++) {
		const struct meshlan_counter_array *array =
			&devices[i].dev.counters;

		for (unsigned int j = 0; j < array->count; j++) {
			if (array->value[j])
				printf("%016" PRIx64 " %s %" PRIu64 "\n",
				       devices[i].dev.node,
				       meshlan_name(&meshlan_counter_names, j),
				       array->value[j]);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} command[] = {
		{"keys", keys_lacking}, {"rekey", keys_all}, {"paths", paths},
		{"wake", wake},		{"counters", counters},
	};

	for (size_t i = 0; i < sizeof(command) / sizeof(*command); i++) {
		if (argc != 2 || strcmp(argv[1], command[i].name))
			continue;
		read_devices();
		command[i].run();
		return 0;
	}
	die(NULL, MESHLAN_ERR_USAGE,
	    "keys, rekey, paths, wake or counters; devices come on standard input");
}
