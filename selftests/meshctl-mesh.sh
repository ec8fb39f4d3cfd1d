#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# meshctl in a mesh: roles, routes through other nodes, children of origins,
# ping and trace along a line of nodes, and what monitor tells of them.
# meshlan-test: time=240
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"
. "$(dirname "$(realpath "$0")")/meshctl/common.sh"

IDD=00000000000000dd
IDE=00000000000000ee

# --- a line: A - B - C - D ------------------------------------------------------

setup_ns A B C D
neighbours() { # NS ID NS ID N
	veth "$1" "to$5" "$3" "from$5" "$5"
	session "$1" "$4" && session "$3" "$2" && rekey "$1" "$2" "$3" "$4" &&
		path "$1" "$4" "10.$5.0.2:23731" &&
		path "$3" "$2" "10.$5.0.1:23731"
}
node "$A" $IDA && node "$B" $IDB && node "$C" $IDC && node "$D" $IDD ||
	bail "devices are made"
neighbours "$A" $IDA "$B" $IDB 1 && neighbours "$B" $IDB "$C" $IDC 2 &&
	neighbours "$C" $IDC "$D" $IDD 3 || bail "neighbours are made"
for far in "$A $IDA $C $IDC" "$A $IDA $D $IDD" "$B $IDB $D $IDD"; do
	read -r x idx y idy <<<"$far"
	session "$x" "$idy" && session "$y" "$idx" &&
		rekey "$x" "$idx" "$y" "$idy" || bail "a far session is made"
done
for ns_id in "$A $IDB" "$B $IDA" "$B $IDC" "$C $IDB" "$C $IDD" "$D $IDC"; do
	# shellcheck disable=SC2086 # two words
	wait_for 10 path_up $ns_id || bail "a path comes up: $ns_id"
done

json "a session without path and route" "map(.sessions[] |
	select(.node == \"$IDC\"))[0] | .paths == [] and (has(\"hop\") | not)" show
prints "... is unreachable, as text" '^  unreachable: no path and no route$' show

# --- routes ---------------------------------------------------------------------

check "a route through another node" mc "$A" route add mesh0 $IDC hop $IDB
check "... to a node without a session" mc "$A" route add mesh0 $IDE hop $IDB \
	hop $IDC weight 2
mc "$A" route add mesh0 $IDD hop $IDB
mc "$B" route add mesh0 $IDD hop $IDC
mc "$C" route add mesh0 $IDA hop $IDB
mc "$D" route add mesh0 $IDA hop $IDC
mc "$D" route add mesh0 $IDB hop $IDC
json "... is seen" '.[0].hop == [{"node": "00000000000000bb", "weight": 1}]' \
	route list mesh0 $IDC
prints "... as text" "^mesh0  $IDE  $IDB weight 1, $IDC weight 2  default\$" route list
prints "show: how a node is reached" "^  route: through $IDB weight 1\$" show
json "show: the same" "map(.sessions[] | select(.node == \"$IDC\"))[0].hop ==
	[{\"node\": \"$IDB\", \"weight\": 1}]" show
fails "show: nothing is unreachable" grep unreachable <(mc "$A" show)
says 2 "route add: route exists" route add mesh0 $IDC hop $IDB
says 2 "route add: node '$IDA': a node has no route to itself" \
	route add mesh0 $IDA hop $IDB
says 3 "route set: hop '$IDE': no session with the hop's node" \
	route set mesh0 $IDC hop $IDB hop $IDE
says 2 "route set: hop '$IDB': hop given twice" \
	route set mesh0 $IDC hop $IDB hop $IDB
says 2 "route add: hop: missing" route add mesh0 $IDB
says 3 "route del: node '$IDB': no route to this node" route del mesh0 $IDB

# Many at once.
mc "$A" -j route list mesh0 >"$T/routes"
cat >"$T/batch" <<-BATCH
	# a comment
	$IDC hop $IDB weight 5 owner 0a   # replaced

	0000000000000001 hop $IDB scatter redundant
	$IDE gone
BATCH
check "a batch of routes" mc "$A" route batch mesh0 "$T/batch"
json "... is seen" "map([.node, .hop[0].weight, .owner, .scatter]) ==
	[[\"0000000000000001\", 1, null, \"redundant\"],
	[\"$IDC\", 5, \"0a\", \"default\"], [\"$IDD\", 1, null, \"default\"]]" \
	route list mesh0
cat >"$T/batch" <<-BATCH
	0000000000000001 gone
	$IDC hop $IDB
	$IDE hop $IDB hop $IDC weight 2
BATCH
check "... and back" mc "$A" route batch mesh0 - <"$T/batch"
is "... all is as before" "$(mc "$A" -j route list mesh0)" "$(cat "$T/routes")"
batch() { # LINE...: behind a good one
	printf '%s\n' "$IDC hop $IDB weight 9" "$@" >"$T/batch"
}
batch "$IDE hop 00000000000000ef"
says 3 "route batch: route '$IDE': hop '00000000000000ef': no session with the hop's node" \
	route batch mesh0 "$T/batch"
batch "$IDC gone"
says 2 "route batch: route '$IDC': node '$IDC': route given twice" \
	route batch mesh0 "$T/batch"
batch "00000000000000ef gone"
says 3 "route batch: route '00000000000000ef': node '00000000000000ef': no route to this node" \
	route batch mesh0 "$T/batch"
batch "$IDA hop $IDB"
says 2 "route batch: route '$IDA': node '$IDA': a node has no route to itself" \
	route batch mesh0 "$T/batch"
batch "$IDE"
says 1 "route batch: $T/batch:2: either hops are needed, or gone" \
	route batch mesh0 "$T/batch"
batch "" "x hop $IDB"
says 1 "route batch: $T/batch:3: node 'x': not a node id (16 hex digits)" \
	route batch mesh0 "$T/batch"
batch "$IDE gone now"
says 1 "route batch: $T/batch:2: 'gone': not known here (see: meshctl help)" \
	route batch mesh0 "$T/batch"
says 1 "route batch: which file? (- is standard input)" route batch mesh0
check "a batch of nothing" mc "$A" route batch mesh0 - </dev/null
is "nothing of it changed anything" "$(mc "$A" -j route list mesh0)" \
	"$(cat "$T/routes")"

# --- ping -----------------------------------------------------------------------

run ping mesh0 $IDD count 3 interval 50ms
is "ping through two relays" $? 0
is "... a line each, and a summary" "$(sed -E 's/[0-9.]+ [mu]?s\b/T/g' "$T/out")" \
	"ping $IDD on mesh0
answer from $IDD: seq 1 time T
answer from $IDD: seq 2 time T
answer from $IDD: seq 3 time T
3 sent, 3 answered, 0% lost
time min T, avg T, max T"
run -j ping mesh0 $IDD count 2 interval 50ms
is "ping: JSON" "$(jq -c 'del(.rtt, .rtt_min, .rtt_avg, .rtt_max)' "$T/out")" \
	"{\"ifname\":\"mesh0\",\"seq\":1,\"node\":\"$IDD\",\"reporter\":\"$IDD\"}
{\"ifname\":\"mesh0\",\"seq\":2,\"node\":\"$IDD\",\"reporter\":\"$IDD\"}
{\"ifname\":\"mesh0\",\"node\":\"$IDD\",\"sent\":2,\"answered\":2}"
is "... its measures" "$(jq -s '(.[0:2] | map(.rtt)) as $r | .[2] |
	.rtt_min == ($r | min) and .rtt_max == ($r | max) and
	.rtt_avg == (($r | add) / 2 | floor)' "$T/out")" true
run ping mesh0 $IDB count 1
is "ping of a neighbour" $? 0
run ping mesh0 $IDD ttl 1 count 1
is "ping with too small a ttl" "$? $(cat "$T/err")" \
	"8 meshctl: ping: node '$IDD': no answer"
check "... says which relay gave up" grep -qE \
	"^report from $IDC: seq 1 time .*: ttl\$" "$T/out"
check "... and that nothing came" grep -qx "1 sent, 0 answered, 100% lost" "$T/out"
run -j ping mesh0 $IDD ttl 0 count 1
is "... JSON" "$(jq -r '.cause // "", .reporter // ""' "$T/out" | head -n 2 | tr '\n' ' ')" \
	"ttl $IDB "
check "ping with just enough of it" mc "$A" ping mesh0 $IDD ttl 2 count 1
mac=$(ip -n "$D" -j link show mesh0 | jq -r '.[0].address')
in_ns "$D" ping -c 1 -W 1 -I mesh0 ff02::1 >/dev/null 2>&1
learned() { mc "$A" fdb list | grep -q "$mac .*$IDD"; }
check "a MAC address three nodes away is learned" wait_for 10 learned
run ping mesh0 "$mac" count 1
is "ping of a MAC address" "$? $(head -n 1 "$T/out")" "0 ping $IDD on mesh0"
mc "$A" fdb add mesh0 02:00:00:00:00:77 vlan 7 node $IDC
check "... in a VLAN" mc "$A" ping mesh0 02:00:00:00:00:77 vlan 7 count 1
says 3 "ping: mac '02:00:00:00:00:77': behind no known node (see: meshctl fdb list)" \
	ping mesh0 02:00:00:00:00:77
own=$(ip -n "$A" -j link show mesh0 | jq -r '.[0].address')
says 2 "ping: mac '$own': is on this node itself" ping mesh0 "$own"
says 3 "ping: node '$IDE': no session with this node" ping mesh0 $IDE
says 1 "ping: which node? (16 hex digits, or a MAC address)" ping mesh0
says 1 "ping: 'bogus': neither a node id (16 hex digits) nor a MAC address" \
	ping mesh0 bogus
says 1 "ping: count '0': not a number (1 or more)" ping mesh0 $IDB count 0
says 1 "ping: interval '1ms': not a time (20ms to 1h)" ping mesh0 $IDB interval 1ms
says 1 "ping: ttl '256': not a number of relays (0 to 255)" ping mesh0 $IDB ttl 256
run ping mesh0 $IDB count 1 >/dev/full
ip netns exec "$A" "$MESHCTL" ping mesh0 $IDB interval 20ms >"$T/endless" &
pinger=$!
some() { [ "$(grep -c ^answer "$T/endless")" -ge 5 ]; }
check "ping without an end" wait_for 10 some
kill -INT $pinger
wait $pinger
is "... is interrupted" $? 0
check "... and sums up" grep -qE '^[0-9]+ sent, [0-9]+ answered' "$T/endless"
ip netns exec "$A" "$MESHCTL" dev claim mesh0 sleep 60 &
claimer=$!
at_end "kill $claimer"
claimed() { [ "$(field "$A" .claim_pid dev show mesh0)" != null ]; }
wait_for 5 claimed
check "ping while another has claimed the device" mc "$A" ping mesh0 $IDD count 1
says 4 "origin del: device is claimed by process $(field "$A" .claim_pid dev show mesh0)" \
	origin del mesh0 $IDD
check "... and reading of origins" mc "$A" origin list mesh0 $IDD
kill $claimer
wait $claimer 2>/dev/null

# --- trace ----------------------------------------------------------------------

run trace mesh0 $IDD
is "trace" "$? $(sed -E 's/[0-9.]+ [mu]?s$/T/' "$T/out")" "0 trace to $IDD on mesh0
 1  $IDB  T
 2  $IDC  T
 3  $IDD  T"
run -j trace mesh0 $IDD
is "trace: JSON" "$(jq -c '[.node, .hop, .reporter, .rtt > 0, .broken, .cause]' "$T/out")" \
	"[\"$IDD\",1,\"$IDB\",true,false,null]
[\"$IDD\",2,\"$IDC\",true,false,null]
[\"$IDD\",3,\"$IDD\",true,false,null]"
run trace mesh0 "$mac"
is "trace to a MAC address" "$(tail -n 1 "$T/out" | cut -c 1-20)" " 3  $IDD"
says 3 "trace: node '$IDE': no session with this node" trace mesh0 $IDE

# The end hears, but cannot answer.
mc "$D" route del mesh0 $IDA
run trace mesh0 $IDD
is "trace to one who does not answer" "$? $(sed -E 's/[0-9.]+ [mu]?s$/T/' "$T/out" "$T/err")" \
	"8 trace to $IDD on mesh0
 1  $IDB  T
 2  $IDC  T
 3  *
 4  *
 5  *
meshctl: trace: node '$IDD': not beyond $IDC: no answer"
run -j trace mesh0 $IDD
is "... JSON" "$(jq -c '[.hop, .reporter]' "$T/out" | tail -n 2)" "[4,null]
[5,null]"
mc "$D" route add mesh0 $IDA hop $IDC

check "a node becomes a client" mc "$C" dev set mesh0 role client
run trace mesh0 $IDD
is "trace through one who does not relay" \
	"$? $(sed -E 's/[0-9.]+ [mu]?s/T/' "$T/out" "$T/err")" \
	"8 trace to $IDD on mesh0
 1  $IDB  T
 2  $IDC  T  ! refused
meshctl: trace: node '$IDD': not beyond $IDC: refused"
run -j trace mesh0 $IDD
is "... JSON" "$(jq -c '[.reporter, .broken, .cause]' "$T/out" | tail -n 1)" \
	"[\"$IDC\",true,\"refused\"]"
check "... and a member again" mc "$C" dev set mesh0 role member

# A circle of wrong routes, and a far end that does not exist.
veth "$D" to4 "$B" from4 4
path "$D" $IDB 10.4.0.2:23731 && path "$B" $IDD 10.4.0.1:23731 &&
	wait_for 10 path_up "$D" $IDB && wait_for 10 path_up "$B" $IDD ||
	bail "D and B become neighbours"
mc "$A" session add mesh0 $IDE
index=$(field "$A" .index key new mesh0 $IDE)
"$MESHCTL" genkey | key_set "$A" $IDE "$index" 0x10 \
	00112233445566778899aabbccddeeff chacha20-poly1305 1
mc "$A" key use mesh0 $IDE "$index"
mc "$B" route add mesh0 $IDE hop $IDC
mc "$C" route add mesh0 $IDE hop $IDD
mc "$D" route add mesh0 $IDE hop $IDB
run trace mesh0 $IDE
is "trace in a circle ends" "$? $(cat "$T/err")" \
	"8 meshctl: trace: node '$IDE': not beyond $IDC: ttl"
is "... when the ttl does" "$(awk 'NR > 1 { print $1, $2 }' "$T/out" | tail -n 2)" \
	"64 $IDB
65 $IDC"
check "... which is marked" grep -q '^65 .* ! ttl$' "$T/out"
mc "$A" session del mesh0 $IDE
mc "$B" path del mesh0 $IDD 1
mc "$D" path del mesh0 $IDB 1

# --- reports --------------------------------------------------------------------

ip netns exec "$A" "$MESHCTL" monitor mesh0 >"$T/lines" &
at_end "kill $!"
ip netns exec "$A" "$MESHCTL" -j monitor >"$T/events" &
at_end "kill $!"
heard() { # PATTERN
	mc "$A" ping mesh0 $IDD ttl 0 count 1
	grep -qE "$1" "$T/lines" && grep -q '"ping"' "$T/events"
}
check "monitor shows pings" wait_for 10 heard \
	"^mesh0 ping generation [0-9]+ node $IDD id [0-9]+ reporter $IDB cause ttl rtt [0-9]+\$"
is "... JSON" "$(jq -c 'select(.type == "ping") | .ping |
	[.node, .reporter, .cause, .rtt > 0]' "$T/events" | head -n 1)" \
	"[\"$IDD\",\"$IDB\",\"ttl\",true]"
addresses "$A" 1
addresses "$D" 4
check "frames reach the far end" in_ns "$A" ping -c 1 -W 5 192.168.9.4
ip -n "$C" link set to3 down
in_ns "$A" ping -c 10 -i 0.2 -W 1 192.168.9.4 >/dev/null
reported() { grep -q " report .*no-route" "$T/lines" && grep -q '"report":' "$T/events"; }
check "monitor shows reports" wait_for 5 reported
check "... as text" grep -qE \
	"^mesh0 report generation [0-9]+ node $IDD reporter $IDC via $IDB cause no-route\$" \
	"$T/lines"
is "... JSON" "$(jq -c 'select(.type == "report") | .report |
	[.node, .reporter, .via, .cause]' "$T/events" | sort -u)" \
	"[\"$IDD\",\"$IDC\",\"$IDB\",\"no-route\"]"
run trace mesh0 $IDD
is "trace where a cable is cut" "$? $(cat "$T/err")" \
	"8 meshctl: trace: node '$IDD': not beyond $IDC: no-route"

check "a session's route stays without it" mc "$A" session del mesh0 $IDC
json "... is seen" "map(.node) | index(\"$IDC\") != null" route list mesh0
check "... and is deleted by itself" mc "$A" route del mesh0 $IDC

# --- origins --------------------------------------------------------------------

json "what was heard" "map(select(.node == \"$IDD\"))[0] | .frames > 0 and
	.epochs == 1 and has(\"age\") and (has(\"configured\") or has(\"child\") | not)" \
	origin list mesh0
prints "... as text" "^mesh0  $IDD  [0-9]+ +1 +[0-9.]+ m?s +all\$" origin list
check "origin add" mc "$A" origin add mesh0 $IDD child $IDB owner 00ff
json "... is seen" "length == 1 and (.[0] | .configured and .child == [\"$IDB\"] and
	.owner == \"00ff\")" origin list mesh0 $IDD
prints "... as text" "^mesh0  $IDD .* $IDB\$" origin list
check "origin add of this node" mc "$A" origin add mesh0 $IDA child $IDD child $IDB
prints "... children as text" "^mesh0  $IDA  0 +0 +- +$IDD,$IDB\$" origin list
check "origin set" mc "$A" origin set mesh0 $IDD leaf
json "... keeps the owner" '.[0] | .configured and (has("child") | not) and
	.owner == "00ff"' origin list mesh0 $IDD
prints "... a leaf as text" "^mesh0  $IDD .* none\$" origin list
check "origin set of the owner" mc "$A" origin set mesh0 $IDD owner 01
json "... keeps the rest" '.[0] | .configured and .owner == "01"' \
	origin list mesh0 $IDD
before=$(state)
says 2 "origin add: node '$IDD': origin exists" origin add mesh0 $IDD leaf
says 2 "origin add: either children are needed, or leaf" origin add mesh0 $IDE
says 1 "origin add: leaf: a leaf has no child" origin add mesh0 $IDE leaf child $IDB
says 3 "origin set: child '$IDE': no session with the child" \
	origin set mesh0 $IDD child $IDB child $IDE
says 2 "origin set: child '$IDB': child given twice" \
	origin set mesh0 $IDD child $IDB child $IDB
says 1 "origin add: child 'x': not a node id (16 hex digits)" origin add mesh0 $IDE child x
says 1 "origin add: leaf: said twice" origin add mesh0 $IDE leaf leaf
says 3 "origin set: node '$IDE': nothing is known of floods of this node" \
	origin set mesh0 $IDE leaf
says 3 "origin del: node '$IDE': nothing is known of floods of this node" \
	origin del mesh0 $IDE
is "nothing of it changed anything" "$(state)" "$before"
mc "$A" showconf mesh0 >"$T/live"
check "showconf has the children" grep -qx "Origin = $IDA child $IDD child $IDB" "$T/live"
check "... and the leaf" grep -qx "Origin = $IDD leaf owner 01" "$T/live"
fails "... and not what was only heard" grep "Origin = $IDC" "$T/live"
check "origin del" mc "$A" origin del mesh0 $IDD
json "... forgets the children, not what was heard" '.[0] | .frames > 0 and
	(has("configured") or has("owner") | not)' origin list mesh0 $IDD

# --- roles ----------------------------------------------------------------------

fails "show says nothing of a member's role" grep role <(mc "$A" show)
json "dev show" '.role == "member" and .epoch >= 0 and .origins >= 3' dev show mesh0
check "dev set role" mc "$A" dev set mesh0 role transit
prints "show: the role" '^  role: transit$' show
prints "dev show: the role" '^role transit$' dev show mesh0
check "dev set of what is flooded" mc "$A" dev set mesh0 storm-limit none \
	flood-unknown off flood-types 0x0806,0x88cc
json "... is seen" '.storm_limit == 0 and .flood_unknown == "off" and
	.flood_type == ["0x0806", "0x88cc"]' dev show mesh0
prints "... as text" '^flood-type 0x0806,0x88cc$' dev show mesh0
check "dev set back" mc "$A" dev set mesh0 storm-limit 10000 flood-unknown on \
	flood-types any
json "... is seen" '.storm_limit == 10000 and .flood_unknown == "on" and
	(has("flood_type") | not)' dev show mesh0
check "dev set of what goes two ways" mc "$A" dev set mesh0 \
	redundant-types 0x88ba,0x0806 redundant-dscp ef,0,CS6,af43
json "... is seen" '.redundant_type == ["0x88ba", "0x0806"] and
	.redundant_dscp == [0, 38, 46, 48]' dev show mesh0
prints "... as text" '^redundant-dscp 0,38,46,48$' dev show mesh0
prints "show: the types" '^  redundant types: 0x88ba,0x0806$' show
prints "show: the DSCP" '^  redundant DSCP: 0,38,46,48$' show
prints "showconf has it" '^RedundantTypes = 0x88ba,0x0806$' showconf mesh0
prints "... all of it" '^RedundantDscp = 0,38,46,48$' showconf mesh0
check "dev set of the DSCP alone" mc "$A" dev set mesh0 redundant-dscp none
json "... leaves the types" '.redundant_dscp == [] and
	(.redundant_type | length) == 2' dev show mesh0
check "dev set back" mc "$A" dev set mesh0 redundant-types none
fails "show says nothing of what is not there" grep redundant <(mc "$A" show)
json "... is seen" '.redundant_dscp == [] and (has("redundant_type") | not)' \
	dev show mesh0
says 1 "dev set: redundant-dscp 'ef,64': not DSCPs (0 to 63, ef, cs0 to cs7, af11 to af43, as in ef,48), or none" \
	dev set mesh0 redundant-dscp ef,64
says 1 "dev set: redundant-types 'any': not EtherTypes from 0x600 on (0x0806,0x88ba), or none" \
	dev set mesh0 redundant-types any
says 1 "dev set: flood-types '0x5ff': not EtherTypes from 0x600 on (0x0806,0x86dd), or any" \
	dev set mesh0 flood-types 0x5ff
says 1 "dev set: role 'king': not a role (member, client or transit)" \
	dev set mesh0 role king
check "dev add with a role, up" mc "$A" dev add mesh1 port 4000 role client up
json "... is seen" '.role == "client" and .port == 4000' dev show mesh1
check "... it is up" grep -q 1 <(in_ns "$A" cat /sys/class/net/mesh1/carrier)
run dev add mesh2 port 4000 role transit up
is "dev add with a role, but its port is in use" "$? $(wc -l <"$T/err")" "4 1"
fails "... leaves nothing behind" ip -n "$A" link show mesh2
# A claim passed on into another namespace is none of a device there.
setup_ns X
check "dev add under a claim elsewhere" in_ns "$A" "$MESHCTL" dev claim mesh0 \
	ip netns exec "$X" "$MESHCTL" dev add mesh0 role client
is "... sets the role" "$(field "$X" .role dev show mesh0)" client
json "... and none there" '.role == "transit"' dev show mesh0
