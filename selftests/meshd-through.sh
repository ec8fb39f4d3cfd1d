#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Nodes that are not adjacent, on real kernels: hosts in a line, each linked
# with the next alone, joined hop by hop. All reach all; relays carry what they
# have no keys for; the first ping is quick; keys change each second without
# loss; a link that comes takes the traffic, and one that goes gives it back.
# Then a line closed to a ring: a cut is gone round, and a broadcast costs one
# copy less than there are nodes. RING=0 leaves that out.
# meshlan-test: time=240 mem=512M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

RING=${RING:-1}
declare -A ADDR=() ID=()

# A cable: the lower address is the first one's.
wire() { # A B N
	veth "${NS[$1]}" "$1-$2" "${NS[$2]}" "$2-$1" "$3"
}
cut() { # A B [up]
	ip -n "${NS[$1]}" link set "$1-$2" "${3:-down}"
	ip -n "${NS[$2]}" link set "$2-$1" "${3:-down}"
}

# The signer is a, wherever the new one asks.
join() { # NEW ADDRESS
	local token

	token=$(value a .token token create address "$2:23731") || return
	ctl "$1" join "$token" name "$1"
}
know() { # NAME
	ADDR[$1]=$(address "$1")
	ID[$1]=$(value "$1" .node status)
}
in_mesh() { # NAME COMMAND...
	local name=$1

	shift
	ip netns exec "${NS[$name]}" "$@"
}
reaches() { # FROM TO
	in_mesh "$1" ping -q -c 1 -W 1 "${ADDR[$2]}"
}
pair_up() { reaches "$1" "$2" >/dev/null 2>&1; }
sessions() { # NAME
	in_mesh "$1" meshctl -j session list mesh0 | jq -r '.[].node'
}
has_session() { sessions "$1" | grep -q "${ID[$2]}"; }
paths_up() { # NAME OF
	in_mesh "$1" meshctl -j path list mesh0 "${ID[$2]}" |
		jq '[.[] | select(.state == "up")] | length'
}
direct() { [ "$(paths_up "$1" "$2" 2>/dev/null || echo 0)" -gt 0 ]; }
adjacent() { direct "$1" "$2" && direct "$2" "$1"; }
tx_key() { # NAME OF
	in_mesh "$1" meshctl -j key list mesh0 "${ID[$2]}" |
		jq -r '[.[] | select(.state == "transmit")][0].index'
}
stream_ping() { # FROM TO COUNT INTERVAL
	in_mesh "$1" ping -q -W 2 -c "$3" -i "$4" "${ADDR[$2]}" >"$T/ping" 2>&1 &
	ping_pid=$!
}
ping_lost() { # sets lost
	wait "$ping_pid"
	lost=$(awk '/transmitted/ { print $1 - $4 }' "$T/ping")
}
line() { # NAME...
	local last='' n=0 name

	for name; do
		[ -z "$last" ] || wire "$last" "$name" $((++n))
		last=$name
	done
}
logs() { local h; for h; do diag "$(sed "s/^/$h: /" "$T/$h/log" | tail -40)"; done; }

# --- a line -------------------------------------------------------------------

hosts a b c d || bail "hosts are made"
line a b c d
conf a "[peers]" "peer = 10.1.0.2"
conf b "[peers]" "peer = 10.1.0.1" "peer = 10.2.0.2"
conf c "[peers]" "peer = 10.2.0.1" "peer = 10.3.0.2"
conf d "[peers]" "peer = 10.3.0.1"
for h in a b c d; do
	daemon $h --log-level debug || { logs $h; bail "daemon of $h"; }
done
check "a network is made" ctl a init name a
check "b joins at a" join b 10.1.0.1
check "c joins at b, which is no signer" join c 10.2.0.1
check "d joins at c" join d 10.3.0.1
for h in a b c d; do know $h; done
wait_for 20 adjacent a b && wait_for 20 adjacent b c &&
	wait_for 20 adjacent c d || logs a b c d
check "a and d do not reach each other's host" \
	not in_mesh a ping -q -c 1 -W 1 10.3.0.2

# The first ping of all to a node that is two hops on.
wait_for 20 eval 'in_mesh a meshctl -j route list mesh0 | grep -q ${ID[c]}'
not has_session a c && ok "a and c have no session yet" ||
	skip "a and c have no session yet" "records or keys made one"
stall_reset
t0=$(now_ms)
check "the first ping to a node that is not adjacent" \
	in_mesh a ping -q -c 1 -W 5 "${ADDR[c]}"
first=$(($(now_ms) - t0))
diag "the first ping took $first ms"
timed "the first ping is back within 300 ms" 300 $first
for x in a b c d; do
	for y in a b c d; do
		[ $x = $y ] || wait_for 20 pair_up $x $y ||
			{ not_ok "$x reaches $y" && logs a b c d; }
	done
done
check "all reach all" all_ping a b c d
check "a and d have a session" has_session a d
is "it has no path" "$(paths_up a d)" 0

# --- what a relay sees ----------------------------------------------------------

in_mesh b tcpdump --immediate-mode -U -i b-c -w "$T/cap" udp port 23731 \
	>/dev/null 2>&1 &
cap=$!
wait_for 5 test -s "$T/cap"
in_mesh a ping -q -c 30 -i 0.05 -s 300 -p 6d657368 "${ADDR[d]}" >"$T/ping"
sleep 0.3
kill $cap
wait $cap 2>/dev/null
# Those as long as the ping's, by their first byte, over IPv4 and IPv6.
count() { tcpdump -nr "$T/cap" "greater 350 and $1" 2>/dev/null | wc -l; }
tcpdump -xnr "$T/cap" 'greater 350 and (udp[8] < 0x10 or ip6[48] < 0x10)' \
	2>/dev/null >"$T/seen"
routed=$(count '(udp[8] = 2 or ip6[48] = 2)')
other=$(count '((udp[8] < 0x10 and udp[8] != 2) or (ip6[48] < 0x10 and ip6[48] != 2))')
diag "a relay's link carried $routed routed packets of the ping, $other others"
check "pings pass the relay as routed packets" [ "$routed" -ge 60 ]
is "and as nothing else" "$other" 0
check "no payload is to be seen" \
	not grep -q '6d65 7368 6d65 7368' "$T/seen"
is "the relay has sessions of its own alone" \
	"$(sessions b | sort | paste -sd' ')" \
	"$(printf '%s\n' "${ID[a]}" "${ID[c]}" "${ID[d]}" | sort | paste -sd' ')"

# --- new keys -------------------------------------------------------------------

for h in a d; do
	sed -i '/^\[sessions\]/,$d' "$T/$h/etc/home.conf"
	printf '[sessions]\nrekey = 1s\n' >>"$T/$h/etc/home.conf"
	kill -HUP ${DAEMON[$h]}
done
: >"$T/keys"
stream_ping a d 2000 0.01
for ((i = 0; i < 40; i++)); do
	tx_key a d >>"$T/keys"
	sleep 0.5
done
ping_lost
keys=$(sort -u "$T/keys" | wc -l)
diag "$keys keys in 20 s, $(grep transmitted "$T/ping")"
check "keys of the pair change each second" [ "$keys" -ge 10 ]
is "no ping is lost to it" "$lost" 0

# --- a direct link comes and goes -------------------------------------------------

stream_ping a d 1500 0.01
sleep 1
wire a d 9
wait_for 20 adjacent a d && ok "a link between the ends is found and used" || {
	not_ok "a link between the ends is found and used"
	logs a d
}
ping_lost
is "traffic moves to it without loss" "$lost" 0
stream_ping a d 1000 0.01
sleep 2
cut a d
ping_lost
diag "a link that is cut hard: $lost pings of 10 ms each lost"
check "traffic is back on the relays within a second" [ "$lost" -le 100 ]

# --- a ring ---------------------------------------------------------------------

[ "$RING" = 1 ] || exit 0
cut a d up
wait_for 20 adjacent a d
reaches a c >/dev/null
sleep 1
flood() { # counts copies of one broadcast, sent by a
	local h sum=0 n

	for h in a b c d; do
		n=$(in_mesh $h ethtool -S mesh0 |
			awk '/flood_copy_tx/ { s += $2 } END { print s + 0 }')
		sum=$((sum + n))
	done
	echo $sum
}
before=$(flood)
in_mesh a ping -q -c 20 -i 0.05 -W 1 -I mesh0 ff02::5 >/dev/null 2>&1
in_mesh a python3 -c '
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("mesh0", 0))
m = open("/sys/class/net/mesh0/address").read().strip().replace(":", "")
for i in range(50):
    s.send(b"\xff" * 6 + bytes.fromhex(m) + b"\x88\xb5" + bytes(60))
'
sleep 0.5
copies=$(($(flood) - before))
diag "$copies copies of at least 50 broadcasts among 4 nodes in a ring"
stream_ping a c 1000 0.01
sleep 2
cut a b
ping_lost
diag "a ring's link cut: $lost pings of 10 ms each lost"
check "a cut of the ring is gone round within a second" [ "$lost" -le 100 ]
cut a b up
check "healed: the link is used again" wait_for 20 adjacent a b
check "and all reach all" all_ping a b c d
