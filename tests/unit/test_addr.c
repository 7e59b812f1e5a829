/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and prefixes. */
#include "rec/addr.h"
#include "unit.h"

static union addr addr(const char *text)
{
	union addr a;
	assert_true(addr_parse(span_of(text), &a));
	return a;
}

static void addresses_are_written_as_read(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {{"192.0.2.1", "192.0.2.1"}, {"2001:DB8:0:0::1", "2001:db8::1"}, {"::", "::"},
	    {"::ffff:192.0.2.1", "192.0.2.1"}, {"255.255.255.255", "255.255.255.255"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		char out[ADDR_TEXT];
		union addr a = addr(rows[i].in);
		addr_text(out, &a);
		assert_string_equal(out, rows[i].out);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "192.0.2", "192.0.2.256", "192.0.2.1 ",
	    "192.0.2.1/24", "2001:db8", ":::", "fe80::1%eth0", "example.com",
	    "00000000000000000000000000000000000000000000000000000000000000000000000000001"};
	union addr a;
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_false(addr_parse(span_of(rows[i]), &a));
}

static void special_addresses_are_neither_line_nor_peer(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool special;
	} rows[] = {{"0.0.0.0", true}, {"127.0.0.1", true}, {"169.254.1.1", true},
	    {"224.0.0.251", true}, {"255.255.255.255", true}, {"::", true}, {"::1", true},
	    {"fe80::1", true}, {"febf::1", true}, {"ff02::fb", true}, {"192.0.2.1", false},
	    {"169.253.1.1", false}, {"223.255.255.255", false}, {"2001:db8::1", false},
	    {"fec0::1", false}, {"fc00::1", false}, {"::2", false}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		union addr a = addr(rows[i].text);
		assert_int_equal(addr_is_special(&a), rows[i].special);
	}
}

static void ipv4_has_its_number(void **state)
{
	(void)state;
	union addr a = addr_v4(0xc0000201), b = addr("192.0.2.1"), c = addr("192.0.2.2");
	assert_true(addr_same(&a, &b));
	assert_true(addr_is_v4(&a));
	assert_int_equal(addr_v4_of(&a), 0xc0000201);
	assert_true(addr_compare(&b, &c) < 0 && addr_compare(&c, &b) > 0);
	a = addr("2001:db8::1");
	assert_false(addr_is_v4(&a));
	a = addr("::");
	assert_true(addr_is_zero(&a));
	a = addr("0.0.0.0");
	assert_true(addr_is_zero(&a));
}

static void prefixes_hold_their_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *text, *in, *out;
	} rows[] = {{"10.1.2.3/8", "10.0.0.0/8", "10.255.0.1", "11.0.0.0"},
	    {"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"},
	    {"100.64.0.0/10", "100.64.0.0/10", "100.127.255.255", "100.128.0.0"},
	    {"2001:db8:1:2::/64", "2001:db8:1:2::/64", "2001:db8:1:2::9", "2001:db8:1:3::9"},
	    {"0.0.0.0/0", "0.0.0.0/0", "203.0.113.9", "2001:db8::1"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		char out[ADDR_TEXT];
		struct prefix p;
		union addr in = addr(rows[i].in), outside = addr(rows[i].out);
		assert_int_equal(prefix_parse(span_of(rows[i].prefix), &p, NULL), ERR_OK);
		prefix_text(out, &p);
		assert_string_equal(out, rows[i].text);
		assert_true(prefix_holds(&p, &in));
		assert_false(prefix_holds(&p, &outside));
	}
}

static void wrong_prefixes_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} rows[] = {{"10.0.0.0/33", "'10.0.0.0/33': a prefix length here is 0..32"},
	    {"2001:db8::/129", "'2001:db8::/129': a prefix length here is 0..128"},
	    {"10.0.0.0/", "'10.0.0.0/': a prefix length here is 0..32"},
	    {"home", "'home' is not an address or prefix such as 192.0.2.0/24"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct prefix p;
		struct err e;
		assert_int_equal(prefix_parse(span_of(rows[i].text), &p, &e), ERR_CONFIG);
		assert_string_equal(e.msg, rows[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_written_as_read),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(special_addresses_are_neither_line_nor_peer),
	    cmocka_unit_test(ipv4_has_its_number),
	    cmocka_unit_test(prefixes_hold_their_addresses),
	    cmocka_unit_test(wrong_prefixes_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
