/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead: see ahead.h. A ring of lots, filled by whoever holds the lock. */
#include "run/ahead.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdatomic.h>

enum { RING = 8 };

struct ahead {
	struct smooth_pool *pool;
	struct tally *tally;
	pthread_mutex_t reading; /* who holds it fills lots */
	struct ahead_input *input;
	_Alignas(MEM_APART) _Atomic uint64_t filled;
	_Alignas(MEM_APART) _Atomic uint64_t taken; /* by the caller */
	struct {
		_Alignas(MEM_APART) struct smooth_lot lot;
		uint64_t taken; /* bytes of the input */
	} ring[RING];
};

struct ahead *ahead_new(struct smooth_pool *pool, struct tally *tally)
{
	struct ahead *a = mem_map(sizeof *a);
	a->pool = pool;
	a->tally = tally;
	(void)pthread_mutex_init(&a->reading, NULL);
	for (size_t i = 0; i < RING; i++)
		smooth_lot_begin(&a->ring[i].lot, pool);
	return a;
}

void ahead_free(struct ahead *a)
{
	(void)pthread_mutex_destroy(&a->reading);
	mem_unmap(a, sizeof *a);
}

void ahead_of(struct ahead *a, struct ahead_input *i)
{
	(void)pthread_mutex_lock(&a->reading);
	a->input = i;
	(void)pthread_mutex_unlock(&a->reading);
}

/* For who holds the lock. */
static bool fill(struct ahead *a)
{
	struct ahead_input *i = a->input;
	uint64_t n = atomic_load(&a->filled);
	if (!i || i->ended || n - atomic_load(&a->taken) == RING)
		return false;
	struct smooth_lot *l = &a->ring[n % RING].lot;
	while (!i->ended && smooth_lot_fill(l, &i->reader.batch, &i->at, &a->tally->bad_n)) {
		i->ended = !reader_next(&i->reader, a->tally);
		i->at = 0;
	}
	a->ring[n % RING].taken = reader_taken(&i->reader);
	atomic_store(&a->filled, n + 1);
	return true;
}

bool ahead_help(struct ahead *a)
{
	if (pthread_mutex_trylock(&a->reading) != 0)
		return false;
	bool filled = fill(a);
	(void)pthread_mutex_unlock(&a->reading);
	return filled;
}

static bool is_ready(const struct ahead *a)
{
	return atomic_load(&a->filled) != atomic_load(&a->taken);
}

bool ahead_take(struct ahead *a, struct smooth *s, uint64_t *taken)
{
	if (!is_ready(a)) {
		(void)pthread_mutex_lock(&a->reading);
		if (!is_ready(a))
			(void)fill(a);
		(void)pthread_mutex_unlock(&a->reading);
	}
	if (!is_ready(a))
		return false;
	uint64_t n = atomic_load(&a->taken);
	struct smooth_lot *l = &a->ring[n % RING].lot;
	*taken = a->ring[n % RING].taken;
	smooth_lot_add(s, l);
	smooth_lot_begin(l, a->pool);
	atomic_store(&a->taken, n + 1);
	return true;
}
