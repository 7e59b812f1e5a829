/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of contact data: what is taken, and why a row is refused. */
#include "act/act.h"
#include "base/csv.h"
#include "unit.h"
#include <string.h>

static const char *row(const char *header, const char *text, struct subscriber *s)
{
	static struct csv head, c;
	struct subscriber_columns columns;
	struct text unknown = {0};
	struct err e;
	csv_fini(&head);
	csv_fini(&c);
	head = c = (struct csv){.separator = ',', .quote = '"'};
	assert_int_equal(csv_split(&head, span_of(header)), CSV_RECORD);
	assert_int_equal(
	    subscriber_header(head.field, head.field_n, &columns, &unknown, &e), ERR_OK);
	text_fini(&unknown);
	assert_int_equal(csv_split(&c, span_of(text)), CSV_RECORD);
	return subscriber_row(&columns, c.field, c.field_n, s);
}

static const char all[] = "line,name,email,phone,address,language,channels,flags";

static void a_good_row_is_taken_whole(void **state)
{
	(void)state;
	struct subscriber s;
	assert_null(row("Flags, phone,line,channels ,E-MAIL,Email,language,name,address",
	    "Protected+business,+44 (0)20 7946-0000, user:al@x ,sms;letter,?,al@mail.example,PT_br,"
	    "Al Ö,\"1 Street\nTown\"",
	    &s));
	assert_true(span_is(s.field[SUBSCRIBER_LINE], "user:al@x"));
	assert_true(span_is(s.field[SUBSCRIBER_NAME], "Al Ö"));
	assert_true(span_is(s.field[SUBSCRIBER_EMAIL], "al@mail.example"));
	assert_true(span_is(s.field[SUBSCRIBER_ADDRESS], "1 Street\nTown"));
	assert_string_equal(s.language, "pt-br");
	assert_int_equal(s.channels, CHANNEL_SMS | CHANNEL_LETTER);
	assert_int_equal(s.flags, SUBJECT_PROTECTED | SUBJECT_BUSINESS);
}

static void without_channels_those_hold_whose_data_are_there(void **state)
{
	(void)state;
	struct subscriber s;
	assert_null(row(all, "user:a,,a@b,,,,,", &s));
	assert_int_equal(s.channels, CHANNEL_EMAIL);
	assert_null(row(all, "user:a,,,12345,x,,,", &s));
	assert_int_equal(s.channels, CHANNEL_SMS | CHANNEL_LETTER);
	assert_null(row("line", "user:a", &s));
	assert_int_equal(s.channels, 0);
	assert_null(row(all, "user:a,,,,,,inbox,", &s));
	assert_int_equal(s.channels, CHANNEL_INBOX);
}

static void what_is_wrong_is_named_without_the_value(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {",,,,,,,", "line: is empty"},
	    {"alice,,,,,,,", "line: does not begin with its kind"},
	    {"User:alice,,,,,,,", "line: does not begin with its kind"},
	    {"user:,,,,,,,", "line: does not begin with its kind"},
	    {"user:\xc3\xa4,,,,,,,", "line: has characters outside ASCII"},
	    {"user:a,J\xfcrgen,,,,,,", "name: is no text in UTF-8"},
	    {"user:a,a\x1b[2Jb,,,,,,", "name: is no text in UTF-8, or has control"},
	    {"user:a,a\xc2\x9b"
	     "2Jb,,,,,,",
		"name: is no text in UTF-8, or has control"},
	    {"user:a,\"a\nb\",,,,,,", "name: is no text in UTF-8, or has control"},
	    {"user:a,,alice,,,,,", "email: is no address"},
	    {"user:a,,@b,,,,,", "email: is no address"},
	    {"user:a,,a@,,,,,", "email: is no address"},
	    {"user:a,,a@b@c,,,,,", "email: is no address"},
	    {"user:a,,A <a@b>,,,,,", "email: is more than a plain address"},
	    {"user:a,,a@b;c@d,,,,,", "email: is more than a plain address"},
	    {"user:a,,,12,,,,", "phone: has not between 5 and 15 digits"},
	    {"user:a,,,1234567890123456,,,,", "phone: has not between 5 and 15 digits"},
	    {"user:a,,,call me,,,,", "phone: has characters other than"},
	    {"user:a,,,12+345,,,,", "phone: has characters other than"},
	    {"user:a,,,,,english,,", "language: is no tag"},
	    {"user:a,,,,,e,,", "language: is no tag"},
	    {"user:a,,,,,de-,,", "language: is no tag"},
	    {"user:a,,,,,1de,,", "language: is no tag"},
	    {"user:a,,,,,,fax,", "channels: they are email"},
	    {"user:a,,,,,,email,", "channels: email is named, but"},
	    {"user:a,,,,,,letter,", "channels: letter is named, but"},
	    {"user:a,,,,,,sms,", "channels: one needs a phone number"},
	    {"user:a,,,,,,,vip", "flags: they are business"},
	    {"user:a,,,,,,", "has fewer fields than the header"},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct subscriber s;
		const char *why = row(all, rows[i].text, &s);
		if (!why || strncmp(why, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("row %zu: %s", i, why ? why : "was taken");
	}
}

static void fields_have_a_longest(void **state)
{
	(void)state;
	static char text[2000];
	struct subscriber s;
	struct span field[2] = {span_of("user:a"), {text, 500}};
	struct subscriber_columns c;
	memset(text, 'x', sizeof text);
	memset(&c, 0xff, sizeof c);
	c.at[SUBSCRIBER_LINE] = 0;
	c.at[SUBSCRIBER_ADDRESS] = 1;
	assert_null(subscriber_row(&c, field, 2, &s));
	field[1].n++;
	assert_string_equal(subscriber_row(&c, field, 2, &s), "address: is longer than 500 bytes");
}

static void a_header_has_its_columns_once(void **state)
{
	(void)state;
	struct subscriber_columns c;
	struct text unknown = {0};
	struct err e;
	struct span good[] = {span_of("\xef\xbb\xbfLine"), span_of("iban"), span_of("")};
	assert_int_equal(subscriber_header(good, 3, &c, &unknown, &e), ERR_OK);
	assert_int_equal(c.at[SUBSCRIBER_LINE], 0);
	assert_string_equal(unknown.p, "'iban', ''");
	struct span twice[] = {span_of("line"), span_of("LINE")};
	assert_int_equal(subscriber_header(twice, 2, &c, &unknown, &e), ERR_CONFIG);
	struct span none[] = {span_of("user:a"), span_of("a@b")};
	assert_int_equal(subscriber_header(none, 2, &c, &unknown, &e), ERR_CONFIG);
	text_fini(&unknown);
}

static void what_is_packed_comes_back_and_its_length_says_little(void **state)
{
	(void)state;
	struct subscriber s, got;
	uint8_t plain[SUBSCRIBER_PLAIN_MAX];
	assert_null(row(all, "user:a,Alice,a@b,12345,\"1 Street\nTown\",en,,", &s));
	size_t n = subscriber_pack(&s, plain);
	assert_int_equal(n, 128);
	assert_true(subscriber_unpack(plain, n, &got));
	for (size_t f = 0; f < SUBSCRIBER_SEALED; f++) {
		assert_int_equal(got.field[f].n, s.field[f].n);
		assert_memory_equal(got.field[f].p, s.field[f].p, s.field[f].n);
	}
	for (size_t cut = 0; cut < 40; cut++)
		(void)subscriber_unpack(plain, cut, &got); /* reads nothing behind the end */
	assert_false(subscriber_unpack(plain, 10, &got));
	plain[0] = 9;
	assert_false(subscriber_unpack(plain, n, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_row_is_taken_whole),
	    cmocka_unit_test(without_channels_those_hold_whose_data_are_there),
	    cmocka_unit_test(what_is_wrong_is_named_without_the_value),
	    cmocka_unit_test(fields_have_a_longest),
	    cmocka_unit_test(a_header_has_its_columns_once),
	    cmocka_unit_test(what_is_packed_comes_back_and_its_length_says_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
