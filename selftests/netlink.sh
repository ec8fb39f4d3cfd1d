#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The netlink family: every attribute at its ends, beyond them and missing;
# what is refused changes nothing; long dumps; events; claims; rights.
# meshlan-test: time=240 leaks
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

nlattr=$TOP/build/selftests/nlattr
[ -x "$nlattr" ] || bail "build/selftests/nlattr is not built"

# The uapi header by name: value CMD session-new, value A session-node.
declare -A number
while read -r name n; do number[$name]=$n; done < <(awk '
	/^enum/ { n = 0 }
	/^\t(__)?MESHLAN_/ {
		name = $1; gsub(/[,]/, "", name)
		if ($2 == "=" && $3 ~ /^[0-9]+,?$/) n = $3 + 0
		print name, n++
	}' "$TOP/uapi/linux/meshlan.h")

value() { # PREFIX NAME: into $REPLY, for there are thousands of them
	REPLY=MESHLAN_$1_${2//-/_}
	REPLY=${number[${REPLY^^}]}
}

# Unlike ip netns exec, this mounts nothing, and so is quick.
in_a() { nsenter --net="/run/netns/$A" "$@"; }

# ask COMMAND OBJECT ATTRIBUTE=TYPE:VALUE...: with the device already named
ask() {
	local cmd=$1 object=$2 dump='' words=() w

	shift 2
	case $cmd in *:*) dump=${cmd%%:*}: cmd=${cmd#*:} ;; esac
	for w; do
		value A "$object-${w%%=*}"
		case $w in
		*=nest:*) words+=("$((REPLY | 0x8000))=hex:${w#*=nest:}") ;;
		*) words+=("$REPLY=${w#*=}") ;;
		esac
	done
	value CMD "$object-$cmd"
	in_a "$nlattr" "$dump$REPLY" 1=dev:mesh0 "${words[@]}"
}

# All that can be seen of A, but for what changes by itself.
state() {
	# shellcheck disable=SC2016 # $1 is that shell's
	in_a sh -c '"$1" -j show mesh0
		"$1" -j route list mesh0
		"$1" -j fdb list mesh0
		ip -d -j link show mesh0' sh "$MESHCTL" | jq '
			if .[0].linkinfo? then map(.linkinfo) else . end |
			del(.. | .age?, .counters?, .generation?)'
}

# not_taken ERRNO BAD-ATTRIBUTE COMMAND OBJECT ATTRIBUTE...; - for any
not_taken() {
	local errno=$1 bad=$2 cmd=$3 object=$4 before after answer got

	shift 4
	before=$(state)
	answer=$(ask "$cmd" "$object" "$@")
	after=$(state)
	got=${answer%% *}
	[ "$errno" != - ] || [ "$got" = ok ] || got=-
	if [ "$bad" != - ]; then
		value A "$object-$bad"
		errno+=" $REPLY"
		read -r _ bad _ <<<"$answer"
		got+=" $bad"
	fi
	is "$object-$cmd refuses $*" "$got" "$errno"
	[ "$before" = "$after" ] || {
		not_ok "$object-$cmd $*: it changed nothing"
		diag "$(diff <(echo "$before") <(echo "$after"))"
	}
	[ "$(wc -w <<<"$answer")" -gt 2 ] || diag "no message: $answer"
}

taken() { # COMMAND OBJECT ATTRIBUTE...
	local cmd=$1 object=$2

	shift 2
	is "$object-$cmd takes $*" "$(ask "$cmd" "$object" "$@")" ok
}

# Taken, and the state shows it: it could show a refused one's traces too.
shown() { # COMMAND OBJECT ATTRIBUTE...
	local before

	before=$(state)
	taken "$@"
	[ "$before" != "$(state)" ] || not_ok "the state shows $*"
}

# attr NUMBER HEX: an attribute to stand in another one, in hexadecimal
attr() {
	local len=$((4 + ${#2} / 2)) pad=000000

	printf '%02x%02x%02x%02x%s%s' $((len & 255)) $((len >> 8)) \
		$(($1 & 255)) $(($1 >> 8)) "$2" "${pad:0:$((-len & 3)) * 2}"
}

bytes() { printf "%0$(($1 * 2))d" 0 | tr 0 "${2:-1}"; }

ethertypes() { # ATTRIBUTE, AND THAT FOR NONE OF IT
	local many

	mapfile -t many < <(printf "$1=u16:%d\n" {2000..2016})
	shown set dev "$1=u16:0x88ba" "$1=u16:0x600"
	not_taken EINVAL "$1" set dev "$1=u16:0x88bb" "$1=u16:0x5ff"
	not_taken EINVAL "$1" set dev "$1=u8:1"
	not_taken EINVAL "$2" set dev "$1=u16:0x88bb" "$2=hex:"
	taken set dev "${many[@]:1}"
	not_taken E2BIG "$1" set dev "${many[@]}"
	shown set dev "$2=hex:"
}

devices() {
	taken get dev
	shown set dev node=u64:1
	taken set dev node=u64:0xffffffffffffffff
	not_taken ERANGE node set dev node=u64:0
	not_taken EINVAL node set dev node=u32:5
	taken set dev node=u64:0xaa
	taken set dev lanes=u8:1
	taken set dev lanes=u8:16
	not_taken ERANGE lanes set dev lanes=u8:0
	not_taken ERANGE lanes set dev lanes=u8:17
	taken set dev port=u16:65535
	taken set dev port=u16:23731
	not_taken ERANGE port set dev port=u16:0
	not_taken EINVAL port set dev port=hex:01
	shown set dev dscp=u8:63
	taken set dev dscp=u8:64
	not_taken ERANGE dscp set dev dscp=u8:65
	for limit in fdb-limit fdb-node-limit; do
		taken set dev $limit=u32:1
		taken set dev $limit=u32:0xffffffff
		not_taken ERANGE $limit set dev $limit=u32:0
	done
	taken set dev fdb-limit=u32:65536 fdb-node-limit=u32:4096
	shown set dev fdb-age=u32:0
	taken set dev fdb-age=u32:300
	for switch in flood-unknown suppress link-local loop-probes; do
		taken set dev $switch=u32:0
		taken set dev $switch=u32:1
		not_taken ERANGE $switch set dev $switch=u32:2
		not_taken EINVAL $switch set dev $switch=u8:1
	done
	taken set dev flood-unknown=u32:1 suppress=u32:1 link-local=u32:0 \
		loop-probes=u32:1
	for limit in limit-up limit-down; do
		taken set dev $limit=u64:8000
		not_taken ERANGE $limit set dev $limit=u64:7999
		not_taken ERANGE $limit set dev $limit=u64:1
		taken set dev $limit=u64:100000000000
		not_taken ERANGE $limit set dev $limit=u64:100000000001
		not_taken ERANGE $limit set dev $limit=u64:0xffffffffffffffff
		taken set dev $limit=u64:0
	done
	taken set dev limit-burst=u16:10
	taken set dev limit-burst=u16:1000
	not_taken ERANGE limit-burst set dev limit-burst=u16:9
	not_taken ERANGE limit-burst set dev limit-burst=u16:1001
	taken set dev limit-burst=u16:50
	taken set dev scatter=u32:1
	taken set dev scatter=u32:4
	not_taken ERANGE scatter set dev scatter=u32:5
	taken set dev scatter=u32:0
	is "the default of a device is told by its name" \
		"$(field "$A" '.scatter' dev show mesh0)" flow
	shown set dev redundant-dscp=u64:1
	taken set dev redundant-dscp=u64:0xffffffffffffffff
	not_taken EINVAL redundant-dscp set dev redundant-dscp=u8:1
	taken set dev redundant-dscp=u64:0
	ethertypes flood-type flood-any
	ethertypes redundant-type redundant-no-type
	taken set dev fwmark=u32:0xffffffff
	taken set dev fwmark=u32:0
	# What can only be read is no attribute of a write.
	not_taken EINVAL - set dev generation=u64:1
	not_taken EINVAL - set dev owner-uid=u32:1
	# One bad attribute among good ones: none is taken.
	not_taken ERANGE lanes set dev fwmark=u32:7 lanes=u8:99
	value CMD dev-get
	is "a request without a device is refused" \
		"$(in_a "$nlattr" "$REPLY" | cut -d' ' -f1)" EINVAL
	is "a device that does not exist is refused" "$(in_a "$nlattr" \
		"$REPLY" 1=u32:9999 | cut -d' ' -f1-2)" "ENODEV 1"
	is "a device of another kind is refused" "$(in_a "$nlattr" \
		"$REPLY" 1=dev:lo | cut -d' ' -f1-2)" "EOPNOTSUPP 1"
}

sessions() {
	shown new session node=u64:1
	taken new session node=u64:0xffffffffffffffff expires=u64:0 \
		"owner=hex:$(bytes 64)"
	not_taken EEXIST - new session node=u64:1
	not_taken EINVAL - new session
	not_taken ERANGE node new session node=u64:0
	not_taken EINVAL - new session node=u64:0xaa
	not_taken EINVAL node new session node=u16:3
	not_taken ERANGE owner new session node=u64:3 "owner=hex:$(bytes 65)"
	not_taken EBUSY - set dev node=u64:0xab lanes=u8:5 port=u16:4711 \
		dscp=u8:5 fwmark=u32:9 fdb-limit=u32:77 fdb-age=u32:7
	taken set session node=u64:1 expires=u64:0xffffffffffffffff
	taken set session node=u64:1 expires=u64:4294967296
	shown set session node=u64:1 "owner=hex:0102"
	is "what is not named stays as it is" "$(field "$A" \
		'.[] | select(.node == "0000000000000001") | .expires' \
		session list mesh0)" 4294967296
	taken set session node=u64:1 expires=u64:0
	is "the owner's bytes as well" "$(field "$A" \
		'.[] | select(.node == "0000000000000001") | .owner' \
		session list mesh0)" 0102
	taken set session node=u64:1 "owner=hex:"
	not_taken ENOENT node set session node=u64:2
	not_taken EINVAL - set session expires=u64:1
	not_taken EINVAL - set session node=u64:1 rx-packets=u64:1
	for limit in limit-up limit-down relay-limit; do
		shown set session node=u64:1 $limit=u64:100000000000
		not_taken ERANGE $limit set session node=u64:1 \
			$limit=u64:100000000001
		taken set session node=u64:1 $limit=u64:0
	done
	taken get session node=u64:1
	not_taken ENOENT node get session node=u64:2
	not_taken ENOENT node del session node=u64:2
	taken del session node=u64:1
	taken del session node=u64:0xffffffffffffffff
}

# A refusal brings the request back, as it is in the kernel's memory by then.
scrubbed() { # ATTRIBUTE... with "secret=hex:$s32"
	local got again=() w

	got=$(ask echo:set key "$@")
	check "a refused request comes back" grep -q "$n16" <<<"$got"
	is "... without its secret" "$(grep -c "$s32" <<<"$got")" 0
	got=$(ask echo:set key "$@" "secret=hex:$s32")
	is "... also if that was given twice" "$(grep -c "$s32" <<<"$got")" 0
	got=$(ask echo:set key node=u64:2 "${@:2}")
	is "... or nobody looked at it" "$(grep -c "$s32" <<<"$got")" 0
	for w; do
		value A "key-${w%%=*}"
		again+=("$REPLY=${w#*=}")
	done
	value CMD key-set
	got=$(in_a "$nlattr" "echo:$REPLY" 1=u32:9999 "${again[@]}")
	check "a request for no device comes back" grep -q "$n16" <<<"$got"
	is "... without its secret as well" "$(grep -c "$s32" <<<"$got")" 0
}

keys() {
	local index nonce n s32 n16

	s32=$(bytes 32 7) n16=$(bytes 16)
	taken new session node=u64:0xbb
	not_taken ENOENT - new key node=u64:2
	not_taken EINVAL - new key
	read -r index nonce < <(mc "$A" -j key new mesh0 "$IDB" |
		jq -r '"\(.index) \(.nonce)"')
	set -- node=u64:0xbb "index=u32:$index" peer-index=u32:16 \
		"peer-nonce=hex:$n16" "secret=hex:$s32" cipher=u32:1
	not_taken EINVAL - set key "${@:2}"
	not_taken ENOENT index set key "$1" index=u32:48 "${@:3}"
	for n in 15 17; do
		not_taken - - set key "${@:1:3}" "peer-nonce=hex:$(bytes $n)" \
			"${@:5}"
	done
	for n in 0 31 33; do
		not_taken - - set key "${@:1:4}" "secret=hex:$(bytes $n)" \
			"${@:6}"
	done
	not_taken EINVAL - set key "${@:1:4}" "secret=hex:$(bytes 32 0)" \
		"${@:6}"
	for n in 0 3; do
		not_taken - cipher set key "${@:1:5}" cipher=u32:$n
	done
	for n in 0 17; do
		not_taken ERANGE lanes set key "$@" lanes=u8:$n
	done
	for n in 0 1 31; do
		not_taken EINVAL - set key "${@:1:2}" peer-index=u32:$n "${@:4}"
	done
	not_taken EINVAL - set key "$@" "nonce=hex:$n16"
	not_taken EINVAL - set key "${@:1:3}" "peer-nonce=hex:$nonce" "${@:5}"
	not_taken - - use key node=u64:0xbb "index=u32:$index"
	shown set key "$@" lanes=u8:16 "nonce=hex:$nonce"
	is "a key is as it was set" "$(field "$A" '.[] | [.cipher, .lanes,
		.peer_index, .nonce, .state] | join(" ")' \
		key list mesh0 $IDB)" \
		"chacha20-poly1305 16 0x00000010 $nonce receive"
	not_taken EALREADY - set key "$@"
	scrubbed "$@"
	taken use key node=u64:0xbb "index=u32:$index"
	taken get key node=u64:0xbb "index=u32:$index"
	is "a key that sends says so" "$(field "$A" '.[].state' \
		key list mesh0 $IDB)" transmit
	not_taken ENOENT index use key node=u64:0xbb index=u32:48
	not_taken ENOENT - del key node=u64:0xbb index=u32:48
	is "no secret is ever given back" \
		"$(mc "$A" -j key list mesh0 | grep -c "$s32")" 0
	taken del key node=u64:0xbb "index=u32:$index"
}

paths() {
	local to="remote-ipv4=be32:0x0a010002 remote-port=be16:9"

	# shellcheck disable=SC2086 # words
	set -- node=u64:0xbb $to
	taken new path "$@" id=u16:1 active-interval=u32:20 \
		idle-interval=u32:600000 rate=u64:1000 "owner=hex:$(bytes 64)"
	not_taken EEXIST - new path "$@" id=u16:1
	not_taken EADDRINUSE - new path "$@"
	taken new path node=u64:0xbb id=u16:65535
	not_taken ERANGE id new path node=u64:0xbb id=u16:0
	not_taken EINVAL - new path node=u64:0xbb remote-ipv4=be32:0x0a010003
	not_taken EINVAL - new path node=u64:0xbb remote-port=be16:9
	not_taken ERANGE remote-port new path node=u64:0xbb \
		remote-ipv4=be32:0x0a010003 remote-port=be16:0
	not_taken - - new path node=u64:0xbb remote-ipv4=be32:0xe0000001 \
		remote-port=be16:9
	not_taken - - new path node=u64:0xbb "remote-ipv6=hex:$(bytes 15)" \
		remote-port=be16:9
	not_taken - - new path node=u64:0xbb "remote-ipv6=hex:ff02$(bytes 14)" \
		remote-port=be16:9
	not_taken - - new path "$@" "remote-ipv6=hex:fd00$(bytes 14)"
	not_taken - - new path node=u64:0xbb remote-ipv4=be32:0x0a010003 \
		remote-port=be16:9 "local-ipv6=hex:fd00$(bytes 14)"
	not_taken - - new path node=u64:0xbb remote-ipv4=be32:0x0a010003 \
		remote-port=be16:9 oif=dev:mesh0
	for ms in 19 60001; do
		not_taken ERANGE active-interval set path node=u64:0xbb \
			id=u16:1 active-interval=u32:$ms
	done
	for ms in 19 600001; do
		not_taken ERANGE idle-interval set path node=u64:0xbb \
			id=u16:1 idle-interval=u32:$ms
	done
	shown set path node=u64:0xbb id=u16:1 active-interval=u32:60000
	not_taken ENOENT - set path node=u64:0xbb id=u16:7
	not_taken EINVAL - set path node=u64:0xbb
	not_taken ENOENT - get path node=u64:0xbc id=u16:1
	not_taken ERANGE size probe path node=u64:0xbb id=u16:1 size=u32:127
	not_taken ERANGE size probe path node=u64:0xbb id=u16:1 size=u32:65508
	not_taken EINVAL - probe path node=u64:0xbb id=u16:1
	taken del path node=u64:0xbb id=u16:65535
	not_taken ENOENT - del path node=u64:0xbb id=u16:65535
}

entries() {
	local mac=hex:020000000001

	shown new fdb mac=$mac node=u64:0xbb
	not_taken EEXIST - new fdb mac=$mac node=u64:0xbb
	taken set fdb mac=$mac node=u64:0xbc
	taken new fdb mac=$mac vlan=u16:4094 node=u64:0xbb
	not_taken ERANGE vlan new fdb mac=$mac vlan=u16:4095 node=u64:0xbb
	not_taken EINVAL - new fdb node=u64:0xbb
	not_taken EINVAL - new fdb mac=hex:020000000002
	not_taken - - new fdb mac=hex:0200000002 node=u64:0xbb
	not_taken - - new fdb mac=hex:010000000002 node=u64:0xbb
	not_taken - - new fdb mac=hex:000000000000 node=u64:0xbb
	not_taken - - new fdb mac=hex:020000000002 node=u64:0xbb type=u32:1
	not_taken - - new fdb mac=hex:020000000002 node=u64:0xbb type=u32:5
	not_taken ENOENT - set fdb mac=hex:020000000009 node=u64:0xbb
	not_taken ENOENT - del fdb mac=hex:020000000009
	taken get fdb mac=$mac vlan=u16:4094
	taken del fdb mac=$mac vlan=u16:4094
	taken del fdb mac=$mac
}

routes() {
	check "a route to a node through itself" mc "$A" route add mesh0 $IDB \
		hop $IDB weight 3
	refuse "a hop without a session is refused" mc "$A" route set \
		mesh0 $IDB hop 00000000000000cc
	is "and the route is as before" \
		"$(field "$A" '.[0].hop[0].weight' route list mesh0)" 3
	not_taken ENOENT - del route node=u64:0xcc
	shown del route node=u64:0xbb
}

# change NODE ATTRIBUTE...: what a batch says of one route; NODE "-" for none
change() {
	local node=$1

	shift
	[ "$node" = - ] || node=$(attr "$route_node" "$(id_hex "$node")")
	printf '%s' "${node#-}" "$@"
}

id_hex() { printf '%s00000000000000' "$1"; }

hop_of() { # NODE [WEIGHT]
	attr $((route_hop | 0x8000)) "$(attr "$hop_node" "$(id_hex "$1")")$(
		[ -z "${2:-}" ] || attr "$hop_weight" "${2}000000")"
}

batches() {
	local route_node route_hop route_gone hop_node hop_weight gone hop n

	value A route-node && route_node=$REPLY
	value A route-hop && route_hop=$REPLY
	value A route-gone && route_gone=$REPLY
	value A hop-node && hop_node=$REPLY
	value A hop-weight && hop_weight=$REPLY
	gone=$(attr "$route_gone" "") hop=$(hop_of bb)
	[ -n "$(field "$A" '.[].node' session list mesh0 $IDB)" ] ||
		taken new session node=u64:0xbb
	shown set routes "route=nest:$(change c1 "$hop")"
	shown set routes "route=nest:$(change c1 "$(hop_of bb 07)")" \
		"route=nest:$(change c2 "$hop")" "route=nest:$(change c3 "$hop")"
	is "a batch makes and replaces" "$(field "$A" \
		'.[] | "\(.node) \(.hop[0].weight)"' route list mesh0 |
		tr '\n' ' ')" "00000000000000c1 7 00000000000000c2 1 00000000000000c3 1 "
	not_taken EINVAL - set routes
	not_taken EINVAL - set routes "route=hex:$(change c4 "$hop")"
	not_taken EINVAL - set routes "route=nest:$(change - "$hop")"
	not_taken EINVAL - set routes "route=nest:$(change c4)"
	not_taken EINVAL - set routes "route=nest:$(change c1 "$hop" "$gone")"
	not_taken ERANGE - set routes "route=nest:$(change 00 "$hop")"
	not_taken ERANGE - set routes "route=nest:$(change c4 "$(hop_of bb 00)")"
	not_taken EINVAL - set routes "route=nest:$(change c4 "$hop" \
		"$(attr 1 01000000)")"
	# One that is bad behind others that are good: none is taken.
	for n in "EINVAL $(change aa "$hop")" "ENOENT $(change c9 "$gone")" \
		"EINVAL $(change c2 "$hop")" "EINVAL $(change c4 "$gone")" \
		"ENOENT $(change c5 "$(hop_of cc)")" "EINVAL $(change c5)"; do
		not_taken "${n%% *}" - set routes \
			"route=nest:$(change c1 "$hop")" \
			"route=nest:$(change c2 "$gone")" \
			"route=nest:$(change c4 "$hop")" "route=nest:${n#* }"
	done
	shown set routes "route=nest:$(change c1 "$hop")" \
		"route=nest:$(change c2 "$gone")" "route=nest:$(change c4 "$hop")"
	is "a batch makes, replaces and deletes" "$(field "$A" \
		'.[] | "\(.node) \(.hop[0].weight)"' route list mesh0 |
		tr '\n' ' ')" "00000000000000c1 1 00000000000000c3 1 00000000000000c4 1 "
	shown set routes "route=nest:$(change c1 "$gone")" \
		"route=nest:$(change c3 "$gone")" "route=nest:$(change c4 "$gone")"
	is "a batch deletes all" "$(mc "$A" -j route list mesh0)" "[]"
}

# As many routes as there may be, on a device of its own.
many_routes() {
	local i own=0

	setup_ns M
	node "$M" 0000000000000001 && session "$M" 0000000000000002 ||
		bail "a device for many routes"
	for ((i = 0; i < 16384; i++)); do
		printf '%016x hop 0000000000000002\n' $((i + 256))
	done >"$T/many"
	split -l 1500 "$T/many" "$T/many."
	for i in "$T"/many.*; do
		mc "$M" route batch mesh0 "$i" && own=$((own + 1))
	done
	is "16384 routes in batches of 1500" "$own $(field "$M" length \
		route list mesh0)" "11 16384"
	is "one more is too many" "$(mc "$M" route add mesh0 $IDB \
		hop 0000000000000002 2>&1)" "meshctl: route add: too many routes"
	is "... in a batch as well" "$(echo "$IDB hop 0000000000000002" |
		mc "$M" route batch mesh0 - 2>&1)" \
		"meshctl: route batch: too many routes"
	check "... but not if another goes" mc "$M" route batch mesh0 - <<-BATCH
		$IDB hop 0000000000000002
		0000000000000100 gone
	BATCH
	is "... there are as many" "$(field "$M" length route list mesh0)" 16384
	sed 's/ .*/ gone/' "$T/many" | sed 1d | split -l 3000 - "$T/gone."
	for i in "$T"/gone.*; do mc "$M" route batch mesh0 "$i"; done
	is "all but one are gone again" "$(field "$M" \
		'"\(length) \(.[0].node)"' route list mesh0)" "1 $IDB"
}

# 600 sessions, a path each: dumps of many messages, each object once.
dumps() {
	local n=600 i batch=$T/batch children

	for ((i = 1; i <= n; i++)); do
		printf '[Session]\nNode = %016x\nPath = remote 10.9.%d.%d:9\n' \
			$((0x1000 + i)) $((i / 250)) $((i % 250 + 1))
	done >"$batch"
	mc "$A" showconf mesh0 >"$T/conf"
	cat "$batch" >>"$T/conf"
	check "600 sessions are made" mc "$A" syncconf mesh0 "$T/conf"
	is "a long dump has every session once" "$(field "$A" \
		'[.[].node] | unique | length' session list mesh0)" $((n + 1))
	is "and none twice" "$(field "$A" length session list mesh0)" $((n + 1))
	is "a long dump has every path once" \
		"$(field "$A" length path list mesh0)" $n
	mapfile -t children < <(printf 'child\n%016x\n' \
		$(seq $((0x1001)) $((0x1000 + n))))
	check "an origin of 600 children is made" \
		mc "$A" origin add mesh0 0000000000000005 "${children[@]}"
	is "it is in a dump that began with a small message" \
		"$(SMALL=1 ask dump:get origin)" ok
	is "and has all of them" "$(field "$A" \
		'.[] | select(.node == "0000000000000005").child | length' \
		origin list mesh0)" $n
}

# paused WHAT WANTED COMMAND: a dump during which COMMAND is run
paused() {
	is "a dump during which $1" \
		"$(BETWEEN=$3 ask pause:get path)" "$2"
}

# What makes a dump's beginning and its end differ, and what does not.
interrupted() {
	local ends b

	b="ip netns exec $B"
	session "$B" $IDA
	path "$B" $IDA 10.1.0.1:23731
	path "$A" $IDB 10.1.0.2:23731
	rekey "$A" $IDA "$B" $IDB
	check "the nodes talk" wait_for 5 path_up "$A" $IDB
	paused "nothing happens" ok true
	paused "a path is changed" interrupted \
		"$MESHCTL path set mesh0 $IDB 1 rate 1M"
	paused "the link is changed" interrupted \
		"ip link set mesh0 type meshlan lanes 2"
	paused "an entry is made by bridge" interrupted \
		"bridge fdb add 02:00:00:00:00:77 dev mesh0 self dst ::bb"
	paused "an entry is deleted by bridge" interrupted \
		"bridge fdb del 02:00:00:00:00:77 dev mesh0 self"
	paused "another device is made" ok "ip link add mesh9 type meshlan"
	ip -n "$A" link del mesh9
	paused "an address is learned" ok \
		"$b ip link set mesh0 address 02:00:00:00:00:78
		$b ping -q -c 1 -W 1 192.168.9.1 >/dev/null
		bridge fdb show dev mesh0 | grep -q 02:00:00:00:00:78"
	ends=$(($(date +%s) + 3))
	mc "$A" session set mesh0 $IDB expires "$ends"
	paused "keys end with their time" interrupted \
		"until $MESHCTL -j key list mesh0 $IDB | grep -qx '\[\]'; do
			sleep 0.2
		done"
}

# The events of a session's life, in order and without a gap in the numbers.
events() {
	local before

	before=$(field "$A" .generation dev show mesh0)
	mc "$A" -j monitor >"$T/events" &
	at_end "kill $!"
	sleep 0.5
	session "$B" $IDA
	path "$B" $IDA 10.1.0.1:23731
	mc "$A" path del mesh0 $IDB 1
	path "$A" $IDB 10.1.0.2:23731
	rekey "$A" $IDA "$B" $IDB
	wait_for 5 path_up "$A" $IDB
	addresses "$A" 1
	addresses "$B" 2
	in_ns "$A" ping -q -c 1 -W 2 192.168.9.2 >/dev/null
	wait_for 3 grep -q fdb-add "$T/events"
	mc "$B" session del mesh0 $IDA
	wait_for 5 grep -q path-down "$T/events"
	mc "$A" session del mesh0 $IDB
	wait_for 3 grep -q fdb-del "$T/events"
	is "the events of a session's life" "$(jq -r 'select(.type != "path-stats")
		| .type' "$T/events" | uniq | tr '\n' ' ')" \
		"path-up fdb-add path-down fdb-del "
	is "their numbers have no gap" "$(jq -s '[.[].generation] |
		. == [range(.[0]; .[0] + length)]' "$T/events")" true
	is "and follow those before" \
		"$(jq -s '.[0].generation' "$T/events")" $((before + 1))
	taken new session node=u64:0xbb
}

claims() {
	mc "$A" dev claim mesh0 sleep 1000 &
	local claimer=$!

	claimed() { [ -n "$(field "$A" '.claimed_by // .claim_pid // empty' \
		dev show mesh0)" ]; }
	check "a device is claimed" wait_for 5 claimed
	is "another writer is refused" \
		"$(ask new session node=u64:0xcd | cut -d' ' -f1)" EBUSY
	check "and told whose it is" grep -q "process [0-9]" \
		<<<"$(ask new session node=u64:0xcd)"
	taken get session node=u64:0xbb
	mc "$A" -j monitor >"$T/lost" &
	at_end "kill $!"
	sleep 0.5
	kill -9 "$(field "$A" '.claimed_by // .claim_pid' dev show mesh0)"
	wait $claimer 2>/dev/null
	unclaimed() { ! claimed; }
	check "death of the claimer ends the claim" wait_for 5 unclaimed
	check "and an event says so" wait_for 5 grep -q owner-lost "$T/lost"
	taken new session node=u64:0xcd
}

rights() {
	local c

	for c in dev session key path route origin fdb; do
		value CMD $c-get
		is "nobody may not dump $c" "$(in_a setpriv \
			--reuid 65534 --clear-groups "$nlattr" "dump:$REPLY" |
			cut -d' ' -f1)" EPERM
	done
	value CMD event
	for ((c = 2; c < REPLY; c++)); do
		is "nobody may not send command $c" "$(in_a setpriv \
			--reuid 65534 --clear-groups "$nlattr" $c 1=dev:mesh0 |
			cut -d' ' -f1)" EPERM
	done
	# Administrator of a namespace, but not of the one with the sockets.
	ip -n "$A" link add mesh1 type meshlan
	in_ns "$A" unshare -Urn sh -c 'echo $$; exec sleep 1000' >"$T/pid" &
	wait_for 5 test -s "$T/pid"
	at_end "kill $(cat "$T/pid")"
	ip -n "$A" link set mesh1 netns "$(cat "$T/pid")"
	is "rights where the device is do not reach its sockets" \
		"$(nsenter -t "$(cat "$T/pid")" -U -n --preserve-credentials \
		"$nlattr" 5 1=dev:mesh1 3=u64:7 | cut -d' ' -f1)" EPERM
}

setup_ns A B
veth "$A" wire "$B" wire
node "$A" $IDA
node "$B" $IDB
devices
sessions
keys
paths
entries
routes
batches
many_routes
events
dumps
interrupted
claims
rights
