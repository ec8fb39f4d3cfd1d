#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The packages, as a user of Debian 13 meets them: built, installed in a root
# of its own, where DKMS makes the module, booted, used, removed.
# meshlan-test: host only=6.12 time=100 smoke=6.12

# The part that runs in the machine: a line per point, and why it failed.
try() { # NAME COMMAND...
	local out

	if out=$("${@:2}" 2>&1); then
		echo "pass $1"
	else
		echo "fail $1: $out"
		return 1
	fi
}

same() { # TEXT TEXT
	echo "$1, then $2"
	[ "$1" = "$2" ]
}

mac_of() { cat "/sys/class/net/$1/address"; }

inside() {
	local before

	try "modprobe finds the module" modprobe meshlan || return
	try "DKMS made it" grep -q '/updates/dkms/' \
		<<<"$(modinfo -F filename meshlan)"
	try "meshctl runs" meshctl version
	try "ip knows the options of the kind" ip link help meshlan
	/usr/lib/systemd/systemd-udevd --daemon
	try "ip makes a device" ip link add mesh0 type meshlan port 40000
	before=$(mac_of mesh0)
	try "ip shows the options" grep -q 'meshlan port 40000 ' \
		<<<"$(ip -d link show mesh0)"
	try "meshctl shows the device" grep -q mesh0 <<<"$(meshctl show)"
	udevadm trigger --action=add /sys/class/net/mesh0
	udevadm settle
	try "udev saw the device" grep -q 80-meshlan.link \
		<<<"$(udevadm info /sys/class/net/mesh0)"
	try "udev leaves its address alone" same "$before" "$(mac_of mesh0)"
	try "the device goes" ip link del mesh0
	try "the module unloads" rmmod meshlan
}

if [ "${1:-}" = inside ]; then
	inside
	exit
fi

# shellcheck source=selftests/lib.sh
. "$(dirname "$(realpath "$0")")/lib.sh"

# shellcheck source=/dev/null
. "$TOP/build/$KERNEL/env" || bail "no kernel $KERNEL is built"
release=$KERNEL_RELEASE
from=${KERNEL_MODULES%/usr/lib/modules/*}
root=$T/root

# A private mount namespace: nothing stays mounted.
in_root() { # COMMAND...
	# shellcheck disable=SC2016 # the inner shell expands
	unshare -m bash -c 'mount --make-rprivate / &&
		mount -t proc proc "$0/proc" && mount -t tmpfs tmp "$0/tmp" &&
		cp "$0"/packages/* "$0/tmp/" &&
		exec chroot "$0" env DEBIAN_FRONTEND=noninteractive "$@"' \
		"$root" "$@"
}

built() { # RELEASE
	find "$root/usr/lib/modules/$1/updates/dkms" -name 'meshlan.ko*' 2>/dev/null |
		grep -q .
}

# A kernel that must be passed over: DKMS says 77, the package says why.
passed_over() { # NAME RELEASE SYMBOL-TAKEN-AWAY WANTED-IN-THE-ANSWER
	local out rc=0 dir=$root/usr/src/headers-$2

	mkdir -p "$root/usr/lib/modules/$2" "$dir"
	ln -sfn "/usr/src/headers-$2" "$root/usr/lib/modules/$2/build"
	grep -v "^$3=" "$root/usr/src/linux-headers-$release/.config" \
		>"$dir/.config"
	out=$(in_root dkms build -m meshlan -v "$version" -k "$2" 2>&1) || rc=$?
	is "$1: it is passed over" "$rc" 77
	check "$1: the reason is said" grep -qF "$4" <<<"$out" || diag "$out"
	rm -rf "$dir" "$root/usr/lib/modules/$2"
}

check "the packages build" "$TOP/tools/packaging/build-deb" ||
	bail "no packages"
version=$("$TOP/tools/packaging/version")
if ! cp -a "$from" "$root" || ! mkdir "$root/packages" ||
	! cp "$TOP"/build/meshlan-*_"$version"_*.deb "$root/packages/"; then
	bail "no copy of $from"
fi
# DKMS builds for every kernel with headers; one is enough.
for dir in "$root"/usr/lib/modules/*/; do
	[ "$(basename "$dir")" = "$release" ] || rm -rf "$dir"
done
check "they install" in_root sh -c 'dpkg -i /tmp/*.deb'
check "DKMS built the module" built "$release" ||
	diag "$(grep -m 20 error: \
		"$root"/var/lib/dkms/meshlan/*/build/make.log)"

"$TOP/selftests/vm/run" --kernel "$KERNEL" --no-build --root "$root" --time 150 -- \
	/src/selftests/packaging.sh inside >"$T/inside" 2>"$T/err"
is "the machine runs and its kernel has no complaint" $? 0 ||
	diag "$(cat "$T/err")"
while read -r verdict name; do
	case $verdict in
	pass) ok "$name" ;;
	fail) not_ok "${name%%:*}" && diag "$name" ;;
	*) diag "$verdict $name" ;;
	esac
done <"$T/inside"
check "it came to its end" grep -q '^[a-z]* the module unloads' "$T/inside"

passed_over "too old" 5.10.0-1-amd64 NONE "5.10.0-1-amd64 is older than 6.1"
passed_over "no GCM" 6.5.0-1-amd64 CONFIG_CRYPTO_GCM \
	"6.5.0-1-amd64 was built without CONFIG_CRYPTO_GCM"

check "they are removed" in_root dpkg --purge meshlan-dkms meshlan-tools
check "no module is left" [ -z "$(find "$root/usr/lib/modules" -name 'meshlan*')" ]
check "no source is left" [ ! -e "$root/usr/src/meshlan-$version" ]
