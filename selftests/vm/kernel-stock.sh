# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2034
#
# Debian's own kernels: 6.1 from bookworm, 6.12 from trixie, the newest from
# trixie-backports. A kernel of the host's release is taken from the host; the
# others live in a Debian root in the cache, where the module is built too,
# since the tools in a header package want their own release's C library.

# What a root holds beyond the kernels: enough to build and check, to install
# packages with DKMS and to look around.
ROOT_PACKAGES="gcc,make,dkms,kmod,iproute2,iputils-ping,procps,\
libmnl0,libjansson4,zstd,xz-utils,sparse"

stock_root_dir() { # SUITE
	local key

	key=$({
		echo "$ROOT_PACKAGES"
		stock_newest_hook
		apt_mirror
	} | sha256sum | cut -c1-12)
	echo "$MESHLAN_CACHE/root-$1-$key"
}

# The newest kernel of trixie-backports, signed or not yet, with whatever else it
# wants newer than trixie has.
stock_newest_hook() {
	cat <<-'EOF'
	set -eu
	root=$1
	names() { chroot "$root" apt-cache search --names-only "$1" |
		cut -d' ' -f1; }
	name=$(names '^linux-(image|binary|binary-unsigned)-[0-9.]+\+deb13-amd64$' |
		sed -E 's/^(linux-[a-z-]+)-([0-9].*)$/\2 \1/' |
		sort -k1,1V -k2,2 | tail -n 1)
	release=${name% *}
	chroot "$root" apt-get -q -y --no-install-recommends \
		-t trixie-backports install \
		"linux-headers-$release" "${name#* }-$release" \
		$(names "^linux-modules-$(printf %s "$release" |
			sed 's/[.+]/\\&/g')\$")
	EOF
}

stock_root_make() { # SUITE DIRECTORY
	local suite=$1 d=$2 t=$2.tmp mirror hook=()
	local include=linux-image-amd64,linux-headers-amd64,$ROOT_PACKAGES

	[ ! -e "$d/.done" ] || return 0
	mirror=$(apt_mirror)
	[ -n "$mirror" ] ||
		die 119 "no Debian mirror in this host's apt configuration"
	say "making a $suite root ($MESHLAN_CACHE/log/root-$suite)"
	rm -rf "$t" "$MESHLAN_CACHE/root-$suite"-*
	set -- "deb $mirror $suite main"
	if [ "$suite" = trixie ]; then
		set -- "$@" "deb $mirror trixie-backports main"
		stock_newest_hook >"$MESHLAN_CACHE/newest-hook"
		hook=(--customize-hook="INITRD=No sh $MESHLAN_CACHE/newest-hook \"\$1\"")
	fi
	# INITRD=No: these kernels are started with an initrd of ours.
	quietly "$MESHLAN_CACHE/log/root-$suite" env INITRD=No \
		mmdebstrap --variant=apt --skip=cleanup/apt/lists \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Languages "none"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--include="$include" "${hook[@]}" "$suite" "$t" "$@" || return
	touch "$t/.done"
	mv "$t" "$d"
}

# Sets STOCK_ROOT: the root of a suite, "" when the host itself is of it.
stock_root() { # SUITE
	local d

	d=$(stock_root_dir "$1")
	[ -e "$d/.done" ] || with_lock "root-$1" stock_root_make "$1" "$d" ||
		return
	STOCK_ROOT=$d
}

# The newest release below a directory that has headers and matches.
stock_release() { # ROOT PATTERN
	find "$1/usr/src" -maxdepth 1 -name 'linux-headers-*' -printf '%f\n' |
		sed 's/^linux-headers-//' | grep -E -- "$2" |
		grep -v -e -rt- -e -cloud- | sort -V | tail -n 1
}

stock_image() { # ROOT RELEASE
	local f

	for f in "$1/boot/vmlinuz-$2" "$1/usr/lib/modules/$2/vmlinuz" \
		"$1/usr/lib/modules/$2/vmlinuz.unsigned"; do
		if [ -e "$f" ]; then
			echo "$f"
			return
		fi
	done
	return 1
}

# On Debian 12 the headers are the host's, installed; the kernel is the host's
# too if it is there, else its package is unpacked in the cache.
stock_host_61() {
	local v d

	need_packages linux-headers-amd64
	v=$(stock_release '' '^6\.1\..*-amd64$')
	[ -n "$v" ] || die 119 "linux-headers-amd64 brought no 6.1 headers"
	KERNEL_RELEASE=$v
	KERNEL_MAKE=(make -C "/usr/src/linux-headers-$v")
	if [ -d "/lib/modules/$v/kernel" ] && stock_image '' "$v" >/dev/null; then
		STOCK_ROOT=
		return
	fi
	d=$MESHLAN_CACHE/unpacked-$v
	STOCK_ROOT=$d
	[ ! -e "$d/.done" ] || return 0
	rm -rf "$d.tmp"
	mkdir -p "$d.tmp/deb"
	(cd "$d.tmp/deb" && apt_update_host && quietly "$MESHLAN_CACHE/log/image-$v" \
		apt-get -q download "linux-image-$v") || return
	dpkg-deb -x "$d.tmp"/deb/*.deb "$d.tmp" || return
	# The package of bookworm has /lib, the roots have /usr/lib.
	[ -d "$d.tmp/usr/lib/modules" ] || {
		mkdir -p "$d.tmp/usr" && mv "$d.tmp/lib" "$d.tmp/usr/lib" &&
			ln -s usr/lib "$d.tmp/lib"
	}
	depmod -b "$d.tmp" "$v" && touch "$d.tmp/.done" && mv "$d.tmp" "$d"
}

# Make inside a root: a private mount namespace, nothing stays mounted.
stock_make_in_root() { # ROOT ARGUMENT...
	local root=$1

	shift
	mkdir -p "$root/module"
	# shellcheck disable=SC2016 # the inner shell expands
	unshare -m bash -c '
		root=$1 dir=$2; shift 2
		mount --make-rprivate / && mount --bind "$dir" "$root/module" &&
		mount -t proc proc "$root/proc" && mount -t tmpfs tmp "$root/tmp" &&
		exec chroot "$root" make "$@"' - "$root" "$KERNEL_BUILD_DIR" "$@"
}

# An uncompressed image boots 5 s sooner under emulation, and an initrd with
# the modules that lead to the host's file tree.
stock_boot_files() { # IMAGE
	local b=$MESHLAN_CACHE/boot-$KERNEL_RELEASE sum

	sum=$({
		stat -c '%s %Y' "$1"
		cat "$MESHLAN_VM/init-qemu" "$MESHLAN_VM/kernel-stock.sh"
	} | sha256sum | cut -c1-12)
	KERNEL_IMAGE=$b-$sum/vmlinux
	KERNEL_INITRD=$b-$sum/initrd
	[ -e "$KERNEL_INITRD" ] ||
		with_lock "boot-$KERNEL_RELEASE" stock_boot_make "$1" "$b-$sum"
}

stock_boot_make() { # IMAGE DIRECTORY
	local d=$2 t=$2.tmp root=${KERNEL_MODULES%/lib/modules/*} i=$2.tmp/i f m

	[ ! -e "$d/initrd" ] || return 0
	rm -rf "$t" "$MESHLAN_CACHE/boot-$KERNEL_RELEASE"-*
	mkdir -p "$i"/{bin,m,proc,sys,dev,lo,rw,new}
	bash "$MESHLAN_CACHE/src/scripts/extract-vmlinux" "$1" \
		>"$t/vmlinux" 2>/dev/null || cp "$1" "$t/vmlinux"
	cp /bin/busybox "$MESHLAN_VM/init-qemu" "$i/bin/"
	ln -s bin/init-qemu "$i/init"
	for m in virtio_pci 9pnet_virtio 9p overlay virtio_console; do
		modprobe -d "${root%/usr}" -S "$KERNEL_RELEASE" -D "$m" || return
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$t/list"
	while read -r f; do
		m=$(basename "$f")
		case $m in
		*.xz) m=${m%.xz} && xz -dc "$f" >"$i/m/$m" ;;
		*.zst) m=${m%.zst} && zstd -qdc "$f" >"$i/m/$m" ;;
		*) cp "$f" "$i/m/$m" ;;
		esac || return
		echo "$m" >>"$i/order"
	done <"$t/list"
	(cd "$i" && find . | cpio -o -H newc --quiet | gzip -1) >"$t/initrd" ||
		return
	rm -rf "$i"
	mv "$t" "$d"
}

# Sets KERNEL_* for build and run.
kernel_stock() { # KERNEL BUILD-DIRECTORY
	local image

	# shellcheck disable=SC2086 # a list
	need_packages $BUILD_PACKAGES $TEST_PACKAGES $STOCK_PACKAGES
	uml_source || return # extract-vmlinux
	STOCK_ROOT=
	KERNEL_BUILD_DIR=$2
	if [ "$1 $(host_release)" = "6.1 debian 12" ]; then
		stock_host_61 || return
	else
		case $1 in
		6.1) stock_root bookworm ;;
		*) stock_root trixie ;;
		esac || return
		case $1 in
		new) KERNEL_RELEASE=$(stock_release "$STOCK_ROOT" '-amd64$') ;;
		*) KERNEL_RELEASE=$(stock_release "$STOCK_ROOT" \
			"^${1//./\\.}\\..*-amd64$") ;;
		esac
		[ -n "$KERNEL_RELEASE" ] ||
			die 119 "no kernel $1 with headers in $STOCK_ROOT"
		KERNEL_MODULE_DIR=/module
		KERNEL_MAKE=(stock_make_in_root "$STOCK_ROOT"
			-C "/usr/src/linux-headers-$KERNEL_RELEASE")
	fi
	KERNEL_MODULES=$STOCK_ROOT/usr/lib/modules/$KERNEL_RELEASE
	image=$(stock_image "$STOCK_ROOT" "$KERNEL_RELEASE") ||
		die 119 "no image of kernel $KERNEL_RELEASE"
	KERNEL_MACHINE=qemu
	stock_boot_files "$image"
}
