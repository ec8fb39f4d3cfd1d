// SPDX-License-Identifier: GPL-2.0-or-later
/* Copyright (C) 2026 the meshlan developers */
#include "libmeshlan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "attr.h"

enum meshlan_status meshlan_fail(struct meshlan_error *err,
				 enum meshlan_status status,
				 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return status;
}

enum meshlan_status meshlan_status_of(int error)
{
	switch (error) {
	case 0:
		return MESHLAN_OK;
	case EPERM:
	case EACCES:
		return MESHLAN_ERR_PERMISSION;
	case ENOENT:
	case ENODEV:
	case ESRCH:
	case ENXIO:
		return MESHLAN_ERR_NOT_FOUND;
	case EBUSY:
	case EADDRINUSE:
		return MESHLAN_ERR_BUSY;
	case ENOMEM:
	case ENOBUFS:
	case EIO:
	case EINTR:
	case EBADF:
	case EPIPE:
		return MESHLAN_ERR_SYSTEM;
	default:
		return MESHLAN_ERR_REFUSED;
	}
}

/* What the kernel attached to its refusal. */
struct refusal {
	int error;
	const char *message;
	uint32_t offset;	/* of the bad attribute, 0 if none is named */
	uint32_t missing;	/* type of the missing one, 0 if none is */
	const struct nlattr *policy;
};

static void read_attr(const struct nlattr *attr, struct refusal *refusal)
{
	uint16_t len = mnl_attr_get_payload_len(attr);
	const char *text = mnl_attr_get_payload(attr);

	switch (mnl_attr_get_type(attr)) {
	case NLMSGERR_ATTR_MSG:
		if (len && !text[len - 1])
			refusal->message = text;
		break;
	case NLMSGERR_ATTR_OFFS:
		if (len == sizeof(uint32_t))
			refusal->offset = mnl_attr_get_u32(attr);
		break;
	case NLMSGERR_ATTR_MISS_TYPE:
		if (len == sizeof(uint32_t))
			refusal->missing = mnl_attr_get_u32(attr);
		break;
	case NLMSGERR_ATTR_POLICY:
		refusal->policy = attr;
		break;
	}
}

static bool read_refusal(const struct nlmsghdr *reply, struct refusal *refusal)
{
	const struct nlmsgerr *body = mnl_nlmsg_get_payload(reply);
	size_t offset = sizeof(*body), len;
	const struct nlattr *attr;
	const void *data;

	memset(refusal, 0, sizeof(*refusal));
	if (mnl_nlmsg_get_payload_len(reply) < sizeof(*body))
		return false;
	refusal->error = -body->error;
	if (!(reply->nlmsg_flags & NLM_F_ACK_TLVS))
		return true;
	/* The request comes back too unless it was agreed to leave it out. */
	if (!(reply->nlmsg_flags & NLM_F_CAPPED) &&
	    body->msg.nlmsg_len > sizeof(body->msg))
		offset += MNL_ALIGN(body->msg.nlmsg_len - sizeof(body->msg));
	len = mnl_nlmsg_get_payload_len(reply);
	if (offset > len)
		return true;
	data = (const char *)body + offset;
	len -= offset;
	while ((attr = attr_next(&data, &len)))
		read_attr(attr, refusal);
	return true;
}

/*
 * Find the attribute that starts @offset bytes into @request; nests are
 * entered. @data, @len: the attributes of @set.
 */
static const struct meshlan_attr *
attr_at(const struct nlmsghdr *request, size_t offset, const void *data,
	size_t len, const struct meshlan_set *set, const struct nlattr **found)
{
	const struct nlattr *attr;

	while ((attr = attr_next(&data, &len))) {
		size_t at = (const char *)attr - (const char *)request;
		const struct meshlan_attr *known =
			meshlan_attr_of(set, mnl_attr_get_type(attr));

		*found = attr;
		if (at == offset)
			return known;
		if (offset < at + attr->nla_len && known && known->nest)
			return attr_at(request, offset,
				       mnl_attr_get_payload(attr),
				       mnl_attr_get_payload_len(attr),
				       known->nest, found);
	}
	return NULL;
}

/* Attribute names are members of structures; people write them with dashes. */
static const char *spoken(const char *name, char *text, size_t size)
{
	if (!strcmp(name, "ifindex"))
		name = "device";
	snprintf(text, size, "%s", name);
	for (char *c = text; *c; c++) {
		if (*c == '_')
			*c = '-';
	}
	return text;
}

/* A bad hop or route is shown by its node. */
static const struct nlattr *node_of(const struct nlattr *nest,
				    unsigned int number)
{
	const void *data = mnl_attr_get_payload(nest);
	size_t len = mnl_attr_get_payload_len(nest);
	const struct nlattr *attr;

	while ((attr = attr_next(&data, &len))) {
		if (mnl_attr_get_type(attr) == number)
			return attr;
	}
	return nest;
}

/* The bad value as it was sent, " 'so'", if it can be shown. */
static void value_text(const struct nlattr *attr,
		       const struct meshlan_attr *known, char *text,
		       size_t size)
{
	union {
		struct meshlan_blob blob;
		char bytes[MESHLAN_OWNER_MAX + 2];
		uint64_t align;
	} object = {0};
	char ifname[IFNAMSIZ];
	struct meshlan_attr alone = *known;
	char value[MESHLAN_TEXT_MAX];
	uint16_t len, port;

	text[0] = 0;
	if (known->type == MESHLAN_TYPE_HOPS)
		attr = node_of(attr, MESHLAN_A_HOP_NODE);
	if (known->type == MESHLAN_TYPE_ROUTES)
		attr = node_of(attr, MESHLAN_A_ROUTE_NODE);
	if (known->type == MESHLAN_TYPE_HOPS ||
	    known->type == MESHLAN_TYPE_ROUTES ||
	    known->type == MESHLAN_TYPE_NODES) {
		alone.type = MESHLAN_TYPE_NODE;
		alone.size = sizeof(uint64_t);
	}
	len = mnl_attr_get_payload_len(attr);
	if (len != alone.size || len > sizeof(object.bytes))
		return;
	memcpy(object.bytes, mnl_attr_get_payload(attr), len);
	if (known->type == MESHLAN_TYPE_BE16) {
		memcpy(&port, object.bytes, sizeof(port));
		port = ntohs(port);
		memcpy(object.bytes, &port, sizeof(port));
	}
	if (!strcmp(known->name, "ifindex") &&
	    if_indextoname(mnl_attr_get_u32(attr), ifname)) {
		snprintf(text, size, " '%s'", ifname);
		return;
	}
	alone.offset = 0;
	if (meshlan_attr_text(&alone, &object, value, sizeof(value))[0])
		snprintf(text, size, " '%s'", value);
}

/* Which of many routes the attribute at @offset is about, "route 'ID': ". */
static void route_text(const struct nlmsghdr *request, size_t offset,
		       const void *data, size_t len,
		       const struct meshlan_set *set, char *text, size_t size)
{
	const struct meshlan_attr *known;
	char value[MESHLAN_TEXT_MAX + 4];
	const struct nlattr *attr;

	text[0] = 0;
	while ((attr = attr_next(&data, &len))) {
		size_t at = (const char *)attr - (const char *)request;

		known = meshlan_attr_of(set, mnl_attr_get_type(attr));
		if (!known || known->type != MESHLAN_TYPE_ROUTES ||
		    offset <= at || offset >= at + attr->nla_len)
			continue;
		value_text(attr, known, value, sizeof(value));
		snprintf(text, size, "route%.40s: ", value);
		return;
	}
}

/* " (20 to 60000)", if the kernel's policy says so. */
static void policy_text(const struct nlattr *policy, char *text, size_t size)
{
	const struct nlattr *attr;
	uint64_t min = 0, max = 0;
	bool has_min = false, has_max = false;

	text[0] = 0;
	if (!policy)
		return;
	mnl_attr_for_each_nested(attr, policy) {
		if (mnl_attr_get_payload_len(attr) != sizeof(uint64_t))
			continue;
		switch (mnl_attr_get_type(attr)) {
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
			min = mnl_attr_get_u64(attr);
			has_min = true;
			break;
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
			max = mnl_attr_get_u64(attr);
			has_max = true;
			break;
		}
	}
	if (has_min && has_max)
		snprintf(text, size, " (%" PRIu64 " to %" PRIu64 ")", min, max);
}

static const char *reason(const struct refusal *refusal)
{
	static const char us[] = MESHLAN_FAMILY_NAME ": ";

	if (refusal->message && !strncmp(refusal->message, us, strlen(us)))
		return refusal->message + strlen(us);
	if (refusal->message)
		return refusal->message;
	switch (refusal->error) {
	case EPERM:
	case EACCES:
		return "not permitted (are you root?)";
	case ENODEV:
		return "no such device";
	case EEXIST:
		return "exists already";
	case ENOENT:
		return "does not exist";
	default:
		return strerror(refusal->error);
	}
}

enum meshlan_status meshlan_refusal(const struct nlmsghdr *reply,
				    const struct nlmsghdr *request,
				    size_t header,
				    const struct meshlan_set *set,
				    struct meshlan_error *err)
{
	size_t start = MNL_NLMSG_HDRLEN + MNL_ALIGN(header);
	const struct meshlan_attr *known = NULL;
	const struct nlattr *attr = NULL;
	char value[MESHLAN_TEXT_MAX + 4], range[64], name[32], route[64];
	struct refusal refusal;
	enum meshlan_status status;

	if (!read_refusal(reply, &refusal))
		return meshlan_fail(err, MESHLAN_ERR_SYSTEM,
				    "the kernel's answer makes no sense");
	if (!refusal.error)
		return MESHLAN_OK;
	status = meshlan_status_of(refusal.error);
	if (refusal.error == EOPNOTSUPP && !refusal.message)
		return meshlan_fail(err, MESHLAN_ERR_MODULE,
				    "the loaded module is too old for this");
	if (refusal.missing)
		known = meshlan_attr_of(set, refusal.missing);
	if (known)
		return meshlan_fail(err, status, "%s: missing",
				    spoken(known->name, name, sizeof(name)));
	if (refusal.offset && request->nlmsg_len > start)
		known = attr_at(request, refusal.offset,
				(const char *)request + start,
				request->nlmsg_len - start, set, &attr);
	if (!known)
		return meshlan_fail(err, status, "%s", reason(&refusal));
	value_text(attr, known, value, sizeof(value));
	policy_text(refusal.policy, range, sizeof(range));
	route_text(request, refusal.offset, (const char *)request + start,
		   request->nlmsg_len - start, set, route, sizeof(route));
	return meshlan_fail(err, status, "%s%s%s: %s%s", route,
			    spoken(known->name, name, sizeof(name)), value,
			    reason(&refusal), range);
}
