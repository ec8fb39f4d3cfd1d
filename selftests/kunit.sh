#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
#
# The parts that need no network: kernel/selftest/.
# meshlan-test: no-module time=180 leaks smoke=debug
. "$(dirname "$(realpath "$0")")/lib.sh"

kunit meshlan-test
