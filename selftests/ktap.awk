# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Judge one test's KTAP output. With -v name=N -v status=S (the exit status of
# the test) it prints the outcome as a KTAP subtest on stdout and the counts
# "passed failed skipped" to the file -v counts=F. What a test leaves out
# (its plan, its points, a clean end) is a failure of its own.

/^(not )?ok [0-9]+( |$)/ {
	points++
	if ($0 ~ /# SKIP/)
		skipped++
	else if ($0 ~ /^not /)
		failed++
	else
		passed++
	print "    " $0
	next
}

/^1\.\.[0-9]+/ {
	plan = substr($1, 4)
	planned = 1
	print "    " $0
	next
}

{ print "    " $0 }

function extra(why) {
	failed++
	print "    not ok " ++points " " why
}

END {
	if (!planned)
		extra("it ended without its plan line (status " status ")")
	else if (plan != points)
		extra("it planned " plan " points and made " points)
	else if (status != 0 && !failed)
		extra("it ended with status " status)
	print (failed ? "not ok " : "ok ") number " " name
	printf "%d %d %d\n", passed, failed, skipped >counts
}
