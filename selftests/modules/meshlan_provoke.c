// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/* Does on purpose, when loaded, what the harness must notice. */
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <net/net_namespace.h>

static char *bug = "none";
module_param(bug, charp, 0400);
MODULE_PARM_DESC(bug, "what to do wrong");

/* Taken in both orders. */
static DEFINE_MUTEX(provoke_a);
static DEFINE_MUTEX(provoke_b);
/* Where the compiler cannot see that an address is not used. */
static void *provoke_sink;
/* Without a tracker, only the namespace's own count would grow. */
static netns_tracker provoke_tracker;

static void provoke_oops(void)
{
	int *p = NULL;

	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(*p, 1);
}

static void provoke_warn(void)
{
	WARN_ON(1);
}

static void provoke_use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	WRITE_ONCE(provoke_sink, p);
	kfree(p);
	WRITE_ONCE(((char *)READ_ONCE(provoke_sink))[8], 1);
}

static void provoke_leak(void)
{
	int i;

	for (i = 0; i < 10; i++)
		WRITE_ONCE(provoke_sink, kmalloc(123, GFP_KERNEL));
	WRITE_ONCE(provoke_sink, NULL);
}

static void provoke_lock_order(void)
{
	mutex_lock(&provoke_a);
	mutex_lock(&provoke_b);
	mutex_unlock(&provoke_b);
	mutex_unlock(&provoke_a);
	mutex_lock(&provoke_b);
	mutex_lock(&provoke_a);
	mutex_unlock(&provoke_a);
	mutex_unlock(&provoke_b);
}

static void provoke_rcu(void)
{
	static int __rcu *p;

	WRITE_ONCE(provoke_sink, rcu_dereference(p));
}

static void provoke_netns(void)
{
	get_net_track(current->nsproxy->net_ns, &provoke_tracker, GFP_KERNEL);
}

static void provoke_hang(void)
{
	for (;;)
		cpu_relax();
}

static const struct {
	const char *name;
	void (*run)(void);
} provoke_bugs[] = {
	{ "oops", provoke_oops },
	{ "warn", provoke_warn },
	{ "use-after-free", provoke_use_after_free },
	{ "leak", provoke_leak },
	{ "lock-order", provoke_lock_order },
	{ "rcu", provoke_rcu },
	{ "netns", provoke_netns },
	{ "hang", provoke_hang },
};

static int __init provoke_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(provoke_bugs); i++) {
		if (!strcmp(bug, provoke_bugs[i].name)) {
			provoke_bugs[i].run();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit provoke_exit(void)
{
}

module_init(provoke_init);
module_exit(provoke_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Bugs on purpose, for the harness's own test");
