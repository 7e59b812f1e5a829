/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Option rows shown, for people and for programs. */
#include "base/opt_show.h"
#include "unit.h"

static const struct opt_row rows[] = {
    {.name = "lines",
	.type = OPT_UINT,
	.min = 1,
	.max = 9,
	.unit = "lines",
	.def = "2",
	.help = "how many"},
    {.name = "json", .type = OPT_BOOL, .help = "print JSON Lines"},
    {.name = "inside", .type = OPT_LIST, .unit = "CIDR", .help = "a prefix of ours"},
    {.name = "tier", .type = OPT_WORD, .unit = "observe|notice", .def = "observe", .help = "from"},
    {.name = "rate", .type = OPT_REAL, .unit = "flows/s", .help = "speed"},
};

static void values_are_named(void **state)
{
	(void)state;
	static const char *const names[] = {"N", "", "CIDR", "WORD", "X"};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_string_equal(opt_value_name(&rows[i]), names[i]);
}

static void help_holds_range_and_default(void **state)
{
	(void)state;
	static const char *const help[] = {"how many (within 1..9 lines, default 2)",
	    "print JSON Lines", "a prefix of ours (may be repeated)",
	    "from (one of observe, notice, default observe)", "speed (in flows/s)"};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text out = {0};
		opt_show_help(&rows[i], &out);
		assert_string_equal(out.p, help[i]);
		text_fini(&out);
	}
}

static void lines_are_in_columns(void **state)
{
	(void)state;
	struct text out = {0};
	opt_show(rows, 2, "  --", &out);
	assert_string_equal(out.p,
	    "  --lines N               how many (within 1..9 lines, default 2)\n"
	    "  --json                  print JSON Lines\n");
	text_fini(&out);
}

static void json_holds_what_applies(void **state)
{
	(void)state;
	struct text out = {0};
	struct json j = json_to(&out);
	json_open(&j, NULL);
	opt_show_json(rows + 3, 1, &j);
	json_close(&j);
	assert_string_equal(out.p,
	    "{\"options\":[{\"name\":\"tier\",\"type\":\"word\",\"value\":\"WORD\","
	    "\"words\":[\"observe\",\"notice\"],\"default\":\"observe\",\"help\":\"from\","
	    "\"text\":\"from (one of observe, notice, default observe)\"}]}");
	text_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_named),
	    cmocka_unit_test(help_holds_range_and_default),
	    cmocka_unit_test(lines_are_in_columns),
	    cmocka_unit_test(json_holds_what_applies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
