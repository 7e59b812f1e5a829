/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring: keeps the order, counts what had no room, and takes nothing impossible for a record. */
#include "run/ring.h"
#include "unit.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 4, MANY = 2000 };

static struct batch batch_of(size_t flow_n, size_t dns_n, uint64_t first)
{
	struct batch b = {0};
	for (size_t i = 0; i < flow_n; i++)
		batch_flow(&b)->bytes = first + i;
	for (size_t i = 0; i < dns_n; i++)
		batch_dns(&b)->time_ms = (int64_t)(first + i);
	return b;
}

static void records_come_out_in_order(void **state)
{
	(void)state;
	struct ring *w, *r;
	int fd[2], bad;
	int64_t received_ms = 0;
	struct batch in = batch_of(MANY, 300, 7), out = {0};
	size_t flows = 0, dns = 0;
	assert_int_equal(ring_new(&w, SLOTS, NULL), ERR_OK);
	ring_fds(w, fd);
	assert_int_equal(ring_attach(&r, fd, NULL), ERR_OK);
	assert_int_equal(ring_put(w, &in, 99), 0);
	while (ring_take(r, &out, &received_ms, &bad)) {
		assert_int_equal(bad, ERR_OK);
		assert_int_equal(received_ms, 99);
		for (size_t i = 0; i < out.flow_n; i++)
			assert_int_equal(out.flows[i].bytes, 7 + flows++);
		for (size_t i = 0; i < out.dns_n; i++)
			assert_int_equal(out.dns[i].time_ms, 7 + (int64_t)dns++);
	}
	assert_int_equal(flows, MANY);
	assert_int_equal(dns, 300);
	batch_fini(&in);
	batch_fini(&out);
	ring_free(r);
	ring_free(w);
}

static void what_finds_no_room_is_counted(void **state)
{
	(void)state;
	struct ring *w;
	int bad;
	int64_t ms;
	struct batch in = batch_of(1000, 0, 0), out = {0};
	uint64_t lost = 0;
	size_t got = 0;
	assert_int_equal(ring_new(&w, SLOTS, NULL), ERR_OK);
	for (int i = 0; i < SLOTS + 2; i++)
		lost += ring_put(w, &in, 0);
	assert_int_equal(ring_room(w), 0);
	assert_int_equal(lost, 2000);
	while (ring_take(w, &out, &ms, &bad))
		got += out.flow_n;
	assert_int_equal(got, SLOTS * 1000);
	assert_int_equal(ring_room(w), SLOTS);
	batch_fini(&in);
	batch_fini(&out);
	ring_free(w);
}

static bool readable(const struct ring *r)
{
	struct pollfd p = {.fd = ring_event(r), .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void a_sensor_that_waits_is_woken_once(void **state)
{
	(void)state;
	struct ring *w;
	struct batch in = batch_of(1, 0, 0);
	assert_int_equal(ring_new(&w, SLOTS, NULL), ERR_OK);
	assert_int_equal(ring_put(w, &in, 0), 0);
	assert_false(readable(w));
	ring_waits(w, true);
	assert_false(readable(w));
	assert_int_equal(ring_put(w, &in, 0), 0);
	assert_true(readable(w));
	ring_waits(w, true);
	assert_false(readable(w));
	batch_fini(&in);
	ring_free(w);
}

static void impossible_counts_are_refused(void **state)
{
	(void)state;
	struct ring *w;
	int fd[2], bad;
	int64_t ms;
	uint32_t huge[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
	struct batch in = batch_of(3, 0, 0), out = {0};
	assert_int_equal(ring_new(&w, SLOTS, NULL), ERR_OK);
	assert_int_equal(ring_put(w, &in, 0), 0);
	ring_fds(w, fd);
	assert_int_equal(pwrite(fd[0], huge, sizeof huge, 4096), sizeof huge); /* the first slot */
	assert_true(ring_take(w, &out, &ms, &bad));
	assert_int_equal(bad, ERR_INPUT);
	assert_int_equal(out.flow_n, 0);
	assert_false(ring_take(w, &out, &ms, &bad));
	uint64_t many = UINT64_MAX / 2; /* batches that are said to wait */
	assert_int_equal(pwrite(fd[0], &many, sizeof many, 0), sizeof many);
	assert_true(ring_take(w, &out, &ms, &bad));
	assert_int_equal(bad, ERR_INPUT);
	assert_false(ring_take(w, &out, &ms, &bad));
	batch_fini(&in);
	batch_fini(&out);
	ring_free(w);
}

static void memory_of_another_size_is_no_ring(void **state)
{
	(void)state;
	struct ring *r;
	int fd[2] = {memfd_create("none", 0), -1};
	struct err e;
	assert_int_equal(ftruncate(fd[0], 4096 + 3 * RING_SLOT_BYTES), 0);
	assert_int_equal(ring_attach(&r, fd, &e), ERR_INPUT);
	assert_null(r);
	(void)close(fd[0]);
}

static struct session session_of(uint64_t i)
{
	struct session s = {.t0_ms = (int64_t)i, .port_step = 1};
	char name[16];
	int n = snprintf(name, sizeof name, "user%u", (unsigned)i);
	assert_int_equal(
	    session_ids_add(&s.ids, SESSION_USER, (struct span){name, (size_t)n}), ERR_OK);
	return s;
}

static void sessions_go_with_the_rest(void **state)
{
	(void)state;
	struct ring *w;
	struct batch in = batch_of(1500, 10, 7), out = {0};
	uint64_t got = 0;
	size_t flows = 0, dns = 0;
	int64_t ms;
	int bad;
	for (uint64_t i = 0; i < 1000; i++)
		*batch_session(&in) = session_of(i);
	assert_int_equal(ring_new(&w, 8, NULL), ERR_OK);
	assert_int_equal(ring_put_at(w), 0);
	assert_int_equal(ring_put(w, &in, 5), 0);
	uint64_t put = ring_put_at(w);
	assert_true(put > 1);
	while (ring_take(w, &out, &ms, &bad)) {
		assert_int_equal(bad, ERR_OK);
		flows += out.flow_n;
		dns += out.dns_n;
		for (size_t i = 0; i < out.session_n; i++, got++) {
			struct session is = session_of(got);
			assert_int_equal(out.sessions[i].t0_ms, is.t0_ms);
			assert_int_equal(out.sessions[i].ids.n, is.ids.n);
			assert_memory_equal(out.sessions[i].ids.bytes, is.ids.bytes, is.ids.n);
		}
		assert_true(ring_taken_at(w) <= put);
	}
	assert_int_equal(flows, 1500);
	assert_int_equal(dns, 10);
	assert_int_equal(got, 1000);
	assert_int_equal(ring_taken_at(w), put);
	batch_fini(&in);
	batch_fini(&out);
	ring_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_come_out_in_order),
	    cmocka_unit_test(sessions_go_with_the_rest),
	    cmocka_unit_test(what_finds_no_room_is_counted),
	    cmocka_unit_test(a_sensor_that_waits_is_woken_once),
	    cmocka_unit_test(impossible_counts_are_refused),
	    cmocka_unit_test(memory_of_another_size_is_no_ring),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
