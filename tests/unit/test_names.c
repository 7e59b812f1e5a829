/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registered domains, special names and measures of labels. */
#include "detect/inner.h"
#include "unit.h"
#include <string.h>
#include <threads.h>

static const struct {
	const char *name, *domain;
} domains[] = {{"example.com", "example.com"}, {"www.example.com", "example.com"},
    {"a.b.c.example.co.uk", "example.co.uk"}, {"com", ""}, {"co.uk", ""}, {"", ""}, {".", ""},
    {"localhost", ""}, {"host.corp", ""}, {"a.made-up-ending", ""},
    {"1.0.0.127.in-addr.arpa", "127.in-addr.arpa"},
    /* the list's private section: each customer is his own */
    {"x.customer.blogspot.com", "customer.blogspot.com"}, {"box.duckdns.org", "box.duckdns.org"},
    /* a wildcard and an exception to it */
    {"a.b.c.ck", "b.c.ck"}, {"c.ck", ""}, {"a.www.ck", "www.ck"},
    {"xn--80ak6aa92e.xn--p1ai", "xn--80ak6aa92e.xn--p1ai"}, {"a..b", ""},
    {"x.\\000\\255.example.org", "example.org"}};

static void the_longest_rule_of_the_list_wins(void **state)
{
	(void)state;
	for (int pass = 0; pass < 2; pass++) /* the second from the cache */
		for (size_t i = 0; i < ROWS(domains); i++) {
			struct span d = registered_domain(span_of(domains[i].name));
			if (!span_is(d, domains[i].domain))
				fail_msg("%s: %.*s", domains[i].name, (int)d.n, d.p);
		}
}

static void names_of_any_length_are_safe(void **state)
{
	(void)state;
	char name[DNS_NAME_MAX + 40];
	for (size_t n = 0; n < sizeof name; n++) {
		memset(name, n % 3 ? 'a' : '.', n);
		struct span d = registered_domain((struct span){name, n});
		assert_int_equal(d.n, 0);
		(void)is_special_name((struct span){name, n});
	}
	memset(name, 'a', sizeof name);
	memcpy(name + DNS_NAME_MAX - 4, ".com", 4);
	assert_int_equal(registered_domain((struct span){name, DNS_NAME_MAX}).n, DNS_NAME_MAX);
}

static int look_up_all(void *unused)
{
	int wrong = 0;
	(void)unused;
	for (int i = 0; i < 2000; i++)
		for (size_t k = 0; k < ROWS(domains); k++)
			wrong += !span_is(
			    registered_domain(span_of(domains[k].name)), domains[k].domain);
	return wrong;
}

static void several_threads_may_ask(void **state)
{
	(void)state;
	thrd_t thread[4];
	for (size_t i = 0; i < ROWS(thread); i++)
		assert_int_equal(thrd_create(&thread[i], look_up_all, NULL), thrd_success);
	for (size_t i = 0; i < ROWS(thread); i++) {
		int wrong = -1;
		assert_int_equal(thrd_join(thread[i], &wrong), thrd_success);
		assert_int_equal(wrong, 0);
	}
}

static void special_names_are_nobodys(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool special;
	} rows[] = {{"printer", true}, {"printer.lan", true}, {"a.b.local", true},
	    {"4.3.2.1.in-addr.arpa", true}, {"wpad.example.com", true}, {"x.home", true},
	    {"abc.onion", true}, {"", true}, {"example.com", false}, {"local.example.com", false},
	    {"lan.org", false}, {"mywpad.example.com", false}};
	for (size_t i = 0; i < ROWS(rows); i++)
		if (is_special_name(span_of(rows[i].name)) != rows[i].special)
			fail_msg("%s", rows[i].name);
}

static void public_suffixes_are_known(void **state)
{
	(void)state;
	assert_true(is_public_suffix(span_of("com")));
	assert_true(is_public_suffix(span_of("github.io")));
	assert_false(is_public_suffix(span_of("example.com")));
	assert_false(is_public_suffix(span_of("made-up-ending")));
	assert_false(is_public_suffix(span_of("")));
}

static void an_escaped_byte_is_one_byte(void **state)
{
	(void)state;
	static const struct {
		const char *labels;
		size_t bytes;
		double entropy;
	} rows[] = {{"", 0, 0}, {"aaaa", 4, 0}, {"ab", 2, 1}, {"abcd", 4, 2}, {"\\001\\002", 2, 1},
	    {"\\046\\046", 2, 0}, {"\\25", 3, 1.5849625}, {"0123456789abcdef", 16, 4}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(labels_bytes(span_of(rows[i].labels)), rows[i].bytes);
		assert_float_equal(
		    (float)label_entropy(span_of(rows[i].labels)), (float)rows[i].entropy, 1e-5f);
	}
	assert_int_equal(labels_bytes(span_of("ab.cde.f")), 6);
	assert_int_equal(labels_bytes(span_of("...")), 0);
	assert_int_equal(labels_bytes(span_of("\\046.\\046")), 2);
}

static void addresses_turned_round_are_seen(void **state)
{
	(void)state;
	static const struct {
		const char *labels;
		bool is;
	} rows[] = {{"4.3.2.1", true}, {"4.3.2.1.zen", true}, {"4.3.2", false},
	    {"4.3.2.256", false}, {"a.4.3.2.1", false},
	    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2", true},
	    {"1.0.0.a.0.b.c.d.e", false}, {"", false}, {"....", false}};
	for (size_t i = 0; i < ROWS(rows); i++)
		if (is_reversed_address(span_of(rows[i].labels)) != rows[i].is)
			fail_msg("%s", rows[i].labels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_rule_of_the_list_wins),
	    cmocka_unit_test(names_of_any_length_are_safe),
	    cmocka_unit_test(several_threads_may_ask),
	    cmocka_unit_test(special_names_are_nobodys),
	    cmocka_unit_test(public_suffixes_are_known),
	    cmocka_unit_test(an_escaped_byte_is_one_byte),
	    cmocka_unit_test(addresses_turned_round_are_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
