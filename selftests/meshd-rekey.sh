#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Two daemons change their keys every second while the session carries all it
# can, in both directions: no packet is lost, none out of order.
#
#	--seconds N	how long (default 60)
# meshlan-test: time=300 mem=512M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

seconds=60
[ "${1:-}" != --seconds ] || seconds=$2

hosts a b
lan eth0 1 a b
for h in a b; do
	conf $h "[sessions]" "rekey = 1s"
	daemon $h
done
token=$(value a .token init --name a) || bail "no network"
ctl b join "$token" --name b >"$T/join" 2>&1 || bail "b does not join"
A=$(address a) B=$(address b)

# What is lost shall not be lost by the receiving programs' own sockets.
sysctl -qw net.core.rmem_max=67108864 net.core.wmem_max=67108864 \
	net.core.netdev_max_backlog=20000

one_path() {
	[ "$(value "$1" '[.[] | select(.state == "up")] | length' \
		path list mesh0)" -ge 1 ]
}
check "a has a path to b" wait_for 10 one_path a
check "b has a path to a" wait_for 10 one_path b

session() { value "$1" ".[0].$2" session list mesh0; } # NAME FIELD
counted() { on "$1" nstat -asz "$2" | awk -v c="$2" '$1 == c { print $2 }'; }
made() { value "$1" '.[].keys.made // empty' peers; }

server() { # NAME PORT
	on "$1" iperf3 -s -1 -p "$2" >/dev/null 2>&1 &
	pids+=($!)
	wait_for 10 on "$1" sh -c "ss -Hltn | grep -q :$2"
}

client() { # NAME PORT TO OUTPUT OPTION...
	local name=$1 port=$2 to=$3 out=$4

	shift 4
	on "$name" iperf3 -c "$to" -p "$port" -t "$seconds" -J "$@" \
		>"$T/$out" 2>&1 &
	pids+=($!)
}

pids=()
server b 5201
server b 5202
server a 5203
# As fast as it goes, and what can tell of each packet.
client a 5201 "$B" load -P 2
client b 5203 "$A" back -P 2
client a 5202 "$B" count -u -b 20M -l 1000 -w 32M
changes=0 last=
while kill -0 "${pids[3]}" 2>/dev/null; do
	index=$(value a '.[] | select(.state == "transmit") | .index' \
		key list mesh0)
	[ -z "$index" ] || [ "$index" = "$last" ] || changes=$((changes + 1))
	last=$index
	sleep 0.3
done
wait "${pids[@]}"

diag "$changes changes of keys," \
	"$(jq '.end.sum_received.bits_per_second / 1e6 | floor' "$T/load")" \
	"and $(jq '.end.sum_received.bits_per_second / 1e6 | floor' \
	"$T/back") Mbit/s, $(jq .end.sum.packets "$T/count") datagrams"
check "the keys changed every second" test $changes -ge $((seconds * 2 / 3))
is "no datagram is lost" "$(jq .end.sum.lost_packets "$T/count")" 0
is "no datagram is out of order" \
	"$(jq '[.end.streams[].udp.out_of_order // 0] | add' "$T/count")" 0
all_arrived() { # FROM TO
	[ "$(session "$1" tx_packets)" = "$(session "$2" rx_packets)" ]
}
for pair in a-b b-a; do
	check "every packet of ${pair%-*} arrives" \
		wait_for 5 all_arrived ${pair%-*} ${pair#*-} ||
		diag "$(session ${pair%-*} tx_packets) sent," \
			"$(session ${pair#*-} rx_packets) received"
done
