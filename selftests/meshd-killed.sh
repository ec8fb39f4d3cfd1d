#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The daemon may die. Under pings every 10 ms, floods and UDP, with new keys
# every second, daemons are killed at random instants (one, both ends of a
# session, a member while another host joins), stopped, and told to reload:
# not one packet is lost. What they left in the kernel is taken over: nothing
# in use is deleted, what nobody uses is, what others made stays.
#
#	--seconds N	how long they are killed (default 20)
#	--seed N	of the random instants
#	--part PART	only kills, restarts, reloads, joins, second or left_over
# meshlan-test: by-hand time=400 mem=768M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

seconds=20 seed=$$ parts="kills restarts reloads joins second left_over"
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--part) parts=$2 && shift ;;
	*) bail "usage: $0 [--seconds N] [--seed N] [--part PART]" ;;
	esac
	shift
done
RANDOM=$seed
diag "--seed $seed"

# --- a mesh: a, b and c on one LAN, c and d on another ----------------------

settings() { # NAME [LINE...]
	local name=$1

	shift
	conf "$name" "$@" "[sessions]" "rekey = 1s"
}

admit() { # SIGNER HOST [NAME]: one more node
	local token

	token=$(value "$1" .token token create) || return
	ctl "$2" join "$token" --name "${3:-$2}"
}

id() { cat "$T/$1/id"; }

# The NAMEs are adjacent, and no others.
sessions_are() { # NAME NAME...
	local name=$1 want peer

	shift
	want=$(for peer; do id "$peer"; done | sort)
	[ "$(value "$name" '.[] | select(.state == "up") | .node' peers |
		sort)" = "$want" ]
}

settled() {
	sessions_are a b c && sessions_are b a c && sessions_are c a b d &&
		sessions_are d c
}

hosts a b c d e
lan eth0 1 a b c e
lan eth1 2 c d
for h in a b c d e; do
	settings $h
	daemon $h
done
# The first token is for d: what a signs, c carries.
token=$(value a .token init --name a --address 10.2.0.1:23731) ||
	bail "no network"
for h in b c; do
	admit a $h >"$T/join" 2>&1 || bail "$h does not join: $(<"$T/join")"
done
ctl d join "$token" --name d >"$T/join" 2>&1 ||
	bail "d does not join: $(<"$T/join")"
for h in a b c d; do
	value $h .node status >"$T/$h/id"
	address $h >"$T/$h/address"
done
check "the mesh stands" wait_for 20 settled ||
	for h in a b c d; do diag "$(ctl $h peers)"; done

# --- traffic ----------------------------------------------------------------

# What is lost shall not be lost by the receiving program's own socket.
sysctl -qw net.core.rmem_max=67108864 net.core.wmem_max=67108864 \
	net.core.netdev_max_backlog=20000

traffic=()

# The floods that come in, of each node.
listen() {
	local name

	listeners=()
	for name in a b c d; do
		rm -f "$T/heard-$name"
		ip netns exec "${NS[$name]}" tcpdump --immediate-mode -U \
			-i mesh0 -Q in -w "$T/heard-$name" \
			icmp6 and dst ff02::1 and 'ip6[40] == 128' \
			>/dev/null 2>&1 &
		listeners+=($!)
		wait_for 5 test -s "$T/heard-$name"
	done
}

# Floods of one node that another heard, and how many different ones.
floods() { # FROM TO
	tcpdump -enr "$T/heard-$2" ether src "$(mac "$1")" 2>/dev/null |
		sed -n 's/.*seq \([0-9]*\).*/\1/p' |
		awk '!seen[$1]++ { n++ } END { print n + 0, NR }'
}

mac() { ip -n "${NS[$1]}" -j link show mesh0 | jq -r '.[].address'; }

begin() { # SECONDS
	local pair from to n=$(($1 * 100))

	traffic=()
	for pair in a-b b-a a-c c-d d-c; do
		from=${pair%-*} to=${pair#*-}
		on "$from" ping -q -c $n -i 0.01 "$(<"$T/$to/address")" \
			>"$T/ping-$pair" 2>&1 &
		traffic+=($!)
	done
	listen
	for from in a d; do
		on $from ping -q -c $((n / 5)) -i 0.05 ff02::1%mesh0 \
			>"$T/flood-$from" 2>&1 &
		traffic+=($!)
	done
	on b iperf3 -s -1 >"$T/iperf-server" 2>&1 &
	traffic+=($!)
	wait_for 10 on b sh -c 'ss -Hltn | grep -q :5201'
	on a iperf3 -c "$(<"$T/b/address")" -u -b 10M -l 1000 -w 32M \
		-t "$1" -J >"$T/iperf" 2>&1 &
	traffic+=($!)
}

flows() { kill -0 "${traffic[0]}" 2>/dev/null; }

sent() { sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' "$1"; }
got() { sed -n 's/.*transmitted, \([0-9]*\) received.*/\1/p' "$1"; }

end() { # WHAT
	local pair from to n failed=$ktap_failed

	wait "${traffic[@]}"
	for pair in a-b b-a a-c c-d d-c; do
		is "$1: no ping from ${pair%-*} to ${pair#*-} is lost" \
			"$(got "$T/ping-$pair")" "$(sent "$T/ping-$pair")"
	done
	sleep 0.5
	kill "${listeners[@]}"
	wait "${listeners[@]}"
	for pair in a-b a-c a-d d-a d-b d-c; do
		from=${pair%-*} to=${pair#*-} n=$(sent "$T/flood-${pair%-*}")
		is "$1: every flood of $from reaches $to, once" \
			"$(floods "$from" "$to")" "$n $n"
	done
	is "$1: no datagram is lost" "$(jq .end.sum.lost_packets "$T/iperf")" 0
	is "$1: none is out of order" \
		"$(jq '[.end.streams[].udp.out_of_order // 0] | add' \
		"$T/iperf")" 0
	diag "$(jq .end.sum.packets "$T/iperf") datagrams"
	[ $failed = "$ktap_failed" ] || for from in a b c d; do
		diag "$from:" "$(on $from ethtool -S mesh0 | grep -v ': 0$' |
			tr -s '\n ' ' ')"
	done
}

# --- deaths -----------------------------------------------------------------

random_sleep() { # MILLISECONDS at most
	local ms=$((RANDOM % $1))

	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

die() { # SIGNAL NAME...: and live again
	local signal=$1 name

	shift
	for name; do kill "$signal" "${DAEMON[$name]}"; done
	for name; do
		wait "${DAEMON[$name]}" 2>/dev/null
		daemon "$name"
	done
}

random_names() {
	local all=(a b c d)

	case $((RANDOM % 4)) in
	0) echo a b ;;
	1) echo c d ;;
	*) echo "${all[RANDOM % 4]}" ;;
	esac
}

kills() {
	local n=0

	begin "$seconds"
	while flows; do
		random_sleep 1500
		# shellcheck disable=SC2046 # names
		die -9 $(random_names)
		n=$((n + 1))
	done
	end "kill -9"
	check "daemons were killed $n times" test $n -gt $((seconds / 4))
	check "kill -9: all is as it was" wait_for 30 settled
}

# --- stopped and told to reload ---------------------------------------------

restarts() {
	local n=0 all=(a b c d)

	begin 8
	while flows; do
		random_sleep 1500
		die -15 "${all[RANDOM % 4]}"
		n=$((n + 1))
	done
	end "restart"
	check "daemons were stopped $n times" test $n -gt 2
	check "restart: all is as it was" wait_for 30 settled
}

interval_is() {
	[ "$(value a '[.[].active_interval] | unique | join(" ")' \
		path list mesh0)" = "$1" ]
}

reloads() {
	local n=0 all=(a b c d) name

	begin 8
	while flows; do
		random_sleep 500
		name=${all[RANDOM % 4]}
		settings "$name" "[paths]" \
			"probe-interval = $((50 + n % 3 * 25))ms" \
			"[routing]" "scatter-ratio = 1.$((1 + n % 9))"
		kill -HUP "${DAEMON[$name]}"
		n=$((n + 1))
	done
	end "reload"
	check "daemons read their configuration $n times" test $n -gt 5

	settings a "[paths]" "probe-interval = 70ms"
	check "a good reload is in force" ctl a reload
	check "as the kernel says" wait_for 5 interval_is 70
	settings a "[paths]" "probe-interval = 40ms" "degre = 3"
	refuse "a bad reload is refused" ctl a reload
	check "and names file and line" grep -q "home.conf:5" "$T/a/log"
	check "a bad reload changes nothing" interval_is 70
	settings a
}

# --- while others join ------------------------------------------------------

join_and_leave() {
	local n=0

	: >"$T/joins"
	while flows; do
		# A name stays with the certificate of who had it.
		if ! admit a e "e$n" || ! ctl e leave; then
			flows && mv "$T/join" "$T/join-failed"
			return
		fi
		n=$((n + 1))
		echo $n >"$T/joins"
	done >"$T/join" 2>&1
}

joins() {
	local members=(b c)

	begin 15
	join_and_leave &
	traffic+=($!)
	while flows; do
		random_sleep 1000
		die -9 "${members[RANDOM % 2]}"
	done
	end "joins"
	check "another host joined $(<"$T/joins") times" test -s "$T/joins" ||
		diag "$(<"$T/join")"
	check "it always could" not test -e "$T/join-failed" ||
		diag "$(<"$T/join-failed")"
	check "joins: all is as it was" wait_for 30 settled
}

# --- two at once ------------------------------------------------------------

try() { on a timeout 10 meshd home "$@"; }
says() { # TEXT OPTION...
	local text=$1

	shift
	try "$@" 2>&1 | grep -q "$text"
}

second() {
	cp -a "$T/a/lib" "$T/copy"
	refuse "a second daemon is refused" try
	check "and told by whom" says "process ${DAEMON[a]})"
	refuse "with other files as well" try --state-directory "$T/copy"
	set -- --state-directory "$T/copy" --runtime-directory "$T/copy"
	refuse "and with another socket" try "$@"
	check "which names the device's owner" says "pid ${DAEMON[a]})" "$@"
	check "the first goes on" settled
}

# --- what the dead left -----------------------------------------------------

foreign=00000000000000f1 nobody=00000000000000f2

left() { # each, if it is there
	ctl a -j session list mesh0 | jq -r '.[].node' | grep $foreign
	ctl a -j path list mesh0 | jq -r '.[] | .node + " " + .owner' |
		grep "$foreign"
	ctl a -j fdb list mesh0 | jq -r '.[].mac' | grep 02:00:00:00:00:f
	ctl a -j route list mesh0 | jq -r '.[].node' |
		grep "$foreign\|$nobody"
	ctl a -j origin list mesh0 | jq -r '.[] |
		select(.configured) | .node' | grep "$foreign\|$nobody"
}

used() { ctl a -j session list mesh0 | jq -c '[.[] | select(.keys > 0) |
	[.node, .rx_packets]] | sort'; }

in_use() { # the keys that send
	ctl a -j key list mesh0 | jq -r '.[] |
		select(.state == "transmit") | .index'
}

left_over() {
	kill -9 "${DAEMON[a]}"
	wait "${DAEMON[a]}" 2>/dev/null
	ours=d101 other=abcd
	for c in "session add mesh0 $foreign" \
		"path add mesh0 $foreign remote 10.1.0.77:23731" \
		"route add mesh0 $nobody hop $(id b) owner $ours" \
		"route add mesh0 $foreign hop $(id b) owner $other" \
		"origin add mesh0 $nobody leaf owner $ours" \
		"origin add mesh0 $foreign leaf" \
		"fdb add mesh0 02:00:00:00:00:f1 node $foreign type static" \
		"fdb add mesh0 02:00:00:00:00:f2 node $(id b) type certified"; do
		# shellcheck disable=SC2086 # words
		check "by hand: $c" ctl a $c
	done
	left >"$T/left"
	before=$(used) keys=$(in_use)
	daemon a
	sleep 1
	is "the keys in use are kept" "$(ctl a -j key list mesh0 |
		jq -r '.[].index' | grep -c "$keys")" "$(wc -l <<<"$keys")"
	is "nothing is deleted at once" "$(left)" "$(<"$T/left")"
	# shellcheck disable=SC2317 # called by name
	swept() { ! left | grep -q "$nobody\|:f2"; }
	check "what nobody uses goes" wait_for 20 swept
	is "what others made stays" "$(left)" "$(grep -v "$nobody\|:f2" "$T/left")"
	# shellcheck disable=SC2317 # called by name
	grew() { jq -ne --argjson a "$before" --argjson b "$(used)" \
		'[$a, $b] | transpose | all(.[0][0] == .[1][0] and
			.[0][1] <= .[1][1])'; }
	check "no session was made anew" grew || diag "$before $(used)"
}

for part in $parts; do
	$part
done
