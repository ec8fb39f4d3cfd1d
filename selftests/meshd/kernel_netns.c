// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "meshd/base/clock.h"
#include "meshd/kernel/device.h"
#include "meshd/kernel/kernel.h"
#include "meshd/kernel/neighbour.h"
#include "meshd/kernel/socket.h"
#include "meshd/kernel/watch.h"

/* --- a network namespace of the test's own ------------------------------- */

static int home = -1;

static void leave(void)
{
	/* The other tests shall not run in here. */
	if (setns(home, CLONE_NEWNET))
		abort();
	close(home);
}

static bool enter(void)
{
	static const char make[] =
		"ip link set lo up && "
		"ip link add m0 address 02:00:00:00:00:01 type veth peer m1 && "
		"ip link set m0 up && ip link set m1 up";

	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0 || unshare(CLONE_NEWNET)) {
		point(true, "skip: not allowed to make a network namespace");
		close(home);
		return false;
	}
	if (!system(make))
		return true;
	point(true, "skip: needs ip and veth");
	leave();
	return false;
}

static void run(const char *command)
{
	if (system(command))
		point(false, "%s", command);
}

/* --- the underlay -------------------------------------------------------- */

struct env {
	uv_loop_t loop;
	struct watch *watch;
	unsigned int calls, changes;
	unsigned int downs, ups, gones;
	bool late;
};

static void changed(void *data, unsigned int changes)
{
	struct env *env = data;

	env->calls++;
	env->changes |= changes;
}

static void device(void *data, bool up, bool gone)
{
	struct env *env = data;

	env->ups += up;
	env->downs += !up && !gone;
	env->gones += gone;
}

static void on_late(uv_timer_t *timer)
{
	((struct env *)timer->data)->late = true;
}

/* Until so much has changed, or it takes too long. */
static bool wait_for(struct env *env, unsigned int changes)
{
	uv_timer_t timer;
	bool good;

	env->late = false;
	uv_timer_init(&env->loop, &timer);
	timer.data = env;
	uv_timer_start(&timer, on_late, 10000, 0);
	while ((env->changes & changes) != changes && !env->late)
		uv_run(&env->loop, UV_RUN_ONCE);
	good = !env->late;
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&env->loop, UV_RUN_NOWAIT);
	env->changes = 0;
	return good;
}

static bool has(struct env *env, const char *text)
{
	union addr addr;

	addr_parse(&addr, text, 1);
	return underlay_has(watch_underlay(env->watch), &addr);
}

static void check_source(void)
{
	char text[ADDR_TEXT_MAX];
	union addr remote, source;

	addr_parse(&remote, "203.0.113.9", 7);
	point(underlay_source(&remote, 0, 0, &source),
	      "a way to %s", addr_host_text(&remote, text));
	point_text("from where", addr_host_text(&source, text), "192.0.2.1");
	addr_parse(&remote, "2001:db8:9::1", 7);
	point(!underlay_source(&remote, 0, 0, &source), "and none");
}

static void watch(struct env *env)
{
	run("ip addr add 192.0.2.1/24 dev m0");
	point(wait_for(env, UNDERLAY_ADDRESS_NEW) && has(env, "192.0.2.1"),
	      "an address that comes");
	run("ip route add default via 192.0.2.254");
	point(wait_for(env, UNDERLAY_DEFAULT_ROUTE), "a default route");
	check_source();
	run("ip -6 addr add 2001:db8::1/64 dev m0 nodad");
	point(wait_for(env, UNDERLAY_ADDRESS_NEW) && has(env, "2001:db8::1"),
	      "of the other family");
	run("ip route add 198.51.100.0/24 via 192.0.2.3");
	point(wait_for(env, UNDERLAY_ROUTE), "a route");
	run("ip link set m0 mtu 1400");
	point(wait_for(env, UNDERLAY_MTU), "an MTU");
	run("ip link set m1 down");
	point(wait_for(env, UNDERLAY_ADDRESS_GONE) && !has(env, "192.0.2.1"),
	      "a cable that is pulled");
	run("ip link set m1 up");
	point(wait_for(env, UNDERLAY_ADDRESS_NEW) && has(env, "192.0.2.1"),
	      "and put back");
	run("ip addr del 192.0.2.1/24 dev m0");
	point(wait_for(env, UNDERLAY_ADDRESS_GONE) && !has(env, "192.0.2.1"),
	      "an address that goes");
}

static void watch_device(struct env *env)
{
	underlay_set_device(watch_underlay(env->watch), if_nametoindex("m0"));
	run("ip link set m0 down");
	run("ip link set m0 up");
	run("ip addr add 198.51.100.9/24 dev m1");
	point(wait_for(env, UNDERLAY_ADDRESS_NEW) && env->downs == 1 &&
	      env->ups == 1 && has(env, "198.51.100.9"),
	      "the device itself went down and up");
	run("ip link del m0");
	point(wait_for(env, UNDERLAY_ADDRESS_GONE) && env->gones == 1,
	      "and is gone");
}

/* More at once than the socket holds. */
static void watch_storm(struct env *env)
{
	run("for i in $(seq 1 40); do echo link add d$i type veth peer name e$i; "
	    "echo link set d$i up; echo link set e$i up; done | ip -batch -");
	run("for i in $(seq 1 40); do for j in $(seq 1 50); do "
	    "echo addr add 10.$i.$j.1/32 dev d$i; done; done | ip -batch -");
	for (int i = 0; i < 100 && !has(env, "10.40.50.1"); i++)
		wait_for(env, UNDERLAY_ADDRESS_NEW);
	point(has(env, "10.40.50.1") && has(env, "10.1.1.1"),
	      "two thousand addresses at once");
	while (wait_for(env, UNDERLAY_ADDRESS_NEW))
		;
	run("ip addr add 10.99.0.1/24 dev d1");
	point(wait_for(env, UNDERLAY_ADDRESS_NEW) && has(env, "10.99.0.1"),
	      "and one after them");
}

TEST(kernel, netns_underlay)
{
	static const struct underlay_filter filter;
	static const struct underlay_ops ops = { changed, device };
	struct meshlan_error err;
	struct env env = {0};

	if (!enter())
		return;
	uv_loop_init(&env.loop);
	point(!watch_open(&env.loop, &filter, &ops, &env, &env.watch, &err),
	      "watching");
	watch(&env);
	watch_device(&env);
	watch_storm(&env);
	watch_close(env.watch);
	uv_run(&env.loop, UV_RUN_DEFAULT);
	point(!uv_loop_close(&env.loop), "nothing is left in the loop");
	leave();
}

/* --- neighbours and addresses -------------------------------------------- */

struct neighbours {
	unsigned int done, objects, sessions;
	int error;
	char text[320];
	struct sync_neighbour last;
};

static void told(void *data, const struct family_answer *answer)
{
	struct neighbours *told = data;

	told->done++;
	told->error = answer->error;
	memcpy(told->text, answer->err.text, sizeof(told->text));
}

static void take(void *data, const void *object)
{
	struct neighbours *told = data;

	told->objects++;
	told->last = *(const struct sync_neighbour *)object;
}

static void again(void *data)
{
	((struct neighbours *)data)->objects = 0;
}

static const struct family_dump_ops neighbour_ops = { take, again, told };

static void wait_answers(struct queue *queue, struct mnl_socket *sock)
{
	struct pollfd fd = { .fd = mnl_socket_get_fd(sock), .events = POLLIN };

	while (queue_waiting(queue) && poll(&fd, 1, 1000) > 0)
		queue_readable(queue);
}

TEST(kernel, netns_neighbours)
{
	struct sync_neighbour neighbour = { .mac = { 2, 0, 0, 0, 0, 9 },
					    .router = true };
	struct neighbours got = {0};
	struct mnl_socket *sock;
	struct queue *queue;
	uint32_t ifindex;

	if (!enter())
		return;
	ifindex = if_nametoindex("m0");
	sock = socket_open_route(0);
	queue = queue_new(&socket_ops, sock, mnl_socket_get_portid(sock));
	run("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev m0");
	addr_parse(&neighbour.addr, "fd00::9", 1);
	neighbour_set(queue, ifindex, true, &neighbour, told, &got);
	addr_parse(&neighbour.addr, "10.0.0.9", 1);
	neighbour_set(queue, ifindex, true, &neighbour, told, &got);
	neighbour.mac[5] = 10;
	neighbour_set(queue, ifindex, true, &neighbour, told, &got);
	wait_answers(queue, sock);
	point(got.done == 3 && !got.error, "two neighbours, one changed %s",
	      got.text);
	neighbour_dump(queue, ifindex, &neighbour_ops, &got);
	wait_answers(queue, sock);
	point(got.objects == 2 && !got.error, "both are there, others are not told");
	run("ip neigh show dev m0 | grep -q '10.0.0.9 lladdr 02:00:00:00:00:0a.*PERMANENT'");
	neighbour_set(queue, ifindex, false, &neighbour, told, &got);
	wait_answers(queue, sock);
	got.objects = 0;
	neighbour_dump(queue, ifindex, &neighbour_ops, &got);
	wait_answers(queue, sock);
	point(got.objects == 1 && got.last.addr.sa.sa_family == AF_INET6 &&
	      got.last.router && got.last.mac[5] == 9, "one is left");
	neighbour_set(queue, ifindex, false, &neighbour, told, &got);
	wait_answers(queue, sock);
	point_number("gone twice", got.error, ENOENT);
	neighbour_set(queue, 9999, true, &neighbour, told, &got);
	wait_answers(queue, sock);
	point(got.error == ENODEV, "no such device: %s", got.text);
	queue_free(queue);
	mnl_socket_close(sock);
	leave();
}

static struct family_known known;

static void take_known(void *data, const struct family_known *what)
{
	if (what)
		known = *what;
}

/* The family that every kernel has, asked as the module would be. */
TEST(kernel, real_policy)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_GENERIC,
						   SOCK_CLOEXEC);
	struct queue *queue;

	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID)) {
		point(true, "skip: no generic netlink");
		return;
	}
	queue = queue_new(&socket_ops, sock, mnl_socket_get_portid(sock));
	family_ask_known(queue, GENL_ID_CTRL, take_known, NULL);
	wait_answers(queue, sock);
	point(known.command[CTRL_CMD_GETFAMILY] &&
	      known.attrs[CTRL_CMD_GETFAMILY] ==
		      (MESHLAN_BIT(CTRL_ATTR_FAMILY_ID) |
		       MESHLAN_BIT(CTRL_ATTR_FAMILY_NAME)),
	      "the kernel says which attributes a command takes");
	point(!known.command[CTRL_CMD_DELFAMILY], "and which it has not");
	queue_free(queue);
	mnl_socket_close(sock);
}

TEST(kernel, netns_device)
{
	struct meshlan_error err = {0};
	struct device device = { .name = "m0" };
	union addr addr;

	if (!enter())
		return;
	device.ifindex = if_nametoindex("m0");
	addr_parse(&addr, "fd00::1", 1);
	point(!device_add_address(&device, &addr, 64, &err), "an address %s",
	      err.text);
	point(!device_add_address(&device, &addr, 64, &err), "twice %s",
	      err.text);
	run("ip -6 addr show dev m0 | grep 'fd00::1/64' | grep -qv tentative");
	point(!device_del_address(&device, &addr, 64, &err) &&
	      !device_del_address(&device, &addr, 64, &err), "gone, twice %s",
	      err.text);
	addr_parse(&addr, "10.1.2.3", 1);
	point(!device_add_address(&device, &addr, 16, &err), "of IPv4");
	run("ip addr show dev m0 | grep -q '10.1.2.3/16 brd 10.1.255.255'");
	point(!device_add_address(&device, &addr, 16, &err), "twice %s",
	      err.text);
	point(device_add_address(&device, &addr, 77, &err) ==
	      MESHLAN_ERR_REFUSED, "refused: %s", err.text);
	point(!device_set_mtu(&device, 1300, &err) &&
	      !device_up(&device, &err), "MTU and up %s", err.text);
	run("ip link show dev m0 | grep -q 'mtu 1300'");
	point(!device_delete(&device, &err) && !device_delete(&device, &err),
	      "deleted, twice %s", err.text);
	point(device_up(&device, &err) == MESHLAN_ERR_NOT_FOUND, "gone: %s",
	      err.text);
	leave();
}

TEST(kernel, netns_no_module)
{
	static const struct kernel_ops ops;
	struct meshlan_error err = {0};
	struct kernel *kernel;
	uv_loop_t loop;

	uv_loop_init(&loop);
	switch (kernel_open(&loop, &ops, NULL, &kernel, &err)) {
	case MESHLAN_OK:
		point(true, "skip: the module is loaded");
		kernel_close(kernel);
		break;
	case MESHLAN_ERR_MODULE:
		point(strstr(err.text, "modprobe meshlan"), "%s", err.text);
		break;
	default:
		point(false, "%s", err.text);
	}
	uv_loop_close(&loop);
}
