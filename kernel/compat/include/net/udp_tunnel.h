/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MESHLAN_COMPAT_NET_UDP_TUNNEL_H
#define _MESHLAN_COMPAT_NET_UDP_TUNNEL_H

#include_next <net/udp_tunnel.h>

#ifndef MESHLAN_HAVE_UDP_TUNNEL_SETUP_SK
#define setup_udp_tunnel_sock(net, sk, cfg) \
	setup_udp_tunnel_sock(net, (sk)->sk_socket, cfg)
#endif

#ifndef MESHLAN_HAVE_UDP_TUNNEL_RELEASE_SK
#define udp_tunnel_sock_release(sk) \
	udp_tunnel_sock_release((sk)->sk_socket)
#endif

#ifndef MESHLAN_HAVE_UDP_TUNNEL_IPCB
#define udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, src_port,  \
			    dst_port, xnet, nocheck, ipcb_flags)	     \
	udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, src_port,   \
			    dst_port, xnet, nocheck)

/* The addresses were not const once; they were never written to. */
#define udp_tunnel6_xmit_skb(dst, sk, skb, dev, saddr, daddr, prio, ttl,     \
			     label, src_port, dst_port, nocheck, ip6cb_flags) \
	udp_tunnel6_xmit_skb(dst, sk, skb, dev, (struct in6_addr *)(saddr),  \
			     (struct in6_addr *)(daddr), prio, ttl, label,    \
			     src_port, dst_port, nocheck)
#endif
#endif
