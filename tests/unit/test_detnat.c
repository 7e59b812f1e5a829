/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deterministic NAT: each rule's published example, and that back and forth agree over all ports.
 */
#include "attribute/detnat_sets.h"
#include "base/mem.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static struct detnat set_of(const char *text)
{
	struct detnat d;
	struct err e = {0};
	if (detnat_parse(span_of(text), &d, &e) != ERR_OK)
		fail_msg("%s: %s", text, e.msg);
	return d;
}

static union addr addr(const char *text)
{
	union addr a;
	assert_true(addr_parse(span_of(text), &a));
	return a;
}

static const char junos[] = "junos inside=10.1.0.0/16 outside=44.44.44.1-44.44.44.254";
static const char nftables[] = "nftables inside=100.64.0.0/28 outside=192.0.2.0/30 block=8000";
static const char rfc7422[] = "rfc7422 inside=198.51.100.0/28 outside=192.0.2.0/31 dynamic=2";

static void each_rule_gives_its_published_example(void **state)
{
	(void)state;
	static const struct {
		const char *set, *inside, *outside;
		uint16_t first, last;
	} rows[] = {
	    {junos, "10.1.1.250", "44.44.44.2", 62257, 62505},
	    {junos, "10.1.0.1", "44.44.44.1", 1024, 1272},
	    {nftables, "100.64.0.0", "192.0.2.0", 1024, 9023},
	    {nftables, "100.64.0.7", "192.0.2.0", 57024, 65023},
	    {nftables, "100.64.0.8", "192.0.2.1", 1024, 9023},
	    {rfc7422, "198.51.100.0", "192.0.2.0", 1024, 7474},
	    {rfc7422, "198.51.100.7", "192.0.2.0", 46181, 52631},
	    {rfc7422, "198.51.100.8", "192.0.2.1", 1024, 7474},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct detnat d = set_of(rows[i].set);
		struct detnat_ports p[DETNAT_PARTS];
		union addr inside = addr(rows[i].inside), outside = addr(rows[i].outside);
		assert_int_equal(detnat_outside(&d, &inside, p), 1);
		assert_true(addr_same(&p[0].addr, &outside));
		assert_int_equal(p[0].first, rows[i].first);
		assert_int_equal(p[0].last, rows[i].last);
	}
}

static void what_is_given_to_nobody_has_no_holder(void **state)
{
	(void)state;
	static const struct {
		const char *set, *outside;
		uint16_t port;
	} rows[] = {{nftables, "192.0.2.0", 65024},
	    {nftables, "192.0.2.0", 1023}, /* left over, reserved */
	    {nftables, "192.0.2.2", 1024},
	    {nftables, "192.0.2.4", 1024}, /* not needed, not its own */
	    {nftables, "2001:db8::1", 1024}, {rfc7422, "192.0.2.0", 52632}, /* dynamic */
	    {junos, "44.44.44.255", 1024}, {junos, "44.44.44.0", 1024}};
	union addr inside;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct detnat d = set_of(rows[i].set);
		union addr outside = addr(rows[i].outside);
		if (detnat_inside(&d, &outside, rows[i].port, &inside))
			fail_msg("%s, %s:%u", rows[i].set, rows[i].outside, rows[i].port);
	}
	struct detnat d = set_of(junos);
	struct detnat_ports p[DETNAT_PARTS];
	inside = addr("10.1.0.0"); /* the boundary of its prefix */
	assert_int_equal(detnat_outside(&d, &inside, p), 0);
	inside = addr("10.1.255.255");
	assert_int_equal(detnat_outside(&d, &inside, p), 0);
	inside = addr("2001:db8::1");
	assert_int_equal(detnat_outside(&d, &inside, p), 0);
	d = set_of("junos inside=10.1.0.0/24 outside=44.44.44.1-44.44.44.2 boundary");
	inside = addr("10.1.0.0");
	assert_int_equal(detnat_outside(&d, &inside, p), 1);
}

/* Marks every port that somebody holds, asserts that nobody else does, and compares with the way
 * back for every port of every outside address. */
static void back_and_forth(const char *text)
{
	struct detnat d = set_of(text);
	uint32_t *holder = mem_new((size_t)d.outside_n * 65536, sizeof *holder);
	for (uint32_t i = 0; i < d.inside_n; i++) {
		struct detnat_ports p[DETNAT_PARTS];
		union addr inside = addr_v4(d.inside + i);
		uint32_t held = 0;
		size_t n = detnat_outside(&d, &inside, p);
		assert_true(n >= 1 && n <= DETNAT_PARTS);
		for (size_t k = 0; k < n; k++)
			for (uint32_t port = p[k].first; port <= p[k].last; port++, held++) {
				uint32_t at = addr_v4_of(&p[k].addr) - d.outside;
				assert_true(at < d.outside_n);
				assert_int_equal(holder[at * 65536 + port], 0);
				holder[at * 65536 + port] = i + 1;
			}
		assert_int_equal(held, d.block);
	}
	for (uint32_t at = 0; at < d.outside_n * 65536; at++) {
		union addr outside = addr_v4(d.outside + at / 65536), inside = addr_v4(0);
		bool held = detnat_inside(&d, &outside, (uint16_t)at, &inside);
		if (held != (holder[at] != 0) ||
		    (held && addr_v4_of(&inside) != d.inside + holder[at] - 1))
			fail_msg("%s: port %u of outside address %u", text, at % 65536, at / 65536);
	}
	free(holder);
}

static void back_and_forth_agree_over_all_ports(void **state)
{
	(void)state;
	back_and_forth(nftables);
	back_and_forth(rfc7422);
	back_and_forth(junos);
	back_and_forth("junos inside=10.0.0.0/22 outside=192.0.2.1-192.0.2.9 block=500 boundary");
	back_and_forth("junos inside=10.0.0.0-10.0.0.6 outside=192.0.2.1/32");
	back_and_forth("rfc7422 inside=10.0.0.0/23 outside=192.0.2.0/28 dynamic=3 first-port=4096");
	back_and_forth("rfc7422 inside=10.0.0.0-10.0.0.9 outside=192.0.2.0-192.0.2.2");
	back_and_forth("nftables inside=10.0.0.0/24 outside=192.0.2.0/29 block=2000");
	back_and_forth("nftables inside=10.0.0.9/32 outside=192.0.2.0/32 block=65536 first-port=0");
}

/* By RFC 7422, done as it reads: the ports of an address that are not excluded are listed, cut into
 * blocks of as many as there are for each share, and dealt out; the last shares are nobody's. */
static void deal_out(uint32_t *holder, uint32_t inside_n, uint32_t outside_n, uint32_t dynamic,
    const uint16_t (*ranges)[2], size_t range_n)
{
	uint32_t given[65536], given_n = 0, shares = (inside_n + outside_n - 1) / outside_n;
	for (uint32_t port = 0; port < 65536; port++) {
		bool excluded = false;
		for (size_t i = 0; i < range_n; i++)
			excluded |= port >= ranges[i][0] && port <= ranges[i][1];
		if (!excluded)
			given[given_n++] = port;
	}
	uint32_t block = given_n / (shares + dynamic), inside = 0;
	for (uint32_t at = 0; at < outside_n; at++)
		for (uint32_t share = 0; share < shares && inside < inside_n; share++, inside++)
			for (uint32_t i = 0; i < block; i++)
				holder[at * 65536 + given[share * block + i]] = inside + 1;
}

static void excluded_ports_belong_to_nobody(void **state)
{
	(void)state;
	static const struct {
		const char *set;
		uint32_t inside_n, outside_n, dynamic;
		uint16_t ranges[DETNAT_GAPS][2];
		size_t range_n;
	} rows[] = {
	    {"rfc7422 inside=10.0.0.0/28 outside=192.0.2.0/31 excluded=5060", 16, 2, 0,
		{{0, 1023}, {5060, 5060}}, 2},
	    {"rfc7422 inside=10.0.0.0-10.0.0.6 outside=192.0.2.0-192.0.2.2 dynamic=2 "
	     "excluded=0-1023+1723+5060-5061+32768-33791+65535",
		7, 3, 2, {{0, 1023}, {1723, 1723}, {5060, 5061}, {32768, 33791}, {65535, 65535}},
		5},
	    {"rfc7422 inside=10.0.0.0/30 outside=192.0.2.0/32 first-port=5000 "
	     "excluded=1024-1030+4990-5060+5061+5062-6000+6000-6001",
		4, 1, 0, {{0, 6001}}, 1},
	    {"rfc7422 inside=10.0.0.0/31 outside=192.0.2.0/31 first-port=0 excluded=1-65534", 2, 2,
		0, {{1, 65534}}, 1},
	    {"rfc7422 inside=10.0.0.9/32 outside=192.0.2.0/32 excluded=2000+3000+4000+5000+6000+"
	     "7000+8000+9000+10000+11000+12000+13000+14000+15000+16000+17000",
		1, 1, 0,
		{{0, 1023}, {2000, 2000}, {3000, 3000}, {4000, 4000}, {5000, 5000}, {6000, 6000},
		    {7000, 7000}, {8000, 8000}, {9000, 9000}, {10000, 10000}, {11000, 11000},
		    {12000, 12000}, {13000, 13000}, {14000, 14000}, {15000, 15000}, {16000, 16000},
		    {17000, 17000}},
		DETNAT_GAPS},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct detnat d = set_of(rows[i].set);
		uint32_t *holder = mem_new((size_t)rows[i].outside_n * 65536, sizeof *holder);
		deal_out(holder, rows[i].inside_n, rows[i].outside_n, rows[i].dynamic,
		    rows[i].ranges, rows[i].range_n);
		for (uint32_t at = 0; at < rows[i].outside_n * 65536; at++) {
			union addr inside, outside = addr_v4(d.outside + at / 65536);
			bool held = detnat_inside(&d, &outside, (uint16_t)at, &inside);
			uint32_t is = held ? addr_v4_of(&inside) - d.inside + 1 : 0;
			if (is != holder[at])
				fail_msg("%s: port %u of outside address %u: %u, not %u",
				    rows[i].set, at % 65536, at / 65536, is, holder[at]);
		}
		free(holder);
		back_and_forth(rows[i].set);
	}
}

static void add(struct detnat_sets *s, const char *text)
{
	struct err e = {0};
	if (detnat_sets_add(s, span_of(text), "nat", (unsigned)s->n + 1, &e) != ERR_OK)
		fail_msg("%s: %s", text, e.msg);
}

/* The inside addresses that 192.0.2.0 leads to, as texts; how many. */
static size_t ask(const struct detnat_sets *s, uint16_t port, uint32_t realm, int64_t at_ms,
    uint32_t skew_ms, char inside[ANSWER_MAX][ADDR_TEXT])
{
	struct whose_source source = detnat_sets_source((struct detnat_sets *)s);
	struct asker w = {.v = &source, .n = 1};
	struct question q = {.addr = addr("192.0.2.0"),
	    .port = port,
	    .realm = realm,
	    .at_ms = at_ms,
	    .skew_ms = skew_ms};
	struct answer a;
	whose_ask(&w, &q, &a);
	for (size_t i = 0; i < a.n; i++)
		addr_text(inside[i], &a.records[a.v[i].record].v.inside);
	whose_fini(&w);
	return a.n;
}

/* Who holds the port, by arithmetic, as a number; 0: nobody. */
static uint32_t holder_of(const struct detnat *d, uint32_t port)
{
	union addr inside, outside = addr_v4(d->outside);
	return detnat_inside(d, &outside, (uint16_t)port, &inside) ? addr_v4_of(&inside) : 0;
}

static uint32_t first_holder(const struct answer *a)
{
	return a->n ? addr_v4_of(&a->records[0].v.inside) : 0;
}

/* A port's record names its holder and no port that is another's; what is said of 256 ports at once
 * holds for each of them. */
static void what_is_said_of_ports_holds_for_each_of_them(void **state)
{
	(void)state;
	struct detnat_sets s = {0};
	add(&s,
	    "rfc7422 inside=10.0.0.0/29 outside=192.0.2.0/32 dynamic=2 excluded=5060+20000-20999 "
	    "from=2026-01-01T00:00:00Z");
	const struct detnat *d = &s.v[0].d;
	struct whose_source source = detnat_sets_source(&s);
	struct asker w = {.v = &source, .n = 1};
	size_t alike = 0;
	for (uint32_t port = 1; port < 65536; port++) {
		struct question q = {.addr = addr_v4(d->outside),
		    .port = (uint16_t)port,
		    .at_ms = d->from_ms + 1000000};
		struct stretch far = {d->from_ms, d->from_ms + 2000000};
		struct answer a;
		whose_ask(&w, &q, &a);
		assert_int_equal(first_holder(&a), holder_of(d, port));
		for (uint32_t k = 0; a.n && port % 128 == 0 && k < 65536; k++)
			if (interval_has_port(&a.records[0].v, (uint16_t)k))
				assert_int_equal(holder_of(d, k), holder_of(d, port));
		q.alike = true;
		if (port % 128 == 0 || port % 128 == 127)
			whose_ask_long(&w, &q, &a, &far);
		else
			continue;
		for (uint32_t k = port & 0xff00; !a.differs && k <= (port | 0xff); k++)
			assert_int_equal(holder_of(d, k), first_holder(&a));
		alike += !a.differs;
	}
	assert_true(alike > 900); /* of 1023 */
	whose_fini(&w);
	detnat_sets_fini(&s);
}

static const int64_t change_ms = 1767312000000; /* 2026-01-02 */

static void sets_count_while_they_are_in_force(void **state)
{
	(void)state;
	struct detnat_sets s = {0};
	char inside[ANSWER_MAX][ADDR_TEXT];
	add(&s, "");
	add(&s, "# the second one takes over the pool");
	assert_int_equal(s.n, 0);
	add(&s, "nftables inside=10.0.1.0/28 outside=192.0.2.0/30 block=8000 "
		"from=2026-01-02T00:00:00Z");
	add(&s, "nftables inside=10.0.0.0/28 outside=192.0.2.0/30 block=8000 "
		"from=2026-01-01T00:00:00Z");
	add(&s, "nftables inside=10.0.2.0/28 outside=192.0.2.0/30 block=8000 realm=7 "
		"from=2026-01-01T00:00:00Z to=2026-01-01T12:00:00Z");
	assert_int_equal(ask(&s, 2000, 0, change_ms - 86400001, 0, inside), 0); /* before all */
	assert_int_equal(ask(&s, 2000, 0, change_ms - 1, 0, inside), 1);
	assert_string_equal(inside[0], "10.0.0.0");
	assert_int_equal(ask(&s, 9024, 0, change_ms, 0, inside), 1);
	assert_string_equal(inside[0], "10.0.1.1");
	assert_int_equal(ask(&s, 2000, 0, change_ms, 2000, inside), 2); /* a clock that far off */
	assert_int_equal(ask(&s, 1023, 0, change_ms, 0, inside), 0);
	assert_int_equal(ask(&s, 2000, 8, change_ms, 0, inside), 0);
	assert_int_equal(ask(&s, 2000, 7, change_ms, 0, inside), 0);
	assert_int_equal(ask(&s, 2000, 7, change_ms - 80000000, 0, inside), 1);
	assert_string_equal(inside[0], "10.0.2.0");
	detnat_sets_fini(&s);
}

static void a_shared_address_without_a_port_is_ambiguous(void **state)
{
	(void)state;
	struct detnat_sets s = {0};
	char inside[ANSWER_MAX][ADDR_TEXT];
	add(&s, "junos inside=10.1.0.0/16 outside=192.0.2.0-192.0.2.253 from=2026-01-01T00:00:00Z");
	assert_int_equal(ask(&s, 0, 0, change_ms, 0, inside), ANSWER_MAX);
	assert_string_equal(inside[0], "10.1.0.1");
	assert_string_equal(inside[7], "10.1.0.8");
	detnat_sets_fini(&s);
}

static void sets_that_exclude_each_other_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *set, *want;
	} rows[] = {
	    {"nftables inside=10.0.0.0/28 outside=192.0.2.0/30 block=8000", "since when?"},
	    {"nftables inside=10.0.0.0/28 outside=192.0.2.0/30 block=8000 "
	     "from=2026-01-01T12:00:00Z to=2026-01-01T12:00:00Z",
		"ends before it begins"},
	    {"nftables inside=10.9.0.0/28 outside=192.0.2.0/30 block=8000 "
	     "from=2026-01-01T12:00:00Z",
		"nat line 1 is in force"},
	    {"nftables inside=10.0.0.8/29 outside=198.51.100.0/30 block=8000 "
	     "from=2026-01-01T00:00:00Z",
		"nat line 1 is in force"},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct detnat_sets s = {0};
		struct err e = {0};
		add(&s, "nftables inside=10.0.0.0/28 outside=192.0.2.0/30 block=8000 "
			"from=2026-01-01T00:00:00Z to=2026-01-02T00:00:00Z");
		assert_int_equal(
		    detnat_sets_add(&s, span_of(rows[i].set), "file", 2, &e), ERR_CONFIG);
		if (!strstr(e.msg, rows[i].want) || strncmp(e.msg, "file line 2: ", 13) != 0)
			fail_msg("%s: %s", rows[i].set, e.msg);
		add(&s, "nftables inside=10.0.0.0/28 outside=192.0.2.0/30 block=8000 "
			"from=2026-01-02T00:00:00Z"); /* where the first one ends */
		add(&s, "nftables inside=10.0.0.0/28 outside=192.0.2.0/30 block=8000 realm=3 "
			"inside-realm=3 from=2026-01-01T00:00:00Z");
		detnat_sets_fini(&s);
	}
}

static void sets_that_cannot_be_are_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "pba inside=10.0.0.0/24 outside=192.0.2.0/24",
	    "junos", "junos inside=10.0.0.0/24", "junos inside=10.0.0.0/24 outside=2001:db8::/64",
	    "junos inside=10.0.0.9-10.0.0.1 outside=192.0.2.0/24",
	    "nftables inside=10.0.0.0/24 outside=192.0.2.0/24", /* no block */
	    "nftables inside=10.0.0.0/24 outside=192.0.2.0/31 block=8000",
	    "junos inside=10.0.0.0/16 outside=192.0.2.0/32",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 dynamic=70000",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 first-port=65536",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 excluded",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 excluded=",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 excluded=5060+",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 excluded=5060-5059",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 excluded=5060+3000",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 excluded=5060-65536",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 excluded=0-65535",
	    "rfc7422 inside=10.0.0.0/24 outside=192.0.2.0/24 excluded=2000+3000+4000+5000+6000+"
	    "7000+8000+9000+10000+11000+12000+13000+14000+15000+16000+17000+18000",
	    "junos inside=10.0.0.0/24 outside=192.0.2.0/24 excluded=5060",
	    "junos inside=10.0.0.0/24 outside=192.0.2.0/24 block=0",
	    "junos inside=0.0.0.0/0 outside=x",
	    "junos inside=0.0.0.0-255.255.255.255 outside=192.0.2.0/24", "junos frob=1",
	    "junos inside=10.0.0.0/24 outside=192.0.2.0/24 from=yesterday"};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct detnat d;
		struct err e = {0};
		if (detnat_parse(span_of(rows[i]), &d, &e) == ERR_OK)
			fail_msg("'%s' was taken", rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_rule_gives_its_published_example),
	    cmocka_unit_test(what_is_given_to_nobody_has_no_holder),
	    cmocka_unit_test(back_and_forth_agree_over_all_ports),
	    cmocka_unit_test(excluded_ports_belong_to_nobody),
	    cmocka_unit_test(what_is_said_of_ports_holds_for_each_of_them),
	    cmocka_unit_test(sets_count_while_they_are_in_force),
	    cmocka_unit_test(a_shared_address_without_a_port_is_ambiguous),
	    cmocka_unit_test(sets_that_exclude_each_other_are_refused),
	    cmocka_unit_test(sets_that_cannot_be_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
