/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration reader: what is printed is read again; every mistake in conf_invalid/ is
 * answered with what its first line expects. */
#include "conf/conf.h"
#include "unit.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
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

struct fixture {
	struct values values;
	struct arena arena;
	struct err e;
};

static int read_text(struct fixture *f, const char *text)
{
	const struct conf_section s = {"test", "a section", rows, ROWS(rows), &f->values, NULL};
	opt_defaults(rows, ROWS(rows), &f->values);
	return conf_read("file", text, strlen(text), &s, 1, &f->arena, &f->e);
}

static char *print(struct fixture *f)
{
	const struct conf_section s = {"test", "a section", rows, ROWS(rows), &f->values, NULL};
	struct text out = {0};
	conf_print(&s, 1, &out);
	return out.p;
}

static void fini(struct fixture *f)
{
	opt_lists_fini(rows, ROWS(rows), &f->values);
	arena_fini(&f->arena);
}

static void values_are_read(void **state)
{
	(void)state;
	struct fixture f = {0};
	assert_int_equal(read_text(&f, "test:\n  lines: 5\n  share: '0.5'\n  quick: yes\n"
				       "  name: \"a b: \\\"c\\\"\"\n  window: 90 s\n"
				       "  since: 2026-01-02T03:04:05Z\n  file:\n    - a\n    - b\n"
				       "  tier: suspect\n"),
	    ERR_OK);
	assert_true(f.values.lines == 5 && f.values.share == 0.5 && f.values.quick);
	assert_string_equal(f.values.name, "a b: \"c\"");
	assert_true(f.values.window_ms == 90000 && f.values.since_ms == 1767323045000);
	assert_int_equal(f.values.files.n, 2);
	assert_string_equal(f.values.files.v[1], "b");
	assert_string_equal(f.values.tier, "suspect");
	fini(&f);
}

static void what_is_printed_is_read_again(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "# nothing\n", "test:\n", "test: {}\n",
	    "test:\n  lines: 7\n  file: []\n  name: ''\n",
	    "test: {lines: 7, file: [a, \"b\\n- c\", '#d'], name: \"x: \\u00e9 # y\"}\n",
	    "test:\n  file: one\n  quick: yes\n  since: 2026-01-02\n  window: 12500 ms\n"};
	for (size_t i = 0; i < ROWS(texts); i++) {
		struct fixture once = {0}, twice = {0};
		assert_int_equal(read_text(&once, texts[i]), ERR_OK);
		char *first = print(&once);
		assert_int_equal(read_text(&twice, first), ERR_OK);
		char *second = print(&twice);
		assert_string_equal(first, second);
		assert_true(once.values.lines == twice.values.lines);
		assert_int_equal(once.values.files.n, twice.values.files.n);
		assert_int_equal(!once.values.name, !twice.values.name);
		free(first);
		free(second);
		fini(&once);
		fini(&twice);
	}
}

static void a_list_takes_the_place_of_what_was_there(void **state)
{
	(void)state;
	struct fixture f = {0};
	assert_int_equal(read_text(&f, "test:\n  file: [a, b]\n"), ERR_OK);
	assert_int_equal(read_text(&f, "test:\n  file: c\n"), ERR_OK);
	assert_int_equal(f.values.files.n, 1);
	fini(&f);
}

static bool is_named(const char *path)
{
	char text[2000], want[300] = "";
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	(void)fclose(file);
	assert_int_equal(sscanf(text, "# expect:%299[^\n]", want), 1);
	struct fixture f = {0};
	int bad = read_text(&f, text);
	bool right = bad == ERR_CONFIG && strncmp(f.e.msg, "file:", 5) == 0 &&
		     strcmp(f.e.msg + 5, want) == 0;
	if (!right)
		print_error(
		    "%s\n  expects %s\n  but got %s\n", path, want, bad ? f.e.msg : "nothing");
	fini(&f);
	return right;
}

static void every_mistake_is_named(void **state)
{
	(void)state;
	char folder[4000], path[4500];
	(void)snprintf(
	    folder, sizeof folder, "%s/tests/unit/conf_invalid", getenv("THERIAC_SOURCE_ROOT"));
	DIR *d = opendir(folder);
	assert_non_null(d);
	unsigned n = 0, wrong = 0;
	for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		wrong += !is_named(path);
		n++;
	}
	(void)closedir(d);
	assert_int_equal(wrong, 0);
	assert_true(n >= 20);
}

static void a_file_that_is_not_there(void **state)
{
	(void)state;
	struct fixture f = {0};
	assert_int_equal(conf_load("/nowhere/theriac.yaml", NULL, 0, &f.arena, &f.e), ERR_SYS);
	assert_string_equal(
	    f.e.msg, "/nowhere/theriac.yaml cannot be read: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_read),
	    cmocka_unit_test(what_is_printed_is_read_again),
	    cmocka_unit_test(a_list_takes_the_place_of_what_was_there),
	    cmocka_unit_test(every_mistake_is_named),
	    cmocka_unit_test(a_file_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
