/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHD_CONFIG_TEXT_H
#define MESHD_CONFIG_TEXT_H

#include "meshd/config/option.h"

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

/* A whole configuration from the text of a file "f"; free it always. */
enum meshlan_status parse_config(struct config *config, const char *text,
				 struct meshlan_error *err);

#endif /* MESHD_CONFIG_TEXT_H */
