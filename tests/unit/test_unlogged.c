/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads of sessions are done once a sensor has logged them, and put again where one died that had
 * taken them. The sensor here is made up. */
#include "base/mem.h"
#include "run/unlogged.h"
#include "unit.h"
#include <stdlib.h>

enum { SLOTS = 64 };

struct bench {
	struct ring *ring;
	_Atomic uint64_t logged, turn_at;
	_Atomic uint32_t turn;
	struct unlogged u;
	struct batch out;
	int64_t taken[4096]; /* begins of what sensors took, in order */
	size_t n;
};

static struct bench *bench_new(void)
{
	struct bench *b = mem_new(1, sizeof *b);
	assert_int_equal(ring_new(&b->ring, SLOTS, NULL), ERR_OK);
	b->turn = 1;
	b->u.ring = b->ring;
	b->u.logged = &b->logged;
	b->u.turn = &b->turn;
	b->u.turn_at = &b->turn_at;
	return b;
}

static void bench_free(struct bench *b)
{
	unlogged_fini(&b->u);
	batch_fini(&b->out);
	ring_free(b->ring);
	free(b);
}

static void put(struct bench *b, int64_t first, size_t n)
{
	struct batch in = {0};
	for (size_t i = 0; i < n; i++)
		batch_session(&in)->t0_ms = first + (int64_t)i;
	unlogged_put(&b->u, &in, 7);
	batch_fini(&in);
}

static void take(struct bench *b)
{
	int64_t ms;
	int bad;
	while (ring_take(b->ring, &b->out, &ms, &bad))
		for (size_t i = 0; i < b->out.session_n; i++)
			b->taken[b->n++] = b->out.sessions[i].t0_ms;
}

static void next_sensor(struct bench *b)
{
	atomic_store(&b->turn_at, ring_taken_at(b->ring));
	atomic_fetch_add(&b->turn, 1);
}

static void log_all(struct bench *b)
{
	take(b);
	atomic_store(&b->logged, ring_taken_at(b->ring));
}

static void a_load_is_done_once_it_is_logged(void **state)
{
	(void)state;
	struct bench *b = bench_new();
	put(b, 100, 3);
	put(b, 200, 1000); /* several slots */
	put(b, 0, 0);      /* none */
	assert_int_equal(b->u.next, 2);
	unlogged_look(&b->u);
	assert_int_equal(b->u.done, 0);
	take(b); /* taken is not logged */
	unlogged_look(&b->u);
	assert_int_equal(b->u.done, 0);
	atomic_store(&b->logged, 1); /* the first of several slots */
	unlogged_look(&b->u);
	assert_int_equal(b->u.done, 1);
	atomic_store(&b->logged, 2);
	unlogged_look(&b->u);
	assert_int_equal(b->u.done, 1);
	log_all(b);
	unlogged_look(&b->u);
	assert_int_equal(b->u.done, 2);
	assert_int_equal(b->u.records, 0);
	assert_int_equal(b->n, 1003);
	bench_free(b);
}

static void what_a_dead_sensor_had_taken_is_put_again(void **state)
{
	(void)state;
	struct bench *b = bench_new();
	put(b, 1, 1);
	log_all(b);
	put(b, 2, 1);
	put(b, 3, 1);
	take(b); /* and dies with it */
	put(b, 4, 1);
	next_sensor(b);
	put(b, 5, 1);
	log_all(b); /* the next one logs what it takes: positions behind those that were lost */
	assert_true(b->logged >= 5);
	unlogged_look(&b->u);
	assert_int_equal(b->u.done, 0); /* of the first it is not known any more, too */
	log_all(b);
	unlogged_look(&b->u);
	assert_int_equal(b->u.done, 5);
	static const int64_t want[] = {1, 2, 3, 4, 5, 1, 2, 3}; /* 4 was in the ring still */
	assert_int_equal(b->n, ROWS(want));
	assert_memory_equal(b->taken, want, sizeof want);
	bench_free(b);
}

static void what_finds_no_room_waits(void **state)
{
	(void)state;
	struct bench *b = bench_new();
	size_t n = 0;
	while (unlogged_room(&b->u) && n < 2 * SLOTS)
		put(b, (int64_t)n++, 1);
	assert_true(n > SLOTS / 2 && n < SLOTS);
	take(b); /* and dies with it */
	next_sensor(b);
	while (ring_room(b->ring)) {
		struct batch in = {0};
		batch_session(&in)->t0_ms = 0;
		(void)ring_put(b->ring, &in, 0);
		batch_fini(&in);
	}
	unlogged_look(&b->u); /* there is room for nothing again */
	assert_int_equal(b->u.done, 0);
	log_all(b);
	unlogged_look(&b->u);
	log_all(b);
	unlogged_look(&b->u);
	assert_int_equal(b->u.done, n);
	assert_true(unlogged_room(&b->u));
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_load_is_done_once_it_is_logged),
	    cmocka_unit_test(what_a_dead_sensor_had_taken_is_put_again),
	    cmocka_unit_test(what_finds_no_room_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
