/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages: names, answers, lengths that lie. */
#include "decode/dnswire.h"
#include "unit.h"
#include <string.h>

#define QUERY      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
#define ANSWERS(n) "\x12\x34\x81\x80\x00\x01\x00" n "\x00\x00\x00\x00"
#define A_IN       "\x00\x01\x00\x01"
#define EXAMPLE                                                                                    \
	"\x07"                                                                                     \
	"EXAMPLE"                                                                                  \
	"\x03"                                                                                     \
	"com"                                                                                      \
	"\x00"
#define HEAD_N  12
#define TEXT(s) s, sizeof(s) - 1

struct row {
	const char *what, *bytes;
	size_t n;
	bool readable;
	const char *wrong, *name;
};

static void check(const struct row *r)
{
	struct dnswire m;
	struct dns d = {0};
	const char *wrong;
	bool readable = dnswire_read((const uint8_t *)r->bytes, r->n, &m, &d, &wrong);
	if (readable != r->readable || (wrong == NULL) != (r->wrong == NULL) ||
	    (wrong && strcmp(wrong, r->wrong) != 0) || (r->name && strcmp(r->name, d.name) != 0))
		fail_msg("%s: readable %d, wrong '%s', name '%s'", r->what, readable,
		    wrong ? wrong : "", d.name);
}

static void a_question_is_read_or_refused(void **state)
{
	(void)state;
	static const char cut[] = "DNS message is cut off", loop[] = "DNS name pointers loop";
	static const struct row rows[] = {
	    {"plain", TEXT(QUERY EXAMPLE A_IN), true, NULL, "example.com"},
	    {"root", TEXT(QUERY "\0" A_IN), true, NULL, ""},
	    {"odd bytes",
		TEXT(QUERY "\x05"
			   "a.\\ \xff"
			   "\0" A_IN),
		true, NULL, "a\\046\\092\\032\\255"},
	    {"empty", TEXT(""), false, cut, NULL},
	    {"half a header", TEXT("\x12\x34\x01\x00\x00"), false, cut, NULL},
	    {"no name", TEXT(QUERY), false, cut, NULL},
	    {"no type", TEXT(QUERY EXAMPLE "\0\1"), false, cut, NULL},
	    {"label cut",
		TEXT(QUERY "\x09"
			   "abc"),
		false, cut, NULL},
	    {"pointer cut", TEXT(QUERY "\xc0"), false, cut, NULL},
	    {"pointer to itself", TEXT(QUERY "\xc0\x0c" A_IN), false, loop, NULL},
	    {"pointers in a circle", TEXT(QUERY "\1a\xc0\x10\1b\xc0\x0c" A_IN), false, loop, NULL},
	    {"pointer past the end", TEXT(QUERY "\xc1\x00" A_IN), false, cut, NULL},
	    {"label type",
		TEXT(QUERY "\x41"
			   "a\0" A_IN),
		false, "DNS label type is unknown", NULL},
	    {"no question", TEXT("\1\2\x81\x81\0\0\0\0\0\0\0\0"), true, NULL, ""},
	    {"not a query", TEXT("\1\2\x28\0\0\1\0\0\0\0\0\0"), true, NULL, ""},
	};
	for (size_t i = 0; i < ROWS(rows); i++)
		check(&rows[i]);
}

static void answers_are_read_up_to_the_damage(void **state)
{
	(void)state;
#define REPLY(n, rest) ANSWERS(n) EXAMPLE A_IN rest
#define RR(type, n)    "\xc0\x0c\x00" type "\x00\x01\x00\x00\x01\x00\x00" n
	static const struct row rows[] = {
	    {"address", TEXT(REPLY("\1", RR("\1", "\4") "\1\2\3\4")), true, NULL, "example.com"},
	    {"unknown type", TEXT(REPLY("\1", RR("\xff", "\2") "xx")), true, NULL, "example.com"},
	    {"none there", TEXT(REPLY("\1", "")), true, "DNS message is cut off", "example.com"},
	    {"data cut", TEXT(REPLY("\1", RR("\1", "\4") "\1\2")), true, "DNS message is cut off",
		"example.com"},
	    {"short address", TEXT(REPLY("\1", RR("\1", "\3") "\1\2\3")), true,
		"DNS address has a wrong length", "example.com"},
	    {"empty text", TEXT(REPLY("\1", RR("\x10", "\0"))), true,
		"DNS text runs past its record", "example.com"},
	    {"text too long", TEXT(REPLY("\1", RR("\x10", "\3") "\3ab")), true,
		"DNS text runs past its record", "example.com"},
	    {"no exchanger", TEXT(REPLY("\1", RR("\xf", "\2") "\0\1")), true,
		"DNS record is too short for its type", "example.com"},
	    {"name loops", TEXT(REPLY("\1", RR("\5", "\2") "\xc0\x29")), true,
		"DNS name pointers loop", "example.com"},
	};
	for (size_t i = 0; i < ROWS(rows); i++)
		check(&rows[i]);
}

static void what_an_answer_says(void **state)
{
	(void)state;
	static const char bytes[] = "\x12\x34\x81\x83\x00\x01\x00\x03\x00\x00\x00\x01" EXAMPLE A_IN
				    "\xc0\x0c\0\5\0\1\0\0\1\0\0\4\1A\xc0\x0c"
				    "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"
				    "\xc0\x0c\0\x10\0\1\0\0\2\0\0\4\3a\tb"
				    "\0\0\x29\x04\xd0\1\0\0\0\0\0";
	struct dnswire m;
	struct dns d = {0};
	const char *wrong;
	assert_true(dnswire_read((const uint8_t *)bytes, sizeof bytes - 1, &m, &d, &wrong));
	assert_null(wrong);
	assert_true(m.response && m.id == 0x1234);
	assert_int_equal(d.rcode, 0x13); /* upper bits from OPT */
	assert_int_equal(d.ttl_s, 0x3c);
	assert_int_equal(d.addr_n, 1);
	assert_int_equal(addr_v4_of(&d.addrs[0]), 0x01020304);
	assert_memory_equal(d.other, "a.example.com\0a\\009b", sizeof "a.example.com\0a\\009b");
}

static size_t name_of_labels(uint8_t *p, size_t labels, size_t label_n, uint8_t c)
{
	memcpy(p, QUERY, HEAD_N);
	size_t n = HEAD_N;
	for (size_t i = 0; i < labels; i++) {
		p[n++] = (uint8_t)label_n;
		memset(p + n, c, label_n);
		n += label_n;
	}
	memcpy(p + n, "\0" A_IN, 5);
	return n + 5;
}

static void a_name_has_255_bytes_at_most(void **state)
{
	(void)state;
	uint8_t bytes[512];
	struct dnswire m;
	struct dns d = {0};
	const char *wrong;
	size_t n = name_of_labels(bytes, 127, 1, 'a');
	assert_true(dnswire_read(bytes, n, &m, &d, &wrong));
	assert_int_equal(d.name_n, DNS_NAME_MAX);
	n = name_of_labels(bytes, 128, 1, 'a');
	assert_false(dnswire_read(bytes, n, &m, &d, &wrong));
	assert_string_equal(wrong, "DNS name is longer than 255 bytes");
}

static void a_long_text_keeps_its_end(void **state)
{
	(void)state;
	uint8_t bytes[512];
	struct dnswire m;
	struct dns d = {0};
	const char *wrong;
	size_t n = name_of_labels(bytes, 3, 63, 0xff);
	assert_true(dnswire_read(bytes, n, &m, &d, &wrong));
	assert_int_equal(d.name_n, 4 * 63); /* the last label, without a dot before it */
	assert_memory_equal(d.name, "\\255", 4);
	assert_string_equal(d.name + d.name_n - 4, "\\255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_question_is_read_or_refused),
	    cmocka_unit_test(answers_are_read_up_to_the_damage),
	    cmocka_unit_test(what_an_answer_says),
	    cmocka_unit_test(a_name_has_255_bytes_at_most),
	    cmocka_unit_test(a_long_text_keeps_its_end),
	};
	return cmocka_run_group_tests_name("dnswire", tests, NULL, NULL);
}
