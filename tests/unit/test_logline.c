/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of logs: forms of times, years that are missing, names and clients as text. */
#include "base/when.h"
#include "decode/logline.h"
#include "unit.h"
#include <string.h>

#define NOON_MS 1767355200000LL /* 2026-01-02T12:00:00Z */
#define HOUR_MS 3600000LL

static struct log opened(uint64_t year, int64_t now_ms)
{
	static struct log_opts opts;
	struct log l;
	opts.year = year;
	struct decode_env env = {.now_ms = now_ms, .zone_ms = HOUR_MS, .opts = &opts};
	log_open(&l, &env, NULL);
	return l;
}

static void check(struct log *l, const char *line, const char *when, const char *text)
{
	char got[WHEN_TEXT] = "";
	struct log_line found = log_line(l, span_of(line));
	if (!found.undated)
		when_text(got, found.time_ms);
	if (strcmp(got, when) != 0 || !span_is(found.text, text))
		fail_msg("%s: '%s', '%.*s'", line, got, (int)found.text.n, found.text.p);
}

static void times_are_read_in_every_form(void **state)
{
	(void)state;
	static const struct {
		const char *line, *when, *text;
	} rows[] = {
	    {"2026-01-02T03:04:05.678Z x y", "2026-01-02T03:04:05.678Z", "x y"},
	    {"2026-01-02T03:04:05+0200 x", "2026-01-02T01:04:05Z", "x"},
	    {"2026-01-02T03:04:05 x", "2026-01-02T02:04:05Z", "x"},
	    {"2026-01-02 03:04:05,250 x", "2026-01-02T02:04:05.250Z", "x"},
	    {"02-Jan-2026 03:04:05.678 x", "2026-01-02T02:04:05.678Z", "x"},
	    {"Jan  2 03:04:05 x", "2026-01-02T02:04:05Z", "x"},
	    {"Jan 02 03:04:05.5 x", "2026-01-02T02:04:05.500Z", "x"},
	    {"[1767323045] x", "2026-01-02T03:04:05Z", "x"},
	    {"[1767323045.250] x", "2026-01-02T03:04:05.250Z", "x"},
	    {"<134>Jan  2 03:04:05 x", "2026-01-02T02:04:05Z", "x"},
	    {"<134>1 2026-01-02T03:04:05Z x", "2026-01-02T03:04:05Z", "x"},
	    {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", ""},
	    {"x y", "", "x y"},
	    {"x", "", "x"},
	    {"", "", ""},
	    {"Jan 32 03:04:05 x", "", "x"},
	    {"31-Feb-2026 03:04:05 x", "", "31-Feb-2026 03:04:05 x"},
	    {"Jan 2 x", "", "Jan 2 x"},
	    {"[] x", "", "[] x"},
	    {"[0] x", "", "x"},
	    {"2026-01-02 x", "", "2026-01-02 x"},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct log l = opened(2026, 0);
		check(&l, rows[i].line, rows[i].when, rows[i].text);
	}
}

static void a_year_comes_from_the_option_or_the_start_of_the_run(void **state)
{
	(void)state;
	static const struct {
		uint64_t year;
		int64_t now_ms;
		const char *line, *when;
	} rows[] = {
	    {2024, NOON_MS, "Jan  2 03:04:05", "2024-01-02T02:04:05Z"},
	    {0, NOON_MS, "Jan  2 03:04:05", "2026-01-02T02:04:05Z"},
	    {0, NOON_MS, "Jan  3 03:04:05", "2026-01-03T02:04:05Z"}, /* another zone's */
	    {0, NOON_MS, "Jan  5 03:04:05", "2025-01-05T02:04:05Z"},
	    {0, NOON_MS, "Dec 31 23:59:59", "2025-12-31T22:59:59Z"},
	    {0, NOON_MS, "Feb 29 12:00:00", "2024-02-29T11:00:00Z"},
	    {2026, NOON_MS, "Feb 29 12:00:00", ""},
	    {0, 0, "Jan  2 03:04:05", ""},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct log l = opened(rows[i].year, rows[i].now_ms);
		check(&l, rows[i].line, rows[i].when, "");
	}
}

static void later_lines_are_nearest_to_the_one_before(void **state)
{
	(void)state;
	struct log l = opened(2024, NOON_MS);
	check(&l, "Dec 31 23:59:59", "2024-12-31T22:59:59Z", "");
	check(&l, "Jan  1 01:00:01", "2025-01-01T00:00:01Z", "");
	check(&l, "Dec 31 23:59:58", "2024-12-31T22:59:58Z", "");
	check(&l, "May  1 00:00:00", "2025-04-30T23:00:00Z", "");
	check(&l, "Oct  1 00:00:00", "2025-09-30T23:00:00Z", "");
	check(&l, "2031-10-01T00:00:00Z", "2031-10-01T00:00:00Z", "");
	check(&l, "Oct  1 02:00:00", "2031-10-01T01:00:00Z", "");
}

static void names_are_unescaped_to_the_house_form(void **state)
{
	(void)state;
	static const struct {
		const char *text, *name;
	} rows[] = {
	    {"WWW.Example.com.", "www.example.com"},
	    {".", ""},
	    {"a\\.b.c", "a\\046b.c"},
	    {"a\\255\\032.c", "a\\255\\032.c"},
	    {"a\\", "a\\092"},
	    {"a\\25", "a25"},
	    {"a\\999", "a999"},
	    {"a\\\\.", "a\\092"},
	    {"a b", "a\\032b"},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct dns d = {0};
		assert_true(log_name(&d, span_of(rows[i].text)));
		assert_string_equal(d.name, rows[i].name);
	}
	char big[4096];
	struct dns d = {0};
	memset(big, 'x', sizeof big);
	assert_false(log_name(&d, (struct span){big, sizeof big}));
	assert_true(log_name(&d, (struct span){big, 300}));
	assert_int_equal(d.name_n, DNS_NAME_MAX);
}

static void clients_have_a_port_or_none(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		char mark;
		bool good;
		const char *addr;
		unsigned port;
	} rows[] = {
	    {"192.0.2.1#53", '#', true, "192.0.2.1", 53},
	    {"2001:db8::1#53", '#', true, "2001:db8::1", 53},
	    {"192.0.2.1", '#', true, "192.0.2.1", 0},
	    {"[2001:db8::1]:53", ':', true, "2001:db8::1", 53},
	    {"2001:db8::1", ':', true, "2001:db8::1", 0},
	    {"192.0.2.1:53", ':', true, "192.0.2.1", 53},
	    {"192.0.2.1#65536", '#', false, "", 0},
	    {"192.0.2.1#", '#', false, "", 0},
	    {"#53", '#', false, "", 0},
	    {"[]:53", ':', false, "", 0},
	    {"", '#', false, "", 0},
	    {"host#53", '#', false, "", 0},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct dns d = {0};
		char addr[ADDR_TEXT];
		assert_int_equal(log_client(&d, span_of(rows[i].text), rows[i].mark), rows[i].good);
		if (!rows[i].good)
			continue;
		addr_text(addr, &d.client);
		assert_string_equal(addr, rows[i].addr);
		assert_int_equal(d.client_port, rows[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_are_read_in_every_form),
	    cmocka_unit_test(a_year_comes_from_the_option_or_the_start_of_the_run),
	    cmocka_unit_test(later_lines_are_nearest_to_the_one_before),
	    cmocka_unit_test(names_are_unescaped_to_the_house_form),
	    cmocka_unit_test(clients_have_a_port_or_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
