/* SPDX-License-Identifier: GPL-2.0 */
#ifdef MESHLAN_HAVE_NET_GSO_H
#include_next <net/gso.h>
#else
#include <linux/netdevice.h>
#endif
