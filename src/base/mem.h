/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is there or the process ends; an arena that is freed as a whole. */
#pragma once
#include <stddef.h>

/* Zeroed memory for n objects of size bytes; no memory ends the process. Free with free(). */
void *mem_new(size_t n, size_t size) __attribute__((malloc));
/* As realloc(); new bytes are not zeroed; no memory ends the process. */
void *mem_grow(void *p, size_t n, size_t size);
char *mem_text(const char *s); /* a copy of s */
/* Zeroed pages for a large table, given back with mem_unmap; untouched pages cost nothing. */
void *mem_map(size_t bytes);
void mem_unmap(void *p, size_t bytes);

/* What one thread writes again and again and another reads stands that many bytes apart from
 * everything else: a cache line that goes to and fro is slower than memory. */
enum { MEM_APART = 128 };

/* Brings near what is read soon, or not: it need not be memory of ours. A function that did nothing
 * but __builtin_prefetch() would be taken for one without effect, and calls of it left out. */
static inline void mem_near(const void *p)
{
	__builtin_prefetch(p);
	__asm__ volatile("");
}

/* What is written soon, and another thread may have read: it is fetched, and that of the other
 * taken away, before the writing waits for it. */
static inline void mem_near_write(const void *p)
{
	__builtin_prefetch(p, 1);
	__asm__ volatile("");
}

/* So many bytes of it. */
static inline void mem_prefetch(const void *p, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += 64)
		mem_near((const char *)p + at);
}

static inline void mem_prefetch_write(const void *p, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += 64)
		mem_near_write((const char *)p + at);
}

/* Blocks freed together: records of a batch, strings of a snapshot. Zero-initialise. */
struct arena {
	struct arena_block *first; /* newest block; NULL when empty */
	size_t bytes;              /* handed out since the last reset */
};
void *arena_new(struct arena *a, size_t bytes); /* zeroed, aligned to 16 */
char *arena_text(struct arena *a, const char *s, size_t n);
void arena_fini(struct arena *a); /* frees all; the arena may be used again */
