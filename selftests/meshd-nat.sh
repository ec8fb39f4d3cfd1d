#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Nodes behind NATs of three kinds find a direct way where there is one, and a
# way through another node where there is none; it stays while NATs forget what
# is idle. A hub learns nothing, and nobody misses it.
# meshlan-test: by-hand time=400 mem=512M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

hosts hub c a b
lan wan 1 hub c
setup_ns RA RB

# A router between the switch of the WAN and one host, IPv4 only.
router() { # NS NAME LAST
	ip -n "$1" link add wan type veth peer name "to-$2" netns "$SWITCH"
	ip -n "$SWITCH" link set "to-$2" master lan
	ip -n "$SWITCH" link set "to-$2" up
	ip -n "$1" addr add "10.1.0.$3/24" dev wan
	ip -n "$1" link add lan type veth peer name eth0 netns "${NS[$2]}"
	ip -n "$1" addr add 192.168.1.1/24 dev lan
	ip -n "${NS[$2]}" addr add 192.168.1.2/24 dev eth0
	ip -n "$1" link set wan up
	ip -n "$1" link set lan up
	ip -n "${NS[$2]}" link set eth0 up
	ip -n "${NS[$2]}" route add default via 192.168.1.1
	in_ns "$1" sysctl -qw net.ipv4.ip_forward=1
	nat "$1" restricted "$3"
	in_ns "$1" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30 \
		net.netfilter.nf_conntrack_udp_timeout_stream=30
}

nat() { # NS KIND LAST
	local source=masquerade target=''

	case $2 in
	symmetric) source="masquerade random,fully-random" ;;
	cone)
		source="snat to 10.1.0.$3"
		target="iifname wan udp dport 1024-65535 dnat to 192.168.1.2"
		;;
	esac
	in_ns "$1" nft -f - <<-END
	table ip nat
	delete table ip nat
	table ip nat {
		chain out {
			type nat hook postrouting priority 100
			oifname wan $source
		}
		chain in {
			type nat hook prerouting priority -100
			$target
		}
		chain pass {
			type filter hook forward priority 0; policy drop
			iifname lan accept
			ct state established,related accept
			ct status dnat accept
		}
	}
	END
	in_ns "$1" sh -c 'echo 1 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
		sleep 1.5
		echo 30 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout'
}

# How many source ports two hosts outside see of one socket.
ports_seen() { # NAME
	local h pids=()

	for h in hub c; do
		in_ns "${NS[$h]}" timeout 3 tcpdump --immediate-mode -c 1 -nqi wan \
			udp dst port 4444 >"$T/seen.$h" 2>/dev/null &
		pids+=($!)
	done
	sleep 1
	on "$1" python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 4000))
for host in "10.1.0.1", "10.1.0.2": s.sendto(b"x", (host, 4444))'
	wait "${pids[@]}"
	cat "$T/seen.hub" "$T/seen.c" | sed 's/.*IP 10\.1\.0\.[0-9]*\.\([0-9]*\) >.*/\1/' |
		sort -u | grep -c .
}

router "$RA" a 3
router "$RB" b 4
for kind in "restricted 1" "symmetric 2" "cone 1"; do
	read -r k n <<<"$kind"
	nat "$RA" "$k" 3
	is "$k: a NAT as it should be, seen from two hosts" "$(ports_seen a)" "$n"
done
nat "$RA" restricted 3

# --- a hub, and a node that all can reach -------------------------------------

in_ns "${NS[hub]}" meshd --hub --user root >"$T/hub.log" 2>&1 &
HUB=$!
at_end "kill $HUB"
for h in a b c; do
	conf $h "[peers]" "hub = 10.1.0.1" "lan = off" "[paths]" \
		"keepalive = 25s"
	daemon $h --log-level debug
done
in_ns "${NS[hub]}" tcpdump --immediate-mode -U -nni wan -w "$T/hub.pcap" \
	udp port 23731 >/dev/null 2>&1 &
at_end "kill $!"
ctl c -n home init name c address 10.1.0.2 >/dev/null || bail "init"
for h in a b; do
	ctl $h -n home join "$(value c .token token create address 10.1.0.2)" \
		name $h >/dev/null || bail "$h joins"
done
is_direct() { [ "$(value "$1" ".[] | select(.name == \"$2\") | .direct" peers)" = true ]; }
is_via() { [ "$(value "$1" ".[] | select(.name == \"$2\") | .via" peers)" = c ]; }
check "two port restricted NATs: a direct way" wait_for 30 is_direct a b
check "a and b reach each other" all_ping a b c
is "a says that its NAT is easy" "$(value a .nat.kind status)" easy
is "no hub is missing" "$(value a '.hubs[0].state' status)" up

# --- the hub goes -------------------------------------------------------------

on a ping -q -i 0.02 -c 200 -W 2 "$(address b)" >"$T/ping" &
ping=$!
sleep 1
kill -9 $HUB
wait $ping
check "the hub is killed: no packet is lost" \
	grep -q ' 0% packet loss' "$T/ping"
# 40 s without data: NATs forget after 30.
sleep 40
check "idle for longer than a NAT remembers: still direct" is_direct a b
on a ping -q -i 0.1 -c 20 -W 2 "$(address b)" >"$T/ping"
check "and nothing is lost" grep -q ' 0% packet loss' "$T/ping"
strings -n 4 "$T/hub.pcap" >"$T/hub.text"
refuse "the hub's capture shows no name" grep -qwE "a|b|c|home" "$T/hub.text"
tcpdump -nnr "$T/hub.pcap" -x 2>/dev/null | tr -d ' \n' >"$T/hub.hex"
for h in a b c; do
	id=$(value $h .node status)
	check "nor the node id of $h" not grep -q "$id" "$T/hub.hex"
done
check "nor a data packet" test "$(tcpdump -nnr "$T/hub.pcap" \
	'dst host 10.1.0.1 and (udp[8] = 1 or udp[8] = 2)' 2>/dev/null | wc -l)" = 0

# --- other kinds --------------------------------------------------------------

# New mappings for all: the daemons begin anew, and know who else there is.
begin_with() { # KIND-OF-A KIND-OF-B
	for h in a b; do kill_daemon $h; done
	nat "$RA" "$1" 3
	nat "$RB" "$2" 4
	for h in a b; do
		for s in a b c; do
			[ $h = $s ] || ctl $h session del mesh0 "$(value $s .node status)"
		done
		daemon $h --log-level debug
	done
} 2>/dev/null

begin_with cone restricted
check "a full cone and a port restricted one: direct" wait_for 40 is_direct a b
check "they reach each other" wait_for 10 all_ping a b
begin_with symmetric cone
check "a symmetric one and a full cone: direct" wait_for 60 is_direct a b
check "they reach each other" wait_for 10 all_ping a b
begin_with symmetric symmetric
check "two symmetric ones: through the third" wait_for 60 is_via a b
check "they reach each other" wait_for 20 all_ping a b
is "a says that its NAT is hard" "$(value a .nat.kind status)" hard
for h in a b c; do
	check "$h: nothing went wrong" \
		not grep -E "AddressSanitizer|error:" "$T/$h/log"
done
