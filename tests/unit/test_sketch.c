/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HyperLogLog and Bloom filters keep the errors that their papers promise. */
#include "base/rand.h"
#include "base/sketch.h"
#include "unit.h"
#include <math.h>
#include <string.h>

enum { TRIALS = 60 };

/* Root mean square of the relative error. */
static double hll_error(unsigned p, unsigned n)
{
	static uint8_t regs[1 << 12];
	double sum = 0;
	for (uint64_t trial = 0; trial < TRIALS; trial++) {
		struct rand r = rand_of(trial, n);
		memset(regs, 0, sizeof regs);
		for (unsigned i = 0; i < n; i++)
			(void)hll_add(regs, p, rand_u64(&r));
		double e = hll_count(regs, p) / n - 1;
		sum += e * e;
	}
	return sqrt(sum / TRIALS);
}

static void hll_counts_to_its_error(void **state)
{
	(void)state;
	static const struct {
		unsigned p, n;
	} rows[] = {{5, 20}, {5, 1000}, {6, 30}, {6, 5000}, {10, 100}, {10, 2600}, {10, 50000},
	    {12, 100}, {12, 10000}, {12, 200000}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		double want = 1.04 / sqrt(1 << rows[i].p), got = hll_error(rows[i].p, rows[i].n);
		if (got > 2 * want) /* worst where linear counting ends, at 2.5 x 2^p */
			fail_msg("p %u, n %u: %.3f, want %.3f", rows[i].p, rows[i].n, got, want);
	}
}

static void hll_rises_only_by_what_is_new(void **state)
{
	(void)state;
	uint8_t regs[1 << 10] = {0};
	struct rand r = rand_of(1, 1);
	assert_true(hll_count(regs, 10) < .5);
	for (int i = 0; i < 1000; i++) {
		uint64_t h = rand_u64(&r);
		double before = hll_count(regs, 10);
		bool rose = hll_add(regs, 10, h);
		assert_true(rose || fabs(hll_count(regs, 10) - before) < 1e-9);
		assert_false(hll_add(regs, 10, h));
	}
	(void)hll_add(regs, 10, 0); /* the longest run of zeros there is */
	(void)hll_add(regs, 10, UINT64_MAX);
	assert_true(isfinite(hll_count(regs, 10)));
}

static void four_bit_registers_tell_the_order_of_magnitude(void **state)
{
	(void)state;
	static const unsigned rows[] = {1, 3, 20, 200, 5000, 100000};
	for (size_t i = 0; i < ROWS(rows); i++) {
		double sum = 0;
		for (uint64_t trial = 0; trial < TRIALS; trial++) {
			uint8_t now[8] = {0}, before[8] = {0};
			struct rand r = rand_of(trial, rows[i]);
			for (unsigned k = 0; k < rows[i]; k++)
				(void)hll4_add(k % 2 ? now : before, rand_u64(&r));
			double e = hll4_count_union(now, before) / rows[i] - 1;
			sum += e * e;
		}
		if (sqrt(sum / TRIALS) > .4)
			fail_msg("%u: error %.2f", rows[i], sqrt(sum / TRIALS));
	}
}

static void bloom_forgets_nothing_and_seldom_invents(void **state)
{
	(void)state;
	double invented = 0;
	for (uint64_t trial = 0; trial < TRIALS; trial++) {
		uint64_t bits[8] = {0}, kept[53];
		struct rand r = rand_of(trial, 1);
		unsigned set = 0;
		for (size_t i = 0; i < ROWS(kept); i++) {
			kept[i] = rand_u64(&r);
			set += bloom_add(bits, kept[i]);
		}
		assert_true(set > 80 && set <= 106);
		for (size_t i = 0; i < ROWS(kept); i++)
			assert_true(bloom_has(bits, kept[i]));
		for (int i = 0; i < 1000; i++)
			invented += bloom_has(bits, rand_u64(&r));
	}
	assert_true(invented / TRIALS / 1000 < .045); /* 3.5 % at 96 bits (detection.md 4.2) */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hll_counts_to_its_error),
	    cmocka_unit_test(hll_rises_only_by_what_is_new),
	    cmocka_unit_test(four_bit_registers_tell_the_order_of_magnitude),
	    cmocka_unit_test(bloom_forgets_nothing_and_seldom_invents),
	};
	return cmocka_run_group_tests_name("sketch", tests, NULL, NULL);
}
