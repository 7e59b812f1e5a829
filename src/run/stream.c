/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Merging inputs by time: see stream.h. */
#include "run/stream.h"
#include "base/mem.h"
#include "rec/packed.h"
#include "run/ahead.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct source {
	const char *path;
	int64_t next_ms; /* of its next record */
	bool open, ended;
	uint64_t taken;                               /* bytes */
	_Alignas(MEM_APART) struct ahead_input input; /* of who reads */
	_Alignas(MEM_APART) struct smooth smooth;     /* of the caller */
};

struct stream {
	const struct reader_env *env;
	struct tally *tally;
	struct source *v; /* room for so many */
	size_t n, room;
	size_t *heap, heap_n; /* numbers of sources, the one whose next record is oldest first */
	int64_t clock_ms;
	uint64_t taken; /* bytes of all */
	struct smooth_pool pool;
	struct ahead *ahead;
	struct source *read; /* ahead, or NULL */
	struct stream_batch batch;
};

static bool before(const struct stream *s, size_t a, size_t b)
{
	return s->v[a].next_ms != s->v[b].next_ms ? s->v[a].next_ms < s->v[b].next_ms : a < b;
}

static void sift_down(struct stream *s)
{
	size_t x = s->heap[0], i = 0;
	for (size_t child; (child = 2 * i + 1) < s->heap_n; i = child) {
		if (child + 1 < s->heap_n && before(s, s->heap[child + 1], s->heap[child]))
			child++;
		if (!before(s, s->heap[child], x))
			break;
		s->heap[i] = s->heap[child];
	}
	s->heap[i] = x;
}

static void push(struct stream *s, size_t x)
{
	size_t i = s->heap_n++;
	for (; i && before(s, x, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = x;
}

static int64_t oldest_of(const struct batch *b)
{
	int64_t oldest = INT64_MAX;
	for (size_t i = 0; i < b->flow_n; i++)
		if (flow_time_ms(&b->flows[i]) < oldest)
			oldest = flow_time_ms(&b->flows[i]);
	for (size_t i = 0; i < b->dns_n; i++)
		if (b->dns[i].time_ms < oldest)
			oldest = b->dns[i].time_ms;
	for (size_t i = 0; i < b->session_n; i++)
		if (session_time_ms(&b->sessions[i]) < oldest)
			oldest = session_time_ms(&b->sessions[i]);
	return oldest;
}

/* Reads as far as the first batch, to know where in time the input begins, and closes it again.
 * False where there is nothing in it: then it is done with, and was counted. */
static bool peek(struct stream *s, struct source *src)
{
	struct reader r;
	struct err e;
	struct tally quiet = {.quiet = true};
	if (reader_open(&r, src->path, s->env, s->tally, &e)) {
		s->tally->files_failed++;
		tally_tell(s->tally, "%s", e.msg);
		return false;
	}
	struct tally before_it = *s->tally;
	bool any = reader_next(&r, &quiet);
	if (any) {
		src->next_ms = oldest_of(&r.batch);
		reader_close(&r, &quiet);
		return true;
	}
	reader_close(&r, &quiet);
	*s->tally = before_it; /* once more, aloud: it has no record, so this is all there is */
	if (reader_open(&r, src->path, s->env, &quiet, &e) == 0) {
		(void)reader_next(&r, s->tally);
		reader_close(&r, s->tally);
	}
	return false;
}

static bool take_lot(struct stream *s, struct source *src)
{
	uint64_t before = src->taken;
	bool more = ahead_take(s->ahead, &src->smooth, &src->taken);
	s->taken += src->taken - before;
	return more;
}

/* From now on another source is read ahead, or none. */
static void turn_to(struct stream *s, struct source *src)
{
	if (s->read && s->read != src) {
		ahead_of(s->ahead, NULL);
		while (take_lot(s, s->read))
			;
	}
	s->read = src;
}

static void close_source(struct stream *s, struct source *src)
{
	if (s->read == src)
		turn_to(s, NULL);
	if (src->open)
		reader_close(&src->input.reader, s->tally);
	src->open = false;
	smooth_fini(&src->smooth);
}

static void open_source(struct stream *s, struct source *src)
{
	struct err e;
	struct tally quiet = {.quiet = true}; /* a format unknown was told by peek */
	src->ended = reader_open(&src->input.reader, src->path, s->env, &quiet, &e) != 0;
	src->open = !src->ended;
	if (src->ended) { /* it could be read a moment ago */
		s->tally->files_failed++;
		tally_tell(s->tally, "%s", e.msg);
	}
}

/* Fills the source's buffer until its next record is known; false: it has none any more. */
static bool refill(struct stream *s, struct source *src)
{
	turn_to(s, src);
	if (!src->open && !src->ended)
		open_source(s, src);
	if (src->open)
		ahead_of(s->ahead, &src->input);
	while (!smooth_ready(&src->smooth, src->ended) && !src->ended)
		src->ended = !take_lot(s, src);
	const struct smooth_item *next = smooth_peek(&src->smooth);
	if (!next) {
		close_source(s, src);
		return false;
	}
	src->next_ms = next->time_ms;
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Inputs that overlap in time are open together: as many as the system lets us. */
static void allow_many_files(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}

struct stream *stream_new(const struct run_input *in, struct tally *tally)
{
	struct stream *s = mem_map(sizeof *s);
	s->env = &in->env;
	s->tally = tally;
	smooth_pool_fill(&s->pool);
	s->ahead = ahead_new(&s->pool, tally);
	allow_many_files();
	s->room = in->paths.n + 1;
	s->v = mem_map(s->room * sizeof *s->v);
	s->heap = mem_new(in->paths.n, sizeof *s->heap);
	if (in->paths.n)
		qsort(in->paths.v, in->paths.n, sizeof *in->paths.v, by_text);
	for (size_t i = 0; i < in->paths.n; i++) {
		if (i && strcmp(in->paths.v[i], in->paths.v[i - 1]) == 0)
			continue; /* named twice */
		s->v[s->n] = (struct source){.path = in->paths.v[i], .smooth = {.pool = &s->pool}};
		if (peek(s, &s->v[s->n]))
			push(s, s->n++);
	}
	return s;
}

/* The source on top of the heap has got another next record, or none any more. */
static void renew_top(struct stream *s)
{
	if (!refill(s, &s->v[s->heap[0]]))
		s->heap[0] = s->heap[--s->heap_n];
	if (s->heap_n)
		sift_down(s);
}

bool stream_take(struct stream_batch *b, struct smooth *s, int64_t *clock_ms)
{
	const struct smooth_item *next = smooth_peek(s);
	if (!next || b->n == STREAM_BATCH || b->dns_n == STREAM_DNS)
		return false;
	struct stream_record *r = &b->v[b->n];
	*r = (struct stream_record){.time_ms = next->time_ms, .late = next->time_ms < *clock_ms};
	if (next->is_dns) {
		r->dns = &b->dns[b->dns_n];
		dns_unpack(smooth_take(s), &b->dns[b->dns_n++]);
	} else {
		r->flow = &b->flows[b->n];
		flow_unpack(smooth_take(s), r->time_ms, &b->flows[b->n]);
	}
	b->n++;
	if (!r->late)
		*clock_ms = r->time_ms;
	return true;
}

/* Of the sources but the top one, that whose next record is oldest; its own number: there is none.
 */
static size_t second(const struct stream *s)
{
	if (s->heap_n < 2)
		return s->heap[0];
	return s->heap_n > 2 && before(s, s->heap[2], s->heap[1]) ? s->heap[2] : s->heap[1];
}

/* The top source's records that may leave, as long as no other source has an older one. False: the
 * batch is full. */
static bool give_run(struct stream *s)
{
	size_t top = s->heap[0], other = second(s);
	struct source *src = &s->v[top];
	const struct smooth_item *next;
	bool more = true;
	while (more && (next = smooth_peek(&src->smooth))) {
		src->next_ms = next->time_ms;
		if (other != top && before(s, other, top)) {
			sift_down(s);
			break;
		}
		more = stream_take(&s->batch, &src->smooth, &s->clock_ms);
	}
	return more;
}

const struct stream_batch *stream_next(struct stream *s)
{
	bool more = true;
	s->batch.n = s->batch.dns_n = 0;
	while (more && s->heap_n)
		if (smooth_peek(&s->v[s->heap[0]].smooth))
			more = give_run(s);
		else
			renew_top(s);
	return s->batch.n ? &s->batch : NULL;
}

uint64_t stream_taken(const struct stream *s)
{
	return s->taken;
}

bool stream_help(void *stream)
{
	const struct stream *s = stream;
	return ahead_help(s->ahead);
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		close_source(s, &s->v[i]);
	ahead_free(s->ahead);
	smooth_pool_fini(&s->pool);
	mem_unmap(s->v, s->room * sizeof *s->v);
	free(s->heap);
	mem_unmap(s, sizeof *s);
}
