# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash
# meshlan-test: library
#
# Two cables between A and B, each a path of their session, and what goes by
# which of them.

# Less than that on a cable is no frame of the tests.
LARGE=500

both_up() { # NS ID
	[ "$(field "$1" '[.[] | select(.state == "up")] | length' \
		path list mesh0 "$2")" = 2 ]
}

# The first path exists already: it gets a rate and the like.
two_cables() {
	local ns

	pair
	veth "$A" wire2 "$B" wire2 2
	path "$A" "$IDB" 10.2.0.2:23731 active-interval 50ms &&
		path "$B" "$IDA" 10.2.0.1:23731 active-interval 50ms &&
		mc "$A" path set mesh0 "$IDB" 1 active-interval 50ms &&
		mc "$B" path set mesh0 "$IDA" 1 active-interval 50ms ||
		bail "there are two paths"
	for ns in "$A" "$B"; do
		in_ns "$ns" ethtool -K wire tso off gso off gro on >/dev/null 2>&1
		in_ns "$ns" ethtool -K wire2 tso off gso off gro on >/dev/null 2>&1
	done
	wait_for 5 both_up "$A" "$IDB" && wait_for 5 both_up "$B" "$IDA" ||
		bail "both paths come up"
	silence
}

mode() { # MODE
	mc "$A" dev set mesh0 scatter "$1" && mc "$B" dev set mesh0 scatter "$1"
}

paths() { # ID WORD...
	mc "$A" path set mesh0 "$IDB" "$@" && mc "$B" path set mesh0 "$IDA" "$@"
}

# Counts at B what is large on either cable, and what comes out of the mesh.
count() {
	in_ns "$B" nft -f - <<-RULES
	add table inet ways
	delete table inet ways
	table inet ways {
		counter wire {}
		counter wire2 {}
		chain in {
			type filter hook input priority 0;
			udp dport 23731 udp length > $LARGE iifname "wire" \
				counter name wire
			udp dport 23731 udp length > $LARGE iifname "wire2" \
				counter name wire2
		}
	}
	RULES
}

counted() { # DEV
	in_ns "$B" nft -j list counter inet ways "$1" |
		jq '.nftables[] | select(.counter).counter.packets'
}

# near NAME GOT WANTED TOLERANCE
near() {
	local off=$(($2 - $3))

	diag "$1: $2, wanted $3"
	if [ ${off#-} -le "$4" ]; then ok "$1"; else not_ok "$1"; fi
}

# divided NAME PARTS: out of four, that wire had of what passed, within 2 %
divided() {
	local one two

	one=$(counted wire) two=$(counted wire2)
	near "$1" "$one" $(((one + two) * $2 / 4)) $(((one + two) / 50))
}

# Pings large enough to be counted.
TO=192.168.9.2
pings() { # COUNT INTERVAL [OPTION...]
	in_ns "$A" ping -q -c "$1" -i "$2" -s 800 -W 2 "${@:3}" "$TO"
}

lost() { # what ping says
	sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 - \2/p' \
		<<<"$1"
}
