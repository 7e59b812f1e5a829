/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pseudo-random numbers: streams repeat, and each distribution has its mean and its bounds. */
#include "base/rand.h"
#include "unit.h"
#include <math.h>

enum { DRAWS = 100000 };

static void a_stream_repeats_and_differs_from_its_neighbour(void **state)
{
	(void)state;
	struct rand a = rand_of(1, 2), again = rand_of(1, 2), next = rand_of(1, 3),
		    seed = rand_of(2, 2);
	uint64_t v = rand_u64(&a);
	assert_true(v == rand_u64(&again));
	assert_true(v != rand_u64(&next));
	assert_true(v != rand_u64(&seed));
}

static void below_reaches_every_value_and_no_more(void **state)
{
	(void)state;
	struct rand r = rand_of(1, 1);
	unsigned seen[7] = {0};
	for (int i = 0; i < DRAWS; i++) {
		uint64_t v = rand_below(&r, 7);
		assert_true(v < 7);
		seen[v]++;
	}
	for (size_t i = 0; i < ROWS(seen); i++)
		assert_in_range(seen[i], DRAWS / 7 - 600, DRAWS / 7 + 600);
	assert_true(rand_below(&r, 1) == 0);
}

enum kind { UNIT, BETWEEN, EXP, NORMAL, POISSON_SMALL, POISSON_LARGE };

static double draw(struct rand *r, enum kind kind)
{
	switch (kind) {
	case UNIT:
		return rand_unit(r);
	case BETWEEN:
		return rand_between(r, 10, 20);
	case EXP:
		return rand_exp(r, 5);
	case NORMAL:
		return rand_normal(r, 3, 2);
	case POISSON_SMALL:
		return rand_poisson(r, 4);
	case POISSON_LARGE:
		return rand_poisson(r, 400);
	}
	return 0;
}

static void means(void **state)
{
	(void)state;
	static const struct {
		enum kind kind;
		double mean, within;
	} rows[] = {{UNIT, 0.5, 0.01}, {BETWEEN, 15, 0.1}, {EXP, 5, 0.1}, {NORMAL, 3, 0.05},
	    {POISSON_SMALL, 4, 0.05}, {POISSON_LARGE, 400, 1}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rand r = rand_of(9, i);
		double sum = 0;
		for (int k = 0; k < DRAWS; k++)
			sum += draw(&r, rows[i].kind);
		assert_true(fabs(sum / DRAWS - rows[i].mean) < rows[i].within);
	}
}

static void bounds(void **state)
{
	(void)state;
	struct rand r = rand_of(3, 3);
	for (int i = 0; i < DRAWS; i++) {
		double unit = rand_unit(&r), log = rand_log_between(&r, 1, 100);
		assert_true(unit >= 0 && unit < 1);
		assert_true(log >= 1 && log <= 100);
		assert_true(rand_pareto(&r, 2, 1.5) >= 2);
		assert_true(rand_lognormal(&r, 10, 1) > 0);
		assert_true(isfinite(rand_exp(&r, 1)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stream_repeats_and_differs_from_its_neighbour),
	    cmocka_unit_test(below_reaches_every_value_and_no_more),
	    cmocka_unit_test(means),
	    cmocka_unit_test(bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
