/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Equal blocks of memory, known by their number: see shard.h. What was never taken costs nothing
 * but addresses. */
#include "base/mem.h"
#include "detect/shard.h"
#include <assert.h>
#include <string.h>

void blocks_init(struct blocks *b, size_t bytes, size_t cap)
{
	bytes = (bytes + 7) & ~(size_t)7;
	cap = cap < UINT32_MAX ? cap : UINT32_MAX;
	*b = (struct blocks){.bytes = bytes, .cap = (uint32_t)cap};
	b->v = mem_map(b->bytes * b->cap);
}

void blocks_fini(struct blocks *b)
{
	mem_unmap(b->v, b->bytes * b->cap);
}

uint32_t blocks_take(struct blocks *b)
{
	uint32_t number = b->free;
	if (!number) {
		assert(b->used < b->cap);
		return ++b->used;
	}
	uint32_t *next = blocks_at(b, number);
	b->free = *next;
	*next = 0;
	return number;
}

void blocks_give(struct blocks *b, uint32_t number)
{
	uint32_t *next = blocks_at(b, number);
	memset(next, 0, b->bytes);
	*next = b->free;
	b->free = number;
}
