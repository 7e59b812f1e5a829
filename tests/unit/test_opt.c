/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Option rows: set from text, kept in range, printed so that they are read again. */
#include "base/opt.h"
#include "unit.h"
#include <string.h>

struct values {
	uint64_t lines;
	double share;
	bool quick;
	const char *name;
	int64_t window_ms, since_ms;
	struct opt_list files;
	const char *tier;
};

#define AT(field) .offset = offsetof(struct values, field)
static const struct opt_row rows[] = {
    {.name = "lines",
	.type = OPT_UINT,
	AT(lines),
	.min = 1,
	.max = 65536,
	.unit = "lines",
	.def = "2000",
	.help = "how many"},
    {.name = "share", .type = OPT_REAL, AT(share), .min = 0, .max = 1, .def = "0.03", .help = "x"},
    {.name = "quick", .type = OPT_BOOL, AT(quick), .help = "x"},
    {.name = "name", .type = OPT_TEXT, AT(name), .help = "x"},
    {.name = "window",
	.type = OPT_SPAN,
	AT(window_ms),
	.min = 10,
	.max = 86400,
	.def = "1 h",
	.help = "x"},
    {.name = "since", .type = OPT_TIME, AT(since_ms), .help = "x"},
    {.name = "file", .type = OPT_LIST, AT(files), .help = "x"},
    {.name = "tier",
	.type = OPT_WORD,
	AT(tier),
	.unit = "observe|behaviour|suspect",
	.def = "observe",
	.help = "x"},
};

static void defaults_are_set(void **state)
{
	(void)state;
	struct values v = {0};
	opt_defaults(rows, ROWS(rows), &v);
	assert_true(v.lines == 2000 && v.share == 0.03 && !v.quick && v.window_ms == 3600000);
	assert_string_equal(v.tier, "observe");
}

static void wrong_values_are_refused_with_what_is_right(void **state)
{
	(void)state;
	static const struct {
		const char *row, *text, *message;
	} wrong[] = {
	    {"lines", "0", "lines: '0' is not a whole number, within 1..65536 lines"},
	    {"lines", "70000", "lines: '70000' is not a whole number, within 1..65536 lines"},
	    {"lines", "2.5", "lines: '2.5' is not a whole number, within 1..65536 lines"},
	    {"share", "1.5", "share: '1.5' is not a number, within 0..1"},
	    {"share", "nan", "share: 'nan' is not a number, within 0..1"},
	    {"quick", "maybe", "quick: 'maybe' is not yes or no"},
	    {"window", "5 s",
		"window: '5 s' is not a duration such as 30 s, 5 min or 2 h, within 10..86400 s"},
	    {"window", "5 weeks",
		"window: '5 weeks' is not a duration such as 30 s, 5 min or 2 h, within 10..86400 "
		"s"},
	    {"since", "yesterday", "since: 'yesterday' is not a time such as 2026-01-02T03:04:05Z"},
	};
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct values v = {0};
		struct err e;
		const struct opt_row *row = opt_find(rows, ROWS(rows), wrong[i].row);
		assert_int_equal(opt_set(row, &v, wrong[i].text, &e), ERR_CONFIG);
		assert_string_equal(e.msg, wrong[i].message);
	}
}

static void a_wrong_word_is_answered_with_the_words(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "obs", "observe|behaviour", "Observe"};
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct values v = {0};
		struct err e;
		const struct opt_row *row = opt_find(rows, ROWS(rows), "tier");
		assert_int_equal(opt_set(row, &v, wrong[i], &e), ERR_CONFIG);
		assert_non_null(strstr(e.msg, "one of observe, behaviour, suspect"));
	}
}

static void durations_have_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} spans[] = {{"30", 30000}, {"30 s", 30000}, {"30s", 30000}, {"5 min", 300000},
	    {"2 h", 7200000}, {"1 d", 86400000}, {"12500 ms", 12500}, {"1.5 min", 90000}};
	for (size_t i = 0; i < ROWS(spans); i++) {
		struct values v = {0};
		const struct opt_row *row = opt_find(rows, ROWS(rows), "window");
		assert_int_equal(opt_set(row, &v, spans[i].text, NULL), ERR_OK);
		assert_true(v.window_ms == spans[i].ms);
	}
}

static void what_is_printed_is_read_again(void **state)
{
	(void)state;
	static const char *const texts[] = {
	    "17", "0.125", "yes", "a name", "90 s", "2026-01-02T03:04:05.678Z", NULL, "suspect"};
	struct values v = {0}, back = {0};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text once = {0}, twice = {0};
		if (!texts[i])
			continue;
		assert_int_equal(opt_set(&rows[i], &v, texts[i], NULL), ERR_OK);
		opt_print(&rows[i], &v, &once);
		assert_int_equal(opt_set(&rows[i], &back, once.p, NULL), ERR_OK);
		opt_print(&rows[i], &back, &twice);
		assert_string_equal(once.p, twice.p);
		text_fini(&once);
		text_fini(&twice);
	}
}

static void a_list_takes_every_value(void **state)
{
	(void)state;
	struct values v = {0};
	const struct opt_row *row = opt_find(rows, ROWS(rows), "file");
	assert_int_equal(opt_set(row, &v, "a", NULL), ERR_OK);
	assert_int_equal(opt_set(row, &v, "b", NULL), ERR_OK);
	assert_int_equal(v.files.n, 2);
	assert_string_equal(v.files.v[1], "b");
	opt_list_fini(&v.files);
	assert_int_equal(v.files.n, 0);
	assert_null(opt_find(rows, ROWS(rows), "files"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_set),
	    cmocka_unit_test(wrong_values_are_refused_with_what_is_right),
	    cmocka_unit_test(a_wrong_word_is_answered_with_the_words),
	    cmocka_unit_test(durations_have_units),
	    cmocka_unit_test(what_is_printed_is_read_again),
	    cmocka_unit_test(a_list_takes_every_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
