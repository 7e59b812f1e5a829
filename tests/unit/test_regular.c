/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic of regular-contact: F of the prevalence, kept intervals, their spread. */
#include "base/rand.h"
#include "detect/inner.h"
#include "unit.h"
#include <math.h>

static void share_of_regular_keys_grows_with_the_prevalence(void **state)
{
	(void)state;
	static const struct {
		double prevalence, share;
	} rows[] = {{1e-7, .005}, {1e-5, .005}, {3.1622777e-5, .012247449}, {1e-4, .03},
	    {3.1622777e-4, .067082039}, {1e-3, .15}, {.5, .15}, {-1, .15}};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_float_equal(
		    (float)regular_share(rows[i].prevalence), (float)rows[i].share, 1e-6f);
}

static void an_interval_is_kept_to_two_percent(void **state)
{
	(void)state;
	for (uint32_t s = 6; s < 100000; s += 1 + s / 50) {
		double kept = regular_seconds(regular_code(s));
		if (fabs(kept / s - 1) > .02)
			fail_msg("%u s kept as %f", s, kept);
	}
	assert_int_equal(regular_code(0), 0);
	assert_int_equal(regular_code(5), 0);
	assert_int_equal(regular_code(UINT32_MAX), UINT8_MAX);
}

static void spread_is_median_deviation_over_median(void **state)
{
	(void)state;
	static const struct {
		uint32_t n, seconds[7];
		double median_s, spread;
	} rows[] = {{1, {60}, 60, 0}, {7, {60, 60, 60, 60, 60, 60, 60}, 60, 0},
	    {7, {60, 60, 60, 60, 60, 5000, 10}, 60, 0}, {5, {100, 200, 300, 400, 500}, 300, 1 / 3.},
	    {4, {100, 200, 300, 400}, 250, .4}, {2, {100, 300}, 200, .5}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t code[REGULAR_INTERVALS];
		double median_s;
		for (uint32_t k = 0; k < rows[i].n; k++)
			code[k] = regular_code(rows[i].seconds[k]);
		double spread = regular_spread(code, rows[i].n, &median_s);
		assert_float_equal((float)(median_s / rows[i].median_s), 1, .021f);
		assert_float_equal((float)spread, (float)rows[i].spread, .04f);
	}
}

/* An even jitter of +-j gives j/2, chance gives 0.69 (detection.md 3): the gate of 0.25 lies
 * between. */
static void jitter_is_regular_and_chance_is_not(void **state)
{
	(void)state;
	static const struct {
		double jitter; /* < 0: exponential */
		double low, high;
	} rows[] = {{.05, 0, .06}, {.2, .06, .14}, {.4, .14, .25}, {-1, .5, .9}};
	struct rand r = rand_of(1, 1);
	enum { TIMES = 400 };
	for (size_t i = 0; i < ROWS(rows); i++) {
		double sum = 0;
		for (int t = 0; t < TIMES; t++) {
			uint8_t code[REGULAR_INTERVALS];
			double median_s;
			for (int k = 0; k < REGULAR_INTERVALS; k++) {
				double j = rows[i].jitter;
				double s = j < 0 ? rand_exp(&r, 1000)
						 : 1000 * rand_between(&r, 1 - j, 1 + j);
				code[k] = regular_code((uint32_t)s);
			}
			sum += regular_spread(code, REGULAR_INTERVALS, &median_s);
		}
		if (sum / TIMES < rows[i].low || sum / TIMES > rows[i].high)
			fail_msg("jitter %f: spread %f", rows[i].jitter, sum / TIMES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(share_of_regular_keys_grows_with_the_prevalence),
	    cmocka_unit_test(an_interval_is_kept_to_two_percent),
	    cmocka_unit_test(spread_is_median_deviation_over_median),
	    cmocka_unit_test(jitter_is_regular_and_chance_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
