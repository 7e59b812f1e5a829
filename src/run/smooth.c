/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Smoothing: see smooth.h. A batch is sorted by radix and merged into what is held from the back
 * on, so that an input in order costs an append, and a little disorder moves little. */
#include "run/smooth.h"
#include "base/mem.h"
#include "rec/packed.h"
#include <stdlib.h>
#include <string.h>

/* A batch is merged once it is this part of what is held: each record moves a few times at most. */
enum { MERGE_PART = 8 };
/* Of the newest records that part may have clocks that run ahead: they move nobody's window. */
enum { AHEAD_PART = 8 };
enum { BLOCK_BYTES = 65536, CHUNK = 32 }; /* a chunk of blocks is a huge page */
enum { DIGIT_MAX = 12, DIGIT_FEW = 8 };   /* bits by which a batch is sorted; a small one */
enum { FEW = 1024 };                      /* records */
enum { BLOCKS_SPARE = 16, AHEAD = 8, SOON = 8, OF_RECORD = 128 /* bytes, for most less */ };

static void room(struct smooth_items *l, size_t n)
{
	if (n <= l->cap)
		return;
	l->cap = n + n / 4;
	l->v = mem_grow(l->v, l->cap, sizeof *l->v);
}

static void more_blocks(struct smooth_pool *p)
{
	uint32_t n = p->n + CHUNK;
	p->chunks = mem_grow(p->chunks, n / CHUNK, sizeof *p->chunks);
	p->chunks[p->n / CHUNK] = mem_map((size_t)CHUNK * BLOCK_BYTES);
	p->left = mem_grow(p->left, n, sizeof *p->left);
	p->free = mem_grow(p->free, n, sizeof *p->free);
	for (uint32_t i = n; i > p->n; i--)
		p->free[p->free_n++] = i - 1;
	p->n = n;
}

void smooth_pool_fill(struct smooth_pool *p)
{
	while ((size_t)p->n * BLOCK_BYTES < (size_t)SMOOTH_RECORDS * OF_RECORD) {
		more_blocks(p);
		memset(p->chunks[p->n / CHUNK - 1], 0, (size_t)CHUNK * BLOCK_BYTES);
	}
}

void smooth_pool_fini(struct smooth_pool *p)
{
	for (uint32_t i = 0; i < p->n / CHUNK; i++)
		mem_unmap(p->chunks[i], (size_t)CHUNK * BLOCK_BYTES);
	free(p->chunks);
	free(p->left);
	free(p->free);
	*p = (struct smooth_pool){0};
}

static uint32_t take_block(struct smooth_pool *p)
{
	if (!p->free_n)
		more_blocks(p);
	uint32_t block = p->free[--p->free_n];
	p->left[block] = 0;
	return block;
}

static void give_block(struct smooth *s, uint32_t block)
{
	s->pool->free[s->pool->free_n++] = block;
	s->block_n--;
}

static uint8_t *bytes_at(const struct smooth_pool *p, uint32_t block, size_t at)
{
	return p->chunks[block / CHUNK] + (size_t)(block % CHUNK) * BLOCK_BYTES + at;
}

static const void *packed_at(const struct smooth *s, const struct smooth_item *i)
{
	return bytes_at(s->pool, i->block, i->at);
}

static void drop(struct smooth *s, uint32_t block, size_t bytes)
{
	s->bytes -= bytes;
	if (--s->pool->left[block] == 0 && block + 1 != s->filling)
		give_block(s, block);
}

static void end_filling(struct smooth *s)
{
	uint32_t full = s->filling - 1;
	s->filling = 0;
	if (s->pool->left[full] == 0)
		give_block(s, full);
}

/* Room for any record, in the block that is being filled. */
static void *packing_room(struct smooth *s)
{
	if (s->filling && s->filled + PACKED_MAX > BLOCK_BYTES)
		end_filling(s);
	if (!s->filling) {
		s->filling = take_block(s->pool) + 1;
		s->block_n++;
		s->filled = 0;
	}
	return bytes_at(s->pool, s->filling - 1, s->filled);
}

/* What was packed there is a record. */
static void is_packed(struct smooth *s, struct smooth_item *i, size_t bytes)
{
	i->block = s->filling - 1;
	i->at = (uint16_t)s->filled;
	s->pool->left[i->block]++;
	s->filled += bytes;
	s->bytes += bytes;
}

/* Packs record k of b, whose flows come first. Returns its bytes; 0: it is refused. */
static size_t pack(const struct batch *b, size_t k, struct smooth_item *i, void *to)
{
	i->is_dns = k >= b->flow_n;
	if (i->is_dns) {
		const struct dns *d = &b->dns[k - b->flow_n];
		i->time_ms = d->time_ms;
		return dns_check(d) == ERR_OK ? dns_pack(d, to) : 0;
	}
	const struct flow *f = &b->flows[k];
	i->time_ms = flow_time_ms(f);
	return flow_check(f) == ERR_OK && flow_clock_is_right(f) ? flow_pack(f, i->time_ms, to) : 0;
}

uint64_t smooth_batch(struct smooth *s, const struct batch *b)
{
	size_t n = b->flow_n + b->dns_n, before = s->fresh.n;
	room(&s->fresh, before + n);
	for (size_t k = 0; k < n; k++) {
		struct smooth_item *i = &s->fresh.v[s->fresh.n];
		size_t bytes = pack(b, k, i, packing_room(s));
		if (!bytes)
			continue;
		is_packed(s, i, bytes);
		s->fresh.n++;
	}
	return before + n - s->fresh.n;
}

void smooth_lot_begin(struct smooth_lot *l, struct smooth_pool *p)
{
	l->n = l->bytes = 0;
	l->block = take_block(p);
	l->p = bytes_at(p, l->block, 0);
}

bool smooth_lot_fill(struct smooth_lot *l, const struct batch *b, size_t *at, uint64_t *refused)
{
	size_t k = *at, end = b->flow_n + b->dns_n, n = l->n, used = l->bytes, from = k, had = n;
	for (; k < end && n < SMOOTH_LOT && used + PACKED_MAX <= BLOCK_BYTES; k++) {
		struct smooth_item *i = &l->v[n];
		mem_prefetch_write(i + SOON, sizeof *i);
		mem_prefetch_write(l->p + used + SOON * OF_RECORD, 1);
		size_t bytes = pack(b, k, i, l->p + used);
		if (!bytes)
			continue;
		i->block = l->block;
		i->at = (uint16_t)used;
		used += bytes;
		n++;
	}
	*refused += k - from - (n - had);
	*at = k;
	l->n = n;
	l->bytes = used;
	return k == end;
}

void smooth_lot_add(struct smooth *s, const struct smooth_lot *l)
{
	s->block_n++;
	if (!l->n) {
		give_block(s, l->block);
		return;
	}
	room(&s->fresh, s->fresh.n + l->n);
	memcpy(s->fresh.v + s->fresh.n, l->v, l->n * sizeof *l->v);
	s->fresh.n += l->n;
	s->pool->left[l->block] = (uint32_t)l->n;
	s->bytes += l->bytes;
}

/* One pass of a radix sort, by so many bits of the time since `first_ms` from `shift` on. */
static void pass(const struct smooth_items *from, struct smooth_items *to, int64_t first_ms,
    unsigned shift, unsigned bits)
{
	uint32_t at[1 << DIGIT_MAX], sum = 0, digits = 1u << bits;
	memset(at, 0, digits * sizeof *at);
	for (size_t i = 0; i < from->n; i++)
		at[(uint64_t)(from->v[i].time_ms - first_ms) >> shift & (digits - 1)]++;
	for (uint32_t i = 0; i < digits; i++) {
		uint32_t n = at[i];
		at[i] = sum;
		sum += n;
	}
	for (size_t i = 0; i < from->n; i++)
		to->v[at[(uint64_t)(from->v[i].time_ms - first_ms) >> shift & (digits - 1)]++] =
		    from->v[i];
	to->n = from->n;
}

/* Equal times keep their order. */
static void sort_fresh(struct smooth *s)
{
	const struct smooth_item *v = s->fresh.v;
	int64_t first_ms = v[0].time_ms, last_ms = first_ms;
	bool in_order = true;
	for (size_t i = 1; i < s->fresh.n; i++) {
		in_order &= v[i].time_ms >= v[i - 1].time_ms;
		first_ms = v[i].time_ms < first_ms ? v[i].time_ms : first_ms;
		last_ms = v[i].time_ms > last_ms ? v[i].time_ms : last_ms;
	}
	if (in_order)
		return;
	room(&s->spare, s->fresh.n);
	uint64_t span = (uint64_t)(last_ms - first_ms);
	unsigned most = s->fresh.n >= FEW ? DIGIT_MAX : DIGIT_FEW;
	unsigned all = 64 - (unsigned)__builtin_clzll(span), passes = (all + most - 1) / most;
	unsigned bits = (all + passes - 1) / passes;
	for (unsigned shift = 0; shift < 64 && span >> shift; shift += bits) {
		pass(&s->fresh, &s->spare, first_ms, shift, bits);
		struct smooth_items sorted = s->spare;
		s->spare = s->fresh;
		s->fresh = sorted;
	}
}

/* Into held, from the back. */
static void merge(struct smooth *s)
{
	if (s->head * 4 > s->held.n) { /* what was taken makes room */
		s->held.n -= s->head;
		memmove(s->held.v, s->held.v + s->head, s->held.n * sizeof *s->held.v);
		s->due = s->head = 0;
	}
	room(&s->held, s->held.n + s->fresh.n);
	const struct smooth_item *f = s->fresh.v + s->fresh.n, *first = s->fresh.v;
	struct smooth_item *h = s->held.v + s->held.n, *head = s->held.v + s->head;
	s->held.n += s->fresh.n;
	s->fresh.n = 0;
	for (struct smooth_item *to = s->held.v + s->held.n; f > first;) {
		bool older = h > head && f[-1].time_ms < h[-1].time_ms;
		*--to = older ? *--h : *--f;
	}
}

/* Moves what is held together, when records that stay for long (of clocks that run ahead) keep too
 * many blocks that are almost empty. */
static void gather(struct smooth *s)
{
	if (s->block_n <= 2 * s->bytes / BLOCK_BYTES + BLOCKS_SPARE)
		return;
	for (size_t k = s->head; k < s->held.n; k++) {
		struct smooth_item *i = &s->held.v[k];
		uint32_t block = i->block;
		void *to = packing_room(s);
		size_t bytes = packed_bytes(packed_at(s, i));
		memcpy(to, packed_at(s, i), bytes);
		is_packed(s, i, bytes);
		drop(s, block, bytes);
	}
}

static void find_due(struct smooth *s, bool all)
{
	size_t n = s->held.n - s->head;
	size_t limit_n = s->limit_n ? s->limit_n : SMOOTH_RECORDS;
	int64_t oldest_ms = s->newest_ms - (s->limit_ms ? s->limit_ms : SMOOTH_MS);
	s->due = all ? s->held.n : s->head + (n > limit_n ? n - limit_n : 0);
	while (s->due < s->held.n && s->held.v[s->due].time_ms < oldest_ms)
		s->due++;
}

bool smooth_ready(struct smooth *s, bool all)
{
	size_t n = s->held.n - s->head;
	if (s->head < s->due)
		return true;
	if (!all && (s->fresh.n == 0 || s->fresh.n < n / MERGE_PART))
		return false;
	if (s->fresh.n) {
		sort_fresh(s);
		int64_t newest_ms = s->fresh.v[s->fresh.n - 1 - s->fresh.n / AHEAD_PART].time_ms;
		s->newest_ms = newest_ms > s->newest_ms ? newest_ms : s->newest_ms;
		merge(s);
		gather(s);
	}
	find_due(s, all);
	return s->head < s->due;
}

const void *smooth_take(struct smooth *s)
{
	const struct smooth_item *i = &s->held.v[s->head++];
	const void *packed = packed_at(s, i);
	if (s->head + AHEAD < s->due)
		mem_near(packed_at(s, i + AHEAD));
	drop(s, i->block, packed_bytes(packed));
	return packed;
}

void smooth_fini(struct smooth *s)
{
	for (size_t i = s->head; i < s->held.n; i++)
		drop(s, s->held.v[i].block, 0);
	for (size_t i = 0; i < s->fresh.n; i++)
		drop(s, s->fresh.v[i].block, 0);
	if (s->filling)
		end_filling(s);
	free(s->held.v);
	free(s->fresh.v);
	free(s->spare.v);
	*s = (struct smooth){.pool = s->pool, .limit_n = s->limit_n, .limit_ms = s->limit_ms};
}
