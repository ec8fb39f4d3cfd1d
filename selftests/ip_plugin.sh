#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The plugin of iproute2: its words with no device at all, then each option
# through the kernel and back.
# meshlan-test: time=60
# shellcheck source=selftests/lib.sh
. "$(dirname "$(realpath "$0")")/lib.sh"

make -s -C "$TOP/tools/ip-plugin" B="$T" >"$T/log" 2>&1 || {
	diag "$(cat "$T/log")"
	bail "the plugin builds"
}
ok "the plugin builds"
is "without a warning" "$(cat "$T/log")" ""
export IP_LIB_DIR=$T

names='port node lanes fdb-limit fdb-node-limit fdb-age fwmark dscp owner-uid'

# --- words ------------------------------------------------------------------

help_text=$(ip link help meshlan 2>&1)
for name in $names; do
	check "the help names $name" grep -q "^    $name " <<<"$help_text"
done
is "add type meshlan help says the same" \
	"$(ip link add type meshlan help 2>&1)" "$help_text"

bad() { # WANTED-IN-THE-ANSWER ARGUMENT...
	local wanted=$1 out

	shift
	refuse "refused: $*" ip link add mlp0 type meshlan "$@"
	out=$(ip link add mlp0 type meshlan "$@" 2>&1)
	check "it says \"$wanted\"" grep -qF -- "$wanted" <<<"$out"
}

bad 'from 1 to 65535' port 0
bad 'from 1 to 65535' port 65536
bad 'from 1 to 65535' port +5
bad 'from 1 to 65535' port 0x10000
bad '16 hexadecimal digits' node 12
bad '16 hexadecimal digits' node 0000000000000000
bad '16 hexadecimal digits' node 00000000000000001
bad 'from 1 to 16' lanes 0
bad 'from 1 to 16' lanes 17
bad 'from 1 to' fdb-limit 0
bad 'from 1 to' fdb-node-limit 4294967296
bad 'never' fdb-age x
bad 'from 0 to' fwmark 0x100000000
bad 'inherit' dscp 64
bad 'inherit' dscp inherited
bad "user's number" owner-uid 4294967295
bad 'needs a value' port
bad 'given twice' port 5 lanes 1 port 5
bad 'unknown option "foo"' foo 1
for name in mtu address up netns txqueuelen name; do
	bad "put \"$name\" before \"type meshlan\"" port 5 "$name" 1
done

# --- a device ---------------------------------------------------------------

detail() { # DEVICE FILTER
	ip -d -j link show "$1" | jq -c ".[0].linkinfo | $2"
}

check "add with every option" ip link add mlp0 mtu 1300 \
	address 02:00:00:00:00:01 type meshlan port 40000 \
	node 0edcba9876543210 lanes 2 fdb-limit 100 fdb-node-limit 50 \
	fdb-age 60 fwmark 0x10 dscp inherit owner-uid 65534 ||
	bail "no device"
at_end "ip link del mlp0"
is "JSON shows every option" "$(detail mlp0 '[.info_kind, .info_data]')" \
	"$(jq -c . <<-'JSON'
	["meshlan", {"port": 40000, "node": "0edcba9876543210", "lanes": 2,
	 "fdb_limit": 100, "fdb_node_limit": 50, "fdb_age": 60, "fwmark": 16,
	 "dscp": "inherit", "owner_uid": 65534}]
	JSON
	)"
shown=$(ip -d link show mlp0 | sed -n 's/^ *meshlan \(.*owner-uid [0-9]*\) .*/\1/p')
is "text shows what the command line takes" "$shown" \
	"port 40000 node 0edcba9876543210 lanes 2 fdb-limit 100 fdb-node-limit 50 fdb-age 60 fwmark 16 dscp inherit owner-uid 65534"
is "the MTU before type arrived" "$(cat /sys/class/net/mlp0/mtu)" 1300

check "change what may change" ip link set mlp0 type meshlan \
	fdb-limit 200 fdb-age 0 fwmark 0 dscp 46
is "the change shows, the rest stays" "$(detail mlp0 \
	'.info_data | [.port, .lanes, .fdb_limit, .fdb_age, .fwmark, .dscp]')" \
	'[40000,2,200,0,0,46]'
refuse "the owner is for adding only" ip link set mlp0 type meshlan owner-uid 1
is "a refused change changed nothing" \
	"$(detail mlp0 .info_data.owner_uid)" 65534

check "add with no option" ip link add mlp1 type meshlan
at_end "ip link del mlp1"
is "the default port" "$(detail mlp1 .info_data.port)" 23731
check "a random node id" grep -qxE '"[0-9a-f]{16}"' \
	<<<"$(detail mlp1 .info_data.node)"
