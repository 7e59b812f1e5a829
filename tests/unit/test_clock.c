/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock: $THERIAC_CLOCK sets it, and what is no time is refused. */
#include "base/clock.h"
#include "unit.h"
#include <stdlib.h>
#include <time.h>

static void set_by_the_environment_it_goes_on_from_there(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(setenv("THERIAC_CLOCK", "2026-01-02T03:04:05Z", 1), 0);
	assert_int_equal(clock_start(&e), ERR_OK);
	int64_t first = clock_now_ms();
	assert_in_range(first, 1767323045000, 1767323045000 + 60000);
	struct timespec nap = {.tv_nsec = 5000000};
	(void)nanosleep(&nap, NULL);
	assert_true(clock_now_ms() > first);
}

static void what_is_no_time_is_refused(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(setenv("THERIAC_CLOCK", "tomorrow", 1), 0);
	assert_int_equal(clock_start(&e), ERR_CONFIG);
	assert_string_equal(
	    e.msg, "THERIAC_CLOCK: 'tomorrow' is no time such as 2026-01-02T03:04:05Z");
	assert_int_equal(unsetenv("THERIAC_CLOCK"), 0);
	assert_int_equal(clock_start(&e), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(set_by_the_environment_it_goes_on_from_there),
	    cmocka_unit_test(what_is_no_time_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
