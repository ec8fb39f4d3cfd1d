# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash
#
# The stacks that the benchmark compares, all at the same time over one veth
# pair between the namespaces $A and $B. Stack number N has the inner addresses
# 10.77.N.1 and 10.77.N.2 and is made by the function stack_NAME with - for _.
#
#	stacks_underlay		the namespaces and the veth pair
#	stack_make NAME		one stack, both ends, until it answers
#	stack_mtu NAME common|native
#	offloads on|off		of every device

A=bench-a
B=bench-b
STACKS="veth vxlan wireguard vxlan-wireguard batman meshlan-chacha meshlan-aes"
COMMON_MTU=1320	# fits through all of them on an underlay of 1500 bytes

declare -A stack_device native_mtu

stack_number() { # NAME
	local n=1 s

	for s in $STACKS; do
		[ "$s" != "$1" ] || { echo $n && return; }
		n=$((n + 1))
	done
	return 1
}

in_ns() { ip netns exec "$@"; } # NAMESPACE COMMAND...

address() { echo "10.77.$(stack_number "$1").$2"; } # NAME END


# Run ip in both namespaces; {me} and {you} stand for the ends' numbers.
each_end() { # IP-ARGUMENT...
	local args

	args=("${@//\{me\}/1}")
	ip -n $A "${args[@]//\{you\}/2}" || return
	args=("${@//\{me\}/2}")
	ip -n $B "${args[@]//\{you\}/1}"
}

stacks_underlay() {
	ip netns add $A && ip netns add $B || return
	# Inner devices must not talk by themselves.
	in_ns $A sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	in_ns $B sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip -n $A link add va type veth peer name vb netns $B || return
	ip -n $A link set va name under && ip -n $B link set vb name under &&
		each_end addr add '10.77.0.{me}/24' dev under &&
		each_end link set lo up && each_end link set under up
}

stack_make() { # NAME
	local number device

	number=$(stack_number "$1") || return
	device=s$number
	stack_device[$1]=$device
	"stack_${1//-/_}" "$device" "$number" || return
	[ "$1" = veth ] ||
		each_end addr add "10.77.$number.{me}/24" dev "$device" || return
	each_end link set "$device" up || return
	native_mtu[$1]=$(ip -n $A -j link show "$device" | jq '.[0].mtu')
	stack_answers "$1"
}

# Handshakes and neighbour discovery belong to the setting up.
stack_answers() { # NAME
	local i

	for ((i = 0; i < 100; i++)); do
		in_ns $A ping -c 1 -W 0.2 -q "$(address "$1" 2)" \
			>/dev/null && return
	done
	echo "stack $1 does not answer" >&2
	return 1
}

# The underlay itself, under the name of a stack.
stack_veth() { # DEVICE NUMBER
	each_end link property add dev under altname "$1" &&
		each_end addr add "10.77.$2.{me}/24" dev under
}

vxlan() { # DEVICE VNI LOCAL-PREFIX DEVICE-BELOW
	each_end link add "$1" type vxlan id "$2" dstport 4789 \
		local "$3.{me}" remote "$3.{you}" dev "$4"
}

stack_vxlan() { vxlan "$1" "$2" 10.77.0 under; }

wireguard() { # DEVICE PORT
	local a b

	a=$(wg genkey) b=$(wg genkey)
	each_end link add "$1" type wireguard &&
		wireguard_end $A "$1" "$2" "$a" "$b" 10.77.0.2 &&
		wireguard_end $B "$1" "$2" "$b" "$a" 10.77.0.1
}

wireguard_end() { # NAMESPACE DEVICE PORT KEY OTHERS-KEY OTHERS-ADDRESS
	in_ns "$1" wg set "$2" listen-port "$3" private-key <(echo "$4") \
		peer "$(wg pubkey <<<"$5")" allowed-ips 10.0.0.0/8 endpoint "$6:$3"
}

stack_wireguard() { wireguard "$1" "5180$2"; }

# A VXLAN named $1 over a WireGuard of its own.
stack_vxlan_wireguard() { # DEVICE NUMBER
	wireguard "w$2" "5180$2" &&
		each_end addr add "10.77.10$2.{me}/24" dev "w$2" &&
		each_end link set "w$2" up &&
		vxlan "$1" "$2" "10.77.10$2" "w$2"
}

stack_batman() { # DEVICE NUMBER
	stack_vxlan_wireguard "v$2" "$2" &&
		each_end link add "$1" type batadv &&
		each_end link set "v$2" master "$1" &&
		each_end link set "v$2" up
}

# The underlay's MTU is everybody's, so its own row is made by a route.
stack_mtu() { # NAME common|native
	local mtu=$COMMON_MTU number

	number=$(stack_number "$1")
	[ "$2" = common ] || mtu=${native_mtu[$1]}
	if [ "$1" = veth ]; then
		each_end route replace "10.77.$number.0/24" dev under \
			src "10.77.$number.{me}" mtu lock "$mtu"
	else
		each_end link set "${stack_device[$1]}" mtu "$mtu"
	fi
}

offloads() { # on|off
	local ns dev feature

	for ns in $A $B; do
		for dev in $(ip -n "$ns" -j link show | jq -r '.[].ifname'); do
			[ "$dev" != lo ] || continue
			for feature in tx tso gso tx-udp-segmentation gro; do
				in_ns "$ns" ethtool -K "$dev" \
					$feature "$1" >/dev/null 2>&1
			done
		done
	done
	return 0
}
