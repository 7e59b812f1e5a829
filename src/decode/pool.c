/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fixed tables in order of use: see pool.h. */
#include "decode/pool.h"
#include "base/mem.h"
#include <string.h>

static struct pool_link *link_of(const struct pool *p, uint32_t number)
{
	return (struct pool_link *)(void *)(p->entries + (size_t)(number - 1) * p->entry_bytes);
}

static uint32_t number_of(const struct pool *p, const void *entry)
{
	return (uint32_t)((size_t)((const uint8_t *)entry - p->entries) / p->entry_bytes) + 1;
}

void pool_init(struct pool *p, uint32_t cap, size_t entry_bytes)
{
	*p = (struct pool){.cap = cap, .entry_bytes = (entry_bytes + 63) & ~(size_t)63};
	while (p->mask < cap)
		p->mask = p->mask << 1 | 1;
}

void pool_fini(struct pool *p)
{
	if (!p->entries)
		return;
	mem_unmap(p->entries, p->cap * p->entry_bytes);
	mem_unmap(p->heads, ((size_t)p->mask + 1) * sizeof *p->heads);
	p->entries = NULL;
}

void *pool_find(const struct pool *p, struct hash id)
{
	uint32_t at = p->entries ? p->heads[id.a & p->mask] : 0;
	while (at) {
		struct pool_link *l = link_of(p, at);
		if (l->id.a == id.a && l->id.b == id.b)
			return l;
		at = l->chain;
	}
	return NULL;
}

static void leave_queue(struct pool *p, struct pool_link *l)
{
	if (l->older)
		link_of(p, l->older)->newer = l->newer;
	else
		p->queues[l->queue].oldest = l->newer;
	if (l->newer)
		link_of(p, l->newer)->older = l->older;
	else
		p->queues[l->queue].newest = l->older;
}

static void join_queue(struct pool *p, struct pool_link *l, uint32_t queue)
{
	uint32_t number = number_of(p, l);
	l->queue = queue;
	l->newer = 0;
	l->older = p->queues[queue].newest;
	if (l->older)
		link_of(p, l->older)->newer = number;
	else
		p->queues[queue].oldest = number;
	p->queues[queue].newest = number;
}

void *pool_add(struct pool *p, struct hash id, uint32_t queue)
{
	if (!p->entries) {
		p->entries = mem_map(p->cap * p->entry_bytes);
		p->heads = mem_map(((size_t)p->mask + 1) * sizeof *p->heads);
	}
	uint32_t number = p->spare;
	if (number)
		p->spare = link_of(p, number)->chain;
	else if (p->used < p->cap)
		number = ++p->used;
	else
		return NULL;
	struct pool_link *l = link_of(p, number);
	memset(l, 0, p->entry_bytes);
	l->id = id;
	l->chain = p->heads[id.a & p->mask];
	p->heads[id.a & p->mask] = number;
	join_queue(p, l, queue);
	return l;
}

void pool_drop(struct pool *p, void *entry)
{
	struct pool_link *l = entry;
	uint32_t number = number_of(p, entry);
	uint32_t *at = &p->heads[l->id.a & p->mask];
	while (*at != number)
		at = &link_of(p, *at)->chain;
	*at = l->chain;
	leave_queue(p, l);
	l->chain = p->spare;
	p->spare = number;
}

void pool_touch(struct pool *p, void *entry, uint32_t queue)
{
	struct pool_link *l = entry;
	if (l->queue == queue && !l->newer)
		return;
	leave_queue(p, l);
	join_queue(p, l, queue);
}

void *pool_oldest(const struct pool *p, uint32_t queue)
{
	uint32_t number = p->queues[queue].oldest;
	return number ? link_of(p, number) : NULL;
}
