#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The underlay changes under running daemons: a LAN without the WAN, one family
# cut, an address, a port, a cable or a route that is another one. Each time
# frames pass again in time, and each node has one record of the other. Then
# what is done to the device itself, and names in place of addresses.
# Arguments choose some of the parts.
# meshlan-test: time=300 mem=400M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

declare -A ADDR=()

# --- two nodes and a router -------------------------------------------------

# A cable to the router, where the default routes go.
uplink() { # HOST DEV N [METRIC]
	local ns=${NS[$1]}

	veth "$ns" "$2" "$R" "$1-$2" "$3" || return
	ip -n "$ns" route add default via "10.$3.0.2" metric "${4:-100}"
	ip -n "$ns" route add default via "fd00:$3::2" metric "${4:-100}"
}

router() {
	setup_ns R
	in_ns "$R" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
}

# a at 10.1.0.1 and fd00:1::1, b at 10.2.0.1 and fd00:2::1; b has joined.
meshed() { # [LINE-OF-CONFIGURATION...]
	local name

	router
	hosts a b
	uplink a eth0 1
	uplink b eth0 2
	for name in a b; do
		conf "$name" "$@"
		daemon "$name" ${SAY:+--log-level debug}
	done
	ctl b join "$(value a .token init name a)" name b >/dev/null 2>&1 ||
		bail "b does not join"
	for name in a b; do ADDR[$name]=$(address "$name"); done
	wait_for 10 reaches a b || bail "a does not reach b"
}

reaches() { # FROM TO
	on "$1" ping -q -c 1 -W 1 "${ADDR[$2]}"
}

# Everything ends; what only one part makes is not in the way of the next.
over() {
	local name i

	for name in "${!DAEMON[@]}"; do
		[ -z "$SAY" ] || diag "$name:
$(cat "$T/$name/log")"
		kill_daemon "$name" -TERM
	done
	for ((i = ${#at_end_list[@]} - 1; i >= 0; i--)); do
		case ${at_end_list[i]} in
		"ip netns del "*) eval "${at_end_list[i]}" >/dev/null 2>&1 ;;
		"kill ${stall_pid-}") continue ;;
		esac
		unset "at_end_list[i]"
	done
	at_end_list=("${at_end_list[@]}")
	rm -rf "$T/a" "$T/b"
	NS=() DAEMON=()
}

# --- how long nothing came through ------------------------------------------

flow() { # FROM TO
	on "$1" ping -D -i 0.01 "${ADDR[$2]}" >"$T/flow" 2>"$T/flow.err" &
	flow_pid=$!
	wait_for 5 flows
	sleep 1
	stall_reset
}

flows() { [ "$(replies)" -gt 10 ]; }
replies() { grep -c ' bytes from ' "$T/flow"; }

# COMMAND happens, and frames come again; the longest time without a reply.
gap() { # COMMAND...
	local before

	sleep 0.2
	before=$(replies)
	"$@"
	sleep 2
	wait_for 30 flows_since $((before + 50))
	sleep 0.5
}

flows_since() { [ "$(replies)" -gt "$1" ]; }

longest() {
	kill -INT $flow_pid
	wait $flow_pid
	awk -F '[][]' '/ bytes from / {
		if (last && $2 - last > most)
			most = $2 - last
		last = $2
	} END { printf "%d\n", most * 1000 }' "$T/flow"
}

# The test of an event under traffic: never silent for more than a second.
back() { # NAME COMMAND...
	local name=$1

	shift
	flow a b
	if [ -n "$SAY" ]; then
		mons=; for n in a b; do ip netns exec ${NS[$n]} meshctl monitor timestamps >$T/mon.$n 2>&1 & mons="$mons $!"; done
		sleep 1
		echo "event at $EPOCHREALTIME"
	fi
	[ -z "$SAY" ] || { for i in 1 2 3 4 5 6 7 8 9 10 11 12 ; do echo "$EPOCHREALTIME $(replies)"; for n in a b; do ip netns exec ${NS[$n]} meshctl path list mesh0; ip netns exec ${NS[$n]} ethtool -S mesh0 | grep -v ': 0$' | tr -s ' \n' ' '; ip -n ${NS[$n]} neigh ;ip netns exec ${NS[$n]} meshctl -j session list mesh0| cut -c 1-300;  done; sleep 0.2; done >$T/lists & }
	gap "$@"
	[ -z "$SAY" ] || { cat $T/lists; sort $T/flow.err | uniq -c; grep -v 'bytes from' $T/flow | head; }
	timed "$name" 1000 "$(longest)"
	if [ -n "$SAY" ]; then
	kill $mons; for n in a b; do echo "monitor $n"; cat $T/mon.$n; done
	awk -F '[][]' '/ bytes from / { if (last && $2-last > 0.2) print last, $2; last = $2 }' $T/flow
	fi
	check "$name: frames pass" wait_for 3 reaches b a
	one_record "$name"
}

one_record() { # NAME
	is "$1: one peer each" "$(value a length peers) $(value b length peers)" \
		"1 1"
	is "$1: two nodes each" "$(value a length nodes) $(value b length nodes)" \
		"2 2"
}

# --- paths ------------------------------------------------------------------

id() { value "$1" .node status; }

# What leads from one to the other, and is up.
ups() { # FROM TO
	value "$1" '.[] | select(.state == "up") |
		.remote_ipv4 // .remote_ipv6' path list mesh0 "$(id "$2")"
}

leads() { ups "$1" "$2" | grep -q "$3"; } # FROM TO PATTERN
leads_not() { ! leads "$@"; }

family_cut() { # FAMILY
	in_ns "$R" nft -f - <<-NFT
		table inet cut {
			chain forward {
				type filter hook forward priority 0;
				meta nfproto $1 ${2-} counter drop
			}
		}
	NFT
}

mend() { in_ns "$R" nft delete table inet cut; }

lan_alone() {
	meshed
	for name in a b; do ip -n "${NS[$name]}" link set eth0 down; done
	check "LAN: the WAN is down" wait_for 10 not reaches a b
	lan eth1 9 a b
	within "LAN: found without WAN" 5000 reaches a b
	check "LAN: by its addresses" wait_for 5 leads a b "10.9\|fd00:9"
	one_record LAN
	for name in a b; do
		kill_daemon "$name" -TERM
		ip -n "${NS[$name]}" link del mesh0
		ip -n "${NS[$name]}" link del eth1
	done
	lan eth2 8 b a
	for name in a b; do daemon "$name"; done
	within "LAN: found after a restart elsewhere" 5000 reaches a b
	check "LAN: by its other addresses" wait_for 5 leads a b "10.8\|fd00:8"
	one_record "LAN: restart"
	over
}

# Keys are made by the control connection: where they change, it lives.
key() { value "$1" '.[] | select(.state == "transmit") | .index' key list mesh0 "$(id "$2")"; }
xx() { for n in a b; do echo "-- $n"; ctl $n path list mesh0; ctl $n peers; ctl $n -j peers;  done; }
rekeyed() { [ "$(key a b)" != "$1" ]; }

cuts() {
	local family other

	meshed '[sessions]' 'rekey = 3s'
	for family in ipv4 ipv6; do
		back "$family cut" family_cut $family
		xx
		check "$family cut: new keys are made" wait_for 20 rekeyed "$(key a b)"
		mend
		check "$family restored" wait_for 90 both_families
	done
	over
}

both_families() { leads a b '\.' && leads a b : && leads b a '\.' && leads b a :; }

one_way() {
	meshed
	back "one way cut, v4" family_cut ipv4 "ip saddr 10.1.0.0/16"
	mend
	check "restored" wait_for 90 both_families
	back "the other way cut, v6" family_cut ipv6 "ip6 saddr fd00:2::/32"
	mend
	over
}

readdress() { # HOST N HOSTPART
	local ns=${NS[$1]}

	ip -n "$ns" addr flush dev eth0 scope global
	ip -n "$ns" addr add "10.$2.0.$3/24" dev eth0
	ip -n "$ns" addr add "fd00:$2::$3/64" dev eth0 nodad
	ip -n "$ns" route replace default via "10.$2.0.2" metric 100
	ip -n "$ns" route replace default via "fd00:$2::2" metric 100
}

address_change() {
	meshed
	back "address of the joiner" readdress b 2 7
	check "address of the joiner: known" wait_for 5 leads a b "10.2.0.7\|fd00:2::7"
	back "address of the first" readdress a 1 9
	check "address of the first: known" wait_for 5 leads b a "10.1.0.9\|fd00:1::9"
	over
}

only_v4() { # DEV...
	local dev

	for dev; do
		ip -n "${NS[a]}" -6 addr flush dev "$dev" scope global
		ip -n "${NS[b]}" -6 addr flush dev "$dev" scope global
	done 2>/dev/null
}

nat_port() { # PORT
	in_ns "$R" nft -f - <<-NFT
		table ip nat
		delete table ip nat
		table ip nat {
			chain out {
				type filter hook forward priority 0;
				ip saddr 10.1.0.1 udp sport 23731 udp sport set $1 ip saddr set 10.2.0.2
			}
			chain in {
				type filter hook prerouting priority -300;
				ip daddr 10.2.0.2 udp dport $1 udp dport set 23731 ip daddr set 10.1.0.1
			}
		}
	NFT
}

port_change() {
	meshed
	only_v4 eth0
	nat_port 40001
	check "NAT: through it" wait_for 20 leads b a 10.2.0.2
	back "another port of the NAT" nat_port 40002
	over
}

cable_moves() {
	ip -n "${NS[a]}" link set eth0 down
	uplink a eth1 3
}

interface_change() {
	meshed
	back "the cable moves" cable_moves
	check "the cable moves: known" wait_for 5 leads b a "10.3.0.1\|fd00:3::1"
	over
}

second_interface() {
	meshed
	uplink a eth1 3 200
	check "second interface: paths by themselves" wait_for 10 leads b a "10.3.0.1"
	sleep 3
	ctl a path list mesh0
	ctl b path list mesh0
	back "the first pulled" ip -n "$R" link set a-eth0 down
	over; return
	ip -n "$R" link set a-eth0 up
	check "and back" wait_for 90 leads b a 10.1.0.1
	over
}

default_route() {
	meshed
	uplink a eth1 3 200
	check "default: paths by themselves" wait_for 10 leads b a "10.3.0.1"
	back "default route" swap_default
	over
}

swap_default() {
	ip -n "${NS[a]}" route del default via 10.1.0.2
	ip -n "${NS[a]}" route del default via fd00:1::2
}

linklocal() {
	local sw

	meshed
	for name in a b; do ip -n "${NS[$name]}" link set eth0 down; done
	setup_ns sw
	ip -n "$sw" link add lan type bridge
	ip -n "$sw" link set lan up
	for name in a b; do
		ip -n "${NS[$name]}" link add eth1 type veth peer name "p$name" netns "$sw"
		ip -n "$sw" link set "p$name" master lan up
		ip -n "${NS[$name]}" link set eth1 up
	done
	within "link-local: found" 5000 reaches a b
	ctl a path list mesh0
	one_record "link-local"
	over
}

neighbours() { ip -n "${NS[$1]}" -j neigh show dev mesh0 | jq -r '.[] | select(.state[0] == "NOARP" or .state[0] == "PERMANENT") | .dst' | sort; }
mesh_addresses() { ip -n "${NS[$1]}" -j addr show dev mesh0 scope global | jq -r '.[].addr_info[].local // empty' | sort; }

down_up() {
	meshed
	ip -n ${NS[a]} neigh show dev mesh0
	n=$(neighbours a) m=$(mesh_addresses a)
	check "there are neighbours" test -n "$n"
	ip -n "${NS[a]}" link set mesh0 down
	sleep 0.5
	ip -n "${NS[a]}" link set mesh0 up
	sleep 3
	is "down up: neighbours" "$(neighbours a)" "$n"
	is "down up: addresses" "$(mesh_addresses a)" "$m"
	check "down up: frames" wait_for 10 reaches a b
	ip -n "${NS[a]}" link del mesh0
	sleep 1
	ctl a status
	ctl a doctor
	tail -5 $T/a/log
	over
}

inside() {
	meshed
	mesh=$(address b)
	conf a '[peers]' "peer = [${mesh%:*}:1]:23731"
	ctl a reload
	sleep 1
	ctl a peers
	ip -n "${NS[a]}" addr add "${mesh%:*}:2/64" dev eth0 nodad
	sleep 1
	tail -5 $T/a/log
	ctl a doctor
	over
}

SAY=${SAY-}
for part in ${*:-lan_alone cuts one_way address_change port_change interface_change second_interface default_route linklocal down_up inside}; do echo "### $part"; $part; done
