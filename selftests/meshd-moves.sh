#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The underlay changes under running daemons: a LAN without the WAN, a family
# or one direction cut, an address, a port, a cable or a route that is another
# one. Each time frames pass again in time, and each node has one record of the
# other. Then what is done to the device itself, addresses that must not be
# used, and names in place of addresses. Arguments choose some of the parts.
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

# a at 10.1.0.1 and fd00:1::1, b at 10.2.0.1 and fd00:2::1; b has joined.
meshed() { # [LINE-OF-CONFIGURATION...]
	local name

	failed_before=$ktap_failed
	setup_ns R
	in_ns "$R" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	hosts a b
	uplink a eth0 1
	uplink b eth0 2
	for name in a b; do
		conf "$name" "$@"
		daemon "$name"
	done
	ctl b join "$(value a .token init name a 2>/dev/null)" name b \
		>"$T/join" 2>&1 || bail "b does not join: $(cat "$T/join")"
	for name in a b; do ADDR[$name]=$(address "$name"); done
	wait_for 10 reaches a b || bail "a does not reach b"
}

reaches() { # FROM TO
	on "$1" ping -q -c 1 -W 1 "${ADDR[$2]}"
}

stop() { # HOST...
	local name

	for name; do
		kill_daemon "$name" -TERM
		ip -n "${NS[$name]}" link del mesh0 2>/dev/null
	done
}

# Everything ends; what only one part makes is not in the way of the next.
over() {
	local name i

	for name in "${!DAEMON[@]}"; do
		[ $ktap_failed = "$failed_before" ] ||
			diag "$name:"$'\n'"$(cat "$T/$name/log")"
		kill_daemon "$name" -TERM 2>/dev/null
	done
	for ((i = ${#at_end_list[@]} - 1; i >= 0; i--)); do
		case ${at_end_list[i]} in
		"ip netns del "*) eval "${at_end_list[i]}" >/dev/null 2>&1 ;;
		"kill ${stall_pid-none}") continue ;;
		esac
		unset "at_end_list[i]"
	done
	at_end_list=("${at_end_list[@]}")
	rm -rf "$T/a" "$T/b"
	NS=() DAEMON=()
}

# --- what is seen -----------------------------------------------------------

id() { value "$1" .node status; }

# Where the paths lead that are up.
ups() { # FROM TO
	value "$1" '.[] | select(.state == "up") |
		.remote_ipv4 // .remote_ipv6' path list mesh0 "$(id "$2")"
}

leads() { ups "$1" "$2" | grep -q "$3"; } # FROM TO PATTERN

# By both families, both ways.
wide() { leads a b '\.' && leads a b : && leads b a '\.' && leads b a :; }

one_record() { # NAME
	is "$1: one peer each, two nodes each" \
		"$(value a length peers) $(value b length peers) $(value a \
			length nodes) $(value b length nodes)" "1 1 2 2"
}

replies() { grep -c ' bytes from ' "$T/flow"; }
flows() { [ "$(replies)" -gt "$1" ]; } # BEYOND

# The longest time without a reply, while COMMAND happened, in milliseconds.
gap() { # COMMAND...
	local pid

	on a ping -D -i 0.01 "${ADDR[b]}" >"$T/flow" 2>&1 &
	pid=$!
	wait_for 10 flows 50
	stall_reset
	"$@"
	sleep 1
	wait_for 30 flows $(($(replies) + 50))
	kill $pid
	wait $pid 2>/dev/null
	awk -F '[][]' '/ bytes from / {
		if (last && $2 - last > most)
			most = $2 - last
		last = $2
	} END { printf "%d\n", most * 1000 }' "$T/flow"
}

# Under traffic: back within a second, in both directions.
back() { # NAME COMMAND...
	local name=$1

	shift
	gap "$@" >"$T/gap"
	timed "$name: back within 1 s" 1000 "$(cat "$T/gap")"
	check "$name: the other way, too" wait_for 3 reaches b a
	one_record "$name"
}

# --- no WAN -----------------------------------------------------------------

wan_down() {
	local name

	for name in a b; do ip -n "${NS[$name]}" link set eth0 down; done
	wait_for 10 not reaches a b
}

lan_alone() {
	local name

	meshed
	check "LAN: without the WAN they lose each other" wan_down
	lan eth1 9 a b
	within "LAN: on a switch they find each other" 5000 reaches a b
	check "LAN: there" wait_for 5 leads a b "^10.9\|^fd00:9\|^fe80"
	one_record LAN
	stop a b
	for name in a b; do ip -n "${NS[$name]}" link del eth1; done
	lan eth2 8 b a
	for name in a b; do daemon "$name"; done
	within "LAN: after a restart on another" 5000 reaches a b
	check "LAN: there, too" wait_for 5 leads a b "^10.8\|^fd00:8\|^fe80"
	one_record "LAN, restart"
	over
}

link_local_only() {
	local name

	meshed
	wan_down
	lan eth1 9 a b
	for name in a b; do
		ip -n "${NS[$name]}" addr flush dev eth1 scope global
	done
	within "link-local: found by it" 5000 reaches a b
	check "link-local: no other" wait_for 5 leads b a "^fe80"
	one_record link-local
	over
}

# --- cuts -------------------------------------------------------------------

cut() { # RULE
	in_ns "$R" nft -f - <<-NFT
		table inet cut {
			chain forward {
				type filter hook forward priority 0;
				$1 drop
			}
		}
	NFT
}

# Keys are made over the connection: new ones show that it lives, too.
key() {
	value a '.[] | select(.state == "transmit") | .index' \
		key list mesh0 "$(id b)"
}

new_key() { [ "$(key)" != "$1" ]; }

family_cut() { # FAMILY RULE
	meshed '[sessions]' 'rekey = 3s'
	wait_for 10 wide
	back "$1 cut" cut "$2"
	sleep 3
	check "$1 cut: new keys" wait_for 20 new_key "$(key)"
	over
}

one_way_cut() {
	meshed
	wait_for 10 wide
	back "IPv4 cut one way" cut "ip saddr 10.1.0.0/16"
	in_ns "$R" nft delete table inet cut
	check "IPv4 mended: its path is back" wait_for 10 wide
	back "IPv6 cut the other way" cut "ip6 saddr fd00:2::/32"
	over
}

cuts() {
	family_cut IPv4 "meta nfproto ipv4"
	family_cut IPv6 "meta nfproto ipv6"
	one_way_cut
}

# --- another address, port, cable, route ------------------------------------

readdress() { # HOST N LAST
	local ns=${NS[$1]}

	ip -n "$ns" addr flush dev eth0 scope global
	ip -n "$ns" addr add "10.$2.0.$3/24" dev eth0
	ip -n "$ns" addr add "fd00:$2::$3/64" dev eth0 nodad
	ip -n "$ns" route replace default via "10.$2.0.2" metric 100
	ip -n "$ns" route replace default via "fd00:$2::2" metric 100
}

addresses() {
	meshed
	back "another address of b" readdress b 2 7
	check "another address of b: known" \
		wait_for 5 leads a b "^10.2.0.7\|^fd00:2::7"
	back "another address of a" readdress a 1 9
	check "another address of a: known" \
		wait_for 5 leads b a "^10.1.0.9\|^fd00:1::9"
	over
}

# NAT that gives a the router's address, and a port; there is no state that
# could outlive it.
nat() { # PORT
	in_ns "$R" nft -f - <<-NFT
		table ip nat
		delete table ip nat
		table ip nat {
			chain out {
				type filter hook forward priority 0;
				ip saddr 10.1.0.1 udp sport 23731 \
					udp sport set $1 ip saddr set 10.2.0.2
			}
			chain in {
				type filter hook prerouting priority -300;
				ip daddr 10.2.0.2 udp dport $1 \
					udp dport set 23731 \
					ip daddr set 10.1.0.1
			}
		}
	NFT
}

port() {
	local name

	meshed
	for name in a b; do
		ip -n "${NS[$name]}" -6 addr flush dev eth0 scope global
	done
	nat 40001
	check "NAT: found through it" wait_for 20 leads b a "^10.2.0.2"
	back "another port of the NAT" nat 40002
	over
}

move_cable() {
	ip -n "${NS[a]}" -batch - <<-END
		link set eth0 down
		link set eth1 up
		route add default via 10.3.0.2
		route add default via fd00:3::2
	END
}

cable() {
	meshed
	veth "${NS[a]}" eth1 "$R" a-eth1 3
	ip -n "${NS[a]}" link set eth1 down
	ip -n "${NS[a]}" addr add fd00:3::1/64 dev eth1 nodad
	wait_for 10 wide
	back "the cable moves" move_cable
	check "the cable moves: known" \
		wait_for 5 leads b a "^10.3.0.1\|^fd00:3::1"
	over
}

both_cables() { leads b a "^10.3.0.1" && leads b a "^fd00:3::1"; }

# Of a's paths with a source each, as many as b knows addresses of a.
no_twins() {
	[ "$(ups a b | wc -l) $(ups b a | wc -l)" = "4 4" ]
}

second_cable() {
	meshed
	uplink a eth1 3 200
	check "a second interface: paths by it" wait_for 10 both_cables
	check "a second interface: as many paths here as there" \
		wait_for 10 no_twins
	back "the first one's cable is pulled" ip -n "$R" link set a-eth0 down
	over
}

drop_default() {
	ip -n "${NS[a]}" route del default via 10.1.0.2
	ip -n "${NS[a]}" route del default via fd00:1::2
}

default_route() {
	meshed
	uplink a eth1 3 200
	check "two default routes: paths by both" wait_for 10 both_cables
	back "another default route" drop_default
	over
}

# --- the device -------------------------------------------------------------

neighbours() {
	ip -n "${NS[a]}" -j neigh show dev mesh0 nud permanent |
		jq -r '.[] | .dst + " " + .lladdr' | sort
}

mesh_addresses() {
	ip -n "${NS[a]}" -j addr show dev mesh0 scope global |
		jq -r '.[].addr_info[].local // empty' | sort
}

device_has() { # NEIGHBOURS ADDRESSES
	[ "$(neighbours)" = "$1" ] && [ "$(mesh_addresses)" = "$2" ]
}

deletion_told() {
	value a '.warnings[]' status | grep -q "device mesh0 was deleted" &&
		grep -q "device mesh0 was deleted" "$T/a/log"
}

device() {
	local neighbours addresses

	meshed
	neighbours=$(neighbours) addresses=$(mesh_addresses)
	check "the device has neighbours" grep -q "${ADDR[b]}" <<<"$neighbours"
	ip -n "${NS[a]}" link set mesh0 down
	ip -n "${NS[a]}" link set mesh0 up
	check "down and up: it has them, and its addresses" \
		wait_for 5 device_has "$neighbours" "$addresses"
	check "down and up: frames pass" wait_for 5 reaches a b
	ip -n "${NS[a]}" link del mesh0
	check "deleted: told" wait_for 5 deletion_told
	over
}

# --- addresses inside the mesh ----------------------------------------------

refused_peer() {
	value a '.[] | select(.node == null) | .error' peers |
		grep -q "inside the mesh itself"
}

inside() {
	local prefix

	meshed
	prefix=${ADDR[b]%:*}
	conf a '[peers]' "peer = [$prefix:1]:23731"
	ctl a reload >/dev/null
	check "a peer inside the mesh: refused in words" \
		wait_for 5 refused_peer
	ip -n "${NS[a]}" addr add "$prefix:2/64" dev eth0 nodad
	check "an address inside the mesh: refused in words" \
		wait_for 5 grep -q "eth0 has $prefix:2, an address inside" \
		"$T/a/log"
	ctl a doctor >"$T/doctor"
	check "an address inside the mesh: doctor knows" \
		grep -q "$prefix:2 of eth0" "$T/doctor"
	ip -n "${NS[a]}" addr del "$prefix:2/64" dev eth0
	check "an address inside the mesh: the others work on" \
		wait_for 5 reaches a b
	over
}

# --- names ------------------------------------------------------------------

# Both start again where no address that they remember leads.
elsewhere() { # LAST LINE-OF-CONFIGURATION...
	local last=$1

	shift
	stop a b
	readdress a 1 "$last"
	readdress b 2 "$last"
	conf b '[peers]' "$@"
	daemon a
	daemon b
}

names() {
	local etc=/etc/netns

	meshed
	mkdir -p "$etc/${NS[b]}"
	echo "nameserver 10.2.0.2" >"$etc/${NS[b]}/resolv.conf"
	echo "10.1.0.5 a.example" >"$etc/${NS[b]}/hosts"
	at_end "rm -r $etc/${NS[b]}"
	in_ns "$R" nft -f - <<-NFT
		table inet silent {
			chain input {
				type filter hook input priority 0;
				meta l4proto { tcp, udp } th dport 53 drop
			}
		}
	NFT
	elsewhere 5 "peer = nobody.example" "peer = a.example"
	within "a name that nobody answers for: the daemon does" 1000 \
		ctl b peers
	check "a name in /etc/hosts: found" wait_for 10 reaches a b
	in_ns "$R" nft delete table inet silent
	in_ns "$R" dnsmasq --keep-in-foreground --conf-file=/dev/null \
		--user=root --no-resolv --no-hosts --listen-address=10.2.0.2 \
		--bind-interfaces --pid-file --host-record=a.lab,10.1.0.6 \
		--srv-host=_meshlan._udp.lab,a.lab,23731 2>"$T/dnsmasq" &
	at_end "kill $!"
	dns_pid=$!
	elsewhere 6 "srv = lab"
	check "an SRV record: found" wait_for 10 reaches a b
	kill $dns_pid
	one_record "names"
	rm -r "${etc:?}/${NS[b]}"
	over
}

if [ $# = 0 ]; then
	set -- lan_alone link_local_only cuts addresses port cable \
		second_cable default_route device inside names
fi
for part; do $part; done
