/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which line an address is, and which addresses are neither line nor peer. */
#include "attributed.h"

static void look_up(struct attributed *x, const char *src, const char *dst)
{
	x->out.n = 0;
	attributed_add(
	    x, &(struct packet_row){.src = src, .dst = dst, .sport = 1, .dport = 2, .flags = SYN});
	attribute_flush(x->a, &x->out);
}

static void the_innermost_prefix_decides(void **state)
{
	(void)state;
	static const char *const named[] = {"192.0.2.0/24", "192.0.2.64/26,line=28",
	    "192.0.2.72/29,line=29", "192.0.2.128/25,line=25", "2001:db8::/32",
	    "2001:db8:f::/48,line=56", "2001:db8:f:1::/64,line=128", "2001:db8:e::5"};
	static const struct {
		const char *address, *line; /* NULL: not inside */
	} rows[] = {
	    {"192.0.2.0", "192.0.2.0"},
	    {"192.0.2.63", "192.0.2.63"},
	    {"192.0.2.64", "192.0.2.64/28"},
	    {"192.0.2.71", "192.0.2.64/28"},
	    {"192.0.2.72", "192.0.2.72/29"},
	    {"192.0.2.79", "192.0.2.72/29"},
	    {"192.0.2.80", "192.0.2.80/28"},
	    {"192.0.2.127", "192.0.2.112/28"},
	    {"192.0.2.255", "192.0.2.128/25"},
	    {"192.0.3.0", NULL},
	    {"192.0.1.255", NULL},
	    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
	    {"2001:db8:f:2ff::1", "2001:db8:f:200::/56"},
	    {"2001:db8:f:1::7", "2001:db8:f:1::7"},
	    {"2001:db8:f:2::7", "2001:db8:f::/56"},
	    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8:ffff:ffff::/64"},
	    {"2001:db9::1", NULL},
	    {"::ffff:192.0.2.9", "192.0.2.9"},
	};
	struct attributed x = attributed_new(named[0], 1024);
	for (size_t i = 1; i < ROWS(named); i++)
		assert_int_equal(attribute_inside(x.a, named[i], NULL), ERR_OK);
	for (size_t i = 0; i < ROWS(rows); i++) {
		char got[ADDR_TEXT] = "";
		look_up(&x, rows[i].address, "203.0.113.9");
		if (x.out.n)
			subject_text(got, &x.out.v[0].subject);
		assert_string_equal(got, rows[i].line ? rows[i].line : "");
	}
	attributed_fini(&x);
}

static void wrong_words_are_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "x", "192.0.2.0/33", "192.0.2.0/24,line=23",
	    "192.0.2.0/24,line=33", "192.0.2.0/24,line=", "192.0.2.0/24,lines=32",
	    "2001:db8::/32,line=129", "2001:db8::/32,line=31"};
	struct attributed x = attributed_new(NULL, 1024);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct err e = {0};
		assert_int_equal(attribute_inside(x.a, rows[i], &e), ERR_CONFIG);
		assert_true(e.msg[0] != '\0');
	}
	attributed_fini(&x);
}

static void special_addresses_are_neither_line_nor_peer(void **state)
{
	(void)state;
	static const char *const rows[] = {"224.0.0.251", "255.255.255.255", "0.0.0.0", "127.0.0.1",
	    "169.254.1.1", "240.0.0.1", "::", "::1", "ff02::fb", "fe80::1"};
	struct attributed x = attributed_new("0.0.0.0/0", 1024);
	assert_int_equal(attribute_inside(x.a, "::/0", NULL), ERR_OK);
	for (size_t i = 0; i < ROWS(rows); i++) {
		look_up(&x, "10.0.0.1", rows[i]);
		assert_int_equal(x.out.n, 0);
		look_up(&x, rows[i], "10.0.0.1");
		assert_int_equal(x.out.n, 0);
	}
	assert_int_equal(attribute_counted(x.a)->special, 2 * ROWS(rows));
	attributed_fini(&x);
}

static void two_lines_see_the_contact_from_both_ends(void **state)
{
	(void)state;
	struct attributed x = attributed_new("10.0.0.0/8", 1024);
	look_up(&x, "10.0.0.1", "10.0.0.2");
	assert_int_equal(x.out.n, 2);
	int by_line[3] = {0};
	for (size_t i = 0; i < 2; i++) {
		const struct contact *c = &x.out.v[i];
		assert_true(c->marks & CONTACT_PEER_INSIDE);
		assert_int_equal(c->outcome, OUTCOME_UNANSWERED);
		by_line[c->subject.id.b[15]] = c->opener;
	}
	assert_int_equal(by_line[1], OPENER_SELF);
	assert_int_equal(by_line[2], OPENER_PEER);
	attributed_fini(&x);

	x = attributed_new("10.0.0.0/8,line=24", 1024);
	look_up(&x, "10.0.0.1", "10.0.0.2");
	assert_int_equal(x.out.n, 0); /* within one line */
	attributed_fini(&x);
}

static void what_is_not_inside_is_counted_and_named(void **state)
{
	(void)state;
	struct attributed x = attributed_new("10.0.0.0/8", 1024);
	struct text t = {0};
	for (int i = 0; i < 3; i++)
		look_up(&x, "198.51.100.1", "203.0.113.1");
	look_up(&x, "198.51.100.1", "2001:db8::1");
	assert_int_equal(attribute_counted(x.a)->no_inside, 4);
	attribute_frequent(x.a, &t);
	assert_string_equal(t.p, "198.51.0.0/16, 203.0.0.0/16, 2001:db8::/32");
	text_fini(&t);
	attributed_fini(&x);
}

static void private_and_cgn_ranges_stand_in_for_none(void **state)
{
	(void)state;
	static const struct {
		const char *address;
		bool inside;
	} rows[] = {{"10.1.2.3", true}, {"172.16.0.1", true}, {"172.32.0.1", false},
	    {"192.168.0.1", true}, {"192.169.0.1", false}, {"100.64.0.1", true},
	    {"100.128.0.1", false}, {"fd00::1", true}, {"2001:db8::1", false}};
	struct attributed x = attributed_new(NULL, 1024);
	for (size_t i = 0; i < ROWS(rows); i++) {
		look_up(&x, rows[i].address, "203.0.113.1");
		assert_int_equal(x.out.n, rows[i].inside);
	}
	attributed_fini(&x);
}

static void look_ups_belong_to_the_line_that_asked(void **state)
{
	(void)state;
	struct attributed x = attributed_new("10.0.0.0/8", 1024);
	struct lookup l;
	struct dns d = {.client = addr_of("10.0.0.1"), .server = addr_of("192.0.2.53")};
	assert_true(attribute_dns(x.a, &d, &l));
	assert_ptr_equal(l.dns, &d);
	d.client = addr_of("192.0.2.53");
	assert_false(attribute_dns(x.a, &d, &l));
	d.client = addr_of("127.0.0.1");
	assert_false(attribute_dns(x.a, &d, &l));
	assert_int_equal(attribute_counted(x.a)->no_inside, 1);
	assert_int_equal(attribute_counted(x.a)->special, 1);
	attributed_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_innermost_prefix_decides),
	    cmocka_unit_test(wrong_words_are_refused),
	    cmocka_unit_test(special_addresses_are_neither_line_nor_peer),
	    cmocka_unit_test(two_lines_see_the_contact_from_both_ends),
	    cmocka_unit_test(what_is_not_inside_is_counted_and_named),
	    cmocka_unit_test(private_and_cgn_ranges_stand_in_for_none),
	    cmocka_unit_test(look_ups_belong_to_the_line_that_asked),
	};
	return cmocka_run_group_tests_name("inside", tests, NULL, NULL);
}
