// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "control.h"
#include "netlink.h"

/**
 * meshlan_nl_ping_doit() - ask a node for a ping
 * @skb: the request
 * @info: the request, parsed
 *
 * Return: 0 or a negative error.
 */
int meshlan_nl_ping_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct meshlan_session *session;
	u8 ttl = MESHLAN_TTL;
	u32 id = 0;

	session = meshlan_nl_session(info, MESHLAN_A_PING_NODE);
	if (IS_ERR(session))
		return PTR_ERR(session);
	if (info->attrs[MESHLAN_A_PING_ID])
		id = nla_get_u32(info->attrs[MESHLAN_A_PING_ID]);
	if (info->attrs[MESHLAN_A_PING_TTL])
		ttl = nla_get_u8(info->attrs[MESHLAN_A_PING_TTL]);
	return meshlan_ping_ask(session, id, ttl, info->extack);
}
