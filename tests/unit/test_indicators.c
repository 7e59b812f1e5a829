/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Indicator files of all kinds, and what matches them. */
#include "base/when.h"
#include "detect/indicators.h"
#include "unit.h"
#include <string.h>

static const char *family_of_peer(const struct indicators *x, const char *addr, uint16_t port)
{
	union addr a;
	assert_true(addr_parse(span_of(addr), &a));
	const struct indicator *is = indicators_peer(x, &a, port);
	return is ? is->family : NULL;
}

static const struct indicator *of_name(const struct indicators *x, const char *name)
{
	return indicators_name(x, span_of(name));
}

static size_t add(struct indicators *x, const char *file, const char *text, size_t *bad)
{
	size_t n;
	(void)indicators_add(x, file, text, strlen(text), &n, bad, NULL);
	return n;
}

static void a_line_is_taken_or_refused_by_what_it_says(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		size_t n, bad;
	} rows[] = {{"203.0.113.7", 1, 0}, {"203.0.113.7:8080", 1, 0}, {"203.0.113.0/24", 1, 0},
	    {"2001:db8::7", 1, 0}, {"[2001:db8::7]:443", 1, 0}, {"2001:db8::/32", 1, 0},
	    {"bad.example.com", 1, 0}, {"*.bad.example.com", 1, 0}, {"Bad.Example.COM.", 1, 0},
	    {"http://203.0.113.7/bin.sh", 1, 0}, {"https://bad.example.com:8443/gate.php", 1, 0},
	    {"bad.example.com/wp/gate.php", 1, 0}, {"http://user@bad.example.com/", 1, 0},
	    {"203.0.113.7 # seen twice", 1, 0}, {"203.0.113.0/24 ; SBL1", 1, 0},
	    {"203.0.113.7\t10", 1, 0}, {"0.0.0.0 ads.example.com bad.example.com", 2, 0},
	    {"127.0.0.1 localhost", 0, 1}, {"  bad.example.com\r", 1, 0},
	    {"\xef\xbb\xbf"
	     "203.0.113.7",
		1, 0},
	    {"# a comment, with a comma", 0, 0}, {"; a comment", 0, 0}, {"// a comment", 0, 0},
	    {"/gate.php?id=", 0, 0}, {"d41d8cd98f00b204e9800998ecf8427e", 0, 0}, {"", 0, 0},
	    /* what would hit half the world, or means something else elsewhere */
	    {"com", 0, 1}, {"co.uk", 0, 1}, {"github.io", 0, 1}, {"printer.lan", 0, 1},
	    {"1.168.192.in-addr.arpa", 0, 1}, {"192.168.1.1", 0, 1}, {"100.64.0.1", 0, 1},
	    {"10.0.0.0/8", 0, 1}, {"fd00::1", 0, 1}, {"224.0.0.1", 0, 1}, {"0.0.0.0/0", 0, 1},
	    {"203.0.0.0/7", 0, 1}, {"2000::/3", 0, 1},
	    /* what is nothing of all this */
	    {"203.0.113.7:99999", 0, 1}, {"203.0.113.300", 0, 1}, {"AS64500", 0, 1},
	    {"some words of text", 0, 1}, {"bad..", 0, 1},
	    {"b\x01"
	     "ad.example.com",
		0, 1},
	    {"http://", 0, 1}, {":80", 0, 1}, {"[]", 0, 1}, {"]", 0, 1}, {"[2001:db8::7", 0, 1},
	    {"*.", 0, 1}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct indicators *x = indicators_new();
		size_t bad, n = add(x, "list.txt", rows[i].line, &bad);
		if (n != rows[i].n || bad != rows[i].bad)
			fail_msg("%s: %zu taken, %zu refused", rows[i].line, n, bad);
		indicators_free(x);
	}
}

static void the_best_match_is_the_narrowest(void **state)
{
	(void)state;
	struct indicators *x = indicators_new();
	size_t bad;
	(void)add(x, "net.txt", "203.0.113.0/24\n", &bad);
	(void)add(x, "half.txt", "203.0.113.0/25\n2001:db8:1::/48\n", &bad);
	(void)add(x, "host.txt", "203.0.113.7\n", &bad);
	(void)add(x, "port.txt", "203.0.113.7:81\n203.0.113.9:23\n[2001:db8:1::1]:23\n", &bad);
	static const struct {
		const char *addr;
		uint16_t port;
		const char *family;
	} rows[] = {{"203.0.113.7", 81, "port"}, {"203.0.113.7", 80, "host"},
	    {"203.0.113.8", 80, "half"}, {"203.0.113.200", 80, "net"}, {"203.0.114.7", 81, NULL},
	    {"203.0.113.9", 23, "port"}, {"203.0.113.9", 24, "half"}, {"2001:db8:1::1", 23, "port"},
	    {"2001:db8:1::1", 22, "half"}, {"2001:db8:2::1", 23, NULL}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *family = family_of_peer(x, rows[i].addr, rows[i].port);
		if (!family || !rows[i].family)
			assert_true(family == rows[i].family);
		else
			assert_string_equal(family, rows[i].family);
	}
	assert_int_equal(indicators_count(x), 7);
	indicators_free(x);
}

static void a_domain_matches_what_stands_below_it(void **state)
{
	(void)state;
	struct indicators *x = indicators_new();
	size_t bad;
	(void)add(x, "a.txt", "bad.example.com\nworse.bad.example.com\n", &bad);
	assert_non_null(of_name(x, "bad.example.com"));
	const struct indicator *bad_one = of_name(x, "bad.example.com");
	const struct indicator *worse = of_name(x, "worse.bad.example.com");
	assert_ptr_not_equal(worse, bad_one);
	assert_ptr_equal(of_name(x, "x.y.worse.bad.example.com"), worse);
	assert_ptr_equal(of_name(x, "w.bad.example.com"), bad_one);
	assert_null(of_name(x, "example.com"));
	assert_null(of_name(x, "notbad.example.com"));
	assert_null(of_name(x, "bad.example.com.evil.org"));
	assert_null(of_name(x, ""));
	assert_null(of_name(x, "com"));
	assert_null(of_name(x, "...."));
	indicators_free(x);
}

static int64_t when(const char *text)
{
	int64_t ms = 0;
	assert_true(when_parse(span_of(text), 0, &ms));
	return ms;
}

static void columns_are_found_by_their_header_or_their_number(void **state)
{
	(void)state;
	static const char threatfox[] =
	    "\"2024-05-01 10:00:00\", \"1\", \"203.0.113.7:81\", \"ip:port\", \"botnet_cc\", "
	    "\"win.x\", \"None\", \"Xrat\", \"2024-05-03 10:00:00\", \"75\", ";
	static const struct {
		const char *what, *head, *row, *tail;
		const char *family, *first, *last;
	} rows[] = {{"own", "indicator,kind,family,first_seen,last_seen,feed\n",
			"203.0.113.7:81,ip:port,xrat,2024-05-01T10:00:00Z,2024-05-03,mine\n", "",
			"xrat", "2024-05-01T10:00:00Z", "2024-05-03"},
	    {"feodo",
		"# Feodo\n#\n# first_seen_utc,dst_ip,dst_port,c2_status,last_online,malware\r\n",
		"2024-05-01 10:00:00,203.0.113.7,81,online,2024-05-03,Xrat\r\n",
		"# END 1 entries\n", "Xrat", "2024-05-01T10:00:00Z", "2024-05-03"},
	    {"feodo, header of its own",
		"\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\","
		"\"malware\"\n",
		"\"2024-05-01 10:00:00\",\"203.0.113.7\",\"81\",\"offline\",\"\",\"Xrat\"\n", "",
		"Xrat", "2024-05-01T10:00:00Z", NULL},
	    {"threatfox, 15 columns", "", threatfox,
		"\"False\", \"None\", \"a,b\", \"0\", \"me\"\n", "Xrat", "2024-05-01T10:00:00Z",
		"2024-05-03T10:00:00Z"},
	    {"threatfox, 14 columns", "", threatfox, "\"None\", \"a,b\", \"0\", \"me\"\n", "Xrat",
		"2024-05-01T10:00:00Z", "2024-05-03T10:00:00Z"},
	    {"threatfox, header",
		"# "
		"\"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\",\"fk_"
		"malware\","
		"\"malware_alias\",\"malware_printable\",\"last_seen_utc\",\"confidence_level\","
		"\"is_compromised\",\"reference\",\"tags\",\"anonymous\",\"reporter\"\n",
		threatfox, "\"False\", \"None\", \"a,b\", \"0\", \"me\"\n# Number of entries: 1\n",
		"Xrat", "2024-05-01T10:00:00Z", "2024-05-03T10:00:00Z"},
	    {"urlhaus, 9 columns",
		"# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n",
		"\"1\",\"2024-05-01 10:00:00\",\"http://203.0.113.7:81/i\",\"online\",\"2024-05-03 "
		"10:00:00\","
		"\"malware_download\",\"a,b\",\"https://x.example.com/1\",\"me\"\n",
		"", "malware_download", "2024-05-01T10:00:00Z", "2024-05-03T10:00:00Z"},
	    {"urlhaus, 8 columns, no header", "",
		"\"1\",\"2024-05-01 "
		"10:00:00\",\"http://203.0.113.7:81/i\",\"online\",\"malware_download\","
		"\"a,b\",\"https://x.example.com/1\",\"me\"\n",
		"", "malware_download", "2024-05-01T10:00:00Z", NULL},
	    {"first column", "", "203.0.113.7:81,high,whatever\n", "", "first column", NULL, NULL}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct indicators *x = indicators_new();
		struct text t = {0};
		size_t bad;
		text_fmt(&t, "%s%s%s", rows[i].head, rows[i].row, rows[i].tail);
		if (add(x, rows[i].what, t.p, &bad) != 1 || bad)
			fail_msg("%s: %zu refused", rows[i].what, bad);
		union addr a = addr_v4(0xcb007107);
		const struct indicator *is = indicators_peer(x, &a, 81);
		assert_non_null(is);
		assert_int_equal(is->kind, INDICATOR_ADDR_PORT);
		assert_string_equal(is->family, rows[i].family);
		assert_true(is->first_ms == (rows[i].first ? when(rows[i].first) : 0));
		assert_true(is->last_ms == (rows[i].last ? when(rows[i].last) : 0));
		text_fini(&t);
		indicators_free(x);
	}
}

static void a_page_does_not_condemn_its_host(void **state)
{
	(void)state;
	struct indicators *x = indicators_new();
	size_t bad;
	(void)add(x, "pages.txt",
	    "good.example.com/wp/x.php\nhttp://whole.example.com/\nhttp://203.0.113.7/x\n", &bad);
	assert_true(of_name(x, "good.example.com")->page);
	assert_false(of_name(x, "whole.example.com")->page);
	union addr a = addr_v4(0xcb007107);
	assert_false(indicators_peer(x, &a, 80)->page);
	(void)add(x, "names.txt", "good.example.com\n", &bad);
	assert_false(of_name(x, "good.example.com")->page);
	indicators_free(x);
}

static void the_same_from_two_feeds_is_confirmed(void **state)
{
	(void)state;
	struct indicators *x = indicators_new();
	size_t bad;
	(void)add(x, "a.csv",
	    "indicator,family,last_seen\nbad.example.com,xrat,2024-05-01\n"
	    "bad.example.com,xrat,2024-05-02\n",
	    &bad);
	assert_int_equal(indicators_count(x), 1);
	assert_false(of_name(x, "bad.example.com")->confirmed);
	assert_true(of_name(x, "bad.example.com")->last_ms == when("2024-05-02"));
	(void)add(x, "dir/sinkhole_b.txt", "bad.example.com\n", &bad);
	const struct indicator *is = of_name(x, "bad.example.com");
	assert_true(is->confirmed && is->sinkhole && is->last_ms == 0);
	assert_string_equal(is->family, "xrat");
	assert_string_equal(is->feed, "a.csv");
	indicators_free(x);
}

static void only_a_file_of_which_nothing_can_be_read_fails(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int code;
	} rows[] = {{"", ERR_OK}, {"# nothing today\n", ERR_OK}, {"nonsense\n", ERR_INPUT},
	    {"nonsense\n203.0.113.7\n", ERR_OK}, {"\"open, quote\n", ERR_INPUT}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct indicators *x = indicators_new();
		struct err e = {0};
		size_t n, bad;
		assert_int_equal(
		    indicators_add(x, "f", rows[i].text, strlen(rows[i].text), &n, &bad, &e),
		    rows[i].code);
		assert_true((e.msg[0] != 0) == (rows[i].code != ERR_OK));
		indicators_free(x);
	}
}

static void many_are_all_found_again(void **state)
{
	(void)state;
	enum { MANY = 50000 };
	struct indicators *x = indicators_new();
	struct indicator about = {.kind = INDICATOR_ADDR};
	for (uint32_t i = 0; i < MANY; i++) {
		union addr a = addr_v4(0x0b000000 + i * 7);
		assert_true(indicators_put_addr(x, &a, 128, &about));
	}
	assert_int_equal(indicators_count(x), MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		union addr a = addr_v4(0x0b000000 + i * 7), b = addr_v4(0x0b000000 + i * 7 + 1);
		const struct indicator *is = indicators_peer(x, &a, 1);
		assert_ptr_equal(indicators_by_id(x, is->id), is);
		assert_null(indicators_peer(x, &b, 1));
	}
	indicators_free(x);
}

/* Ids stand in saved state: lists that come in another order give the same. */
static void an_id_is_the_entry_s_in_every_run(void **state)
{
	(void)state;
	struct indicators *x = indicators_new(), *y = indicators_new();
	size_t bad;
	(void)add(x, "a.txt", "bad.example.com\nworse.example.com\n203.0.113.9:80\n", &bad);
	(void)add(y, "a.txt", "203.0.113.9:81\n203.0.113.9:80\nworse.example.com\n", &bad);
	union addr a = addr_v4(0xcb007109);
	assert_true(of_name(x, "worse.example.com")->id == of_name(y, "worse.example.com")->id);
	assert_true(indicators_peer(x, &a, 80)->id == indicators_peer(y, &a, 80)->id);
	assert_true(indicators_peer(y, &a, 81)->id != indicators_peer(y, &a, 80)->id);
	assert_ptr_equal(
	    indicators_by_id(y, indicators_peer(x, &a, 80)->id), indicators_peer(y, &a, 80));
	assert_null(indicators_by_id(y, of_name(x, "bad.example.com")->id));
	indicators_free(x);
	indicators_free(y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_taken_or_refused_by_what_it_says),
	    cmocka_unit_test(the_best_match_is_the_narrowest),
	    cmocka_unit_test(a_domain_matches_what_stands_below_it),
	    cmocka_unit_test(columns_are_found_by_their_header_or_their_number),
	    cmocka_unit_test(a_page_does_not_condemn_its_host),
	    cmocka_unit_test(the_same_from_two_feeds_is_confirmed),
	    cmocka_unit_test(only_a_file_of_which_nothing_can_be_read_fails),
	    cmocka_unit_test(many_are_all_found_again),
	    cmocka_unit_test(an_id_is_the_entry_s_in_every_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
