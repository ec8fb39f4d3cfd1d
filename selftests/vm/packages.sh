# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2034
#
# Packages: of the host's own suite through its apt, of other suites through
# an apt tree in the cache, so that the host's sources are never changed.

# By need: to build modules; to build the tools; inside the guests, which see
# the host's files; in the guests alone; for the static checks; for libFuzzer;
# to make User-Mode Linux; to make and run stock kernels.
BUILD_PACKAGES="build-essential kmod rsync util-linux"
TOOLS_PACKAGES="build-essential pkg-config libmnl-dev libgnutls28-dev \
nettle-dev libnl-route-3-dev libuv1-dev libngtcp2-dev \
libngtcp2-crypto-gnutls-dev libsqlite3-dev libjansson-dev \
libmicrohttpd-dev libldns-dev libinih-dev libcap-ng-dev libseccomp-dev \
libcbor-dev libsystemd-dev"
TEST_PACKAGES="iproute2 iputils-ping iperf3 tcpdump ethtool jq nftables \
dnsmasq-base wireguard-tools busybox-static procps libmnl0"
# Their daemons would start on the host if they were installed there, or only
# the guests need them.
UNPACKED_PACKAGES="bird2 avahi-daemon libnss-mdns udev \
systemd-resolved bind9-dnsutils"
STATIC_PACKAGES="sparse shellcheck perl python3 python3-yaml git"
FUZZ_PACKAGES="clang libclang-rt-dev"
UML_PACKAGES="bc bison flex libelf-dev ccache xz-utils cpio \
debian-archive-keyring"
STOCK_PACKAGES="qemu-system-x86 busybox-static cpio gzip \
xz-utils zstd mmdebstrap debian-archive-keyring"

# The mirror that the host itself uses for its main archive.
apt_mirror() {
	apt_mirror_known || { apt_update_host && apt_mirror_known; }
}

# Origin and label come from what the last update fetched.
apt_mirror_known() {
	# shellcheck disable=SC2016 # apt expands this, not the shell
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' \
		'Identifier: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }' | grep .
}

host_release() {
	# shellcheck source=/dev/null
	(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-unknown}")
}

have_package() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null |
	grep -qx installed; }

apt_update_host() {
	[ -n "${APT_UPDATED:-}" ] && return 0
	quietly "$MESHLAN_CACHE/log/apt-update" apt-get -q update || return
	APT_UPDATED=1
}

# Install what is missing and nothing else. Asks nothing.
need_packages() { # PACKAGE...
	local p missing=()

	for p; do
		have_package "$p" || [[ " ${missing[*]} " == *" $p "* ]] ||
			missing+=("$p")
	done
	[ ${#missing[@]} = 0 ] && return 0
	command -v apt-get >/dev/null ||
		die 119 "missing: ${missing[*]}; install them (no apt-get here)"
	[ "$(id -u)" = 0 ] ||
		die 119 "missing packages: ${missing[*]}; run this once as root, or: apt-get install ${missing[*]}"
	say "installing ${missing[*]}"
	with_lock apt-host apt_install_host "${missing[@]}"
}

apt_install_host() {
	apt_update_host
	quietly "$MESHLAN_CACHE/log/apt-install" \
		env DEBIAN_FRONTEND=noninteractive INITRD=No \
		apt-get -q -y --no-install-recommends \
		-o DPkg::Lock::Timeout=600 install "$@"
}

# Lay packages, and those they depend on that the host lacks, over DIRECTORY.
# They are of the host's own suite, since they share its libraries.
unpack_packages() { # DIRECTORY PACKAGE...
	local into=$1 d

	shift
	d=$MESHLAN_CACHE/unpacked-$({
		host_release
		echo "$@"
	} | hash_of)
	[ -e "$d/.done" ] || with_lock unpacked unpack_into "$d" "$@" || return
	rsync -a --exclude=/.done "$d/" "$into/"
}

unpack_into() { # DIRECTORY PACKAGE...
	local d=$1 t=$1.tmp deb dir list

	shift
	[ ! -e "$d/.done" ] || return 0
	command -v apt-get >/dev/null ||
		die 119 "missing: $*; there is no apt-get here to fetch them"
	say "unpacking $*"
	rm -rf "$t"
	mkdir -p "$t/deb"
	with_lock apt-host apt_update_host || return
	mapfile -t list < <(apt-get -q -s --no-install-recommends install "$@" |
		awk '$1 == "Inst" { print $2 }')
	if [ ${#list[@]} -gt 0 ]; then
		(cd "$t/deb" && quietly "$MESHLAN_CACHE/log/unpacked" \
			apt-get -q download "${list[@]}") || return
	fi
	for deb in "$t"/deb/*.deb; do
		[ ! -e "$deb" ] || dpkg-deb -x "$deb" "$t" || return
	done
	# A directory in the place of the host's symlink would hide what is there.
	for dir in bin sbin lib; do
		[ ! -d "$t/$dir" ] || { mkdir -p "$t/usr/$dir" &&
			cp -a "$t/$dir/." "$t/usr/$dir/"; } || return
	done
	rm -rf "${t:?}"/{bin,sbin,lib,deb} "$t"/usr/share/{doc,man}
	touch "$t/.done" && mv "$t" "$d"
}

# An apt tree for one suite in the cache, made once.
# Sets the array APT_TREE to the options that make apt use it.
apt_tree() { # SUITE
	local a=$MESHLAN_CACHE/apt-$1 mirror

	APT_TREE=(-o "Dir=$a" -o "Dir::State::status=$a/var/lib/dpkg/status"
		-o APT::Sandbox::User=root -o Acquire::Languages=none)
	[ ! -e "$a/.done" ] || return 0
	mirror=$(apt_mirror)
	[ -n "$mirror" ] ||
		die 119 "no Debian mirror in this host's apt configuration"
	rm -rf "$a"
	mkdir -p "$a"/etc/apt/{sources.list.d,preferences.d,trusted.gpg.d} \
		"$a"/etc/apt/{apt.conf.d,auth.conf.d} \
		"$a"/var/lib/{apt/lists/partial,dpkg} \
		"$a"/var/cache/apt/archives/partial
	# A proxy of the host's is the way to the mirror here too.
	cp -a /etc/apt/apt.conf.d/. "$a/etc/apt/apt.conf.d/"
	: >"$a/var/lib/dpkg/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$mirror $1 main" >"$a/etc/apt/sources.list"
	quietly "$MESHLAN_CACHE/log/apt-$1" \
		apt-get "${APT_TREE[@]}" -q update || return
	touch "$a/.done"
}
