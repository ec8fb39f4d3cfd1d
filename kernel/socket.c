// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "socket.h"

#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "receive.h"
#include "send.h"

static void socket_setup(struct meshlan_dev *mdev, struct sock *sk)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data	= mdev,
		.encap_type	= 1,
		.encap_rcv	= meshlan_encap_rcv,
	};

	sk->sk_allocation = GFP_ATOMIC;
	sk->sk_sndbuf = INT_MAX;
	/*
	 * Bound alone, so that a port in use was refused; from now on the
	 * owner's second socket may come.
	 */
	SOCK_INODE(sk->sk_socket)->i_uid = mdev->owner;
	WRITE_ONCE(sk->sk_uid, mdev->owner);
	sk->sk_reuseport = 1;
	setup_udp_tunnel_sock(mdev->link_net, sk, &cfg);
}

static int socket_open(struct meshlan_dev *mdev, sa_family_t family, u16 port,
		       struct sock **sk)
{
	struct udp_port_cfg cfg = {
		.family			= family,
		.local_udp_port		= htons(port),
		.use_udp_checksums	= true,
		.use_udp6_tx_checksums	= true,
		.use_udp6_rx_checksums	= true,
		.ipv6_v6only		= true,
	};
	struct socket *sock;
	int err;

	err = udp_sock_create(mdev->link_net, &cfg, &sock);
	if (err)
		return err;
	socket_setup(mdev, sock->sk);
	*sk = sock->sk;
	return 0;
}

static void sockets_replace(struct meshlan_dev *mdev, struct sock *new4,
			    struct sock *new6)
{
	struct sock *old4, *old6;

	old4 = rcu_replace_pointer(mdev->sk4, new4,
				   lockdep_is_held(&mdev->lock));
	old6 = rcu_replace_pointer(mdev->sk6, new6,
				   lockdep_is_held(&mdev->lock));
	if (!old4 && !old6)
		return;
	if (old4)
		rcu_assign_sk_user_data(old4, NULL);
	if (old6)
		rcu_assign_sk_user_data(old6, NULL);
	synchronize_net();
	if (old4)
		udp_tunnel_sock_release(old4);
	if (old6)
		udp_tunnel_sock_release(old6);
}

/**
 * meshlan_sockets_open() - open the sockets, or move them to another port
 * @mdev: the device
 * @port: UDP port
 * @extack: why not
 *
 * Context: &meshlan_dev.lock; sleeps.
 * Return: 0; or a negative error and everything is as before.
 */
int meshlan_sockets_open(struct meshlan_dev *mdev, u16 port,
			 struct netlink_ext_ack *extack)
{
	struct sock *sk4, *sk6 = NULL;
	int err;

	lockdep_assert_held(&mdev->lock);
	if (!mdev->link_net) {
		NL_SET_ERR_MSG_MOD(extack,
				   "the namespace of the device's sockets is gone");
		return -ENONET;
	}
	err = socket_open(mdev, AF_INET, port, &sk4);
	if (err)
		goto err_port;
	if (ipv6_mod_enabled()) {
		err = socket_open(mdev, AF_INET6, port, &sk6);
		if (err)
			goto err_release4;
	}
	sockets_replace(mdev, sk4, sk6);
	return 0;

err_release4:
	udp_tunnel_sock_release(sk4);
err_port:
	if (err == -EADDRINUSE)
		NL_SET_ERR_MSG_MOD(extack, "UDP port is in use");
	else
		NL_SET_ERR_MSG_MOD(extack, "UDP socket could not be opened");
	return err;
}

/**
 * meshlan_sockets_close() - close the sockets
 * @mdev: the device
 *
 * Context: &meshlan_dev.lock; sleeps until no packet is being received.
 */
void meshlan_sockets_close(struct meshlan_dev *mdev)
{
	lockdep_assert_held(&mdev->lock);
	sockets_replace(mdev, NULL, NULL);
}

/**
 * meshlan_endpoint_of() - where a received packet came from
 * @skb: with outer headers in place
 * @from: the sender, and the address of ours it used
 */
void meshlan_endpoint_of(const struct sk_buff *skb,
			 struct meshlan_endpoint *from)
{
	const struct udphdr *udp = udp_hdr(skb);

	memset(from, 0, sizeof(*from));
	if (ip_hdr(skb)->version == 4) {
		from->remote.v4.sin_family = AF_INET;
		from->remote.v4.sin_port = udp->source;
		from->remote.v4.sin_addr.s_addr = ip_hdr(skb)->saddr;
		from->local.v4.sin_family = AF_INET;
		from->local.v4.sin_addr.s_addr = ip_hdr(skb)->daddr;
		return;
	}
	from->remote.v6.sin6_family = AF_INET6;
	from->remote.v6.sin6_port = udp->source;
	from->remote.v6.sin6_addr = ipv6_hdr(skb)->saddr;
	from->local.v6.sin6_family = AF_INET6;
	from->local.v6.sin6_addr = ipv6_hdr(skb)->daddr;
	from->remote.v6.sin6_scope_id =
		ipv6_iface_scope_id(&from->remote.v6.sin6_addr, skb->skb_iif);
	from->oif = from->remote.v6.sin6_scope_id;
}

/**
 * meshlan_endpoint_same_remote() - do two endpoints name the same peer address
 * @a: one
 * @b: the other
 *
 * Return: true if address, port and scope are equal.
 */
bool meshlan_endpoint_same_remote(const struct meshlan_endpoint *a,
				  const struct meshlan_endpoint *b)
{
	const union meshlan_address *x = &a->remote, *y = &b->remote;

	if (x->sa.sa_family != y->sa.sa_family)
		return false;
	if (x->sa.sa_family == AF_INET)
		return x->v4.sin_addr.s_addr == y->v4.sin_addr.s_addr &&
		       x->v4.sin_port == y->v4.sin_port;
	if (x->sa.sa_family == AF_INET6)
		return ipv6_addr_equal(&x->v6.sin6_addr, &y->v6.sin6_addr) &&
		       x->v6.sin6_port == y->v6.sin6_port &&
		       x->v6.sin6_scope_id == y->v6.sin6_scope_id;
	return true;
}

static bool address_unicast(const union meshlan_address *address)
{
	int type;

	if (address->sa.sa_family == AF_INET)
		return !ipv4_is_multicast(address->v4.sin_addr.s_addr) &&
		       !ipv4_is_lbcast(address->v4.sin_addr.s_addr) &&
		       !ipv4_is_zeronet(address->v4.sin_addr.s_addr);
	type = ipv6_addr_type(&address->v6.sin6_addr);
	return type & IPV6_ADDR_UNICAST && !(type & IPV6_ADDR_MAPPED);
}

/**
 * meshlan_endpoint_check() - may a path have these ends
 * @mdev: the device
 * @endpoint: the ends
 * @extack: why not
 *
 * Return: 0 or a negative error.
 */
int meshlan_endpoint_check(struct meshlan_dev *mdev,
			   const struct meshlan_endpoint *endpoint,
			   struct netlink_ext_ack *extack)
{
	const union meshlan_address *remote = &endpoint->remote;
	const union meshlan_address *local = &endpoint->local;

	if (remote->sa.sa_family && !address_unicast(remote)) {
		NL_SET_ERR_MSG_MOD(extack, "remote address is not unicast");
		return -EADDRNOTAVAIL;
	}
	if (local->sa.sa_family && !address_unicast(local)) {
		NL_SET_ERR_MSG_MOD(extack, "local address is not unicast");
		return -EADDRNOTAVAIL;
	}
	if (remote->sa.sa_family && local->sa.sa_family &&
	    remote->sa.sa_family != local->sa.sa_family) {
		NL_SET_ERR_MSG_MOD(extack,
				   "remote and local address are of different families");
		return -EAFNOSUPPORT;
	}
	if (remote->sa.sa_family == AF_INET6 && !endpoint->oif &&
	    ipv6_addr_type(&remote->v6.sin6_addr) & IPV6_ADDR_LINKLOCAL) {
		NL_SET_ERR_MSG_MOD(extack,
				   "a link-local remote address needs an interface");
		return -EINVAL;
	}
	if (endpoint->oif == mdev->dev->ifindex) {
		NL_SET_ERR_MSG_MOD(extack,
				   "a path cannot lead through its own device");
		return -ELOOP;
	}
	return 0;
}

static struct rtable *route4(struct meshlan_dev *mdev, struct sock *sk,
			     const struct meshlan_endpoint *to,
			     struct dst_cache *cache, __be32 *source)
{
	struct flowi4 fl = {
		.daddr		= to->remote.v4.sin_addr.s_addr,
		.saddr		= to->local.v4.sin_addr.s_addr,
		.flowi4_oif	= to->oif,
		.flowi4_mark	= READ_ONCE(mdev->fwmark),
		.flowi4_proto	= IPPROTO_UDP,
		.fl4_dport	= to->remote.v4.sin_port,
		.fl4_sport	= inet_sk(sk)->inet_sport,
	};
	struct rtable *rt;

	if (cache) {
		rt = dst_cache_get_ip4(cache, source);
		if (rt)
			return rt;
	}
	if (fl.saddr && !inet_confirm_addr(sock_net(sk), NULL, 0, fl.saddr,
					   RT_SCOPE_HOST))
		return ERR_PTR(-EADDRNOTAVAIL);
	security_sk_classify_flow(sk, flowi4_to_flowi_common(&fl));
	rt = ip_route_output_flow(sock_net(sk), &fl, sk);
	if (IS_ERR(rt))
		return rt;
	if (rt->dst.dev == mdev->dev) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	*source = fl.saddr;
	if (cache)
		dst_cache_set_ip4(cache, &rt->dst, fl.saddr);
	return rt;
}

/*
 * With a source address IPv6 takes the interface for a mere wish, and goes by
 * the better route that leads elsewhere. Rules by source still come first.
 */
static struct dst_entry *lookup6(struct sock *sk, struct flowi6 *fl)
{
	struct in6_addr source = fl->saddr;
	int oif = fl->flowi6_oif;
	struct dst_entry *dst;

	dst = ip6_dst_lookup_flow(sock_net(sk), sk, fl, NULL);
	if (IS_ERR(dst) || !oif || dst->dev->ifindex == oif ||
	    ipv6_addr_any(&source))
		return dst;
	dst_release(dst);
	fl->saddr = in6addr_any;
	fl->flowi6_oif = oif;
	dst = ip6_dst_lookup_flow(sock_net(sk), sk, fl, NULL);
	fl->saddr = source;
	return dst;
}

static struct dst_entry *route6(struct meshlan_dev *mdev, struct sock *sk,
				const struct meshlan_endpoint *to,
				struct dst_cache *cache,
				struct in6_addr *source)
{
	struct flowi6 fl = {
		.daddr		= to->remote.v6.sin6_addr,
		.saddr		= to->local.v6.sin6_addr,
		.flowi6_oif	= to->oif,
		.flowi6_mark	= READ_ONCE(mdev->fwmark),
		.flowi6_proto	= IPPROTO_UDP,
		.fl6_dport	= to->remote.v6.sin6_port,
		.fl6_sport	= inet_sk(sk)->inet_sport,
	};
	struct dst_entry *dst;

	if (cache) {
		dst = dst_cache_get_ip6(cache, source);
		if (dst)
			return dst;
	}
	if (!ipv6_addr_any(&fl.saddr) &&
	    !ipv6_chk_addr(sock_net(sk), &fl.saddr, NULL, 0))
		return ERR_PTR(-EADDRNOTAVAIL);
	security_sk_classify_flow(sk, flowi6_to_flowi_common(&fl));
	dst = lookup6(sk, &fl);
	if (IS_ERR(dst))
		return dst;
	if (dst->dev == mdev->dev) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	*source = fl.saddr;
	if (cache)
		dst_cache_set_ip6(cache, dst, &fl.saddr);
	return dst;
}

/*
 * While the underlay's next hop is not known, packets wait for it, for seconds
 * if it is gone. Who sent them would count them as under way all that time, and
 * send nothing more, though another path has taken over long before.
 */
static bool will_wait(const struct dst_entry *dst, const void *to)
{
	struct neighbour *neigh = dst_neigh_lookup(dst, to);
	bool valid;

	if (!neigh)
		return true;
	valid = READ_ONCE(neigh->nud_state) & NUD_VALID;
	neigh_release(neigh);
	return !valid;
}

/* The inner packet's traces must not reach the underlay. */
static void forget_inner(struct meshlan_dev *mdev, struct sk_buff *skb,
			 bool xnet, bool orphan)
{
	/* The hash stays: it spreads flows over queues of the underlay. */
	if (orphan)
		skb_orphan(skb);
	skb_scrub_packet(skb, xnet);
	skb->mark = READ_ONCE(mdev->fwmark);
	skb->ip_summed = CHECKSUM_NONE;
	skb->encapsulation = 0;
	skb->protocol = 0;
	/* The tunnel helpers count by device; we count frames ourselves. */
	skb->dev = NULL;
	skb_reset_inner_network_header(skb);
}

static bool fits(struct meshlan_dev *mdev, struct sk_buff *skb,
		 struct meshlan_sent *sent)
{
	if (likely(skb->len <= sent->room)) {
		sent->packets++;
		sent->bytes += skb->len;
		sent->largest = max(sent->largest, skb->len);
		return true;
	}
	meshlan_drop(mdev, skb, MESHLAN_COUNTER_DROP_TX_TOO_BIG);
	return false;
}

static int send4(struct meshlan_dev *mdev, struct sock *sk,
		 const struct meshlan_endpoint *to, struct dst_cache *cache,
		 struct sk_buff_head *list, struct meshlan_sent *sent)
{
	bool xnet = !net_eq(sock_net(sk), dev_net(mdev->dev));
	struct sk_buff *skb;
	struct rtable *rt;
	__be32 source;
	bool orphan;

	rt = route4(mdev, sk, to, cache, &source);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	orphan = xnet || will_wait(&rt->dst, &to->remote.v4.sin_addr);
	sent->room = dst_mtu(&rt->dst) - sizeof(struct iphdr) -
		     sizeof(struct udphdr);
	while ((skb = __skb_dequeue(list))) {
		u8 dsfield = MESHLAN_CB(skb)->dsfield;

		if (!fits(mdev, skb, sent))
			continue;
		forget_inner(mdev, skb, xnet, orphan);
		dst_hold(&rt->dst);
		udp_tunnel_xmit_skb(rt, sk, skb, source,
				    to->remote.v4.sin_addr.s_addr, dsfield,
				    ip4_dst_hoplimit(&rt->dst), htons(IP_DF),
				    inet_sk(sk)->inet_sport,
				    to->remote.v4.sin_port, false, false, 0);
	}
	ip_rt_put(rt);
	return 0;
}

static int send6(struct meshlan_dev *mdev, struct sock *sk,
		 const struct meshlan_endpoint *to, struct dst_cache *cache,
		 struct sk_buff_head *list, struct meshlan_sent *sent)
{
	bool xnet = !net_eq(sock_net(sk), dev_net(mdev->dev));
	struct in6_addr source;
	struct dst_entry *dst;
	struct sk_buff *skb;
	bool orphan;

	dst = route6(mdev, sk, to, cache, &source);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	orphan = xnet || will_wait(dst, &to->remote.v6.sin6_addr);
	sent->room = dst_mtu(dst) - sizeof(struct ipv6hdr) -
		     sizeof(struct udphdr);
	while ((skb = __skb_dequeue(list))) {
		u8 dsfield = MESHLAN_CB(skb)->dsfield;

		if (!fits(mdev, skb, sent))
			continue;
		forget_inner(mdev, skb, xnet, orphan);
		dst_hold(dst);
		udp_tunnel6_xmit_skb(dst, sk, skb, NULL, &source,
				     &to->remote.v6.sin6_addr, dsfield,
				     ip6_dst_hoplimit(dst), 0,
				     inet_sk(sk)->inet_sport,
				     to->remote.v6.sin6_port, false, 0);
	}
	dst_release(dst);
	return 0;
}

/**
 * meshlan_socket_send() - send sealed packets to an address
 * @mdev: the device
 * @to: where to, and from which of our addresses
 * @cache: route of @to, or NULL to look it up
 * @list: the packets
 * @sent: what left is added to it
 *
 * Context: RCU, BH off.
 * Return: 0 and the list is consumed; otherwise it is untouched.
 */
int meshlan_socket_send(struct meshlan_dev *mdev,
			const struct meshlan_endpoint *to,
			struct dst_cache *cache, struct sk_buff_head *list,
			struct meshlan_sent *sent)
{
	struct sock *sk;

	switch (to->remote.sa.sa_family) {
	case AF_INET:
		sk = rcu_dereference_bh(mdev->sk4);
		return sk ? send4(mdev, sk, to, cache, list, sent) :
			    -ENOTCONN;
	case AF_INET6:
		sk = rcu_dereference_bh(mdev->sk6);
		return sk ? send6(mdev, sk, to, cache, list, sent) :
			    -ENOTCONN;
	}
	return -EDESTADDRREQ;
}
