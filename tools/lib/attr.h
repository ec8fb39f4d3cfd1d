/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 the meshlan developers */
#ifndef LIBMESHLAN_ATTR_H
#define LIBMESHLAN_ATTR_H

#include <stddef.h>
#include <libmnl/libmnl.h>

/*
 * The attribute at *@data, of *@len bytes, both moved on behind it; NULL at
 * the end. What is then left in *@len is no attribute. Unlike libmnl's loops
 * this never looks beyond a length that is not aligned.
 */
static inline const struct nlattr *attr_next(const void **data, size_t *len)
{
	const struct nlattr *attr = *data;
	size_t step;

	if (*len < sizeof(*attr) || attr->nla_len < sizeof(*attr) ||
	    attr->nla_len > *len)
		return NULL;
	step = MNL_ALIGN(attr->nla_len);
	if (step > *len)
		step = *len;
	*data = (const char *)*data + step;
	*len -= step;
	return attr;
}

/* Likewise the message. libmnl takes a length beyond 2 GiB for a small one. */
static inline const struct nlmsghdr *message_next(const void **data,
						  size_t *len)
{
	const struct nlmsghdr *message = *data;
	size_t step;

	if (*len < sizeof(*message) ||
	    message->nlmsg_len < sizeof(*message) || message->nlmsg_len > *len)
		return NULL;
	step = MNL_ALIGN((size_t)message->nlmsg_len);
	if (step > *len)
		step = *len;
	*data = (const char *)*data + step;
	*len -= step;
	return message;
}

#endif /* LIBMESHLAN_ATTR_H */
