#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Compile each probe against the target kernel; write what was found.
# Version numbers say nothing: stable and vendor kernels carry newer APIs.
#
# Usage: probe.sh PROBES OUTPUT COMPILER [FLAG...]

probes=$1
output=$2
shift 2

key=$(printf '%s\n' "$@" | cksum)
if [ -f "$output" ] && grep -qF "key $key" "$output" &&
   [ -z "$(find "$probes" "$0" -newer "$output" -print -quit)" ]; then
	exit 0
fi

mkdir -p "$(dirname "$output")"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

{
	echo "/* SPDX-License-Identifier: GPL-2.0 */"
	echo "/* key $key */"
	for probe in "$probes"/*.c; do
		name=$(basename "$probe" .c | tr 'a-z-' 'A-Z_')
		if "$@" -Werror -Wno-unused -DKBUILD_MODNAME='"probe"' \
			-DMODULE -c -o "$work/out.o" "$probe" 2>/dev/null; then
			echo "#define MESHLAN_HAVE_$name 1"
		fi
	done
	grep -q SANITY "$work/found" ||
		echo '#error "compat: no probe compiles against this kernel"'
} >"$work/found"
mv "$work/found" "$output"
