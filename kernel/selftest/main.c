// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "suite.h"

#include <linux/module.h>

#define SUITE_POINTER(name)	&meshlan_##name##_suite,

#if IS_ENABLED(CONFIG_KUNIT)

kunit_test_suites(MESHLAN_SUITES(SUITE_POINTER));

#else

#include <linux/slab.h>

static struct kunit_suite * const suites[] = { MESHLAN_SUITES(SUITE_POINTER) };

/**
 * kunit_kzalloc() - allocate zeroed memory for as long as the case runs
 * @test: the case
 * @size: bytes
 * @gfp: how to allocate
 *
 * Return: the memory or NULL.
 */
void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	/* List node first, and an alignment that fits anything behind it. */
	const size_t head = ALIGN(sizeof(struct list_head), 16);
	void *p = kzalloc(head + size, gfp);

	if (!p)
		return NULL;
	list_add(p, &test->memory);
	return p + head;
}

static void free_memory(struct kunit *test)
{
	struct list_head *p, *next;

	list_for_each_safe(p, next, &test->memory)
		kfree(p);
}

static bool run_case(const struct kunit_suite *suite,
		     const struct kunit_case *c, unsigned int number)
{
	struct kunit test = {};

	INIT_LIST_HEAD(&test.memory);
	if (suite->init && suite->init(&test))
		test.failed = true;
	else
		c->run_case(&test);
	if (suite->exit)
		suite->exit(&test);
	free_memory(&test);
	pr_info("    %s %u %s%s%s\n", test.failed ? "not ok" : "ok", number,
		c->name, test.skipped ? " # SKIP " : "", test.skipped ?: "");
	return !test.failed;
}

static bool run_suite(const struct kunit_suite *suite, unsigned int number)
{
	const struct kunit_case *c;
	bool passed = true;

	pr_info("    KTAP version 1\n");
	pr_info("    # Subtest: %s\n", suite->name);
	for (c = suite->test_cases; c->run_case; c++)
		passed &= run_case(suite, c, c - suite->test_cases + 1);
	pr_info("    1..%td\n", c - suite->test_cases);
	pr_info("%s %u %s\n", passed ? "ok" : "not ok", number, suite->name);
	return passed;
}

static int __init meshlan_test_init(void)
{
	bool passed = true;
	int i;

	pr_info("KTAP version 1\n");
	pr_info("1..%zu\n", ARRAY_SIZE(suites));
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		passed &= run_suite(suites[i], i + 1);
	return passed ? 0 : -ENOTRECOVERABLE;
}

static void __exit meshlan_test_exit(void)
{
}

module_init(meshlan_test_init);
module_exit(meshlan_test_exit);

#endif /* CONFIG_KUNIT */

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of meshlan's parts");
