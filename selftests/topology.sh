#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Meshes of every shape are one Ethernet: each node reaches each other one, a
# broadcast comes to everybody once and costs one copy a node, also just after
# a link or a node has died; tables that contradict each other do no harm.
# meshlan-test: time=600 mem=2048M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

lab() { "$TOP/selftests/lab/lab" "$@"; }
at_end "lab down"

# The status of a ping or broadcast, and the pairs of nodes that it failed for.
failures() { # COMMAND...
	local rc=0

	"$@" >"$T/out" 2>"$T/err" || rc=$?
	echo "$rc $(jq -r '[.pairs[] | select(.came < .sent or .twice > 0) |
		"\(.from)>\(.to)"] | join(" ")' "$T/out")"
}

built() { # NAME NODES OPTION...
	local name=$1 nodes=$2

	shift 2
	check "$name: built" lab up nodes "$nodes" "$@" ||
		bail "without it there is nothing to test"
}

# From now on nobody floods but the test.
quiet() { # NODES
	local n

	for n in $(seq "$1"); do
		nsenter --net="/run/netns/lab-$n" \
			sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
	done
}

counted() { # COUNTER [NODE]
	lab -j counters "${@:2}" | jq --arg c "$1" \
		'[.[] | select(.counter == $c).value] | add // 0'
}

# Everybody hears everybody, once, for the least that it can cost. (A copy that
# goes twice over a path that is taken for lossy counts as one.)
floods() { # NAME NODES COUNT
	quiet "$2"
	is "$1: every broadcast comes to everybody once" \
		"$(failures lab -j broadcast count "$3")" "0 "
	is "$1: one copy a node" "$(jq -c '[.floods, .copies]' "$T/out")" \
		"[$(($2 * $3)),$(($2 * $3 * ($2 - 1)))]"
}

settled() { # NAME NODES COUNT OPTION...
	built "$1" "$2" "${@:4}" || return
	is "$1: all reach all" "$(failures lab -j ping)" "0 "
	floods "$1" "$2" "$3"
	lab down
}

# --- a death that the tables do not know ------------------------------------

# The mesh holds together without the link or node.
holds() { # LINK NODE
	lab topology | awk -v link="$1" -v dead="$2" '
	$1 == "nodes" { nodes = $2 - (dead > 0) }
	$1 == "link" && $2 != link {
		split($2, end, "-")
		if (end[1] != dead && end[2] != dead)
			list[++n] = end[1] " " end[2]
	}
	END {
		if (!n) exit 1
		split(list[1], end)
		seen[end[1]]
		for (found = 1; found != last; last = before) {
			before = found
			for (i = 1; i <= n; i++) {
				split(list[i], end)
				if ((end[1] in seen) != (end[2] in seen)) {
					seen[end[1]]; seen[end[2]]; found++
				}
			}
		}
		exit found != nodes
	}'
}

# Whether the paths between the two are down, after something was sent.
noticed() { # NODE NODE
	local a b

	printf -v a %016d "$1"
	printf -v b %016d "$2"
	lab broadcast from "$1" timeout 100 >/dev/null
	lab broadcast from "$2" timeout 100 >/dev/null
	not path_up "lab-$1" "$b" && not path_up "lab-$2" "$a"
}

# Nobody misses any, though some come twice over the wire.
all_arrive() { # NAME NODES
	is "$1" "$(failures lab -j broadcast count $((200 / $2 + 1)))" "0 "
}

# Links whose loss leaves the mesh in one piece; the last is cut one way only.
dead_links() { # NODES MOST
	local link dead=0 how=''

	for link in $(lab topology | awk '$1 == "link" { print $2 }'); do
		[ $dead -lt "$2" ] && holds "$link" 0 || continue
		dead=$((dead + 1))
		[ $dead -lt "$2" ] || how=oneway
		lab cut link "$link" $how
		check "link $link is dead${how:+ one way}" wait_for 20 \
			noticed "${link%-*}" "${link#*-}"
		all_arrive "200 broadcasts while it is" "$1"
		lab heal link "$link"
		lab wait || not_ok "link $link comes up again"
	done
	is "links died" $dead "$2"
}

# Whether no neighbour has a path to it that is up.
forgotten() { # NODE
	local id n

	printf -v id %016d "$1"
	for n in $(lab -j show | jq --arg n "$1" \
		'.nodes[] | select(.node == ($n | tonumber)).neighbours[]'); do
		lab broadcast from "$n" timeout 100 >/dev/null
		not path_up "lab-$n" "$id" || return
	done
}

# The first that the mesh holds together without. A node that is started again
# has a new epoch.
dead_nodes() { # NODES MOST
	local n dead=0

	for n in $(seq "$1"); do
		[ $dead -lt "$2" ] && holds none "$n" || continue
		dead=$((dead + 1))
		lab stop node "$n"
		check "node $n is dead" wait_for 20 forgotten "$n"
		all_arrive "200 broadcasts while it is" "$1"
		lab start node "$n"
		lab wait || not_ok "node $n comes up again"
		nsenter --net="/run/netns/lab-$n" \
			sysctl -qw net.ipv6.conf.mesh0.disable_ipv6=1
		is "node $n is back, and heard at once" \
			"$(failures lab -j broadcast from "$n" count 5)" "0 "
		is "node $n is back: all reach all" \
			"$(failures lab -j ping)" "0 "
	done
	is "nodes died" $dead "$2"
}

# --- tables that contradict each other --------------------------------------

children() { # NODE ORIGIN CHILD...
	local at=$1 origin=$2 child words=()

	shift 2
	for child; do words+=(child "$(printf %016d "$child")"); done
	mc "lab-$at" origin set mesh0 "$(printf %016d "$origin")" "${words[@]}"
}

# Of a ring's floods everybody thinks that both neighbours are behind him.
contradicting_children() { # NODES
	local n

	for n in $(seq "$1"); do
		children "$n" 1 $((n % $1 + 1)) $(((n + $1 - 2) % $1 + 1))
	done
	is "children in a circle: each broadcast comes once" \
		"$(failures lab -j broadcast from 1 count 50)" "0 "
	is "children in a circle: two copies too many, and no more" \
		"$(jq .copies "$T/out")" $((50 * ($1 + 1)))
	for n in $(seq "$1"); do
		children "$n" 1 $((n % $1 + 1))
	done
	is "children one way round: each broadcast comes once" \
		"$(failures lab -j broadcast from 1 count 50)" "0 "
	is "children one way round: one copy too many" \
		"$(jq .copies "$T/out")" $((50 * $1))
}

# Four nodes in a circle, each of which thinks that the next is nearer to the
# fifth.
contradicting_routes() {
	local mac=02:00:00:00:00:05 far n reports

	printf -v far %016d 5
	printf '%s\n' "nodes 5" "link 1-2" "link 2-3" "link 3-4" "link 4-1" \
		"link 4-5" >"$T/circle"
	check "routes in a circle: built" lab up "$T/circle" || return
	ip -n lab-1 neigh replace 10.77.0.5 dev mesh0 lladdr $mac nud permanent
	mc lab-1 fdb add mesh0 $mac node "$far" 2>/dev/null
	for n in 1 2 3 4; do
		mc "lab-$n" route set mesh0 "$far" \
			hop "$(printf %016d $((n % 4 + 1)))"
	done
	reports=$(counted report-rx 1)
	check "routes in a circle lead nowhere" \
		not in_ns lab-1 ping -q -c 10 -i 0.05 -W 1 10.77.0.5
	is "routes in a circle: every packet dies" \
		"$(counted drop-relay-ttl)" 10
	is "routes in a circle: after 64 relays" "$(counted relayed)" 640
	check "routes in a circle: the source is told" \
		test "$(counted report-rx 1)" -gt "$reports"
	is "routes in a circle: others do not notice" \
		"$(failures lab -j ping from 1 to 3)" "0 "
	lab route
	check "routes that are right again" \
		in_ns lab-1 ping -q -c 3 -i 0.1 -W 1 10.77.0.5
	lab down
}

# --- too far ----------------------------------------------------------------

# Unicast from one end to the other, known beforehand: no flood helps it.
too_far() {
	local mac=02:00:00:00:00:67 id reports

	printf -v id %016d 67
	ip -n lab-1 neigh replace 10.77.0.67 dev mesh0 lladdr $mac nud permanent
	mc lab-1 fdb del mesh0 $mac 2>/dev/null
	check "67: the address of the far end is known" \
		mc lab-1 fdb add mesh0 $mac node "$id"
	reports=$(counted report-rx 1)
	check "67: the far end does not answer" \
		not in_ns lab-1 ping -c 3 -i 0.2 -W 1 10.77.0.67
	is "67: its neighbour counts them" "$(counted drop-relay-ttl 66)" 3
	check "67: and the reports come back" \
		test "$(counted report-rx 1)" -gt "$reports"
}

# ----------------------------------------------------------------------------

built "ring of 9" 9 shape ring
is "ring of 9: all reach all" "$(failures lab -j ping)" "0 "
floods "ring of 9" 9 10
dead_links 9 3
dead_nodes 9 2
contradicting_children 9
lab down
contradicting_routes

settled "star of 9" 9 10 shape star
settled "full mesh of 8" 8 10 shape full

built "random mesh of 12" 12 links 20 seed 3
is "random mesh of 12: all reach all" "$(failures lab -j ping)" "0 "
floods "random mesh of 12" 12 10
dead_links 12 3
dead_nodes 12 2
lab down

if [ "$KERNEL" = debug ]; then
	skip "random mesh of 26" "it takes too long with all detectors"
	skip "lines of 66 and 67" "they take too long with all detectors"
	exit
fi

built "random mesh of 26" 26 links 40 seed 1
is "random mesh of 26: all reach all" "$(failures lab -j ping)" "0 "
floods "random mesh of 26" 26 4
dead_links 26 2
dead_nodes 26 1
lab down

built "line of 66" 66 shape line
# While the links came up, floods went back to find other ways.
quiet 66
early=$(counted flood-ttl)
is "line of 66: the ends reach all" \
	"$(failures lab -j ping from 1; failures lab -j ping from 66)" $'0 \n0 '
floods "line of 66" 66 1
is "line of 66: no flood comes to its end too early" \
	$(($(counted flood-ttl) - early)) 0
lab down
built "line of 67" 67 shape line
is "line of 67: all reach all but the ends each other" \
	"$(failures lab -j ping)" "2 1>67 67>1"
too_far
quiet 67
ends=$(($(counted flood-ttl 2) + $(counted flood-ttl 66)))
all=$(counted flood-ttl)
is "line of 67: broadcasts come to all but the ends each other" \
	"$(failures lab -j broadcast)" "2 1>67 67>1"
is "line of 67: the nodes before the ends count them" \
	$(($(counted flood-ttl 2) + $(counted flood-ttl 66) - ends)) 2
is "line of 67: nobody else does" $(($(counted flood-ttl) - all)) 2
