/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_ADDR_H
#define MESHD_ADDR_H

/*
 * An address and port of the underlay. IPv4 is always AF_INET here: mapped
 * addresses are undone where a socket delivers them.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

#define ADDR_TEXT_MAX	72

/* The numbers alone: 4 or 16 bytes of address and 2 of port. */
#define ADDR_BYTES_MAX	18

socklen_t addr_len(const union addr *addr);
bool addr_equal(const union addr *a, const union addr *b);
/* Without the port. */
bool addr_same_host(const union addr *a, const union addr *b);
/* For sorting: less than 0, 0, more than 0. */
int addr_compare(const union addr *a, const union addr *b);
uint16_t addr_port(const union addr *addr);
void addr_set_port(union addr *addr, uint16_t port);

/* @port is used if @text names none. False if @text is no address. */
bool addr_parse(union addr *addr, const char *text, uint16_t port);
/* 192.0.2.1:23731, [fe80::1%eth0]:23731. Returns @text. */
const char *addr_text(const union addr *addr, char text[ADDR_TEXT_MAX]);
/* Without the port and without brackets. */
const char *addr_host_text(const union addr *addr, char text[ADDR_TEXT_MAX]);

/* The scope of a link-local address stays at home. Returns the length. */
size_t addr_pack(const union addr *addr, uint8_t bytes[ADDR_BYTES_MAX]);
bool addr_unpack(union addr *addr, const uint8_t *bytes, size_t len);

bool addr_is_link_local(const union addr *addr);
/* Neither unspecified, multicast, broadcast nor loopback, and with a port. */
bool addr_is_usable(const union addr *addr);
/* Could be a host of the Internet: not loopback, private or link-local. */
bool addr_is_global(const union addr *addr);
/* Whether the first @bits of both are the same. */
bool addr_in_prefix(const union addr *addr, const union addr *prefix,
		    unsigned int bits);
/* ::ffff:a.b.c.d becomes AF_INET; the other way round for a socket. */
void addr_unmap(union addr *addr);
void addr_map(union addr *addr);
uint32_t addr_hash(const union addr *addr);

#endif /* MESHD_ADDR_H */
