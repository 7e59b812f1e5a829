/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sFlow v5: samples and their records. */
#include "wire.h"

static void sflow_begin(struct wire *w, uint32_t number, uint32_t samples)
{
	w->n = 0;
	put(w, 5, 4);
	put(w, 1, 4);
	put(w, 0xc0000207, 4); /* the agent */
	put(w, 0, 4);
	put(w, number, 4);
	put(w, 60000, 4);
	put(w, samples, 4);
}

/* A length whose value is put in by length_end. */
static size_t length_begin(struct wire *w)
{
	put(w, 0, 4);
	return w->n;
}

static void length_end(struct wire *w, size_t at)
{
	w->b[at - 2] = (uint8_t)((w->n - at) >> 8);
	w->b[at - 1] = (uint8_t)(w->n - at);
}

static size_t sample_begin(struct wire *w, bool expanded, uint32_t rate, uint32_t records)
{
	put(w, expanded ? 3 : 1, 4);
	size_t at = length_begin(w);
	put(w, 1, 4);
	put(w, 12, expanded ? 8 : 4); /* the data source */
	put(w, rate, 4);
	put(w, 0, expanded ? 24 : 16);
	put(w, records, 4);
	return at;
}

static void put_tcp_v4(struct wire *w)
{
	put(w, 0x4500003c, 4);
	put(w, 0x00010000, 4);
	put(w, 0x40060000, 4);
	put(w, 0x0a010005, 4);
	put(w, 0xc6336407, 4);
	put_all(w, 2, (const uint16_t[]){40000, 443});
	put(w, 0, 8);
	put(w, 0xa002fff0, 4);
	put(w, 0, 4);
}

/* The start of a frame, with a VLAN tag where protocol is Ethernet. */
static void put_frame(struct wire *w, uint32_t protocol, uint16_t type)
{
	put(w, 1, 4);
	size_t at = length_begin(w);
	put(w, protocol, 4);
	put(w, protocol == 1 ? 60 + 18 + 4 : 60, 4);
	put(w, protocol == 1 ? 4 : 0, 4);
	size_t header = length_begin(w);
	if (protocol == 1) {
		put(w, 0, 12);
		put(w, 0x81000065, 4);
		put(w, type, 2);
	}
	put_tcp_v4(w);
	length_end(w, header);
	put(w, 0, (4 - w->n % 4) % 4);
	length_end(w, at);
}

static void check_tcp(const struct run *r, uint32_t sampling)
{
	const struct flow *f = r->out.flows;
	assert_int_equal(r->out.flow_n, 1);
	assert_int_equal(addr_v4_of(&f->src), 0x0a010005);
	assert_int_equal(addr_v4_of(&f->dst), 0xc6336407);
	assert_true(f->sport == 40000 && f->dport == 443 && f->proto == PROTO_TCP);
	assert_true(f->packets == 1 && f->bytes == 60 && f->flags == TCP_SYN);
	assert_true(f->start_ms == T0_MS + 5 && f->end_ms == T0_MS + 5);
	assert_int_equal(f->sampling, sampling);
	assert_int_equal(f->have,
	    FLOW_PACKETS | FLOW_BYTES | FLOW_START | FLOW_END | FLOW_FLAGS | FLOW_SAMPLING);
}

static void a_sampled_frame_is_a_flow_of_one_packet(void **state)
{
	(void)state;
	for (int expanded = 0; expanded < 2; expanded++)
		for (uint32_t protocol = 1; protocol <= 11; protocol += 10) {
			struct run r = run_new();
			struct wire w;
			sflow_begin(&w, 1, 1);
			size_t at = sample_begin(&w, expanded, 512, 2);
			put(&w, 1001, 4); /* extended data of the switch */
			put(&w, 16, 4);
			put(&w, 0, 16);
			put_frame(&w, protocol, 0x0800);
			length_end(&w, at);
			assert_true(export_sniff(w.b, w.n));
			assert_false(export_sniff(w.b, w.n - 4));
			feed(&r, &w);
			check_tcp(&r, 512);
			assert_string_equal(
			    exporter_name(r.names, r.out.flows->exporter), "192.0.2.1");
			run_fini(&r);
		}
}

static void sampled_fields_of_the_ip_header(void **state)
{
	(void)state;
	struct run r = run_new();
	struct wire w;
	sflow_begin(&w, 1, 2);
	size_t at = sample_begin(&w, false, 512, 1);
	put(&w, 3, 4);
	put(&w, 32, 4);
	put(&w, 60, 4);
	put(&w, 6, 4);
	put(&w, 0x0a010005, 4);
	put(&w, 0xc6336407, 4);
	put(&w, 40000, 4);
	put(&w, 443, 4);
	put(&w, 2, 4);
	put(&w, 0, 4);
	length_end(&w, at);
	at = sample_begin(&w, false, 512, 1);
	put(&w, 4, 4);
	put(&w, 56, 4);
	put(&w, 100, 4);
	put(&w, 17, 4);
	put(&w, 0x20010db800000000, 8);
	put(&w, 5, 8);
	put(&w, 0x20010db800000000, 8);
	put(&w, 7, 8);
	put(&w, 40000, 4);
	put(&w, 53, 4);
	put(&w, 0, 8);
	length_end(&w, at);
	const struct flow *f = feed(&r, &w);
	assert_int_equal(r.out.flow_n, 2);
	assert_true(f[1].src.b[15] == 5 && f[1].dst.b[15] == 7 && f[1].dport == 53);
	assert_int_equal(f[1].bytes, 100);
	assert_false(f[1].have & FLOW_FLAGS);
	r.out.flow_n = 1;
	check_tcp(&r, 512);
	run_fini(&r);
}

static void what_holds_no_packet_is_ignored(void **state)
{
	(void)state;
	struct run r = run_new();
	struct wire w;
	sflow_begin(&w, 1, 4);
	put(&w, 2, 4); /* counters */
	put(&w, 12, 4);
	put(&w, 0, 12);
	put(&w, 0x10000001, 4); /* another enterprise's */
	put(&w, 4, 4);
	put(&w, 0, 4);
	size_t at = sample_begin(&w, false, 512, 1);
	put_frame(&w, 1, 0x0806);
	length_end(&w, at);
	at = sample_begin(&w, false, 512, 1);
	put_frame(&w, 99, 0x0800);
	length_end(&w, at);
	feed(&r, &w);
	assert_int_equal(r.out.flow_n, 0);
	assert_int_equal(r.out.ignored_n, 4);
	assert_int_equal(r.out.bad_n, 0);
	run_fini(&r);
}

static void damaged_samples_leave_the_others(void **state)
{
	(void)state;
	struct run r = run_new();
	struct wire w;
	sflow_begin(&w, 1, 9); /* more than there are */
	put(&w, 1, 4);
	put(&w, 8, 4);
	put(&w, 0, 8); /* too short for its header */
	size_t at = sample_begin(&w, false, 512, 2);
	put(&w, 1, 4);
	put(&w, 99999, 4); /* a record longer than its sample */
	length_end(&w, at);
	at = sample_begin(&w, false, 512, 1);
	put_frame(&w, 1, 0x0800);
	length_end(&w, at);
	feed(&r, &w);
	assert_int_equal(r.out.bad_n, 3);
	check_tcp(&r, 512);
	run_fini(&r);
}

static void impossible_rates_are_not_believed(void **state)
{
	(void)state;
	static const struct {
		uint32_t rate, sampling;
		uint64_t wrong;
	} rows[] = {{0, 2, 1}, {512, 512, 1}, {0, 512, 2}, {4000000000u, 512, 3}, {1, 512, 4},
	    {256, 256, 4}};
	struct run r = run_new();
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct wire w;
		struct export_counts c;
		sflow_begin(&w, 1 + (uint32_t)i, 1);
		size_t at = sample_begin(&w, false, rows[i].rate, 1);
		put_frame(&w, 1, 0x0800);
		length_end(&w, at);
		feed(&r, &w);
		assert_int_equal(r.out.flow_n, 1);
		assert_int_equal(r.out.flows->sampling, rows[i].sampling);
		assert_true(r.out.flows->have & FLOW_SAMPLING);
		assert_true(export_counted(r.x, r.out.flows->exporter, &c));
		assert_int_equal(c.wrong_sampling, rows[i].wrong);
		assert_true(c.lost == 0 && c.resets == 0 && c.records == i + 1);
	}
	run_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sampled_frame_is_a_flow_of_one_packet),
	    cmocka_unit_test(sampled_fields_of_the_ip_header),
	    cmocka_unit_test(what_holds_no_packet_is_ignored),
	    cmocka_unit_test(damaged_samples_leave_the_others),
	    cmocka_unit_test(impossible_rates_are_not_believed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
