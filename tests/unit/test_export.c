/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Export datagrams: templates and their plans, times, sampling, biflows, NetFlow v5. */
#include "wire.h"

static void uptime_wraps_every_49_days(void **state)
{
	(void)state;
	static const struct {
		int64_t boot_ms;
		uint32_t count;
		int64_t exported_ms, want;
	} rows[] = {
	    {T0_MS - 3600000, 1000, T0_MS, T0_MS - 3599000},
	    {T0_MS - 1000, 0, T0_MS, T0_MS - 1000},
	    {T0_MS - 1000, 1500, T0_MS, T0_MS + 500},                /* a little ahead */
	    {T0_MS - 1000, UINT32_MAX, T0_MS, T0_MS - 1001},         /* started before the wrap */
	    {T0_MS - 3 * WRAP_MS - 5000, 1000, T0_MS, T0_MS - 4000}, /* IPFIX: three wraps */
	    {T0_MS - 1000, 1u << 31, T0_MS, 0},                      /* weeks ago */
	    {0, 1000, T0_MS, 0},
	    {T0_MS, 1000, 0, 0},
	};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_true(
		    uptime_ms(rows[i].boot_ms, rows[i].count, rows[i].exported_ms) == rows[i].want);
}

static void numbers_may_be_shorter_or_longer(void **state)
{
	(void)state;
	struct run r = run_new();
	struct wire w;
	static const uint16_t fields[] = {8, 4, 12, 4, 7, 4, 6, 2, 2, 3, 1, 1, 21, 4};
	v9_begin(&w, 60000);
	put_template(&w, 0, 256, fields, 7);
	size_t at = set_begin(&w, 256);
	put(&w, 0x0a010005, 4);
	put(&w, 0xc6336407, 4);
	put(&w, 40000, 4);
	put(&w, 0x0112, 2);
	put(&w, 70000, 3);
	put(&w, 200, 1);
	put(&w, 59000, 4);
	set_end(&w, at);
	const struct flow *f = feed(&r, &w);
	assert_int_equal(r.out.flow_n, 1);
	assert_int_equal(f->sport, 40000);
	assert_int_equal(f->flags, 0x12);
	assert_int_equal(f->packets, 70000);
	assert_int_equal(f->bytes, 200);
	assert_true(f->end_ms == T0_MS - 1000 && f->exported_ms == T0_MS);
	assert_true(f->received_ms == T0_MS + 5);
	assert_int_equal(f->have, FLOW_FLAGS | FLOW_PACKETS | FLOW_BYTES | FLOW_END);
	assert_string_equal(exporter_name(r.names, f->exporter), "192.0.2.1");
	run_fini(&r);
}

/* Element values of one record, and what the counters and addresses become. */
static void several_elements_for_one_field(void **state)
{
	(void)state;
	static const struct {
		uint16_t fields[12];
		uint64_t values[6], packets;
	} rows[] = {
	    {{2, 4, 86, 4}, {0, 9}, 0}, /* a total says again what deltas said */
	    {{86, 4, 2, 4}, {9, 3}, 3},
	    {{86, 4}, {9}, 9},
	    {{24, 4, 2, 4}, {7, 8}, 8},
	    {{24, 4, 2, 4}, {7, 0}, 7}, /* metered where packets leave */
	    {{298, 4}, {5}, 5},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct run r = run_new();
		struct wire w;
		uint16_t fields[16] = {8, 4, 12, 4};
		size_t n = 2, at;
		for (; rows[i].fields[2 * (n - 2)]; n++)
			memcpy(&fields[2 * n], &rows[i].fields[2 * (n - 2)], 4);
		v9_begin(&w, 60000);
		put_template(&w, 0, 256, fields, n);
		at = set_begin(&w, 256);
		put(&w, 0x0a010005, 4);
		put(&w, 0xc6336407, 4);
		for (size_t k = 0; k < n - 2; k++)
			put(&w, rows[i].values[k], 4);
		set_end(&w, at);
		assert_true(feed(&r, &w)->packets == rows[i].packets);
		assert_int_equal(r.out.flows->have, FLOW_PACKETS);
		run_fini(&r);
	}
}

static void one_template_for_both_families(void **state)
{
	(void)state;
	struct run r = run_new();
	struct wire w;
	static const uint16_t fields[] = {27, 16, 28, 16, 8, 4, 12, 4};
	v9_begin(&w, 60000);
	put_template(&w, 0, 256, fields, 4);
	size_t at = set_begin(&w, 256);
	for (int i = 0; i < 4; i++) /* no IPv6 addresses */
		put(&w, 0, 8);
	put(&w, 0x0a010005, 4);
	put(&w, 0xc6336407, 4);
	for (int i = 1; i <= 2; i++) {
		put(&w, 0x20010db800000000, 8);
		put(&w, (uint64_t)i, 8);
	}
	put(&w, 0, 8); /* no IPv4 addresses */
	set_end(&w, at);
	const struct flow *f = feed(&r, &w);
	assert_int_equal(r.out.flow_n, 2);
	assert_true(addr_is_v4(&f[0].src) && addr_v4_of(&f[0].dst) == 0xc6336407);
	assert_true(!addr_is_v4(&f[1].src) && f[1].dst.b[15] == 2);
	run_fini(&r);
}

static void reverse_elements_make_a_biflow(void **state)
{
	(void)state;
	struct run r = run_new();
	struct wire w;
	ipfix_begin(&w);
	size_t at = set_begin(&w, 2);
	put_all(&w, 2, (const uint16_t[]){256, 6});
	put_all(&w, 8, (const uint16_t[]){8, 4, 12, 4, 2, 4, 0x8002, 4});
	put(&w, 29305, 4);
	put_all(&w, 2, (const uint16_t[]){0x8006, 1});
	put(&w, 29305, 4);
	put_all(&w, 2, (const uint16_t[]){0x8001, 4}); /* somebody's own element 1 */
	put(&w, 4711, 4);
	set_end(&w, at);
	at = set_begin(&w, 256);
	put(&w, 0x0a010005, 4);
	put(&w, 0xc6336407, 4);
	put(&w, 3, 4);
	put(&w, 0, 4);
	put(&w, 0x14, 1);
	put(&w, 99, 4);
	set_end(&w, at);
	ipfix_end(&w);
	const struct flow *f = feed(&r, &w);
	assert_int_equal(r.out.flow_n, 1);
	assert_int_equal(f->have, FLOW_PACKETS | FLOW_RPACKETS | FLOW_BOTH_WAYS | FLOW_RFLAGS);
	assert_int_equal(f->rpackets, 0);
	assert_int_equal(f->rflags, 0x14);
	run_fini(&r);
}

static void exact_times(void **state)
{
	(void)state;
	static const struct {
		uint16_t start, end, n;
		uint64_t first, last;
		int64_t start_ms, end_ms;
	} rows[] = {
	    {150, 151, 4, T0_S - 9, T0_S, T0_MS - 9000, T0_MS},
	    {152, 153, 8, T0_MS - 9, T0_MS, T0_MS - 9, T0_MS},
	    {154, 155, 8, (T0_S + 2208988800ULL) << 32 | 0x80000000,
		(T0_S + 2208988800ULL + 1) << 32, T0_MS + 500, T0_MS + 1000},
	    {156, 157, 8, 0x100000000 * 2085978497ULL, 0x100000000 * 2085978498ULL,
		4294967296000 + (2085978497LL - 2208988800) * 1000,
		4294967296000 + (2085978498LL - 2208988800) * 1000}, /* the era from 2036 on */
	    {158, 159, 4, 2500000, 0, T0_MS - 2500, T0_MS},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct run r = run_new();
		struct wire w;
		uint16_t fields[] = {8, 4, 12, 4, rows[i].start, rows[i].n, rows[i].end, rows[i].n};
		ipfix_begin(&w);
		put_template(&w, 2, 256, fields, 4);
		size_t at = set_begin(&w, 256);
		put(&w, 0x0a010005, 4);
		put(&w, 0xc6336407, 4);
		put(&w, rows[i].first, rows[i].n);
		put(&w, rows[i].last, rows[i].n);
		set_end(&w, at);
		ipfix_end(&w);
		const struct flow *f = feed(&r, &w);
		assert_int_equal(r.out.flow_n, 1);
		assert_true(f->start_ms == rows[i].start_ms && f->end_ms == rows[i].end_ms);
		assert_int_equal(f->have, FLOW_START | FLOW_END);
		run_fini(&r);
	}
}

/* A flow of template 256: both addresses and packets. */
static size_t feed_flow(struct run *r, uint16_t element)
{
	struct wire w;
	v9_begin(&w, 60000);
	if (element)
		put_template(&w, 0, 256, (const uint16_t[]){8, 4, 12, 4, element, 4}, 3);
	size_t at = set_begin(&w, 256);
	put(&w, 0x0a010005, 4);
	put(&w, 0xc6336407, 4);
	put(&w, 3, 4);
	set_end(&w, at);
	feed(r, &w);
	return r->out.flow_n;
}

static void templates_are_of_one_exporter(void **state)
{
	(void)state;
	struct run r = run_new();
	assert_int_equal(feed_flow(&r, 0), 0);
	assert_int_equal(r.out.bad_n, 1);
	assert_string_equal(r.out.notes[0].reason, "no template yet for this data set");
	assert_int_equal(r.out.notes[0].offset, 24);
	assert_int_equal(feed_flow(&r, 2), 1);
	assert_int_equal(feed_flow(&r, 0), 1);
	r.from = addr_v4(0xc0000202);
	assert_int_equal(feed_flow(&r, 0), 0);
	r.from = addr_v4(0xc0000201);
	assert_int_equal(feed_flow(&r, 1), 1); /* defined anew: bytes now */
	assert_int_equal(r.out.flows->have, FLOW_BYTES);
	run_fini(&r);
}

static void templates_are_bounded_by_exporter_and_in_all(void **state)
{
	(void)state;
	struct templates t;
	struct field_spec fields[] = {{0, 8, 4}, {0, 371, TEMPLATE_VARIABLE}};
	struct template_key key = {.version = 9, .domain = 77, .id = 999};
	struct template_text sent = {.fields = fields, .n = 2, .owner = 3};
	const struct template_key first = key;
	templates_init(&t);
	assert_int_equal(template_define(&t, &key, &sent), TEMPLATE_NEW);
	sent.owner = 1; /* a flood of one exporter costs no other one a template */
	for (uint32_t i = 0; i < 20000; i++) {
		key.domain = i / 1000;
		key.id = (uint16_t)(256 + i % 1000);
		assert_int_equal(template_define(&t, &key, &sent), TEMPLATE_NEW);
		assert_non_null(template_find(&t, &key));
	}
	assert_int_equal(t.owners[1].n, TEMPLATES_PER_EXPORTER);
	assert_int_equal(t.dropped_n, 20000 - TEMPLATES_PER_EXPORTER);
	assert_non_null(template_find(&t, &first));
	for (uint32_t i = 0; i < 20000; i++) { /* a flood of many does not grow the table */
		sent.owner = 10 + i / 500;
		key.domain = 100 + i;
		assert_int_equal(template_define(&t, &key, &sent), TEMPLATE_NEW);
	}
	assert_true(t.dropped_n > 40000 - TEMPLATES_MAX - TEMPLATES_PER_EXPORTER);
	templates_fini(&t);
}

static void an_impossible_template_leaves_the_old_one(void **state)
{
	(void)state;
	static const struct field_spec none[1], zero[] = {{0, 8, 0}},
						wide[] = {{0, 8, 65534}, {0, 12, 2}};
	static const struct template_text rows[] = {
	    {none, 0, 0, 0, false}, {zero, 1, 0, 0, false}, {wide, 2, 0, 0, false}};
	struct templates t;
	struct template_key key = {.version = 9, .id = 256};
	struct template_text good = {wide, 1, 0, 0, false}, other = {wide + 1, 1, 0, 0, false};
	templates_init(&t);
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(template_define(&t, &key, &rows[i]), TEMPLATE_IMPOSSIBLE);
	assert_null(template_find(&t, &key));
	assert_int_equal(template_define(&t, &key, &good), TEMPLATE_NEW);
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(template_define(&t, &key, &rows[i]), TEMPLATE_IMPOSSIBLE);
		assert_int_equal(template_find(&t, &key)->record_bytes, 65534);
	}
	assert_int_equal(template_define(&t, &key, &good), TEMPLATE_AGAIN);
	assert_int_equal(template_define(&t, &key, &other), TEMPLATE_CHANGED);
	assert_int_equal(template_find(&t, &key)->record_bytes, 2);
	templates_fini(&t);
}

static void sampling_by_sampler_then_by_domain(void **state)
{
	(void)state;
	struct source s = {.used = 1};
	static const uint32_t by_id = 1u << EXTRA_SAMPLER | 1u << EXTRA_INTERVAL,
			      count = 1u << EXTRA_TAKEN | 1u << EXTRA_LEFT,
			      share = 1u << EXTRA_TAKEN | 1u << EXTRA_POPULATION,
			      chance = 1u << EXTRA_PROBABILITY, interface = 1u << EXTRA_INTERFACE;
	uint64_t extra[EXTRA_N] = {[EXTRA_SAMPLER] = 5, [EXTRA_INTERVAL] = 100};
	double p = 0.002;
	assert_int_equal(source_sampling(&s, 1u << EXTRA_SAMPLER, extra), 0);
	assert_true(source_announce(&s, by_id, extra));
	assert_int_equal(source_sampling(&s, 1u << EXTRA_SAMPLER, extra), 100);
	assert_int_equal(source_sampling(&s, 0, extra), 0);
	extra[EXTRA_INTERFACE] = 3;
	extra[EXTRA_INTERVAL] = 400;
	assert_true(source_announce(&s, interface | 1u << EXTRA_INTERVAL, extra));
	assert_int_equal(source_sampling(&s, interface, extra), 400);
	assert_int_equal(source_sampling(&s, 0, extra), 400); /* the first of all */
	extra[EXTRA_TAKEN] = 1;
	extra[EXTRA_LEFT] = 511;
	assert_true(source_announce(&s, count, extra));
	assert_int_equal(source_sampling(&s, 0, extra), 512);
	extra[EXTRA_TAKEN] = 2;
	extra[EXTRA_POPULATION] = 2000;
	assert_true(source_announce(&s, share, extra));
	assert_int_equal(source_sampling(&s, 0, extra), 1000);
	memcpy(&extra[EXTRA_PROBABILITY], &p, sizeof p);
	assert_true(source_announce(&s, chance, extra));
	assert_int_equal(source_sampling(&s, 0, extra), 500);
	extra[EXTRA_TAKEN] = 0; /* an announcement of nothing changes nothing */
	assert_false(source_announce(&s, count, extra));
	assert_int_equal(source_sampling(&s, 0, extra), 500);
	s.forced = 10; /* the operator knows better */
	assert_int_equal(source_sampling(&s, interface, extra), 10);
	for (extra[EXTRA_SAMPLER] = 0; extra[EXTRA_SAMPLER] < 100; extra[EXTRA_SAMPLER]++)
		source_announce(&s, by_id, extra);
	assert_int_equal(s.sampler_n, SOURCE_SAMPLERS_MAX);
}

static void a_wild_change_of_sampling_must_be_said_three_times(void **state)
{
	(void)state;
	static const struct {
		uint32_t said;
		bool believed;
		uint32_t in_force;
	} rows[] = {{0, false, 0}, {SAMPLING_MAX + 1, false, 0}, {1000, true, 1000},
	    {0, false, 1000}, {500, true, 500}, {2000, true, 2000}, {1, false, 2000},
	    {1, false, 2000}, {2000, true, 2000}, {1, false, 2000}, {1, false, 2000}, {1, true, 1},
	    {2, false, 1}, {3, false, 1}, {2, false, 1}, {2, false, 1}, {2, true, 2},
	    {100000, false, 2}, {11, false, 2}, {8, true, 8}};
	struct announced a = {0};
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(announced_take(&a, rows[i].said), rows[i].believed);
		assert_int_equal(a.interval, rows[i].in_force);
	}
}

static void netflow5(void **state)
{
	(void)state;
	struct run r = run_new();
	struct wire w;
	put_v5_header(&w, 3);
	put_v5_record(&w, PROTO_TCP, 443);
	put_v5_record(&w, PROTO_ICMP, 0x0301);
	put_v5_record(&w, PROTO_ICMP, 0);
	const struct flow *f = feed(&r, &w);
	assert_int_equal(r.out.flow_n, 3);
	assert_int_equal(r.out.bad_n, 0);
	assert_true(f->exported_ms == T0_MS + 250 && f->start_ms == T0_MS + 250 - 10000);
	assert_true(f->end_ms == T0_MS + 250 - 1000);
	assert_int_equal(f->sampling, 100);
	assert_int_equal(f->flags, 0x12);
	assert_int_equal(f->dport, 443);
	assert_true(f[1].have & FLOW_ICMP && f[1].icmp_type == 3 && f[1].icmp_code == 1);
	assert_int_equal(f[1].dport, 0);
	assert_true(f[2].have & FLOW_ICMP && f[2].icmp_type == 0);
	w.n -= 20; /* the count says more than there is */
	feed(&r, &w);
	assert_int_equal(r.out.flow_n, 2);
	assert_int_equal(r.out.bad_n, 1);
	run_fini(&r);
}

static void whole_datagrams_are_recognised(void **state)
{
	(void)state;
	struct wire w;
	put_v5_header(&w, 1);
	put_v5_record(&w, PROTO_TCP, 443);
	assert_true(export_sniff(w.b, w.n));
	assert_false(export_sniff(w.b, w.n - 1));
	put(&w, 1, 1);
	assert_false(export_sniff(w.b, w.n));
	v9_begin(&w, 60000);
	assert_false(export_sniff(w.b, w.n));
	put_template(&w, 0, 256, (const uint16_t[]){8, 4, 12, 4}, 2);
	assert_true(export_sniff(w.b, w.n));
	put(&w, 0, 20);
	assert_true(export_sniff(w.b, w.n)); /* filled up with zeros */
	put(&w, 1, 1);
	assert_false(export_sniff(w.b, w.n));
	ipfix_begin(&w);
	put_template(&w, 2, 256, (const uint16_t[]){8, 4, 12, 4}, 2);
	assert_false(export_sniff(w.b, w.n));
	ipfix_end(&w);
	assert_true(export_sniff(w.b, w.n));
	assert_false(export_sniff(w.b, 0));
	assert_false(export_sniff((const uint8_t *)"\0\5\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uptime_wraps_every_49_days),
	    cmocka_unit_test(numbers_may_be_shorter_or_longer),
	    cmocka_unit_test(several_elements_for_one_field),
	    cmocka_unit_test(one_template_for_both_families),
	    cmocka_unit_test(reverse_elements_make_a_biflow),
	    cmocka_unit_test(exact_times),
	    cmocka_unit_test(templates_are_of_one_exporter),
	    cmocka_unit_test(templates_are_bounded_by_exporter_and_in_all),
	    cmocka_unit_test(an_impossible_template_leaves_the_old_one),
	    cmocka_unit_test(sampling_by_sampler_then_by_domain),
	    cmocka_unit_test(a_wild_change_of_sampling_must_be_said_three_times),
	    cmocka_unit_test(netflow5),
	    cmocka_unit_test(whole_datagrams_are_recognised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
