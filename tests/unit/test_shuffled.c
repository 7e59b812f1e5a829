/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting packets that come shuffled within the skew make the same index as in order, also in a
 * burst; tests/bench/shuffled does that at size. Shuffled further, they make another one, which the
 * test has to notice. */
#include "shuffled.h"
#include "unit.h"
#include <ftw.h>

enum { PACKETS = 50000 };

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

static void play(uint64_t packets, uint32_t per_s, uint32_t spread_ms, struct shuffled_index *out)
{
	char state[] = "shuffled.XXXXXX";
	assert_non_null(mkdtemp(state));
	struct shuffled_plan plan = {.state = state,
	    .packets = packets,
	    .per_s = per_s,
	    .spread_ms = spread_ms,
	    .seal_ms = 3000};
	shuffled_play(&plan, out);
	(void)nftw(state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void order_within_the_skew_does_not_matter(void **state)
{
	struct shuffled_index in_order, shuffled, too_late;
	(void)state;
	play(PACKETS, 5000, 0, &in_order);
	play(PACKETS, 5000, 2000, &shuffled);
	assert_true(shuffled_same(&in_order, &shuffled));
	assert_memory_equal(&in_order.counts, &shuffled.counts, sizeof in_order.counts);
	assert_int_equal(in_order.displaced, 0);
	assert_true(shuffled.displaced > PACKETS / 2);
	assert_true(in_order.entries > PACKETS / 2 && in_order.files > 3);
	assert_true(in_order.counts.inferred > 1000 && in_order.counts.again > 1000);
	assert_true(in_order.lines.refused > 10);
	play(PACKETS, 5000, 4000, &too_late);
	assert_false(shuffled_same(&in_order, &too_late));
}

/* More than 65,536 events wait. */
__attribute__((unused)) static void nor_in_a_burst(void **state)
{
	struct shuffled_index in_order, shuffled;
	(void)state;
	play(2 * PACKETS, PACKETS, 0, &in_order);
	play(2 * PACKETS, PACKETS, 2000, &shuffled);
	assert_true(shuffled_same(&in_order, &shuffled));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_within_the_skew_does_not_matter),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* the same code, for long */
		cmocka_unit_test(nor_in_a_burst),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
