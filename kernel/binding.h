/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_BINDING_H
#define _MESHLAN_BINDING_H

#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>

/* A power of two of sets, each of so many slots; 224 KiB in all. */
#define MESHLAN_BINDING_SETS	512
#define MESHLAN_BINDING_WAYS	8
/* Seconds for which what was heard of an address is believed. */
#define MESHLAN_BINDING_AGE	60

/**
 * struct meshlan_binding - an IP address and the MAC address that has it
 * @ip: the address, an IPv4 one as ::ffff:a.b.c.d
 * @node: the node that said so, 0 for this one
 * @heard: when, in seconds since boot
 * @rival_heard: when somebody else last said that it was his
 * @mac: the MAC address
 * @rival: the MAC address of that one
 * @vlan: 802.1Q id, 0 for untagged
 * @router: it forwards packets of others
 * @used: the slot holds a binding
 * @known: what was said is enough for an answer
 * @contested: @rival is one, and may still be there
 */
struct meshlan_binding {
	struct in6_addr	ip;
	u64		node;
	u32		heard;
	u32		rival_heard;
	u8		mac[ETH_ALEN];
	u8		rival[ETH_ALEN];
	u16		vlan;
	bool		router;
	bool		used;
	bool		known;
	bool		contested;
};

/**
 * struct meshlan_bindings - what nodes said of IP addresses lately
 * @lock: protects @slot
 * @secret: makes it impossible to aim at one set
 * @slot: MESHLAN_BINDING_WAYS of them for each set
 *
 * Of fixed size: what is said by others must not use more and more memory.
 */
struct meshlan_bindings {
	spinlock_t		lock;	/* BH off */
	siphash_key_t		secret;
	struct meshlan_binding	*slot;
};

int meshlan_bindings_init(struct meshlan_bindings *bindings);
void meshlan_bindings_uninit(struct meshlan_bindings *bindings);
void meshlan_bindings_clear(struct meshlan_bindings *bindings);

/*
 * Each wants @ip, @vlan, @node and @mac set; what else, says its description.
 * True if it makes the address one that two claim.
 */
bool meshlan_binding_learn(struct meshlan_bindings *bindings,
			   const struct meshlan_binding *heard);
bool meshlan_binding_claim(struct meshlan_bindings *bindings,
			   const struct meshlan_binding *heard);
/* Who has an address: wants @ip and @vlan set. */
bool meshlan_binding_find(struct meshlan_bindings *bindings,
			  struct meshlan_binding *binding);
bool meshlan_binding_contested(struct meshlan_bindings *bindings,
			       const struct meshlan_binding *binding);

#endif /* _MESHLAN_BINDING_H */
