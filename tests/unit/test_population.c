/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the population hold only where there is one (detection.md 4.1, P6). */
#include "detect/inner.h"
#include "unit.h"
#include <math.h>
#include <string.h>

#define T0 1767323045000ll
enum { HOUR_MS = 3600000, DAY_MS = 86400000 };

static struct population *population(void)
{
	static const struct detect_options o = {.lines = 4096, .destinations = 65536};
	return population_new(&o, NULL);
}

static struct subject line_number(uint32_t i)
{
	return (struct subject){.kind = SUBJECT_V4, .bits = 128, .id = addr_v4(0x0a000000 + i)};
}

static struct contact contact_of(uint32_t line, uint32_t peer, int64_t at_ms)
{
	return (struct contact){.subject = line_number(line),
	    .peer = addr_v4(peer),
	    .start_ms = T0 + at_ms,
	    .end_ms = T0 + at_ms,
	    .proto = PROTO_TCP,
	    .peer_port = 443,
	    .opener = OPENER_SELF,
	    .outcome = OUTCOME_ANSWERED,
	    .sampling = 1};
}

static struct hint seen(struct population *p, const struct contact *c)
{
	struct hint h;
	population_prepare(p, c, &h);
	population_contact(p, c, &h);
	return h;
}

/* Lines 0 .. n-1 speak to the peer; the last one's hint. */
static struct hint used_by(struct population *p, uint32_t n, uint32_t peer, int64_t at_ms)
{
	struct hint h = {0};
	for (uint32_t i = 0; i < n; i++) {
		struct contact c = contact_of(i, peer, at_ms);
		h = seen(p, &c);
	}
	return h;
}

static void few_lines_are_no_population(void **state)
{
	(void)state;
	struct population *p = population();
	struct hint h = used_by(p, 900, 0xcb007101, 0);
	assert_false(h.population || h.popular || h.outage || h.name_outage || h.young);
	assert_true(h.prevalence < 0);
	assert_true(fabs((double)population_lines(p) / 900 - 1) < .05);
	population_free(p);
}

static void a_population_knows_who_is_popular(void **state)
{
	(void)state;
	static const struct {
		uint32_t lines;
		bool popular;
	} rows[] = {{1, false}, {8, false}, {300, true}, {1500, true}};
	struct population *p = population();
	(void)used_by(p, 1500, 0xcb007101, 0);
	for (uint32_t i = 0; i < ROWS(rows); i++) {
		struct hint h = used_by(p, rows[i].lines, 0xcb007102 + i, 1000);
		double share = rows[i].lines / 1500.;
		assert_true(h.population);
		assert_int_equal(h.popular, rows[i].popular);
		if (h.prevalence < share * .4 || h.prevalence > share * 2.5)
			fail_msg("%u lines: prevalence %.5f", rows[i].lines, h.prevalence);
	}
	population_free(p);
}

static void only_what_lines_open_is_use(void **state)
{
	(void)state;
	struct population *p = population();
	(void)used_by(p, 1500, 0xcb007101, 0);
	for (uint32_t i = 0; i < 400; i++) {
		struct contact c = contact_of(i, 0xcb007102, 1000);
		if (i % 2)
			c.opener = OPENER_PEER;
		else
			c.marks = CONTACT_UPDATE;
		(void)seen(p, &c);
	}
	struct hint h = used_by(p, 1, 0xcb007102, 2000);
	assert_false(h.popular);
	assert_true(h.prevalence < .005);
	population_free(p);
}

static void use_is_forgotten_within_a_day(void **state)
{
	(void)state;
	struct population *p = population();
	(void)used_by(p, 1500, 0xcb007101, 0);
	(void)used_by(p, 1500, 0xcb007102, 25 * HOUR_MS);
	assert_false(used_by(p, 1, 0xcb007101, 26 * HOUR_MS).popular);
	struct hint h = used_by(p, 1, 0xcb007103, 60 * HOUR_MS);
	assert_false(h.population); /* nobody was active in the last day */
	population_free(p);
}

static void first_seen_counts_once_the_table_is_old_enough(void **state)
{
	(void)state;
	struct population *p = population();
	(void)used_by(p, 1500, 0xcb007101, 0);
	assert_false(used_by(p, 1, 0xcb007102, 6ll * DAY_MS).young);
	assert_true(used_by(p, 1, 0xcb007103, 8ll * DAY_MS).young);
	assert_false(used_by(p, 1, 0xcb007101, 8ll * DAY_MS).young);
	population_free(p);
}

static bool fails_together(uint32_t active, uint32_t failing)
{
	struct population *p = population();
	bool outage = false;
	(void)used_by(p, active, 0xcb007101, 0);
	for (uint32_t i = 0; i < failing; i++) {
		/* towards one /20, each line its own address */
		struct contact c = contact_of(i, 0xc6336000 + i % 4000, 1000);
		c.outcome = OUTCOME_UNANSWERED;
		outage |= seen(p, &c).outage;
	}
	population_free(p);
	return outage;
}

static void a_neighbourhood_that_fails_everybody_is_down(void **state)
{
	(void)state;
	assert_true(fails_together(2000, 400));
	assert_false(fails_together(2000, 30));
	assert_false(fails_together(900, 800)); /* no population */
}

static struct hint look_up(struct population *p, uint32_t line, uint8_t rcode, int64_t at_ms)
{
	struct dns d = {.client = line_number(line).id, .time_ms = T0 + at_ms, .rcode = rcode};
	struct lookup l = {line_number(line), &d};
	struct hint h;
	assert_true(dns_set_name(&d, span_of("www.example.com")));
	population_lookup(p, &l, &h);
	return h;
}

/* 2,000 look-ups per 10 minutes, of which a share is not found. */
static bool names_fail(struct population *p, int window, double share)
{
	bool outage = false;
	for (uint32_t i = 0; i < 2000; i++)
		outage |= look_up(p, i % 1500, i % 1000 < share * 1000 ? DNS_NXDOMAIN : DNS_NOERROR,
		    window * 600000ll)
			      .name_outage;
	return outage;
}

static void names_that_fail_everywhere_are_an_outage(void **state)
{
	(void)state;
	struct population *p = population();
	bool usual = false;
	for (int w = 0; w < 5; w++)
		usual |= names_fail(p, w, .05);
	assert_false(usual);
	assert_true(names_fail(p, 5, .5));
	assert_false(names_fail(p, 6, .05));
	population_free(p);
}

static void the_hint_says_what_the_peer_is(void **state)
{
	(void)state;
	struct population *p = population();
	struct contact c = contact_of(1, 0xcb007101, 0);
	c.peer_port = 23;
	struct hint h = seen(p, &c);
	assert_int_equal(h.port_class, CLASS_B);
	assert_true(h.external);
	c.marks = CONTACT_PEER_INSIDE;
	assert_false(seen(p, &c).external);
	c.peer = addr_v4(0xcb00fe01); /* the same /16 */
	assert_true(seen(p, &c).net == h.net && seen(p, &c).peer != h.peer);
	h = look_up(p, 1, DNS_NOERROR, 0);
	assert_int_equal(h.domain.n, strlen("example.com"));
	population_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(few_lines_are_no_population),
	    cmocka_unit_test(a_population_knows_who_is_popular),
	    cmocka_unit_test(only_what_lines_open_is_use),
	    cmocka_unit_test(use_is_forgotten_within_a_day),
	    cmocka_unit_test(first_seen_counts_once_the_table_is_old_enough),
	    cmocka_unit_test(a_neighbourhood_that_fails_everybody_is_down),
	    cmocka_unit_test(names_that_fail_everywhere_are_an_outage),
	    cmocka_unit_test(the_hint_says_what_the_peer_is),
	};
	return cmocka_run_group_tests_name("population", tests, NULL, NULL);
}
