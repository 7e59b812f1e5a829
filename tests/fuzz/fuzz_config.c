/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration reader. What it takes is printed and read again: both prints must be the same.
 */
#include "conf/conf.h"
#include "fuzz.h"
#include <assert.h>
#include <string.h>

struct values {
	uint64_t lines;
	double share;
	bool quick;
	const char *name, *tier;
	int64_t window_ms, since_ms;
	struct opt_list files;
};

#define AT(field) .offset = offsetof(struct values, field)
static const struct opt_row rows[] = {
    {.name = "lines", .type = OPT_UINT, AT(lines), .min = 1, .max = 9, .def = "2", .help = "x"},
    {.name = "share", .type = OPT_REAL, AT(share), .help = "x"},
    {.name = "quick", .type = OPT_BOOL, AT(quick), .help = "x"},
    {.name = "name", .type = OPT_TEXT, AT(name), .help = "x"},
    {.name = "window", .type = OPT_SPAN, AT(window_ms), .help = "x"},
    {.name = "since", .type = OPT_TIME, AT(since_ms), .help = "x"},
    {.name = "file", .type = OPT_LIST, AT(files), .help = "x"},
    {.name = "tier", .type = OPT_WORD, AT(tier), .unit = "a|b", .def = "a", .help = "x"},
};
static const size_t rows_n = sizeof rows / sizeof *rows;

/* Reads text into fresh values; if it is right, prints them to out. */
static int read_and_print(const char *text, size_t n, struct text *out)
{
	struct values v = {0};
	struct arena arena = {0};
	struct err e;
	const struct conf_section s = {"test", NULL, rows, rows_n, &v, NULL};
	opt_defaults(rows, rows_n, &v);
	int bad = conf_read("file", text, n, &s, 1, &arena, &e);
	if (bad)
		assert(strnlen(e.msg, sizeof e.msg) < sizeof e.msg);
	else
		conf_print(&s, 1, out);
	opt_lists_fini(rows, rows_n, &v);
	arena_fini(&arena);
	return bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct text once = {0}, twice = {0};
	if (read_and_print((const char *)data, n, &once) == ERR_OK) {
		int bad = read_and_print(once.p, once.n, &twice);
		assert(!bad && once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
		(void)bad;
	}
	text_fini(&once);
	text_fini(&twice);
	return 0;
}
