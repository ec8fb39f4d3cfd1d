/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 the meshlan developers */
#ifndef _MESHLAN_SELFTEST_SUITE_H
#define _MESHLAN_SELFTEST_SUITE_H

/*
 * A suite is written for KUnit, with what is defined below and no more. Where
 * the kernel has KUnit, that runs it. Elsewhere main.c runs it while the
 * module is loaded, writes the same kind of lines to the kernel's log, and
 * refuses to be loaded when a case failed.
 *
 * To add one: a file here that defines struct kunit_suite meshlan_x_suite and
 * includes the .c files it tests; a line in Kbuild; a line in MESHLAN_SUITES.
 */

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_KUNIT)

#include <kunit/test.h>

#else

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * struct kunit - a running case
 * @priv: the suite's
 * @failed: an expectation did not hold
 * @skipped: why it could not be tried, or NULL
 * @memory: what is freed at its end
 */
struct kunit {
	void			*priv;
	bool			failed;
	const char		*skipped;
	struct list_head	memory;
};

struct kunit_case {
	void			(*run_case)(struct kunit *test);
	const char		*name;
};

struct kunit_suite {
	const char		*name;
	int			(*init)(struct kunit *test);
	void			(*exit)(struct kunit *test);
	struct kunit_case	*test_cases;
};

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp);

#define KUNIT_CASE(function)	{ .run_case = function, .name = #function }

#define kunit_info(test, fmt, ...)	pr_info("    # " fmt, ##__VA_ARGS__)

/* Like a failed assertion, only for functions that return nothing. */
#define kunit_skip(test, why)						\
	do {								\
		(test)->skipped = why;					\
		return;							\
	} while (0)

#define MESHLAN_EXPECT(test, holds, fmt, ...)				\
	({								\
		bool __expected = (holds);					\
		if (!__expected) {						\
			(test)->failed = true;				\
			pr_info("    # %s:%d: " fmt "\n", __FILE__,	\
				__LINE__, ##__VA_ARGS__);		\
		}							\
		__expected;						\
	})
#define MESHLAN_EXPECT_OP(test, a, op, b)				\
	({								\
		typeof(a) __a = (a);					\
		typeof(b) __b = (b);					\
		MESHLAN_EXPECT(test, __a op __b, #a " (%lld) " #op " "	\
			       #b " (%lld)", (long long)__a,		\
			       (long long)__b);				\
	})
#define MESHLAN_ASSERT(expectation)	do { if (!(expectation)) return; } while (0)

#define KUNIT_EXPECT_TRUE(test, c)	MESHLAN_EXPECT(test, c, #c)
#define KUNIT_EXPECT_TRUE_MSG(test, c, fmt, ...)	\
	MESHLAN_EXPECT(test, c, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_FALSE(test, c)	MESHLAN_EXPECT(test, !(c), "!" #c)
#define KUNIT_EXPECT_NULL(test, p)	MESHLAN_EXPECT(test, !(p), "!" #p)
#define KUNIT_EXPECT_NOT_NULL(test, p)	MESHLAN_EXPECT(test, p, #p)
#define KUNIT_EXPECT_PTR_EQ(test, a, b)	\
	MESHLAN_EXPECT(test, (a) == (b), #a " == " #b)
#define KUNIT_EXPECT_PTR_NE(test, a, b)	\
	MESHLAN_EXPECT(test, (a) != (b), #a " != " #b)
#define KUNIT_EXPECT_EQ(test, a, b)	MESHLAN_EXPECT_OP(test, a, ==, b)
#define KUNIT_EXPECT_NE(test, a, b)	MESHLAN_EXPECT_OP(test, a, !=, b)
#define KUNIT_EXPECT_LT(test, a, b)	MESHLAN_EXPECT_OP(test, a, <, b)
#define KUNIT_EXPECT_LE(test, a, b)	MESHLAN_EXPECT_OP(test, a, <=, b)
#define KUNIT_EXPECT_GT(test, a, b)	MESHLAN_EXPECT_OP(test, a, >, b)
#define KUNIT_EXPECT_GE(test, a, b)	MESHLAN_EXPECT_OP(test, a, >=, b)
#define KUNIT_EXPECT_MEMEQ(test, a, b, n)	\
	MESHLAN_EXPECT(test, !memcmp(a, b, n), #a " same as " #b)
#define KUNIT_EXPECT_MEMNEQ(test, a, b, n)	\
	MESHLAN_EXPECT(test, memcmp(a, b, n), #a " unlike " #b)
#define KUNIT_EXPECT_STREQ(test, a, b)	\
	MESHLAN_EXPECT(test, !strcmp(a, b), #a " same as " #b)

#define KUNIT_ASSERT_TRUE(t, c)		MESHLAN_ASSERT(KUNIT_EXPECT_TRUE(t, c))
#define KUNIT_ASSERT_FALSE(t, c)	MESHLAN_ASSERT(KUNIT_EXPECT_FALSE(t, c))
#define KUNIT_ASSERT_NOT_NULL(t, p)	\
	MESHLAN_ASSERT(KUNIT_EXPECT_NOT_NULL(t, p))
#define KUNIT_ASSERT_EQ(t, a, b)	MESHLAN_ASSERT(KUNIT_EXPECT_EQ(t, a, b))
#define KUNIT_ASSERT_NE(t, a, b)	MESHLAN_ASSERT(KUNIT_EXPECT_NE(t, a, b))
#define KUNIT_ASSERT_GT(t, a, b)	MESHLAN_ASSERT(KUNIT_EXPECT_GT(t, a, b))

#endif /* CONFIG_KUNIT */

/* Every suite: MESHLAN_SUITES(do) is do(a) do(b) and so on. */
#define MESHLAN_SUITES(do)	\
	do(window)		\
	do(origin)		\
	do(flood)		\
	do(hkdf)		\
	do(aead)		\
	do(order)		\
	do(counters)		\
	do(key)			\
	do(fdb)			\
	do(fragment)		\
	do(hole)		\
	do(liveness)		\
	do(loop)		\
	do(measure)		\
	do(bucket)		\
	do(suppress)		\
	do(too_big)		\
	do(wanted)		\
	do(share)		\
	do(redundant)		\
	do(scatter)		\
	do(early)		\
	do(resequence)

#define MESHLAN_DECLARE_SUITE(name)	\
	extern struct kunit_suite meshlan_##name##_suite;
MESHLAN_SUITES(MESHLAN_DECLARE_SUITE)

#endif /* _MESHLAN_SELFTEST_SUITE_H */
