#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# An attacker between A and B, who can send B what he likes, and somebody at B
# who is no administrator.
# meshlan-test: time=360
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

ATTACK=$TOP/build/selftests/attack
# How many datagrams of nonsense; where every instruction is emulated or
# checked, fewer must do.
case $KERNEL in
uml) : "${FUZZ:=1000000}" ;;
debug) : "${FUZZ:=100000}" ;;
*) : "${FUZZ:=20000}" ;;
esac

pair chacha20-poly1305 >/dev/null
for ns in "$A" "$B"; do
	in_ns "$ns" sysctl -q net.ipv6.conf.mesh0.disable_ipv6=1
done
mac() { ip -n "$1" -j link show mesh0 | jq -r '.[0].address'; }
ip -n "$A" neigh replace 192.168.9.2 lladdr "$(mac "$B")" dev mesh0
ip -n "$B" neigh replace 192.168.9.1 lladdr "$(mac "$A")" dev mesh0
# Few probes, so that counts are exact and silence is no death.
mc "$A" path set mesh0 $IDB 1 active-interval 10s idle-interval 10m
mc "$B" path set mesh0 $IDA 1 active-interval 10s idle-interval 10m

# Datagrams that A sent but B never saw lead to nowhere.
ip -n "$A" link add nowhere type dummy
ip -n "$A" link set nowhere up

record() { # DEV FILE COUNT TYPE -- COMMAND...
	local pid out=$T/record.out

	: >"$out"
	in_ns "$A" timeout 20 "$ATTACK" record "$1" "$2" "$3" "$4" >"$out" &
	pid=$!
	wait_for 5 grep -q ready "$out"
	shift 5
	"$@" >/dev/null 2>&1
	wait $pid
}

ping_b() { in_ns "$A" ping -q -W 1 "$@" 192.168.9.2; }

# One file each in $T/fresh.00 ...: genuine, and not yet seen by B
fresh() { # COUNT
	ping_b -c 1 >/dev/null
	sleep 0.5
	ip -n "$A" route add 10.1.0.2/32 dev nowhere
	record nowhere "$T/fresh" "$1" 1 -- ping_b -c "$1" -i 0.002
	ip -n "$A" route del 10.1.0.2/32
	rm -f "$T"/fresh.*
	test -s "$T/fresh" || bail "genuine packets are recorded"
	split -d -n "$1" "$T/fresh" "$T/fresh."
	check "the path outlives that" wait_for 5 ping_b -c 1
	# Data within two seconds keeps the probes coming.
	sleep 2.5
}

send() { # FILE [HOW [NUMBER]]: from A's own address
	in_ns "$A" "$ATTACK" send "$1" 10.1.0.1 23731 10.1.0.2 23731 "${@:2}"
}

dropped() { # CAUSE..., or all
	in_ns "$B" ethtool -S mesh0 | tr -d : | awk -v "causes= ${*//-/_} " '
		sub(/^drop_rx_/, "", $1) && (causes == "  " ||
			index(causes, " " $1 " ")) { n += $2 }
		END { print n + 0 }'
}

# What was dropped, in words, since counters were written to a file.
drops_since() { # FILE
	in_ns "$B" ethtool -S mesh0 | grep drop_ | diff "$1" - |
		sed -n 's/^> *//p' | paste -sd ,
}

# Whatever a packet that was taken in would change. True probes may come while
# one looks: they are no trace.
traces() {
	local probes seen

	while :; do
		probes=$(ethtool_counter "$B" probe_rx)
		seen=$(traces_but "$probes")
		[ "$(ethtool_counter "$B" probe_rx)" != "$probes" ] || break
	done
	echo "$seen"
}

traces_but() { # PROBES
	mc "$B" -j fdb list mesh0 |
		jq -c '.[] | [.mac, .vlan, .node, .type, .moves]'
	field "$B" ".[0] | \"\(.remote_ipv4) \(.remote_port) \(.rx_packets -
		$1)\"" path list mesh0 $IDA
	field "$B" ".[] | select(.state == \"transmit\") | \"\(.index) \(
		.rx_packets - $1)\"" key list mesh0 $IDA
	ip -n "$B" -j -s link show mesh0 | jq .[0].stats64.rx.packets
	ethtool_counter "$B" challenge_tx
}

# An attack of some datagrams, all of which must go for the causes named.
repelled() { # WHAT COUNT CAUSES COMMAND...
	local what=$1 count=$2 causes=$3 before all some

	shift 3
	before=$(traces)
	all=$(dropped)
	# shellcheck disable=SC2086 # several words
	some=$(dropped $causes)
	in_ns "$B" ethtool -S mesh0 | grep drop_ >"$T/drops"
	"$@" >"$T/sent" || not_ok "$what: sent"
	[ "$count" != sent ] || count=$(<"$T/sent")
	repelled_all() { [ $(($(dropped) - all)) -ge "$count" ]; }
	wait_for 5 repelled_all
	# shellcheck disable=SC2086
	is "$what: $count dropped as $causes" \
		"$(($(dropped) - all)) $(($(dropped $causes) - some))" \
		"$count $count" ||
		diag "since before: $(drops_since "$T/drops")"
	untouched() { [ "$(traces)" = "$before" ]; }
	wait_for 1 untouched
	is "$what: no trace is left" "$(traces)" "$before"
}

rx() { ip -n "$B" -j -s link show mesh0 | jq '.[0].stats64.rx.packets'; }

accepted() { # WHAT FILE
	local before

	before=$(rx)
	send "$2" >/dev/null
	is_in() { [ "$(rx)" = $((before + 1)) ]; }
	check "$1" wait_for 5 is_in
}

packets() { # CIPHER
	local n index

	rekey "$A" $IDA "$B" $IDB "$1"
	fresh 12
	accepted "$1: a genuine packet is taken" "$T/fresh.05"
	accepted "$1: one that comes late too" "$T/fresh.03"
	repelled "$1: a replay" 1 replay send "$T/fresh.05"
	repelled "$1: a replay from elsewhere" 1 replay in_ns "$A" "$ATTACK" \
		send "$T/fresh.03" 10.1.0.99 4321 10.1.0.2 23731
	repelled "$1: cut below its headers" 32 short send_cut 0 31
	repelled "$1: cut" sent "auth short" send "$T/fresh.06" cut
	repelled "$1: lengthened" 1 auth send "$T/fresh.06" grow 1
	repelled "$1: lengthened much" 1 auth send "$T/fresh.06" grow 900
	repelled "$1: any bit of frame or tag flipped" sent auth \
		send "$T/fresh.07" flip 16
	repelled "$1: any bit flipped" sent \
		"auth type flags index replay" send "$T/fresh.07" flip
	accepted "$1: no forgery uses up its counter" "$T/fresh.07"
	accepted "$1: nor does cutting" "$T/fresh.06"
	repelled "$1: an index of nobody" 1 index \
		send "$T/fresh.08" index 0x12345670
	rekey "$A" $IDA "$B" $IDB "$1"
	index=$(field "$B" '.[] | select(.state == "transmit") | .index' \
		key list mesh0 $IDA)
	sleep 2.5
	repelled "$1: another key's packet" 1 auth \
		send "$T/fresh.08" index "$index"
	accepted "$1: under its own key it is good" "$T/fresh.08"
	is "$1: the session counts forgeries" "$(field "$B" \
		'.[0].auth_failures > 1000' session list mesh0 $IDA)" true
}

# What is refused before any cipher is asked.
send_each() { # HOW NUMBER...
	local n

	for n in "${@:2}"; do
		send "$T/fresh.10" "$1" "$n" >/dev/null || return
	done
}

headers() {
	# A key that was replaced ends after a while, and a slow machine is slow.
	fresh 12
	repelled "types of nobody" 7 type \
		send_each type 0 4 5 15 16 64 255
	repelled "a routed type on a frame" 1 flags \
		send "$T/fresh.10" type 2
	repelled "a probe's type on a frame" 1 auth \
		send "$T/fresh.10" type 3
	repelled "flags of nobody" 4 flags \
		send_each flags 32 64 128 255
	repelled "flags that are known, forged" 5 auth \
		send_each flags 1 2 4 8 16
}

send_cut() { # FROM TO: only the short ones
	local n

	for ((n = $1; n <= $2; n++)); do
		{
			printf "%b" "\\x$(printf %02x "$n")\\x00"
			tail -c +3 "$T/fresh.06" | head -c "$n"
		} >"$T/cut.$n"
		# A recording of an empty datagram is still one.
		send "$T/cut.$n" >/dev/null || return
	done
}

not_for_one() {
	local own

	fresh 12
	ip -n "$A" route add 224.0.0.0/4 dev wire
	repelled "to the subnet's broadcast" 1 multicast in_ns "$A" "$ATTACK" \
		send "$T/fresh.09" 10.1.0.1 23731 10.1.0.255 23731
	repelled "to a multicast group" 1 multicast in_ns "$A" "$ATTACK" \
		send "$T/fresh.09" 10.1.0.1 23731 224.0.0.1 23731
	own=$(ip -n "$B" -j link show wire | jq -r '.[0].address')
	ip -n "$A" neigh replace 10.1.0.2 lladdr ff:ff:ff:ff:ff:ff dev wire
	repelled "unicast in a broadcast frame" 1 multicast \
		send "$T/fresh.09"
	ip -n "$A" neigh replace 10.1.0.2 lladdr "$own" dev wire
	repelled "to an IPv6 group" 1 multicast in_ns "$A" bash -c \
		"head -c 100 '$T/fresh.09' >/dev/udp/ff02::1%wire/23731"
	accepted "to B alone it is taken" "$T/fresh.09"
}

plaintext() {
	local pattern=6d6573686c616e2d	# meshlan-

	record wire "$T/plain" 1 0 -- in_ns "$A" bash -c \
		"echo xxmeshlan-meshlan-xx >/dev/udp/10.1.0.2/9"
	check "the capture would show plaintext" grep -aq meshlan-meshlan \
		"$T/plain"
	record wire "$T/wire" 20 1 -- ping_b -c 20 -i 0.01 -s 600 -p $pattern
	check "the capture has the packets" test \
		"$(stat -c %s "$T/wire")" -gt 12000
	check "the capture shows no plaintext" not grep -aq meshlan "$T/wire"
	check "the capture shows no inner address" not grep -aqP \
		'\xc0\xa8\x09[\x01\x02]' "$T/wire"
}

not() { ! "$@"; }

secrets() {
	local secret hex ka kb all

	secret=$("$MESHCTL" genkey)
	hex=$(base64 -d <<<"$secret" | od -An -tx1 | tr -d ' \n')
	ka=$(mc "$A" -j key new mesh0 $IDB) kb=$(mc "$B" -j key new mesh0 $IDA)
	key_set "$A" $IDB "$(jq -r .index <<<"$ka")" \
		"$(jq -r .index <<<"$kb")" "$(jq -r .nonce <<<"$kb")" \
		chacha20-poly1305 <<<"$secret"
	for all in "key list" "-j key list" show "-j show" "showconf mesh0" \
		dmesg; do
		if [ "$all" = dmesg ]; then
			dmesg
		else
			# shellcheck disable=SC2086
			mc "$A" $all
		fi
	done >"$T/said"
	check "there is something to read" test -s "$T/said"
	check "no command prints a secret" not grep -qiF -e "$secret" \
		-e "$hex" -e "${secret:0:20}" "$T/said"
}

dmesg_lines() { dmesg | wc -l; }

nonsense() {
	local lines before fdb remote arrived

	# A slow machine takes longer than addresses are kept.
	mc "$B" dev set mesh0 fdb-age never
	# Genuine packets would be taken, once: let B see them before.
	send "$T/fresh" >/dev/null
	cat "$T/fresh" >"$T/seed"
	record wire "$T/probes" 3 3 -- ping_b -c 5 -i 0.2
	cat "$T/probes" "$T/wire" >>"$T/seed"
	sleep 2.5
	lines=$(dmesg_lines)
	before=$(dropped)
	fdb=$(mc "$B" -j fdb list mesh0 | jq -c '.[] | [.mac, .node, .type]')
	remote=$(field "$B" '.[] | [.remote_ipv4, .remote_port]' \
		path list mesh0 $IDA)
	in_ns "$A" "$ATTACK" fuzz "$T/seed" 10.1.0.2 23731 \
		$((FUZZ * 9 / 10)) 1 || not_ok "nonsense is sent"
	in_ns "$A" "$ATTACK" fuzz "$T/seed" fd00:1::2 23731 \
		$((FUZZ / 10)) 2 || not_ok "nonsense is sent over IPv6"
	sleep 1
	arrived=$(($(dropped) - before))
	check "$FUZZ datagrams of nonsense are dropped" \
		test $arrived -gt $((FUZZ * 9 / 10))
	diag "$arrived were dropped"
	is "nothing is learned from nonsense" "$(mc "$B" -j fdb list mesh0 |
		jq -c '.[] | [.mac, .node, .type]')" "$fdb"
	is "no path moves" "$(field "$B" '.[] | [.remote_ipv4, .remote_port]' \
		path list mesh0 $IDA)" "$remote"
	is "no answer goes out" "$(ethtool_counter "$B" challenge_tx)" 0
	check "the log is not flooded" test \
		$(($(dmesg_lines) - lines)) -le 20
	check "the device still works" ping_b -c 3 -i 0.1
}

# --- no administrator -------------------------------------------------------

nobody() {
	in_ns "$B" setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=-all --bounding-set=-all "$@"
}

# Root of a user namespace of its own, but not of this network namespace.
stranger() { in_ns "$B" unshare -Ur "$@"; }

not_admin() { # WHO
	local who=$1 m=$T/meshctl mac=02:00:00:00:00:09 before

	before=$(mc "$B" -j show mesh0 | jq 'del(.. | .age?, .last_heard?)')
	refuse "$who: devices" "$who" "$m" dev list
	refuse "$who: sessions" "$who" "$m" session list mesh0
	refuse "$who: keys" "$who" "$m" key list mesh0
	refuse "$who: paths" "$who" "$m" path list mesh0
	refuse "$who: addresses" "$who" "$m" fdb list mesh0
	refuse "$who: events" "$who" timeout 5 "$m" monitor mesh0
	refuse "$who: change a device" "$who" "$m" dev set mesh0 fwmark 7
	refuse "$who: claim a device" "$who" "$m" dev claim mesh0 true
	refuse "$who: add a session" "$who" "$m" session add mesh0 5
	refuse "$who: delete a session" "$who" "$m" session del mesh0 $IDA
	refuse "$who: draw a key" "$who" "$m" key new mesh0 $IDA
	refuse "$who: add a path" "$who" "$m" path add mesh0 $IDA
	refuse "$who: delete a path" "$who" "$m" path del mesh0 $IDA 1
	refuse "$who: ask for a size" "$who" "$m" path probe mesh0 $IDA 1
	refuse "$who: add an address" "$who" "$m" fdb add mesh0 $mac node $IDA
	refuse "$who: make a device" "$who" "$m" dev add mesh7
	refuse "$who: delete the device" "$who" "$m" dev del mesh0
	refuse "$who: change the link" "$who" ip link set mesh0 type meshlan \
		fdb-age 7
	check "$who: bridge fdb add" not "$who" bridge fdb add $mac \
		dev mesh0 dst ::aa
	is "$who: all that changes nothing" "$(mc "$B" -j show mesh0 |
		jq 'del(.. | .age?, .last_heard?)')" "$before"
}

for cipher in $CIPHERS; do packets "$cipher"; done
headers
not_for_one
plaintext
secrets
nonsense
cp "$MESHCTL" "$T/meshctl"
chmod 755 "$T" "$T/meshctl"
sleep 2.5
not_admin nobody
not_admin stranger
