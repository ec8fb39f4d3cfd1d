#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# meshctl against the kernel: every command, its JSON, its error lines and
# exit codes; secrets; claims; events.
# meshlan-test: time=240
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"
. "$(dirname "$(realpath "$0")")/meshctl/common.sh"

# --- the module ---------------------------------------------------------------

modprobe_was=$(cat /proc/sys/kernel/modprobe)
at_end "echo '$modprobe_was' >/proc/sys/kernel/modprobe"
rmmod meshlan
echo /bin/false >/proc/sys/kernel/modprobe
setup_ns EMPTY
A=$EMPTY
missing="the kernel module is not loaded; as root: modprobe meshlan"
says 6 "show: $missing"
says 6 "dev list: $missing" dev list
says 6 "session add: $missing" session add mesh0 $IDB
says 6 "dev add: $missing" dev add mesh0
says 6 "monitor: $missing" monitor
says 6 "ping: $missing" ping mesh0 $IDB
echo "$modprobe_was" >/proc/sys/kernel/modprobe
check "the family loads the module" mc "$A" show
check "it is there" test -d /sys/module/meshlan
prints "without a device an empty list" '^DEV' dev list
json "no device" '. == []' show

# --- two nodes ------------------------------------------------------------------

pair chacha20-poly1305 2
check "they talk" in_ns "$A" ping -c 2 -i 0.2 -W 5 192.168.9.2
check "an entry is added" mc "$A" fdb add mesh0 02:00:00:00:00:05 vlan 7 node $IDB

prints "show: the device" '^device: mesh0$'
prints "show: its node" "^  node: $IDA\$" show
prints "show: its port" '^  port: 23731$' show mesh0
prints "show: the session" "^session: $IDB\$" show
prints "show: traffic" 'transfer: [0-9.]+ K?i?B received, [0-9.]+ K?i?B sent' show
prints "show: its memory" \
	'memory: [0-9.]+ K?i?B, and [0-9.]+ K?i?B of replay windows' show
prints "show: the path" '^  path 1: 10.1.0.2:23731, up, .*in use' show
prints "show: its delay" 'rtt [0-9.]+ [mun]?s \(least' show
prints "show: the key" 'key 0x[0-9a-f]{7}0: transmit, chacha20-poly1305, 2 lanes, age' show
prints "dev list" "^mesh0  $IDA  23731  1 " dev list
prints "dev show" '^fdb-node-limit 4096$' dev show mesh0
prints "dev show: a value that is a word" '^dscp inherit$' dev show mesh0
prints "dev show: counters" '^drop-rx-auth 0$' dev show mesh0
prints "session list" "^mesh0  $IDB  1  +1  +1 " session list
prints "key list" "^mesh0  $IDB  0x[0-9a-f]{7}0  transmit  chacha20-poly1305  2 " key list mesh0
prints "path list" "^mesh0  $IDB  1   10.1.0.2:23731 .* up " path list mesh0 $IDB
prints "fdb list" "02:00:00:00:00:05  7     $IDB  static" fdb list
prints "route list" '^DEV  NODE' route list mesh0
prints "a command without subcommand lists" "^mesh0  $IDB" path

json "show" '.[0] | .ifname == "mesh0" and (.sessions[0].paths[0].state == "up")
	and (.sessions[0].keys | length == 1) and .counters.drop_rx_auth == 0' show
json "dev list" '.[0].node == "00000000000000aa" and .[0].port == 23731' dev list
json "dev show" '.sessions == 1 and (.counters | length > 30)' dev show mesh0
json "session list" '.[0].node == "00000000000000bb" and .[0].expires == 0' session list
json "session list of a node" 'length == 1' session list mesh0 $IDB
json "key list" '.[0] | .cipher == "chacha20-poly1305" and .state == "transmit"
	and (.index | test("^0x[0-9a-f]{7}0$"))' key list mesh0 $IDB
json "path list" '.[0] | .remote_ipv4 == "10.1.0.2" and .remote_port == 23731
	and (.flags | index("heard") != null)' path list mesh0 $IDB
json "fdb list" 'map(select(.mac == "02:00:00:00:00:05"))[0] | .vlan == 7 and
	.type == "static"' fdb list mesh0
json "route list" '. == []' route list

# --- changes --------------------------------------------------------------------

check "dev set" mc "$A" dev set mesh0 fwmark 0x20 dscp 10 fdb-age 5m \
	fdb-limit 1000 fdb-node-limit 100 lanes 3
prints "dev show: a DSCP" '^dscp 10$' dev show mesh0
json "... is seen" '.fwmark == 32 and .dscp == 10 and .fdb_age == 300 and
	.fdb_limit == 1000 and .fdb_node_limit == 100 and .lanes == 3' dev show mesh0
check "dev set of a switch" mc "$A" dev set mesh0 suppress off link-local on \
	loop-probes off
json "... is seen" '.suppress == "off" and .link_local == "on" and
	.loop_probes == "off"' dev show mesh0
check "... and back" mc "$A" dev set mesh0 suppress on link-local off \
	loop-probes on
json "... is seen" '.suppress == "on" and .link_local == "off" and
	.loop_probes == "on" and .loops == 0' dev show mesh0
check "dev set of limits" mc "$A" dev set mesh0 limit-up 1.5G limit-down none \
	limit-burst 100ms
json "... is seen" '.limit_up == 1500000000 and .limit_down == 0 and
	.limit_burst == 100' dev show mesh0
prints "... by people too" '^  limit: 1500M up$' show
check "dev set without limits" mc "$A" dev set mesh0 limit-up none limit-burst 50
json "... is seen" '.limit_up == 0 and .limit_burst == 50' dev show mesh0
check "dev set scatter" mc "$A" dev set mesh0 scatter packet
json "... is seen" '.scatter == "packet"' dev show mesh0
check "dev set scatter default" mc "$A" dev set mesh0 scatter default
json "... is flow" '.scatter == "flow"' dev show mesh0
check "session add" mc "$A" session add mesh0 00:00:00:00:00:00:00:cc \
	expires +1h owner 00ff
json "... is seen" ".[0].owner == \"00ff\" and
	(.[0].expires - $(date +%s) | . > 3500 and . <= 3600)" session list mesh0 $IDC
check "session set" mc "$A" session set mesh0 $IDC --expires never --owner ''
json "... is seen" '.[0].expires == 0 and (.[0].owner // "") == ""' \
	session list mesh0 $IDC
check "session set of limits" mc "$A" session set mesh0 $IDC limit-up 4M \
	limit-down 64kbit
json "... is seen" '.[0].limit_up == 4000000 and .[0].limit_down == 64000' \
	session list mesh0 $IDC
prints "... by people too" '^  limit: 4M up, 64k down$' show
check "session set of what is relayed" mc "$A" session set mesh0 $IDC relay-limit 20M
json "... is seen" '.[0].relay_limit == 20000000 and .[0].limit_up == 4000000' \
	session list mesh0 $IDC
prints "... by people too" '^  relay limit: 20M$' show
check "session set of that to none" mc "$A" session set mesh0 $IDC relay-limit none
json "... is seen" '.[0].relay_limit == 0' session list mesh0 $IDC
check "session set of one limit" mc "$A" session set mesh0 $IDC limit-up none
json "... leaves the other" '.[0].limit_up == 0 and .[0].limit_down == 64000' \
	session list mesh0 $IDC
prints "key new prints index and nonce" "^index 0x[0-9a-f]{7}0 nonce $hex32\$" \
	key new mesh0 $IDC
json "key new" '(.index | test("^0x[0-9a-f]{7}0$")) and (.nonce | length == 32)' \
	key new mesh0 $IDC
index=$(field "$A" '.[0].index' key list mesh0 $IDC)
check "key del" mc "$A" key del mesh0 $IDC "$index"
json "... is seen" "map(select(.index == \"$index\")) == []" key list mesh0 $IDC
is "path add prints the id" "$(mc "$A" path add mesh0 $IDC)" "id 1"
json "path add" '.id == 2' path add mesh0 $IDC remote '[fd00:1::2]:9' \
	local fd00:1::1 interface wire active-interval 50 idle-interval 2s \
	rate 10M owner aa
json "... is seen" '.[1] | .remote_ipv6 == "fd00:1::2" and .remote_port == 9 and
	.local_ipv6 == "fd00:1::1" and .active_interval == 50 and
	.idle_interval == 2000 and .rate == 10000000 and .owner == "aa"' \
	path list mesh0 $IDC
prints "a path that waits" '^  path 1: waits for the peer, down' show
check "path set" mc "$A" path set mesh0 $IDC 2 rate measure remote fd00:1::9
json "... is seen" '.[1] | .rate == 0 and .remote_ipv6 == "fd00:1::9" and
	.remote_port == 23731' path list mesh0 $IDC
check "path probe" mc "$A" path probe mesh0 $IDB 1 size 1400
mtu() { [ "$(field "$A" '.[0].mtu' path list mesh0 $IDB)" = 1400 ]; }
check "... is answered" wait_for 5 mtu
check "path del" mc "$A" path del mesh0 $IDC 2
json "... is seen" 'length == 1' path list mesh0 $IDC
check "fdb set" mc "$A" fdb set mesh0 02:00:00:00:00:05 vlan 7 node $IDC
json "... is seen" 'map(select(.vlan == 7))[0].node == "00000000000000cc"' fdb list
check "fdb del" mc "$A" fdb del mesh0 02:00:00:00:00:05 vlan 7
json "... is seen" 'map(select(.vlan == 7)) == []' fdb list
check "route add" mc "$A" route add mesh0 $IDB hop $IDB weight 3
json "... is seen" '.[0].hop == [{"node": "00000000000000bb", "weight": 3}]' route list
check "route set" mc "$A" route set mesh0 $IDB hop $IDB owner 01
json "... is seen" '.[0].hop[0].weight == 1 and .[0].owner == "01"' \
	route list mesh0 $IDB
check "route del" mc "$A" route del mesh0 $IDB
check "session del" mc "$A" session del mesh0 $IDC
check "dev add with all settings" mc "$A" dev add mesh1 node $IDC port 4000 \
	lanes 1 fdb-limit 10 fdb-node-limit 5 fdb-age never fwmark 7 \
	dscp inherit owner-uid 1000 mtu 1300 up
json "... is seen" '.port == 4000 and .lanes == 1 and .fdb_age == 0 and
	.owner_uid == 1000 and .dscp == 64' dev show mesh1
is "... its MTU too" "$(in_ns "$A" cat /sys/class/net/mesh1/mtu)" 1300
json "both are listed" 'map(.ifname) | sort == ["mesh0", "mesh1"]' dev list

# --- what is wrong ----------------------------------------------------------------

before=$(state)
nodevice="no such device (see: meshctl dev list)"
says 1 "'bogus': no such command (see: meshctl help)" bogus
says 1 "session: 'bogus': no such command (see: meshctl help session)" session bogus
says 1 "-c: auto, always or never" -c red
says 1 "dev set: scatter 'both': not a mode (single, flow, packet, redundant or default)" \
	dev set mesh0 scatter both
says 1 "session add: which device? (a name such as mesh0)" session add
says 3 "session add: 'mesh9': $nodevice" session add mesh9 $IDB
says 1 "session add: which node? (16 hex digits)" session add mesh0
says 1 "session add: node '12xyz': not a node id (16 hex digits)" session add mesh0 12xyz
says 1 "session add: node '0000000000000000': not a node id (16 hex digits)" \
	session add mesh0 0000000000000000
says 2 "session add: session exists" session add mesh0 $IDB
says 3 "session set: node '$IDC': no session with this node" session set mesh0 $IDC
says 3 "session del: node '$IDC': no session with this node" session del mesh0 $IDC
says 1 "session set: expires 'soon': not a time (never, +1h, 2027-01-31T12:00:00Z, or seconds since 1970)" \
	session set mesh0 $IDB expires soon
says 1 "session set: owner 'abc': not hex digits (at most 128)" \
	session set mesh0 $IDB owner abc
says 1 "session set: owner: said twice" session set mesh0 $IDB owner ab owner ab
says 1 "session set: expires: needs a value (TIME)" session set mesh0 $IDB expires
says 1 "session del: 'now': not known here (see: meshctl help)" session del mesh0 $IDB now
says 1 "key use: which key? (its index, see: meshctl key list)" key use mesh0 $IDB
says 1 "key use: index 'x': not an index (such as 0x12345670)" key use mesh0 $IDB x
says 3 "key use: index '0x00000010': the session has no such key" key use mesh0 $IDB 0x10
says 3 "key del: index '0x00000010': the session has no such key" key del mesh0 $IDB 16
says 1 "key set: needs peer-index, peer-nonce, cipher and secret-file" \
	key set mesh0 $IDB 0x10 peer-index 1
says 1 "key set: peer-nonce '00': not a nonce (32 hex digits)" \
	key set mesh0 $IDB 0x10 peer-nonce 00
for n in 0 17; do
	says 1 "key set: lanes '$n': not a number (1 to 16)" \
		key set mesh0 $IDB 0x10 lanes $n
done
says 1 "key set: cipher 'rot13': not a cipher (chacha20-poly1305 or aes-256-gcm)" \
	key set mesh0 $IDB 0x10 cipher rot13
says 1 "path add: remote '10.1.0.2:0': not an address and port (192.0.2.1:23731, [2001:db8::1]:23731)" \
	path add mesh0 $IDB remote 10.1.0.2:0
says 1 "path add: local '10.1.0.1:5': not an address of this host" \
	path add mesh0 $IDB local 10.1.0.1:5
says 1 "path add: interface 'wire9': not an interface, or not the one of the address" \
	path add mesh0 $IDB interface wire9
says 2 "path set: active-interval '19': integer out of range (20 to 60000)" \
	path set mesh0 $IDB 1 active-interval 19
says 2 "path set: idle-interval '600001': integer out of range (20 to 600000)" \
	path set mesh0 $IDB 1 idle-interval 600001ms
says 1 "path set: rate 'fast': not a rate (bit/s: 10M, 1.5Gbit, or measure)" \
	path set mesh0 $IDB 1 rate fast
says 1 "path set: id '0': not a path id (1 to 65535)" path set mesh0 $IDB 0
says 3 "path set: id '9': the session has no such path" path set mesh0 $IDB 9 rate 1M
says 2 "path probe: size '127': integer out of range (128 to 65507)" \
	path probe mesh0 $IDB 1 size 127
says 1 "fdb add: mac '02:00': not a MAC address (02:00:00:00:00:01)" fdb add mesh0 02:00
says 2 "fdb add: node: missing" fdb add mesh0 02:00:00:00:00:05
says 2 "fdb add: vlan '4095': integer out of range (0 to 4094)" \
	fdb add mesh0 02:00:00:00:00:05 vlan 4095 node $IDB
says 3 "fdb del: no such entry" fdb del mesh0 02:00:00:00:00:05
says 1 "route add: weight '2': not a number after a hop" route add mesh0 $IDB weight 2
says 2 "dev set: lanes '17': integer out of range (1 to 16)" dev set mesh0 lanes 17
says 1 "dev set: suppress 'maybe': not on or off" dev set mesh0 suppress maybe
says 1 "dev set: port '65536': not a port (1 to 65535)" dev set mesh0 port 65536
says 4 "dev set: the node id cannot change while sessions exist" dev set mesh0 node $IDC
says 2 "show: device 'wire': interface is no meshlan device" show wire
says 2 "dev del: device 'wire': interface is no meshlan device" dev del wire
check "wire was not deleted" ip -n "$A" link show wire
says 1 "dev add: 'sixteencharacter': not a device name (1 to 15 characters)" \
	dev add sixteencharacter
says 2 "dev add: exists already" dev add wire
says 1 "dev add: mtu '-1': not a number of bytes" dev add mesh2 mtu -1
says 7 "setconf: '$T/none': No such file or directory" setconf mesh0 "$T/none"
is "nothing of it changed anything" "$(state)" "$before"

# shellcheck disable=SC2016 # these are variables of perl
ip netns exec "$A" perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 4001) or die;
	sleep 60' &
at_end "kill $!"
port_taken() { in_ns "$A" grep -q ':0FA1 ' /proc/net/udp; }
check "a port is taken" wait_for 5 port_taken
run dev add mesh2 port 4001 up
is "a port in use: status 4" $? 4
check "... and a clear line" grep -qiE '^meshctl: dev add: .*(in use|port)' "$T/err"

denied="not permitted (are you root?)"
is "an ordinary user is denied: show" \
	"$(in_ns "$A" setpriv --reuid 65534 --clear-groups "$MESHCTL" 2>&1; echo $?)" \
	"meshctl: show: $denied
5"
is "an ordinary user is denied: session del" \
	"$(in_ns "$A" setpriv --reuid 65534 --clear-groups "$MESHCTL" \
	session del mesh0 $IDB 2>&1; echo $?)" "meshctl: session del: $denied
5"
in_ns "$A" setpriv --reuid 65534 --clear-groups "$MESHCTL" dev add mesh2 \
	>"$T/out" 2>&1
is "an ordinary user is denied: dev add" $? 5
timeout 10 ip netns exec "$A" setpriv --reuid 65534 --clear-groups "$MESHCTL" \
	monitor >"$T/out" 2>&1
is "an ordinary user is denied: monitor" $? 5
run dev list >/dev/full
mc "$A" show >/dev/full 2>"$T/err"
is "a full disk: status 7" "$? $(cat "$T/err")" \
	"7 meshctl: show: output: No space left on device"

# --- looks ------------------------------------------------------------------------

esc=$'\e'
mc "$A" -c always >"$T/always"
mc "$A" -c never >"$T/never"
mc "$A" >"$T/auto"
check "-c always" grep -q "$esc" "$T/always"
fails "-c never" grep "$esc" "$T/never"
fails "no colour into a file" grep "$esc" "$T/auto"
for command in dev session key path route origin fdb; do
	prints "help $command" "^  meshctl $command list" help $command
done
run help
while read -r command; do
	check "the man page knows $command" grep -qE "^\.(BR|B) .*$command" \
		"$TOP/tools/man/meshctl.8"
done < <(awk '/^  [a-z]/ { print $1 }' "$T/out")
prints "help ping" '^  meshctl ping DEV NODE[|]MAC ' help ping
for command in dev session key path route origin fdb ping trace; do
	mc "$A" help $command | grep -oE '\[?[a-z]+(-[a-z]+)* [A-Z]+' |
		grep -oE '[a-z]+(-[a-z]+)*' | sort -u >"$T/words"
	missing=$(while read -r w; do
		grep -qF -- "${w//-/\\-}" "$TOP/tools/man/meshctl.8" || echo "$w"
	done <"$T/words")
	is "... and the words of $command" "$missing" ""
done

. "$TOP/tools/completion/meshctl"
completes() { # WANTED LINE
	local wanted=$1

	read -ra COMP_WORDS <<<"$2"
	[ "${2: -1}" != ' ' ] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_meshctl
	is "completion of '$2'" "${COMPREPLY[*]}" "$wanted"
}
# What it asks is asked in the namespace.
meshctl() { mc "$A" "$@"; }
completes "session setconf" "meshctl se"
completes "setconf" "meshctl setc"
completes "trace" "meshctl tr"
completes "add" "meshctl origin a"
completes "child" "meshctl origin add mesh0 $IDB c"
completes "$IDB" "meshctl origin add mesh0 $IDB child "
completes "owner" "meshctl origin add mesh0 $IDB leaf o"
completes "transit" "meshctl dev set mesh0 role t"
completes "$IDB" "meshctl ping mesh0 0000"
completes "$(field "$A" '.[] | select(.type == "local").mac' fdb list mesh0)" \
	"meshctl trace mesh0 $(field "$A" '.[] | select(.type == "local").mac[:9]' fdb list mesh0)"
completes "interval" "meshctl ping mesh0 $IDB count 3 i"
completes "new" "meshctl key n"
completes "mesh0 mesh1" "meshctl show "
completes "mesh0" "meshctl -j path add mesh0"
completes "$IDB" "meshctl path add mesh0 "
completes "remote" "meshctl path add mesh0 $IDB rem"
completes "remote rate" "meshctl path set mesh0 $IDB 1 idle-interval 5 r"
completes "aes-256-gcm" "meshctl key set mesh0 $IDB 0x10 cipher a"
completes "$(key_index)" "meshctl key use mesh0 $IDB "
completes "1" "meshctl path del mesh0 $IDB "
completes "always" "meshctl -c al"
unset -f meshctl

# --- secrets ------------------------------------------------------------------------

secret=$(mc "$A" genkey)
secret_hex=$(base64 -d <<<"$secret" | od -An -tx1 | tr -d ' \n')
is "genkey prints 32 bytes" ${#secret_hex} 64
check "... others each time" [ "$secret" != "$(mc "$A" genkey)" ]
mc "$A" session add mesh0 $IDC
index=$(field "$A" .index key new mesh0 $IDC)
nonce=00112233445566778899aabbccddeeff
key_set_from() { # FILE
	mc "$A" key set mesh0 $IDC "$index" peer-index 0x10 peer-nonce $nonce \
		cipher aes lanes 1 --secret-file "$1"
}
for bad in "" "short" "$secret$secret" "${secret_hex}00" "${secret%=}"; do
	echo "$bad" >"$T/secret"
	key_set_from "$T/secret" >"$T/out" 2>"$T/err"
	is "a bad secret of ${#bad} characters" "$? $(cat "$T/err")" \
		"1 meshctl: key set: secret-file '$T/secret': holds no secret (32 bytes in base64 or hex, see: meshctl genkey)"
done
key_set_from "$T/nosuch" 2>"$T/err"
is "no secret file" "$? $(cat "$T/err")" \
	"7 meshctl: key set: secret-file '$T/nosuch': No such file or directory"
says 1 "key set: 'secret': not known here (see: meshctl help)" \
	key set mesh0 $IDC "$index" secret "$secret"

# While it waits for the secret one can look at the process.
mkfifo "$T/fifo"
key_set_from "$T/fifo" >"$T/set.out" 2>&1 &
setter=$!
waiting() { pgrep -f "^$MESHCTL key set" >"$T/pid"; }
check "key set waits for a pipe" wait_for 5 waiting
exec 9>"$T/fifo"
printf %s "$secret" >&9
sleep 0.2
tr '\0' ' ' </proc/"$(head -n 1 "$T/pid")"/cmdline >"$T/seen"
tr '\0' '\n' </proc/"$(head -n 1 "$T/pid")"/environ >>"$T/seen"
exec 9>&-
wait "$setter"
is "... and takes it" $? 0
json "the key is set" '.[0] | .state == "receive" and .cipher == "aes-256-gcm" and
	.lanes == 1 and (has("secret") | not)' key list mesh0 $IDC
{
	cat "$T/set.out" "$T/seen"
	mc "$A" show
	mc "$A" -j show
	mc "$A" -j key list
	mc "$A" key list
	mc "$A" showconf mesh0
	dmesg
} >"$T/all" 2>&1
fails "no secret is seen" grep -iF -e "$secret" -e "$secret_hex" "$T/all"
check "... where it was looked for" grep -qF "key set mesh0 $IDC" "$T/seen"
second=$(field "$A" .index key new mesh0 $IDC)
index=$second
key_set_from - <<<"$secret_hex"
is "a secret from standard input, in hex" $? 0
mc "$A" session del mesh0 $IDC

# --- claims -------------------------------------------------------------------------

in_ns "$A" "$MESHCTL" dev claim mesh0 bash -c "
	$MESHCTL session add mesh0 $IDC && $MESHCTL -j dev show mesh0 >$T/dev
	env -u MESHLAN_CLAIM_FD $MESHCTL session del mesh0 $IDC 2>$T/err
	echo \$? \$\$ >$T/rc
	$MESHCTL session del mesh0 $IDC
	exit 42"
is "claim: the command's status" $? 42
read -r rc pid <"$T/rc"
is "claim: others are busy" "$rc $(cat "$T/err")" \
	"4 meshctl: session del: device is claimed by process $pid"
is "claim: the process is named" "$(jq .claim_pid "$T/dev")" "$pid"
json "claim: it ends with the command" 'has("claim_pid") | not' dev show mesh0
json "claim: the command could write" 'map(.node) == ["00000000000000bb"]' session list
says 1 "dev claim: which command shall hold the claim?" dev claim mesh0
run dev claim mesh0 /nonexistent
is "claim: no such command" "$? $(cat "$T/err")" \
	"7 meshctl: dev claim: running '/nonexistent': No such file or directory"

# --- events -------------------------------------------------------------------------

# A device without a peer, so that nothing happens by itself.
setup_ns C
A=$C
mc "$C" dev add mesh0 node $IDA up

ip netns exec "$C" "$MESHCTL" -j monitor --timestamps >"$T/events" 2>"$T/events.err" &
at_end "kill $!"
ip netns exec "$C" "$MESHCTL" monitor mesh0 >"$T/lines" &
at_end "kill $!"
# They listen when they tell the first thing.
poke() {
	mc "$C" fdb add mesh0 02:00:00:00:00:09 node $IDB
	mc "$C" fdb del mesh0 02:00:00:00:00:09
	[ -s "$T/events" ] && [ -s "$T/lines" ]
}
check "events come" wait_for 10 poke
mc "$C" fdb add mesh0 02:00:00:00:00:05 node $IDB
mc "$C" dev claim mesh0 true
mc "$C" fdb del mesh0 02:00:00:00:00:05
last() { grep -q "fdb-del.*:05" "$T/events" && grep -q "fdb-del.*:05" "$T/lines"; }
check "... to the last" wait_for 10 last
is "each is a JSON object on a line" "$(jq -c -s 'map(select((.fdb.mac // "05") | endswith("05")) |
	.type) | sort' "$T/events")" \
	'["fdb-add","fdb-del","owner-lost"]'
is "... with device and time" "$(jq -c '[.ifname,
	(.time | test("^20..-..-..T..:..:..[.][0-9]{6}Z$"))]' "$T/events" | sort -u)" \
	'["mesh0",true]'
is "... numbered without gaps" \
	"$(jq -s '[.[].generation] | (max - min + 1) == length' "$T/events")" true
now=$(date +%s)
then=$(date +%s -d "$(jq -r -s '.[0].time' "$T/events")")
check "... at the right time" [ $((now - then + 1)) -ge 0 -a $((now - then)) -le 30 ]
check "events as lines" grep -qE \
	"^mesh0 fdb-add generation [0-9]+ mac 02:00:00:00:00:05 vlan 0 node $IDB type static\$" \
	"$T/lines"
is "nothing was lost" "$(cat "$T/events.err")" ""

# One who does not listen misses something, and is told so: 8 MiB wait for it,
# and no message takes less than 700 bytes there.
ip netns exec "$C" "$MESHCTL" -j monitor >"$T/slept" 2>"$T/slept.err" &
listener=$!
at_end "kill -CONT $listener; kill $listener"
sleep 0.5
kill -STOP $listener
{
	printf "[Device]\n"
	for ((i = 0; i < 20000; i++)); do
		printf "Fdb = 02:00:00:00:%02x:%02x node %s\n" $((i / 256)) \
			$((i % 256)) $IDB
	done
} >"$T/many"
check "20000 entries" mc "$C" syncconf mesh0 "$T/many"
json "... are there" "map(select(.type == \"static\")) | length == 20000" fdb list
sleep 0.5
kill -CONT $listener
lost() { grep -qE "^meshctl: monitor: .*events (were lost|are missing)" "$T/slept.err"; }
check "a monitor says that events are missing" wait_for 10 lost ||
	diag "$(wc -l "$T/slept") lines, $(cat "$T/slept.err"), state" \
		"$(grep State /proc/$listener/status)"

check "dev del" mc "$C" dev del mesh0
says 3 "dev del: 'mesh0': $nodevice" dev del mesh0
