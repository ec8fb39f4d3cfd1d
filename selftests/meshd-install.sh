#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# What "make install" puts where for the daemon, and how far its units confine.
# meshlan-test: host only=uml time=300
. "$(dirname "$(realpath "$0")")/lib.sh"

root=$T/root
unit=$root/usr/local/lib/systemd/system

installed() { (cd "$root" && find . -type f | sort); }

check "it installs" make -C "$TOP/tools" install-daemon DESTDIR="$root" \
	PREFIX=/usr/local || bail "nothing to look at"
for f in sbin/meshd share/man/man8/meshd.8 share/man/man5/meshd.conf.5 \
	lib/systemd/system/meshd@.service lib/sysusers.d/meshd.conf \
	lib/systemd/system/meshd-hub.service lib/tmpfiles.d/meshd.conf \
	share/polkit-1/rules.d/60-meshd.rules \
	share/doc/meshlan/examples/NETWORK.conf; do
	check "there is $f" test -s "$root/usr/local/$f"
done
check "the unit starts what was installed" \
	grep -qx 'ExecStart=/usr/local/sbin/meshd %i' "$unit/meshd@.service"

if command -v systemd-analyze >/dev/null; then
	for u in meshd@ meshd-hub; do
		check "$u.service: exposure of at most 2.0" systemd-analyze \
			security --offline=true --threshold=20 "$unit/$u.service"
	done
else
	skip "exposure of the units" "no systemd-analyze"
fi
if command -v systemd-sysusers >/dev/null; then
	mkdir -p "$root/etc"
	check "the user is made" systemd-sysusers --root="$root" \
		"$root/usr/local/lib/sysusers.d/meshd.conf"
	check "and is meshd" grep -q '^meshd:' "$root/etc/passwd"
	rm -rf "${root:?}/etc"
else
	skip "the user" "no systemd-sysusers"
fi

check "it is removed" make -C "$TOP/tools" uninstall DESTDIR="$root" \
	PREFIX=/usr/local
is "nothing is left" "$(installed | grep -vc '/iproute2/\|/ip/')" 0
