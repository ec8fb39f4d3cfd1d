# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# What both reports count with; jq -L of this directory, include "statistics".

# The value below which that part of them is, between two in proportion.
def quantile($part): sort | ((length - 1) * $part) as $at | ($at | floor) as $low
	| if length == 0 then null
	else .[$low] + (.[[$low + 1, length - 1] | min] - .[$low]) * ($at - $low) end;

def median: quantile(0.5);

def round3: if . == null then null
	elif . == 0 then 0
	else (if . < 0 then -. else . end) as $abs
		| pow(10; 3 - ($abs | log10 | floor)) as $scale
		| . * $scale | round / $scale end;

def spread: {median: (median | round3), min: (min | round3), max: (max | round3)};
