/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Smoothing: see smooth.h. */
#include "run/smooth.h"
#include "base/mem.h"
#include <stdlib.h>

enum { AHEAD = 8 };

static bool before(const struct smooth_item *a, const struct smooth_item *b)
{
	return a->time_ms != b->time_ms ? a->time_ms < b->time_ms : a->order < b->order;
}

static void heap_push(struct smooth *s, struct smooth_item x)
{
	if (s->heap_n == s->heap_cap) {
		s->heap_cap = s->heap_cap ? s->heap_cap * 2 : 256;
		s->heap = mem_grow(s->heap, s->heap_cap, sizeof *s->heap);
	}
	uint32_t i = s->heap_n++;
	for (; i && before(&x, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = x;
}

static struct smooth_item heap_pop(struct smooth *s)
{
	struct smooth_item top = s->heap[0], x = s->heap[--s->heap_n];
	uint32_t i = 0;
	for (uint32_t child; (child = 2 * i + 1) < s->heap_n; i = child) {
		if (child + 1 < s->heap_n && before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!before(&s->heap[child], &x))
			break;
		s->heap[i] = s->heap[child];
	}
	s->heap[i] = x;
	return top;
}

static void queue_grow(struct smooth *s)
{
	uint32_t cap = s->queue_cap ? s->queue_cap * 2 : 1024;
	struct smooth_item *q = mem_new(cap, sizeof *q);
	for (uint32_t i = 0; i < s->queue_n; i++)
		q[i] = s->queue[(s->head + i) & (s->queue_cap - 1)];
	free(s->queue);
	s->queue = q;
	s->queue_cap = cap;
	s->head = 0;
}

static void push(struct smooth *s, struct smooth_item x)
{
	x.order = s->order++;
	if (x.time_ms > s->newest_ms)
		s->newest_ms = x.time_ms;
	if (s->queue_n) {
		uint32_t last = (s->head + s->queue_n - 1) & (s->queue_cap - 1);
		if (x.time_ms < s->queue[last].time_ms) {
			heap_push(s, x);
			return;
		}
	}
	if (s->queue_n == s->queue_cap)
		queue_grow(s);
	s->queue[(s->head + s->queue_n++) & (s->queue_cap - 1)] = x;
}

void smooth_flow(struct smooth *s, const struct flow *f)
{
	if (s->flow_free_n == 0) {
		uint32_t cap = s->flow_cap ? s->flow_cap * 2 : 2048;
		s->flows = mem_grow(s->flows, cap, sizeof *s->flows);
		s->flow_free = mem_grow(s->flow_free, cap, sizeof *s->flow_free);
		for (uint32_t i = cap; i > s->flow_cap; i--)
			s->flow_free[s->flow_free_n++] = i - 1;
		s->flow_cap = cap;
	}
	uint32_t slot = s->flow_free[--s->flow_free_n];
	s->flows[slot] = *f;
	push(s, (struct smooth_item){.time_ms = flow_time_ms(f), .slot = slot});
}

void smooth_dns(struct smooth *s, const struct dns *d)
{
	if (s->dns_free_n == 0) {
		uint32_t cap = s->dns_cap ? s->dns_cap * 2 : 256;
		s->dns = mem_grow(s->dns, cap, sizeof *s->dns);
		s->dns_free = mem_grow(s->dns_free, cap, sizeof *s->dns_free);
		for (uint32_t i = cap; i > s->dns_cap; i--) {
			s->dns[i - 1] = mem_new(1, sizeof **s->dns);
			s->dns_free[s->dns_free_n++] = i - 1;
		}
		s->dns_cap = cap;
	}
	uint32_t slot = s->dns_free[--s->dns_free_n];
	*s->dns[slot] = *d;
	push(s, (struct smooth_item){.time_ms = d->time_ms, .slot = slot, .is_dns = true});
}

const struct smooth_item *smooth_peek(const struct smooth *s)
{
	const struct smooth_item *q = s->queue_n ? &s->queue[s->head] : NULL;
	const struct smooth_item *h = s->heap_n ? &s->heap[0] : NULL;
	return !q || (h && before(h, q)) ? h : q;
}

bool smooth_ready(const struct smooth *s, bool all)
{
	const struct smooth_item *oldest = smooth_peek(s);
	uint32_t limit_n = s->limit_n ? s->limit_n : SMOOTH_RECORDS;
	int64_t limit_ms = s->limit_ms ? s->limit_ms : SMOOTH_MS;
	return oldest && (all || s->queue_n + s->heap_n >= limit_n ||
			     s->newest_ms - oldest->time_ms > limit_ms);
}

struct smooth_item smooth_take(struct smooth *s)
{
	if (s->queue_n && smooth_peek(s) == &s->queue[s->head]) {
		struct smooth_item x = s->queue[s->head];
		s->head = (s->head + 1) & (s->queue_cap - 1);
		s->queue_n--;
		return x;
	}
	return heap_pop(s);
}

const struct flow *smooth_ahead(const struct smooth *s)
{
	if (s->queue_n <= 2 * AHEAD)
		return NULL;
	const struct smooth_item *far = &s->queue[(s->head + 2 * AHEAD) & (s->queue_cap - 1)];
	const struct smooth_item *near = &s->queue[(s->head + AHEAD) & (s->queue_cap - 1)];
	if (!far->is_dns) {
		__builtin_prefetch(&s->flows[far->slot]);
		__builtin_prefetch((const char *)&s->flows[far->slot] + 64);
		__builtin_prefetch((const char *)&s->flows[far->slot] + 128);
	}
	return near->is_dns ? NULL : &s->flows[near->slot];
}

void smooth_release(struct smooth *s, const struct smooth_item *i)
{
	if (i->is_dns)
		s->dns_free[s->dns_free_n++] = i->slot;
	else
		s->flow_free[s->flow_free_n++] = i->slot;
}

void smooth_fini(struct smooth *s)
{
	for (uint32_t i = 0; i < s->dns_cap; i++)
		free(s->dns[i]);
	free(s->dns);
	free(s->dns_free);
	free(s->flows);
	free(s->flow_free);
	free(s->queue);
	free(s->heap);
	*s = (struct smooth){0};
}
