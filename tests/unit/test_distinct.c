/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts that accuse: exact up to 64, within a few percent above, bounded in number. */
#include "base/rand.h"
#include "detect/shard.h"
#include "unit.h"
#include <math.h>

enum { POOL = 1024 }; /* blocks of a small table */

static struct detect *small(void)
{
	static const bool none[DETECTORS_MAX];
	static const void *const opts[DETECTORS_MAX];
	const struct detect_options o = {.lines = 1024, .destinations = 1024};
	static struct line line;
	struct detect *d = detect_new(&o, 1, opts, none);
	line.cold = 0;
	d->now = &line;
	return d;
}

static void fill(struct detect *d, struct distinct *s, uint32_t window, uint32_t n, uint64_t seed)
{
	struct rand r = rand_of(seed, n);
	for (uint32_t i = 0; i < n; i++)
		(void)distinct_add(d, s, window, rand_u64(&r));
}

static void small_counts_are_exact(void **state)
{
	(void)state;
	struct detect *d = small();
	for (uint32_t n = 0; n <= COLD_EXACT; n++) {
		struct distinct s = {0};
		fill(d, &s, 7, n, 1);
		fill(d, &s, 7, n, 1); /* the same again */
		assert_int_equal(distinct_count(&s, 7), n);
		assert_false(distinct_estimated(&s));
		(void)distinct_add(d, &s, 8, 1); /* gives the block back */
	}
	assert_int_equal(d->cold.free_n, POOL);
	assert_int_equal(d->cold.dropped, 0);
	detect_free(d);
}

static void large_counts_are_near(void **state)
{
	(void)state;
	enum { TRIALS = 40 };
	static const uint32_t rows[] = {65, 100, 300, 1000, 10000, 200000};
	struct detect *d = small();
	for (size_t i = 0; i < ROWS(rows); i++) {
		double sum = 0;
		for (uint64_t trial = 0; trial < TRIALS; trial++) {
			struct distinct s = {0};
			fill(d, &s, 7, rows[i], trial);
			assert_true(distinct_estimated(&s));
			double e = (double)distinct_count(&s, 7) / rows[i] - 1;
			sum += e * e;
			(void)distinct_add(d, &s, 8, 1);
		}
		if (sqrt(sum / TRIALS) > .05)
			fail_msg("%u: error %.3f", rows[i], sqrt(sum / TRIALS));
	}
	detect_free(d);
}

static void another_window_begins_empty(void **state)
{
	(void)state;
	struct detect *d = small();
	struct distinct s = {0};
	fill(d, &s, 7, 30, 1);
	assert_int_equal(distinct_count(&s, 8), 0);
	assert_true(distinct_add(d, &s, 8, 5ull << 32));
	assert_false(distinct_add(d, &s, 8, 5ull << 32));
	assert_int_equal(distinct_count(&s, 8), 1);
	assert_int_equal(distinct_count(&s, 7), 0);
	detect_free(d);
}

static void a_full_pool_forgets_the_smallest_and_counts(void **state)
{
	(void)state;
	static struct distinct s[POOL + 1];
	struct detect *d = small();
	for (size_t i = 0; i < POOL; i++) {
		s[i] = (struct distinct){0};
		fill(d, &s[i], 7, 9, i);
	}
	assert_int_equal(d->cold.free_n, 0);
	s[POOL] = (struct distinct){0};
	fill(d, &s[POOL], 7, 500, POOL);
	assert_int_equal(d->cold.dropped, 1);
	assert_true(distinct_count(&s[POOL], 7) > 450);
	size_t without = 0;
	for (size_t i = 0; i < POOL; i++)
		without += !s[i].cold;
	assert_int_equal(without, 1);
	detect_free(d);
}

static void large_sets_keep_their_blocks(void **state)
{
	(void)state;
	static struct distinct s[POOL + 1];
	struct detect *d = small();
	for (size_t i = 0; i < POOL; i++) {
		s[i] = (struct distinct){0};
		fill(d, &s[i], 7, 100, i);
	}
	s[POOL] = (struct distinct){0};
	fill(d, &s[POOL], 7, 100, POOL);
	assert_int_equal(distinct_count(&s[POOL], 7), 8); /* what it holds in place */
	for (size_t i = 0; i < POOL; i++)
		assert_true(s[i].cold);
	assert_true(d->cold.dropped > 0);
	detect_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(small_counts_are_exact),
	    cmocka_unit_test(large_counts_are_near),
	    cmocka_unit_test(another_window_begins_empty),
	    cmocka_unit_test(a_full_pool_forgets_the_smallest_and_counts),
	    cmocka_unit_test(large_sets_keep_their_blocks),
	};
	return cmocka_run_group_tests_name("distinct", tests, NULL, NULL);
}
