// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "binding.h"

#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

/* Time that goes on while the machine sleeps. */
static u32 binding_now(void)
{
	return ktime_get_boottime_seconds();
}

static bool binding_old(const struct meshlan_binding *slot, u32 now)
{
	return !slot->used || now - slot->heard >= MESHLAN_BINDING_AGE;
}

static struct meshlan_binding *set_of(struct meshlan_bindings *bindings,
				      const struct meshlan_binding *key)
{
	struct {
		struct in6_addr	ip;
		u64		vlan;
	} hashed __aligned(SIPHASH_ALIGNMENT) = {
		.ip	= key->ip,
		.vlan	= key->vlan,
	};
	u64 hash = siphash(&hashed, sizeof(hashed), &bindings->secret);

	return &bindings->slot[(hash % MESHLAN_BINDING_SETS) *
			       MESHLAN_BINDING_WAYS];
}

static struct meshlan_binding *find_slot(struct meshlan_bindings *bindings,
					 const struct meshlan_binding *key,
					 u32 now)
{
	struct meshlan_binding *slot = set_of(bindings, key);
	unsigned int i;

	for (i = 0; i < MESHLAN_BINDING_WAYS; i++, slot++)
		if (!binding_old(slot, now) && slot->vlan == key->vlan &&
		    ipv6_addr_equal(&slot->ip, &key->ip))
			return slot;
	return NULL;
}

/*
 * A slot for a new binding: a free one, or else the oldest one of the node
 * that holds the most of the set. So whoever says a lot pushes out what he
 * said before, and nobody else.
 */
static struct meshlan_binding *
slot_for(struct meshlan_bindings *bindings, const struct meshlan_binding *key,
	 u32 now)
{
	struct meshlan_binding *set = set_of(bindings, key), *victim = set;
	unsigned int i, j, held, most = 0;

	for (i = 0; i < MESHLAN_BINDING_WAYS; i++) {
		if (binding_old(&set[i], now))
			return &set[i];
		held = 0;
		for (j = 0; j < MESHLAN_BINDING_WAYS; j++)
			held += set[j].node == set[i].node;
		if (held > most || (held == most &&
				    now - set[i].heard > now - victim->heard)) {
			most = held;
			victim = &set[i];
		}
	}
	return victim;
}

/* Two claim an address as long as the other one has not been silent. */
static bool is_contested(const struct meshlan_binding *slot, u32 now)
{
	return slot->contested &&
	       now - slot->rival_heard < MESHLAN_BINDING_AGE;
}

/*
 * The one that spoke last has the address, and the one before is its rival: if
 * two take turns, each is the other's. Returns whether that is news.
 */
static bool slot_hear(struct meshlan_binding *slot,
		      const struct meshlan_binding *heard, u32 now)
{
	bool before = is_contested(slot, now);

	if (ether_addr_equal(slot->mac, heard->mac)) {
		slot->heard = now;
		return false;
	}
	ether_addr_copy(slot->rival, slot->mac);
	slot->rival_heard = slot->heard;
	slot->contested = true;
	ether_addr_copy(slot->mac, heard->mac);
	slot->node = heard->node;
	slot->heard = now;
	slot->known = false;
	return !before && is_contested(slot, now);
}

static bool binding_note(struct meshlan_bindings *bindings,
			 const struct meshlan_binding *heard, bool known)
{
	struct meshlan_binding *slot;
	u32 now = binding_now();
	bool news = false;

	spin_lock_bh(&bindings->lock);
	slot = find_slot(bindings, heard, now);
	if (slot) {
		news = slot_hear(slot, heard, now);
	} else {
		slot = slot_for(bindings, heard, now);
		*slot = *heard;
		slot->heard = now;
		slot->used = true;
		slot->known = false;
		slot->contested = false;
	}
	if (known) {
		slot->known = true;
		slot->node = heard->node;
		slot->router = heard->router;
	}
	spin_unlock_bh(&bindings->lock);
	return news;
}

/**
 * meshlan_binding_learn() - note who has an address
 * @bindings: the table
 * @heard: the address, who has it, and where, and whether he is a router
 *
 * Context: RCU or BH off.
 * Return: true if two claim it now.
 */
bool meshlan_binding_learn(struct meshlan_bindings *bindings,
			   const struct meshlan_binding *heard)
{
	return binding_note(bindings, heard, true);
}

/**
 * meshlan_binding_claim() - note that somebody uses an address
 * @bindings: the table
 * @heard: the address, who uses it, and where
 *
 * For what tells too little to answer from it. It renews the binding that it
 * confirms, and contests one that it contradicts.
 *
 * Context: RCU or BH off.
 * Return: true if two claim it now.
 */
bool meshlan_binding_claim(struct meshlan_bindings *bindings,
			   const struct meshlan_binding *heard)
{
	return binding_note(bindings, heard, false);
}

/**
 * meshlan_binding_find() - find who has an address
 * @bindings: the table
 * @binding: the address and VLAN; the rest is filled in
 *
 * Context: RCU or BH off.
 * Return: true if somebody said enough lately, and nobody else claims it.
 */
bool meshlan_binding_find(struct meshlan_bindings *bindings,
			  struct meshlan_binding *binding)
{
	struct meshlan_binding *slot;
	u32 now = binding_now();
	bool found = false;

	spin_lock_bh(&bindings->lock);
	slot = find_slot(bindings, binding, now);
	if (slot && slot->known && !is_contested(slot, now)) {
		*binding = *slot;
		found = true;
	}
	spin_unlock_bh(&bindings->lock);
	return found;
}

/**
 * meshlan_binding_contested() - do several claim an address
 * @bindings: the table
 * @binding: the address and VLAN, and who is said to have it
 *
 * Context: RCU or BH off.
 * Return: true if two do, or somebody else does.
 */
bool meshlan_binding_contested(struct meshlan_bindings *bindings,
			       const struct meshlan_binding *binding)
{
	struct meshlan_binding *slot;
	u32 now = binding_now();
	bool contested;

	spin_lock_bh(&bindings->lock);
	slot = find_slot(bindings, binding, now);
	contested = slot && (is_contested(slot, now) ||
			     !ether_addr_equal(slot->mac, binding->mac));
	spin_unlock_bh(&bindings->lock);
	return contested;
}

/**
 * meshlan_bindings_clear() - forget all
 * @bindings: the table
 */
void meshlan_bindings_clear(struct meshlan_bindings *bindings)
{
	unsigned int i;

	spin_lock_bh(&bindings->lock);
	for (i = 0; i < MESHLAN_BINDING_SETS * MESHLAN_BINDING_WAYS; i++)
		bindings->slot[i].used = false;
	spin_unlock_bh(&bindings->lock);
}

/**
 * meshlan_bindings_init() - make an empty table
 * @bindings: the table
 *
 * Return: 0 or -ENOMEM.
 */
int meshlan_bindings_init(struct meshlan_bindings *bindings)
{
	spin_lock_init(&bindings->lock);
	get_random_bytes(&bindings->secret, sizeof(bindings->secret));
	bindings->slot = kvcalloc(MESHLAN_BINDING_SETS * MESHLAN_BINDING_WAYS,
				  sizeof(*bindings->slot), GFP_KERNEL_ACCOUNT);
	return bindings->slot ? 0 : -ENOMEM;
}

/**
 * meshlan_bindings_uninit() - free the table
 * @bindings: the table, which nobody uses any more
 */
void meshlan_bindings_uninit(struct meshlan_bindings *bindings)
{
	kvfree(bindings->slot);
}
