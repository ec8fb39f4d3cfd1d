// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * dnsjunk ADDRESS N: sends N datagrams to a name server: noise, and questions
 * of which bytes were changed or cut off. Fails unless the server still
 * answers a good one at the end.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PORT	53
#define SIZE	600

/* c.home.internal, AAAA, with EDNS of 1232 bytes */
static const uint8_t good[] = {
	0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1,
	1, 'c', 4, 'h', 'o', 'm', 'e',
	8, 'i', 'n', 't', 'e', 'r', 'n', 'a', 'l', 0, 0, 28, 0, 1,
	0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0,
};

/* The same each time. */
static uint32_t draw(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x >> 16;
}

static size_t make(uint8_t *packet)
{
	size_t len = sizeof(good);

	if (draw() % 4 == 0) {
		len = draw() % SIZE;
		for (size_t i = 0; i < len; i++)
			packet[i] = draw();
		return len;
	}
	memcpy(packet, good, sizeof(good));
	for (unsigned int i = draw() % 6; i; i--)
		packet[draw() % sizeof(good)] = draw();
	if (draw() % 4 == 0)
		len = draw() % sizeof(good);
	return len;
}

/* The socket's queue is emptied now and then, and the server has its time. */
static void drain(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t packet[4096];

	while (poll(&ready, 1, 2) == 1)
		recv(fd, packet, sizeof(packet), 0);
}

static int answers(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t packet[4096];

	for (int i = 0; i < 20; i++) {
		send(fd, good, sizeof(good), 0);
		while (poll(&ready, 1, 250) == 1) {
			if (recv(fd, packet, sizeof(packet), 0) > 12 &&
			    !memcmp(packet, good, 2) && packet[2] & 0x80)
				return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6, .sin6_port = htons(PORT),
	};
	uint8_t packet[SIZE];
	long count;
	int fd;

	if (argc != 3 || inet_pton(AF_INET6, argv[1], &to.sin6_addr) != 1)
		errx(64, "usage: dnsjunk ADDRESS N");
	count = atol(argv[2]);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "%s", argv[1]);
	for (long i = 0; i < count; i++) {
		send(fd, packet, make(packet), 0);
		if (i % 64 == 63)
			drain(fd);
	}
	return answers(fd) ? 0 : 1;
}
