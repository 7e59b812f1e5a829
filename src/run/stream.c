/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Merging inputs by time: see stream.h. */
#include "run/stream.h"
#include "base/mem.h"
#include "run/smooth.h"
#include <stdlib.h>
#include <string.h>

struct source {
	const char *path;
	int64_t next_ms; /* of its next record */
	bool open, ended;
	uint64_t taken;
	struct reader reader;
	struct smooth smooth;
};

struct stream {
	const struct reader_env *env;
	struct tally *tally;
	struct source *v;
	size_t n;
	size_t *heap, heap_n; /* numbers of sources, the one whose next record is oldest first */
	int64_t clock_ms;
	struct source *given; /* whose record is with the caller */
	struct smooth_item item;
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

static void take_batch(struct stream *s, struct source *src)
{
	const struct batch *b = &src->reader.batch;
	for (size_t i = 0; i < b->flow_n; i++)
		if (flow_check(&b->flows[i]) == ERR_OK && flow_clock_is_right(&b->flows[i]))
			smooth_flow(&src->smooth, &b->flows[i]);
		else
			s->tally->bad_n++;
	for (size_t i = 0; i < b->dns_n; i++)
		if (dns_check(&b->dns[i]) == ERR_OK)
			smooth_dns(&src->smooth, &b->dns[i]);
		else
			s->tally->bad_n++;
}

static void close_source(struct stream *s, struct source *src)
{
	src->taken = src->open ? reader_taken(&src->reader) : src->taken;
	if (src->open)
		reader_close(&src->reader, s->tally);
	src->open = false;
	smooth_fini(&src->smooth);
}

/* Fills the source's buffer until its next record is known; false: it has none any more. */
static bool refill(struct stream *s, struct source *src)
{
	struct err e;
	if (!src->open && !src->ended) {
		struct tally quiet = {.quiet = true}; /* a format unknown was told by peek */
		src->ended = reader_open(&src->reader, src->path, s->env, &quiet, &e) != 0;
		src->open = !src->ended;
		if (src->ended) { /* it could be read a moment ago */
			s->tally->files_failed++;
			tally_tell(s->tally, "%s", e.msg);
		}
	}
	while (!smooth_ready(&src->smooth, src->ended) && !src->ended) {
		if (reader_next(&src->reader, s->tally))
			take_batch(s, src);
		else
			src->ended = true;
	}
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

struct stream *stream_new(const struct run_input *in, struct tally *tally)
{
	struct stream *s = mem_new(1, sizeof *s);
	s->env = &in->env;
	s->tally = tally;
	s->v = mem_new(in->paths.n, sizeof *s->v);
	s->heap = mem_new(in->paths.n, sizeof *s->heap);
	if (in->paths.n)
		qsort(in->paths.v, in->paths.n, sizeof *in->paths.v, by_text);
	for (size_t i = 0; i < in->paths.n; i++) {
		if (i && strcmp(in->paths.v[i], in->paths.v[i - 1]) == 0)
			continue; /* named twice */
		s->v[s->n] = (struct source){.path = in->paths.v[i]};
		if (peek(s, &s->v[s->n]))
			push(s, s->n++);
	}
	return s;
}

static void give_back(struct stream *s)
{
	if (!s->given)
		return;
	smooth_release(&s->given->smooth, &s->item);
	s->given = NULL;
	if (refill(s, &s->v[s->heap[0]])) {
		sift_down(s);
		return;
	}
	s->heap[0] = s->heap[--s->heap_n];
	if (s->heap_n)
		sift_down(s);
}

bool stream_next(struct stream *s, struct stream_record *r)
{
	give_back(s);
	while (s->heap_n) {
		struct source *src = &s->v[s->heap[0]];
		if (src->open)
			break;
		if (refill(s, src)) {
			sift_down(s);
			continue;
		}
		s->heap[0] = s->heap[--s->heap_n];
		if (s->heap_n)
			sift_down(s);
	}
	if (!s->heap_n)
		return false;
	s->given = &s->v[s->heap[0]];
	s->item = smooth_take(&s->given->smooth);
	*r = (struct stream_record){
	    .time_ms = s->item.time_ms, .late = s->item.time_ms < s->clock_ms};
	if (s->item.is_dns)
		r->dns = s->given->smooth.dns[s->item.slot];
	else
		r->flow = &s->given->smooth.flows[s->item.slot];
	r->ahead = smooth_ahead(&s->given->smooth);
	if (!r->late)
		s->clock_ms = s->item.time_ms;
	return true;
}

uint64_t stream_taken(const struct stream *s)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < s->n; i++)
		sum += s->v[i].open ? reader_taken(&s->v[i].reader) : s->v[i].taken;
	return sum;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		close_source(s, &s->v[i]);
	free(s->v);
	free(s->heap);
	free(s);
}
