/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Smoothing: see smooth.h. A batch is sorted by radix and merged into what is held from the back
 * on, so that an input in order costs an append, and a little disorder moves little. */
#include "run/smooth.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* A batch is merged once it is this part of what is held: each record moves a few times at most. */
enum { MERGE_PART = 8 };
/* Of the newest records that part may have clocks that run ahead: they move nobody's window. */
enum { AHEAD_PART = 8 };
enum { BLOCKS_SPARE = 64 };

static void room(struct smooth_items *l, size_t n)
{
	size_t cap = l->cap ? l->cap : BATCH_FULL;
	while (cap < n)
		cap *= 2;
	if (cap > l->cap)
		l->v = mem_grow(l->v, cap, sizeof *l->v);
	l->cap = cap;
}

static uint32_t take_block(struct smooth *s)
{
	if (s->free_n)
		return s->free[--s->free_n];
	s->blocks = mem_grow(s->blocks, s->block_n + 1u, sizeof *s->blocks);
	s->free = mem_grow(s->free, s->block_n + 1u, sizeof *s->free);
	s->blocks[s->block_n] = (struct smooth_block){.left = 0};
	return s->block_n++;
}

/* The batch's memory becomes the block's, and that of the block the batch's. */
static void swap(struct smooth_block *to, struct batch *b)
{
	struct batch empty = to->records;
	to->records = *b;
	*b = empty;
	batch_reset(b);
}

size_t smooth_batch(struct smooth *s, struct batch *b)
{
	size_t all = b->flow_n + b->dns_n;
	room(&s->fresh, s->fresh.n + all);
	uint32_t number = take_block(s);
	struct smooth_block *to = &s->blocks[number];
	struct smooth_item *at = &s->fresh.v[s->fresh.n], *first = at;
	swap(to, b);
	for (size_t i = 0; i < to->records.flow_n; i++) {
		const struct flow *f = &to->records.flows[i];
		if (flow_check(f) == ERR_OK && flow_clock_is_right(f))
			*at++ = (struct smooth_item){
			    flow_time_ms(f), number, (uint32_t)i & INT32_MAX, 0};
	}
	for (size_t i = 0; i < to->records.dns_n; i++)
		if (dns_check(&to->records.dns[i]) == ERR_OK)
			*at++ = (struct smooth_item){
			    to->records.dns[i].time_ms, number, (uint32_t)i & INT32_MAX, 1};
	to->left = (size_t)(at - first);
	s->fresh.n += to->left;
	if (to->left == 0)
		s->free[s->free_n++] = number;
	return all - to->left;
}

/* One pass of a radix sort, by the byte of the time that lies `shift` bits up. */
static void pass(const struct smooth_items *from, struct smooth_items *to, unsigned shift)
{
	size_t at[256] = {0}, sum = 0;
	for (size_t i = 0; i < from->n; i++)
		at[(uint64_t)from->v[i].time_ms >> shift & 255]++;
	for (size_t i = 0; i < 256; i++) {
		size_t n = at[i];
		at[i] = sum;
		sum += n;
	}
	for (size_t i = 0; i < from->n; i++)
		to->v[at[(uint64_t)from->v[i].time_ms >> shift & 255]++] = from->v[i];
	to->n = from->n;
}

/* Equal times keep their order. Times are not negative (flow_check). */
static void sort_fresh(struct smooth *s)
{
	uint64_t differ = 0;
	bool in_order = true;
	for (size_t i = 1; i < s->fresh.n; i++) {
		differ |= (uint64_t)(s->fresh.v[i].time_ms ^ s->fresh.v[0].time_ms);
		in_order &= s->fresh.v[i].time_ms >= s->fresh.v[i - 1].time_ms;
	}
	room(&s->spare, s->fresh.n);
	for (unsigned shift = 0; !in_order && shift < 64; shift += 8) {
		if (!(differ >> shift & 255))
			continue;
		pass(&s->fresh, &s->spare, shift);
		struct smooth_items sorted = s->spare;
		s->spare = s->fresh;
		s->fresh = sorted;
	}
}

/* Into held, from the back. */
static void merge(struct smooth *s)
{
	if (s->head * 2 > s->held.n) { /* what was taken makes room */
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

static void drop(struct smooth *s, uint32_t block)
{
	if (--s->blocks[block].left == 0)
		s->free[s->free_n++] = block;
}

void smooth_release(struct smooth *s, uint32_t block)
{
	s->out--;
	drop(s, block);
}

static void move(struct smooth *s, struct smooth_item *i, uint32_t to)
{
	struct batch *b = &s->blocks[to].records;
	uint32_t from = i->block;
	if (i->is_dns)
		*batch_dns(b) = *smooth_dns(s, i);
	else
		*batch_flow(b) = *smooth_flow(s, i);
	i->at = (uint32_t)((i->is_dns ? b->dns_n : b->flow_n) - 1) & INT32_MAX;
	i->block = to;
	s->blocks[to].left++;
	drop(s, from);
}

/* Moves what is held together, when records that stay for long (of clocks that run ahead) keep too
 * many blocks that are almost empty. */
static void gather(struct smooth *s)
{
	size_t used = s->block_n - s->free_n, n = s->held.n - s->head;
	if (used <= 2 * (n / BATCH_FULL) + BLOCKS_SPARE)
		return;
	uint32_t to = take_block(s);
	batch_reset(&s->blocks[to].records);
	for (size_t i = s->head; i < s->held.n; i++) {
		if (s->blocks[to].left == BATCH_FULL) {
			to = take_block(s);
			batch_reset(&s->blocks[to].records);
		}
		move(s, &s->held.v[i], to);
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

void smooth_fini(struct smooth *s)
{
	for (uint32_t i = 0; i < s->block_n; i++)
		batch_fini(&s->blocks[i].records);
	free(s->blocks);
	free(s->free);
	free(s->held.v);
	free(s->fresh.v);
	free(s->spare.v);
	*s = (struct smooth){0};
}
