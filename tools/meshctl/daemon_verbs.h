/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef MESHCTL_DAEMON_VERBS_H
#define MESHCTL_DAEMON_VERBS_H

#include "daemon.h"

/* One question to the daemon of the chosen network. @params is taken over. */
enum meshlan_status ask_daemon(const char *method, json_t *params,
			       render_fn *render, struct meshlan_error *err);
/*
 * The same if @status, of the words taken before, is good and no word is left.
 */
enum meshlan_status ask_rest(struct args *args, const char *method,
			     json_t *params, render_fn *render,
			     enum meshlan_status status,
			     struct meshlan_error *err);
/* A word that is the parameter @param; @what says which is missing. */
enum meshlan_status take_name(struct args *args, json_t *params,
			      const char *param, const char *what,
			      struct meshlan_error *err);
enum meshlan_status show_result(const json_t *result, render_fn *render);
/* The token itself, from a word, a file or standard input. To be freed. */
enum meshlan_status read_token(char *word, json_t **token,
			       struct meshlan_error *err);

#endif /* MESHCTL_DAEMON_VERBS_H */
