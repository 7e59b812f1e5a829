/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON writer: what it is given comes out as one valid line. */
#include "base/json.h"
#include "unit.h"
#include <math.h>
#include <string.h>

static void an_object_with_every_kind_of_value(void **state)
{
	(void)state;
	struct text t = {0};
	struct json j = json_to(&t);
	json_open(&j, NULL);
	json_text(&j, "text", "a");
	json_uint(&j, "uint", UINT64_MAX);
	json_int(&j, "int", INT64_MIN);
	json_bool(&j, "yes", true);
	json_time(&j, "time", 1500);
	json_list(&j, "list");
	json_uint(&j, NULL, 1);
	json_open(&j, NULL);
	json_close(&j);
	json_end(&j);
	json_close(&j);
	json_line(&j);
	assert_string_equal(t.p, "{\"text\":\"a\",\"uint\":18446744073709551615,"
				 "\"int\":-9223372036854775808,\"yes\":true,"
				 "\"time\":\"1970-01-01T00:00:01.500Z\",\"list\":[1,{}]}\n");
	text_fini(&t);
}

static void two_lines_do_not_share_a_comma(void **state)
{
	(void)state;
	struct text t = {0};
	struct json j = json_to(&t);
	for (int i = 0; i < 2; i++) {
		json_open(&j, NULL);
		json_close(&j);
		json_line(&j);
	}
	assert_string_equal(t.p, "{}\n{}\n");
	text_fini(&t);
}

static void text_is_escaped_and_made_utf8(void **state)
{
	(void)state;
#define BAD "\xef\xbf\xbd"
	static const struct {
		const char *in, *out;
	} rows[] = {{"a\"b\\c", "a\\\"b\\\\c"}, {"\n\t\x01\x7f", "\\u000a\\u0009\\u0001\\u007f"},
	    {"\xc2\x9b", "\\u009b"}, {"\xe2\x80\xa8", "\\u2028"}, {"\xc2\xa0", "\xc2\xa0"},
	    {"\xc3\xa9", "\xc3\xa9"}, {"\xe2\x82\xac", "\xe2\x82\xac"},
	    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}, {"\xff", BAD}, {"\xc3", BAD},
	    {"\xc0\xaf", BAD BAD}, {"\xed\xa0\x80", BAD BAD BAD}, {"\xe0\x80\x80", BAD BAD BAD},
	    {"\xf4\x90\x80\x80", BAD BAD BAD BAD}, {"\xe2\x82", BAD BAD}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text t = {0}, want = {0};
		struct json j = json_to(&t);
		text_fmt(&want, "\"%s\"", rows[i].out);
		json_text(&j, NULL, rows[i].in);
		assert_string_equal(t.p, want.p);
		text_fini(&t);
		text_fini(&want);
	}
}

static void a_zero_byte_is_escaped(void **state)
{
	(void)state;
	struct text t = {0};
	struct json j = json_to(&t);
	json_span(&j, NULL, "a\0b", 3);
	assert_string_equal(t.p, "\"a\\u0000b\"");
	text_fini(&t);
}

static void real_numbers_are_short_and_finite(void **state)
{
	(void)state;
	static const struct {
		double v;
		int decimals;
		const char *out;
	} rows[] = {{1.5, 3, "1.5"}, {2, 3, "2"}, {0.0003, 4, "0.0003"}, {1000, 1, "1000"},
	    {-0.0001, 2, "0"}, {-1.25, 2, "-1.25"}, {100, 0, "100"}, {NAN, 1, "null"},
	    {INFINITY, 1, "null"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text t = {0};
		struct json j = json_to(&t);
		json_real(&j, NULL, rows[i].v, rows[i].decimals);
		assert_string_equal(t.p, rows[i].out);
		text_fini(&t);
	}
}

static void a_huge_number_stays_a_number(void **state)
{
	(void)state;
	struct text t = {0};
	struct json j = json_to(&t);
	json_real(&j, NULL, 1e300, 1);
	assert_true(strlen(t.p) < 64);
	assert_string_equal(t.p, "1.0000000000000001e+300");
	text_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_object_with_every_kind_of_value),
	    cmocka_unit_test(two_lines_do_not_share_a_comma),
	    cmocka_unit_test(text_is_escaped_and_made_utf8),
	    cmocka_unit_test(a_zero_byte_is_escaped),
	    cmocka_unit_test(real_numbers_are_short_and_finite),
	    cmocka_unit_test(a_huge_number_stays_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
