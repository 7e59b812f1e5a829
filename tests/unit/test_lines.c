/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines are cut whole, over windows, and bounded. */
#include "base/lines.h"
#include "base/mem.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void lines_end_with_lf_cr_lf_or_the_input(void **state)
{
	(void)state;
	static const char text[] = "one\ntwo\r\n\nlast";
	static const char *const want[] = {"one", "two", "", "last"};
	struct lines l = {false};
	struct buf b = buf_of(text, sizeof text - 1);
	struct span line;
	for (size_t i = 0; i < ROWS(want); i++) {
		assert_int_equal(lines_next(&l, &b, true, &line), LINES_LINE);
		assert_true(span_is(line, want[i]));
	}
	assert_int_equal(lines_next(&l, &b, true, &line), LINES_MORE);
	assert_int_equal(buf_left(&b), 0);
}

static void an_unfinished_line_waits_for_more(void **state)
{
	(void)state;
	struct lines l = {false};
	struct buf b = buf_of("one\ntw", 6);
	struct span line;
	assert_int_equal(lines_next(&l, &b, false, &line), LINES_LINE);
	assert_int_equal(lines_next(&l, &b, false, &line), LINES_MORE);
	assert_int_equal(b.at, 4);
}

static void a_line_that_is_too_long_is_told_once(void **state)
{
	(void)state;
	struct lines l = {false};
	struct span line;
	size_t n = LINE_BYTES_MAX + 10;
	char *p = mem_new(n, 1);
	memset(p, 'x', n);
	struct buf b = buf_of(p, n);
	assert_int_equal(lines_next(&l, &b, false, &line), LINES_LONG);
	assert_int_equal(lines_next(&l, &b, false, &line), LINES_MORE);
	assert_int_equal(buf_left(&b), 0);
	b = buf_of(p, n);
	assert_int_equal(lines_next(&l, &b, false, &line), LINES_MORE);
	b = buf_of("end of it\nnext\n", 15);
	assert_int_equal(lines_next(&l, &b, false, &line), LINES_LINE);
	assert_true(span_is(line, "next"));
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_end_with_lf_cr_lf_or_the_input),
	    cmocka_unit_test(an_unfinished_line_waits_for_more),
	    cmocka_unit_test(a_line_that_is_too_long_is_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
