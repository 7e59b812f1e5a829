/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exporter rules, listeners and token buckets. */
#include "collect/collect.h"
#include "unit.h"
#include <string.h>

static void rules_are_read_or_named(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		uint32_t sampling;
		uint64_t rate;
		uint8_t ttl, bits;
		enum rule_dialect dialect;
	} rows[] = {
	    {"192.0.2.1", true, 0, 0, 0, 128, RULE_RFC8158},
	    {"192.0.2.0/24,sampling=auto", true, 0, 0, 0, 120, RULE_RFC8158},
	    {"192.0.2.1,sampling=1000,dialect=junos,rate=50000,ttl=254", true, 1000, 50000, 254,
		128, RULE_JUNOS},
	    {"2001:db8::/32,sampling=1,dialect=rfc8158", true, 1, 0, 0, 32, RULE_RFC8158},
	    {"", false, 0, 0, 0, 0, 0},
	    {"router", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1/33", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,sampling=0", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,sampling=1000001", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,sampling", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,dialect=cisco", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,rate=0", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,rate=-1", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,skew=1 week", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,skew=2 d", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,realm=0", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,realm=4294967296", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,ttl=256", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,speed=9", false, 0, 0, 0, 0, 0},
	    {"10.0.0.1/8", false, 0, 0, 0, 0, 0},
	    {"2001:db8::1/32", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,prefixes=", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,prefixes=100.64.0.0/10+", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,prefixes=100.64.0.1/10", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,via=", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,via=no-such-interface", false, 0, 0, 0, 0, 0},
	    {"192.0.2.1,via=lo,ttl=255", true, 0, 0, 255, 128, RULE_RFC8158},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct exporter_rule r;
		struct err e = {0};
		int bad = exporter_rule_parse(&r, rows[i].text, &e);
		if (!rows[i].good) {
			assert_int_equal(bad, ERR_CONFIG);
			assert_true(e.msg[0] != '\0');
			continue;
		}
		assert_int_equal(bad, ERR_OK);
		assert_int_equal(r.sampling, rows[i].sampling);
		assert_int_equal(r.rate, rows[i].rate);
		assert_int_equal(r.ttl, rows[i].ttl);
		assert_int_equal(r.from.bits, rows[i].bits);
		assert_int_equal(r.dialect, rows[i].dialect);
		assert_int_equal(exporter_rule_single(&r), rows[i].bits == 128);
	}
}

static void realm_and_clock_are_taken(void **state)
{
	(void)state;
	struct exporter_rule r;
	assert_int_equal(
	    exporter_rule_parse(&r, "192.0.2.1,skew=-2 min,realm=4294967295", NULL), 0);
	assert_int_equal(r.skew_ms, -120000);
	assert_int_equal(r.realm, 4294967295);
	assert_int_equal(exporter_rule_parse(&r, "192.0.2.1", NULL), 0);
	assert_int_equal(r.skew_ms, 0);
	assert_int_equal(r.realm, 0);
}

static void the_longest_prefix_decides(void **state)
{
	(void)state;
	struct exporter_rule v[3];
	union addr a;
	assert_int_equal(exporter_rule_parse(&v[0], "192.0.2.0/24,sampling=2", NULL), 0);
	assert_int_equal(exporter_rule_parse(&v[1], "192.0.2.7,sampling=3", NULL), 0);
	assert_int_equal(exporter_rule_parse(&v[2], "192.0.2.0/25,sampling=4", NULL), 0);
	static const struct {
		const char *from;
		uint32_t sampling; /* 0: not allowed */
	} rows[] = {{"192.0.2.7", 3}, {"192.0.2.8", 4}, {"192.0.2.200", 2}, {"192.0.3.1", 0},
	    {"2001:db8::1", 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_true(addr_parse(span_of(rows[i].from), &a));
		const struct exporter_rule *r = exporter_rule_of(v, ROWS(v), &a);
		assert_int_equal(r ? r->sampling : 0, rows[i].sampling);
	}
	assert_null(exporter_rule_of(NULL, 0, &a));
}

static void an_exporter_reports_its_prefixes(void **state)
{
	(void)state;
	static const struct {
		const char *src, *dst;
		bool reports;
	} rows[] = {
	    {"100.64.1.1", "198.51.100.1", true},
	    {"198.51.100.1", "100.127.255.255", true},
	    {"2001:db8::1", "2001:db9::1", true},
	    {"100.128.0.0", "198.51.100.1", false},
	    {"2001:db9::1", "2001:dba::1", false},
	};
	struct exporter_rule r, any;
	struct text many = {0};
	union addr src, dst;
	assert_int_equal(
	    exporter_rule_parse(&r, "192.0.2.1,prefixes=100.64.0.0/10+2001:db8::/32", NULL), 0);
	assert_int_equal(r.prefixes_n, 2);
	assert_int_equal(exporter_rule_parse(&any, "192.0.2.1", NULL), 0);
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_true(addr_parse(span_of(rows[i].src), &src));
		assert_true(addr_parse(span_of(rows[i].dst), &dst));
		assert_int_equal(exporter_rule_reports(&r, &src, &dst), rows[i].reports);
		assert_true(exporter_rule_reports(&any, &src, &dst));
	}
	text_puts(&many, "192.0.2.1,prefixes=10.0.0.0/8");
	for (int i = 1; i < RULE_PREFIXES_MAX; i++)
		text_puts(&many, "+10.0.0.0/8");
	assert_int_equal(exporter_rule_parse(&r, many.p, NULL), 0);
	text_puts(&many, "+10.0.0.0/8");
	assert_int_equal(exporter_rule_parse(&r, many.p, NULL), ERR_CONFIG);
	text_fini(&many);
}

static void a_bucket_lets_its_rate_through(void **state)
{
	(void)state;
	struct bucket b = {0};
	assert_int_equal(bucket_take(&b, 0, 1000, 99), 99); /* off */
	assert_int_equal(bucket_take(&b, 1000, 1000, 600), 600);
	assert_int_equal(bucket_take(&b, 1000, 1000, 600), 400); /* full at first, one second */
	assert_int_equal(bucket_take(&b, 1000, 1000, 600), 0);
	assert_int_equal(bucket_take(&b, 1000, 1100, 600), 100);
	assert_int_equal(bucket_take(&b, 1000, 500, 600), 0); /* a clock that goes back */
	assert_int_equal(bucket_take(&b, 1000, 1000000, 5000), 1000);
	uint64_t sum = 0;
	for (int64_t ms = 1000000; ms < 1010000; ms += 7)
		sum += bucket_take(&b, 1000, ms, 30);
	assert_in_range(sum, 9900, 10010);
}

static void listeners_are_read_and_written(void **state)
{
	(void)state;
	static const char *const good[] = {"udp:0.0.0.0:2055", "udp:[::]:4739",
	    "tcp:192.0.2.1:4739", "tcp:[2001:db8::1]:0", "unix:/run/x.sock",
	    "dir:/var/cache/nfdump"};
	static const char *const wrong[] = {"", "udp", "udp:", "udp:2055", "udp:host:2055",
	    "udp:192.0.2.1:65536", "udp:192.0.2.1:", "udp:2001:db8::1:2055", "udp:[192.0.2.1]:1",
	    "icmp:192.0.2.1:1", "unix:", "dir:", "udp:[::]2055"};
	struct listen l;
	for (size_t i = 0; i < ROWS(good); i++) {
		struct text t = {0};
		assert_int_equal(listen_parse(&l, good[i], NULL), ERR_OK);
		listen_text(&l, &t);
		assert_string_equal(t.p, good[i]);
		text_fini(&t);
	}
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct err e = {0};
		assert_int_equal(listen_parse(&l, wrong[i], &e), ERR_CONFIG);
		assert_non_null(strstr(e.msg, "--listen"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_are_read_or_named),
	    cmocka_unit_test(realm_and_clock_are_taken),
	    cmocka_unit_test(the_longest_prefix_decides),
	    cmocka_unit_test(an_exporter_reports_its_prefixes),
	    cmocka_unit_test(a_bucket_lets_its_rate_through),
	    cmocka_unit_test(listeners_are_read_and_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
