/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of lines with findings: see table.h and evidence.h. Lines stand in the order in which
 * they came, chained from buckets; when some are forgotten, the others move up. */
#include "evidence/table.h"
#include "base/mem.h"
#include "rec/rename.h"
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 4096, LINES_FIRST = 256, GIVES_WAY = 16 /* 1 in so many */ };

/* Six of the longest half-life (fuse.c): 1.6 % is left. */
const int64_t evidence_forgotten_ms = 6 * 14 * 86400000LL;

struct evidence_table *evidence_new(const struct evidence_options *o,
    const struct evidence_source *sources, size_t n, const struct allow *allow)
{
	struct evidence_table *t = mem_new(1, sizeof *t);
	t->o = *o;
	t->sources = sources;
	t->sources_n = n;
	t->allow = allow;
	t->key = hash_key_random();
	t->mask = BUCKETS_FIRST - 1;
	t->buckets = mem_new(t->mask + 1, sizeof *t->buckets);
	return t;
}

void evidence_free(struct evidence_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->lines[i].v);
	free(t->lines);
	free(t->buckets);
	free(t->verdicts);
	free(t);
}

static uint32_t *bucket_of(const struct evidence_table *t, const struct subject *s)
{
	return &t->buckets[hash_bytes(&t->key, s, sizeof *s).a & t->mask];
}

static void index_again(struct evidence_table *t, size_t buckets)
{
	t->mask = buckets - 1;
	free(t->buckets);
	t->buckets = mem_new(buckets, sizeof *t->buckets);
	for (size_t i = 0; i < t->n; i++) {
		uint32_t *b = bucket_of(t, &t->lines[i].subject);
		t->lines[i].chain = *b;
		*b = (uint32_t)i + 1;
	}
}

static int64_t last_found_ms(const struct line *l)
{
	int64_t last_ms = 0;
	for (size_t i = 0; i < l->n; i++)
		last_ms = l->v[i].last_ms > last_ms ? l->v[i].last_ms : last_ms;
	return last_ms;
}

/* Drops lines on which nothing was found since, at most so many; says how many. */
static size_t drop_lines(struct evidence_table *t, int64_t since_ms, size_t most)
{
	size_t kept = 0, dropped = 0;
	for (size_t i = 0; i < t->n; i++) {
		if (dropped < most && last_found_ms(&t->lines[i]) < since_ms) {
			free(t->lines[i].v);
			dropped++;
		} else {
			t->lines[kept++] = t->lines[i];
		}
	}
	t->n = kept;
	if (dropped)
		index_again(t, t->mask + 1);
	return dropped;
}

static int earlier_first(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static void make_way(struct evidence_table *t)
{
	int64_t *last_ms = mem_new(t->n, sizeof *last_ms);
	size_t most = t->n / GIVES_WAY + 1;
	for (size_t i = 0; i < t->n; i++)
		last_ms[i] = last_found_ms(&t->lines[i]);
	qsort(last_ms, t->n, sizeof *last_ms, earlier_first);
	t->dropped += drop_lines(t, last_ms[most - 1] + 1, most);
	free(last_ms);
}

void evidence_limit(struct evidence_table *t, size_t lines_max)
{
	t->lines_max = lines_max;
}

void evidence_forget(struct evidence_table *t, int64_t now_ms)
{
	(void)drop_lines(t, now_ms - evidence_forgotten_ms, t->n);
}

static struct line *add_line(struct evidence_table *t, const struct subject *s)
{
	if (t->lines_max && t->n >= t->lines_max)
		make_way(t);
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : LINES_FIRST;
		t->lines = mem_grow(t->lines, t->cap, sizeof *t->lines);
	}
	uint32_t *b = bucket_of(t, s);
	t->lines[t->n] = (struct line){.subject = *s, .chain = *b};
	*b = (uint32_t)++t->n;
	if (t->n > t->mask)
		index_again(t, (t->mask + 1) * 2);
	return &t->lines[t->n - 1];
}

struct line *table_line(struct evidence_table *t, const struct subject *s)
{
	for (uint32_t i = *bucket_of(t, s); i; i = t->lines[i - 1].chain)
		if (subject_same(&t->lines[i - 1].subject, s))
			return &t->lines[i - 1];
	return add_line(t, s);
}

/* All lines of a table, which is empty then. */
static struct line *take_lines(struct evidence_table *t, size_t *n)
{
	struct line *lines = t->lines;
	*n = t->n;
	t->lines = NULL;
	t->n = t->cap = 0;
	memset(t->buckets, 0, (t->mask + 1) * sizeof *t->buckets);
	return lines;
}

static void put_line(struct evidence_table *t, struct line *l)
{
	struct line *to = table_line(t, &l->subject);
	for (size_t k = 0; k < l->n; k++)
		l->v[k].subject = l->subject;
	if (!to->n) {
		to->v = l->v;
		to->n = l->n;
		return;
	}
	for (size_t k = 0; k < l->n; k++)
		evidence_add(t, &l->v[k]);
	free(l->v);
}

void evidence_rename(struct evidence_table *const *tables, unsigned n,
    const struct evidence_deal *deal, const struct renames *r)
{
	struct line **lines = mem_new(n, sizeof(struct line *));
	size_t *line_n = mem_new(n, sizeof *line_n);
	for (unsigned i = 0; i < n; i++)
		lines[i] = take_lines(tables[i], &line_n[i]);
	for (unsigned i = 0; i < n; i++) {
		for (size_t k = 0; k < line_n[i]; k++) {
			struct line *l = &lines[i][k];
			if (renames_apply(r, &l->subject))
				put_line(tables[deal->which(deal->arg, &l->subject)], l);
			else
				free(l->v);
		}
		free(lines[i]);
	}
	free(lines);
	free(line_n);
}
