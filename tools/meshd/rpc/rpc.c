// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "rpc/link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_PARSE	(-32700)
#define CODE_INVALID	(-32600)
#define CODE_METHOD	(-32601)
#define CODE_PARAMS	(-32602)
#define CODE_OURS	(-32000)	/* less the status */

struct rpc *rpc_new(void)
{
	struct rpc *rpc = xalloc(sizeof(*rpc));

	rpc->handler = xalloc(rpc_method_count * sizeof(*rpc->handler));
	return rpc;
}

void rpc_free(struct rpc *rpc)
{
	free(rpc->handler);
	free(rpc);
}

void rpc_add(struct rpc *rpc, const char *method, rpc_fn *fn, void *data)
{
	const struct rpc_method *known = rpc_method(method);

	if (!known)
		abort();
	rpc->handler[known - rpc_methods] = (struct rpc_handler){ fn, data };
}

/* --- answers --------------------------------------------------------------- */

void rpc_error(struct rpc_link *link, json_t *id, int code,
	       enum meshlan_status status, const char *text)
{
	json_t *message = json_string(text), *answer;

	/* Text of others may be in it, and need not be UTF-8. */
	if (!message)
		message = json_string("refused, for a reason that is no text");
	answer = json_pack("{s:s, s:O?, s:{s:i, s:o, s:{s:i}}}", "jsonrpc",
			   "2.0", "id", id, "error", "code", code, "message",
			   message, "data", "status", status);
	if (!id)
		json_object_set_new(answer, "id", json_null());
	link_send(link, answer);
}

static void unlink_call(struct rpc_call *call)
{
	struct rpc_call **at = &call->link->call;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->link->calls--;
}

static void free_call(struct rpc_call *call)
{
	json_decref(call->id);
	json_decref(call->request);
	free(call);
}

void rpc_answer(struct rpc_call *call, json_t *result)
{
	if (call->link) {
		unlink_call(call);
		link_send(call->link, json_pack("{s:s, s:O, s:o}", "jsonrpc",
						"2.0", "id", call->id,
						"result", result));
	} else {
		json_decref(result);
	}
	free_call(call);
}

void rpc_refuse(struct rpc_call *call, enum meshlan_status status,
		const char *format, ...)
{
	char text[sizeof(((struct meshlan_error *)0)->text)];
	va_list args;

	if (call->link) {
		va_start(args, format);
		vsnprintf(text, sizeof(text), format, args);
		va_end(args);
		unlink_call(call);
		rpc_error(call->link, call->id, CODE_OURS - (int)status, status,
			  text);
	}
	free_call(call);
}

void rpc_progress(struct rpc_call *call, const char *format, ...)
{
	char text[256];
	va_list args;

	if (!call->link)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* Nobody needs to know where it was when he begins to read again. */
	if (call->link->out.len >= RPC_QUEUE_MAX)
		return;
	link_send(call->link,
		  json_pack("{s:s, s:s, s:{s:O, s:o}}", "jsonrpc", "2.0",
			    "method", "progress", "params", "id", call->id,
			    "text", json_string(text) ?: json_string("")));
}

void rpc_on_gone(struct rpc_call *call, rpc_gone_fn *gone, void *data)
{
	call->gone = gone;
	call->data = data;
}

void rpc_orphan(struct rpc_call *call)
{
	rpc_gone_fn *gone = call->gone;

	call->link = NULL;
	call->next = NULL;
	if (gone)
		gone(call, call->data);
}

void rpc_subscribe(struct rpc_call *call)
{
	json_t *params = json_object_get(call->request, "params");

	if (!call->link)
		return;
	json_decref(call->link->types);
	call->link->types = json_incref(json_object_get(params, "types"));
	call->link->listens = true;
}

/* --- questions ------------------------------------------------------------- */

static bool all_texts(const json_t *array)
{
	json_t *one;
	size_t i;

	json_array_foreach(array, i, one) {
		if (!json_is_string(one))
			return false;
	}
	return true;
}

/* NULL, or what is wanted instead. */
static const char *wrong_type(const struct rpc_param *param,
			      const json_t *value)
{
	switch (param->type) {
	case RPC_TEXT:
		return json_is_string(value) ? NULL : "a text";
	case RPC_NUMBER:
		return json_is_integer(value) &&
		       json_integer_value(value) >= 0 ?
			       NULL : "a whole number, not negative";
	case RPC_SWITCH:
		return json_is_boolean(value) ? NULL : "true or false";
	case RPC_TEXTS:
		return json_is_array(value) && all_texts(value) ?
			       NULL : "an array of texts";
	}
	return "known";
}

static const struct rpc_param *param_of(const struct rpc_method *method,
					const char *name)
{
	for (int i = 0; i < RPC_PARAMS_MAX && method->param[i].name; i++) {
		if (!strcmp(method->param[i].name, name))
			return &method->param[i];
	}
	return NULL;
}

static bool good_params(const struct rpc_method *method, json_t *params,
			char *text, size_t size)
{
	const struct rpc_param *param;
	const char *name, *want;
	json_t *value;

	json_object_foreach(params, name, value) {
		param = param_of(method, name);
		if (!param) {
			snprintf(text, size, "%s: no parameter '%.40s'",
				 method->name, name);
			return false;
		}
		want = wrong_type(param, value);
		if (want) {
			snprintf(text, size, "%s: %s: not %s", method->name,
				 name, want);
			return false;
		}
	}
	for (int i = 0; i < RPC_PARAMS_MAX; i++) {
		param = &method->param[i];
		if (param->name && param->must &&
		    !json_object_get(params, param->name)) {
			snprintf(text, size, "%s: %s is missing", method->name,
				 param->name);
			return false;
		}
	}
	return true;
}

static struct rpc_call *call_new(struct rpc_link *link, json_t *request)
{
	struct rpc_call *call = xalloc(sizeof(*call));

	call->link = link;
	call->request = json_incref(request);
	call->id = json_incref(json_object_get(request, "id"));
	call->next = link->call;
	link->call = call;
	link->calls++;
	return call;
}

static void ask(struct rpc_link *link, json_t *request,
		const struct rpc_method *method)
{
	struct rpc_handler handler =
		link->rpc->handler[method - rpc_methods];
	json_t *params = json_object_get(request, "params");
	json_t *id = json_object_get(request, "id");
	char text[160];

	if (!params) {
		params = json_object();
		json_object_set_new(request, "params", params);
	}
	if (!json_is_object(params))
		rpc_error(link, id, CODE_PARAMS, MESHLAN_ERR_USAGE,
			  "params: not an object");
	else if (!good_params(method, params, text, sizeof(text)))
		rpc_error(link, id, CODE_PARAMS, MESHLAN_ERR_USAGE, text);
	else if (method->writes && !link->writer)
		rpc_error(link, id, CODE_OURS - MESHLAN_ERR_PERMISSION,
			  MESHLAN_ERR_PERMISSION,
			  "not permitted: be root, or in the group of the socket");
	else if (!handler.fn)
		rpc_error(link, id, CODE_OURS - MESHLAN_ERR_REFUSED,
			  MESHLAN_ERR_REFUSED,
			  "not possible now (see: meshctl status)");
	else
		handler.fn(call_new(link, request), params, handler.data);
}

/* Without one there would be no answer, so nothing is done without one. */
static bool good_id(const json_t *id)
{
	return json_is_string(id) || json_is_integer(id);
}

static void hear_request(struct rpc_link *link, json_t *request)
{
	const json_t *version = json_object_get(request, "jsonrpc");
	const json_t *name = json_object_get(request, "method");
	json_t *id = json_object_get(request, "id");
	const struct rpc_method *method;
	char text[96];

	if (!json_is_object(request) || !good_id(id) ||
	    !json_is_string(version) || !json_is_string(name) ||
	    strcmp(json_string_value(version), "2.0")) {
		rpc_error(link, good_id(id) ? id : NULL, CODE_INVALID,
			  MESHLAN_ERR_USAGE,
			  "not a request of JSON-RPC 2.0 with an id");
		return;
	}
	method = rpc_method(json_string_value(name));
	if (method) {
		ask(link, request, method);
		return;
	}
	snprintf(text, sizeof(text), "'%.40s': no such method",
		 json_string_value(name));
	rpc_error(link, id, CODE_METHOD, MESHLAN_ERR_USAGE, text);
}

void rpc_hear(struct rpc_link *link, const char *line, size_t len)
{
	json_error_t error;
	json_t *request;
	char text[sizeof(error.text) + 32];

	request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!request) {
		snprintf(text, sizeof(text), "not JSON: column %d: %s",
			 error.column, error.text);
		rpc_error(link, NULL, CODE_PARSE, MESHLAN_ERR_USAGE, text);
		return;
	}
	hear_request(link, request);
	json_decref(request);
}
