/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans, numbers, growing texts, the nearest word. */
#include "base/str.h"
#include "unit.h"
#include <string.h>

static void whole_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} rows[] = {{"0", true, 0}, {"007", true, 7}, {"18446744073709551615", true, UINT64_MAX},
	    {"18446744073709551616", false, 0}, {"99999999999999999999", false, 0}, {"", false, 0},
	    {"-1", false, 0}, {"+1", false, 0}, {" 1", false, 0}, {"1 ", false, 0},
	    {"0x1", false, 0}, {"1e3", false, 0}, {"000000000000000000001", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint64_t v = 0;
		assert_int_equal(span_uint(span_of(rows[i].text), &v), rows[i].ok);
		assert_true(v == rows[i].value);
	}
}

static void signed_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} rows[] = {{"-5", true, -5}, {"+5", true, 5}, {"9223372036854775807", true, INT64_MAX},
	    {"9223372036854775808", false, 0}, {"-", false, 0}, {"--5", false, 0}, {"", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t v = 0;
		assert_int_equal(span_int(span_of(rows[i].text), &v), rows[i].ok);
		assert_true(v == rows[i].value);
	}
}

static void real_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		double value;
	} rows[] = {{"0.5", true, 0.5}, {"-2", true, -2}, {"1e3", true, 1000}, {"nan", false, 0},
	    {"inf", false, 0}, {"1e999", false, 0}, {"", false, 0}, {" 1", false, 0},
	    {"1 ", false, 0}, {"1,5", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		double v = 0;
		assert_int_equal(span_real(span_of(rows[i].text), &v), rows[i].ok);
		if (rows[i].ok)
			assert_true(v == rows[i].value);
	}
}

static void cutting_gives_every_field_once(void **state)
{
	(void)state;
	static const struct {
		const char *line, *fields[4];
		size_t n;
	} rows[] = {{"a\tb\tc", {"a", "b", "c"}, 3}, {"", {""}, 1}, {"a", {"a"}, 1},
	    {"a\t", {"a", ""}, 2}, {"\t\t", {"", "", ""}, 3}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct span rest = span_of(rows[i].line);
		size_t n = 0;
		for (; rest.p; n++) {
			assert_true(n < rows[i].n);
			assert_true(span_is(span_cut(&rest, '\t'), rows[i].fields[n]));
		}
		assert_int_equal(n, rows[i].n);
	}
}

static void trimming_and_comparing(void **state)
{
	(void)state;
	assert_true(span_is(span_trim(span_of(" \t a b \r\n")), "a b"));
	assert_true(span_is(span_trim(span_of("  \n")), ""));
	assert_true(span_is_nocase(span_of("NXDomain"), "nxdomain"));
	assert_false(span_is_nocase(span_of("NXDomai"), "nxdomain"));
	assert_false(span_is(span_of("NXDomain"), "nxdomain"));
}

static void a_text_grows_and_stays_terminated(void **state)
{
	(void)state;
	struct text t = {0};
	for (int i = 0; i < 1000; i++)
		text_fmt(&t, "%d,", i);
	text_putc(&t, '.');
	text_puts(&t, "end");
	text_add(&t, NULL, 0);
	assert_int_equal(strlen(t.p), t.n);
	assert_string_equal(t.p + t.n - 8, "999,.end");
	text_reset(&t);
	assert_string_equal(t.p, "");
	text_fini(&t);
	assert_null(t.p);
}

static void a_copy_is_bounded(void **state)
{
	(void)state;
	char small[4];
	assert_true(str_copy(small, sizeof small, "abc", 3));
	assert_string_equal(small, "abc");
	assert_false(str_copy(small, sizeof small, "abcd", 4));
	assert_string_equal(small, "abc");
}

static void the_nearest_word(void **state)
{
	(void)state;
	static const char *const words[] = {"detect", "decode", "demo", "list"};
	static const struct {
		const char *wrong, *near;
	} rows[] = {{"detct", "detect"}, {"dmeo", "demo"}, {"decod", "decode"}, {"lst", "list"},
	    {"xyzzy", NULL}, {"", NULL}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *near = str_nearest(rows[i].wrong, words, ROWS(words));
		if (rows[i].near) {
			assert_non_null(near);
			assert_string_equal(near, rows[i].near);
		} else {
			assert_null(near);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_numbers),
	    cmocka_unit_test(signed_numbers),
	    cmocka_unit_test(real_numbers),
	    cmocka_unit_test(cutting_gives_every_field_once),
	    cmocka_unit_test(trimming_and_comparing),
	    cmocka_unit_test(a_text_grows_and_stays_terminated),
	    cmocka_unit_test(a_copy_is_bounded),
	    cmocka_unit_test(the_nearest_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
