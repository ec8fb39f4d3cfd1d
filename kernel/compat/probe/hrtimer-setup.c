// SPDX-License-Identifier: GPL-2.0
#include <linux/hrtimer.h>

void meshlan_probe(struct hrtimer *timer);
void meshlan_probe(struct hrtimer *timer)
{
	hrtimer_setup(timer, NULL, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
}
