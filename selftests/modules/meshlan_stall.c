// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
/* Stops all processors for a moment when loaded; only the clock goes on. */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

static unsigned int ms = 700;
module_param(ms, uint, 0400);
MODULE_PARM_DESC(ms, "for how many milliseconds");

static DEFINE_PER_CPU(struct work_struct, stall_work);

static void stall(struct work_struct *work)
{
	local_bh_disable();
	mdelay(ms);
	local_bh_enable();
}

static int __init stall_init(void)
{
	int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		INIT_WORK(per_cpu_ptr(&stall_work, cpu), stall);
		schedule_work_on(cpu, per_cpu_ptr(&stall_work, cpu));
	}
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(&stall_work, cpu));
	cpus_read_unlock();
	return 0;
}

static void __exit stall_exit(void)
{
}

module_init(stall_init);
module_exit(stall_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A stall of the machine on purpose, for tests");
