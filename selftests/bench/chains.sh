# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2034 # used by guest-mesh
#
# Chains of nodes, and the stacks that carry packets from one end to the other.
# A chain of R relays has R + 2 nodes, the namespaces chainR-1 and so on, and a
# veth pair between every two that follow one another: so "none" is one veth
# pair, and whatever a relay adds, it adds a veth pair as well. Node N of every
# chain has the address 10.77.0.N in meshlan, 10.78.0.N without any tunnel,
# 10.79.0.N in WireGuard, and if it is an end 10.81.0.N in VXLAN.
#
#	chain_make RELAYS	with all stacks, until they answer
#	chain_take RELAYS	what is measured from now on
#
# Sourced after stacks.sh, whose address() this replaces.

LAB=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../lab/lab")
CHAIN_STACKS="plain wireguard vxlan-wireguard meshlan"

declare -A chain_network=([meshlan]=77 [plain]=78 [wireguard]=79
	[vxlan-wireguard]=81)

chain_take() { # RELAYS
	relays=$1
	A=chain$1-1
	B=chain$1-$(($1 + 2))
}

address() { # STACK END: 1, or 2 for the last node
	local node=1

	[ "$2" = 1 ] || node=${B##*-}
	echo "10.${chain_network[$1]}.0.$node"
}

# The lab's addresses of link N, between the nodes N and N + 1.
link_address() { # LINK END: 0 or 1
	echo "100.64.0.$((2 * ($1 - 1) + $2))"
}

chain_make() { # RELAYS
	local n s last=$(($1 + 2))

	chain_take "$1"
	"$LAB" -n "chain$1" up nodes $last shape line || return
	for ((n = 1; n <= last; n++)); do
		chain_node $n || return
	done
	for ((n = 1; n < last; n++)); do
		chain_link $n || return
	done
	for ((n = 1; n <= last; n++)); do
		chain_forward $n $last || return
	done
	for s in $CHAIN_STACKS; do
		stack_answers "$s" || return
	done
}

chain_node() { # NODE
	local ns=chain$relays-$1

	# Inner devices must not talk by themselves.
	in_ns "$ns" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1 &&
		ip -n "$ns" link set mesh0 mtu "$COMMON_MTU" &&
		ip -n "$ns" addr add "10.78.0.$1/32" dev lo &&
		ip -n "$ns" addr add "10.79.0.$1/32" dev lo
}

# WireGuard on link N, and a VXLAN over it: the devices at each end are called
# after the node at the other.
chain_link() { # LINK
	local n=$1 next=$(($1 + 1)) a b

	a=$(wg genkey) b=$(wg genkey)
	chain_tunnel "$n" "$next" 0 "$a" "$b" "$n" &&
		chain_tunnel "$next" "$n" 1 "$b" "$a" "$n"
}

chain_tunnel() { # NODE OTHER END KEY OTHERS-KEY LINK
	local ns=chain$relays-$1 other=$((1 - $3))

	ip -n "$ns" link add "wg$2" type wireguard &&
		wireguard_end "$ns" "wg$2" "$((51900 + $6))" "$4" "$5" \
			"$(link_address "$6" $other)" &&
		ip -n "$ns" addr add "10.80.$6.$3/31" dev "wg$2" &&
		ip -n "$ns" link set "wg$2" up &&
		ip -n "$ns" link add "vx$2" type vxlan id "$6" dstport 4789 \
			local "10.80.$6.$3" remote "10.80.$6.$other" \
			dev "wg$2" &&
		ip -n "$ns" link set "vx$2" up
}

# Relays route, but bridge what comes in VXLAN; the ends have an address.
chain_forward() { # NODE LAST
	local ns=chain$relays-$1

	[ "$1" = "$2" ] || chain_routes "$1" $(($1 + 1)) "$2" \
		"$(link_address "$1" 1)" || return
	[ "$1" = 1 ] || chain_routes "$1" $(($1 - 1)) 1 \
		"$(link_address $(($1 - 1)) 0)" || return
	if [ "$1" = 1 ]; then
		chain_end "$ns" 1 vx2
	elif [ "$1" = "$2" ]; then
		chain_end "$ns" "$1" "vx$(($1 - 1))"
	else
		ip -n "$ns" link add bridge type bridge &&
			ip -n "$ns" link set "vx$(($1 - 1))" master bridge &&
			ip -n "$ns" link set "vx$(($1 + 1))" master bridge &&
			ip -n "$ns" link set bridge up
	fi
}

chain_end() { # NAMESPACE NODE DEVICE
	ip -n "$1" link set "$3" mtu "$COMMON_MTU" &&
		ip -n "$1" addr add "10.81.0.$2/24" dev "$3"
}

# What both kinds of forwarding need to reach an end of the chain.
chain_routes() { # NODE NEXT END ADDRESS-OF-NEXT
	local ns=chain$relays-$1

	ip -n "$ns" route add "10.78.0.$3" via "$4" src "10.78.0.$1" \
		mtu lock "$COMMON_MTU" &&
		ip -n "$ns" route add "10.79.0.$3" dev "wg$2" \
			src "10.79.0.$1" mtu lock "$COMMON_MTU"
}
