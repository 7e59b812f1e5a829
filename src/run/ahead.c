/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead: see ahead.h. A ring of batches: the thread fills one that the caller is done with,
 * which gives back the records it held. */
#include "run/ahead.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdlib.h>

enum { RING = 8 };

struct ahead {
	struct stream *stream;
	struct stream_batch ring[RING];
	unsigned head, n; /* batches filled; the one at head is the caller's */
	bool held;        /* the caller has it */
	bool ended, stop; /* the stream has no more; the caller wants no more */
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
};

static void *read_on(void *arg)
{
	struct ahead *a = arg;
	bool more = true;
	while (more) {
		(void)pthread_mutex_lock(&a->lock);
		while (a->n == RING && !a->stop)
			(void)pthread_cond_wait(&a->change, &a->lock);
		struct stream_batch *b = &a->ring[(a->head + a->n) % RING];
		more = !a->stop;
		(void)pthread_mutex_unlock(&a->lock);
		more = more && stream_fill(a->stream, b);
		(void)pthread_mutex_lock(&a->lock);
		a->n += more;
		a->ended = !more;
		(void)pthread_cond_signal(&a->change);
		(void)pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

struct ahead *ahead_new(struct stream *s, bool thread)
{
	struct ahead *a = mem_new(1, sizeof *a);
	a->stream = s;
	a->threaded = thread;
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->change, NULL);
	if (thread && pthread_create(&a->thread, NULL, read_on, a) != 0)
		abort();
	return a;
}

const struct stream_batch *ahead_next(struct ahead *a)
{
	if (!a->threaded)
		return stream_fill(a->stream, &a->ring[0]) ? &a->ring[0] : NULL;
	(void)pthread_mutex_lock(&a->lock);
	if (a->held) {
		a->head = (a->head + 1) % RING;
		a->n--;
		(void)pthread_cond_signal(&a->change);
	}
	while (a->n == 0 && !a->ended)
		(void)pthread_cond_wait(&a->change, &a->lock);
	a->held = a->n > 0;
	const struct stream_batch *b = a->held ? &a->ring[a->head] : NULL;
	(void)pthread_mutex_unlock(&a->lock);
	return b;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	if (a->threaded) {
		(void)pthread_mutex_lock(&a->lock);
		a->stop = true;
		(void)pthread_cond_signal(&a->change);
		(void)pthread_mutex_unlock(&a->lock);
		(void)pthread_join(a->thread, NULL);
	}
	(void)pthread_mutex_destroy(&a->lock);
	(void)pthread_cond_destroy(&a->change);
	free(a);
}
