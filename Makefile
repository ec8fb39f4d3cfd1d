# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# A thin front: the work is done by Kbuild, tools/Makefile and the scripts
# below selftests/ and tools/packaging/. "make help" explains the targets.

KVER ?= $(shell uname -r)
PREFIX ?= /usr
kdir := $(DESTDIR)/lib/modules/$(KVER)
ko := build/host/kernel/meshlan.ko

# A machine without headers for its kernel still gets the tools.
have_headers := $(wildcard /lib/modules/$(KVER)/build/Makefile)

all: $(if $(have_headers),module,no-module) tools

module:
	@KVER=$(KVER) selftests/vm/build --no-tools host

no-module:
	@echo "no headers for kernel $(KVER), so no module for it;" \
		"install linux-headers-$(KVER), or use: make dkms" >&2

tools:
	@selftests/vm/packages tools
	$(MAKE) -C tools all

install: all
	$(if $(have_headers),install -D -m 644 $(ko) $(kdir)/updates/meshlan.ko)
	$(if $(have_headers),$(if $(DESTDIR),,depmod $(KVER)))
	$(MAKE) -C tools install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

uninstall:
	rm -f $(kdir)/updates/meshlan.ko
	$(if $(DESTDIR),,[ ! -d $(kdir) ] || depmod $(KVER))
	$(MAKE) -C tools uninstall DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

dkms:
	@tools/packaging/dkms-install

deb:
	@tools/packaging/build-deb

generate:
	@Documentation/netlink/generate

demo:
	@selftests/demo.sh

check:
	@selftests/check quick

check-all:
	@selftests/check all $(MINUTES)

check-debug:
	@selftests/check debug

bench:
	@selftests/bench/run

bench-all:
	@selftests/bench/run --all

clean:
	$(MAKE) -C tools clean
	rm -rf build

help:
	@echo "make              the module for this kernel ($(KVER)) and the tools"
	@echo "make demo         see five hosts join; installs what is missing"
	@echo "make install      install both; uninstall takes them away again"
	@echo "make dkms         register the module with DKMS, for every kernel"
	@echo "make deb          Debian packages, in build/"
	@echo "make check        the tests: all on User-Mode Linux, some on 6.1"
	@echo "make check-all    and on more kernels, some with all detectors"
	@echo "make check-debug  all tests with all detectors"
	@echo "make bench        the headline figures; bench-all gives the table"
	@echo "make generate     the netlink code from its specification"
	@echo "make clean        remove build/; the kernels stay in the cache"
	@echo
	@echo "Variables: KVER, DESTDIR, PREFIX (/usr), MESHLAN_CACHE"
	@echo "(~/.cache/meshlan). One test: selftests/run --help; one command"
	@echo "in a machine of its own: selftests/vm/run --help."

.PHONY: all module no-module tools install uninstall dkms deb generate demo \
	check check-all check-debug bench bench-all clean help
