/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS records. */
#include "rec/dns.h"
#include "unit.h"
#include <string.h>

static void names_are_lowered_and_bounded(void **state)
{
	(void)state;
	struct dns d = {0};
	assert_true(dns_set_name(&d, span_of("WWW.Example.COM.")));
	assert_string_equal(d.name, "www.example.com");
	assert_int_equal(d.name_n, 15);
	assert_true(dns_set_name(&d, span_of(".")));
	assert_string_equal(d.name, "");
	char longest[DNS_NAME_MAX + 3];
	memset(longest, 'a', sizeof longest);
	assert_true(dns_set_name(&d, (struct span){longest, DNS_NAME_MAX}));
	assert_false(dns_set_name(&d, (struct span){longest, DNS_NAME_MAX + 1}));
}

static void types_and_codes_have_names(void **state)
{
	(void)state;
	char out[16];
	static const struct {
		uint16_t type;
		const char *word;
	} rows[] = {{DNS_A, "A"}, {DNS_AAAA, "AAAA"}, {DNS_HTTPS, "HTTPS"}, {65280, "TYPE65280"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		dns_type_text(out, rows[i].type);
		assert_string_equal(out, rows[i].word);
		assert_int_equal(dns_type_of(span_of(rows[i].word)), rows[i].type);
	}
	assert_int_equal(dns_type_of(span_of("65280")), 65280);
	assert_int_equal(dns_type_of(span_of("65536")), 0);
	assert_int_equal(dns_type_of(span_of("nonsense")), 0);
	dns_rcode_text(out, DNS_NXDOMAIN);
	assert_string_equal(out, "NXDOMAIN");
	assert_int_equal(dns_rcode_of(span_of("nxdomain")), DNS_NXDOMAIN);
	assert_int_equal(dns_rcode_of(span_of("-")), DNS_RCODE_NONE);
}

static void answers_stop_where_the_room_ends(void **state)
{
	(void)state;
	struct dns d = {.time_ms = 1};
	union addr a = addr_v4(0xc0000201);
	for (int i = 0; i < DNS_ADDRS_MAX + 5; i++)
		dns_add_addr(&d, &a);
	assert_int_equal(d.addr_n, DNS_ADDRS_MAX);
	for (int i = 0; i < 100; i++)
		dns_add_other(&d, "mx.example.net", 14);
	assert_true(d.other_n <= DNS_OTHER_BYTES);
	size_t before = d.other_n;
	dns_add_other(&d, "a\0b", 3);
	dns_add_other(&d, "", 0);
	assert_int_equal(d.other_n, before);
	assert_int_equal(dns_check(&d), ERR_OK);
}

static void json_has_what_was_seen(void **state)
{
	(void)state;
	struct text t = {0};
	struct json j = json_to(&t);
	struct dns d = {.time_ms = 1500,
	    .client = addr_v4(0x0a000001),
	    .qtype = DNS_A,
	    .rcode = DNS_RCODE_NONE};
	dns_set_name(&d, span_of("example.com"));
	dns_json(&d, &j);
	assert_string_equal(t.p,
	    "{\"type\":\"dns\",\"time\":\"1970-01-01T00:00:01.500Z\","
	    "\"client\":\"10.0.0.1\",\"name\":\"example.com\",\"qtype\":\"A\"}\n");
	text_reset(&t);
	union addr answer = addr_v4(0xc0000201);
	d.rcode = DNS_NOERROR;
	d.server = addr_v4(0x0a000035);
	d.has_ttl = true;
	d.ttl_s = 60;
	dns_add_other(&d, "www.example.net", 15);
	dns_add_addr(&d, &answer);
	dns_json(&d, &j);
	assert_string_equal(t.p,
	    "{\"type\":\"dns\",\"time\":\"1970-01-01T00:00:01.500Z\","
	    "\"client\":\"10.0.0.1\",\"server\":\"10.0.0.53\",\"name\":\"example.com\","
	    "\"qtype\":\"A\",\"rcode\":\"NOERROR\","
	    "\"answers\":[\"192.0.2.1\",\"www.example.net\"],\"ttl\":60}\n");
	text_fini(&t);
}

static void a_record_without_time_is_bad(void **state)
{
	(void)state;
	struct dns d = {0};
	assert_int_equal(dns_check(&d), ERR_INPUT);
}

/* Who reads them stops at the NUL: one that is missing is no record. */
static void text_without_end_is_bad(void **state)
{
	(void)state;
	struct dns d = {.time_ms = 1500};
	assert_true(dns_set_name(&d, span_of("www.example.com")));
	dns_add_other(&d, "mx.example.net", 14);
	assert_int_equal(dns_check(&d), ERR_OK);
	d.other[d.other_n - 1] = 'x';
	assert_int_equal(dns_check(&d), ERR_INPUT);
	d.other_n = 0;
	assert_int_equal(dns_check(&d), ERR_OK);
	d.name[d.name_n] = 'x';
	assert_int_equal(dns_check(&d), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_lowered_and_bounded),
	    cmocka_unit_test(types_and_codes_have_names),
	    cmocka_unit_test(answers_stop_where_the_room_ends),
	    cmocka_unit_test(json_has_what_was_seen),
	    cmocka_unit_test(a_record_without_time_is_bad),
	    cmocka_unit_test(text_without_end_is_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
