// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * What a daemon does with the port, and no more.
 *
 *	steer listen PORT		share the port; take what begins with
 *					0x10 and above, print "got BYTE" for each
 *	steer say ADDRESS PORT BYTE	send one datagram beginning with BYTE
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "steer: %s: %s\n", what, strerror(errno));
	return 1;
}

static int listen_on(unsigned short port)
{
	/* The kernel's socket is the first of the group, ours the second. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x10, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { 4, code };
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	unsigned char packet[2048];
	int fd, one = 1;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)))
		return fail("SO_REUSEPORT");
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		return fail("bind");
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
		       sizeof(program)))
		return fail("SO_ATTACH_REUSEPORT_CBPF");
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	for (;;) {
		if (recv(fd, packet, sizeof(packet), 0) < 1)
			return fail("recv");
		printf("got %02x\n", packet[0]);
	}
}

static int say(const char *address, unsigned short port, unsigned char byte)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	unsigned char packet[64] = { byte };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return fail("socket");
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return fail(address);
	if (sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return fail("sendto");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "listen"))
		return listen_on(atoi(argv[2]));
	if (argc == 5 && !strcmp(argv[1], "say"))
		return say(argv[2], atoi(argv[3]), strtoul(argv[4], NULL, 16));
	fprintf(stderr, "usage: steer listen PORT | say ADDRESS PORT BYTE\n");
	return 64;
}
