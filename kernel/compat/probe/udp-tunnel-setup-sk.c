// SPDX-License-Identifier: GPL-2.0
#include <net/udp_tunnel.h>

void meshlan_probe(struct net *net, struct sock *sk);
void meshlan_probe(struct net *net, struct sock *sk)
{
	setup_udp_tunnel_sock(net, sk, NULL);
}
