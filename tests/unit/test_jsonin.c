/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON objects that come in. */
#include "base/jsonin.h"
#include "base/mem.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void only_one_object_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {{"{}", true}, {" {\"a\":1} ", true}, {"", false}, {"[]", false}, {"1", false},
	    {"{\"a\":1", false}, {"{} {}", false}, {"{\"a\":1,\"a\":2}", false},
	    {"{\"a\":1e999}", false}, {"{\"a\":\"\\u0000\"}", false}, {"{\"a\":\"\xff\"}", false}};
	struct jsonin j = {NULL};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(jsonin_read(&j, span_of(rows[i].text)), rows[i].ok);
	jsonin_fini(&j);
}

static void depth_and_length_are_bounded(void **state)
{
	(void)state;
	struct jsonin j = {NULL};
	size_t n = JSONIN_BYTES_MAX + 1;
	char *p = mem_new(n, 1);
	memset(p, '[', n);
	memcpy(p, "{\"a\":", 5);
	assert_false(jsonin_read(&j, (struct span){p, JSONIN_BYTES_MAX}));
	memset(p, ' ', n);
	memcpy(p, "{}", 2);
	assert_true(jsonin_read(&j, (struct span){p, JSONIN_BYTES_MAX}));
	assert_false(jsonin_read(&j, (struct span){p, n}));
	free(p);
	jsonin_fini(&j);
}

static void values_have_their_type(void **state)
{
	(void)state;
	struct jsonin j = {NULL};
	struct span s;
	uint64_t u;
	double v;
	bool yes;
	assert_true(jsonin_read(&j, span_of("{\"s\":\"x\",\"n\":7,\"m\":-7,\"r\":0.5,\"b\":true,"
					    "\"l\":[\"a\",2,null]}")));
	assert_true(jsonin_string(&j, "s", &s) && span_is(s, "x"));
	assert_false(jsonin_string(&j, "n", &s) || jsonin_string(&j, "none", &s));
	assert_true(jsonin_uint(&j, "n", &u) && u == 7);
	assert_false(jsonin_uint(&j, "m", &u) || jsonin_uint(&j, "r", &u));
	assert_true(jsonin_real(&j, "r", &v) && v > 0.4 && v < 0.6);
	assert_false(jsonin_real(&j, "s", &v));
	assert_true(jsonin_bool(&j, "b", &yes) && yes);
	assert_false(jsonin_bool(&j, "n", &yes));
	assert_int_equal(jsonin_list(&j, "l"), 3);
	assert_int_equal(jsonin_list(&j, "s"), 0);
	assert_true(jsonin_list_string(&j, "l", 0, &s) && span_is(s, "a"));
	assert_false(jsonin_list_string(&j, "l", 1, &s) || jsonin_list_string(&j, "l", 9, &s));
	jsonin_fini(&j);
}

static void a_dot_looks_inside_too(void **state)
{
	(void)state;
	static const char *const texts[] = {"{\"id.h\":\"x\"}", "{\"id\":{\"h\":\"x\"}}"};
	struct jsonin j = {NULL};
	struct span s;
	for (size_t i = 0; i < ROWS(texts); i++) {
		assert_true(jsonin_read(&j, span_of(texts[i])));
		assert_true(jsonin_string(&j, "id.h", &s) && span_is(s, "x"));
		assert_false(jsonin_string(&j, "id.p", &s));
	}
	jsonin_fini(&j);
}

static void numbers_become_text(void **state)
{
	(void)state;
	static const struct {
		const char *json, *text;
	} rows[] = {{"0", "0"}, {"-5", "-5"}, {"9223372036854775807", "9223372036854775807"},
	    {"0.0", "0.000000"}, {"0.000001", "0.000001"},
	    {"1517422326.539915", "1517422326.539915"}, {"2.9999999", "3.000000"},
	    {"1e15", "1e+15"}, {"-0.5", "-0.5"}, {"\"x\"", "x"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct jsonin j = {NULL};
		struct text t = {0};
		char scratch[JSONIN_NUMBER_TEXT];
		struct span s;
		text_fmt(&t, "{\"v\":%s}", rows[i].json);
		assert_true(jsonin_read(&j, (struct span){t.p, t.n}));
		assert_true(jsonin_text(&j, "v", scratch, &s));
		assert_true(span_is(s, rows[i].text));
		text_fini(&t);
		jsonin_fini(&j);
	}
}

static void objects_inside_are_borrowed(void **state)
{
	(void)state;
	struct jsonin j = {NULL}, inner, element;
	struct span s;
	assert_true(jsonin_read(
	    &j, span_of("{\"o\":{\"p\":{\"q\":\"x\"},\"l\":[{\"r\":\"y\"},7]},\"n\":7}")));
	assert_true(jsonin_object(&j, "o", &inner));
	assert_true(jsonin_string(&inner, "p.q", &s) && span_is(s, "x"));
	assert_true(jsonin_list_object(&inner, "l", 0, &element));
	assert_true(jsonin_string(&element, "r", &s) && span_is(s, "y"));
	assert_false(jsonin_list_object(&inner, "l", 1, &element));
	assert_false(jsonin_string(&element, "r", &s));
	assert_false(jsonin_list_object(&inner, "l", 2, &element));
	assert_false(jsonin_object(&j, "n", &inner) || jsonin_object(&j, "none", &inner));
	assert_false(jsonin_string(&inner, "p.q", &s));
	jsonin_fini(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_one_object_is_taken),
	    cmocka_unit_test(depth_and_length_are_bounded),
	    cmocka_unit_test(values_have_their_type),
	    cmocka_unit_test(a_dot_looks_inside_too),
	    cmocka_unit_test(numbers_become_text),
	    cmocka_unit_test(objects_inside_are_borrowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
