#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The harness itself: it must hand through what a command says, and must see
# every kind of trouble that a kernel can be in.
# meshlan-test: host time=300 only=uml,debug
. "$(dirname "$(realpath "$0")")/lib.sh"

run() { # WANTED-STATUS NAME ARGUMENT...
	local want=$1 name=$2 rc=0

	shift 2
	"$TOP/selftests/vm/run" --kernel "$KERNEL" --no-build "$@" \
		>"$T/out" 2>"$T/err" </dev/null || rc=$?
	is "$name" "$rc" "$want" || diag "$(tail -n 5 "$T/err")"
}

limit=$([ "$KERNEL" = uml ] && echo 15 || echo 240)
# In a namespace that is deleted, so that one of the bugs can hold it.
provoke() { # WANTED-STATUS BUG COMPLAINT
	run "$1" "it notices: $2" --no-module --time "$limit" sh -c \
		"ip netns add x
		ip netns exec x modprobe meshlan_provoke bug=$2
		ip netns del x"
	check "and says of $2: $3" grep -q "$3" "$T/err"
}

run 0 "success is success" true
run 3 "a command's status comes through" sh -c 'exit 3'
if [ "$KERNEL" = uml ]; then
	run 0 "and its output, all of it" seq 1 20000
	is "byte by byte" "$(md5sum <"$T/out")" "$(seq 1 20000 | md5sum)"
	run 124 "a command that does not end is ended" --time 15 sleep 1000
	run 121 "a kernel that panics has failed" \
		sh -c 'echo c >/proc/sysrq-trigger'
	run 121 "a guest that powers off has failed" \
		sh -c 'echo o >/proc/sysrq-trigger; sleep 9'
	run 120 "a line in the kernel log counts" \
		sh -c 'echo "BUG: no" >/dev/kmsg'
	run 64 "an unknown option is refused" --nonsense true
	provoke 121 oops "Oops: \|Kernel panic"
	provoke 121 warn "WARNING: "
	provoke 124 hang "no end after"
else
	provoke 121 use-after-free "KASAN: "
	provoke 120 lock-order "possible circular locking"
	provoke 120 rcu "suspicious RCU usage"
	provoke 120 leak "unreferenced object"
	provoke 120 netns "references left"
fi
