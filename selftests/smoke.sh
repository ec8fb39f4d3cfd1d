#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The named subset that runs on every kernel: load, two nodes, rekey, unload.
# meshlan-test: no-module
. "$(dirname "$(realpath "$0")")/lib.sh"

check "the module loads" modprobe meshlan
check "it is there" test -d /sys/module/meshlan
check "it unloads" rmmod meshlan
check "it loads again" modprobe meshlan
