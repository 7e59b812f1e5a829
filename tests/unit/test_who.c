/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions as they are typed, and answers as they are shown. */
#include "run/who.h"
#include "unit.h"
#include <string.h>

#define AT_MS 1767323045000LL /* 2026-01-02T03:04:05Z */

static void a_question_is_read_as_people_write_it(void **state)
{
	(void)state;
	static const struct {
		const char *text, *addr; /* NULL: refused */
		uint16_t port;
	} rows[] = {
	    {"192.0.2.1", "192.0.2.1", 0},
	    {"192.0.2.1:1024", "192.0.2.1", 1024},
	    {"192.0.2.1:65535", "192.0.2.1", 65535},
	    {"2001:db8::1", "2001:db8::1", 0},
	    {"[2001:db8::1]", "2001:db8::1", 0},
	    {"[2001:db8::1]:443", "2001:db8::1", 443},
	    {"[192.0.2.1]:443", "192.0.2.1", 443},
	    {"2001:db8::1:443", "2001:db8::1:443", 0}, /* an address; ports need brackets */
	    {"192.0.2.1:0", NULL, 0},
	    {"192.0.2.1:65536", NULL, 0},
	    {"192.0.2.1:", NULL, 0},
	    {"192.0.2.1:x", NULL, 0},
	    {"[2001:db8::1]443", NULL, 0},
	    {"[2001:db8::1]:", NULL, 0},
	    {"[2001:db8::1", NULL, 0},
	    {"[]:1", NULL, 0},
	    {":1", NULL, 0},
	    {"", NULL, 0},
	    {"alice", NULL, 0},
	    {"192.0.2.0/24", NULL, 0},
	};
	struct run_who_options o = {.proto = "udp", .realm = 7, .skew_ms = 2000, .zone = "UTC"};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct question q;
		struct err e;
		char text[ADDR_TEXT];
		int bad = who_question(&o, rows[i].text, "2026-01-02T03:04:05Z", &q, &e);
		if (bad != (rows[i].addr ? ERR_OK : ERR_CONFIG))
			fail_msg("'%s' gives %d", rows[i].text, bad);
		if (bad)
			continue;
		addr_text(text, &q.addr);
		assert_string_equal(text, rows[i].addr);
		assert_int_equal(q.port, rows[i].port);
		assert_int_equal(q.proto, 17);
		assert_int_equal(q.realm, 7);
		assert_int_equal(q.skew_ms, 2000);
		assert_int_equal(q.at_ms, AT_MS);
	}
}

static void what_is_wrong_with_a_question_is_said(void **state)
{
	(void)state;
	struct question q;
	struct err e;
	struct run_who_options o = {.proto = "smoke"};
	assert_int_equal(who_question(&o, "192.0.2.1", "2026-01-02", &q, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "--proto: 'smoke' is none of icmp, tcp"));
	o.proto = "256";
	assert_int_equal(who_question(&o, "192.0.2.1", "2026-01-02", &q, &e), ERR_CONFIG);
	o = (struct run_who_options){.zone = "Mars"};
	assert_int_equal(who_question(&o, "192.0.2.1", "2026-01-02", &q, &e), ERR_CONFIG);
	o.zone = "+01:00";
	assert_int_equal(who_question(&o, "192.0.2.1", "yesterday", &q, &e), ERR_CONFIG);
	assert_string_equal(e.msg, "'yesterday' is no time; it looks like 2026-01-02T03:04:05Z");
	assert_int_equal(who_question(&o, "192.0.2.1", "2026-01-02 04:04:05", &q, &e), ERR_OK);
	assert_int_equal(q.at_ms, AT_MS);
}

/* One lease of 192.0.2.1, whose end was inferred. */
static void find(
    void *of, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *out)
{
	struct interval v = {.addr = q->addr,
	    .bits = 128,
	    .line = 1,
	    .t0_ms = AT_MS - 60000,
	    .t1_ms = AT_MS + 60000,
	    .sure_ms = AT_MS + 60000,
	    .begin = SESSION_TOLD,
	    .end = SESSION_INFERRED};
	if (interval_touches(&v, lo_ms, hi_ms))
		found_add(out, &v, *(const uint64_t *)of, SUBJECT_PROTECTED);
}

static void name(void *of, const struct interval *v, char out[LINE_TEXT])
{
	(void)of;
	(void)v;
	(void)str_copy(out, LINE_TEXT, "user:a\"b@isp.example", 20);
}

static void an_answer_is_shown_with_its_records_and_the_log(void **state)
{
	(void)state;
	uint64_t key = 5;
	struct whose_source source = {.find = find, .name = name, .of = &key};
	struct asker w = {.v = &source, .n = 1};
	struct question q;
	struct answer a;
	struct audit_head h = {12, {0xab}};
	struct text words = {0}, json = {0};
	struct run_who_options o = {0};
	assert_int_equal(who_question(&o, "192.0.2.1", "2026-01-02T03:04:05Z", &q, NULL), ERR_OK);
	whose_ask(&w, &q, &a);
	assert_int_equal(a.kind, WHOSE_EXACT);
	who_words(&w, &q, &a, &h, &words);
	assert_string_equal(words.p,
	    "exact: 192.0.2.1 at 2026-01-02T03:04:05Z: one line, for sure\n"
	    "  user:a\"b@isp.example, protected\n"
	    "    192.0.2.1 from 2026-01-02T03:03:05Z (told) to 2026-01-02T03:05:05Z (inferred)\n"
	    "log: 12 entries, head "
	    "12:ab00000000000000000000000000000000000000000000000000000000000000\n");
	who_json(&w, &q, &a, &h, &json);
	assert_string_equal(json.p,
	    "{\"type\":\"answer\",\"answer\":\"exact\",\"address\":\"192.0.2.1\","
	    "\"at\":\"2026-01-02T03:04:05Z\",\"lines\":[{\"line\":\"user:a\\\"b@isp.example\","
	    "\"flags\":[\"protected\"]}],\"records\":[{\"kind\":\"lease\",\"held\":\"192.0.2.1\","
	    "\"from\":\"2026-01-02T03:03:05Z\",\"from_is\":\"told\",\"to\":\"2026-01-02T03:05:"
	    "05Z\","
	    "\"to_is\":\"inferred\",\"line\":0}],\"log\":{\"length\":12,\"head\":"
	    "\"ab00000000000000000000000000000000000000000000000000000000000000\"}}\n");
	text_fini(&words);
	text_fini(&json);
	whose_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_question_is_read_as_people_write_it),
	    cmocka_unit_test(what_is_wrong_with_a_question_is_said),
	    cmocka_unit_test(an_answer_is_shown_with_its_records_and_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
