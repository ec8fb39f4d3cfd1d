# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2034
#
# User-Mode Linux from Debian's kernel source: "uml" on several CPUs at native
# speed, "debug" on one CPU with every detector. Both are keyed by the source,
# the compiler and the configuration fragments; a kernel whose key is new is
# built on a copy of the last one, so that a small change costs little.

uml_fragments() { # KERNEL
	case $1 in
	uml) echo "$MESHLAN_VM"/config/{base,uml,uml-smp}.config ;;
	debug) echo "$MESHLAN_VM"/config/{base,uml,debug}.config ;;
	esac
}

# The newest linux-source of trixie-backports, unpacked in $MESHLAN_CACHE/src.
uml_source() {
	[ ! -e "$MESHLAN_CACHE/src/.version" ] || return 0
	with_lock source uml_source_fetch
}

uml_source_fetch() {
	local c=$MESHLAN_CACHE name deb

	[ ! -e "$c/src/.version" ] || return 0
	say "fetching the kernel source"
	apt_tree trixie-backports || return
	name=$(apt-cache "${APT_TREE[@]}" search --names-only \
		'^linux-source-[0-9.]+$' | awk '{ print $1 }' | sort -V | tail -n 1)
	[ -n "$name" ] || die 119 "no linux-source package in trixie-backports"
	rm -rf "$c/src.new"
	mkdir -p "$c/src.new/deb"
	(cd "$c/src.new/deb" && quietly "$c/log/source" \
		apt-get "${APT_TREE[@]}" -q download "$name") || return
	deb=$(ls "$c"/src.new/deb/*.deb)
	dpkg-deb --fsys-tarfile "$deb" |
		tar xOf - --wildcards '*/linux-source-*.tar.xz' |
		tar xJf - -C "$c/src.new" --strip-components=1 || return
	dpkg-deb -f "$deb" Version >"$c/src.new/.version"
	rm -rf "$c/src.new/deb" "$c/src"
	mv "$c/src.new" "$c/src"
}

uml_dir() { # KERNEL
	local key

	# shellcheck disable=SC2046 # a list of files
	key=$({
		cat "$MESHLAN_CACHE/src/.version" $(uml_fragments "$1")
		gcc -dumpfullversion -dumpmachine
	} | sha256sum | cut -c1-12)
	echo "$MESHLAN_CACHE/b/$1-$key"
}

# Kconfig drops what it cannot satisfy without a word; here it is an error.
uml_check_config() { # DIRECTORY
	local line bad=0

	while IFS= read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$1/.config" ;;
		CONFIG_*) grep -qxF "$line" "$1/.config" ;;
		*) true ;;
		esac || {
			say "not in the kernel: $line"
			bad=1
		}
	done <"$1/all.config"
	return $bad
}

uml_build() { # KERNEL DIRECTORY
	local k=$1 d=$2 t=$2.tmp seed log=$MESHLAN_CACHE/log/kernel-$1
	local make=(make -C "$MESHLAN_CACHE/src" ARCH=um "O=$t"
		"CC=ccache gcc" -j"$(nproc)")

	[ ! -e "$d/.done" ] || return 0
	say "building the $k kernel ($log)"
	mkdir -p "$MESHLAN_CACHE/b"
	if [ ! -d "$t" ]; then
		# shellcheck disable=SC2012 # our own names, newest first
		seed=$(ls -td "$MESHLAN_CACHE/b/$k"-*/.done 2>/dev/null | head -n 1)
		if [ -n "$seed" ]; then
			cp -a "${seed%/.done}" "$t.seed" &&
				rm -f "$t.seed/.done" && mv "$t.seed" "$t"
		fi
	fi
	mkdir -p "$t"
	# shellcheck disable=SC2046 # a list of files
	cat $(uml_fragments "$k") >"$t/all.config"
	quietly "$log-config" "${make[@]}" \
		KCONFIG_ALLCONFIG="$t/all.config" allnoconfig || return
	uml_check_config "$t" || return
	quietly "$log" "${make[@]}" linux modules || return
	rm -rf "$t/mods"
	quietly "$log-modules" "${make[@]}" INSTALL_MOD_PATH=mods \
		INSTALL_MOD_STRIP=1 modules_install || return
	cat "$t/include/config/kernel.release" >"$t/.done"
	mv "$t" "$d"
	uml_prune "$k"
}

# Keep the three kernels built last.
uml_prune() { # KERNEL
	local old

	# shellcheck disable=SC2012 # our own names
	ls -td "$MESHLAN_CACHE/b/$1"-*/.done 2>/dev/null | tail -n +4 |
		while IFS= read -r old; do
			rm -rf "${old%/.done}"
		done
}

# Sets KERNEL_* for build and run.
kernel_uml() { # KERNEL
	local d

	# shellcheck disable=SC2086 # a list
	need_packages $BUILD_PACKAGES $TEST_PACKAGES $UML_PACKAGES
	uml_source || return
	d=$(uml_dir "$1")
	[ -e "$d/.done" ] || with_lock "kernel-$1" uml_build "$1" "$d" || return
	KERNEL_RELEASE=$(cat "$d/.done")
	KERNEL_IMAGE=$d/linux
	KERNEL_MODULES=$d/mods/lib/modules/$KERNEL_RELEASE
	KERNEL_MAKE=(make -C "$MESHLAN_CACHE/src" ARCH=um "O=$d" "CC=ccache gcc")
	KERNEL_MACHINE=uml
}
