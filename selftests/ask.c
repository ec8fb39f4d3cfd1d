// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Send a message of ARP or neighbour discovery, and print who answers.
 *
 *	ask DEV KIND SENDER TARGET [mac MAC] [says MAC] [to MAC] [wait MS]
 *
 * KIND is arp, arp-reply, ns, na (override set) or na-router. SENDER and
 * TARGET are IP addresses. "mac" is the source of the frame, otherwise the
 * device's address; "says" the address in the message, otherwise the same, or
 * none; "to" the destination, otherwise the group that such a question goes
 * to. Each line of output is the MAC address in an answer, and "router" if it
 * says so.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct question {
	const char *kind;
	uint8_t sender[16], target[16];	/* the first 4 of ARP */
	uint8_t mac[6], says[6], to[6];
	bool has_says, silent, has_to;
};

static void fail(const char *what)
{
	fprintf(stderr, "ask: %s\n", what);
	exit(64);
}

static void parse_mac(const char *text, uint8_t *mac)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1],
		   &mac[2], &mac[3], &mac[4], &mac[5]) != 6)
		fail("not a MAC address");
}

static size_t build_arp(const struct question *q, uint8_t *frame)
{
	struct ether_arp *arp = (struct ether_arp *)(frame + 14);

	arp->arp_hrd = htons(ARPHRD_ETHER);
	arp->arp_pro = htons(ETHERTYPE_IP);
	arp->arp_hln = 6;
	arp->arp_pln = 4;
	arp->arp_op = htons(strcmp(q->kind, "arp") ? ARPOP_REPLY :
						     ARPOP_REQUEST);
	memcpy(arp->arp_sha, q->says, 6);
	memcpy(arp->arp_spa, q->sender, 4);
	memcpy(arp->arp_tpa, q->target, 4);
	memset(frame, 0xff, 6);
	frame[12] = 0x08;
	frame[13] = 0x06;
	return 14 + sizeof(*arp);
}

static uint16_t checksum(const struct ip6_hdr *ip, const void *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)&ip->ip6_src;
	uint32_t sum = len + IPPROTO_ICMPV6;
	size_t i;

	for (i = 0; i < 32; i += 2)
		sum += p[i] << 8 | p[i + 1];
	for (i = 0, p = data; i < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static size_t build_nd(const struct question *q, uint8_t *frame)
{
	struct ip6_hdr *ip = (struct ip6_hdr *)(frame + 14);
	struct nd_neighbor_solicit *msg = (void *)(ip + 1);
	struct nd_opt_hdr *opt = (void *)(msg + 1);
	size_t len = sizeof(*msg);
	bool ns = !strcmp(q->kind, "ns");

	inet_pton(AF_INET6, ns ? "ff02::1:ff00:0" : "ff02::1", &ip->ip6_dst);
	if (ns)
		memcpy(ip->ip6_dst.s6_addr + 13, q->target + 13, 3);
	memcpy(&ip->ip6_src, q->sender, 16);
	memcpy(&msg->nd_ns_target, q->target, 16);
	msg->nd_ns_type = ns ? ND_NEIGHBOR_SOLICIT : ND_NEIGHBOR_ADVERT;
	if (!ns)
		msg->nd_ns_reserved = ND_NA_FLAG_OVERRIDE |
			(strcmp(q->kind, "na") ? ND_NA_FLAG_ROUTER : 0);
	if (!q->silent) {
		opt->nd_opt_type = ns ? ND_OPT_SOURCE_LINKADDR :
					ND_OPT_TARGET_LINKADDR;
		opt->nd_opt_len = 1;
		memcpy(opt + 1, q->says, 6);
		len += 8;
	}
	ip->ip6_vfc = 0x60;
	ip->ip6_plen = htons(len);
	ip->ip6_nxt = IPPROTO_ICMPV6;
	ip->ip6_hlim = 255;
	msg->nd_ns_cksum = checksum(ip, msg, len);
	frame[0] = frame[1] = 0x33;
	memcpy(frame + 2, ip->ip6_dst.s6_addr + 12, 4);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	return 14 + sizeof(*ip) + len;
}

/* The MAC address that a frame tells of the target, or NULL. */
static const uint8_t *answer(const struct question *q, const uint8_t *frame,
			     size_t len, bool *router)
{
	const struct ether_arp *arp = (const void *)(frame + 14);
	const struct ip6_hdr *ip = (const void *)(frame + 14);
	const struct nd_neighbor_advert *na = (const void *)(ip + 1);

	*router = false;
	if (len >= 14 + sizeof(*arp) && frame[12] == 0x08 && frame[13] == 0x06)
		return arp->arp_op == htons(ARPOP_REPLY) &&
		       !memcmp(arp->arp_spa, q->target, 4) ?
		       arp->arp_sha : NULL;
	if (len < 14 + sizeof(*ip) + sizeof(*na) + 8 || frame[12] != 0x86 ||
	    frame[13] != 0xdd || ip->ip6_nxt != IPPROTO_ICMPV6 ||
	    na->nd_na_type != ND_NEIGHBOR_ADVERT ||
	    memcmp(&na->nd_na_target, q->target, 16) ||
	    checksum(ip, na, sizeof(*na) + 8))
		return NULL;
	*router = na->nd_na_flags_reserved & ND_NA_FLAG_ROUTER;
	return (const uint8_t *)(na + 1) + 2;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void print_answers(int fd, const struct question *q, int wait)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	long end = now_ms() + wait, left;
	struct sockaddr_ll from;
	uint8_t frame[2048];
	const uint8_t *mac;
	bool router;

	while ((left = end - now_ms()) > 0) {
		socklen_t size = sizeof(from);
		ssize_t len;

		if (poll(&pfd, 1, left) <= 0)
			break;
		len = recvfrom(fd, frame, sizeof(frame), 0,
			       (struct sockaddr *)&from, &size);
		if (len < 14 || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		mac = answer(q, frame, len, &router);
		if (mac)
			printf("%02x:%02x:%02x:%02x:%02x:%02x%s\n", mac[0],
			       mac[1], mac[2], mac[3], mac[4], mac[5],
			       router ? " router" : "");
	}
}

static void parse(int argc, char **argv, struct question *q, int *wait)
{
	bool arp;
	int i;

	if (argc < 5 || !(argc % 2))
		fail("usage: ask DEV KIND SENDER TARGET [WORD VALUE]...");
	q->kind = argv[2];
	arp = !strncmp(q->kind, "arp", 3);
	if (inet_pton(arp ? AF_INET : AF_INET6, argv[3], q->sender) != 1 ||
	    inet_pton(arp ? AF_INET : AF_INET6, argv[4], q->target) != 1)
		fail("not an IP address of this kind");
	for (i = 5; i < argc; i += 2) {
		if (!strcmp(argv[i], "mac")) {
			parse_mac(argv[i + 1], q->mac);
		} else if (!strcmp(argv[i], "says")) {
			q->has_says = true;
			q->silent = !strcmp(argv[i + 1], "none");
			if (!q->silent)
				parse_mac(argv[i + 1], q->says);
		} else if (!strcmp(argv[i], "to")) {
			q->has_to = true;
			parse_mac(argv[i + 1], q->to);
		} else if (!strcmp(argv[i], "wait")) {
			*wait = atoi(argv[i + 1]);
		} else {
			fail("unknown word");
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL)};
	uint8_t frame[256] = {0};
	struct question q = {0};
	struct ifreq ifr = {0};
	int fd, wait = 300;
	size_t len;

	fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (fd < 0 || argc < 2)
		fail("no packet socket, or no device named");
	strncpy(ifr.ifr_name, argv[1], IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		fail("no such device");
	memcpy(q.mac, ifr.ifr_hwaddr.sa_data, 6);
	parse(argc, argv, &q, &wait);
	if (!q.has_says)
		memcpy(q.says, q.mac, 6);

	at.sll_ifindex = if_nametoindex(argv[1]);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		fail("cannot listen on the device");
	len = strncmp(q.kind, "arp", 3) ? build_nd(&q, frame) :
					  build_arp(&q, frame);
	memcpy(frame + 6, q.mac, 6);
	if (q.has_to)
		memcpy(frame, q.to, 6);
	if (send(fd, frame, len, 0) < 0) {
		fprintf(stderr, "ask: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	print_answers(fd, &q, wait);
	return 0;
}
