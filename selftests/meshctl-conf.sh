#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Configuration files of meshctl: they are taken, printed the same to the byte,
# and change only what differs.
# meshlan-test: time=120
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"
. "$(dirname "$(realpath "$0")")/meshctl/common.sh"

IDD=00000000000000dd
IDE=00000000000000ee

pair chacha20-poly1305 2
# Between two nodes that talk: what stays is not touched.
path_rx() { field "$A" ".[] | select(.id == $1) | .rx_packets" path list mesh0 $IDB; }
mc "$A" path add mesh0 $IDB id 5 remote '[fd00:1::2]:23731' >/dev/null
second_up() { [ "$(field "$A" '.[1].state' path list mesh0 $IDB)" = up ]; }
mc "$B" path add mesh0 $IDA id 5 remote '[fd00:1::1]:23731' >/dev/null
check "a second path is up" wait_for 10 second_up
mc "$A" showconf mesh0 >"$T/live"
fails "showconf leaves out what the kernel learned" grep local "$T/live"
g=$(generation) k=$(key_index) n1=$(path_rx 1) n5=$(path_rx 5)
run syncconf mesh0 "$T/live"
is "syncconf of a live device" $? 0
is "... the key stays" "$(key_index)" "$k"
check "... the first path stays" [ "$(path_rx 1)" -ge "$n1" ]
check "... the second path stays" [ "$(path_rx 5)" -ge "$n5" ]
sed 's/id 5 \(.*\)active-interval 100ms/id 5 \1active-interval 60ms/' "$T/live" |
	run syncconf mesh0 -
json "syncconf of an interval" '.[1].active_interval == 60' path list mesh0 $IDB
check "... the first path stays" [ "$(path_rx 1)" -ge "$n1" ]
check "... the second path stays" [ "$(path_rx 5)" -ge "$n5" ]
sed '/id 5/d' "$T/live" | run syncconf mesh0 -
json "syncconf without the second path" 'map(.id) == [1]' path list mesh0 $IDB
check "... the first path stays" [ "$(path_rx 1)" -ge "$n1" ]
sed '/id 5/d; s/id 1 //' "$T/live" | run syncconf mesh0 -
json "syncconf of a path without its id" 'map(.id) == [1]' path list mesh0 $IDB
check "... the path stays" [ "$(path_rx 1)" -ge "$n1" ]
check "they still talk" in_ns "$A" ping -c 2 -i 0.2 -W 5 192.168.9.2
sed "/^\[Session/,\$d" "$T/live" | run syncconf mesh0 -
json "syncconf without the session" '. == []' session list mesh0

# A device without a peer, so that nothing happens by itself.
setup_ns C
A=$C
mc "$C" dev add mesh0 node $IDA up
ip -n "$C" link add wire type dummy
cat >"$T/conf" <<-CONF
	# all there is
	[Device]
	Node = $IDA
	Port = 23731
	Lanes = 3
	FdbLimit = 100
	FdbNodeLimit = 10
	FdbAge = 1m
	Fwmark = 5
	Dscp = 3
	LimitUp = 0.5G
	LimitBurst = 20
	Role = client
	StormLimit = none
	FloodUnknown = off
	FloodTypes = 0x0806,0x86dd
	Suppress = off
	LinkLocal = on
	Scatter = packet
	RedundantTypes = 0x88ba
	RedundantDscp = ef,8
	LoopProbes = off
	Route = $IDB hop $IDB weight 2 hop $IDC weight 1 owner 33
	Route = $IDE hop $IDC weight 1 scatter redundant
	Origin = $IDA child $IDB child $IDC
	Origin = $IDD leaf owner 44
	Origin = $IDE child $IDC owner 55
	Fdb = 02:00:00:00:00:05 vlan 7 node $IDB type static
	Fdb = 02:00:00:00:00:06 node $IDC type certified

	[Session]
	Node = $IDB
	Expires = 2037-01-31
	Owner = 0102
	LimitDown = 2500k
	RelayLimit = 30M
	Path = remote 127.0.0.2:5 interface lo
	Path = id 9 remote [::1]:6 active-interval 1s idle-interval 20ms rate 5M weight 7 owner ff

	[Session]
	Node = $IDC
	Path =
CONF
check "setconf" mc "$C" setconf mesh0 "$T/conf"
mc "$C" showconf mesh0 >"$T/shown"
cat >"$T/wanted" <<-CONF
	[Device]
	Node = $IDA
	Port = 23731
	Lanes = 3
	FdbLimit = 100
	FdbNodeLimit = 10
	FdbAge = 60s
	Fwmark = 0x5
	Dscp = 3
	LimitUp = 500M
	LimitDown = none
	LimitBurst = 20ms
	Role = client
	StormLimit = none
	FloodUnknown = off
	FloodTypes = 0x0806,0x86dd
	Suppress = off
	LinkLocal = on
	Scatter = packet
	RedundantTypes = 0x88ba
	RedundantDscp = 8,46
	LoopProbes = off
	Route = $IDB hop $IDB weight 2 hop $IDC weight 1 owner 33
	Route = $IDE hop $IDC weight 1 scatter redundant
	Origin = $IDA child $IDB child $IDC
	Origin = $IDD leaf owner 44
	Origin = $IDE child $IDC owner 55
	Fdb = 02:00:00:00:00:05 vlan 7 node $IDB type static
	Fdb = 02:00:00:00:00:06 node $IDC type certified

	[Session]
	Node = $IDB
	Expires = 2037-01-31T00:00:00Z
	Owner = 0102
	LimitDown = 2500k
	RelayLimit = 30M
	Path = id 1 remote 127.0.0.2:5 interface lo active-interval 100ms idle-interval 25000ms rate measure weight 1
	Path = id 9 remote [::1]:6 active-interval 1000ms idle-interval 20ms rate 5M weight 7 owner ff

	[Session]
	Node = $IDC
	Expires = never
	Path = id 1 active-interval 100ms idle-interval 25000ms rate measure weight 1
CONF
is "showconf" "$(cat "$T/shown")" "$(cat "$T/wanted")"
again() { mc "$C" showconf mesh0 | cmp "$T/shown" -; }
check "setconf of what showconf said" mc "$C" setconf mesh0 "$T/shown"
check "... is the same to the byte" again
mc "$C" dev del mesh0
mc "$C" dev add mesh0 node $IDA up
check "on a new device too" mc "$C" setconf mesh0 - <"$T/shown"
check "... is the same to the byte" again
json "showconf never prints keys" '. == []' key list

mc "$C" key new mesh0 $IDB >/dev/null
sleep 0.3
g=$(generation)
k=$(key_index)
out=$(mc "$C" syncconf mesh0 "$T/shown" 2>&1)
is "syncconf of what is" "$?$out" 0
mc "$C" syncconf mesh0 "$T/conf"
is "syncconf of a file that leaves out what the kernel chose" $? 0
is "... no event came of it" "$(generation)" "$g"
is "... the key is still there" "$(key_index)" "$k"
check "... nothing changed" again

sed -e "s/Expires = 2037.*/Expires = never/; s/^Owner = .*//" \
	-e "s/remote 127.0.0.2:5/remote 127.0.0.3:5/; s/ rate 5M owner ff/ rate 6M/" \
	-e "/^Node = $IDC/,\$d" -e '/02:00:00:00:00:06/d' \
	-e 's/vlan 7 node .* type/vlan 7 node 00000000000000dd type/' \
	-e 's/ weight 2 owner 33/ weight 4/; s/^Lanes = 3/Lanes = 2/' \
	-e 's/^LimitDown = none/LimitDown = 7M/; s/^LimitBurst.*/LimitBurst = 60ms/' \
	-e 's/^LimitDown = 2500k/LimitUp = 3M/; s/^RelayLimit = .*/RelayLimit = 8M/' \
	"$T/shown" | awk '/^\[Session\]/ && seen++ { exit } { print }' >"$T/changed"
check "syncconf of changes" mc "$C" syncconf mesh0 "$T/changed"
is "... makes them" "$(mc "$C" showconf mesh0)" "$(sed '/^$/d; s/^\[Session/\n&/' "$T/changed")"
is "... and keeps the key" "$(key_index)" "$k"
check "syncconf back" mc "$C" syncconf mesh0 "$T/shown"
check "... is as it was" again
is "... and keeps the key" "$(key_index)" "$k"
mc "$C" setconf mesh0 "$T/shown"
json "setconf begins anew: no key" '. == []' key list mesh0

before=$(state)
echo "Nonsense = 1" >>"$T/changed"
says 1 "syncconf: $T/changed:$(wc -l <"$T/changed"): Nonsense: not known in this block" \
	syncconf mesh0 "$T/changed"
printf '[Device]\nPort = 4000\n[Session]\nNode = 12xyz\n' >"$T/bad"
says 1 "setconf: $T/bad:4: Node: not a node id (16 hex digits)" setconf mesh0 "$T/bad"
head -c 300 /dev/urandom | tr -d '\n' >"$T/noise"
run setconf mesh0 "$T/noise"
is "noise is refused" $? 1
printf '[Device]\0Port = 4000\n' >"$T/bad"
says 1 "setconf: '$T/bad': no text file" setconf mesh0 "$T/bad"
{
	printf '[Device]\nPort = 4000\nRoute = %s hop %s\n' $IDE $IDD
	printf '[Session]\nNode = %s\n' $IDB
} >"$T/bad"
says 1 "syncconf: hop of $IDE: '$IDD': no [Session] with this node" \
	syncconf mesh0 "$T/bad"
sed -i "s/Route = $IDE hop/Origin = $IDE child/" "$T/bad"
says 1 "setconf: child of $IDE: '$IDD': no [Session] with this node" \
	setconf mesh0 "$T/bad"
is "a wrong file changes nothing" "$(state)" "$before"
printf '[Device]\nPort = 4000\nLanes = 17\n' >"$T/bad"
says 2 "setconf: lanes '17': integer out of range (1 to 16)" setconf mesh0 "$T/bad"
is "neither does what the kernel refuses at once" "$(state)" "$before"
in_ns "$C" "$MESHCTL" dev claim mesh0 env -u MESHLAN_CLAIM_FD \
	"$MESHCTL" setconf mesh0 "$T/conf" 2>"$T/err"
is "setconf of a claimed device: status 4" $? 4
is "... changes nothing" "$(state)" "$before"

# What the kernel would refuse is found before anything is torn down.
mc "$C" key new mesh0 $IDB >/dev/null
mc "$C" dev add mesh1 node $IDD port 4000 up
before=$(state)
own=$(ip -n "$C" -j link show mesh0 | jq -r '.[0].address')
refused() { # TEXT LINE: of [Device]
	sed "s/^\[Device\]/&\n$2/" "$T/shown" >"$T/bad"
	says 1 "setconf: $1" setconf mesh0 "$T/bad"
	is "... changes nothing, and keys stay" "$(state)" "$before"
}
refused "route '$IDA': a node has no route to itself" "Route = $IDA hop $IDB"
refused "fdb: node '$IDA': node must be another node" \
	"Fdb = 02:00:00:00:00:07 node $IDA"
refused "fdb '$own': this is the device's own MAC address" "Fdb = $own node $IDB"
refused "$T/bad:2: Fdb: a node is needed" "Fdb = 02:00:00:00:00:07"
refused "$T/bad:2: Route: hop given twice" "Route = $IDD hop $IDB hop $IDB"
refused "$T/bad:2: Route: weight is 1 or more" "Route = $IDD hop $IDB weight 0"
{ cat "$T/shown" && printf '[Session]\nNode = %s\n' $IDA; } >"$T/bad"
says 1 "setconf: session '$IDA': a node has no session with itself" \
	setconf mesh0 "$T/bad"
{ cat "$T/shown" && echo "Path = remote 127.0.0.9:5 interface mesh0"; } >"$T/bad"
says 1 "setconf: path to $IDC: it cannot lead through its own device" \
	setconf mesh0 "$T/bad"
sed "0,/^Node =/s/^Node = .*/Node = $IDD/; s/^Port = .*/Port = 4000/" \
	"$T/shown" >"$T/bad"
for how in setconf syncconf; do
	run $how mesh0 "$T/bad"
	is "$how: another node id, and a port in use: status 4" $? 4
done
is "... changes nothing, and keys stay" "$(state)" "$before"
sed -i 's/^Port = .*/Port = 23731/' "$T/bad"
check "syncconf of another node id" mc "$C" syncconf mesh0 "$T/bad"
is "... all is as the file says" "$(mc "$C" showconf mesh0)" "$(cat "$T/bad")"
json "... sessions begin anew" '. == []' key list mesh0
check "syncconf back" mc "$C" syncconf mesh0 "$T/shown"
check "... is the same to the byte" again
sed 's/\(Path = id\) 1 remote/\1 7 remote/; s/\(Path = id\) 9/\1 1/
	s/\(Path = id\) 7/\1 9/' "$T/shown" >"$T/changed"
check "syncconf of paths that change places" mc "$C" syncconf mesh0 "$T/changed"
is "... makes them" "$(mc "$C" -j path list mesh0 $IDB |
	jq -c 'map([.id, .remote_port])')" "[[1,6],[9,5]]"
check "syncconf back" mc "$C" syncconf mesh0 "$T/shown"
check "... is the same to the byte" again
# No check finds how much the kernel has room for.
{
	sed "/^\[Session/,\$d; /^Origin/d; /^$/d; s/^Scatter.*/Scatter = flow/" "$T/shown"
	for ((i = 1; i <= 17000; i++)); do
		printf 'Origin = %016x leaf\n' $((i + 4096))
	done
	sed -n "/^\[Session/,\$p" "$T/shown"
	printf '\n[Session]\nNode = %016x\n' 77
} >"$T/bad"
says 2 "syncconf: too many origins" syncconf mesh0 "$T/bad"
check "... and the device is made as it was" again
mc "$C" dev del mesh1

# A route and an origin outlive the sessions that they name.
mc "$C" session del mesh0 $IDC
mc "$C" showconf mesh0 >"$T/shown"
check "a route's hop has no session" grep -q "Route = $IDE hop $IDC" "$T/shown"
check "syncconf of that" mc "$C" syncconf mesh0 "$T/shown"
check "... changes nothing" again
check "setconf of that" mc "$C" setconf mesh0 "$T/shown"
check "... is the same to the byte" again

# More than one message of a dump holds.
{
	printf '[Device]\nNode = %s\n' $IDA
	for ((i = 1; i <= 500; i++)); do
		printf '\n[Session]\nNode = %016x\nExpires = never\n' $((i + 4096))
		printf 'Path = id 1 remote 127.0.%d.%d:7\n' $((i / 250)) $((i % 250 + 1))
	done
} >"$T/big"
check "setconf of 500 sessions" mc "$C" setconf mesh0 "$T/big"
json "... all are there" 'length == 500' session list
json "... in show too, each with its path" \
	'.[0].sessions | length == 500 and all(.paths | length == 1)' show
mc "$C" showconf mesh0 >"$T/shown"
g=$(generation)
check "syncconf of them" mc "$C" syncconf mesh0 "$T/shown"
is "... changes nothing" "$(generation)" "$g"
check "... and they are the same to the byte" again
{
	printf '[Device]\nOrigin = %s' $IDA
	for ((i = 1; i <= 500; i++)); do
		printf ' child %016x' $((i + 4096))
	done
	sed '1s/.*//' "$T/shown"
} >"$T/big"
check "an origin of 500 children" mc "$C" syncconf mesh0 "$T/big"
json "... all are there" '.[0].child | length == 500' origin list
json "... also in a single answer" '.[0].child | length == 500' origin list mesh0 $IDA
mc "$C" showconf mesh0 >"$T/shown"
check "syncconf of them" mc "$C" syncconf mesh0 "$T/shown"
check "... and they are the same to the byte" again
{
	printf '[Device]\n'
	for ((i = 1; i <= 5000; i++)); do
		printf 'Route = %016x hop %016x weight 1\n' $((i + 65536)) $((i % 500 + 4097))
	done
	sed '1s/.*//' "$T/shown"
} >"$T/big"
check "5000 routes" mc "$C" syncconf mesh0 "$T/big"
json "... all are there" 'length == 5000' route list
mc "$C" showconf mesh0 >"$T/shown"
check "syncconf of them" mc "$C" syncconf mesh0 "$T/shown"
check "... and they are the same to the byte" again
sed '/^Route = 0000000000010001/d; s/^\(Route = 0000000000010002 .* weight\) 1$/\1 5/' \
	"$T/shown" >"$T/big"
check "syncconf of one that goes and one that changes" mc "$C" syncconf mesh0 "$T/big"
is "... makes them" "$(mc "$C" showconf mesh0 | cksum)" "$(cksum <"$T/big")"
printf '[Device]\n' >"$T/nothing"
check "syncconf of none" mc "$C" syncconf mesh0 "$T/nothing"
json "... deletes all" '. == []' session list
json "... the children too" 'all(has("configured") | not)' origin list
json "... and the routes" '. == []' route list
