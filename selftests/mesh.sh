# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash
# meshlan-test: library
#
# Nodes for the shell tests, each a device "mesh0" in a namespace of its own.
#
#	node NS ID [OPTION...]		make a device; OPTIONs of "dev add"
#	session NS ID			a session with the node ID
#	rekey NS ID NS ID [CIPHER [LANES]]
#					new keys at both nodes, and use them
#	path NS ID ADDRESS [OPTION...]	a path to the node ID; OPTIONs of
#					"path add"
#	pair CIPHER [LANES]		two nodes, A and B, over one cable: their
#					namespaces in $A and $B, ids in $IDA and
#					$IDB, inner addresses 192.168.9.1 and .2,
#					fd09::1 and ::2
#	silence				from now on A and B send only what the
#					test sends: no IPv6, and no ARP
#	path_up NS ID			is a path to ID up
#	drops NS CAUSE			how often the device dropped for CAUSE
#	field NS JQ COMMAND...		a value from meshctl's JSON
#	heard DEV NS... -- COMMAND...	how many frames of the program "frames" come
#					in by DEV in each NS while COMMAND runs
#	rate KBITS			the same, or what a slower machine carries

# A machine with all detectors carries this much less before it drops.
case ${KERNEL:-} in
debug) SLOWER=20 ;;
*) SLOWER=1 ;;
esac
MESHCTL=$TOP/build/tools/meshctl
IDA=00000000000000aa
IDB=00000000000000bb
# shellcheck disable=SC2034 # used by the tests
CIPHERS="chacha20-poly1305 aes-256-gcm"

rate() { echo "$(($1 / SLOWER))K"; }

mc() { # NS ARGUMENT...
	local ns=$1

	shift
	ip netns exec "$ns" "$MESHCTL" "$@"
}

field() { # NS JQ ARGUMENT...
	local ns=$1 jq=$2

	shift 2
	mc "$ns" -j "$@" | jq -r "$jq"
}

node() { # NS ID [OPTION...]
	local ns=$1 id=$2

	shift 2
	mc "$ns" dev add mesh0 node "$id" "$@" &&
		ip -n "$ns" link set mesh0 up
}

session() { mc "$1" session add mesh0 "$2"; }

path() { # NS ID ADDRESS [OPTION...]
	local ns=$1 id=$2 remote=$3

	shift 3
	mc "$ns" path add mesh0 "$id" remote "$remote" "$@" >/dev/null
}

# key_set NS PEER INDEX PEER-INDEX PEER-NONCE CIPHER LANES < SECRET
key_set() {
	mc "$1" key set mesh0 "$2" "$3" peer-index "$4" peer-nonce "$5" \
		cipher "$6" ${7:+lanes "$7"} secret-file -
}

rekey() { # NS ID NS ID [CIPHER [LANES]]
	local a=$1 ida=$2 b=$3 idb=$4 cipher=${5:-chacha20-poly1305} lanes=${6:-}
	local secret ka kb ia ib na nb

	secret=$("$MESHCTL" genkey)
	ka=$(mc "$a" -j key new mesh0 "$idb") || return
	kb=$(mc "$b" -j key new mesh0 "$ida") || return
	ia=$(jq -r .index <<<"$ka") na=$(jq -r .nonce <<<"$ka")
	ib=$(jq -r .index <<<"$kb") nb=$(jq -r .nonce <<<"$kb")
	key_set "$a" "$idb" "$ia" "$ib" "$nb" "$cipher" "$lanes" \
		<<<"$secret" || return
	key_set "$b" "$ida" "$ib" "$ia" "$na" "$cipher" "$lanes" \
		<<<"$secret" || return
	mc "$a" key use mesh0 "$idb" "$ia" &&
		mc "$b" key use mesh0 "$ida" "$ib"
}

path_up() { # NS ID
	[ "$(field "$1" '[.[] | select(.state == "up")] | length' \
		path list mesh0 "$2")" -gt 0 ]
}

drops() { # NS CAUSE
	ethtool_counter "$1" "drop_${2//-/_}"
}

ethtool_counter() { # NS NAME
	ip netns exec "$1" ethtool -S mesh0 | awk -v n="$2:" '$1 == n { print $2 }'
}

addresses() { # NS N
	ip -n "$1" addr add "192.168.9.$2/24" dev mesh0
	ip -n "$1" addr add "fd09::$2/64" dev mesh0 nodad
}

pair() { # [CIPHER [LANES]]
	setup_ns A B
	veth "$A" wire "$B" wire
	node "$A" $IDA && node "$B" $IDB || bail "devices are made"
	session "$A" $IDB && session "$B" $IDA || bail "sessions are made"
	rekey "$A" $IDA "$B" $IDB "$@" || bail "keys are set"
	path "$A" $IDB 10.1.0.2:23731 && path "$B" $IDA 10.1.0.1:23731 ||
		bail "paths are added"
	wait_for 5 path_up "$A" $IDB || bail "the path comes up at A"
	wait_for 5 path_up "$B" $IDA || bail "the path comes up at B"
	addresses "$A" 1
	addresses "$B" 2
}

silence() {
	local ns

	for ns in "$A" "$B"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
		ip -n "$ns" link set mesh0 arp off
	done
	ip -n "$A" neigh replace 192.168.9.2 dev mesh0 nud permanent lladdr \
		"$(ip -n "$B" -j link show mesh0 | jq -r '.[0].address')"
	ip -n "$B" neigh replace 192.168.9.1 dev mesh0 nud permanent lladdr \
		"$(ip -n "$A" -j link show mesh0 | jq -r '.[0].address')"
}

heard() { # DEV NS... -- COMMAND...
	local dev=$1 list=() pids=() ns

	shift
	while [ "$1" != -- ]; do list+=("$1") && shift; done
	shift
	for ns in "${list[@]}"; do
		rm -f "$T/heard-$ns"
		# Not by in_ns: a function would be a process of its own.
		ip netns exec "$ns" tcpdump --immediate-mode -U -i "$dev" -Q in \
			-w "$T/heard-$ns" ether proto 0x88b5 >/dev/null 2>&1 &
		pids+=($!)
		wait_for 5 test -s "$T/heard-$ns"
	done
	"$@"
	sleep 0.5
	kill "${pids[@]}"
	wait "${pids[@]}"
	for ns in "${list[@]}"; do
		tcpdump -enr "$T/heard-$ns" 2>/dev/null |
			grep -c 'ethertype.*0x88b5'
	done | paste -sd' '
}
