# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 the meshlan developers
# shellcheck shell=bash disable=SC2034
kernel_stock() { die 119 "kernel $1: not here"; }
