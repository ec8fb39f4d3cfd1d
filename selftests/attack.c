// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * What an attacker on the path can do with datagrams.
 *
 *	attack record DEV FILE COUNT TYPE
 *		write the first COUNT datagrams of a type (0: any) that leave
 *		through DEV over IPv4
 *	attack send FILE FROM FROM-PORT TO TO-PORT [HOW [NUMBER]]
 *		send what was recorded, in IPv4 with any source, changed:
 *		as-is
 *		cut	each at every length, down to nothing
 *		flip	each with every one of its bits flipped in turn; with
 *			NUMBER only the bits from that byte on
 *		index	NUMBER in place of the index
 *		flags	NUMBER in place of the flags
 *		type	NUMBER in place of the type
 *		grow	NUMBER zero bytes behind it
 *		strip	without the first NUMBER bytes
 *		at	with the byte at NUMBER changed
 *		and prints how many datagrams that were
 *	attack fuzz FILE TO TO-PORT COUNT SEED
 *		COUNT datagrams, some mutated from FILE, some noise, over IPv4
 *		or IPv6
 *	attack junk FILE TO TO-PORT COUNT SEED
 *		the same for the daemon's half of the port: QUIC changed where
 *		it is read, any first byte, any length up to 1500
 *	attack spoof FILE TO TO-PORT COUNT SEED
 *		the same, from IPv4 addresses and ports of others
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_MAX	9000
#define RECORDED_MAX	256
#define BURST		64
#define UNCUT_MAX	1472

struct packet {
	uint16_t len;
	uint8_t data[PACKET_MAX];
};

static struct packet recorded[RECORDED_MAX];
static unsigned int recorded_count;

static void fail(const char *what)
{
	fprintf(stderr, "attack: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void load(const char *name)
{
	FILE *file = fopen(name, "rb");
	struct packet *p = recorded;

	if (!file)
		fail(name);
	while (recorded_count < RECORDED_MAX &&
	       fread(&p->len, sizeof(p->len), 1, file) == 1 &&
	       p->len <= PACKET_MAX &&
	       fread(p->data, 1, p->len, file) == p->len) {
		p++;
		recorded_count++;
	}
	fclose(file);
	if (!recorded_count) {
		fprintf(stderr, "attack: %s: nothing recorded\n", name);
		exit(1);
	}
}

static int record(const char *dev, const char *name, unsigned int count,
		  uint8_t type)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(dev),
	};
	uint8_t raw[PACKET_MAX + 100];
	FILE *file = fopen(name, "wb");
	int fd;

	if (!at.sll_ifindex)
		fail(dev);
	fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		fail("packet socket");
	if (!file)
		fail(name);
	puts("ready");
	fflush(stdout);
	while (count) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, raw, sizeof(raw), 0,
				     (struct sockaddr *)&from, &size);
		struct ip *ip = (struct ip *)raw;
		uint16_t len;
		uint8_t *data;

		if (n < 0)
			fail("recvfrom");
		if (from.sll_pkttype != PACKET_OUTGOING || n < 29 ||
		    ip->ip_v != 4 || ip->ip_p != IPPROTO_UDP)
			continue;
		data = raw + ip->ip_hl * 4 + sizeof(struct udphdr);
		if (data >= raw + n || (type && *data != type))
			continue;
		len = raw + n - data;
		fwrite(&len, sizeof(len), 1, file);
		fwrite(data, len, 1, file);
		count--;
	}
	fclose(file);
	return 0;
}

struct target {
	int fd;
	struct in_addr from;
	struct in_addr to;
	uint16_t from_port;
	uint16_t to_port;
	unsigned int sent;
};

static void emit(struct target *t, const uint8_t *data, size_t len)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = t->to };
	uint8_t raw[PACKET_MAX + 100];
	struct udphdr *udp = (struct udphdr *)(raw + sizeof(struct ip));
	struct ip *ip = (struct ip *)raw;

	memset(raw, 0, sizeof(struct ip) + sizeof(*udp));
	ip->ip_v = 4;
	ip->ip_hl = 5;
	ip->ip_len = htons(sizeof(*ip) + sizeof(*udp) + len);
	ip->ip_ttl = 64;
	ip->ip_p = IPPROTO_UDP;
	ip->ip_src = t->from;
	ip->ip_dst = t->to;
	udp->source = htons(t->from_port);
	udp->dest = htons(t->to_port);
	udp->len = htons(sizeof(*udp) + len);
	memcpy(udp + 1, data, len);
	if (sendto(t->fd, raw, sizeof(*ip) + sizeof(*udp) + len, 0,
		   (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("sendto");
	t->sent++;
	/* Stay below what a socket's backlog and a cable hold. */
	if (t->sent % 64 == 0)
		usleep(1000);
}

static void emit_changed(struct target *t, struct packet *p, const char *how,
			 unsigned long number)
{
	uint32_t index = htonl(number);
	unsigned int bit;
	int len;

	if (!strcmp(how, "cut")) {
		for (len = p->len - 1; len >= 0; len--)
			emit(t, p->data, len);
	} else if (!strcmp(how, "flip")) {
		for (bit = number * 8; bit < p->len * 8U; bit++) {
			p->data[bit / 8] ^= 1 << bit % 8;
			emit(t, p->data, p->len);
			p->data[bit / 8] ^= 1 << bit % 8;
		}
	} else if (!strcmp(how, "strip")) {
		if (number < p->len)
			emit(t, p->data + number, p->len - number);
	} else {
		if (!strcmp(how, "index"))
			memcpy(p->data + 4, &index, sizeof(index));
		else if (!strcmp(how, "flags"))
			p->data[1] = number;
		else if (!strcmp(how, "type"))
			p->data[0] = number;
		else if (!strcmp(how, "grow") && p->len + number < PACKET_MAX)
			p->len += number;
		else if (!strcmp(how, "at") && number < p->len)
			p->data[number] ^= 1;
		else if (strcmp(how, "as-is"))
			exit(64);
		emit(t, p->data, p->len);
	}
}

static int send_all(char **argv, const char *how, unsigned long number)
{
	struct target t = {
		.from_port = atoi(argv[1]),
		.to_port = atoi(argv[3]),
	};
	unsigned int i;
	int one = 1;

	if (!inet_pton(AF_INET, argv[0], &t.from) ||
	    !inet_pton(AF_INET, argv[2], &t.to))
		exit(64);
	t.fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (t.fd < 0)
		fail("raw socket");
	setsockopt(t.fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	for (i = 0; i < recorded_count; i++)
		emit_changed(&t, &recorded[i], how, number);
	printf("%u\n", t.sent);
	return 0;
}

/* xorshift64: the same seed gives the same datagrams everywhere. */
static uint64_t state;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

static void noise(uint8_t *data, size_t len)
{
	while (len--)
		*data++ = any(256);
}

static void mutate(struct packet *p)
{
	unsigned int i, n = any(4);

	switch (any(8)) {
	case 0:	/* as it was: a replay */
		return;
	case 1:
		p->len = any(p->len + 1);
		return;
	case 2:
		i = any(1400);
		noise(p->data + p->len, i);
		p->len += i;
		return;
	case 3:	/* a header that leads to a key, and noise under a new counter */
		noise(p->data + 8, p->len - 8);
		return;
	case 4:
		p->data[0] = any(5);
		p->data[1] = 1 << any(8);
		return;
	case 5:	/* another lane */
		p->data[7] = (p->data[7] & 0xf0) | any(16);
		return;
	default:
		for (i = 0; i <= n; i++)
			p->data[any(p->len)] ^= 1 << any(8);
	}
}

static void invent(struct packet *p)
{
	if (any(4)) {
		*p = recorded[any(recorded_count)];
		mutate(p);
		return;
	}
	p->len = any(16) ? any(200) : any(1900);
	noise(p->data, p->len);
	if (p->len && any(2))
		p->data[0] = any(4);
}

/* A long header: version, two ids with their lengths, a token's length. */
static void mutate_quic(struct packet *p)
{
	unsigned int i, n = any(8);

	switch (any(8)) {
	case 0:
		return;
	case 1:
		p->len = any(p->len + 1);
		return;
	case 2:
		p->data[0] = any(256);
		return;
	case 3:
		noise(p->data + 1, 4);
		return;
	case 4:
		p->data[5] = any(256);
		return;
	case 5:
		noise(p->data + 6, 40);
		return;
	case 6:
		i = any(256);
		noise(p->data + p->len, i);
		p->len += i;
		return;
	default:
		for (i = 0; i <= n; i++)
			p->data[any(p->len)] ^= 1 << any(8);
	}
}

static void invent_quic(struct packet *p)
{
	if (any(3)) {
		*p = recorded[any(recorded_count)];
		mutate_quic(p);
		return;
	}
	p->len = any(2) ? any(100) : any(1501);
	noise(p->data, p->len);
}

static int spoof(const char *to, const char *port, unsigned long count)
{
	struct target t = { .to_port = atoi(port) };
	struct packet p;

	if (!inet_pton(AF_INET, to, &t.to))
		exit(64);
	t.fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (t.fd < 0)
		fail("raw socket");
	while (count--) {
		t.from.s_addr = htonl(0xac100000 | any(1 << 20));
		t.from_port = any(65536);
		invent_quic(&p);
		/* A raw socket cuts nothing in pieces. */
		emit(&t, p.data, p.len < UNCUT_MAX ? p.len : UNCUT_MAX);
	}
	return 0;
}

static int fuzz(const char *to, const char *port, unsigned long count,
		void (*inventor)(struct packet *p), unsigned int pause)
{
	static struct packet packets[BURST];
	struct mmsghdr message[BURST] = {};
	struct iovec piece[BURST];
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	unsigned int i, n;
	int fd, done;

	v4.sin_port = htons(atoi(port));
	v6.sin6_port = v4.sin_port;
	if (inet_pton(AF_INET, to, &v4.sin_addr)) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		done = connect(fd, (struct sockaddr *)&v4, sizeof(v4));
	} else if (inet_pton(AF_INET6, to, &v6.sin6_addr)) {
		fd = socket(AF_INET6, SOCK_DGRAM, 0);
		done = connect(fd, (struct sockaddr *)&v6, sizeof(v6));
	} else {
		exit(64);
	}
	if (fd < 0 || done)
		fail(to);
	for (i = 0; i < BURST; i++) {
		message[i].msg_hdr.msg_iov = &piece[i];
		message[i].msg_hdr.msg_iovlen = 1;
		piece[i].iov_base = packets[i].data;
	}
	while (count) {
		n = count < BURST ? count : BURST;
		for (i = 0; i < n; i++) {
			inventor(&packets[i]);
			piece[i].iov_len = packets[i].len;
		}
		for (i = 0; i < n; i += done) {
			done = sendmmsg(fd, message + i, n - i, 0);
			if (done < 0 && errno != ENOBUFS && errno != EAGAIN &&
			    errno != ECONNREFUSED)
				fail("sendmmsg");
			if (done < 0)
				done = 0;
		}
		count -= n;
		if (pause)
			usleep(pause);
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long count;

	if (argc == 6 && !strcmp(argv[1], "record"))
		return record(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
	if (argc >= 7 && argc <= 9 && !strcmp(argv[1], "send")) {
		load(argv[2]);
		return send_all(argv + 3, argc > 7 ? argv[7] : "as-is",
				argc > 8 ? strtoul(argv[8], NULL, 0) : 0);
	}
	if (argc == 7) {
		load(argv[2]);
		state = strtoul(argv[6], NULL, 0) * 2 + 1;
		count = strtoul(argv[5], NULL, 0);
		if (!strcmp(argv[1], "fuzz"))
			return fuzz(argv[3], argv[4], count, invent, 0);
		if (!strcmp(argv[1], "junk"))
			return fuzz(argv[3], argv[4], count, invent_quic, 2000);
		if (!strcmp(argv[1], "spoof"))
			return spoof(argv[3], argv[4], count);
	}
	fputs("usage: attack record|send|fuzz|junk|spoof ...; see attack.c\n",
	      stderr);
	return 64;
}
