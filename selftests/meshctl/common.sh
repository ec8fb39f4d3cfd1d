# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2034,SC2086
#
# What the tests of meshctl share; $A is the namespace it runs in.
#
#	run ARGUMENT...			its outputs go to $T/out and $T/err
#	says STATUS TEXT ARGUMENT...	it fails so, with this one line
#	prints NAME PATTERN ARGUMENT...
#	json NAME JQ-CONDITION ARGUMENT...
#	fails NAME COMMAND...		passes when COMMAND fails
#	state				all of mesh0 that can be configured

IDC=00000000000000cc
hex32='[0-9a-f]{32}'

# Run in A; stdout and stderr into files.
run() { mc "$A" "$@" >"$T/out" 2>"$T/err"; }

# The command ends with STATUS, prints nothing, and says TEXT in one line.
says() { # STATUS TEXT ARGUMENT...
	local status=$1 text=$2 rc=0 got

	shift 2
	run "$@" || rc=$?
	got=$(cat "$T/err")
	is "status $status: meshctl $*" "$rc $got$(cat "$T/out")" \
		"$status meshctl: $text"
}

fails() { # NAME COMMAND...
	local name=$1

	shift
	if "$@" >"$T/out" 2>&1; then
		not_ok "$name"
		diag "$(cat "$T/out")"
	else
		ok "$name"
	fi
}

prints() { # NAME PATTERN ARGUMENT...
	local name=$1 pattern=$2

	shift 2
	run "$@"
	if grep -qE -- "$pattern" "$T/out"; then
		ok "$name"
	else
		not_ok "$name"
		diag "no '$pattern' in: $(cat "$T/out" "$T/err")"
	fi
}

json() { # NAME JQ-CONDITION ARGUMENT...
	local name=$1 condition=$2

	shift 2
	run -j "$@"
	# Some versions of jq find nothing wrong with nothing.
	if [ -s "$T/out" ] &&
		jq -e "$condition" "$T/out" >/dev/null 2>>"$T/err"; then
		ok "$name: JSON"
	else
		not_ok "$name: JSON"
		diag "not $condition: $(cat "$T/err") $(head -c 3000 "$T/out")"
	fi
}

state() { mc "$A" showconf mesh0; mc "$A" -j key list mesh0 | jq -r '.[].index'; }
generation() { field "$A" .generation dev show mesh0; }
key_index() { field "$A" '.[0].index' key list mesh0 $IDB; }
