# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# From lines "BOOT CPUS ROW STACK VALUE..." (raw text, jq -R -s) to the object
# in build/bench.json. A figure is the median over all runs; a ratio is made
# inside each boot, since machines differ from boot to boot, and the median
# over the boots is given.

include "statistics";

def units: {tcp1: "Mbit/s", tcp8: "Mbit/s", udp: "kpackets/s", ping: "us"};

# How much better; for a time, smaller is better.
def better($measure; $own; $other):
	if $measure == "ping" then $other / $own else $own / $other end;

def runs: [split("\n")[] | select(length > 0) | split(" ")
	| (.[2] | split(":")) as [$measure, $offloads, $mtu]
	| {boot: .[0], cpus: (.[1] | tonumber), measure: $measure,
	   offloads: $offloads, mtu: $mtu, stack: .[3],
	   values: [.[4:][] | tonumber]}];

def row: [.cpus, .offloads, .mtu, .measure];

def boot_medians: group_by(.boot)
	| map({key: .[0].boot, value: (map(.values[0]) | median)})
	| from_entries;

# The ratio to another stack, boot by boot.
def versus($all; $reference):
	.[0] as $r | boot_medians as $own
	| ($all | map(select(row == ($r | row) and .stack == $reference))
		| boot_medians) as $other
	| [$own | to_entries[] | select($other[.key])
		| better($r.measure; .value; $other[.key])]
	| if length == 0 then null else spread + {boots: length} end;

def figures: . as $all | group_by([row, .stack]) | map(
	(.[0] | {cpus, offloads, mtu, measure, stack, unit: units[.measure]})
	+ (map(.values[0]) | spread) + {runs: length}
	+ {boot_medians: [boot_medians[] | round3],
	   vs_vxlan_over_wireguard: versus($all; "vxlan-wireguard"),
	   vs_wireguard: versus($all; "wireguard")});

def overhead: group_by(.stack) | map({stack: .[0].stack,
	min: (map(.values[0]) | min),
	mean: (map(.values[1]) | add / length | round3)});

# What the project promises, on one CPU: the better cipher's figures.
def headline($figures; $overhead; $cpus):
	[$figures[] | select(.cpus == $cpus and .measure == "tcp1" and
		.offloads == "on" and .mtu == "common" and
		(.stack | startswith("meshlan")))]
	| max_by(.vs_vxlan_over_wireguard.median // 0)
	| {cpus: $cpus, cipher: (.stack // "" | sub("meshlan-"; "")),
	   tcp1_vs_vxlan_over_wireguard: .vs_vxlan_over_wireguard.median,
	   tcp1_vs_vxlan_over_wireguard_spread:
		[.vs_vxlan_over_wireguard | .min, .max],
	   tcp1_vs_wireguard: .vs_wireguard.median,
	   tcp1_vs_wireguard_spread: [.vs_wireguard | .min, .max],
	   overhead_bytes_ipv4: ([$overhead[]
		| select(.stack | startswith("meshlan")) | .min] | max)};

# And of a bridged relay, which is what one of ours does.
def relay_headline($mesh): if $mesh == null then {} else
	($mesh.relay.through | map({key: .stack, value: .meshlan_has})
		| from_entries) as $has
	| ($mesh.hop.of[] | select(.stack == "vxlan-wireguard")
		| .meshlan_is_cheaper) as $cheaper
	| {relay_vs_wireguard_relay: $has["vxlan-wireguard"].median,
	   relay_vs_wireguard_relay_spread:
		[$has["vxlan-wireguard"] | .min, .max],
	   relay_vs_ip_forward: $has.plain.median,
	   hop_cost_vs_wireguard_hop:
		(if $cheaper.refused then null else $cheaper.median end),
	   hop_cost_vs_wireguard_hop_spread: [$cheaper | .min, .max],
	   scatter2_share_of_sum: $mesh.scatter2_share_of_sum.median,
	   scatter2_share_of_sum_spread:
		[$mesh.scatter2_share_of_sum | .min, .max]}
	end;

runs as $runs
| ($runs | map(select(.measure == "overhead")) | overhead) as $overhead
| ($runs | map(select(.measure != "overhead")) | figures) as $figures
| {headline: (headline($figures; $overhead; 1) + relay_headline($mesh[0])),
   headline_2cpus: headline($figures; $overhead; 2),
   about: $about, overhead: $overhead, figures: $figures, mesh: $mesh[0]}
