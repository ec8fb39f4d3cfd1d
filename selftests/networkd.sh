#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The examples for systemd-networkd: an address, DHCP, a port of a bridge.
# meshlan-test: by-hand time=120
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/mesh.sh"

program=/lib/systemd/systemd-networkd
examples=$TOP/tools/packaging/examples

if [ ! -x $program ] || ! id systemd-network >/dev/null 2>&1; then
	skip "all of it" "no systemd-networkd"
	exit
fi

# In a container it does not wait for udev: where /sys cannot be written to.
networkd() { # NS FILE...
	local ns=$1

	shift
	# shellcheck disable=SC2016 # the inner shell expands
	in_ns "$ns" unshare -m bash -c 'mount --make-rprivate / &&
		mount -o remount,bind,ro /sys && mount -t tmpfs tmp /run &&
		mkdir -p /run/systemd/network /run/systemd/netif/l{inks,eases} &&
		cp "$@" /run/systemd/network &&
		chown -R systemd-network /run/systemd/netif &&
		exec "$0"' $program "$@" >"$T/networkd" 2>&1 &
	manager=$!
	at_end "kill $manager"
}

stop() {
	kill "$1"
	wait "$1" 2>/dev/null || true
}

addresses() { ip -n "$1" -br addr show dev mesh0; }
has() { addresses "$1" | grep -q " $2"; }
said() { diag "$(cat "$T/networkd")"; }

pair chacha20-poly1305

networkd "$A" "$examples/mesh0-address.network"
check "the address is there" wait_for 10 has "$A" 10.9.0.5/24 || said
check "what the daemon has set stays" has "$A" fd09::1/64
stop $manager

cat >"$T/server.network" <<-END
	[Match]
	Name=mesh0
	[Network]
	Address=10.99.0.1/24
	DHCPServer=yes
	KeepConfiguration=static
END
networkd "$B" "$T/server.network"
server=$manager
networkd "$A" "$examples/mesh0-dhcp.network"
check "an address comes by DHCP" wait_for 20 has "$A" 10.99.0. || said
check "no default route comes with it" \
	not grep -q . <<<"$(ip -n "$A" route show default)"
check "and what was there stays" has "$A" fd09::1/64
stop $manager
stop $server

networkd "$A" "$examples/mesh0-bridge.network" "$examples/mesh0-bridge.netdev"
check "the device is a port of the bridge" wait_for 10 \
	ip netns exec "$A" test -e /sys/class/net/br0/brif/mesh0 || said
stop $manager
