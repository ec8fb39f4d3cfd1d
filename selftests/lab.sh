#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The lab makes the topologies it says, finds the shortest ways, stops, starts,
# cuts and heals, and counts right what arrives.
# meshlan-test: time=240
. "$(dirname "$(realpath "$0")")/lib.sh"

graph=$TOP/build/selftests/lab/graph
lab() { "$TOP/selftests/lab/lab" "$@"; }
at_end "lab down"

# --- topologies -------------------------------------------------------------

make() { "$graph" make "$@"; }
links_of() { grep -c '^link' "$1"; }

# Every node can be reached from node 1, by a search that knows nothing of costs.
connected() { # FILE
	awk '
	$1 == "nodes" { nodes = $2 }
	$1 == "link" { split($2, end, "-"); list[++n] = end[1] " " end[2] }
	END {
		seen[1]
		for (found = 1; found != last; last = last_found) {
			last_found = found
			for (i = 1; i <= n; i++) {
				split(list[i], end)
				if ((end[1] in seen) != (end[2] in seen)) {
					seen[end[1]]; seen[end[2]]; found++
				}
			}
		}
		exit found != nodes
	}' "$1"
}

distinct() { # FILE
	[ -z "$(awk '$1 == "link" { print $2 }' "$1" | sort | uniq -d)" ]
}

is "the same seed makes the same graph, on every machine" \
	"$(make nodes 26 links 40 seed 1 | sha256sum | cut -c1-16)" 769d6107abc4e7e3
is "words may have dashes" "$(make --nodes 26 --links 40 --seed 1)" \
	"$(make nodes 26 links 40 seed 1)"
check "another seed makes another" \
	not cmp -s <(make nodes 26 seed 1) <(make nodes 26 seed 2)
bad=''
for seed in $(seq 40); do
	make nodes 12 links $((11 + seed)) seed "$seed" >"$T/g"
	[ "$(links_of "$T/g")" = $((11 + seed)) ] && connected "$T/g" &&
		distinct "$T/g" || bad+=" $seed"
done
is "random graphs are connected, of as many links as asked" "$bad" ""
for shape in "line 66 65" "ring 9 9" "star 12 11" "full 8 28"; do
	read -r shape nodes links <<<"$shape"
	make shape "$shape" nodes "$nodes" >"$T/g"
	is "$shape of $nodes: links" "$(links_of "$T/g")" "$links"
	check "$shape of $nodes: connected" connected "$T/g"
done
is "a file reads as it is written" "$(make nodes 9 rate 10mbit delay 3ms \
	loss 0.5% cost 7 | "$graph" check | tail -n +2)" \
	"$(make nodes 9 rate 10M delay 3000us loss 0.5% cost 7 | tail -n +3)"

# --- ways -------------------------------------------------------------------

# Random graphs of random costs, some not connected, some links double.
random_costs() { # SEED
	awk -v seed="$1" 'BEGIN {
		srand(seed)
		n = 2 + int(rand() * 14)
		print "nodes", n
		for (i = int(rand() * 2 * n); i > 0; i--) {
			a = 1 + int(rand() * n)
			b = 1 + int(rand() * n)
			if (a != b)
				print "link", a "-" b, "cost", 1 + int(rand() * 9)
		}
	}'
}

# Costs of all ways, by trying every middle for every pair.
slow_model() {
	awk '
	$1 == "nodes" { n = $2 }
	$1 == "link" {
		split($2, end, "-")
		if (!((end[1], end[2]) in d) || $4 < d[end[1], end[2]])
			d[end[1], end[2]] = d[end[2], end[1]] = $4
	}
	END {
		for (k = 1; k <= n; k++) for (i = 1; i <= n; i++)
		for (j = 1; j <= n; j++) {
			if (i == j || !((i, k) in d) || !((k, j) in d)) continue
			if (!((i, j) in d) || d[i, k] + d[k, j] < d[i, j])
				d[i, j] = d[i, k] + d[k, j]
		}
		for (i = 1; i <= n; i++) for (j = 1; j <= n; j++)
			if ((i, j) in d) print i, j, d[i, j]
	}'
}

# Who follows the next hops arrives, and has paid what was said.
walk() { # FILE < ROUTES
	awk '
	NR == FNR && $1 == "link" {
		split($2, end, "-")
		if (!((end[1], end[2]) in link) || $4 < link[end[1], end[2]])
			link[end[1], end[2]] = link[end[2], end[1]] = $4
	}
	NR == FNR { next }
	{ next_of[$1, $2] = $3; cost[$1, $2] = $4 }
	END {
		for (pair in cost) {
			split(pair, at, SUBSEP)
			paid = 0
			for (v = at[1]; v != at[2] && paid <= cost[pair]; v = u) {
				u = next_of[v, at[2]]
				if (!((v, u) in link)) exit 1
				paid += link[v, u]
			}
			if (paid != cost[pair]) exit 1
		}
	}' "$1" -
}

# From each origin the children reach all that have a way to it, once each.
spans() { # ROUTES < CHILDREN
	awk '
	FILENAME == ARGV[1] { wanted[$2]++; next }
	{ for (i = 3; i <= NF; i++) if (seen[$2, $i]++ || $i == $2) exit 1
	  reached[$2] += NF - 2; parent[$2, $1] = NF > 2 }
	END {
		for (o in reached)
			if (reached[o] != wanted[o] + 0) exit 1
		for (p in parent) {
			split(p, at, SUBSEP)
			if (parent[p] && at[1] != at[2] && !(p in seen)) exit 1
		}
	}' "$1" -
}

costs=0 ways=0 trees=0
for seed in $(seq 60); do
	random_costs "$seed" >"$T/g"
	"$graph" routes "$T/g" >"$T/routes"
	cmp -s <(awk '{ print $1, $2, $4 }' "$T/routes" | sort) \
		<(slow_model <"$T/g" | sort) || costs=$((costs + 1))
	walk "$T/g" <"$T/routes" || ways=$((ways + 1))
	"$graph" children "$T/g" >"$T/children"
	spans "$T/routes" <"$T/children" || trees=$((trees + 1))
done
is "shortest ways cost what a slow model says" $costs 0
is "next hops lead there" $ways 0
is "children make trees that reach everybody once" $trees 0

# --- bad input --------------------------------------------------------------

refused() { # NAME TEXT-OF-FILE
	printf '%s\n' "$2" >"$T/bad"
	refuse "$1" lab up "$T/bad"
}

refuse "no command" lab
refuse "a command that is none" lab dance
refuse "no lab" lab ping
refuse "no such file" lab up "$T/nothing"
refuse "too few links" lab up nodes 9 links 3
refuse "too many links" lab up nodes 4 links 7
refuse "a shape that is none" lab up shape torus
refuse "one node" lab up nodes 1
refuse "a value is missing" lab up nodes
refuse "no number" lab up nodes many
refused "an empty file" ""
refused "a link before the nodes" "link 1-2"
refused "a link to itself" $'nodes 3\nlink 2-2'
refused "a node too high" $'nodes 3\nlink 2-4'
refused "a word that is none" $'nodes 3\nlink 1-2 colour red'
refused "a delay without unit" $'nodes 3\nlink 1-2 delay 10'
refused "a loss above all" $'nodes 3\nlink 1-2 loss 101%'
is "the line is named" "$(lab up "$T/bad" 2>&1)" \
	"lab: $T/bad:2: loss 101%: a loss is from 0% to 100%"
refuse "a name with a blank" lab -n "a b" show

# --- a mesh -----------------------------------------------------------------

failures() { # COMMAND... : its status and what it says of pairs
	local rc=0

	"$@" >"$T/out" 2>"$T/err" || rc=$?
	echo "$rc $(jq -c '[.pairs[] | select(.came < .sent or .twice > 0) |
		"\(.from)>\(.to)"] | join(" ")' "$T/out")"
}

printf 'nodes 4\nlink 1-2\nlink 1-3\nlink 1-4\nlink 3-2 delay 5ms\nlink 2-4\nlink 3-4\nlink 3-4\n' \
	>"$T/four"
check "a mesh is built from a file" lab up "$T/four" ||
	bail "without it there is nothing to test"
refuse "not twice" lab up "$T/four"
is "all reach all" "$(failures lab -j ping)" '0 ""'
is "and all hear all" "$(failures lab -j broadcast count 5)" '0 ""'
check "the delay is there, on both ways" test "$(lab -j ping count 5 from 2 to 3 |
	jq '.pairs[0].min_us')" -ge 10000
lab show >"$T/show"
check "show: nodes and links" grep -q '^4 nodes, 0 .*; 7 links, 0 ' "$T/show"
is "show: the links are up" "$(lab -j show | jq '[.links[] |
	select(.state == "up")] | length')" 7
is "show: two links between the same nodes" "$(lab -j show |
	jq -r '[.links[] | select(.a == 3 and .b == 4).link] | join(" ")')" \
	"3-4 3-4.2"
refuse "no such node" lab stop node 5
refuse "no such link" lab cut link 2-7
refuse "not so" lab cut link 1-2 sideways
refuse "a frame that is none" lab inject node 1 0102zz

lab exec 1 tc qdisc replace dev mesh0 root netem duplicate 100%
is "what comes twice is told" "$(failures lab -j broadcast from 1)" \
	'3 "1>2 1>3 1>4"'
lab exec 1 tc qdisc del dev mesh0 root
check "a link is cut" lab cut link 1-2
wait_for 20 not lab ping from 1 to 2 timeout 300
is "what does not come is told" "$(failures lab -j ping timeout 500)" \
	'2 "1>2 2>1"'
check "other routes are found" lab route
is "and all reach all" "$(failures lab -j ping)" '0 ""'
check "the link is healed" lab heal link 2-1
check "half of it is cut" lab cut link 2-1 oneway
is "show says which half" "$(lab -j show | jq -r '.links[0].state')" \
	cut-2-to-1
check "the link is healed" lab heal link 2-1
check "the first routes are back" lab route
lab wait

# Of the paths between 3 and 4 one is left, as both ends know.
one_is_left() {
	lab ping from 3 to 4 timeout 300
	lab ping from 4 to 3 timeout 300
	[ "$(up_between 3 4) $(up_between 4 3)" = "1 1" ]
}
up_between() { # NODE NODE
	in_ns "lab-$1" "$TOP/build/tools/meshctl" -j path list mesh0 \
		"000000000000000$2" | jq '[.[] | select(.state == "up")] | length'
}

check "one of two links is cut" lab cut link 4-3
wait_for 20 one_is_left
is "the other carries on" "$(failures lab -j ping)" '0 ""'
check "it is healed" lab heal link 3-4
check "and is up" lab wait

in_ns lab-2 timeout 20 tcpdump -elni mesh0 -c 1 ether proto 0x88b6 \
	>"$T/dump" 2>"$T/err" &
dump=$!
wait_for 10 grep -q listening "$T/err"
check "a frame is injected" lab inject node 1 \
	"ffffffffffff 020000000001 88b6 $(printf '%092d' 7)"
wait $dump
check "and arrives" grep -q '0x88b6' "$T/dump"

check "a node is stopped" lab stop node 2
refuse "not twice" lab stop node 2
check "it says nothing" not lab exec 1 \
	ping -c 1 -W 1 -I to2 "$(ip -n lab-2 -j addr show to1 | jq -r '.[0].addr_info[0].local')"
is "the others reach each other" "$(failures lab -j ping)" '0 ""'
is "show says so" "$(lab -j show | jq -r '.nodes[1].state')" stopped
check "it is started" lab start node 2
check "its links come up" lab wait
is "all reach it again" "$(failures lab -j ping)" '0 ""'

check "a link is set" lab set link 1-2 delay 20ms
check "and is slow" test "$(lab -j ping count 3 from 1 to 2 |
	jq '.pairs[0].min_us')" -ge 40000
is "the topology says so" "$(lab topology | grep 1-2)" "link 1-2 delay 20000us"
check "keys are made anew" lab rekey
is "and used" "$(failures lab -j ping)" '0 ""'
check "another lab, at the same time" lab -n other up nodes 3 shape full
is "works as well" "$(failures lab -n other -j ping)" '0 ""'
check "it is removed" lab -n other down
is "the first one is untouched" "$(failures lab -j ping)" '0 ""'
check "the lab is removed" lab down
is "nothing is left" "$(ip netns list | wc -l)" 0
