#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A thousand nodes find their ways, in one process with a clock of its own: no
# loop, and what it costs stays what Documentation/routing.rst says.
# meshlan-test: host only=uml time=300
. "$(dirname "$(realpath "$0")")/lib.sh"

sim=$TOP/build/tools/meshsim

check "the simulator builds" make -C "$TOP/tools" "$sim" ||
	bail "without it there is nothing to test"

simulate() { # ARGUMENT...
	"$sim" --json "$@" >"$T/out" 2>"$T/err" || diag "$(cat "$T/err")"
}

value() { # FIELD
	jq -r "$1" "$T/out"
}

at_most() { # NAME FIELD BOUND
	local got

	got=$(value "$2")
	check "$1: $got, at most $3" \
		jq -en --argjson got "${got:-null}" --argjson most "$3" \
		'$got != null and $got <= $most'
}

never_wrong() { # NAME
	is "$1: no loop after any message" "$(value .loops)" 0
	is "$1: all events come to an end" "$(value .unconverged)" 0
	is "$1: floods make a copy for each node" "$(value .floods_wrong)" 0
}

for topology in ring grid random geometric scale-free full; do
	simulate --topology $topology --nodes 60 --degree 6 --exact \
		--events 24 --churn 20 --loss 20 --jitter 10 --partition
	never_wrong $topology
	is "$topology: all routes are the best ones" "$(value .wrong)" 0
done

# Known and small, so that all is by the clock in the program.
simulate --nodes 100 --degree 8 --seed 3 --events 6 --churn 5
cp "$T/out" "$T/before"
simulate --nodes 100 --degree 8 --seed 3 --events 6 --churn 5
is "the same seed gives the same" "$(value 'del(.cpu_s)')" \
	"$(jq -r 'del(.cpu_s)' "$T/before")"

simulate --topology random --nodes 1000 --degree 16 --seed 1 --events 6 \
	--churn 10
never_wrong "1000 nodes"
at_most "seconds until all know all" .converged_s 2
at_most "seconds without a way after a cut" \
	'.events."link-down".healed_max_s' 1
at_most "bytes of a node in a second, an event in each" .bytes_per_node_s 6000
at_most "bytes of a node to begin with" .bytes_per_node_start 500000
at_most "the longest way but for 1 %, to the best" .stretch_p99 1.1
at_most "bytes of memory of a node" .memory_per_node 600000
at_most "seconds of a processor" .cpu_s 60
