# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The object in build/bench.json as text (jq -r).

def pad($n): tostring | . + " " * ([$n - length, 0] | max);
def lpad($n): tostring | " " * ([$n - length, 0] | max) + .;

def number: if . == null then "-"
	elif . >= 100 then round | tostring
	else . * 100 | round / 100 | tostring end;

def order: {veth: 1, vxlan: 2, wireguard: 3, "vxlan-wireguard": 4, batman: 5,
	"meshlan-chacha": 6, "meshlan-aes": 7};

def titles: {tcp1: "TCP, one flow", tcp8: "TCP, eight flows",
	udp: "UDP, 64 bytes", ping: "ping, mean round trip"};

def title: "\(titles[.measure]), \(.unit); \(.cpus) CPU\(if .cpus > 1 then "s"
	else "" end), offloads \(.offloads), MTU \(if .mtu == "common"
	then $mtu else "of each stack's own" end)";

def line: "  \(.stack | pad(16))\(.median | number | lpad(8))"
	+ "   \("\(.min | number) .. \(.max | number)" | pad(17))"
	+ "\(.runs | lpad(4))   \(.vs_vxlan_over_wireguard.median | number
		| lpad(5))   \(.vs_wireguard.median | number | lpad(5))";

def block: "", (.[0] | title),
	"  stack             median   min .. max       runs   x v/w     x wg",
	(sort_by(order[.stack])[] | line);

def headline: "  \(.cpus) CPU\(if .cpus > 1 then "s" else "" end), \(.cipher):"
	+ " one TCP flow \(.tcp1_vs_vxlan_over_wireguard | number) times VXLAN"
	+ " over WireGuard (\(.tcp1_vs_vxlan_over_wireguard_spread
		| map(number) | join(" .. "))),"
	+ " \(.tcp1_vs_wireguard | number) times WireGuard"
	+ " (\(.tcp1_vs_wireguard_spread | map(number) | join(" .. ")))";

# --- the mesh ---------------------------------------------------------------

def range: "\(.min | number) .. \(.max | number)";
def with_range: "\(.median | number) (\(range))";
def percent: . * 100 | round | "\(.) %";

def relay_line: "  \(.stack | pad(16))\(.median | number | lpad(8))"
	+ "   \(range | pad(17))\(.runs | lpad(4))"
	+ "   \(.meshlan_has | with_range)";

def hop_line: "  \(.stack | pad(16))\(.median | number | lpad(8))"
	+ "   \(range | pad(17))\(.pairs | lpad(4))"
	+ "\(.spread | percent | lpad(8))   "
	+ if .meshlan_is_cheaper.refused
	then "refused: more than 25 % apart"
	else .meshlan_is_cheaper | with_range end;

def scatter_line: "  \(.mode | pad(8))\(.flows | lpad(3))"
	+ "\(.median | number | lpad(10))   \(range | pad(17))"
	+ "\(.runs | lpad(4))   \(.vs_single | with_range)";

def mesh_tables: "",
	"Through one relay, TCP, one flow, Mbit/s; 1 CPU carries all three nodes",
	"  stack             median   min .. max       runs   meshlan has, times",
	(.relay.through[] | relay_line),
	"",
	"What a relay adds to a segment of \(.hop.segment) bytes, us: (four - none) / 4,",
	"a veth pair included; 1 CPU carries all nodes",
	"  stack             median   min .. max      pairs  spread   times a meshlan hop",
	(.hop.of[] | hop_line),
	"",
	"Floods, small packets, us; 1 CPU carries the sender and all receivers",
	"  a copy, sent and received      \(.flood.copy | with_range)",
	"  the sender, whatever copies    \(.flood.sender | with_range)",
	"  a packet to one node           \(.flood.unicast | with_range)",
	"  copies for such a packet       \(.flood.copies_per_unicast | with_range)",
	"",
	"Over two ways between two nodes, TCP, Mbit/s; 1 CPU",
	"  mode   flows    median   min .. max       runs   times single",
	(.scatter[] | scatter_line),
	"",
	"One TCP flow over two ways of 100 Mbit/s each: what it gets of the sum",
	"  packet  \(.scatter2_share_of_sum | with_range)";

def goal($least): if .refused then "refused"
	else "\(.median | number) times (\(range)); wanted: \($least)" end;

def of($stack): .[] | select(.stack == $stack);

def mesh_headline:
	"  1 CPU, through one relay, over WireGuard that is bridged: "
	+ (.relay.through | of("vxlan-wireguard").meshlan_has | goal(2)),
	"  ... over WireGuard that is routed: "
	+ (.relay.through | of("wireguard").meshlan_has | goal(2)),
	"  a hop cheaper than one of WireGuard that is bridged: "
	+ (.hop.of | of("vxlan-wireguard").meshlan_is_cheaper | goal(5)),
	"  ... than one of WireGuard that is routed: "
	+ (.hop.of | of("wireguard").meshlan_is_cheaper | goal(5));

(.about | "kernel \(.kernel), \(.cores) x \(.cpu), load before \(.load_before)"),
(select(.figures != []) |
	"x v/w, x wg: times VXLAN over WireGuard, times WireGuard; how much better,",
	"also where less is better. Made within each boot, median over the boots.",
	(.figures | group_by([.measure, .mtu, .offloads, .cpus])
		| sort_by([(.[0].measure | {tcp1: 1, tcp8: 2, udp: 3, ping: 4}[.]),
			.[0].mtu, .[0].offloads == "off", .[0].cpus])[] | block),
	"",
	"Bytes around an inner IP packet, captured over IPv4: least, and mean of 16",
	"sizes (some pad)",
	(.overhead | sort_by(order[.stack])[]
		| "  \(.stack | pad(16))\(.min | lpad(8))\(.mean | lpad(9))")),
(.mesh // empty | mesh_tables),
"",
"Headline (MTU \($mtu), offloads on; ratio with the spread over the boots)",
([.headline, .headline_2cpus][]
	| select(.tcp1_vs_vxlan_over_wireguard) | headline),
(.headline.overhead_bytes_ipv4 | select(.)
	| "  \(.) bytes around an inner IP packet over IPv4"),
(.mesh // empty | mesh_headline)
