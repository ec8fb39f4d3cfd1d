// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Catch and send frames of the EtherType that loop probes have.
 *
 *	loopframe DEV catch
 *	loopframe DEV send HEX [COUNT]
 *
 * "catch" waits five seconds for one to come in and prints it as hexadecimal
 * digits. "send" sends the frame so written COUNT times; of all but the first
 * the proof is random.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LOCAL_EXPERIMENT_2	0x88b6
#define PROOF			38
#define PROOF_SIZE		8
#define FRAME_MIN		60
#define FRAME_MAX		1514

static int fail(const char *what)
{
	fprintf(stderr, "loopframe: %s: %s\n", what, strerror(errno));
	return 1;
}

static int catch(int fd)
{
	const struct timeval patience = {.tv_sec = 5};
	uint8_t frame[FRAME_MAX];
	struct sockaddr_ll from;
	socklen_t len;
	ssize_t size;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)))
		return fail("waiting");
	do {
		len = sizeof(from);
		size = recvfrom(fd, frame, sizeof(frame), 0,
				(struct sockaddr *)&from, &len);
		if (size < 0)
			return fail("waiting for a frame");
	} while (from.sll_pkttype == PACKET_OUTGOING);
	for (ssize_t i = 0; i < size; i++)
		printf("%02x", frame[i]);
	putchar('\n');
	return 0;
}

static int send_all(int fd, const char *hex, unsigned int count)
{
	uint8_t frame[FRAME_MAX] = {0};
	size_t size = strlen(hex) / 2;

	if (size > sizeof(frame))
		size = sizeof(frame);
	for (size_t i = 0; i < size; i++) {
		if (sscanf(hex + 2 * i, "%2hhx", &frame[i]) != 1) {
			errno = EINVAL;
			return fail(hex);
		}
	}
	if (size < FRAME_MIN)
		size = FRAME_MIN;
	for (unsigned int i = 0; i < count; i++) {
		if (i && getrandom(frame + PROOF, PROOF_SIZE, 0) < 0)
			return fail("random numbers");
		if (send(fd, frame, size, 0) < 0)
			return fail("sending");
		/* No more at once than a cable's queue holds. */
		if (i % 64 == 63)
			usleep(2000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll local = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(LOCAL_EXPERIMENT_2),
	};
	int fd;

	if (argc < 3 || argc > 5 ||
	    (strcmp(argv[2], "catch") && (strcmp(argv[2], "send") || argc < 4))) {
		fputs("usage: loopframe DEV catch | DEV send HEX [COUNT]\n",
		      stderr);
		return 64;
	}
	local.sll_ifindex = if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, htons(LOCAL_EXPERIMENT_2));
	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)))
		return fail(argv[1]);
	if (!strcmp(argv[2], "catch"))
		return catch(fd);
	return send_all(fd, argv[3], argc > 4 ? atoi(argv[4]) : 1);
}
