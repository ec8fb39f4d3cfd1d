# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2034
#
# The library of the shell tests. A test is an executable selftests/*.sh which
# sources this file, calls ok, not_ok, skip and their kin, and simply ends: the
# plan line, the cleaning up and the exit status (0, or 1 when a point failed)
# come by themselves. selftests/run describes how tests are run.
#
#	ok NAME			a test point that passed
#	not_ok NAME		... that failed
#	skip NAME WHY		... that could not be tried
#	check NAME COMMAND...	passes when COMMAND succeeds
#	refuse NAME COMMAND...	passes when COMMAND fails with one clear line
#	is NAME GOT WANTED	passes when both are the same text
#	diag TEXT		a remark
#	not COMMAND...		succeeds when COMMAND fails
#	bail TEXT		give up: nothing after this makes sense
#
#	setup_ns VAR...		new network namespaces, their names in VAR...
#	veth NS DEV NS DEV [N]	a cable between two namespaces; N (default 1)
#				numbers the addresses: 10.N.0.1 and 10.N.0.2,
#				fd00:N::1 and fd00:N::2
#	in_ns NS COMMAND...	run COMMAND in a namespace
#	wait_for SECS COMMAND...	until COMMAND succeeds, at most SECS seconds
#	at_end COMMAND		run at the end, last one first
#	kunit MODULE		load a module of KUnit suites, report its cases
#	points COMMAND...	every "pass NAME" and "fail NAME" that COMMAND
#				prints is a point, and so is that it succeeds
#	points_start, points_end COMMAND...	the same in the background
#
#	within NAME MS COMMAND...	COMMAND becomes true within MS milliseconds
#	stall_reset, stall_ms, timed NAME BOUND_MS MEASURED_MS
#				the same by hand

TOP=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
TIMING=${TIMING:-0}
KERNEL=${MESHLAN_KERNEL:-host}
ktap_count=0
ktap_failed=0
at_end_list=()
T=$(mktemp -d /tmp/meshlan-test.XXXXXX)

echo "KTAP version 1"

# --- test points ------------------------------------------------------------

diag() {
	# Every line gets its mark: a tool's output may look like a result.
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok() { echo "ok $((++ktap_count)) $*"; }

not_ok() {
	ktap_failed=$((ktap_failed + 1))
	echo "not ok $((++ktap_count)) $*"
}

skip() { # NAME WHY
	echo "ok $((++ktap_count)) $1 # SKIP $2"
}

check() { # NAME COMMAND...
	local name=$1 rc=0 out

	shift
	out=$("$@" 2>&1) || rc=$?
	if [ $rc = 0 ]; then
		ok "$name"
		return 0
	fi
	not_ok "$name"
	diag "status $rc: $*"
	[ -z "$out" ] || diag "$out"
	return 1
}

# Bad input must fail, and say why in one line.
refuse() { # NAME COMMAND...
	local name=$1 rc=0 out

	shift
	out=$("$@" 2>&1 >/dev/null) || rc=$?
	if [ $rc != 0 ] && [ $rc -lt 124 ] && [ -n "$out" ] &&
		[ "$(printf '%s\n' "$out" | wc -l)" -le 2 ]; then
		ok "$name"
		return 0
	fi
	not_ok "$name"
	diag "status $rc: $*"
	diag "it says: $out"
	return 1
}

is() { # NAME GOT WANTED
	if [ "$2" = "$3" ]; then
		ok "$1"
		return 0
	fi
	not_ok "$1"
	diag "got:    $2"
	diag "wanted: $3"
	return 1
}

# What else it prints are remarks.
declare -A points_pid=()

points_start() { # COMMAND...
	("$@" >"$T/points.$BASHPID" 2>"$T/points.$BASHPID.err") &
	points_pid[$*]=$!
}

points_end() { # COMMAND...
	local pid=${points_pid[$*]} how what rc=0

	wait "$pid" || rc=$?
	while read -r how what; do
		case $how in
		pass) ok "$what" ;;
		fail) not_ok "$what" ;;
		*) diag "$how $what" ;;
		esac
	done <"$T/points.$pid"
	[ $rc = 0 ] || diag "$(cat "$T/points.$pid.err")"
	is "${1##*/} ${*:2}: ends well" $rc 0
}

points() { # COMMAND...
	points_start "$@"
	points_end "$@"
}

not() { ! "$@"; }

bail() {
	not_ok "$*"
	diag "the rest of this test makes no sense"
	exit 1
}

# --- the end ----------------------------------------------------------------

at_end() { at_end_list+=("$*"); }

# shellcheck disable=SC2317 # called by the trap
finish() {
	local rc=$? i

	# A function in the background that is killed ends here as well.
	[ "$BASHPID" = $$ ] || return
	trap - EXIT
	set +e
	for ((i = ${#at_end_list[@]} - 1; i >= 0; i--)); do
		eval "${at_end_list[i]}" >/dev/null 2>&1
	done
	rm -rf "$T"
	if [ $rc != 0 ] && [ $ktap_failed = 0 ]; then
		not_ok "ended before its end, with status $rc"
	fi
	[ $ktap_count -gt 0 ] || not_ok "no test point at all"
	echo "1..$ktap_count"
	[ $ktap_failed = 0 ] || exit 1
	exit 0
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

# --- time -------------------------------------------------------------------

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo "${t%???}"; }

wait_for() { # SECONDS COMMAND...
	local end=$((SECONDS + $1 + 1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# A task above all others sleeps 10 ms again and again and notes by how much
# it woke too late: so late was everything, for reasons outside the test.
stall_record() { # FILE
	local worst=0 t0 t1 late fd

	exec {fd}<> <(:)
	while [ -d "${1%/*}" ]; do
		[ -e "$1" ] || { worst=0 && echo 0 >"$1"; }
		t0=${EPOCHREALTIME/[.,]/}
		read -r -t 0.01 -u "$fd"
		t1=${EPOCHREALTIME/[.,]/}
		late=$(((t1 - t0) / 1000 - 10))
		[ $late -le $worst ] || { worst=$late && echo $late >"$1"; }
	done 2>/dev/null
}

if [ "$TIMING" = 1 ]; then
	stall_record "$T/stall" </dev/null >/dev/null 2>&1 &
	stall_pid=$!
	chrt -f -p 50 $stall_pid
	at_end "kill $stall_pid"
fi

stall_reset() { rm -f "$T/stall"; }
stall_ms() { cat "$T/stall" 2>/dev/null || echo 0; }

# A proof of time. It counts where TIMING is 1 and nothing stalled.
timed() { # NAME BOUND_MS MEASURED_MS
	local stall

	if [ "$TIMING" != 1 ]; then
		ok "$1"
		return
	fi
	stall=$(stall_ms)
	diag "$1: $3 ms, bound $2 ms, worst lateness $stall ms"
	if [ $((stall * 5)) -gt "$2" ]; then
		skip "$1" "stalled $stall ms"
	elif [ "$3" -le "$2" ]; then
		ok "$1"
	else
		not_ok "$1"
	fi
}

# Without TIMING it must still become true, only when does not matter.
within() { # NAME MILLISECONDS COMMAND...
	local name=$1 bound=$2 t0 limit=$(($2 * 10 + 20000))

	shift 2
	stall_reset
	t0=$(now_ms)
	until "$@" >/dev/null 2>&1; do
		if [ $(($(now_ms) - t0)) -gt $limit ]; then
			not_ok "$name"
			diag "never within $limit ms: $*"
			return 1
		fi
		sleep 0.01
	done
	timed "$name" "$bound" $(($(now_ms) - t0))
}

# --- namespaces -------------------------------------------------------------

in_ns() { ip netns exec "$@"; }

setup_ns() { # VAR...
	local var name

	for var; do
		name=${var,,}-$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')
		ip netns add "$name" || return
		at_end "ip netns del $name"
		ip -n "$name" link set lo up
		printf -v "$var" %s "$name"
	done
}

veth() { # NS DEV NS DEV [N]
	local n=${5:-1}

	ip -n "$1" link add "$2" type veth peer name "$4" netns "$3" || return
	ip -n "$1" addr add "10.$n.0.1/24" dev "$2"
	ip -n "$3" addr add "10.$n.0.2/24" dev "$4"
	ip -n "$1" addr add "fd00:$n::1/64" dev "$2" nodad
	ip -n "$3" addr add "fd00:$n::2/64" dev "$4" nodad
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# --- KUnit ------------------------------------------------------------------

# With KUnit, insmod succeeds even when a case failed: what counts is what the
# suites leave in debugfs. Without it the module runs its cases by itself and
# writes the same lines to the kernel log.
kunit() { # MODULE
	local dir=/sys/kernel/debug/kunit rc=0 line n=0 suite='' mark=kunit-$RANDOM

	echo "$mark" >/dev/kmsg
	modprobe "$1" || rc=$?
	if [ -d $dir ]; then
		cat $dir/*/results >"$T/kunit"
	else
		dmesg | sed -n "/$mark/,\$ s/^\[[^]]*\] \(${1//-/_}: \)\?//p" \
			>"$T/kunit"
	fi
	while IFS= read -r line; do
		case $line in
		'    # Subtest: '*) suite=${line#*: } ;;
		'    ok '* | '    not ok '*)
			n=$((n + 1))
			kunit_case "$suite" "$line"
			;;
		esac
	done <"$T/kunit"
	check "$1: cases ran" test $n -gt 0
	if [ -d $dir ] || ! grep -q '^ *not ok' "$T/kunit"; then
		is "$1: loads" $rc 0
	fi
	grep -q '^ *not ok' "$T/kunit" && diag "$(<"$T/kunit")"
	[ $rc != 0 ] || rmmod "$1"
}

kunit_case() { # SUITE LINE
	local name=${2#*ok }

	name="$1: ${name#* }"
	case $2 in
	*'# SKIP'*) skip "${name%% #*}" "${2##*# SKIP }" ;;
	*not\ ok*) not_ok "${name%% #*}" ;;
	*) ok "${name%% #*}" ;;
	esac
}
