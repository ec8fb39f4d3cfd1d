// SPDX-License-Identifier: GPL-2.0
/* Copyright (C) 2026 the meshlan developers */
#include "unit.h"

#include "base/clock.h"
#include "routing/metric.h"

/* Samples, a second apart. */
struct link_model {
	struct metric metric;
	uint64_t now;
	uint32_t random;
	unsigned int changes;
};

static void take(struct link_model *l, struct metric_sample s)
{
	l->now += SECOND;
	l->changes += metric_sample(&l->metric, &s, l->now);
}

static void take_for(struct link_model *l, struct metric_sample s,
		     unsigned int seconds)
{
	while (seconds--)
		take(l, s);
}

static struct metric_sample clean(unsigned int milliseconds)
{
	return (struct metric_sample){
		.rtt = milliseconds * MILLISECOND,
		.rtt_min = milliseconds * MILLISECOND,
	};
}

static bool is_about(uint32_t cost, double milliseconds)
{
	double off = cost / 1000.0 - milliseconds;

	if (off > milliseconds * 0.03 || off < -milliseconds * 0.03)
		printf("got %u, wanted %.1f ms\n", cost, milliseconds);
	return off <= milliseconds * 0.03 && off >= -milliseconds * 0.03;
}

static uint32_t settled(struct metric_sample s)
{
	struct link_model l = {0};

	take_for(&l, s, 300);
	return metric_cost(&l.metric);
}

TEST(routing, metric_examples)
{
	struct metric_sample s = clean(20);

	point(is_about(settled(clean(20)), 21), "20 ms cost 21 ms");
	point(is_about(settled(clean(80)), 81), "80 ms cost 81 ms");
	point(settled(clean(5000)) == 1001000, "delay is bounded");
	s.loss_tx = 50000;
	point(settled(s) > 28000 && settled(s) < 31000, "5 %% lost cost 9 ms");
	s.loss_tx = s.loss_rx = 300000;
	point(is_about(settled(s), 237), "30 %% lost both ways cost 216 ms");
	s.loss_tx = s.loss_rx = 1000000;
	point(settled(s) < 2000000, "total loss is bounded");
	s = clean(1);
	s.rate = 10000000;
	point(is_about(settled(s), 3.2), "a thin link, idle");
	s.used = 9000000;
	point(is_about(settled(s), 14), "a thin link, busy");
	s = clean(8);
	s.rate = 1000000000;
	s.used = 900000000;
	point(is_about(settled(s), 9.1), "a fat link, busy");
}

TEST(routing, metric_thin_and_fat)
{
	struct metric_sample thin = clean(1), fat = clean(8);

	thin.rate = 10000000;
	fat.rate = 1000000000;
	point(settled(thin) < settled(fat), "a thin fast link wins idle");
	thin.used = fat.used = 9500000;
	point(settled(thin) > settled(fat), "and loses under load");
}

TEST(routing, metric_loss_is_remembered)
{
	struct link_model l = {0};
	struct metric_sample s = clean(20);
	uint32_t at[5];

	take_for(&l, s, 60);
	s.loss_tx = 6250;
	take_for(&l, s, 5);
	point(metric_cost(&l.metric) == 21000, "one lost probe costs nothing");
	s.loss_tx = s.loss_rx = 300000;
	take_for(&l, s, 5);
	point(metric_cost(&l.metric) > 60000, "loss is taken within 5 s");
	take_for(&l, s, 55);
	for (int i = 0; i < 5; i++) {
		at[i] = metric_cost(&l.metric);
		take_for(&l, clean(20), 120 << (i ? i - 1 : 0));
	}
	printf("at 0, 2, 4, 8, 16 minutes: %u %u %u %u %u\n", at[0], at[1],
	       at[2], at[3], at[4]);
	point(is_about(at[0], 237), "a minute of 30 %% costs 216 ms");
	point(at[1] < at[0] / 2 && at[1] > 80000, "half after two minutes");
	point(at[3] < at[2] && at[3] < 35000, "little after eight");
	point(at[4] <= 23000, "forgiven after sixteen");
}

TEST(routing, metric_jitter)
{
	struct link_model l = {0};
	struct metric_sample s = clean(20);

	s.jitter = MILLISECOND / 2;
	take_for(&l, s, 600);
	point(metric_cost(&l.metric) == 21000, "a little jitter is usual");
	s.jitter = 27 * MILLISECOND;
	take_for(&l, s, 20);
	point(metric_cost(&l.metric) > 65000, "+-40 ms of jitter is not");
	take_for(&l, s, 7200);
	point(metric_cost(&l.metric) > 50000, "and never is");
	point(is_about(settled(clean(80)), 81), "a stable slow way is good");
}

static struct metric_sample noisy(struct link_model *l)
{
	struct metric_sample s = clean(20);

	l->random = l->random * 1103515245 + 12345;
	s.rtt = 19 * MILLISECOND + (l->random >> 8) % (2 * MILLISECOND);
	s.jitter = 650 * MICROSECOND;
	return s;
}

TEST(routing, metric_is_held)
{
	struct link_model l = {0};
	uint64_t start;

	for (int i = 0; i < 600; i++)
		take(&l, noisy(&l));
	point_number("5 % of noise for 10 minutes: no change but the first",
		     l.changes, 1);
	take(&l, clean(32));
	point(metric_cost(&l.metric) == 33000, "50 %% more counts at once");
	start = l.now;
	while (metric_cost(&l.metric) != 21000 && l.now < start + HOUR)
		take(&l, clean(20));
	point(l.now - start >= 5 * SECOND && l.now - start <= 7 * SECOND,
	      "much less counts after 5 s");
	start = l.now;
	while (metric_cost(&l.metric) == 21000 && l.now < start + HOUR)
		take(&l, clean(18));
	point(l.now - start >= 30 * SECOND && l.now - start <= 60 * SECOND,
	      "10 %% less counts after 30 s (%u s)",
	      (unsigned int)((l.now - start) / SECOND));
	metric_manual(&l.metric, 5000);
	point(metric_cost(&l.metric) > 23000, "what a person gave is added");
}
