/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Separated values as in RFC 4180, and what is not as in it. */
#include "base/csv.h"
#include "unit.h"
#include <string.h>

/* Reads all records; writes fields with | between them, records with / behind them. */
static void show(struct csv *c, const char *text, char *out, size_t cap)
{
	struct buf b = buf_of(text, strlen(text));
	size_t n = 0;
	enum csv_found found;
	while ((found = csv_next(c, &b, true)) != CSV_MORE) {
		if (found != CSV_RECORD)
			out[n++] = found == CSV_OPEN ? '!' : '?';
		for (size_t i = 0; found == CSV_RECORD && i < c->field_n; i++) {
			if (i)
				out[n++] = '|';
			assert_true(n + c->field[i].n + 3 < cap);
			memcpy(out + n, c->field[i].p, c->field[i].n);
			n += c->field[i].n;
		}
		out[n++] = '/';
	}
	out[n] = '\0';
	assert_int_equal(buf_left(&b), 0);
}

static void records_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text, *fields;
	} rows[] = {{"a,b,c\n", "a|b|c/"}, {"a,b\r\nc", "a|b/c/"}, {"", ""}, {"\n\n", "//"},
	    {",", "|/"}, {"a,,b,\n", "a||b|/"}, {"\"a\",\"b,c\"\n", "a|b,c/"},
	    {"\"say \"\"hi\"\"\",x\n", "say \"hi\"|x/"},
	    {"\"two\nlines\",x\ny\n", "two\nlines|x/y/"}, {"\"\",\"\"\n", "|/"},
	    {"in\"side,x\n", "in\"side|x/"}, {"\"never closed,x\nnext,y\n", "!/next|y/"},
	    {"\"a\"b,c\nd\n", "!/d/"}, {"a,\"b", "!/"}, {"\"", "!/"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct csv c = {.separator = ',', .quote = '"'};
		char out[256];
		show(&c, rows[i].text, out, sizeof out);
		assert_string_equal(out, rows[i].fields);
		csv_fini(&c);
	}
}

static void quotes_may_be_ordinary(void **state)
{
	(void)state;
	struct csv c = {.separator = '\t'};
	char out[64];
	show(&c, "\"a\tb\"\n", out, sizeof out);
	assert_string_equal(out, "\"a|b\"/");
	csv_fini(&c);
}

static void fields_are_bounded(void **state)
{
	(void)state;
	struct csv c = {.separator = ',', .quote = '"'};
	char line[CSV_FIELDS_MAX + 2];
	memset(line, ',', sizeof line);
	assert_int_equal(csv_split(&c, (struct span){line, CSV_FIELDS_MAX - 1}), CSV_RECORD);
	assert_int_equal(c.field_n, CSV_FIELDS_MAX);
	assert_int_equal(csv_split(&c, (struct span){line, CSV_FIELDS_MAX}), CSV_WIDE);
	line[0] = line[1] = '"';
	assert_int_equal(csv_split(&c, (struct span){line, CSV_FIELDS_MAX + 2}), CSV_WIDE);
	csv_fini(&c);
}

static void an_open_quote_waits_for_more(void **state)
{
	(void)state;
	struct csv c = {.separator = ',', .quote = '"'};
	struct buf b = buf_of("\"a\n", 3);
	assert_int_equal(csv_next(&c, &b, false), CSV_MORE);
	assert_int_equal(b.at, 0);
	csv_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_read),
	    cmocka_unit_test(quotes_may_be_ordinary),
	    cmocka_unit_test(fields_are_bounded),
	    cmocka_unit_test(an_open_quote_waits_for_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
