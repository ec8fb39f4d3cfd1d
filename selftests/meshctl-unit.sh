#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# What meshctl and its library do without a kernel: parsers, tables, error
# lines, JSON, random input under the sanitizers.
# meshlan-test: host only=uml time=300
. "$(dirname "$(realpath "$0")")/lib.sh"

unit=$TOP/build/tools/meshctl-unit
header=$TOP/uapi/linux/meshlan.h
links=$TOP/uapi/linux/if_link_meshlan.h

check "the test programs build" make -C "$TOP/tools" unit ||
	bail "without them there is nothing to test"

# SET ATTRIBUTE NUMBER of every attribute, from an enum in the header.
attributes() { # HEADER PREFIX
	awk -v prefix="$2" '
	/^enum/ { value = 0 }
	$1 ~ "^" prefix && $1 !~ /MAX|_PAD|UNSPEC/ || $1 ~ /_(PAD|UNSPEC),/ {
		name = $1
		sub(/,.*/, "", name)
		if ($2 == "=") { value = $3; sub(/,/, "", value) }
		sub("^" prefix, "", name)
		if (name !~ /PAD$|UNSPEC$/)
			print tolower(name), value
		value++
	}' "$1"
}

sets() {
	attributes "$header" MESHLAN_A_ | sed 's/_/ /; s/^event /event_info /'
	attributes "$links" IFLA_MESHLAN_ | sed 's/^/link /'
}

# The same of the values of an enum.
values() { # NAME
	awk -v enum="meshlan_${1//-/_}" '
	$1 == "enum" && $2 == enum { inside = 1; value = 0; next }
	/^};/ { inside = 0 }
	inside && $1 ~ /^MESHLAN_/ {
		name = $1
		sub(/,.*/, "", name)
		if ($2 == "=") { value = $3; sub(/,/, "", value) }
		sub("^" toupper(enum) "_", "", name)
		gsub(/_/, "-", name)
		print tolower(name), value
		value++
	}' "$header" | sed "s/^/$1 /"
}

is "attributes are those of the header" "$("$unit" names | sort)" \
	"$(sets | sort)"
is "values are those of the header" "$("$unit" values | sort)" \
	"$(for v in cipher key-state path-state fdb-type role \
		report-cause event counter; do
		values $v
	done | sort)"
points "$unit"
points "$unit-asan"
points "$unit-asan" fuzz 1 100000
points "$unit-asan" fuzz $RANDOM 100000
