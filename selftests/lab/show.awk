# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The lab as a table or JSON, from what "lab show" gathers.

$1 == "nodes" { nodes = $2 }
$1 == "cut" { cut[$3, $2]; cuts[$3] }
$1 == "off" { off[$2]; stopped++ }

# The topology's lines say what a link is like, those of "graph links", in the
# same order, who it is.
$1 == "link" {
	like[++described] = substr($0, length($1 $2) + 3)
	if (like[described] == "")
		like[described] = "plain"
}

$1 == "at" {
	name_of[++links] = $3
	a[links] = $4
	b[links] = $5
	degree[$4] = degree[$4] " " $5
	degree[$5] = degree[$5] " " $4
}

$1 == "path" {
	from = $2 + 0
	to = $3 + 0
	if ($5 == "up") {
		ups[from, to]++
		rtt[from, to] = $6
	}
	all[from, to]++
}

function state_of(i) {
	if (a[i] in off || b[i] in off)
		return "down"
	if ((name_of[i], a[i]) in cut && (name_of[i], b[i]) in cut)
		return "cut"
	if ((name_of[i], a[i]) in cut)
		return "cut-" a[i] "-to-" b[i]
	if ((name_of[i], b[i]) in cut)
		return "cut-" b[i] "-to-" a[i]
	if (ups[a[i], b[i]] == all[a[i], b[i]] &&
		ups[b[i], a[i]] == all[b[i], a[i]])
		return "up"
	return "down"
}

function address(n) { return sprintf("10.77.%d.%d", n / 100, n % 100) }

function show_json(	i, n, list, count, j) {
	printf "{\"name\":\"%s\",\"nodes\":[", name
	for (n = 1; n <= nodes; n++) {
		printf "%s{\"node\":%d,\"id\":\"%016d\",\"netns\":\"%s-%d\"," \
			"\"address\":\"%s\",\"state\":\"%s\",\"neighbours\":[",
			(n > 1 ? "," : ""), n, n, name, n, address(n),
			n in off ? "stopped" : "running"
		count = split(degree[n], list, " ")
		for (j = 1; j <= count; j++)
			printf "%s%d", (j > 1 ? "," : ""), list[j]
		printf "]}"
	}
	printf "],\"links\":["
	for (i = 1; i <= links; i++)
		printf "%s{\"link\":\"%s\",\"a\":%d,\"b\":%d," \
			"\"state\":\"%s\",\"like\":\"%s\"}", (i > 1 ? "," : ""),
			name_of[i], a[i], b[i], state_of(i), like[i]
	print "]}"
}

function show_table(	i, n, times) {
	printf "%d nodes, %d of them stopped; %d links, %d of them cut\n\n",
		nodes, stopped, links, length(cuts)
	printf "%-6s%-18s%-12s%-9s%s\n", "NODE", "ID", "ADDRESS", "STATE",
		"NEIGHBOURS"
	for (n = 1; n <= nodes; n++)
		printf "%-6d%016d  %-12s%-9s%s\n", n, n, address(n),
			n in off ? "stopped" : "running", substr(degree[n], 2)
	printf "\n%-10s%-14s%-10s%s\n", "LINK", "STATE", "RTT ms", "LIKE"
	for (i = 1; i <= links; i++) {
		times = "-"
		if (state_of(i) == "up")
			times = sprintf("%.2f", rtt[a[i], b[i]] / 1000)
		printf "%-10s%-14s%-10s%s\n", name_of[i], state_of(i), times,
			like[i]
	}
}

END {
	if (json)
		show_json()
	else
		show_table()
}
