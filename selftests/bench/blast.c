// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers
 *
 * Small datagrams as fast as the kernel takes them, many per system call, so
 * that the network and not the program is what gets measured.
 *
 *	blast send ADDRESS PORT SECONDS
 *	blast hold PORT		own the port, so that nobody answers "closed"
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, SIZE = 64 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int send_all(int fd, double seconds)
{
	struct mmsghdr messages[BATCH] = {};
	static char payload[SIZE];
	struct iovec iov = { payload, SIZE };
	double end = now() + seconds;
	int i;

	for (i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &iov;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	/* A full queue is no failure: the next call tries again. */
	while (now() < end)
		sendmmsg(fd, messages, BATCH, 0);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (argc == 5 && !strcmp(argv[1], "send")) {
		inet_pton(AF_INET, argv[2], &address.sin_addr);
		address.sin_port = htons(atoi(argv[3]));
		if (!connect(fd, (void *)&address, sizeof(address)))
			return send_all(fd, atof(argv[4]));
	} else if (argc == 3 && !strcmp(argv[1], "hold")) {
		address.sin_port = htons(atoi(argv[2]));
		if (!bind(fd, (void *)&address, sizeof(address)))
			pause();
	}
	perror("blast");
	return 1;
}
