#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# What the daemon's parts do without a kernel and without each other, plain
# and under the sanitizers; what is leaked counts.
# meshlan-test: host only=uml time=600
. "$(dirname "$(realpath "$0")")/lib.sh"

unit=$TOP/build/tools/meshd-unit

check "the test programs build" make -C "$TOP/tools" -j2 unit ||
	bail "without them there is nothing to test"
points_start "$unit"
points_start "$unit-asan"
points_end "$unit"
points_end "$unit-asan"
