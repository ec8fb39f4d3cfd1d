/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef LAB_TRAFFIC_H
#define LAB_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct node {
	int number;
	char netns[64];
	char device[16];
	uint32_t address;	/* as it is sent */
	unsigned int ifindex;
	int fd;
};

struct options {
	int count, from, to, timeout, interval;
};

/* A way to send something of a number that its receiver can tell. */
struct method {
	bool broadcast;
	void (*open)(struct node *node);	/* in its namespace */
	void (*send)(int from, int to, uint32_t number);
	/* All that has come; calls arrived() for each. */
	void (*receive)(int at);
	uint32_t (*address)(const char *text);
};

extern const struct method ping, broadcast;

extern struct node *nodes;
extern int node_count;
extern struct options options;
extern uint32_t run;		/* what is of another run is not counted */

__attribute__((format(printf, 1, 2), noreturn))
void die(const char *format, ...);
uint64_t now(void);
void enter(const char *netns);
void arrived(uint32_t number, int to);
void inject(const char *netns, const char *device);

#endif /* LAB_TRAFFIC_H */
