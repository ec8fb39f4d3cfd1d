// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "too_big.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/timekeeping.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "frame.h"
#include "meshlan.h"
#include "suppress.h"

/*
 * Who sends IP packets that must not be cut on their way (IPv4 with DF, and
 * all of IPv6) is told by ICMP which size does. A frame that fits pieces is
 * delivered all the same; but a stream is as happy with smaller packets, and
 * needs no pieces then.
 *
 * The message looks as if the other end had sent it: this node may have no
 * address that the sender knows. So it goes back the way that the frame came,
 * to the stack, through a bridge or through routers, on the VLAN it came on.
 */

/* More of the packet in a message nobody needs (RFC 1812, RFC 4443). */
#define MESSAGE4_MAX	576
#define MESSAGE6_MAX	IPV6_MIN_MTU

static bool single_ip4(__be32 ip)
{
	return !ipv4_is_zeronet(ip) && !ipv4_is_loopback(ip) &&
	       !ipv4_is_multicast(ip) && !ipv4_is_lbcast(ip);
}

static bool single_ip6(const struct in6_addr *ip)
{
	return !ipv6_addr_any(ip) && !ipv6_addr_loopback(ip) &&
	       !ipv6_addr_is_multicast(ip);
}

/* Of errors no errors are sent. */
static bool is_error4(const struct sk_buff *skb, unsigned int offset)
{
	u8 type;

	if (skb_copy_bits(skb, offset, &type, sizeof(type)))
		return true;
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_REDIRECT || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETERPROB;
}

static bool is_error6(const struct sk_buff *skb, unsigned int offset)
{
	u8 type;

	return skb_copy_bits(skb, offset, &type, sizeof(type)) ||
	       !(type & ICMPV6_INFOMSG_MASK);
}

static bool answerable4(const struct sk_buff *skb, unsigned int network,
			enum meshlan_too_big who, unsigned int mtu,
			struct iphdr *ip)
{
	if (skb_copy_bits(skb, network, ip, sizeof(*ip)) ||
	    ip->version != 4 || ip->ihl < 5 ||
	    ip->frag_off != htons(IP_DF) ||
	    mtu < IPV4_MIN_MTU || ntohs(ip->tot_len) <= mtu ||
	    !single_ip4(ip->saddr) || !single_ip4(ip->daddr))
		return false;
	if (who == MESHLAN_TOO_BIG_STREAM)
		return ip->protocol == IPPROTO_TCP;
	return ip->protocol != IPPROTO_ICMP ||
	       !is_error4(skb, network + ip->ihl * 4);
}

static bool answerable6(const struct sk_buff *skb, unsigned int network,
			enum meshlan_too_big who, unsigned int mtu,
			struct ipv6hdr *ip)
{
	__be16 fragment;
	int transport;
	u8 protocol;

	if (skb_copy_bits(skb, network, ip, sizeof(*ip)) ||
	    ip->version != 6 ||
	    ntohs(ip->payload_len) + sizeof(*ip) <= mtu ||
	    !single_ip6(&ip->saddr) || !single_ip6(&ip->daddr))
		return false;
	protocol = ip->nexthdr;
	transport = ipv6_skip_exthdr(skb, network + sizeof(*ip), &protocol,
				     &fragment);
	if (transport < 0)
		return false;
	if (who == MESHLAN_TOO_BIG_STREAM)
		return protocol == IPPROTO_TCP;
	return protocol != IPPROTO_ICMPV6 || fragment & htons(IP6_OFFSET) ||
	       !is_error6(skb, transport);
}

/* The Ethernet header goes back as it came, with its tag. */
static struct sk_buff *answer_begin(const struct sk_buff *skb,
				    unsigned int network, unsigned int max)
{
	const struct ethhdr *asked = (const struct ethhdr *)skb->data;
	struct sk_buff *answer;
	struct ethhdr *eth;

	answer = alloc_skb(NET_SKB_PAD + NET_IP_ALIGN + network + max,
			   GFP_ATOMIC);
	if (!answer)
		return NULL;
	skb_reserve(answer, NET_SKB_PAD + NET_IP_ALIGN);
	eth = skb_put_data(answer, skb->data, network);
	ether_addr_copy(eth->h_dest, asked->h_source);
	ether_addr_copy(eth->h_source, asked->h_dest);
	return answer;
}

/* What was too big, as much as goes in. */
static void quote(struct sk_buff *answer, const struct sk_buff *skb,
		  unsigned int network, unsigned int max)
{
	unsigned int len = min(skb->len - network, max);

	/* It is there: skb->len says so. */
	skb_copy_bits(skb, network, skb_put(answer, len), len);
}

static struct sk_buff *answer4(const struct sk_buff *skb, unsigned int network,
			       const struct iphdr *about, unsigned int mtu)
{
	struct sk_buff *answer = answer_begin(skb, network, MESSAGE4_MAX);
	struct icmphdr *icmp;
	struct iphdr *ip;

	if (!answer)
		return NULL;
	ip = skb_put_zero(answer, sizeof(*ip));
	icmp = skb_put_zero(answer, sizeof(*icmp));
	quote(answer, skb, network,
	      MESSAGE4_MAX - sizeof(*ip) - sizeof(*icmp));

	icmp->type = ICMP_DEST_UNREACH;
	icmp->code = ICMP_FRAG_NEEDED;
	icmp->un.frag.mtu = htons(min(mtu, U16_MAX));
	icmp->checksum = csum_fold(csum_partial(icmp, skb_tail_pointer(answer) -
						(u8 *)icmp, 0));
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = IPTOS_PREC_INTERNETCONTROL;
	ip->tot_len = htons(skb_tail_pointer(answer) - (u8 *)ip);
	ip->frag_off = htons(IP_DF);
	ip->ttl = IPDEFTTL;
	ip->protocol = IPPROTO_ICMP;
	ip->saddr = about->daddr;
	ip->daddr = about->saddr;
	ip->check = ip_fast_csum(ip, ip->ihl);
	return answer;
}

static struct sk_buff *answer6(const struct sk_buff *skb, unsigned int network,
			       const struct ipv6hdr *about, unsigned int mtu)
{
	struct sk_buff *answer = answer_begin(skb, network, MESSAGE6_MAX);
	struct icmp6hdr *icmp;
	struct ipv6hdr *ip;
	unsigned int len;

	if (!answer)
		return NULL;
	ip = skb_put_zero(answer, sizeof(*ip));
	icmp = skb_put_zero(answer, sizeof(*icmp));
	quote(answer, skb, network,
	      MESSAGE6_MAX - sizeof(*ip) - sizeof(*icmp));

	len = skb_tail_pointer(answer) - (u8 *)icmp;
	icmp->icmp6_type = ICMPV6_PKT_TOOBIG;
	icmp->icmp6_mtu = htonl(mtu);
	ip->version = 6;
	ip->payload_len = htons(len);
	ip->nexthdr = IPPROTO_ICMPV6;
	ip->hop_limit = IPV6_DEFAULT_HOPLIMIT;
	ip->saddr = about->daddr;
	ip->daddr = about->saddr;
	icmp->icmp6_cksum = csum_ipv6_magic(&ip->saddr, &ip->daddr, len,
					    IPPROTO_ICMPV6,
					    csum_partial(icmp, len, 0));
	return answer;
}

/**
 * meshlan_too_big_answer() - make the frame that tells a sender what fits
 * @skb: his frame, linear
 * @who: whom to tell
 * @size: length of a frame that fits
 *
 * Return: the frame, its data at the Ethernet header; NULL if he did not ask
 * for it, or must not be told, or no smaller packet would help.
 */
struct sk_buff *meshlan_too_big_answer(const struct sk_buff *skb,
				       enum meshlan_too_big who,
				       unsigned int size)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct meshlan_frame frame;
	struct ipv6hdr ip6;
	struct iphdr ip4;
	unsigned int mtu;

	if (skb->len < ETH_HLEN || is_multicast_ether_addr(eth->h_dest) ||
	    !is_valid_ether_addr(eth->h_source))
		return NULL;
	meshlan_frame_parse(skb, &frame);
	mtu = size > frame.network ? size - frame.network : 0;
	switch (frame.protocol) {
	case htons(ETH_P_IP):
		if (!answerable4(skb, frame.network, who, mtu, &ip4))
			return NULL;
		return answer4(skb, frame.network, &ip4, mtu);
	case htons(ETH_P_IPV6):
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
		if (!answerable6(skb, frame.network, who, mtu, &ip6))
			return NULL;
		return answer6(skb, frame.network, &ip6, mtu);
	}
	return NULL;
}

/**
 * meshlan_too_big() - tell a sender which size fits, if he should know
 * @mdev: the device
 * @skb: his frame; stays as it is
 * @who: whom to tell
 * @size: length of a frame that fits
 *
 * Context: BH off.
 * Return: true if he was told.
 */
bool meshlan_too_big(struct meshlan_dev *mdev, const struct sk_buff *skb,
		     enum meshlan_too_big who, unsigned int size)
{
	struct sk_buff *answer;

	answer = meshlan_too_big_answer(skb, who, size);
	if (!answer)
		return false;
	if (!meshlan_bucket_take(&mdev->too_big, 1, ktime_get_ns())) {
		consume_skb(answer);
		return false;
	}
	meshlan_count(mdev, MESHLAN_COUNTER_TOO_BIG_TX);
	meshlan_give_answer(mdev, answer);
	return true;
}
