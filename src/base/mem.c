/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory: see mem.h. */
#include "base/mem.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_BLOCK_BYTES = 65536, PAGE = 4096, HUGE = 2 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	_Alignas(16) unsigned char data[];
};

static void *present(void *p)
{
	if (!p) {
		fputs("<2>memory: none left, ending\n", stderr);
		exit(1);
	}
	return p;
}

void *mem_new(size_t n, size_t size)
{
	return present(calloc(n ? n : 1, size ? size : 1));
}

void *mem_grow(void *p, size_t n, size_t size)
{
	return present(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *mem_text(const char *s)
{
	return present(strdup(s));
}

/* A table of huge pages has all of them, so that none of it is in small ones. */
static size_t whole_pages(size_t bytes)
{
	size_t page = bytes >= HUGE ? HUGE : PAGE;
	return (bytes + page - 1) / page * page;
}

void *mem_map(size_t bytes)
{
	size_t want = whole_pages(bytes), more = bytes >= HUGE ? HUGE : 0;
	void *p = mmap(NULL, want + more, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		p = NULL;
	uint8_t *at = present(p);
	size_t before = more ? (HUGE - (uintptr_t)at % HUGE) % HUGE : 0;
	if (before)
		(void)munmap(at, before);
	if (more > before)
		(void)munmap(at + before + want, more - before);
	(void)madvise(at + before, want, MADV_HUGEPAGE);
	return at + before;
}

void mem_unmap(void *p, size_t bytes)
{
	if (p)
		(void)munmap(p, whole_pages(bytes));
}

void *arena_new(struct arena *a, size_t bytes)
{
	bytes = (bytes + 15) & ~(size_t)15;
	struct arena_block *b = a->first;
	if (!b || b->cap - b->used < bytes) {
		size_t cap = bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES;
		b = present(calloc(1, sizeof *b + cap));
		b->cap = cap;
		b->next = a->first;
		a->first = b;
	}
	void *p = b->data + b->used;
	b->used += bytes;
	a->bytes += bytes;
	return p;
}

char *arena_text(struct arena *a, const char *s, size_t n)
{
	char *p = arena_new(a, n + 1);
	memcpy(p, s, n);
	return p;
}

void arena_fini(struct arena *a)
{
	while (a->first) {
		struct arena_block *next = a->first->next;
		free(a->first);
		a->first = next;
	}
	a->bytes = 0;
}
