/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead: see ahead.h. A ring of packed batches, filled by whoever holds the lock. */
#include "run/ahead.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdatomic.h>

enum { RING = 32 };

struct ahead {
	struct stream *stream;
	pthread_mutex_t reading; /* who holds it fills batches */
	bool ended;
	_Alignas(MEM_APART) _Atomic uint64_t filled;
	_Alignas(MEM_APART) _Atomic uint64_t taken; /* by the caller */
	struct stream_packed ring[RING];
	struct stream_batch now;
};

struct ahead *ahead_new(struct stream *s)
{
	struct ahead *a = mem_map(sizeof *a);
	a->stream = s;
	(void)pthread_mutex_init(&a->reading, NULL);
	return a;
}

void ahead_free(struct ahead *a)
{
	(void)pthread_mutex_destroy(&a->reading);
	mem_unmap(a, sizeof *a);
}

/* For who holds the lock. */
static bool fill(struct ahead *a)
{
	uint64_t n = atomic_load(&a->filled);
	if (a->ended || n - atomic_load(&a->taken) == RING)
		return false;
	a->ended = !stream_fill(a->stream, &a->ring[n % RING]);
	if (!a->ended)
		atomic_store(&a->filled, n + 1);
	return !a->ended;
}

bool ahead_help(void *ahead)
{
	struct ahead *a = ahead;
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

const struct stream_batch *ahead_next(struct ahead *a, uint64_t *taken)
{
	if (!is_ready(a)) {
		(void)pthread_mutex_lock(&a->reading);
		if (!is_ready(a))
			(void)fill(a);
		(void)pthread_mutex_unlock(&a->reading);
	}
	if (!is_ready(a))
		return NULL;
	uint64_t n = atomic_load(&a->taken);
	const struct stream_packed *p = &a->ring[n % RING];
	stream_unpack(p, &a->now);
	*taken = p->taken;
	atomic_store(&a->taken, n + 1);
	return &a->now;
}
