# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2034
#
# What the scripts of this directory share. Sourced, never run.

MESHLAN_TOP=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
MESHLAN_VM=$MESHLAN_TOP/selftests/vm
MESHLAN_CACHE=${MESHLAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/meshlan}
MESHLAN_BUILD=$MESHLAN_TOP/build
MESHLAN_KERNELS="6.1 6.12 new uml debug"

say() { echo "$*" >&2; }

die() { # STATUS MESSAGE
	say "${0##*/}: $2"
	exit "$1"
}

# Run a command whose output matters only when it fails.
quietly() { # LOGFILE COMMAND...
	local log=$1 rc=0

	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	[ $rc = 0 ] && return 0
	say "${0##*/}: failed ($rc): $*"
	say "the last lines of $log:"
	tail -n 30 "$log" >&2
	return "$rc"
}

# One writer at a time per cached thing; the lock goes with the process.
# Children get the descriptor closed, or a stray daemon would hold the lock.
with_lock() { # NAME COMMAND...
	local name=$1 rc=0 fd

	shift
	exec {fd}>"$MESHLAN_CACHE/lock-$name"
	flock "$fd"
	"$@" || rc=$?
	exec {fd}>&-
	return "$rc"
}

# Paths end up in mount options and kernel command lines.
case $MESHLAN_TOP$MESHLAN_CACHE in
*[!A-Za-z0-9/._+@%=~-]*)
	die 64 "$MESHLAN_TOP, $MESHLAN_CACHE: only letters, digits and /._+@%=~- may be in these paths"
	;;
esac

hash_of() { sha256sum | cut -c1-12; }

mkdir -p "$MESHLAN_CACHE"
