# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The nodes' configuration files from the graph: lines of "graph links", "graph
# routes" and "graph children", each after the word link, route or child. Into
# dir/N what meshctl setconf takes, into dir/N.links and dir/N.ip what ip -batch
# does, for the links and for mesh0.

function id(node) { return sprintf("%016d", node) }

# 100.64.0.0/10, two addresses a link.
function address(link, end, n) {
	n = 2 * link + end
	return sprintf("100.%d.%d.%d", 64 + int(n / 65536),
		int(n / 256) % 256, n % 256)
}

function underlay(node, dev, link, end) {
	links[node] = links[node] "link set " dev " addrgenmode none up\n" \
		"addr add " address(link, end) "/31 dev " dev "\n"
}

function path(node, peer, link, end) {
	paths[node, peer] = paths[node, peer] \
		"Path = remote " address(link, end) ":23731\n"
}

$1 == "link" {
	underlay($4, $6, $2, 0)
	underlay($5, $7, $2, 1)
	path($4, $5, $2, 1)
	path($5, $4, $2, 0)
}

$1 == "route" {
	device[$2] = device[$2] "Route = " id($3) " hop " id($4) "\n"
}

$1 == "child" {
	device[$2] = device[$2] "Origin = " id($3)
	if (NF == 3)
		device[$2] = device[$2] " leaf"
	for (i = 4; i <= NF; i++)
		device[$2] = device[$2] " child " id($i)
	device[$2] = device[$2] "\n"
}

END {
	for (n = 1; n <= nodes; n++) {
		file = dir "/" n
		printf "[Device]\nNode = %s\n%s", id(n), device[n] >file
		for (p = 1; p <= nodes; p++)
			if (p != n)
				printf "[Session]\nNode = %s\n%s", id(p),
					paths[n, p] >file
		close(file)
		file = dir "/" n ".links"
		printf "link set lo up\n%s", links[n] >file
		close(file)
		file = dir "/" n ".ip"
		printf "link set mesh0 address 02:00:00:00:%02d:%02d up\n",
			n / 100, n % 100 >file
		printf "addr add 10.77.%d.%d/16 dev mesh0\n", n / 100,
			n % 100 >file
		printf "addr add fd77::%d/64 dev mesh0 nodad\n", n >file
		close(file)
	}
}
