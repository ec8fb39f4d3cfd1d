/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_NETLINK_H
#define _MESHLAN_NETLINK_H

#include <net/genetlink.h>

#include "meshlan.h"
#include "netlink-gen.h"

struct meshlan_endpoint;
struct meshlan_owner;
struct meshlan_path;
struct meshlan_session;

/* Refuse a request for one of its attributes. */
#define MESHLAN_NL_BAD(extack, attr, msg) do {				\
	struct netlink_ext_ack *bad_extack = (extack);			\
									\
	NL_SET_BAD_ATTR(bad_extack, attr);				\
	NL_SET_ERR_MSG_MOD(bad_extack, msg);				\
} while (0)

/* True, and refused, if a request lacks an attribute it needs. */
#define MESHLAN_NL_MISSING(info, type, name) ({				\
	bool missing = GENL_REQ_ATTR_CHECK(info, type);			\
									\
	if (missing)							\
		NL_SET_ERR_MSG_MOD((info)->extack, name " is missing");	\
	missing;							\
})

/**
 * struct meshlan_nl_msg - a message being written
 * @skb: where to
 * @hdr: its header
 * @portid: for whom
 * @seq: number of the request
 * @cmd: command of the request
 * @cb: the dump it is part of, or NULL
 */
struct meshlan_nl_msg {
	struct sk_buff		*skb;
	void			*hdr;
	u32			portid;
	u32			seq;
	u8			cmd;
	struct netlink_callback	*cb;
};

/**
 * struct meshlan_nl_cursor - where a dump goes on, in netlink_callback.ctx
 * @ifindex: first device that is not done
 * @node: first node that is not done
 * @id: first path, or index of the first key, that is not done
 * @walk: cursor of the forwarding table
 */
struct meshlan_nl_cursor {
	unsigned int	ifindex;
	u32		id;
	u64		node;
	unsigned long	walk;
};

/* Writes the objects of one device; -EMSGSIZE when the message is full. */
typedef int (*meshlan_nl_dump_t)(struct meshlan_dev *mdev,
				 struct meshlan_nl_msg *msg,
				 struct meshlan_nl_cursor *cursor);

int meshlan_nl_dump(struct sk_buff *skb, struct netlink_callback *cb,
		    meshlan_nl_dump_t fn);

/* Writes what belongs to one session. */
typedef int (*meshlan_nl_dump_session_t)(const struct meshlan_session *session,
					 struct meshlan_nl_msg *msg,
					 struct meshlan_nl_cursor *cursor);

int meshlan_nl_dump_sessions(struct meshlan_dev *mdev,
			     struct meshlan_nl_msg *msg,
			     struct meshlan_nl_cursor *cursor, int type,
			     meshlan_nl_dump_session_t fn);
u64 meshlan_nl_dump_node(const struct meshlan_nl_msg *msg, int type);

int meshlan_nl_msg_begin(struct meshlan_nl_msg *msg,
			 const struct meshlan_dev *mdev);
int meshlan_nl_msg_end(struct meshlan_nl_msg *msg);
int meshlan_nl_msg_cancel(struct meshlan_nl_msg *msg);

int meshlan_nl_reply_begin(struct meshlan_nl_msg *msg,
			   const struct genl_info *info);
int meshlan_nl_reply(struct meshlan_nl_msg *msg, struct genl_info *info,
		     int err);

struct meshlan_session *meshlan_nl_session(struct genl_info *info, int type);
void meshlan_nl_get_owner(const struct nlattr *attr,
			  struct meshlan_owner *owner);
int meshlan_nl_put_owner(struct sk_buff *skb, int type,
			 const struct meshlan_owner *owner);
int meshlan_nl_put_u64(struct sk_buff *skb, int type, u64 value);

/* Also part of events. */
int meshlan_nl_put_remote(struct sk_buff *skb,
			  const struct meshlan_endpoint *endpoint);
int meshlan_nl_put_quality(struct sk_buff *skb,
			   const struct meshlan_path *path);

/**
 * meshlan_nl_dev() - the device a request is about
 * @info: the request
 *
 * Return: the device, held and locked until the request is done.
 */
static inline struct meshlan_dev *meshlan_nl_dev(const struct genl_info *info)
{
	return info->user_ptr[0];
}

int meshlan_netlink_init(void);
void meshlan_netlink_exit(void);

#endif /* _MESHLAN_NETLINK_H */
