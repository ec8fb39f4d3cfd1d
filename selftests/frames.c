// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/*
 * Send Ethernet frames of no meaning.
 *
 *	frames DEV SOURCE DESTINATION [COUNT [VLAN]]
 *
 * Each of the COUNT frames comes from an address one higher than the last.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL_EXPERIMENT	0x88b5

static void parse_mac(const char *text, uint8_t *mac)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1],
		   &mac[2], &mac[3], &mac[4], &mac[5]) != 6) {
		fprintf(stderr, "frames: %s: not a MAC address\n", text);
		exit(64);
	}
}

static void next_mac(uint8_t *mac)
{
	int i = 5;

	while (i > 0 && !++mac[i])
		i--;
}

int main(int argc, char **argv)
{
	unsigned int i, count = argc > 4 ? atoi(argv[4]) : 1;
	uint16_t vlan = argc > 5 ? atoi(argv[5]) : 0;
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
	uint8_t frame[64] = {0}, *type = frame + 12;
	uint16_t word;
	int fd;

	if (argc < 4 || argc > 6) {
		fputs("usage: frames DEV SOURCE DESTINATION [COUNT [VLAN]]\n",
		      stderr);
		return 64;
	}
	to.sll_ifindex = if_nametoindex(argv[1]);
	parse_mac(argv[2], frame + 6);
	parse_mac(argv[3], frame);
	if (vlan) {
		word = htons(ETHERTYPE_VLAN);
		memcpy(type, &word, 2);
		word = htons(vlan);
		memcpy(type + 2, &word, 2);
		type += 4;
	}
	word = htons(LOCAL_EXPERIMENT);
	memcpy(type, &word, 2);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	for (i = 0; fd >= 0 && i < count; i++) {
		if (sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			break;
		next_mac(frame + 6);
		/* No more at once than a cable's queue holds. */
		if (i % 64 == 63)
			usleep(2000);
	}
	if (fd < 0 || i < count) {
		fprintf(stderr, "frames: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;
}
