/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Patterns of log lines: which can be, what fits, and where. */
#include "decode/linepattern.h"
#include "unit.h"
#include <string.h>

static void patterns_that_cannot_be_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
	} rows[] = {{"a {inside} b {outside}", true}, {"a{any}", true}, {"", false}, {" ", false},
	    {" {inside}", false}, {"{inside} a", false}, {"a {inside}{outside}", false},
	    {"a {insid}", false}, {"a {inside", false}, {"a {}", false}, {"a }", true}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct line_pattern p;
		if (line_pattern(span_of(rows[i].text), &p) != rows[i].good)
			fail_msg("'%s'", rows[i].text);
	}
	char many[LINE_ITEMS_MAX * 6 + 8] = "a";
	struct line_pattern p;
	for (size_t i = 0; i < LINE_ITEMS_MAX; i++)
		memcpy(many + 1 + i * 6, "{any}b", 6);
	assert_false(line_pattern(span_of(many), &p));
}

static void values_end_where_the_text_behind_them_fits(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *line;
		size_t at; /* SIZE_MAX: nowhere */
		uint64_t first;
	} rows[] = {
	    {"x {inside} y {first}", "x 10.0.0.1 y 5", 0, 5},
	    {"x {inside} y {first}", "ab x   10.0.0.1\ty 5, more", 3, 5},
	    {"x {inside} y {first}", "x 10.0.0 y 5 x 10.0.0.1 y 6", 13, 6},
	    {"x {inside} y {first}", "x 10.0.0.1 y 65536", SIZE_MAX, 0},
	    {"x {inside} y {first}", "x 10.0.0.1 y", SIZE_MAX, 0},
	    {"x {inside} y {first}", "x - y -", 0, 0},
	    {"x {outside}:{first}-{last}", "x 2001:db8::1:7-9", 0, 7},
	    {"x {any}={first}", "x a=b=7", SIZE_MAX, 0}, /* there is no going back */
	    {"x {any}b={first}", "x a=b=7", 0, 7},
	    {"x {utc} {first}", "x 2026-01-01 00:00:00 7", 0, 7},
	    {"x {utc} {first}", "x 2026-01-01 7", SIZE_MAX, 0},
	    {"x {utc} {first}", "x 2026-01-01            7", SIZE_MAX, 0}, /* nor with blanks */
	    {"x {proto} {first}", "x TCP 7", 0, 7},
	    {"x {proto} {first}", "x 256 7", SIZE_MAX, 0},
	    {"x {hextime} {first}", "x 6955b900 7", 0, 7},
	    {"x {hextime} {first}", "x 0 7", SIZE_MAX, 0},
	    {"x {realm}!", "x 4294967296!", SIZE_MAX, 0},
	    {"x {first}", "x 7", 0, 7},
	    {"x", "", SIZE_MAX, 0},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct line_pattern p;
		struct line_values v;
		size_t end = 0, n = strlen(rows[i].line);
		assert_true(line_pattern(span_of(rows[i].pattern), &p));
		size_t at = line_fit(&p, span_of(rows[i].line), &v, &end);
		if (at != rows[i].at ||
		    (at != SIZE_MAX && (v.number[LINE_FIRST] != rows[i].first || end > n)))
			fail_msg("'%s' in '%s': %zu", rows[i].pattern, rows[i].line, at);
	}
}

/* Runs of blanks are gone through once for each try: the square of them would take minutes here. */
static void long_runs_of_blanks_cost_no_more_than_other_text(void **state)
{
	(void)state;
	enum { TIMES = 2000 };
	struct line_pattern p;
	struct line_values v;
	char line[LINE_PATTERN_BYTES];
	size_t end;
	memset(line, ' ', sizeof line);
	for (size_t i = 0; i < LINE_TRIES; i++)
		memcpy(line + 4 * i, "x: 1", 4);
	line[sizeof line - 1] = 'y';
	assert_true(line_pattern(span_of("x: {inside} -> {first}"), &p));
	for (int i = 0; i < TIMES; i++)
		assert_int_equal(
		    line_fit(&p, (struct span){line, sizeof line}, &v, &end), SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(patterns_that_cannot_be_are_refused),
	    cmocka_unit_test(values_end_where_the_text_behind_them_fits),
	    cmocka_unit_test(long_runs_of_blanks_cost_no_more_than_other_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
