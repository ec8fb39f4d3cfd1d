#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# Every parser of the daemon that reads what others wrote, under libFuzzer with
# ASan and UBSan: its corpus, then FUZZ_SECONDS of what grows from it.
# meshlan-test: host only=uml time=400
. "$(dirname "$(realpath "$0")")/lib.sh"

: "${FUZZ_SECONDS:=5}"
corpus=$TOP/selftests/fuzz/corpus

check "a compiler is there" "$TOP/selftests/vm/packages" tools fuzz ||
	bail "without it there is nothing to test"
check "the targets build" make -C "$TOP/tools" -j2 fuzz ||
	bail "without them there is nothing to test"
targets=()
for f in "$TOP"/selftests/fuzz/*.c; do targets+=("$(basename "$f" .c)"); done

# The input in hex: "xxd -r -p" makes a file of it, which the target takes as
# its argument.
finding() { # DIRECTORY
	local f

	grep -E 'ERROR|SUMMARY|runtime error|^ +#[0-9]+ ' "$1/log" |
		head -n 30
	for f in "$1"/found-*; do
		[ ! -e "$f" ] || echo "${f##*/found-}: $(head -c 4096 "$f" |
			od -An -v -tx1 | tr -d ' \n')"
	done
}

fuzz() { # TARGET OPTION...
	local dir=$T/$1

	"$TOP/build/tools/fuzz/$1" -timeout=20 -rss_limit_mb=1536 \
		-print_final_stats=1 -artifact_prefix="$dir/found-" \
		"${@:2}" >"$dir/log" 2>&1
}

inputs() { # TARGET
	sed -n 's/^stat::number_of_executed_units: *//p' "$T/$1/log"
}

target() { # NAME
	local dir=$T/$1

	mkdir -p "$dir/grown"
	if ! fuzz "$1" -runs=0 "$corpus/$1" || ! [ "$(inputs "$1")" -gt 1 ]; then
		echo "fail $1: its corpus"
		finding "$dir"
		return
	fi
	echo "pass $1: its corpus"
	if fuzz "$1" -max_total_time="$FUZZ_SECONDS" "$dir/grown" "$corpus/$1"; then
		echo "pass $1: what grows from it"
		echo "$1: $(inputs "$1") inputs"
	else
		echo "fail $1: what grows from it"
		finding "$dir"
	fi
}

half() { # NUMBER
	local i

	for ((i = $1; i < ${#targets[@]}; i += 2)); do target "${targets[i]}"; done
}

points_start half 0
points_start half 1
points_end half 0
points_end half 1
