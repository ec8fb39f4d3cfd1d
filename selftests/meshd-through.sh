#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Nodes that are not adjacent, on real kernels: hosts in a line, each linked
# with the next alone, joined hop by hop. All reach all; relays carry what they
# have no keys for; the first ping is quick; keys change each second without
# loss; a link that comes takes the traffic, and one that goes gives it back.
# Then a fifth host closes a ring: a cut is gone round, and a broadcast costs one
# copy less than there are nodes. RING=0 leaves that out.
# meshlan-test: by-hand time=300 mem=512M
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
ping_lost() { # sets lost, and how many ms that is
	wait "$ping_pid"
	lost=$(awk '/transmitted/ { print $1 - $4 }' "$T/ping")
	lost_ms=$(awk '/transmitted/ {
		printf "%d", ($1 - $4) * $NF / $1 }' "$T/ping")
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

hosts a b c d e || bail "hosts are made"
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
	kill -HUP "${DAEMON[$h]}"
done
: >"$T/keys"
stream_ping a d 1000 0.02
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

stream_ping a d 600 0.02
sleep 1
wire a d 9
wait_for 20 adjacent a d && ok "a link between the ends is found and used" || {
	not_ok "a link between the ends is found and used"
	logs a d
}
ping_lost
is "traffic moves to it without loss" "$lost" 0
stream_ping a d 500 0.02
sleep 2
stall_reset
cut a d
ping_lost
diag "a link that is cut: $lost pings lost, $lost_ms ms"
timed "traffic is back on the relays within a second" 1000 "$lost_ms"
check "all of it" pair_up a d

# --- a ring ---------------------------------------------------------------------

[ "$RING" = 1 ] || exit 0

wire d e 4
conf e "[peers]" "peer = 10.4.0.1"
daemon e --log-level debug
check "e joins at d" join e 10.4.0.1
wire a e 5
know e
wait_for 30 adjacent a e || logs a e
for x in a b c d; do wait_for 20 pair_up $x e; done
# Floods that were begun, and copies sent: of all that is going on.
floods() { # COUNTER
	local h

	for h in a b c d e; do
		in_mesh $h ethtool -S mesh0
	done | awk -v name="$1:" '$1 == name { s += $2 } END { print s + 0 }'
}
broadcast() { # COUNT
	in_mesh a python3 - "$1" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind(("mesh0", 0))
	for i in range(int(sys.argv[1])):
	    s.send(b"\xff" * 6 + s.getsockname()[4] + b"\x88\xb5" + bytes(60))
	END
}
flood() { # COUNT: sets begun and copies
	begun=$(floods flood_tx)
	copies=$(floods flood_copy_tx)
	broadcast "$1"
	sleep 0.5
	begun=$(($(floods flood_tx) - begun))
	copies=$(($(floods flood_copy_tx) - copies))
}
settled() {
	flood 5
	[ $copies = $((begun * 4)) ]
}
wait_for 20 settled || diag "$copies copies of $begun floods"
flood 50
diag "$copies copies of $begun floods among 5 nodes in a ring"
check "all of them were sent" [ "$begun" -ge 50 ]
is "each node but one gets one copy" "$copies" $((begun * 4))

# The way that is used is cut.
sent_by() { # DEV
	ip -n "${NS[a]}" -s -j link show "$1" | jq '.[0].stats64.tx.packets'
}
stream_ping a c 700 0.02
sleep 1
by_b=$(sent_by a-b)
by_e=$(sent_by a-e)
sleep 1
by_b=$(($(sent_by a-b) - by_b))
by_e=$(($(sent_by a-e) - by_e))
way=b
[ $by_b -ge $by_e ] || way=e
diag "to b $by_b packets, to e $by_e in a second"
stall_reset
cut a $way
ping_lost
diag "a link of a ring that is cut: $lost pings lost, $lost_ms ms"
timed "a cut of a ring is gone round within a second" 1000 "$lost_ms"
stream_ping a c 500 0.02
cut a $way up
check "healed: the link is used again" wait_for 20 adjacent a $way
ping_lost
is "without loss" "$lost" 0
check "and all reach all" all_ping a b c d e
