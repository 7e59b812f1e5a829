/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events into order: see reorder.h. A binary heap of times over a pool of records. */
#include "attribute/reorder.h"
#include "attribute/interval.h"
#include "base/mem.h"
#include <stdlib.h>

enum { FIRST_CAP = 256 };

struct reorder_item {
	int64_t ms;
	uint64_t digest;
	uint32_t at; /* in the pool */
	uint8_t rank;
};

static uint8_t rank_of(const struct session *s)
{
	if (s->kind == SESSION_RESET)
		return 0;
	if (s->end == SESSION_SEEN || (s->begin == SESSION_SEEN && s->end == SESSION_OPEN))
		return 2;
	return s->end == SESSION_TOLD ? 3 : 1;
}

static bool before(const struct reorder_item *a, const struct reorder_item *b)
{
	if (a->ms != b->ms)
		return a->ms < b->ms;
	return a->rank != b->rank ? a->rank < b->rank : a->digest < b->digest;
}

static void swap(struct reorder_item *a, struct reorder_item *b)
{
	struct reorder_item was = *a;
	*a = *b;
	*b = was;
}

static void grow(struct reorder *r)
{
	uint32_t cap = r->cap ? r->cap * 2 : FIRST_CAP;
	r->heap = mem_grow(r->heap, cap, sizeof *r->heap);
	r->v = mem_grow(r->v, cap, sizeof *r->v);
	r->free = mem_grow(r->free, cap, sizeof *r->free);
	for (uint32_t i = r->cap; i < cap; i++)
		r->free[r->free_n++] = i;
	r->cap = cap;
}

void reorder_put(struct reorder *r, const struct session *s)
{
	if (!r->free_n)
		grow(r);
	uint32_t at = r->free[--r->free_n], i = r->n++;
	r->v[at] = *s;
	r->heap[i] = (struct reorder_item){session_event_ms(s), session_digest(s), at, rank_of(s)};
	reorder_advance(r, r->heap[i].ms);
	for (; i && before(&r->heap[i], &r->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&r->heap[i], &r->heap[(i - 1) / 2]);
}

void reorder_advance(struct reorder *r, int64_t now_ms)
{
	if (now_ms > r->newest_ms)
		r->newest_ms = now_ms;
}

const struct session *reorder_take(struct reorder *r, bool all)
{
	if (!r->n || (!all && r->n < REORDER_MAX && r->heap[0].ms >= r->newest_ms - r->wait_ms))
		return NULL;
	uint32_t at = r->heap[0].at, i = 0;
	r->heap[0] = r->heap[--r->n];
	for (;;) {
		uint32_t child = 2 * i + 1;
		if (child + 1 < r->n && before(&r->heap[child + 1], &r->heap[child]))
			child++;
		if (child >= r->n || !before(&r->heap[child], &r->heap[i]))
			break;
		swap(&r->heap[i], &r->heap[child]);
		i = child;
	}
	r->free[r->free_n++] = at;
	return &r->v[at];
}

const struct session *reorder_peek(const struct reorder *r, uint32_t number)
{
	return number < r->n ? &r->v[r->heap[number].at] : NULL;
}

void reorder_fini(struct reorder *r)
{
	free(r->heap);
	free(r->v);
	free(r->free);
	*r = (struct reorder){0};
}
