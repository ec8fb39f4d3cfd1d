#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Many nodes, each with a neighbour or sixteen: all of them join at once, know
# all others and reach them. Then nothing happens any more, and that costs
# next to nothing: memory, processor and traffic of each daemon, words in its
# log.
#
#	--nodes N	so many, 40 by default (mem=8G for 200)
#	--rest SECS	so long they are watched at rest, 30 by default
#	--capture	count the first node's packets at rest by kind
# meshlan-test: by-hand time=300 mem=4G
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

NODES=40 REST=30 CAPTURE=''
while [ $# -gt 0 ]; do
	case $1 in
	--nodes) NODES=$2 && shift ;;
	--rest) REST=$2 && shift ;;
	--capture) CAPTURE=1 ;;
	*) bail "unknown option $1" ;;
	esac
	shift
done
# The most on one switch; all switches hang on one router.
SWITCH=50
CROWD=$TOP/build/selftests/crowd
# So much at rest, of each daemon: kB, thousandths of a processor, bytes a
# second.
PSS=12288 CPU=1 TRAFFIC=400

# --- many hosts -----------------------------------------------------------------

# HOST NUMBER SWITCH PLACE
plug() {
	local ns=${NS[$1]}

	# Hosts that look for a router on the mesh are no part of the rest.
	in_ns "$ns" sysctl -qw net.ipv6.conf.default.router_solicitations=0
	ip -n "$ns" link add eth0 type veth peer name "p$2" netns "$ROUTER"
	ip -n "$ROUTER" link set "p$2" master "lan$3" up
	ip -n "$ns" -batch - <<-END
	addr add 10.$3.0.$4/24 dev eth0
	addr add fd00:$3::$4/64 dev eth0 nodad
	link set eth0 up
	route add default via 10.$3.0.254
	route add default via fd00:$3::fe
	END
}

switch() { # NUMBER
	ip -n "$ROUTER" -batch - <<-END
	link add lan$1 type bridge mcast_snooping 0
	addr add 10.$1.0.254/24 dev lan$1
	addr add fd00:$1::fe/64 dev lan$1 nodad
	link set lan$1 up
	END
}

build() {
	local i

	setup_ns ROUTER || return
	in_ns "$ROUTER" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	# As a router of that many hosts has it.
	sysctl -qw net.ipv4.neigh.default.gc_thresh3=16384 \
		net.ipv6.neigh.default.gc_thresh3=16384 \
		net.ipv4.neigh.default.gc_thresh2=8192 \
		net.ipv6.neigh.default.gc_thresh2=8192 \
		net.ipv4.neigh.default.gc_thresh1=4096 \
		net.ipv6.neigh.default.gc_thresh1=4096
	for ((i = 0; i * SWITCH < NODES; i++)); do
		switch $((i + 1))
	done
	hosts "${HOSTS[@]}" || return
	for ((i = 0; i < NODES; i++)); do
		plug "${HOSTS[i]}" $((i + 1)) $((i / SWITCH + 1)) \
			$((i % SWITCH + 1)) || return
	done
}

# --- all of them ----------------------------------------------------------------

ask_all() { # METHOD JQ...: of each answer
	local method=$1

	shift
	"$CROWD" "$method" "${SOCKETS[@]}" | jq -r "$@"
}

# How many know all nodes, have a neighbour, and are done with it.
complete() {
	ask_all status '.result | select(.nodes == $n and .peers.up > 0) | 1' \
		--argjson n "$NODES" | wc -l
}

all_complete() { [ "$(complete)" = "$NODES" ]; }

# Pairs of nodes of which the first has a way to the second.
reached() {
	ask_all nodes '[.result[] | select(.reach != "none" and
		.reach != "self")] | length' |
		awk '{ sum += $1 } END { print sum + 0 }'
}

all_reached() { [ "$(reached)" = $((NODES * (NODES - 1))) ]; }

# Least, mean, most of a column of numbers.
spread() {
	sort -n | awk '{ v[NR] = $1; sum += $1 }
		END { print v[1], sum / NR, v[NR] }'
}

show_spread() { # NAME: numbers on standard input
	local least mean most

	read -r least mean most < <(spread)
	diag "$1: least $least, mean $mean, most $most"
}

degrees() { ask_all peers '[.result[] | select(.paths > 0)] | length'; }

# --- at rest --------------------------------------------------------------------

proc_cpu() { # in ticks, all daemons, one a line
	local name

	for name in "${HOSTS[@]}"; do
		awk '{ print $14 + $15 }' "/proc/${PID[$name]}/stat"
	done
}

# Where the kernel does not count it: what is of files is shared by all.
proc_pss() {
	local name dir

	for name in "${HOSTS[@]}"; do
		dir=/proc/${PID[$name]}
		if [ -e "$dir/smaps_rollup" ]; then
			awk '/^Pss:/ { print $2 }' "$dir/smaps_rollup"
		else
			awk -v n="$NODES" '/^Rss(Anon|Shmem):/ { sum += $2 }
				/^RssFile:/ { sum += $2 / n }
				END { printf "%.0f\n", sum }' "$dir/status"
		fi
	done
}

# Seen from the switch, without Ethernet headers: bytes both ways.
traffic() {
	ip -n "$ROUTER" -s -j link show | jq -r --argjson n "$NODES" '
		[.[] | select(.ifname | test("^p[0-9]+$")) |
		 {n: (.ifname[1:] | tonumber), b: (.stats64.rx.bytes +
		  .stats64.tx.bytes - 14 * (.stats64.rx.packets +
		  .stats64.tx.packets))}] | sort_by(.n)[] | .b'
}

log_lines() { cat "$T"/n*/log | wc -l; }

# As a person would: in such a crowd somebody may not be heard at first.
join() { # NAME
	for _ in {1..5}; do
		ctl "$1" join "$token" name "$1" && return
		[ -d "$T/$1/lib/home" ] || sleep 1
	done
}

pids() {
	local name

	for name in "${HOSTS[@]}"; do
		PID[$name]=$(ip netns pids "${NS[$name]}")
	done
}

each_second() { # BEFORE AFTER MILLISECONDS
	paste "$1" "$2" | awk -v ms="$3" '{ print ($2 - $1) * 1000 / ms }'
}

most() { sort -n | tail -n 1; }
mean() { awk '{ sum += $1 } END { printf "%.0f\n", sum / NR }'; }

# By the first byte of what UDP carries.
count_kinds() { # FILE SECONDS
	tcpdump -r "$1" -nn -x 2>/dev/null | awk -v s="$2" '
	function done_with() {
		if (hex == "")
			return
		kind = "other"
		at = 0
		if (substr(hex, 1, 1) == "4" && substr(hex, 19, 2) == "11")
			at = 41
		if (substr(hex, 1, 1) == "6" && substr(hex, 13, 2) == "11")
			at = 81
		b = at ? substr(hex, at + 16, 2) : ""
		if (b == "01") kind = "data"
		else if (b == "02") kind = "routed"
		else if (b == "03") kind = "probe"
		else if (substr(hex, at + 4, 4) == "5cb4") kind = "lan"
		else if (b >= "40") kind = "quic"
		else if (b >= "10") kind = "discovery"
		sum[kind] += length(hex) / 2
		n[kind]++
	}
	/^[0-9]/ { done_with(); hex = "" }
	/^[ \t]*0x/ { for (i = 2; i <= NF; i++) hex = hex $i }
	END {
		done_with()
		for (k in sum)
			printf "%s: %d packets, %.1f bytes/s\n", k, n[k],
				sum[k] / s
	}' | sort
}

watch_rest() {
	local ms lines dump

	[ -z "$CAPTURE" ] || {
		[ ! -d /out ] || timeout "$REST" strace -f -c -p "${PID[n1]}" \
			-o /out/strace 2>/dev/null &
		on n1 tcpdump -i eth0 -Z root -w "$T/capture" >/dev/null 2>&1 &
		dump=$!
	}
	sleep 1
	lines=$(log_lines)
	proc_cpu >"$T/cpu0"
	traffic >"$T/traffic0"
	ms=$(now_ms)
	sleep "$REST"
	proc_cpu >"$T/cpu1"
	traffic >"$T/traffic1"
	ms=$(($(now_ms) - ms))
	LINES_MORE=$(($(log_lines) - lines))
	[ -z "$CAPTURE" ] || {
		kill $dump
		wait $dump
		[ ! -d /out ] || cp "$T/capture" /out/capture
		diag "packets of n1:"
		diag "$(count_kinds "$T/capture" "$REST")"
	}
	# In thousandths of a processor.
	each_second "$T/cpu0" "$T/cpu1" "$ms" |
		awk -v hz="$(getconf CLK_TCK)" '{ print $1 * 1000 / hz }' \
			>"$T/cpu"
	each_second "$T/traffic0" "$T/traffic1" "$ms" >"$T/traffic"
	proc_pss >"$T/pss"
}

# --- the test -------------------------------------------------------------------

declare -A PID=()
HOSTS=() SOCKETS=()
for ((i = 1; i <= NODES; i++)); do
	HOSTS+=("n$i")
	SOCKETS+=("$T/n$i/run/home.sock")
done

at_end '[ ! -d /out ] || for name in "${HOSTS[@]}"; do cp "$T/$name/log" "/out/$name.log"; done'
t0=$(now_ms)
build || bail "$NODES hosts are there"
for name in "${HOSTS[@]}"; do
	on "$name" meshd home >>"$T/$name/log" 2>&1 &
	DAEMON[$name]=$!
done
for name in "${HOSTS[@]}"; do
	wait_for 30 test -S "$T/$name/run/home.sock" ||
		bail "$name runs: $(tail -n 1 "$T/$name/log")"
done
# shellcheck disable=SC2154
at_end 'kill "${DAEMON[@]}"; wait "${DAEMON[@]}"'
diag "ready after $(($(now_ms) - t0)) ms"

ctl n1 init name n1 >"$T/init" || bail "n1 makes the network"
token=$(value n1 .token token create uses $((NODES - 1)))
t0=$(now_ms)
for name in "${HOSTS[@]:1}"; do
	join "$name" >"$T/$name/join" 2>&1 &
	JOIN[${name#n}]=$!
done
for i in "${!JOIN[@]}"; do
	wait "${JOIN[i]}" || diag "n$i: $(<"$T/n$i/join")"
done
diag "the last join ended after $(($(now_ms) - t0)) ms"
check "all know all" wait_for $((40 + NODES)) all_complete ||
	diag "$(complete) of $NODES do; $("$CROWD" status "${SOCKETS[0]}")"
diag "all records are everywhere after $(($(now_ms) - t0)) ms"
check "everybody has a way to everybody" wait_for $((30 + NODES)) all_reached ||
	diag "$(reached) pairs do"
diag "all routes are there after $(($(now_ms) - t0)) ms"

degrees >"$T/degrees"
show_spread "neighbours" <"$T/degrees"
check "nobody is left alone" [ "$(sort -n "$T/degrees" | head -n 1)" -ge 2 ]

# What young connections still have to say is said by then.
sleep "${SETTLE:-15}"
pids
watch_rest
degrees >"$T/degrees"
show_spread "neighbours" <"$T/degrees"
show_spread "paths of a neighbour" < <(ask_all peers '.result[] | select(.paths > 0).paths')
show_spread "Pss of a daemon, kB" <"$T/pss"
show_spread "processor, thousandths" <"$T/cpu"
show_spread "traffic, bytes a second" <"$T/traffic"
diag "lines in the logs at rest: $LINES_MORE"
check "the memory of a daemon is at most $PSS kB" [ "$(most <"$T/pss")" -le $PSS ]
check "the processor is at rest" \
	awk -v most=$CPU '$1 > most { bad++ } END { exit bad > NR / 20 }' "$T/cpu"
check "a node sends and gets at most $TRAFFIC bytes a second" \
	[ "$(mean <"$T/traffic")" -le $TRAFFIC ]
check "nobody says a word" [ "$LINES_MORE" = 0 ]
