// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include <net/if.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include "meshd/base/clock.h"
#include "meshd/kernel/underlay.h"

#define UP (IFF_UP | IFF_RUNNING)

struct env {
	struct underlay *underlay;
	unsigned int calls, changes, asked, ups, downs, gones;
	uint64_t now;
};

static void changed(void *data, unsigned int changes)
{
	struct env *env = data;

	env->calls++;
	env->changes = changes;
}

static void device(void *data, bool up, bool gone)
{
	struct env *env = data;

	env->ups += up;
	env->downs += !up && !gone;
	env->gones += gone;
}

static void ask(void *data, int family, uint32_t fwmark)
{
	((struct env *)data)->asked++;
}

static void env_open(struct env *env, const struct underlay_filter *filter)
{
	static const struct underlay_ops ops = { changed, device, ask };
	static const struct underlay_filter none;

	memset(env, 0, sizeof(*env));
	env->now = HOUR;
	env->underlay = underlay_new(filter ? filter : &none, &ops, env);
}

struct says {
	uint32_t ifindex, flags, below, master, mtu;
	uint16_t type;
	const char *name, *kind;
	bool gone, elsewhere;
};

static void link_is(struct env *env, struct says says)
{
	char buf[512] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *head;
	struct nlattr *info;

	message->nlmsg_type = says.gone ? RTM_DELLINK : RTM_NEWLINK;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->ifi_index = says.ifindex;
	head->ifi_flags = says.flags;
	head->ifi_type = says.type ? says.type : ARPHRD_ETHER;
	mnl_attr_put_strz(message, IFLA_IFNAME, says.name);
	mnl_attr_put_u32(message, IFLA_MTU, says.mtu ? says.mtu : 1500);
	if (says.below)
		mnl_attr_put_u32(message, IFLA_LINK, says.below);
	if (says.elsewhere)
		mnl_attr_put_u32(message, IFLA_LINK_NETNSID, 0);
	if (says.master)
		mnl_attr_put_u32(message, IFLA_MASTER, says.master);
	if (says.kind) {
		info = mnl_attr_nest_start(message, IFLA_LINKINFO);
		mnl_attr_put_strz(message, IFLA_INFO_KIND, says.kind);
		mnl_attr_nest_end(message, info);
	}
	underlay_read(env->underlay, message);
}

static void addr_is(struct env *env, bool gone, uint32_t ifindex,
		    const char *text, uint32_t flags)
{
	char buf[512] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *head;
	union addr addr;

	addr_parse(&addr, text, 1);
	message->nlmsg_type = gone ? RTM_DELADDR : RTM_NEWADDR;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->ifa_family = addr.sa.sa_family;
	head->ifa_index = ifindex;
	head->ifa_prefixlen = 24;
	if (addr.sa.sa_family == AF_INET) {
		mnl_attr_put(message, IFA_LOCAL, 4, &addr.in.sin_addr);
	} else {
		head->ifa_prefixlen = 64;
		mnl_attr_put(message, IFA_ADDRESS, 16, &addr.in6.sin6_addr);
	}
	mnl_attr_put_u32(message, IFA_FLAGS, flags);
	underlay_read(env->underlay, message);
}

static void route_is(struct env *env, uint8_t len, uint32_t oif, uint8_t table)
{
	char buf[512] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	struct rtmsg *head;

	message->nlmsg_type = RTM_NEWROUTE;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->rtm_family = AF_INET;
	head->rtm_dst_len = len;
	head->rtm_table = table;
	head->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(message, RTA_OIF, oif);
	underlay_read(env->underlay, message);
}

static void later(struct env *env)
{
	env->now += SECOND;
	env->calls = env->changes = 0;
	underlay_tick(env->underlay, env->now);
}

/* All of them, with spaces between. */
static const char *list(struct env *env)
{
	static char text[1000];
	char one[ADDR_TEXT_MAX];
	const struct underlay_addr *addrs;
	size_t count;

	addrs = underlay_list(env->underlay, &count);
	text[0] = 0;
	for (size_t i = 0; i < count; i++) {
		union addr addr = addrs[i].addr;

		/* Interfaces of this test have no names to print. */
		if (addr.sa.sa_family == AF_INET6)
			addr.in6.sin6_scope_id = 0;
		if (i)
			strcat(text, " ");
		strcat(text, addr_host_text(&addr, one));
	}
	return text;
}

TEST(kernel, underlay_list)
{
	struct env env;

	env_open(&env, NULL);
	point(underlay_next(env.underlay) <= env.now, "due at the beginning");
	underlay_begin(env.underlay);
	link_is(&env, (struct says){ 1, UP | IFF_LOOPBACK, .name = "lo",
				     .type = ARPHRD_LOOPBACK });
	link_is(&env, (struct says){ 2, UP, .name = "eth0" });
	link_is(&env, (struct says){ 3, IFF_UP, .name = "eth1" });
	link_is(&env, (struct says){ 4, UP, .name = "wwan0" });
	addr_is(&env, false, 1, "127.0.0.1", 0);
	addr_is(&env, false, 2, "192.0.2.1", 0);
	addr_is(&env, false, 2, "fe80::1", 0);
	addr_is(&env, false, 2, "2001:db8::1", 0);
	addr_is(&env, false, 2, "2001:db8::2", IFA_F_TENTATIVE);
	addr_is(&env, false, 2, "2001:db8::3", IFA_F_DEPRECATED);
	addr_is(&env, false, 2, "2001:db8::4", IFA_F_TEMPORARY);
	addr_is(&env, false, 2, "2001:db8::5",
		IFA_F_TENTATIVE | IFA_F_OPTIMISTIC);
	addr_is(&env, false, 2, "2001:db8::6", IFA_F_DADFAILED);
	addr_is(&env, false, 2, "2001:db8:1::4", IFA_F_TEMPORARY);
	addr_is(&env, false, 3, "198.51.100.1", 0);
	addr_is(&env, false, 4, "10.9.9.9", 0);
	underlay_tick(env.underlay, env.now);
	point(!env.calls && underlay_next(env.underlay) == NEVER,
	      "nothing while it is dumped");
	underlay_end(env.underlay, true);
	underlay_tick(env.underlay, env.now);
	point(env.calls == 1 && env.changes == UNDERLAY_ADDRESS_NEW &&
	      env.asked == 2, "then at once");
	point_text("usable addresses", list(&env),
		   "192.0.2.1 2001:db8::1 2001:db8::5 2001:db8:1::4 fe80::1 10.9.9.9");
	underlay_default(env.underlay, AF_INET, 4);
	later(&env);
	point_number("the default route", env.changes, UNDERLAY_DEFAULT_ROUTE);
	size_t count;
	const struct underlay_addr *addr = underlay_list(env.underlay, &count);
	point(addr[5].metered && addr[5].default_route && !addr[0].metered &&
	      !addr[0].default_route && !strcmp(addr[0].ifname, "eth0") &&
	      addr[0].mtu == 1500 && addr[4].link_local &&
	      addr[4].addr.in6.sin6_scope_id == 2 && addr[3].temporary,
	      "what is known of each");
	point(underlay_has(env.underlay, &addr[0].addr), "found again");
	underlay_begin(env.underlay);
	underlay_end(env.underlay, false);
	later(&env);
	point(!env.calls, "half a dump takes nothing away");
	underlay_begin(env.underlay);
	link_is(&env, (struct says){ 2, UP, .name = "eth0" });
	addr_is(&env, false, 2, "192.0.2.1", 0);
	underlay_end(env.underlay, true);
	later(&env);
	point_text("a whole one does", list(&env), "192.0.2.1");
	underlay_free(env.underlay);
}

TEST(kernel, underlay_changes)
{
	struct env env;

	env_open(&env, NULL);
	link_is(&env, (struct says){ 2, UP, .name = "eth0" });
	addr_is(&env, false, 2, "192.0.2.1", 0);
	later(&env);
	env.calls = 0;
	env.now += SECOND;
	addr_is(&env, false, 2, "192.0.2.2", 0);
	underlay_tick(env.underlay, env.now);
	point(env.calls == 1 && env.changes == UNDERLAY_ADDRESS_NEW,
	      "the first change is told at once");
	addr_is(&env, true, 2, "192.0.2.1", 0);
	env.now += MILLISECOND;
	underlay_tick(env.underlay, env.now);
	addr_is(&env, false, 2, "192.0.2.3", 0);
	underlay_tick(env.underlay, env.now);
	point(env.calls == 1 &&
	      underlay_next(env.underlay) == env.now + 19 * MILLISECOND,
	      "the next within 20 ms is not");
	env.now += 19 * MILLISECOND;
	underlay_tick(env.underlay, env.now);
	point(env.calls == 2 && env.changes == (UNDERLAY_ADDRESS_NEW |
						UNDERLAY_ADDRESS_GONE),
	      "but together after them");
	addr_is(&env, false, 2, "192.0.2.3", 0);
	later(&env);
	point(!env.calls && underlay_next(env.underlay) == NEVER,
	      "no change is none");
	link_is(&env, (struct says){ 2, IFF_UP, .name = "eth0" });
	later(&env);
	point(env.changes == UNDERLAY_ADDRESS_GONE && !*list(&env),
	      "a cable that is pulled");
	link_is(&env, (struct says){ 2, UP, .name = "eth0", .mtu = 1400 });
	later(&env);
	link_is(&env, (struct says){ 2, UP, .name = "eth0", .mtu = 1300 });
	later(&env);
	point_number("another MTU", env.changes, UNDERLAY_MTU);
	route_is(&env, 0, 2, RT_TABLE_MAIN);
	later(&env);
	point_number("a default route", env.changes, UNDERLAY_DEFAULT_ROUTE);
	route_is(&env, 24, 2, RT_TABLE_MAIN);
	later(&env);
	point_number("another route", env.changes, UNDERLAY_ROUTE);
	for (int i = 0; i < 40; i++) {
		env.now += 20 * MILLISECOND;
		route_is(&env, 24, 2, RT_TABLE_MAIN);
		underlay_tick(env.underlay, env.now);
	}
	point(env.calls == 1 && underlay_next(env.underlay) ==
	      env.now + 200 * MILLISECOND, "of those one a second");
	addr_is(&env, false, 2, "192.0.2.77", 0);
	env.now += MILLISECOND;
	underlay_tick(env.underlay, env.now);
	point(env.calls == 2 && env.changes == (UNDERLAY_ROUTE |
						UNDERLAY_ADDRESS_NEW),
	      "but with what is more");
	later(&env);
	point(!env.calls && underlay_next(env.underlay) == NEVER,
	      "then no more");
	route_is(&env, 24, 2, RT_TABLE_LOCAL);
	later(&env);
	point_number("one that every address has", env.changes, 0);
	link_is(&env, (struct says){ 2, UP, .name = "eth0", .gone = true });
	later(&env);
	point_number("a device that goes", env.changes, UNDERLAY_ADDRESS_GONE);
	underlay_free(env.underlay);
}

TEST(kernel, underlay_mesh)
{
	struct underlay_filter filter = { .mesh_count = 1,
					  .mesh = { { .bits = 64 } } };
	struct env env;

	addr_parse(&filter.mesh[0].addr, "fd12::", 1);
	env_open(&env, &filter);
	link_is(&env, (struct says){ 2, UP, .name = "eth0" });
	link_is(&env, (struct says){ 9, UP, .name = "mesh0", .kind = "meshlan",
				     .master = 20 });
	link_is(&env, (struct says){ 10, UP, .name = "mesh0.7", .below = 9,
				     .kind = "vlan" });
	link_is(&env, (struct says){ 11, UP, .name = "m", .below = 10,
				     .kind = "macvlan" });
	link_is(&env, (struct says){ 20, UP, .name = "br0", .kind = "bridge" });
	link_is(&env, (struct says){ 21, UP, .name = "vnet0", .kind = "tun",
				     .master = 20 });
	/* Each the other end of the other. */
	link_is(&env, (struct says){ 30, UP, .name = "v0", .kind = "veth",
				     .below = 31 });
	link_is(&env, (struct says){ 31, UP, .name = "v1", .kind = "veth",
				     .below = 30 });
	/* The number means something else there. */
	link_is(&env, (struct says){ 32, UP, .name = "v2", .kind = "macvlan",
				     .below = 9, .elsewhere = true });
	link_is(&env, (struct says){ 40, UP, .name = "a", .below = 41 });
	link_is(&env, (struct says){ 41, UP, .name = "b", .below = 40 });
	addr_is(&env, false, 2, "192.0.2.2", 0);
	addr_is(&env, false, 2, "fd12::2", 0);
	addr_is(&env, false, 9, "192.0.2.9", 0);
	addr_is(&env, false, 10, "192.0.2.10", 0);
	addr_is(&env, false, 11, "192.0.2.11", 0);
	addr_is(&env, false, 20, "192.0.2.20", 0);
	addr_is(&env, false, 30, "192.0.2.30", 0);
	addr_is(&env, false, 32, "192.0.2.32", 0);
	addr_is(&env, false, 40, "192.0.2.40", 0);
	later(&env);
	point_text("neither the mesh nor what stands on it", list(&env),
		   "192.0.2.2 192.0.2.30 192.0.2.32 192.0.2.40");
	link_is(&env, (struct says){ 3, UP, .name = "eth1", .master = 20 });
	later(&env);
	point_text("but a bridge with a network card", list(&env),
		   "192.0.2.2 192.0.2.20 192.0.2.30 192.0.2.32 192.0.2.40");
	underlay_set_device(env.underlay, 9);
	route_is(&env, 0, 9, RT_TABLE_MAIN);
	later(&env);
	point_number("a route into the mesh is no news", env.calls, 0);
	link_is(&env, (struct says){ 9, 0, .name = "mesh0", .kind = "meshlan" });
	link_is(&env, (struct says){ 9, UP, .name = "mesh0",
				     .kind = "meshlan" });
	link_is(&env, (struct says){ 9, UP, .name = "mesh0",
				     .kind = "meshlan" });
	link_is(&env, (struct says){ 9, UP, .name = "mesh0", .gone = true });
	point(env.downs == 1 && env.ups == 1 && env.gones == 1,
	      "the device down, up and gone");
	underlay_free(env.underlay);
}

TEST(kernel, underlay_filter)
{
	static const char *const include[] = { "eth*", "ppp0", NULL };
	static const char *const exclude[] = { "eth1", NULL };
	struct underlay_filter filter = { include, exclude };
	struct env env;

	env_open(&env, &filter);
	link_is(&env, (struct says){ 2, UP, .name = "eth0" });
	link_is(&env, (struct says){ 3, UP, .name = "eth1" });
	link_is(&env, (struct says){ 4, UP, .name = "wlan0" });
	link_is(&env, (struct says){ 5, UP, .name = "ppp0",
				     .type = ARPHRD_PPP });
	for (int i = 2; i < 6; i++) {
		char addr[16];

		snprintf(addr, sizeof(addr), "192.0.2.%d", i);
		addr_is(&env, false, i, addr, 0);
	}
	later(&env);
	point_text("included, and not excluded", list(&env),
		   "192.0.2.2 192.0.2.5");
	filter = (struct underlay_filter){ .exclude = exclude };
	underlay_set_filter(env.underlay, &filter);
	later(&env);
	point_text("another filter", list(&env),
		   "192.0.2.2 192.0.2.4 192.0.2.5");
	point_number("is a change", env.changes, UNDERLAY_ADDRESS_NEW);
	underlay_free(env.underlay);
}
