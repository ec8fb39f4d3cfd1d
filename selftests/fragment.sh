#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Frames that do not fit the underlay: cut, put together, and lost only where
# a piece is; and what their senders are told.
# meshlan-test: time=300 leaks
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

IDR=00000000000000c1
IDS=00000000000000c2

counter() { ethtool_counter "$1" "$2"; }
mtu() { ip -n "$1" link set "$2" mtu "$3"; }
mac_of() { ip -n "$1" -j link show "$2" | jq -r '.[0].address'; }
rx_packets() { ip -n "$1" -s -j link show mesh0 | jq '.[0].stats64.rx.packets'; }

# ping NS ADDRESS SIZE [COUNT]: inner IP packets of SIZE bytes that must not
# be cut by IP itself
ping_of() {
	in_ns "$1" ping -q -M "do" -c "${4:-2}" -i 0.02 -W 1 -s $(($3 - 28)) "$2"
}

ping6_of() {
	in_ns "$1" ping -6 -q -M "do" -c 2 -i 0.02 -W 1 -s $(($3 - 48)) "$2"
}

# The size that a sender was told for a destination, if he was
pmtu() { # NS ADDRESS
	ip -n "$1" route get "$2" | sed -n 's/.* mtu \([0-9]*\).*/\1/p'
}
forget() { ip -n "$1" route flush cache && ip -n "$1" -6 route flush cache; }

# --- one path ------------------------------------------------------------------
# Over IPv4 a datagram has 28 bytes around it, a piece 34 more, a frame 14.
pair chacha20-poly1305
silence

# The inner packet that is as large as so many pieces allow; 0 is no piece.
fits() { # UNDERLAY PIECES
	if [ "$2" = 0 ]; then
		echo $(($1 - 28 - 32 - 14))
	else
		echo $((($1 - 28 - 34) * $2 - 14))
	fi
}

# Of 2 pings both ways, how many frames were cut at A
cut_at_a() {
	local before

	before=$(counter "$A" fragment_tx)
	ping_of "$A" 192.168.9.2 "$1" >/dev/null || echo "lost "
	echo $(($(counter "$A" fragment_tx) - before))
}

edges() { # UNDERLAY MTU
	local pieces size what="underlay $1, MTU $2"

	for ns in "$A" "$B"; do
		mtu "$ns" wire "$1"
		mtu "$ns" mesh0 "$2"
	done
	# The first packet finds out what the underlay takes now.
	ping_of "$A" 192.168.9.2 100 >/dev/null
	is "$what: what fits is not cut" "$(cut_at_a "$(fits "$1" 0)")" 0
	is "$what: one byte more is" "$(cut_at_a $(($(fits "$1" 0) + 1)))" 2
	for pieces in 2 3 7 8; do
		size=$(fits "$1" $pieces)
		[ "$size" -lt "$2" ] || continue
		is "$what: $pieces pieces, full" "$(cut_at_a "$size")" 2
		is "$what: and a byte" "$(cut_at_a $((size + 1)))" \
			"$([ $pieces = 8 ] && printf 'lost \n0' || echo 2)"
	done
	is "$what: a full packet passes" "$(cut_at_a "$2")" 2
	check "$what: one byte more does not" not ping_of "$A" 192.168.9.2 \
		$(($2 + 1))
}

for under in 1500 1400 1280; do
	edges $under 1500
	edges $under 9000
done
is "nothing contradicts anything" "$(drops "$B" rx-fragment)" 0
is "nothing waits in vain" "$(drops "$B" rx-reassembly)" 0
is "all that was cut was put together" "$(counter "$B" fragment_rx)" \
	"$(counter "$A" fragment_tx)"

mtu "$A" mesh0 12000
mtu "$B" mesh0 12000
before=$(drops "$A" tx-too-big)
told=$(counter "$A" too_big_tx)
check "more than eight pieces: lost" not ping_of "$A" 192.168.9.2 11000 3
is "... counted" $(($(drops "$A" tx-too-big) - before)) 1
is "... the sender is told" $(($(counter "$A" too_big_tx) - told)) 1
size=$(pmtu "$A" 192.168.9.2)
is "... what eight pieces carry" "$size" "$(fits 1280 8)"
check "... that passes" ping_of "$A" 192.168.9.2 "$size"
forget "$A"
check "who did not ask is not told" \
	not in_ns "$A" ping -q -M dont -c 2 -i 0.2 -W 1 -s 11000 192.168.9.2
is "... but what was lost is counted" \
	$(($(drops "$A" tx-too-big) - before)) 3
for ns in "$A" "$B"; do
	mtu "$ns" wire 1500
	mtu "$ns" mesh0 1500
done

tcp() { # NS NS ADDRESS [OPTION...]
	local pid

	in_ns "$2" iperf3 -s -1 >/dev/null &
	pid=$!
	wait_for 5 eval "in_ns $2 ss -tln | grep -q :5201"
	in_ns "$1" timeout 60 iperf3 -J -c "$3" "${@:4}"
	wait $pid
}

# A stream needs no pieces once it knows; others go on as they like.
streams() { # NAME NS NS ADDRESS NODE MTU
	local cut report

	report=$(tcp "$2" "$3" "$4" -t 2)
	check "$1: TCP passes" test \
		"$(jq '.end.sum_received.bytes' <<<"$report")" -gt 1000000
	is "$1: its sender is told what needs no pieces" "$(pmtu "$2" "$4")" "$6"
	cut=$(counter "$5" fragment_tx)
	tcp "$2" "$3" "$4" -t 1 >/dev/null
	is "$1: then nothing is cut" $(($(counter "$5" fragment_tx) - cut)) 0
	forget "$2"
}

ping_of "$A" 192.168.9.2 100 >/dev/null
streams "this node" "$A" "$B" 192.168.9.2 "$A" "$(fits 1500 0)"
check "... a full packet that is none passes still" \
	ping_of "$A" 192.168.9.2 1500
report=$(tcp "$A" "$B" 192.168.9.2 -t 2 -u -l 1472 -w 4M \
	-b "$(rate 5000)" 2>/dev/null)
is "UDP arrives whole" "$(jq .end.sum.lost_packets <<<"$report")" 0

# --- loss and disorder ---------------------------------------------------------
# Of eight counters one is lost, if it is a piece's: never both of a frame.
in_ns "$B" nft -f - <<-'NFT'
	table inet cut {
		chain input {
			type filter hook input priority 0;
			udp dport 23731 udp length > 700 @th,184,8 & 7 == 5 counter drop
		}
	}
NFT
sleep 0.6
before=$(drops "$B" rx-reassembly)
received=$(ping_of "$A" 192.168.9.2 1500 70 |
	sed -n 's/.*, \([0-9]*\) received.*/\1/p')
lost=$(in_ns "$B" nft -j list table inet cut |
	jq '[.. | .counter? // empty | .packets] | add')
check "some pieces are lost" test "${lost:-0}" -gt 8
is "a lost piece loses its frame, and no other" "$received" $((70 - lost))
in_ns "$B" nft delete table inet cut
reassembly_lost() { [ $(($(drops "$B" rx-reassembly) - before)) = "$lost" ]; }
check "... what came of it is given up by itself" wait_for 3 reassembly_lost
is "... as nothing wrong" "$(drops "$B" rx-fragment)" 0

in_ns "$A" tc qdisc add dev wire root netem delay 10ms reorder 50% ||
	not_ok "netem is there"
received=$(ping_of "$A" 192.168.9.2 1500 50 |
	sed -n 's/.*, \([0-9]*\) received.*/\1/p')
is "pieces out of order: every frame comes" "$received" 50
in_ns "$A" tc qdisc del dev wire root

# --- a bridge ------------------------------------------------------------------
setup_ns CA CB
bridge() { # NODE CONTAINER N
	ip -n "$1" link set mesh0 arp on
	ip -n "$1" link add br0 type bridge
	ip -n "$1" link set br0 up
	ip -n "$1" link add port type veth peer name eth0 netns "$2"
	ip -n "$1" link set port master br0 up
	ip -n "$1" link set mesh0 master br0
	ip -n "$2" addr add "10.77.0.$3/24" dev eth0
	ip -n "$2" addr add "fd77::$3/64" dev eth0 nodad
	ip -n "$2" link set eth0 up
}
bridge "$A" "$CA" 1
bridge "$B" "$CB" 2
check "containers behind bridges at 1500: full packets" \
	ping_of "$CA" 10.77.0.2 1500
check "... of IPv6" ping6_of "$CA" fd77::2 1500
streams "behind a bridge" "$CA" "$CB" 10.77.0.2 "$A" "$(fits 1500 0)"
streams "behind a bridge, IPv6" "$CA" "$CB" fd77::2 "$A" "$(fits 1500 0)"
in_ns "$CA" ping -q -b -c 20 -i 0.02 -W 1 -s 1472 10.77.0.255 >/dev/null 2>&1
seen() { ip -n "$CB" -s -j link show eth0 | jq '.[0].stats64.rx.packets'; }
before=$(seen)
in_ns "$CA" ping -q -b -c 20 -i 0.02 -W 1 -s 1472 10.77.0.255 >/dev/null 2>&1
check "... and broadcasts" test "$(($(seen) - before))" -ge 20

# Too much for eight pieces: learned behind a bridge, and behind a router.
for ns in "$A" "$B"; do
	for dev in mesh0 br0 port; do mtu "$ns" $dev 12000; done
done
for ns in "$CA" "$CB"; do mtu "$ns" eth0 12000; done
check "behind a bridge: more than eight pieces are lost" \
	not ping_of "$CA" 10.77.0.2 12000 1
size=$(pmtu "$CA" 10.77.0.2)
is "... the sender learns what passes" "$size" "$(fits 1500 8)"
check "... and it does" ping_of "$CA" 10.77.0.2 "$size"
check "... IPv6" not ping6_of "$CA" fd77::2 12000
is "... learns it" "$(pmtu "$CA" fd77::2)" "$size"
check "... and it does" ping6_of "$CA" fd77::2 "$size"
ip -n "$A" addr add 10.78.0.254/24 dev br0
ip -n "$A" link set mesh0 nomaster
ip -n "$A" neigh replace 192.168.9.2 dev mesh0 nud permanent \
	lladdr "$(mac_of "$B" mesh0)"
ip -n "$B" link set mesh0 nomaster
in_ns "$A" sysctl -qw net.ipv4.ip_forward=1
ip -n "$CA" addr add 10.78.0.1/24 dev eth0
ip -n "$CA" route add 192.168.9.0/24 via 10.78.0.254
ip -n "$B" route add 10.78.0.0/24 via 192.168.9.1
check "behind a router: full packets" ping_of "$CA" 192.168.9.2 1500
check "... more than eight pieces are lost" \
	not ping_of "$CA" 192.168.9.2 12000 1
is "... the sender learns what passes" "$(pmtu "$CA" 192.168.9.2)" "$size"
check "... and it does" ping_of "$CA" 192.168.9.2 "$size"
for ns in "$A" "$B" "$CA" "$CB"; do ip netns del "$ns"; done

# --- a ring of four, then a line -----------------------------------------------
setup_ns A R B S
declare -A ns=([$IDA]=$A [$IDR]=$R [$IDB]=$B [$IDS]=$S)

link() { # ID ID N
	veth "${ns[$1]}" "w$3" "${ns[$2]}" "w$3" "$3"
	path "${ns[$1]}" "$2" "10.$3.0.2:23731" active-interval 50ms &&
		path "${ns[$2]}" "$1" "10.$3.0.1:23731" active-interval 50ms
}

link_mtu() { # ID ID N MTU
	mtu "${ns[$1]}" "w$3" "$4"
	mtu "${ns[$2]}" "w$3" "$4"
}

route() { mc "$1" route add mesh0 "$2" hop "$3"; }

for id in $IDA $IDR $IDB $IDS; do
	node "${ns[$id]}" "$id" || bail "devices are made"
	mtu "${ns[$id]}" mesh0 1500
	in_ns "${ns[$id]}" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
done
for p in "$IDA $IDR" "$IDR $IDS" "$IDS $IDB" "$IDB $IDA"; do
	read -r x y <<<"$p"
	session "${ns[$x]}" "$y" && session "${ns[$y]}" "$x" &&
		rekey "${ns[$x]}" "$x" "${ns[$y]}" "$y" ||
		bail "sessions are made"
done
link $IDA $IDR 1 && link $IDR $IDS 2 && link $IDS $IDB 3 && link $IDB $IDA 4 ||
	bail "paths are added"
link_mtu $IDR $IDS 2 1280
for p in "$A $IDR" "$R $IDS" "$S $IDB" "$B $IDA"; do
	# shellcheck disable=SC2086
	wait_for 5 path_up $p || bail "the paths come up"
done
n=0
for id in $IDA $IDR $IDB $IDS; do
	ip -n "${ns[$id]}" addr add 192.168.9.$((++n))/24 dev mesh0
done
ok "a ring of four nodes"

declare -A rx
copies=0
for id in $IDA $IDR $IDB $IDS; do
	rx[$id]=$(rx_packets "${ns[$id]}")
	copies=$((copies - $(counter "${ns[$id]}" flood_copy_tx)))
done
in_ns "$A" ping -q -b -c 100 -i 0.02 -W 1 -s 1472 192.168.9.255 >/dev/null 2>&1
sleep 0.5
for id in $IDR $IDB $IDS; do
	is "every large broadcast comes exactly once: $id" \
		$(($(rx_packets "${ns[$id]}") - rx[$id])) 100
done
is "none comes back" $(($(rx_packets "$A") - rx[$IDA])) 0
for id in $IDA $IDR $IDB $IDS; do
	copies=$((copies + $(counter "${ns[$id]}" flood_copy_tx)))
done
is "five copies of each" $copies 500

# Between A and B now two relays, of which A knows no MTU: S's link is smaller.
mc "$A" path del mesh0 $IDB 1
mc "$B" path del mesh0 $IDA 1
link_mtu $IDR $IDS 2 1500
link_mtu $IDS $IDB 3 1400
route "$A" $IDB $IDR && route "$R" $IDB $IDS &&
	route "$B" $IDA $IDS && route "$S" $IDA $IDR ||
	bail "routes are added"
ip -n "$A" neigh replace 192.168.9.3 dev mesh0 nud permanent \
	lladdr "$(mac_of "$B" mesh0)"
ip -n "$B" neigh replace 192.168.9.1 dev mesh0 nud permanent \
	lladdr "$(mac_of "$A" mesh0)"
check "two relays: small packets pass" ping_of "$A" 192.168.9.3 1000 5
too_big=$(drops "$S" tx-too-big)
reports=$(counter "$A" report_rx)
at_relays() { echo "$(counter "$R" fragment_rx) $(counter "$S" fragment_rx)"; }
joined=$(at_relays)
# Fits the first links' 1500 whole, the last one's 1400 not.
large=$((1500 - 28 - 72 - 14))
check "two relays: the first one that is too large is lost" \
	not ping_of "$A" 192.168.9.3 $large 1
is "... the relay counts it" $(($(drops "$S" tx-too-big) - too_big)) 1
is "... and A is told" $(($(counter "$A" report_rx) - reports)) 1
before=$(counter "$A" fragment_tx)
check "two relays: the next ones pass" ping_of "$A" 192.168.9.3 $large 10
is "... in pieces" $(($(counter "$A" fragment_tx) - before)) 10
check "... and full ones" ping_of "$A" 192.168.9.3 1500 10
is "... no more is too large" $(($(drops "$S" tx-too-big) - too_big)) 1
is "... no relay puts anything together" "$(at_relays)" "$joined"
streams "two relays" "$A" "$B" 192.168.9.3 "$A" $((1400 - 28 - 72 - 14))
for id in $IDA $IDR $IDB $IDS; do
	is "nothing contradicts anything: $id" "$(drops "${ns[$id]}" rx-fragment)" 0
done
