/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as text, and back. */
#include "base/when.h"
#include "unit.h"

static void times_are_written_as_rfc_3339(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {{0, "1970-01-01T00:00:00Z"}, {1, "1970-01-01T00:00:00.001Z"},
	    {951782400000, "2000-02-29T00:00:00Z"}, {1767323045678, "2026-01-02T03:04:05.678Z"},
	    {-1000, "1969-12-31T23:59:59Z"}, {WHEN_MAX_MS, "9999-12-31T23:59:59.999Z"},
	    {WHEN_MAX_MS + 1, "1970-01-01T00:00:00Z"}, {INT64_MIN, "1970-01-01T00:00:00Z"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		char out[WHEN_TEXT];
		when_text(out, rows[i].ms);
		assert_string_equal(out, rows[i].text);
	}
}

static void times_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t ms;
	} rows[] = {{"2026-01-02T03:04:05.678Z", true, 1767323045678},
	    {"2026-01-02T03:04:05Z", true, 1767323045000},
	    {"2026-01-02 03:04:05", true, 1767323045000 - 3600000},
	    {"2026/01/02 03:04:05.678901", true, 1767323045678 - 3600000},
	    {"2026-01-02T03:04:05+05:30", true, 1767323045000 - 19800000},
	    {"2026-01-02T03:04:05-0800", true, 1767323045000 + 28800000},
	    {"2026-01-02", true, 1767312000000 - 3600000},
	    {"2000-02-29", true, 951782400000 - 3600000}, {"1900-02-29", false, 0},
	    {"2026-02-29", false, 0}, {"2026-13-01", false, 0}, {"2026-00-01", false, 0},
	    {"2026-01-32", false, 0}, {"2026-01-02T24:00:00Z", false, 0},
	    {"2026-01-02T03:60:00Z", false, 0}, {"2026-01-02T03:04", false, 0},
	    {"2026-01-02T03:04:05+15:00", false, 0}, {"2026-01-02T03:04:05X", false, 0},
	    {"26-01-02", false, 0}, {"", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = 0;
		assert_int_equal(when_parse(span_of(rows[i].text), 3600000, &ms), rows[i].ok);
		if (rows[i].ok)
			assert_true(ms == rows[i].ms);
	}
}

static void every_day_comes_back(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 200000; day += 13) {
		char out[WHEN_TEXT];
		int64_t ms = day * 86400000 + day, back;
		when_text(out, ms);
		assert_true(when_parse(span_of(out), 0, &back));
		assert_true(back == ms);
	}
}

static void zones(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t minutes;
	} rows[] = {{"UTC", true, 0}, {"utc", true, 0}, {"Z", true, 0}, {"+01:00", true, 60},
	    {"-0530", true, -330}, {"+14", true, 840}, {"+15", false, 0}, {"+01:60", false, 0},
	    {"01:00", false, 0}, {"+1", false, 0}, {"", false, 0}, {"+01:00x", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = 0;
		assert_int_equal(when_zone(span_of(rows[i].text), &ms), rows[i].ok);
		if (rows[i].ok)
			assert_true(ms == rows[i].minutes * 60000);
	}
}

static void abbreviations_stand_for_one_zone(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int hours;
	} rows[] = {{"CET", true, 1}, {"CEST", true, 2}, {"EST", true, -5}, {"JST", true, 9},
	    {"UTC", true, 0}, {"+03", true, 3}, {"CST", false, 0}, {"IST", false, 0},
	    {"PST", false, 0}, {"cet", false, 0}, {"", false, 0}, {"Address:", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = 0;
		assert_int_equal(when_zone_abbreviated(span_of(rows[i].text), &ms), rows[i].ok);
		assert_int_equal(ms, rows[i].hours * 3600000LL);
	}
}

static void unix_seconds(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t ms;
	} rows[] = {{"1315000000.123456", true, 1315000000123}, {"0", true, 0}, {"1.5", true, 1500},
	    {"1.", true, 1000}, {"-1", false, 0}, {"1.2x", false, 0}, {"", false, 0},
	    {"253402300800", false, 0}, {"99999999999999999999", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = 0;
		assert_int_equal(when_epoch(span_of(rows[i].text), &ms), rows[i].ok);
		if (rows[i].ok)
			assert_true(ms == rows[i].ms);
	}
}

static void durations_for_people(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
	    {0, "0 s"}, {90000, "90 s"}, {300000, "5 min"}, {10800000, "3 h"}, {172800000, "2 d"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		char out[WHEN_TEXT];
		when_span(out, rows[i].ms);
		assert_string_equal(out, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_are_written_as_rfc_3339),
	    cmocka_unit_test(times_are_read),
	    cmocka_unit_test(every_day_comes_back),
	    cmocka_unit_test(zones),
	    cmocka_unit_test(abbreviations_stand_for_one_zone),
	    cmocka_unit_test(unix_seconds),
	    cmocka_unit_test(durations_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
