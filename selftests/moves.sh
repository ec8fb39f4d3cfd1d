#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Where paths lead: a peer that moves is followed, by challenge; a copied
# packet moves nothing; NAT, changes of route and address, recursion.
# meshlan-test: time=480
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

# What only some of the tests make must not be in the way of the next.
over() {
	local i

	for ((i = ${#at_end_list[@]} - 1; i >= 0; i--)); do
		[[ ${at_end_list[i]} == "ip netns del "* ]] || continue
		eval "${at_end_list[i]}" >/dev/null 2>&1
		unset "at_end_list[i]"
	done
	at_end_list=("${at_end_list[@]}")
}

remote() { # NS ID [PATH-INDEX]
	field "$1" ".[${3:-0}] | .remote_ipv4 // .remote_ipv6" \
		path list mesh0 "$2"
}

leads_to() { [ "$(remote "$1" "$2")" = "$3" ]; } # NS ID ADDRESS

pings() { # NS ADDRESS [OPTION...]
	local ns=$1 to=$2

	shift 2
	in_ns "$ns" ping -q -c 3 -i 0.05 -W 2 "$@" "$to"
}

counter() { ethtool_counter "$1" "$2"; }

lost() { sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' "$T/ping"; }

# --- a node gets another address --------------------------------------------

roams() {
	pair
	check "roaming: before" pings "$A" 192.168.9.2
	is "roaming: where A is" "$(remote "$B" $IDA)" 10.1.0.1
	ip -n "$A" addr add 10.1.0.7/24 dev wire
	ip -n "$A" addr del 10.1.0.1/24 dev wire
	ip -n "$A" addr add 10.1.0.7/24 dev wire 2>/dev/null
	check "roaming: A's frames go on" pings "$A" 192.168.9.2 -c 20
	check "roaming: B has followed" wait_for 5 leads_to "$B" $IDA 10.1.0.7
	check "roaming: B's frames find A" pings "$B" 192.168.9.1
	is "roaming: counted" "$(counter "$B" path_moved)" 1
	check "roaming: challenged" test "$(counter "$B" challenge_tx)" -ge 1
	is "roaming: A stays where it was with B" \
		"$(remote "$A" $IDB) $(counter "$A" path_moved)" "10.1.0.2 0"
	check "roaming: both ends are up" both_up
}

both_up() { wait_for 5 path_up "$A" $IDB && wait_for 5 path_up "$B" $IDA; }

# The silent end moves; nobody sends until the next question is due.
roams_idle() {
	local ns

	for ns in "$A" "$B"; do
		mc "$ns" path set mesh0 \
			"$([ "$ns" = "$A" ] && echo "$IDB" || echo "$IDA")" 1 \
			idle-interval 500
	done
	sleep 1.5
	ip -n "$A" addr add 10.1.0.8/24 dev wire
	ip -n "$A" addr del 10.1.0.7/24 dev wire
	ip -n "$A" addr add 10.1.0.8/24 dev wire 2>/dev/null
	check "roaming while idle: B has followed" \
		wait_for 10 leads_to "$B" $IDA 10.1.0.8
	check "roaming while idle: B's frames find A" pings "$B" 192.168.9.1
}

# --- a path that only waits -------------------------------------------------

# B does not know where A is; A comes, and from a port that NAT made up.
waits() {
	setup_ns A B
	veth "$A" wire "$B" wire
	node "$A" "$IDA" port 4711
	node "$B" "$IDB"
	session "$A" "$IDB" && session "$B" "$IDA"
	rekey "$A" "$IDA" "$B" "$IDB"
	check "waiting: a path without address" mc "$B" path add mesh0 "$IDA"
	sleep 0.5
	is "waiting: it is down" \
		"$(field "$B" '.[0].state' path list mesh0 "$IDA")" down
	path "$A" "$IDB" 10.1.0.2:23731
	check "waiting: A comes" wait_for 5 path_up "$B" "$IDA"
	is "waiting: and is where it came from" \
		"$(remote "$B" "$IDA"):$(field "$B" '.[0].remote_port' \
			path list mesh0 "$IDA")" 10.1.0.1:4711
	addresses "$A" 1
	addresses "$B" 2
	check "waiting: frames pass" pings "$B" 192.168.9.1
	over
}

# --- copies and spoofed sources ---------------------------------------------

# The next COUNT packets that FILTER fits, at B; wait for $capture.
capture() { # COUNT FILTER
	rm -f "$T/pcap"
	ip netns exec "$B" timeout 20 tcpdump -i wire -c "$1" -U -w "$T/pcap" \
		"$2" 2>/dev/null &
	capture=$!
	wait_for 10 test -s "$T/pcap"
	sleep 0.2
}

# A packet of A's that never reached B: what is seen on the cable is dropped
# at B's door meanwhile. TYPE is the first byte. The path is idle before, so
# that it is still thought to be up when there is something to send.
catch() { # TYPE FILE
	sleep 3
	in_ns "$B" nft -f - <<-NFT
		table inet door {
			chain input {
				type filter hook input priority 0;
				ip saddr 10.1.0.1 udp dport 23731 drop
			}
		}
	NFT
	rm -f "$2"
	capture 1 "src 10.1.0.1 and udp dst port 23731 and udp[8] = $1"
	pings "$A" 192.168.9.2 -c 1 -W 1 >/dev/null
	wait "$capture"
	in_ns "$B" nft delete table inet door
	payloads "$T/pcap" "$T/one"
	mv "$T/one.0" "$2"
}

# From C: send FILE to a node, keep what comes back in REPLY.
from_c() { # FILE ADDRESS REPLY
	# shellcheck disable=SC2016 # the inner shell expands it
	in_ns "$C" bash -c '
		exec 3<>"/dev/udp/$1/23731"
		cat "$0" >&3
		timeout 1 dd bs=2000 count=1 of="$2" <&3 2>/dev/null' \
		"$1" "$2" "$3"
}

# A, B and C on one switch; C can hear and send all, and has no key.
switch() {
	local ns

	setup_ns A B C SWITCH
	ip -n "$SWITCH" link add switch type bridge
	ip -n "$SWITCH" link set switch up
	for ns in A B C; do
		ip -n "${!ns}" link add wire type veth peer name "p$ns" \
			netns "$SWITCH"
		ip -n "$SWITCH" link set "p$ns" master switch up
		ip -n "${!ns}" link set wire up
	done
	ip -n "$A" addr add 10.1.0.1/24 dev wire
	ip -n "$B" addr add 10.1.0.2/24 dev wire
	ip -n "$C" addr add 10.1.0.9/24 dev wire
	node "$A" "$IDA" && node "$B" "$IDB"
	session "$A" "$IDB" && session "$B" "$IDA"
	rekey "$A" "$IDA" "$B" "$IDB"
	path "$A" "$IDB" 10.1.0.2:23731 && path "$B" "$IDA" 10.1.0.1:23731
	addresses "$A" 1
	addresses "$B" 2
	both_up || bail "copies: the path comes up"
}

# copied NAME TYPE: caught on its way, it comes to B first, but from C
copied() {
	local name=$1 challenges moved refused

	catch "$2" "$T/packet"
	check "$name: caught" test -s "$T/packet"
	both_up || not_ok "$name: the path is up again"
	sleep 2
	challenges=$(counter "$B" challenge_tx)
	from_c "$T/packet" 10.1.0.2 "$T/reply"
	is "$name: B challenges C" \
		$(($(counter "$B" challenge_tx) - challenges)) 1
	check "$name: C gets the challenge" test -s "$T/reply"
	check "$name: no greater than what drew it, or a probe" test \
		"$(stat -c %s "$T/reply")" -le \
		"$(($(stat -c %s "$T/packet") > 108 ?
			$(stat -c %s "$T/packet") : 108))"
	# C cannot answer it; so it has A answer.
	refused=$(counter "$A" drop_rx_path)
	from_c "$T/reply" 10.1.0.1 "$T/echo"
	is "$name: A does not answer for C" \
		$(($(counter "$A" drop_rx_path) - refused)) 1
	check "$name: nor says a word" not test -s "$T/echo"
	moved=$(counter "$B" path_moved)
	is "$name: the path has not moved" "$(remote "$B" "$IDA") $moved" \
		"10.1.0.1 0"
	check "$name: frames pass" pings "$A" 192.168.9.2
}

# What B has had already draws nothing at all.
replayed() {
	local challenges replays

	capture 1 "src 10.1.0.1 and udp dst port 23731"
	pings "$A" 192.168.9.2 >/dev/null
	wait "$capture"
	payloads "$T/pcap" "$T/one"
	mv "$T/one.0" "$T/packet"
	sleep 1.5
	challenges=$(counter "$B" challenge_tx)
	replays=$(drops "$B" rx-replay)
	from_c "$T/packet" 10.1.0.2 "$T/reply"
	is "a replay: counted" $(($(drops "$B" rx-replay) - replays)) 1
	is "a replay: draws no challenge" \
		$(($(counter "$B" challenge_tx) - challenges)) 0
	is "a replay: moves nothing" "$(remote "$B" "$IDA")" 10.1.0.1
}

# The UDP payloads of a capture, each in a file PREFIX.N. Headers: file 24,
# packet 16, Ethernet 14, IPv4 20, UDP 8.
payloads() { # CAPTURE PREFIX
	local at=24 len n=0 size

	size=$(stat -c %s "$1")
	while [ $((at + 16)) -lt "$size" ]; do
		len=$(($(od -An -tu4 -j $((at + 8)) -N 4 "$1")))
		tail -c +$((at + 16 + 42 + 1)) "$1" |
			head -c $((len - 42)) >"$2.$n"
		n=$((n + 1))
		at=$((at + 16 + len))
	done
}

# A really moves, and is challenged; but its echo comes to B from C.
copied_echo() {
	local refused

	in_ns "$B" nft -f - <<-NFT
		table inet door {
			chain input {
				type filter hook input priority 0;
				ip saddr 10.1.0.7 udp dport 23731 \
					limit rate over 1/hour burst 1 packets \
					drop
			}
		}
	NFT
	# Data, a question, and the echo: all at once, and a second to use it.
	capture 3 "src 10.1.0.7 and udp dst port 23731"
	refused=$(drops "$B" rx-path)
	ip -n "$A" addr add 10.1.0.7/24 dev wire
	ip -n "$A" addr del 10.1.0.1/24 dev wire
	ip -n "$A" addr add 10.1.0.7/24 dev wire 2>/dev/null
	in_ns "$A" ping -q -c 1 -W 1 192.168.9.2 >/dev/null &
	wait "$capture"
	payloads "$T/pcap" "$T/caught"
	# shellcheck disable=SC2016 # the inner shell expands it
	in_ns "$C" bash -c 'for f; do cat "$f" >/dev/udp/10.1.0.2/23731; done' \
		send "$T"/caught.*
	check "a copied echo: refused" test "$(drops "$B" rx-path)" -gt \
		"$refused"
	is "a copied echo: the path has not moved" \
		"$(remote "$B" "$IDA")" 10.1.0.1
	in_ns "$B" nft delete table inet door
	check "a copied echo: A's own is believed" pings "$A" 192.168.9.2 \
		-c 40 -i 0.1
	is "a copied echo: and only A's" "$(remote "$B" "$IDA")" 10.1.0.7
}

copies() {
	switch
	silence
	copied "a copied probe" 3
	copied "copied data" 1
	replayed
	copied_echo
	over
}

# --- NAT --------------------------------------------------------------------

# The mapping dies between two questions, and each is given another port.
nat() {
	local moved

	setup_ns A B NAT
	veth "$NAT" inside "$A" wire 1
	veth "$NAT" outside "$B" wire 2
	ip -n "$A" route add default via 10.1.0.1
	in_ns "$NAT" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$NAT" nft -f - <<-NFT
		table ip nat {
			chain post {
				type nat hook postrouting priority 100;
				oifname "outside" masquerade fully-random
			}
		}
	NFT
	in_ns "$NAT" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 \
		net.netfilter.nf_conntrack_udp_timeout_stream=1
	node "$A" "$IDA" && node "$B" "$IDB"
	session "$A" "$IDB" && session "$B" "$IDA"
	rekey "$A" "$IDA" "$B" "$IDB"
	addresses "$A" 1
	addresses "$B" 2
	silence
	mc "$B" path add mesh0 "$IDA"
	path "$A" "$IDB" 10.2.0.2:23731 idle-interval 4000
	check "NAT: the path comes up" both_up
	is "NAT: B sees what NAT made of A" "$(remote "$B" "$IDA")" 10.2.0.1
	check "NAT: frames pass" pings "$A" 192.168.9.2
	check "NAT: B can begin as well" pings "$B" 192.168.9.1
	moved=$(counter "$B" path_moved)
	sleep 5
	check "NAT: A begins again after the mapping died" \
		pings "$A" 192.168.9.2 -c 10 -W 3
	check "NAT: B followed to the new port" test \
		"$(counter "$B" path_moved)" -gt "$moved"
	# What A sends while idle keeps B informed.
	sleep 4
	check "NAT: a question is enough for B" in_ns "$B" \
		ping -q -i 0.2 -c 1 -w 15 192.168.9.1
	over
}

# --- the underlay changes ---------------------------------------------------

# The way to B moves to another cable; the address at its end stays.
reroutes() {
	pair
	veth "$A" other "$B" other 2
	ip -n "$B" addr add 10.9.0.2/32 dev lo
	ip -n "$A" route add 10.9.0.2 via 10.1.0.2
	mc "$A" path set mesh0 "$IDB" 1 remote 10.9.0.2:23731
	check "another address of B's: it comes up" both_up
	in_ns "$A" ping -q -c 100 -i 0.02 -W 2 192.168.9.2 >"$T/ping" &
	sleep 1
	ip -n "$A" route replace 10.9.0.2 via 10.2.0.2
	wait %%
	is "the route changed under way: per cent lost" "$(lost)" 0
	check "the route changed under way: frames take it" test \
		"$(sent "$A" other)" -gt 40
	ip -n "$A" link set other down
	check "the cable is pulled: lost for good" not pings "$A" 192.168.9.2 \
		-W 1
	check "the cable is pulled: counted" test \
		$(($(drops "$A" tx-route) + $(drops "$A" tx-path))) -gt 0
	ip -n "$A" link set other up
	ip -n "$A" route replace 10.9.0.2 via 10.2.0.2
	check "and put back: it comes up" wait_for 30 pings "$A" 192.168.9.2
	over
}

sent() { ip -n "$1" -s -j link show "$2" | jq '.[0].stats64.tx.packets'; }

# An address that was set by hand is not given up for another.
bound() {
	pair
	ip -n "$A" addr add 10.1.0.5/24 dev wire
	mc "$A" path set mesh0 "$IDB" 1 local 10.1.0.5
	check "a local address set by hand: B follows" \
		wait_for 5 leads_to "$B" "$IDA" 10.1.0.5
	check "a local address set by hand: frames pass" pings "$A" 192.168.9.2
	ip -n "$A" addr del 10.1.0.5/24 dev wire
	check "the address is gone: nothing leaves" not pings "$A" 192.168.9.2 \
		-W 1
	is "the address is gone: B is not told another" "$(remote "$B" "$IDA")" \
		10.1.0.5
	over
}

link_address() { # NS
	ip -n "$1" -6 -j addr show dev wire scope link |
		jq -r '[.[].addr_info[]? | .local // empty][0]'
}

settled() {
	[ "$(link_address "$1")" != null ] &&
		! ip -n "$1" -6 addr show dev wire | grep -q tentative
}

# Link-local addresses: the same on every cable, so they come with one.
linklocal() {
	local a b

	pair
	# An address that is still being checked is not sent from.
	wait_for 5 settled "$A" && wait_for 5 settled "$B"
	a=$(link_address "$A")
	b=$(link_address "$B")
	mc "$A" path del mesh0 "$IDB" 1
	mc "$B" path del mesh0 "$IDA" 1
	check "link-local: a path" path "$A" "$IDB" "[$b%wire]:23731"
	check "link-local: and back" path "$B" "$IDA" "[$a%wire]:23731"
	check "link-local: it comes up" both_up
	check "link-local: frames pass" pings "$A" 192.168.9.2
	is "link-local: and it stays one" \
		"$(counter "$A" path_moved) $(counter "$B" path_moved)" "0 0"
	over
}

# The mesh may not carry itself.
recursion() {
	pair
	refuse "a path bound to its own device" path "$A" "$IDB" 10.3.0.2:23731 \
		dev mesh0
	path "$A" "$IDB" 192.168.9.2:23731
	sleep 1
	check "a path through its own device: counted" test \
		"$(drops "$A" tx-loop)" -gt 0
	is "a path through its own device: never up" \
		"$(field "$A" '.[1].state' path list mesh0 "$IDB")" down
	check "a path through its own device: the other one works" \
		pings "$A" 192.168.9.2
	over
}

refusals() {
	pair
	refuse "the same addresses twice" path "$A" "$IDB" 10.1.0.2:23731
	refuse "the same id twice" path "$A" "$IDB" 10.1.0.3:23731 id 1
	refuse "multicast" path "$A" "$IDB" 224.0.0.1:23731
	is "and nothing was added" \
		"$(field "$A" length path list mesh0 "$IDB")" 1
	over
}

roams
roams_idle
over
waits
copies
nat
reroutes
bound
linklocal
recursion
refusals
