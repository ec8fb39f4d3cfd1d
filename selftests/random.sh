#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Random changes of all that can be configured, at three nodes at once and under
# traffic: the kernel survives it, and what is then put right works.
# meshlan-test: time=240 smoke=debug
#
# Options, for a run by hand or a long one:
#	--seconds N	of random changes, default 30
#	--seed N	the same walks again, as far as time lets them be the same
#
# A walk is a process in the namespace of its node that runs one command after
# the other; what they were is in its log.

TOP=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
MESHCTL=$TOP/build/tools/meshctl
IDS=(00000000000000aa 00000000000000bb 00000000000000cc)
STRANGERS=(00000000000000dd 00000000000000ee)

# --- one node's walk ------------------------------------------------------------

# Numbers come from RANDOM, which a seed repeats; results are in variables, as
# a process for each would take longer than the command.
chance() { ((RANDOM % 100 < $1)); } # PERCENT

one_of() { # WORD...: into $word
	shift $((RANDOM % $#))
	word=$1
}

# Words for a command, into the array $words.
add() { words+=("$@"); }

add_some() { # PERCENT NAME VALUE...
	local percent=$1 name=$2

	shift 2
	chance "$percent" || return 0
	one_of "$@"
	words+=("$name" "$word")
}

# A command may be refused; what it may not is fail in any other way.
try() { # COMMAND...
	local rc=0

	count=$((count + 1))
	echo "$*" >&"$log"
	"$@" >/dev/null 2>"$dir/err.$me" || rc=$?
	tally[rc]=$((tally[rc] + 1))
	[ "$1" = "$MESHCTL" ] || return "$rc"
	case $rc in
	0 | 2 | 3 | 4 | 8) ;;
	*) echo "node $me: status $rc: $* ($(<"$dir/err.$me"))" >>"$dir/odd" ;;
	esac
	return "$rc"
}

ctl() { try "$MESHCTL" "$@"; }

walk_dev() {
	words=(dev set mesh0)
	add_some 15 role member member client transit
	add_some 15 limit-up none 8k 64k 1M 50M 100G
	add_some 15 limit-down none 8k 64k 1M 50M 100G
	add_some 15 limit-burst 10ms 50ms 1s
	add_some 25 scatter single flow packet redundant default
	add_some 15 redundant-types none 0x0806 0x0800,0x86dd
	add_some 15 redundant-dscp none ef 0,ef,48
	add_some 15 suppress on off
	add_some 15 link-local on off
	add_some 15 flood-unknown on off
	add_some 15 flood-types any 0x0806 0x0806,0x0800,0x86dd
	add_some 15 storm-limit none 1 1000
	add_some 10 fdb-limit 1 3 65536
	add_some 10 fdb-node-limit 1 2 4096
	add_some 10 fdb-age never 1s 300s
	add_some 10 fwmark 0 7
	add_some 10 dscp 0 46 inherit
	add_some 10 lanes 1 2 16
	add_some 3 port 23731 23732
	add_some 3 node "$id" "${STRANGERS[0]}"
	ctl "${words[@]}"
}

# A session is worth more alive: most of them are made.
walk_session() {
	one_of add add set set set del
	words=(session "$word" mesh0)
	one_of "${peers[@]}" "${peers[@]}" "${peers[@]}" "${STRANGERS[@]}"
	add "$word"
	if [ "${words[1]}" != del ]; then
		add_some 20 limit-up none 8k 300k 20M
		add_some 20 limit-down none 8k 300k 20M
		add_some 15 expires never +1h +1 1
		add_some 20 owner 00 "$(printf '%0128x' 7)"
	fi
	ctl "${words[@]}"
}

# Keys that the other node does not have: "rekey" below makes good ones.
walk_key() {
	local index=0x10 peer secret nonce

	one_of "${peers[@]}"
	peer=$word
	ctl key list mesh0 "$peer"
	read -r index nonce < <("$MESHCTL" -j key new mesh0 "$peer" \
		2>/dev/null | jq -r '"\(.index) \(.nonce)"') || return 0
	chance 80 || return 0
	printf -v secret '%064x' $RANDOM
	one_of chacha20-poly1305 aes-256-gcm
	words=(key set mesh0 "$peer" "$index" peer-index $((RANDOM * 16))
		peer-nonce "$nonce" cipher "$word" secret-file -)
	add_some 50 lanes 1 2 16
	ctl "${words[@]}" <<<"$secret"
	one_of use use del list
	[ "$word" = list ] || ctl key "$word" mesh0 "$peer" "$index"
}

walk_path() {
	local peer=$((RANDOM % 2)) kind

	one_of add add set set set del probe
	kind=$word
	words=(path "$kind" mesh0 "${peers[peer]}")
	[ "$kind" = add ] || add $((RANDOM % 4 + 1))
	case $kind in
	del) ;;
	probe) add_some 60 size 128 1400 9000 60000 ;;
	*)
		[ "$kind" = set ] || add_some 50 id 1 2 3 4
		add_some 60 remote "${remote4[peer]}:23731" \
			"${remote4[peer]}:23731" "[${remote6[peer]}]:23731" \
			"[${remote6[peer]}]:23731" 10.9.9.9:9 127.0.0.1:23731
		add_some 15 local "${local4[peer]}" "${local6[peer]}" 10.9.9.8
		add_some 15 interface "wire$peer" lo mesh0
		add_some 20 active-interval 20ms 100ms 1s
		add_some 20 idle-interval 20ms 1s 25s
		add_some 20 rate measure 100k 10M 1G
		add_some 20 weight 1 3 1000
		add_some 10 owner aa ""
		;;
	esac
	ctl "${words[@]}"
}

walk_route() {
	one_of add add set set del
	words=(route "$word" mesh0)
	one_of "${peers[@]}" "${STRANGERS[@]}"
	add "$word"
	if [ "${words[1]}" != del ]; then
		one_of "0" "1" "0 1" "1 0"
		for i in $word; do
			add hop "${peers[i]}"
			add_some 60 weight 1 2 1000 4294967295
		done
		chance 90 || add hop "${STRANGERS[0]}"
		add_some 40 scatter single flow packet redundant default
		add_some 10 owner 11 ""
	fi
	ctl "${words[@]}"
}

walk_origin() {
	one_of add add set set del
	words=(origin "$word" mesh0)
	one_of "${IDS[@]}" "${STRANGERS[@]}"
	add "$word"
	if [ "${words[1]}" != del ]; then
		one_of leaf "child ${peers[0]}" "child ${peers[1]}" \
			"child ${peers[0]} child ${peers[1]}"
		# shellcheck disable=SC2206 # two words each
		words+=($word)
		add_some 10 owner 22 ""
	fi
	ctl "${words[@]}"
}

walk_fdb() {
	one_of add add set del flush
	if [ "$word" = flush ]; then
		try bridge fdb flush dev mesh0
		return 0
	fi
	words=(fdb "$word" mesh0 02:00:00:00:0$((RANDOM % 2)):0$((RANDOM % 8)))
	add_some 40 vlan 0 7 4094
	if [ "${words[1]}" != del ]; then
		one_of "${peers[@]}" "${STRANGERS[@]}" "$id"
		add node "$word"
		add_some 60 type static certified
	fi
	ctl "${words[@]}"
}

walk_link() {
	case $((RANDOM % 8)) in
	0)
		try ip link set mesh0 down
		chance 30 && try ip link set mesh0 up
		;;
	1 | 2) try ip link set mesh0 up ;;
	3)
		one_of 68 576 1280 1360 1500 9000 65000
		try ip link set mesh0 mtu "$word"
		;;
	4) try ip link set mesh0 address 02:00:00:00:00:0$((RANDOM % 8)) ;;
	5)
		one_of on off
		try ip link set mesh0 arp "$word"
		try ip link set mesh0 promisc "$word"
		;;
	6)
		try ip link set "wire$((RANDOM % 2))" down
		walk_path
		try ip link set wire0 up
		try ip link set wire1 up
		;;
	7)
		one_of 192.168.9.7 fd09::7
		try ip neigh replace "$word" dev mesh0 lladdr \
			02:00:00:00:00:01 nud permanent
		try ip neigh flush dev mesh0
		;;
	esac
}

# Into another namespace and back; there, too, it is changed.
walk_netns() {
	try ip -n "$attic" link set mesh0 netns "$ns"
	try ip link set mesh0 netns "$attic" || return 0
	chance 50 && try ip -n "$attic" link set mesh0 up
	chance 50 && try ip netns exec "$attic" "$MESHCTL" dev set mesh0 \
		scatter packet fwmark 3 port 23731
	chance 30 && try ip netns exec "$attic" "$MESHCTL" show
	try ip -n "$attic" link set mesh0 netns "$ns"
	try ip addr add "192.168.9.$me/24" dev mesh0
	try ip addr add "fd09::$me/64" dev mesh0 nodad
	chance 80 && try ip link set mesh0 up
}

walk_conf() {
	local conf=$dir/conf.$me

	case $((RANDOM % 6)) in
	0)
		"$MESHCTL" showconf mesh0 >"$conf" 2>/dev/null &&
			ctl syncconf mesh0 "$conf"
		;;
	1) ctl syncconf mesh0 "$dir/base.$me" ;;
	2) ctl setconf mesh0 "$dir/base.$me" ;;
	3)
		# The paths' addresses change places.
		sed 's/\(Path = id\) 1/\1 X/; s/\(Path = id\) 2/\1 1/
			s/\(Path = id\) X/\1 2/' "$dir/base.$me" >"$conf"
		ctl syncconf mesh0 "$conf"
		;;
	4)
		# Another node, and back.
		printf '[Device]\nNode = %s\n[Session]\nNode = %s\n' \
			"${STRANGERS[0]}" "${peers[0]}" >"$conf"
		ctl syncconf mesh0 "$conf"
		ctl syncconf mesh0 "$dir/base.$me"
		;;
	5)
		"$MESHCTL" showconf mesh0 >"$conf" 2>/dev/null || return 0
		one_of /Route/d /Origin/d /Fdb/d /weight/d s/100ms/60ms/ \
			's/Scatter.*/Scatter = packet/'
		sed -i "$word" "$conf"
		one_of syncconf setconf
		ctl "$word" mesh0 "$conf" || ctl syncconf mesh0 "$dir/base.$me"
		;;
	esac
}

walk_look() {
	case $((RANDOM % 9)) in
	0) ctl -j show ;;
	1) ctl show ;;
	2) ctl -j dev list ;;
	3) ctl fdb list ;;
	4) ctl origin list mesh0 ;;
	5) try ip -s -d link show mesh0 ;;
	6) try ethtool -S mesh0 ;;
	7) try bridge fdb show dev mesh0 ;;
	8)
		one_of "${peers[@]}"
		ctl ping mesh0 "$word" count 2 interval 20ms
		;;
	esac
}

walk_claim() {
	ctl dev claim mesh0 "$MESHCTL" dev set mesh0 scatter flow
	chance 30 && ctl dev claim mesh0 "$MESHCTL" syncconf mesh0 \
		"$dir/base.$me"
	return 0
}

# A second network on the same host, which has the first one's address.
walk_second() {
	one_of "${STRANGERS[@]}"
	ctl dev add mesh1 port $((4000 + RANDOM % 2)) node "$word" up
	ctl session add mesh1 "${peers[0]}"
	ctl path add mesh1 "${peers[0]}" remote "${remote4[0]}:23731"
	ctl dev del mesh1
}

walk() { # DIRECTORY NUMBER NAMESPACE SEED END
	local kinds=(dev dev dev session session key key path path path route
		route origin origin fdb fdb link link netns conf conf look
		claim second)

	dir=$1 me=$2 ns=$3 end=$5
	attic=$ns-attic id=${IDS[me - 1]}
	# Cable N is between nodes N and N + 1; the third between 3 and 1.
	local before=$(((me + 1) % 3 + 1)) after=$((me % 3 + 1))
	peers=("${IDS[after - 1]}" "${IDS[before - 1]}")
	remote4=("10.$me.0.2" "10.$before.0.1")
	remote6=("fd00:$me::2" "fd00:$before::1")
	local4=("10.$me.0.1" "10.$before.0.2")
	local6=("fd00:$me::1" "fd00:$before::2")
	count=0 tally=()
	exec {log}>"$dir/walk.$me"
	RANDOM=$4
	while [ "$EPOCHSECONDS" -lt "$end" ]; do
		one_of "${kinds[@]}"
		"walk_$word"
	done
	for rc in "${!tally[@]}"; do
		echo -n " $rc:${tally[rc]}"
	done >"$dir/tally.$me"
	echo "$count" >"$dir/count.$me"
}

if [ "${1:-}" = --walk ]; then
	shift
	walk "$@"
	exit 0
fi

# --- the test -------------------------------------------------------------------

seconds=30 seed=$((RANDOM * 32768 + RANDOM))
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	*) echo "usage: random.sh [--seconds N] [--seed N]" >&2 && exit 64 ;;
	esac
	shift
done

. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

# Node and peer of each side of the cables.
CABLES=("A B" "B C" "C A")
number_of() { case $1 in A) echo 1 ;; B) echo 2 ;; C) echo 3 ;; esac; }
id_of() { echo "${IDS[$(number_of "$1") - 1]}"; }

triangle() {
	local a b n=0

	setup_ns A B C
	for a in A B C; do
		ip netns add "${!a}-attic"
		at_end "ip netns del ${!a}-attic"
		node "${!a}" "$(id_of $a)" &&
			addresses "${!a}" "$(number_of $a)" ||
			bail "node $a is made"
	done
	for cable in "${CABLES[@]}"; do
		read -r a b <<<"$cable"
		n=$((n + 1))
		veth "${!a}" wire0 "${!b}" wire1 $n
		session "${!a}" "$(id_of "$b")" &&
			session "${!b}" "$(id_of "$a")" ||
			bail "sessions are made"
		path "${!a}" "$(id_of "$b")" "10.$n.0.2:23731" id 1 &&
			path "${!a}" "$(id_of "$b")" "[fd00:$n::2]:23731" id 2 &&
			path "${!b}" "$(id_of "$a")" "10.$n.0.1:23731" id 1 &&
			path "${!b}" "$(id_of "$a")" "[fd00:$n::1]:23731" id 2 ||
			bail "paths are made"
	done
	for a in A B C; do
		mc "${!a}" showconf mesh0 >"$T/base.$(number_of $a)"
	done
}

rekey_all() {
	local a b cable

	for cable in "${CABLES[@]}"; do
		read -r a b <<<"$cable"
		rekey "${!a}" "$(id_of "$a")" "${!b}" "$(id_of "$b")" "$@" ||
			return
	done
}

# Datagrams, small and large, to everybody and to each.
talk() {
	local fd to small large

	exec {fd}<> <(:)
	printf -v small '%020d' 0
	printf -v large '%03000d' 0
	while [ -d "$T" ]; do
		for to in 192.168.9.{1,2,3,7} fd09::{1,2,3}; do
			echo "$small" >"/dev/udp/$to/9"
			echo "$large" >"/dev/udp/$to/9"
		done
		read -r -t 0.05 -u "$fd"
	done 2>/dev/null
}

# Not by in_ns: a function would be a process of its own, and die alone.
stay() { # NS COMMAND...
	ip netns exec "$@" </dev/null >/dev/null 2>&1 &
	at_end "kill $!"
}

traffic() {
	local a n

	for a in A B C; do
		n=$(number_of $a)
		stay "${!a}" bash -c "T=$T; $(declare -f talk); talk"
		stay "${!a}" ping -q -i 0.02 -s 1200 192.168.9.$((n % 3 + 1))
		stay "${!a}" ping -q -b -i 0.1 192.168.9.255
		stay "${!a}" "$MESHCTL" -j monitor
	done
}

# As it was before the walks, and with keys that both ends have.
put_right() {
	local a n

	for a in A B C; do
		ip -n "${!a}-attic" link set mesh0 netns "${!a}" 2>/dev/null
		ip -n "${!a}" link del mesh1 2>/dev/null
		ip -n "${!a}" link set wire0 up
		ip -n "${!a}" link set wire1 up
		ip -n "${!a}" link set mesh0 down
	done
	for a in A B C; do
		n=$(number_of $a)
		# Who had which address is forgotten: they get new ones.
		mc "${!a}" dev set mesh0 suppress off || return
		ip -n "${!a}" link set mesh0 mtu 1360 arp on promisc off \
			address "02:00:00:00:09:0$n" || return
		ip -n "${!a}" neigh flush dev mesh0 nud all
		ip -n "${!a}" addr flush dev mesh0
		ip -n "${!a}" link set mesh0 up || return
		addresses "${!a}" "$n" || return
		mc "${!a}" setconf mesh0 "$T/base.$n" || return
	done
	rekey_all
}

all_ping() {
	local a to

	for a in A B C; do
		for to in 1 2 3; do
			[ "$to" = "$(number_of $a)" ] ||
				in_ns "${!a}" ping -q -c 3 -i 0.1 -W 3 \
					"$@" 192.168.9.$to || return
		done
	done
}

# The parts of a node's state that every walk leaves behind somewhere.
restored() { # LETTER
	mc "${!1}" showconf mesh0 | cmp - "$T/base.$(number_of "$1")"
}

diag "seed $seed, $seconds seconds"
triangle
rekey_all || bail "keys are set"
check "before: all ping all" wait_for 20 all_ping
traffic
mark=random-$seed
echo "$mark" >/dev/kmsg

end=$((EPOCHSECONDS + seconds)) walks=()
for a in A B C; do
	n=$(number_of $a)
	in_ns "${!a}" "$0" --walk "$T" "$n" "${!a}" $(((seed + n) % 32768)) \
		$end </dev/null >"$T/out.$n" 2>&1 &
	walks+=($!)
done
# Meanwhile keys are changed that do fit.
RANDOM=$((seed % 32768))
while [ "$EPOCHSECONDS" -lt $end ]; do
	rekey_all "$([ $((RANDOM % 2)) = 0 ] && echo aes-256-gcm ||
		echo chacha20-poly1305)" $((RANDOM % 4 + 1)) >/dev/null 2>&1
	sleep 0.3
done
for walker in "${walks[@]}"; do
	wait "$walker" || not_ok "a walk ended with status $?"
done
for n in 1 2 3; do
	diag "node $n: $(cat "$T/count.$n") commands, by status:$(cat "$T/tally.$n")"
	is "walk $n: no line of the shell's own" "$(head -n 5 "$T/out.$n")" ""
	check "walk $n: most commands were taken" awk -v all="$(cat "$T/count.$n")" \
		'{ split($1, ok, ":"); exit !(all > 10 && ok[2] * 3 > all) }' \
		"$T/tally.$n"
done
is "no command failed in a way of its own" \
	"$(sort "$T/odd" 2>/dev/null | head -n 5)" ""

check "all is put right" put_right
for a in A B C; do
	check "... $a is configured as before" restored $a
done
check "after: all ping all" wait_for 30 all_ping
check "... also in pieces" wait_for 10 all_ping -s 4000
is "the kernel had nothing to say" "$(dmesg | sed "1,/$mark/d" |
	grep -E 'BUG|WARNING|Call Trace|meshlan' | head -n 5)" ""
