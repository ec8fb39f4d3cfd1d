// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "base/log.h"
int main(void) { log_start("", LOG_LEVEL_INFO); return 0; }
