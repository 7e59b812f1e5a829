/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sequence numbers of exporters: loss, disorder, new beginnings, both ways of counting. */
#include "decode/sequence.h"
#include "unit.h"

struct run {
	struct sequence s;
	uint32_t uptime_ms;
	int64_t clock_ms;
	uint64_t lost, resets;
};

static struct run run_new(bool by_records)
{
	return (struct run){
	    .s = sequence_begin(by_records), .uptime_ms = 100000000, .clock_ms = 1700000000000};
}

static void take(struct run *r, uint32_t number, uint32_t records)
{
	r->uptime_ms += 1000;
	r->clock_ms += 1000;
	sequence_take(&r->s,
	    &(struct sequence_step){number, records, r->uptime_ms, r->clock_ms, false}, &r->lost,
	    &r->resets);
}

/* So many in order from a number, each of ten records; returns the number that comes next. */
static uint32_t go_on(struct run *r, uint32_t number, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++, number += r->s.by_records ? 10 : 1)
		take(r, number, 10);
	return number;
}

static void records_or_datagrams_in_order_lose_nothing(void **state)
{
	(void)state;
	for (int by_records = 0; by_records < 2; by_records++) {
		struct run r = run_new(by_records);
		go_on(&r, 4294967200u, 1000); /* and past 2^32 */
		assert_int_equal(r.lost, 0);
		assert_int_equal(sequence_waiting(&r.s), 0);
		assert_int_equal(r.resets, 0);
	}
}

static void a_gap_is_lost_when_nothing_has_filled_it_for_a_while(void **state)
{
	(void)state;
	struct run r = run_new(true);
	uint32_t next = go_on(&r, 500, 20);
	next = go_on(&r, next + 70, 1);
	assert_int_equal(r.lost, 0);
	assert_int_equal(sequence_waiting(&r.s), 70);
	go_on(&r, next, SEQUENCE_LATE + 1);
	assert_int_equal(r.lost, 70);
	assert_int_equal(sequence_waiting(&r.s), 0);
	assert_int_equal(r.resets, 0);
}

static void datagrams_lost_are_told_as_records(void **state)
{
	(void)state;
	struct run r = run_new(false);
	uint32_t next = go_on(&r, 500, 20);
	next = go_on(&r, next + 3, 1);
	assert_int_equal(sequence_waiting(&r.s), 30);
	go_on(&r, next, SEQUENCE_LATE + 1);
	assert_int_equal(r.lost, 30);
}

static void disorder_is_no_loss(void **state)
{
	(void)state;
	static const uint32_t order[] = {
	    0, 2, 1, 3, 7, 5, 6, 4, 8, 10, 9, 9, 11, 12, 15, 13, 14, 16};
	for (int by_records = 0; by_records < 2; by_records++) {
		struct run r = run_new(by_records);
		uint32_t unit = by_records ? 10 : 1, next = go_on(&r, 500, 20);
		for (size_t i = 0; i < ROWS(order); i++)
			take(&r, next + order[i] * unit, 10);
		go_on(&r, next + 17 * unit, 100);
		assert_int_equal(r.lost, 0);
		assert_int_equal(r.resets, 0);
	}
}

static void every_datagram_twice_is_no_loss(void **state)
{
	(void)state;
	struct run r = run_new(true);
	for (uint32_t i = 0; i < 200; i++) {
		take(&r, 1000 + i * 10, 10);
		take(&r, 1000 + i * 10, 10);
	}
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.resets, 0);
}

static void a_new_beginning_is_no_loss(void **state)
{
	(void)state;
	static const uint32_t from[] = {0, 1, 2000000000, 4294967295u};
	for (size_t i = 0; i < ROWS(from); i++) {
		struct run r = run_new(true);
		go_on(&r, 3000000000u, 20);
		go_on(&r, from[i], 100);
		assert_int_equal(r.resets, 1);
		assert_int_equal(r.lost + sequence_waiting(&r.s), 0);
	}
}

static void a_restart_shows_in_the_uptime(void **state)
{
	(void)state;
	struct run r = run_new(true);
	go_on(&r, 500, 20);
	r.uptime_ms = 1000;
	go_on(&r, 5000, 100); /* a number that would pass for a gap */
	assert_int_equal(r.resets, 1);
	assert_int_equal(r.lost + sequence_waiting(&r.s), 0);
	r = run_new(true);
	r.uptime_ms = UINT32_MAX - 10000; /* full after 49.7 days: no restart */
	go_on(&r, go_on(&r, 500, 20) + 40, 100);
	assert_int_equal(r.resets, 0);
	assert_int_equal(r.lost, 40);
}

/* IPFIX does not tell its uptime, and the new number may lie just behind the old one. */
static void a_new_beginning_close_behind_is_found_out(void **state)
{
	(void)state;
	struct run r = run_new(true);
	go_on(&r, 0, 20);
	go_on(&r, 0, 10);
	assert_int_equal(r.resets, 1);
	go_on(&r, 100 + 30, 100);
	assert_int_equal(r.lost, 30);
}

static void no_exporter_sends_more_in_a_second_than_this(void **state)
{
	(void)state;
	struct run r = run_new(true);
	go_on(&r, go_on(&r, 0, 20) + 9000000, 100);
	assert_int_equal(r.lost, 9000000);
	go_on(&r, 100000000, 100);
	assert_int_equal(r.resets, 1);
	assert_int_equal(r.lost, 9000000);
	r.clock_ms += 600000; /* ten minutes unheard */
	go_on(&r, 100001000 + 240000000, 100);
	assert_int_equal(r.resets, 1);
	assert_int_equal(r.lost, 249000000);
}

static void who_counts_the_other_way_is_found_out(void **state)
{
	(void)state;
	struct run r = run_new(true); /* IPFIX that counts datagrams */
	for (uint32_t i = 0; i < 100; i++)
		take(&r, 70000 + i, 10);
	assert_false(r.s.by_records);
	assert_int_equal(r.lost + sequence_waiting(&r.s), 0);
	assert_int_equal(r.resets, 0);
	r = run_new(false); /* NetFlow v9 that counts flows */
	for (uint32_t i = 0; i < 100; i++)
		take(&r, 70000 + 10 * i, 10);
	assert_true(r.s.by_records);
	assert_int_equal(r.lost + sequence_waiting(&r.s), 0);
	assert_int_equal(r.resets, 0);
	r = run_new(true); /* and who does not count at all */
	for (uint32_t i = 0; i < 100; i++)
		take(&r, 0, 10);
	assert_int_equal(r.lost + sequence_waiting(&r.s), 0);
	assert_int_equal(r.resets, 0);
}

static void what_could_not_be_counted_is_no_loss(void **state)
{
	(void)state;
	struct run r = run_new(true);
	uint32_t next = go_on(&r, 0, 20);
	sequence_take(&r.s, &(struct sequence_step){next, 4, r.uptime_ms, r.clock_ms, true},
	    &r.lost, &r.resets);
	go_on(&r, next + 30, 100);
	assert_int_equal(r.lost + sequence_waiting(&r.s), 0);
}

static void many_gaps_are_all_lost(void **state)
{
	(void)state;
	struct run r = run_new(true);
	uint32_t next = 0;
	for (uint32_t i = 0; i < 100; i++)
		next = go_on(&r, next, 1) + 5;
	go_on(&r, next, 2 * SEQUENCE_LATE);
	assert_int_equal(r.lost, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_or_datagrams_in_order_lose_nothing),
	    cmocka_unit_test(a_gap_is_lost_when_nothing_has_filled_it_for_a_while),
	    cmocka_unit_test(datagrams_lost_are_told_as_records),
	    cmocka_unit_test(disorder_is_no_loss),
	    cmocka_unit_test(every_datagram_twice_is_no_loss),
	    cmocka_unit_test(a_new_beginning_is_no_loss),
	    cmocka_unit_test(a_restart_shows_in_the_uptime),
	    cmocka_unit_test(a_new_beginning_close_behind_is_found_out),
	    cmocka_unit_test(no_exporter_sends_more_in_a_second_than_this),
	    cmocka_unit_test(who_counts_the_other_way_is_found_out),
	    cmocka_unit_test(what_could_not_be_counted_is_no_loss),
	    cmocka_unit_test(many_gaps_are_all_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
