/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MESHLAN_COMPAT_LINUX_NETLINK_H
#define _MESHLAN_COMPAT_LINUX_NETLINK_H

#include_next <linux/netlink.h>

/*
 * The text must outlive the call and there is no room for it in the extended
 * acknowledgment. Two callers refused at the same instant at the same place
 * may read each other's numbers.
 */
#ifndef NL_SET_ERR_MSG_FMT_MOD
#define NL_SET_ERR_MSG_FMT_MOD(extack, fmt, args...) do {		\
	static char __text[128];					\
	struct netlink_ext_ack *__extack = (extack);			\
									\
	scnprintf(__text, sizeof(__text), KBUILD_MODNAME ": " fmt,	\
		  ##args);						\
	if (__extack)							\
		__extack->_msg = __text;				\
} while (0)
#endif
#endif
