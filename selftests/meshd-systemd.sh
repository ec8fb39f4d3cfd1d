#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A host with systemd, as a container of its own, in one network with a host
# without. The user and the directories are made; meshctl starts and enables the
# service, and takes that back when it fails; it is ready when it says so, has
# few rights, is reloaded and restarted without losing a packet, and writes
# fields to the journal; udev leaves the device's MAC alone; networkd may add to
# it; systemd-resolved finds nodes by name, told by the service's user.
# meshlan-test: time=300 mem=640M
. "$(dirname "$(realpath "$0")")/lib.sh"
. "$(dirname "$(realpath "$0")")/hosts.sh"

systemd=/usr/lib/systemd/systemd
examples=$TOP/tools/packaging/examples
unit=meshd@home

if [ ! -x $systemd ] || [ ! -e /sys/fs/cgroup/cgroup.procs ]; then
	skip "all of it" "no systemd, or no cgroups"
	exit
fi

# --- the host with systemd ---------------------------------------------------

# Process 1 of new namespaces; the file tree is this machine's, but /run, and
# /tmp, which systemd empties.
boot() { # NS
	mkdir -p /sys/fs/cgroup/host
	# shellcheck disable=SC2016 # the inner shells expand
	bash -c 'echo $$ >/sys/fs/cgroup/host/cgroup.procs &&
		exec ip netns exec "$0" unshare -m -p -C -i -u --fork bash -c "$1"' \
		"$1" 'mount --make-rprivate / && hostname systemd &&
		mount -t proc proc /proc &&
		mount -t cgroup2 cgroup /sys/fs/cgroup &&
		mount -t tmpfs -o mode=755 run /run &&
		mount -t tmpfs -o mode=1777 tmp /tmp &&
		exec env -i container=lxc PATH=/usr/sbin:/usr/bin \
			'$systemd' --unit=sysinit.target' \
		</dev/null >"$T/boot" 2>&1 &
	at_end "kill -9 $!"
	wait_for 10 pgrep -f "^$systemd --unit" || return
	INIT=$(pgrep -f "^$systemd --unit" | head -n 1)
}

a() { nsenter -t "$INIT" -m -p -n -C -i -u "$@"; }
booted() { a systemctl is-system-running | grep -qx 'running\|degraded'; }
journal() { a journalctl -q -o cat -u "$unit" "$@"; }
said() { journal | grep -q -- "$1"; }
property() { a systemctl show -P "$1" "$unit"; }
of_daemon() { a sed -n "s/^$1:[[:space:]]*//p" "/proc/$(property MainPID)/status"; }
is_active() { a systemctl -q is-active "$unit"; }
value_a() { a meshctl -j "${@:2}" | jq -r "$1"; }

hosts a b
lan eth0 1 a b
boot "${NS[a]}" || bail "systemd does not start"
check "systemd starts" wait_for 60 booted || diag "$(cat "$T/boot")"
check "the user is made" a id meshd
is "and owns the directory of the sockets" \
	"$(a stat -c '%U %a' /run/meshlan)" "meshd 755"
check "there is a directory for hooks" a test -d /etc/meshlan/hooks.d
check "resolved starts" a systemctl start dbus.socket polkit systemd-resolved

# --- a join that fails ----------------------------------------------------------

refuse "a join with a wrong token fails" \
	a meshctl -n home join meshlan1-aaaaaaaaaaaaaaaa name a
is "its service is not enabled" "$(a systemctl is-enabled "$unit")" disabled
is "nor does it run" "$(a systemctl is-active "$unit")" inactive
check "no device is left" not a ip link show mesh0
check "no key is left" not a sh -c 'ls /var/lib/meshlan/home/*.pem'

# --- start ------------------------------------------------------------------------

check "init starts the service" a meshctl -n home init name a || diag "$(journal)"
is "it is enabled" "$(a systemctl is-enabled "$unit")" enabled
is "it says itself when it is ready" \
	"$(property Type) $(property ActiveState)" "notify active"
is "and what it is" "$(property StatusText)" "node a"
is "it runs as its user" \
	"$(a ps -o user= -p "$(property MainPID)" | tr -d ' ')" meshd
# CAP_NET_BIND_SERVICE and CAP_NET_ADMIN
is "with two capabilities" "$(of_daemon CapEff)" 0000000000001400
is "and can get no other" "$(of_daemon CapBnd)" 0000000000001400
is "children inherit none" "$(of_daemon CapAmb)" 0000000000000000
is "nor does it get new rights" "$(of_daemon NoNewPrivs)" 1
if [ -e /proc/sys/kernel/seccomp/actions_avail ]; then
	is "system calls are filtered" "$(of_daemon Seccomp)" 2
	check "by the unit and by itself" \
		test "$(of_daemon Seccomp_filters)" -gt 1
else
	skip "system calls are filtered" "a kernel without seccomp"
	skip "by the unit and by itself" "a kernel without seccomp"
fi
is "keys are the user's alone" \
	"$(a stat -c '%U %a' /var/lib/meshlan/home)" "meshd 700"
is "no core is written" "$(a sed -n 's/^Max core file size *\([0-9]*\).*/\1/p' \
	"/proc/$(property MainPID)/limits")" 0

# --- the other host -----------------------------------------------------------------

daemon b
token=$(value_a .token token create)
check "another host joins" ctl b join "$token" name b ||
	{ diag "$(journal)" && bail "no network"; }
to=$(address b)
check "they reach each other" a ping -q -c 3 -i 0.2 -W 2 "$to"

fields() { a journalctl -q -o json -u "$unit" MESHLAN_NETWORK=home "$@"; }
node_b=$(value b .node status)
check "the journal has the network as a field" grep -q MESSAGE <(fields)
check "and the node a line is about" \
	grep -q MESSAGE <(fields "MESHLAN_NODE=$node_b")
is "errors have their priority" \
	"$(fields _TRANSPORT=journal | jq -r .PRIORITY | sort -u | grep -vc '[3-7]')" 0

# --- reload, restart ------------------------------------------------------------------

traffic() { # SECONDS
	a ping -q -i 0.01 -w "$1" "$to" >"$T/ping" 2>&1 &
	pinger=$!
}
no_loss() {
	wait $pinger
	check "no packet is lost by that" grep -q ' 0% packet loss' "$T/ping" ||
		diag "$(cat "$T/ping")"
}

conf_a() { printf '%s\n' "$@" | a tee /etc/meshlan/home.conf >/dev/null; }
floods() { a meshctl -j dev show mesh0 | jq -r '.. | .flood_unknown? // empty'; }
pid=$(property MainPID)
traffic 6
conf_a 'flood-unknown = off' 'log-level = debug'
check "a new configuration is taken" a systemctl reload $unit
check "and in force" wait_for 5 said 'configuration read again, 2 changes'
conf_a 'flood-unknown = on' 'prot = 1'
refuse "a wrong one is refused" a systemctl reload $unit
check "by name and line" said 'home.conf:2: prot: no such option'
a kill -HUP "$pid"
check "also if only the signal comes" \
	wait_for 5 said 'the configuration stays as it was'
conf_a 'flood-unknown = on' 'port = 4000'
a systemctl reload $unit
check "one that wants a restart is refused whole" \
	wait_for 5 said 'the configuration stays as it was: .*port'
is "the daemon is the same" "$(property MainPID)" "$pid"
conf_a 'flood-unknown = on'
check "a good one is taken again" a systemctl reload $unit
no_loss

traffic 6
check "it restarts" a systemctl restart $unit
check "it is another process" test "$(property MainPID)" != "$pid"
connected() { value_a '.[] | select(.name == "b").state' peers | grep -qx up; }
check "that knows the other host" wait_for 10 connected
no_loss
traffic 5
a kill -9 "$(property MainPID)"
check "it comes back by itself when killed" wait_for 10 is_active
no_loss

# --- names ---------------------------------------------------------------------------------------

check "resolved was told, by the service's user" \
	said 'this host resolves NAME and NAME.home.internal'
answers() { a resolvectl query --cache=no "$1" | grep -q "$2"; }
check "it finds a node by its name" answers b.home.internal "$to"
check "and by the short one" answers b "$to"
check "and back" answers "$to" b.home.internal
a ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
check "it is reached by its name" a ping -q -c 1 -W 2 b.home.internal
check "resolved only asks there for these" \
	grep -q 'home.internal' <(a resolvectl domain mesh0)
a systemctl restart systemd-resolved
check "a new resolved is told again" wait_for 10 answers b.home.internal "$to"

# --- udev, networkd ------------------------------------------------------------------------

mac() { a cat /sys/class/net/mesh0/address; }
link_file() { a udevadm info /sys/class/net/mesh0 | grep -q 80-meshlan.link; }
before=$(mac)
a udevadm trigger --action=add /sys/class/net/mesh0
check "udev knows the device" wait_for 10 link_file
is "and leaves its MAC address alone" "$(mac)" "$before"
is "which is that of the node's record" \
	"$(value b '.[] | select(.name == "a").mac' nodes)" "$before"

networkd() { # FILE...
	a rm -rf /run/systemd/network
	a mkdir -p /run/systemd/network
	a cp "$@" /run/systemd/network
	a systemctl restart systemd-networkd
}
has() { a ip -br addr show dev mesh0 | grep -q " $1"; }
own=$(value_a '.addresses[0]' status)
networkd "$examples/mesh0-address.network"
check "networkd adds an address" wait_for 20 has 10.9.0.5/24 ||
	diag "$(a networkctl status mesh0)"
check "the daemon's own stays" has "$own/"
check "the other host is still there" a ping -q -c 2 -i 0.2 -W 2 "$to"

# Resolved hears of a link that networkd manages from networkd alone.
a sh -c "(cat /run/systemd/network/mesh0-address.network
	echo DNS=$own; echo Domains=home.internal) >/run/systemd/network/mesh0.new
	mv /run/systemd/network/mesh0.new \
		/run/systemd/network/mesh0-address.network"
a networkctl reload
check "names are found with networkd's help" \
	wait_for 10 answers b.home.internal "$to"

on b ip addr add 10.99.0.1/24 dev mesh0
on b dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=mesh0 \
	--bind-interfaces --pid-file="$T/dnsmasq.pid" --leasefile-ro \
	--dhcp-range=10.99.0.50,10.99.0.99,1h >"$T/dnsmasq" 2>&1 &
at_end "kill $!"
networkd "$examples/mesh0-dhcp.network"
check "an address comes by DHCP over the mesh" wait_for 30 has 10.99.0. ||
	diag "$(cat "$T/dnsmasq"; a networkctl status mesh0)"
check "the daemon's own stays" has "$own/"
networkd "$examples/mesh0-bridge.network" "$examples/mesh0-bridge.netdev"
check "networkd makes the device a port of a bridge" \
	wait_for 20 a test -e /sys/class/net/br0/brif/mesh0

# --- the end --------------------------------------------------------------------------------------

check "it stops" a systemctl disable --now $unit
is "without a failure" "$(property Result)" success
