# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# What came of a ping or broadcast of all to all. In: FROM TO SENT CAME TWICE
# MIN MEAN MAX, in microseconds. Ends with the number of pairs that failed.

function ms(us) { return sprintf("%.2f", us / 1000) }

function least(a, b) { return a < b ? a : b }

{
	bad = $4 < $3 || $5 > 0
	failed += bad
	sent += $3
	came += $4
	twice += $5
	if (json) {
		pair[++pairs] = sprintf("{\"from\":%d,\"to\":%d,\"sent\":%d," \
			"\"came\":%d,\"twice\":%d", $1, $2, $3, $4, $5)
		if ($4)
			pair[pairs] = pair[pairs] sprintf(",\"min_us\":%d," \
				"\"mean_us\":%d,\"max_us\":%d", $6, $7, $8)
		pair[pairs] = pair[pairs] "}"
		next
	}
	if (!($1 in s_sent))
		from[++froms] = $1
	s_sent[$1] += $3
	s_came[$1] += $4
	s_twice[$1] += $5
	if ($4) {
		min[$1] = $1 in sum ? least(min[$1], $6) : $6
		sum[$1] += $7 * $4
		max[$1] = -least(-max[$1], -$8)
	}
	if (bad)
		list[$1] = list[$1] " " $2
}

END {
	if (json) {
		printf "{\"pairs\":["
		for (i = 1; i <= pairs; i++)
			printf "%s%s", (i > 1 ? "," : ""), pair[i]
		printf "],\"sent\":%d,\"came\":%d,\"twice\":%d", sent, came,
			twice
		if (copies != "")
			printf ",\"floods\":%d,\"copies\":%d", floods, copies
		printf ",\"failed\":%d}\n", failed
		exit least(failed, 100)
	}
	printf "%-6s%-8s%-8s%-7s%-24s%s\n", "FROM", "SENT", "CAME", "TWICE",
		"MIN/MEAN/MAX ms", "FAILED TO"
	for (i = 1; i <= froms; i++) {
		n = from[i]
		times = "-"
		if (s_came[n])
			times = ms(min[n]) "/" ms(sum[n] / s_came[n]) "/" \
				ms(max[n])
		printf "%-6d%-8d%-8d%-7d%-24s%s\n", n, s_sent[n], s_came[n],
			s_twice[n], times, substr(list[n], 2)
	}
	printf "%d of %d %s came, %d twice; %d pairs of nodes failed\n", came,
		sent, what, twice, failed
	if (copies != "")
		printf "%d copies were sent for %d broadcasts\n", copies, floods
	exit least(failed, 100)
}
