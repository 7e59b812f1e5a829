/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Merging inputs by time: see stream.h. */
#include "run/stream.h"
#include "base/mem.h"
#include "run/smooth.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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
	struct smooth_pool pool;
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
			s->tally->bad_n += smooth_batch(&src->smooth, &src->reader.batch);
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
	struct stream *s = mem_new(1, sizeof *s);
	s->env = &in->env;
	s->tally = tally;
	smooth_pool_fill(&s->pool);
	allow_many_files();
	s->v = mem_new(in->paths.n, sizeof *s->v);
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

bool stream_take(struct stream_packed *b, struct smooth *s, int64_t *clock_ms)
{
	const struct smooth_item *next = smooth_peek(s);
	if (!next || b->n == STREAM_BATCH || b->dns_n == STREAM_DNS ||
	    b->bytes + PACKED_MAX > sizeof b->p)
		return false;
	struct stream_item *i = &b->v[b->n++];
	*i = (struct stream_item){.time_ms = next->time_ms,
	    .at = (uint32_t)b->bytes,
	    .is_dns = next->is_dns,
	    .late = next->time_ms < *clock_ms};
	b->dns_n += i->is_dns;
	b->bytes += smooth_take(s, b->p + b->bytes);
	if (!i->late)
		*clock_ms = i->time_ms;
	return true;
}

void stream_unpack(const struct stream_packed *from, struct stream_batch *b)
{
	struct dns *d = b->dns;
	b->n = from->n;
	for (size_t k = 0; k < from->n; k++) {
		const struct stream_item *i = &from->v[k];
		struct stream_record *r = &b->v[k];
		*r = (struct stream_record){.time_ms = i->time_ms, .late = i->late};
		if (i->is_dns) {
			dns_unpack(from->p + i->at, d);
			r->dns = d++;
		} else {
			flow_unpack(from->p + i->at, i->time_ms, &b->flows[k]);
			r->flow = &b->flows[k];
		}
	}
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
static bool give_run(struct stream *s, struct stream_packed *b)
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
		more = stream_take(b, &src->smooth, &s->clock_ms);
	}
	return more;
}

static uint64_t taken(const struct stream *s)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < s->n; i++)
		sum += s->v[i].open ? reader_taken(&s->v[i].reader) : s->v[i].taken;
	return sum;
}

bool stream_fill(struct stream *s, struct stream_packed *b)
{
	bool more = true;
	b->n = b->dns_n = b->bytes = 0;
	while (more && s->heap_n)
		if (smooth_peek(&s->v[s->heap[0]].smooth))
			more = give_run(s, b);
		else
			renew_top(s);
	b->taken = taken(s);
	return b->n > 0;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		close_source(s, &s->v[i]);
	smooth_pool_fini(&s->pool);
	free(s->v);
	free(s->heap);
	free(s);
}
