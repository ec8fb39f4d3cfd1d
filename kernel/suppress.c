// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suppress.h"

#include <linux/etherdevice.h>
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/ndisc.h>
#include <net/neighbour.h>

#include "binding.h"
#include "meshlan.h"

/*
 * Questions of ARP and neighbour discovery are most of what an Ethernet
 * floods. Those whose answer is known are answered here. Two sources: the
 * device's neighbour table, which the administrator or a daemon fills and
 * which is right by decree; and bindings, what authentic frames said lately.
 *
 * Where an answer could do harm the question goes its way: when it is there
 * to find out whether an address is free, or whether one certain station is
 * still there, and when it asks for somebody on this side.
 */

/* Can a single station have the address. */
static bool single_ip(const struct in6_addr *ip)
{
	__be32 ip4 = ip->s6_addr32[3];

	if (ipv6_addr_v4mapped(ip))
		return !ipv4_is_zeronet(ip4) && !ipv4_is_loopback(ip4) &&
		       !ipv4_is_multicast(ip4) && !ipv4_is_lbcast(ip4);
	return !ipv6_addr_any(ip) && !ipv6_addr_loopback(ip) &&
	       !ipv6_addr_is_multicast(ip);
}

static int has_ip(struct net_device *dev, struct netdev_nested_priv *priv)
{
	const struct in6_addr *ip = priv->data;
	const struct in_ifaddr *ifa;
	struct in_device *in_dev;

	if (!ipv6_addr_v4mapped(ip))
		return IS_ENABLED(CONFIG_IPV6) && ipv6_mod_enabled() &&
		       ipv6_chk_addr(dev_net(dev), ip, dev, 0);
	in_dev = __in_dev_get_rcu(dev);
	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (ifa->ifa_local == ip->s6_addr32[3])
			return true;
	return false;
}

/* This node's own, on the device or on what stands on it, as a bridge does. */
static bool own_ip(struct net_device *dev, struct in6_addr *ip)
{
	struct netdev_nested_priv priv = { .data = ip };

	return has_ip(dev, &priv) ||
	       netdev_walk_all_upper_dev_rcu(dev, has_ip, &priv);
}

static struct neighbour *table_entry(struct net_device *dev,
				     const struct in6_addr *ip)
{
	if (ipv6_addr_v4mapped(ip))
		return neigh_lookup(&arp_tbl, &ip->s6_addr32[3], dev);
#if IS_ENABLED(CONFIG_IPV6)
	if (ipv6_mod_enabled())
		return neigh_lookup(&nd_tbl, ip, dev);
#endif
	return NULL;
}

/*
 * The neighbour table is of the device, that is, of untagged frames. What is in
 * it for good is right by decree. What is merely reachable the stack has heard
 * as bindings have, and it does not know that somebody else said so too.
 */
static bool find_in_table(struct meshlan_dev *mdev,
			  struct meshlan_binding *binding)
{
	struct neighbour *n;
	u8 state;

	if (binding->vlan)
		return false;
	n = table_entry(mdev->dev, &binding->ip);
	if (!n)
		return false;
	state = READ_ONCE(n->nud_state);
	neigh_ha_snapshot((char *)binding->mac, n, mdev->dev);
	binding->router = n->flags & NTF_ROUTER;
	neigh_release(n);
	if (!is_valid_ether_addr(binding->mac))
		return false;
	if (state & (NUD_PERMANENT | NUD_NOARP))
		return true;
	return state & NUD_REACHABLE &&
	       !meshlan_binding_contested(&mdev->bindings, binding);
}

/* Who has the address; nobody on this side, who can answer himself. */
static bool find_answer(struct meshlan_dev *mdev,
			struct meshlan_binding *binding)
{
	struct meshlan_fdb_key key = { .vlan = binding->vlan };
	u64 node;

	if (find_in_table(mdev, binding)) {
		ether_addr_copy(key.mac, binding->mac);
		return !meshlan_fdb_is_here(mdev, &key);
	}
	if (!meshlan_binding_find(&mdev->bindings, binding))
		return false;
	ether_addr_copy(key.mac, binding->mac);
	return meshlan_fdb_lookup(mdev, &key, &node) && node;
}

static bool may_answer(struct meshlan_dev *mdev, const struct ethhdr *eth,
		       struct meshlan_neigh *neigh)
{
	if (neigh->kind != MESHLAN_NEIGH_ARP_REQUEST &&
	    neigh->kind != MESHLAN_NEIGH_SOLICIT)
		return false;
	/* Asks for a certain station: whether it is still there. */
	if (!is_multicast_ether_addr(eth->h_dest))
		return false;
	/* Asks whether an address is free, or tells that it is taken now. */
	if (!single_ip(&neigh->sender) ||
	    ipv6_addr_equal(&neigh->sender, &neigh->target))
		return false;
	/* Speaks for somebody else. */
	if (!neigh->has_mac || !ether_addr_equal(neigh->mac, eth->h_source))
		return false;
	return single_ip(&neigh->target) && !own_ip(mdev->dev, &neigh->target);
}

/* Which address a message says that its MAC address has. */
static void binding_of(const struct meshlan_neigh *neigh, u16 vlan,
		       struct meshlan_binding *binding)
{
	memset(binding, 0, sizeof(*binding));
	binding->ip = neigh->kind == MESHLAN_NEIGH_ADVERT ? neigh->target :
							    neigh->sender;
	binding->vlan = vlan;
	ether_addr_copy(binding->mac, neigh->mac);
	binding->router = neigh->router;
}

static void note(struct meshlan_dev *mdev,
		 const struct meshlan_binding *binding, bool known)
{
	bool news = known ? meshlan_binding_learn(&mdev->bindings, binding) :
			    meshlan_binding_claim(&mdev->bindings, binding);

	if (unlikely(news))
		meshlan_count(mdev, MESHLAN_COUNTER_CONTESTED);
}

/**
 * meshlan_give_answer() - answer a frame from here as if from the mesh
 * @mdev: the device
 * @answer: its data is the frame; consumed
 *
 * Context: BH off.
 */
void meshlan_give_answer(struct meshlan_dev *mdev, struct sk_buff *answer)
{
	answer->protocol = eth_type_trans(answer, mdev->dev);
	skb_reset_network_header(answer);
	if (netif_rx(answer) == NET_RX_DROP)
		meshlan_count(mdev, MESHLAN_COUNTER_DROP_RX_BACKLOG);
}

/**
 * meshlan_suppress() - answer a question instead of sending it
 * @mdev: the device
 * @skb: the frame, from the stack
 * @frame: what meshlan_frame_parse() found of it
 *
 * Context: RCU, BH off.
 * Return: true if it was answered; @skb is consumed. Otherwise it is to be
 * sent.
 */
bool meshlan_suppress(struct meshlan_dev *mdev, struct sk_buff *skb,
		      const struct meshlan_frame *frame)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct meshlan_binding binding;
	struct meshlan_neigh neigh;
	struct sk_buff *answer;

	if (!READ_ONCE(mdev->suppress) || mdev->dev->flags & IFF_NOARP ||
	    !meshlan_neigh_parse(skb, frame, &neigh))
		return false;
	/* Whoever speaks on this side contradicts what was said elsewhere. */
	if (neigh.has_mac) {
		binding_of(&neigh, frame->vlan, &binding);
		if (single_ip(&binding.ip))
			note(mdev, &binding, false);
	}

	if (!may_answer(mdev, eth, &neigh))
		return false;
	memset(&binding, 0, sizeof(binding));
	binding.ip = neigh.target;
	binding.vlan = frame->vlan;
	if (!find_answer(mdev, &binding))
		return false;
	answer = meshlan_neigh_answer(skb, frame, &neigh, binding.mac,
				      binding.router);
	if (!answer)
		return false;
	meshlan_count(mdev, neigh.kind == MESHLAN_NEIGH_SOLICIT ?
		      MESHLAN_COUNTER_SUPPRESSED_ND :
		      MESHLAN_COUNTER_SUPPRESSED_ARP);
	consume_skb(skb);
	meshlan_give_answer(mdev, answer);
	return true;
}

/*
 * Does a message tell all that an answer must say. A solicitation does not
 * say whether its sender is a router, and whoever is told that a router is
 * none stops using it. An advertisement without override may be one of
 * several for the same address.
 */
static bool tells_all(const struct meshlan_neigh *neigh)
{
	if (neigh->kind == MESHLAN_NEIGH_ADVERT)
		return neigh->override;
	return neigh->kind != MESHLAN_NEIGH_SOLICIT;
}

/**
 * meshlan_suppress_learn() - note what a message from the mesh tells
 * @mdev: the device
 * @node: the node it came from
 * @skb: the frame, authentic, its source address learned
 * @frame: what meshlan_frame_parse() found of it
 *
 * Context: RCU, BH off.
 */
void meshlan_suppress_learn(struct meshlan_dev *mdev, u64 node,
			    const struct sk_buff *skb,
			    const struct meshlan_frame *frame)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct meshlan_fdb_key key = { .vlan = frame->vlan };
	struct meshlan_binding binding;
	struct meshlan_neigh neigh;
	u64 behind;

	if (!READ_ONCE(mdev->suppress) ||
	    !meshlan_neigh_parse(skb, frame, &neigh) || !neigh.has_mac ||
	    !ether_addr_equal(neigh.mac, eth->h_source))
		return;
	binding_of(&neigh, frame->vlan, &binding);
	binding.node = node;
	if (!single_ip(&binding.ip))
		return;
	/* Who claims another's MAC address is not believed in the rest. */
	ether_addr_copy(key.mac, neigh.mac);
	if (!meshlan_fdb_lookup(mdev, &key, &behind) || behind != node)
		return;
	note(mdev, &binding, tells_all(&neigh));
}
