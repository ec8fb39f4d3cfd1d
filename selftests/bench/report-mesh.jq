# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# From lines "BOOT ROUND WHAT STACK NUMBER VALUE" (raw text, jq -R -s) to the
# object "mesh" in build/bench.json. Every ratio is made of figures that were
# measured one after the other, within one round of one boot.

include "statistics";

# Of one segment of TCP: the MTU less the headers of IP and TCP, time stamps
# included.
def payload: $mtu - 20 - 32;

def runs: [split("\n")[] | select(length > 0) | split(" ")
	| {boot: .[0], pair: "\(.[0])-\(.[1])", what: .[2], stack: .[3],
	   number: (.[4] | tonumber), value: (.[5] | tonumber)}];

# Microseconds for a segment, if TCP carries that many Mbit/s.
def per_segment: payload * 8 / .;

def by_pair: map({key: .pair, value: .value}) | from_entries;

# The values of $one by those of $other, pair by pair.
def quotients($one; $other): $one | with_entries(select($other[.key])
	| .value /= $other[.key]);

def row($runs; $what; $stack; $number): $runs | map(select(
	.what == $what and .stack == $stack and .number == $number)) | by_pair;

def all: [.[]] | spread;

# How far apart the middle half of the pairs of one boot is, as a part of their
# median: of all boots the median; and what is too far. A single pair that
# something else of the host fell into says nothing about the others.
def deviation: (quantile(0.75) - quantile(0.25)) / median;
def judged: [to_entries | group_by(.key | split("-")[0])[] | map(.value)]
		as $boots
	| all + {pairs: length, boots: ($boots | length),
		spread: ($boots | map(deviation) | median | round3)}
	| . + {refused: (.spread > 0.25)};

def relay($runs): ($runs | row(.; "chain"; "meshlan"; 1)) as $own
	| {through: [("plain", "wireguard", "vxlan-wireguard", "meshlan") as $s
		| row($runs; "chain"; $s; 1) as $other
		| {stack: $s, unit: "Mbit/s"} + ($other | all)
		+ {runs: ($other | length),
		   meshlan_has: (quotients($own; $other) | all)}]};

# What a relay adds to the time of a segment: of four, less none, by four.
def hop($runs; $stack): row($runs; "chain"; $stack; 4) as $four
	| row($runs; "chain"; $stack; 0) as $none
	| [$four | to_entries[] | select($none[.key])
		| {key, value: (((.value | per_segment)
			- ($none[.key] | per_segment)) / 4)}]
	| from_entries;

def hops($runs): hop($runs; "meshlan") as $own
	| {segment: payload,
	   of: [("plain", "wireguard", "vxlan-wireguard", "meshlan") as $s
		| hop($runs; $s) as $other
		| {stack: $s, unit: "us"} + ($other | judged)
		+ {meshlan_is_cheaper: ((quotients($other; $own) | all)
			+ {refused: any($own, $other; judged.refused)})}]};

# The line of least squares through [x, y].
def line: length as $n | (map(.[0]) | add / $n) as $x
	| (map(.[1]) | add / $n) as $y
	| ((map((.[0] - $x) * (.[1] - $y)) | add)
		/ (map(pow(.[0] - $x; 2)) | add)) as $slope
	| {slope: $slope, at_none: ($y - $slope * $x)};

# Microseconds a packet at thousands a second.
def period: 1000 / .;

def flood($runs): [$runs | group_by(.boot)[]
	| {line: (map(select(.what == "flood") | [.number, (.value | period)])
		| line),
	   unicast: (map(select(.what == "unicast").value | period) | median)}]
	| {unit: "us", copy: (map(.line.slope) | spread),
	   sender: (map(.line.at_none) | spread),
	   unicast: (map(.unicast) | spread),
	   copies_per_unicast: (map(.unicast / .line.slope) | spread),
	   boots: length,
	   rates: [(1, 2, 4, 8) as $n
		| {copies: $n, unit: "kpackets/s"}
		+ (row($runs; "flood"; "meshlan"; $n) | all)]};

def scatter($runs): [(1, 8) as $flows | row($runs; "scatter"; "single"; $flows)
	as $one | ("single", "flow", "packet") as $mode
	| row($runs; "scatter"; $mode; $flows) as $this
	| {mode: $mode, flows: $flows, unit: "Mbit/s"} + ($this | all)
	+ {runs: ($this | length), vs_single: (quotients($this; $one) | all)}];

# What one flow gets of all that two equal ways carry; one alone tells how much
# one is.
def share_of_sum($runs): row($runs; "sum"; "single"; 1) as $one
	| quotients(row($runs; "sum"; "packet"; 1); $one)
	| map_values(. / 2) | all;

runs | if . == [] then null
	else {relay: relay(.), hop: hops(.), flood: flood(.),
	      scatter: scatter(.), scatter2_share_of_sum: share_of_sum(.)} end
