#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Names: every node answers for all of them and backwards, over UDP and TCP, on
# its address in the mesh and nowhere else. Who comes second to a name does not
# get it, neither from one signer nor from two that cannot see each other. A name
# goes with its node. What is no question does no harm.
# meshlan-test: time=240 mem=400M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

nodes="a b c d"
junk=${JUNK:-100000}

command -v dig >/dev/null || bail "no dig"

# Answers alone, from the node SERVER to a question by FROM.
ask() { # FROM SERVER WORD...
	local from=$1 server=$2

	shift 2
	on "$from" dig +short +tries=1 +time=2 "@${ADDR[$server]}" "$@"
}

declare -A ADDR
know_addresses() { for n; do ADDR[$n]=$(address "$n"); done; }
resolves() { # SERVER NAME WANTED
	[ "$(ask "$1" "$1" "$2" AAAA)" = "$3" ]
}
each_resolves() { # NAME WANTED NODE...
	local n name=$1 wanted=$2

	shift 2
	for n; do
		resolves "$n" "$name" "$wanted" || { echo "not on $n" && return 1; }
	done
}
token() { value "$1" .token token create; }
warned() { value "$1" '.warnings[]' status | grep -q "$2"; }

# shellcheck disable=SC2086 # a list
hosts $nodes e f
lan eth0 1 a b c d e f
for h in a b c d e f; do
	daemon $h
done
check "a network" ctl a init name a || bail "no network"
for h in b c d; do
	check "$h joins" ctl $h join "$(token a)" name $h || bail "no $h"
done
# shellcheck disable=SC2086 # a list
know_addresses $nodes

# --- questions ------------------------------------------------------------------

for h in $nodes; do
	# shellcheck disable=SC2086 # a list
	check "all nodes find $h" \
		wait_for 5 each_resolves $h.home.internal "${ADDR[$h]}" $nodes
done
is "by the short name too" "$(ask b b c AAAA)" "${ADDR[c]}"
is "case does not matter" "$(ask b b C.Home.INTERNAL AAAA)" "${ADDR[c]}"
is "over TCP too" "$(ask b b +tcp c.home.internal AAAA)" "${ADDR[c]}"
is "another node may ask" "$(ask c b d.home.internal AAAA)" "${ADDR[d]}"
is "also over TCP" "$(ask c b +tcp d.home.internal AAAA)" "${ADDR[d]}"
is "backwards" "$(ask b b -x "${ADDR[c]}")" c.home.internal.
is "no such name" \
	"$(on b dig +tries=1 "@${ADDR[b]}" x.home.internal AAAA |
		grep -o 'status: [A-Z]*')" "status: NXDOMAIN"
is "no such type" \
	"$(on b dig +tries=1 "@${ADDR[b]}" c.home.internal MX |
		grep -o 'status: [A-Z]*')" "status: NOERROR"
is "names of others are not its matter" \
	"$(on b dig +tries=1 "@${ADDR[b]}" www.example.org |
		grep -o 'status: [A-Z]*')" "status: REFUSED"
is "the zone's server is the one asked" \
	"$(ask b b home.internal NS)" b.home.internal.
check "it answers with authority" grep -q 'flags: qr aa' \
	<<<"$(on b dig +tries=1 "@${ADDR[b]}" c.home.internal AAAA)"

listens() { on "$1" ss -Hlnutp 'sport = 53' | awk '{ print $5 }' | sort -u; }
is "it listens on its own address only" "$(listens b)" "[${ADDR[b]}]:53"
check "the underlay gets no answer" \
	not on c dig +tries=1 +time=1 @10.1.0.2 b.home.internal

# --- several addresses, and what fits ----------------------------------------------

conf d "[network]" "address = auto, fd99::1/64, fd99::2/64, 10.99.0.1/24"
kill_daemon d -TERM
daemon d
many() { [ "$(ask b b d.home.internal AAAA | wc -l)" = 3 ]; }
check "a node with four addresses" wait_for 10 many ||
	diag "$(tail -n 5 "$T/d/log")"
size() { on b dig "$@" +tries=1 "@${ADDR[b]}" d.home.internal AAAA |
	awk '/MSG SIZE/ { print $NF }'; }
is "one is of IPv4" "$(ask b b d.home.internal A)" 10.99.0.1
is "backwards too" "$(ask b b -x 10.99.0.1)" d.home.internal.
check "they fit into the smallest answer" test "$(size +noedns)" -le 512
check "nothing is cut" not grep -q 'flags:.* tc' \
	<<<"$(on b dig +noedns +ignore "@${ADDR[b]}" d.home.internal AAAA)"

# --- junk --------------------------------------------------------------------------

memory() { awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"; }
daemon_of() { on "$1" ss -Hlnup 'sport = 53' | grep -o 'pid=[0-9]*' |
	head -n 1 | cut -d= -f2; }
pid=$(daemon_of b)
lines=$(wc -l <"$T/b/log")
on b "$TOP/build/selftests/dnsjunk" "${ADDR[b]}" 1000 >/dev/null
before=$(memory "$pid")
check "$junk questions that are none" \
	on b "$TOP/build/selftests/dnsjunk" "${ADDR[b]}" "$junk"
is "the daemon is the same" "$(daemon_of b)" "$pid"
check "it answers" resolves b c.home.internal "${ADDR[c]}"
check "over TCP too" test "$(ask b b +tcp c.home.internal AAAA)" = "${ADDR[c]}"
after=$(memory "$pid")
diag "memory: $before KiB, after $junk questions $after KiB"
check "its memory did not grow" test $((after - before)) -lt 1024
check "its log did not" test $(($(wc -l <"$T/b/log") - lines)) -lt 20

# --- a name taken ----------------------------------------------------------------------

takes_taken() { ctl e join "$(token a)" name c 2>&1 |
	grep -q 'join: the name c is taken: choose another'; }
check "a name that is taken is refused, in words" takes_taken
check "c has it still" each_resolves c.home.internal "${ADDR[c]}" a b c

# Two signers that cannot see each other give the same name to two nodes.
part() { ip -n "$sw" link set "$2" master "$1"; }
sw=$(ip netns list | awk '/^sw-/ { print $1; exit }')
check "b may admit too" ctl a signer add b
ip -n "$sw" link add other type bridge
ip -n "$sw" link set other up
part other p2 && part other p6
check "a node joins by one signer" ctl e join "$(token a)" name twin
sleep 1.1 # the certificates' seconds must differ
check "one joins by the other" ctl f join "$(token b)" name twin
know_addresses e f
is "each side has its own" "$(ask a a twin AAAA) $(ask b b twin AAAA)" \
	"${ADDR[e]} ${ADDR[f]}"
part lan p2 && part lan p6
check "together again the first has it, everywhere" wait_for 60 \
	each_resolves twin.home.internal "${ADDR[e]}" a b c e f
check "the second is told so" wait_for 5 warned f 'the name twin is node'
check "the first is not" not warned e twin
check "the log has both" grep -q 'claim the name twin' "$T/a/log"
check "when the first leaves" ctl e leave
check "the second has it" wait_for 20 \
	each_resolves twin.home.internal "${ADDR[f]}" a b c f
check "and is told nothing any more" wait_for 5 not warned f twin

# --- nodes that go -----------------------------------------------------------------------

check "a node leaves" ctl d leave
within "its name goes" 5000 each_resolves d.home.internal "" a b c
check "a node is revoked" ctl a node revoke c
within "its name goes too" 5000 each_resolves c.home.internal "" a b
is "backwards as well" "$(ask b b -x "${ADDR[c]}")" ""
