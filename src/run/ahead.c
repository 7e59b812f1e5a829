/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead: see ahead.h. A ring of batches: the thread fills one that the caller is done with.
 */
#include "run/ahead.h"
#include "base/mem.h"
#include "run/gate.h"
#include <stdlib.h>

enum { RING = 32, SLEEP = RING / 2 - 1 };

struct ahead {
	struct stream *stream;
	struct stream_packed ring[RING];
	struct stream_batch now;
	struct gate filled, done;
	uint64_t taken; /* batches the caller has had, that in his hands included */
	bool threaded;
	pthread_t thread;
};

static void *read_on(void *arg)
{
	struct ahead *a = arg;
	for (uint64_t n = 0; n < RING || gate_wait(&a->done, n - RING + 1, SLEEP); n++) {
		if (!stream_fill(a->stream, &a->ring[n % RING]))
			break;
		gate_pass(&a->filled);
	}
	gate_close(&a->filled);
	return NULL;
}

struct ahead *ahead_new(struct stream *s, bool thread)
{
	struct ahead *a = mem_map(sizeof *a);
	a->stream = s;
	a->threaded = thread;
	gate_init(&a->filled);
	gate_init(&a->done);
	if (thread && pthread_create(&a->thread, NULL, read_on, a) != 0)
		abort();
	return a;
}

static const struct stream_packed *next(struct ahead *a)
{
	if (!a->threaded)
		return stream_fill(a->stream, &a->ring[0]) ? &a->ring[0] : NULL;
	if (a->taken)
		gate_pass(&a->done);
	if (!gate_wait(&a->filled, a->taken + 1, SLEEP))
		return NULL;
	return &a->ring[a->taken++ % RING];
}

const struct stream_batch *ahead_next(struct ahead *a, uint64_t *taken)
{
	const struct stream_packed *p = next(a);
	if (!p)
		return NULL;
	stream_unpack(p, &a->now);
	*taken = p->taken;
	return &a->now;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	gate_close(&a->done);
	if (a->threaded)
		(void)pthread_join(a->thread, NULL);
	gate_fini(&a->filled);
	gate_fini(&a->done);
	mem_unmap(a, sizeof *a);
}
