/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of columns, and the values in them. */
#include "decode/columns.h"
#include "unit.h"
#include <string.h>

static struct columns read_names(struct csv *csv, const char *header, const char *own)
{
	*csv = (struct csv){.separator = ','};
	assert_int_equal(csv_split(csv, span_of(header)), CSV_RECORD);
	return columns_of(csv, own);
}

static void a_header_names_a_time_addresses_and_what_there_was(void **state)
{
	(void)state;
	static const struct {
		const char *header, *own;
		enum columns_kind kind;
	} rows[] = {
	    {"ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt", NULL, COLUMNS_FLOWS},
	    {"Start Time,SRC_IP,dst-ip,Bytes", NULL, COLUMNS_FLOWS},
	    {"time,client,qname", NULL, COLUMNS_DNS},
	    {"timestamp,src_ip,query", NULL, COLUMNS_DNS},
	    {"time,client,qname,bytes", NULL, COLUMNS_NONE},
	    {"ts,sa,da", NULL, COLUMNS_NONE},
	    {"sa,da,ipkt", NULL, COLUMNS_NONE},
	    {"ts,sa,ipkt", NULL, COLUMNS_NONE},
	    {"time,qname", NULL, COLUMNS_NONE},
	    {"timestamp,src_ip,dst_ip,bytes,src_naics", NULL, COLUMNS_NONE},
	    {"a,b,c,d", NULL, COLUMNS_NONE},
	    {"a,b,c,d", "start=a,src=B,dst = c,bytes=D", COLUMNS_FLOWS},
	    {"a,b,c,d", "start=a,src=b,dst=c", COLUMNS_NONE},
	    {"a,b,c,ipkt", "start=a,src=b,dst=c", COLUMNS_FLOWS},
	    {"", NULL, COLUMNS_NONE},
	    {",,,", NULL, COLUMNS_NONE},
	};
	struct csv csv;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct columns c = read_names(&csv, rows[i].header, rows[i].own);
		if (c.kind != rows[i].kind)
			fail_msg("%s: %d", rows[i].header, (int)c.kind);
	}
}

static void ones_own_name_goes_before_the_usual_meaning(void **state)
{
	(void)state;
	struct csv csv;
	struct columns c =
	    read_names(&csv, "ts,src,dst,bytes,real_src", "src=real_src,exporter=src");
	assert_int_equal(csv_split(&csv, span_of("1,router,b,4,host")), CSV_RECORD);
	assert_true(span_is(column(&c, &csv, COLUMN_SRC), "host"));
	assert_true(span_is(column(&c, &csv, COLUMN_EXPORTER), "router"));
	assert_true(columns_own_is_right(NULL) && columns_own_is_right("") &&
		    columns_own_is_right("src=x, dst=y"));
	assert_false(columns_own_is_right("source=x"));
	assert_false(columns_own_is_right("src"));
	assert_false(columns_own_is_right("src="));
	assert_false(columns_own_is_right("src=x,,dst=y"));
}

static void a_field_may_stand_in_two_columns(void **state)
{
	(void)state;
	struct csv csv;
	struct columns c = read_names(
	    &csv, "ts,sourceIPv4Address,sourceIPv6Address,dst,bytes,source,packets", NULL);
	assert_int_equal(csv_split(&csv, span_of("1, ,2001:db8::1,b,4,third,")), CSV_RECORD);
	assert_true(span_is(column(&c, &csv, COLUMN_SRC), "2001:db8::1"));
	assert_int_equal(column(&c, &csv, COLUMN_PACKETS).n, 0);
	assert_int_equal(column(&c, &csv, COLUMN_SPORT).n, 0);
	assert_int_equal(csv_split(&csv, span_of("1")), CSV_RECORD);
	assert_int_equal(column(&c, &csv, COLUMN_SRC).n, 0);
}

static void epochs_are_told_apart_by_their_size(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} rows[] = {
	    {"1767323045", 1767323045000},
	    {"1767323045.25", 1767323045250},
	    {"1767323045250", 1767323045250},
	    {"1767323045250000", 1767323045250},
	    {"1767323045250000000", 1767323045250},
	    {"1767323045250.0", 1767323045250},
	    {"18446744073709551615", 18446744073709},
	    {"18446744073709551616", -1},
	    {"2026-01-02T03:04:05Z", 1767323045000},
	    {"2026-01-02 04:04:05.250", 1767323045250},
	    {"0", 0},
	    {"", -1},
	    {"-1", -1},
	    {"1767323045250.5", -1},
	    {"noon", -1},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = -1;
		if (!column_time(span_of(rows[i].text), 3600000, &ms))
			ms = -1;
		if (ms != rows[i].ms)
			fail_msg("%s: %lld", rows[i].text, (long long)ms);
	}
}

static void numbers_and_flags(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int flags, number; /* -1: none */
	} rows[] = {
	    {"...AP.SF", 27, -1},
	    {"........", 0, -1},
	    {"S", 2, -1},
	    {"SA", 18, -1},
	    {"CEUAPRSF", 255, -1},
	    {"0x1b", 27, -1},
	    {"27", 27, 27},
	    {"27.0", -1, 27},
	    {"27.5", -1, -1},
	    {"", -1, -1},
	    {"X", -1, -1},
	    {"-1", -1, -1},
	    {"S_A", -1, -1},
	    {"SSSSSSSSSSSSSSSSSSSSSSSS", -1, -1},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t flags;
		uint64_t v;
		int f = column_flags(span_of(rows[i].text), &flags) ? flags : -1;
		int n = column_number(span_of(rows[i].text), &v) ? (int)v : -1;
		if (f != rows[i].flags || n != rows[i].number)
			fail_msg("%s: flags %d, number %d", rows[i].text, f, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_names_a_time_addresses_and_what_there_was),
	    cmocka_unit_test(ones_own_name_goes_before_the_usual_meaning),
	    cmocka_unit_test(a_field_may_stand_in_two_columns),
	    cmocka_unit_test(epochs_are_told_apart_by_their_size),
	    cmocka_unit_test(numbers_and_flags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
