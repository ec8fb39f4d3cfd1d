#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A stranger sends the daemon nonsense: any byte in front, any length, QUIC
# changed where it is read, from its own address, from others' and from a
# member's; to the mesh's port over IPv4 and IPv6 and to the LAN's group. Two
# nodes ping each other and change keys every second meanwhile: nothing is
# lost, the daemon stays as it is, small, silent and at rest afterwards.
#
#	--count N	how many datagrams (default 100000)
#	--seed N	of what is in them
# meshlan-test: time=300 mem=512M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

count=100000 seed=$$
while [ $# -gt 0 ]; do
	case $1 in
	--count) count=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	*) bail "usage: $0 [--count N] [--seed N]" ;;
	esac
	shift
done
diag "--seed $seed"
ATTACK=$TOP/build/selftests/attack
port=23731

hosts a b stranger
lan eth0 1 a b stranger
# Answers to others' addresses leave, and go nowhere.
for h in a b; do
	ip -n "${NS[$h]}" route add default via 10.1.0.3
	conf $h "[sessions]" "rekey = 1s"
done
ip -n "${NS[stranger]}" route add 224.0.0.0/4 dev eth0
daemon a
daemon b
token=$(value a .token init --name a) || bail "no network"

# The dial of a joiner and that of a member, as QUIC packets on the wire.
in_ns "${NS[b]}" timeout 20 "$ATTACK" record eth0 "$T/quic" 24 0 >"$T/ready" &
recorder=$!
wait_for 5 grep -q ready "$T/ready"
check "b joins" ctl b join "$token" --name b || bail "there are no two nodes"
wait "$recorder" || bail "packets of QUIC are recorded"
check "the two reach each other" wait_for 10 pings a b || bail "no mesh"

memory() { awk '/^RssAnon:/ { print $2 }' "/proc/${DAEMON[b]}/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/${DAEMON[b]}/stat"; }
metric() { value b .text metrics | sed -n "s/^meshlan_$1{.*} //p"; }
log_lines() { wc -l <"$T/b/log"; }
keys_of_b() { ctl b -j key list mesh0 | jq -c '[.[].index] | sort'; }
keys_are_not() { [ "$(keys_of_b)" != "$1" ]; }

at_work() { # SECONDS: ticks of the processor meanwhile
	local before

	before=$(ticks)
	sleep "$1"
	echo $(($(ticks) - before))
}

junk() { # POINT HOW TO PORT COUNT
	check "$1" in_ns "${NS[stranger]}" "$ATTACK" "$2" "$T/quic" \
		"$3" "$4" "$5" $((seed++))
}

# Once, so that what is made at need is there.
junk "a first handful" junk 10.1.0.2 $port $((count / 10))
sleep 2
small=$(memory)
lines=$(log_lines)
pid=${DAEMON[b]}
received=$(metric control_received_packets_total)
to=$(address b)
ip netns exec "${NS[a]}" ping -i 0.05 -W 5 "$to" >"$T/ping" &
pinger=$!

junk "from the stranger's address" junk 10.1.0.2 $port $((count * 3 / 10))
junk "over IPv6" junk fd00:1::2 $port $((count * 2 / 10))
junk "from anybody's address" spoof 10.1.0.2 $port $((count * 3 / 10))
junk "to the LAN's group" junk 239.255.109.101 23732 $((count / 10))
junk "to the LAN's port" junk 10.1.0.2 23732 $((count / 10))
head -c 3000 "$T/quic" >"$T/few"
# Every bit of two packets, with a member's address and port.
check "from a member's address and port" in_ns "${NS[stranger]}" "$ATTACK" \
	send "$T/few" 10.1.0.1 $port 10.1.0.2 $port flip
check "keys change all the while" wait_for 10 keys_are_not "$(keys_of_b)"

kill -INT $pinger
wait $pinger
is "no ping is lost" "$(sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' \
	"$T/ping")" 0
diag "$(grep 'packets transmitted' "$T/ping")"
is "the daemon is the same" "$(pgrep -x meshd | grep -c "^$pid\$")" 1
arrived=$(($(metric control_received_packets_total) - received))
diag "$arrived datagrams came to the daemon"
diag "$(value b .text metrics | grep -o 'control_dropped.*')"
check "most of what is its own comes to the daemon" \
	test "$arrived" -gt $((count * 4 / 10))
rests() { [ "$(at_work 3)" -le 15 ]; }
check "it comes to rest" wait_for 15 rests
diag "ticks of 10 ms in 3 s: $(at_work 3)"
after=$(memory)
diag "memory: $small KiB before, $after KiB after"
check "it grows by less than 1 MiB" test $((after - small)) -lt 1024
diag "lines in the log: $(($(log_lines) - lines))"
check "its log is not flooded" test $(($(log_lines) - lines)) -le 40
is "b knows no more nodes" "$(value b length nodes)" 2
check "the two still reach each other" pings b a
tail -n +$((lines + 1)) "$T/b/log" | cut -c 1-200 | sed 's/^/# b: /' | head -n 50
