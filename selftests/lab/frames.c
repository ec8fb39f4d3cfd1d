// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/* What traffic sends: echo requests, broadcasts, and single frames. */
#include "traffic.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL_EXPERIMENT	0x88b5
#define BUFFER			(8 << 20)

/* What both carry, after their headers. */
struct mark {
	uint32_t run;
	uint32_t number;
};

static void room(int fd)
{
	int size = BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

/* A full queue drains; a node that is not reached is counted by the receiver. */
static void sent(const struct node *node, ssize_t rc)
{
	if (rc < 0 && errno != ENOBUFS && errno != EAGAIN &&
	    errno != EHOSTUNREACH && errno != ENETUNREACH)
		die("node %d: sending: %s", node->number, strerror(errno));
}

/* --- ping ----------------------------------------------------------------- */

struct request {
	struct icmphdr icmp;
	struct mark mark;
	char fill[48];
};

static uint32_t ping_address(const char *text)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		die("%s: not an IPv4 address", text);
	return address.s_addr;
}

static void ping_open(struct node *node)
{
	node->fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	if (node->fd < 0 ||
	    setsockopt(node->fd, SOL_SOCKET, SO_BINDTODEVICE, node->device,
		       strlen(node->device)))
		die("node %d: %s", node->number, strerror(errno));
	room(node->fd);
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *word = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2)
		sum += *word++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void ping_send(int from, int to, uint32_t number)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = nodes[to].address,
	};
	struct request request = {
		.icmp.type = ICMP_ECHO,
		.icmp.un.echo.id = run,
		.icmp.un.echo.sequence = htons(number),
		.mark = {run, number},
	};

	request.icmp.checksum = checksum(&request, sizeof(request));
	sent(&nodes[from], sendto(nodes[from].fd, &request, sizeof(request), 0,
				  (void *)&address, sizeof(address)));
}

static void ping_receive(int at)
{
	struct {
		struct iphdr ip;
		struct request request;
	} packet;
	int from;

	while (recv(nodes[at].fd, &packet, sizeof(packet), MSG_DONTWAIT) ==
	       sizeof(packet)) {
		if (packet.request.icmp.type != ICMP_ECHOREPLY ||
		    packet.request.mark.run != run)
			continue;
		for (from = 0; from < node_count; from++) {
			if (nodes[from].address == packet.ip.saddr)
				arrived(packet.request.mark.number, from);
		}
	}
}

const struct method ping = {
	.open = ping_open,
	.send = ping_send,
	.receive = ping_receive,
	.address = ping_address,
};

/* --- broadcasts ----------------------------------------------------------- */

struct frame {
	struct ether_header ether;
	struct mark mark;
	char fill[42];
} __attribute__((packed));

static uint32_t no_address(const char *text)
{
	(void)text;
	return 0;
}

static int packet_socket(unsigned int ifindex, uint16_t type)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(type),
		.sll_ifindex = ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&address, sizeof(address)))
		die("packet socket: %s", strerror(errno));
	return fd;
}

static void broadcast_open(struct node *node)
{
	int on = 1;

	node->fd = packet_socket(node->ifindex, LOCAL_EXPERIMENT);
	/* What a node sends it does not hear. */
	if (setsockopt(node->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
		       sizeof(on)))
		die("packet socket: %s", strerror(errno));
	room(node->fd);
}

static void own_address(const struct node *node, uint8_t *mac)
{
	struct sockaddr_ll own;
	socklen_t len = sizeof(own);

	if (getsockname(node->fd, (void *)&own, &len))
		die("node %d: %s", node->number, strerror(errno));
	memcpy(mac, own.sll_addr, ETH_ALEN);
}

static void broadcast_send(int from, int to, uint32_t number)
{
	struct frame frame = {
		.ether.ether_type = htons(LOCAL_EXPERIMENT),
		.mark = {run, number},
	};

	(void)to;
	memset(frame.ether.ether_dhost, 0xff, ETH_ALEN);
	own_address(&nodes[from], frame.ether.ether_shost);
	sent(&nodes[from], send(nodes[from].fd, &frame, sizeof(frame), 0));
}

static void broadcast_receive(int at)
{
	struct frame frame;

	while (recv(nodes[at].fd, &frame, sizeof(frame), MSG_DONTWAIT) ==
	       sizeof(frame)) {
		if (frame.mark.run == run)
			arrived(frame.mark.number, at);
	}
}

const struct method broadcast = {
	.broadcast = true,
	.open = broadcast_open,
	.send = broadcast_send,
	.receive = broadcast_receive,
	.address = no_address,
};

/* --- one frame ------------------------------------------------------------ */

void inject(const char *netns, const char *device)
{
	static uint8_t frame[65536];
	unsigned int ifindex;
	size_t digits = 0;
	int c, digit;

	while ((c = getchar()) != EOF) {
		if (isspace(c) || c == ':')
			continue;
		if (!isxdigit(c) || digits == 2 * sizeof(frame))
			die("a frame is written in hex digits, '%c' is none", c);
		digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
		frame[digits / 2] |= digits % 2 ? digit : digit << 4;
		digits++;
	}
	if (digits % 2 || digits < 2 * ETH_HLEN)
		die("a frame has at least %d bytes of two digits", ETH_HLEN);
	enter(netns);
	ifindex = if_nametoindex(device);
	if (!ifindex)
		die("%s: no device %s", netns, device);
	if (send(packet_socket(ifindex, 0), frame, digits / 2, 0) < 0)
		die("%s: %s", device, strerror(errno));
}
