#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The bytes that a packet gains on its way, by the benchmark's own means, which
# this keeps in order too.
# meshlan-test: cpus=1
# shellcheck source=selftests/lib.sh
. "$(dirname "$(realpath "$0")")/lib.sh"

# The benchmark's machine ends with it; ours is looked at for what is left.
at_end "ip netns del bench-a; ip netns del bench-b"
export RAW=$T/raw SECONDS_PER_RUN=1
check "the benchmark runs" "$TOP/selftests/bench/guest" \
	"veth meshlan-chacha meshlan-aes" 1 overhead:on:common tcp1:on:native ||
	bail "no figures"

overhead() { awk -v stack="$1" '/^overhead/ && $2 == stack { print $3, $4 }' \
	"$RAW"; }

is "the underlay adds nothing" "$(overhead veth)" "0 0"
for stack in meshlan-chacha meshlan-aes; do
	# IPv4 20, UDP 8, header 16, Ethernet 14, tag 16; and no padding
	is "$stack adds 74 bytes over IPv4" "$(overhead $stack)" "74 74"
	check "$stack carries TCP" [ "$(awk -v stack=$stack \
		'/^tcp1/ && $2 == stack { print ($3 > 1) }' "$RAW")" = 1 ]
done
