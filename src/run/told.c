/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was told: see told.h. */
#include "run/told.h"
#include "base/hash.h"
#include "base/mem.h"
#include "rec/rename.h"
#include <stdlib.h>

enum { SLOTS_FIRST = 1024, DAY_MS = 86400000 };

struct line {
	struct subject subject;
	bool used;
	enum tier tier;  /* the highest */
	double score_db; /* the highest */
	uint64_t known;  /* sum of hashes of the evidence: evidence is only ever added */
	int64_t last_ms; /* of its verdict */
	uint32_t look;   /* the last one that had it */
};

struct told {
	struct hash_key key;
	struct line *slots; /* open addressing, at most half full */
	size_t n, cap;
	uint32_t look;
};

struct told *told_new(void)
{
	struct told *t = mem_new(1, sizeof *t);
	t->key = hash_key_random();
	t->cap = SLOTS_FIRST;
	t->slots = mem_new(t->cap, sizeof *t->slots);
	return t;
}

void told_free(struct told *t)
{
	if (t)
		free(t->slots);
	free(t);
}

static struct line *find(const struct told *t, const struct subject *s)
{
	size_t i = hash_bytes(&t->key, s, sizeof *s).a & (t->cap - 1);
	while (t->slots[i].used && !subject_same(&t->slots[i].subject, s))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

/* Into a table of another size, but for what is to be forgotten. */
static void move(struct told *t, size_t cap, int64_t since_ms, bool this_look)
{
	struct told other = *t;
	other.n = 0;
	other.cap = cap;
	other.slots = mem_new(cap, sizeof *other.slots);
	for (size_t i = 0; i < t->cap; i++) {
		const struct line *l = &t->slots[i];
		if (!l->used || l->last_ms < since_ms || (this_look && l->look != t->look))
			continue;
		*find(&other, &l->subject) = *l;
		other.n++;
	}
	free(t->slots);
	*t = other;
}

static uint64_t sum_of(const struct verdict_line *v)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < v->evidence_n; i++) {
		const struct evidence *e = &v->evidence[i];
		uint64_t day = (uint64_t)(e->window_ms / DAY_MS);
		sum += hash_mix(hash_mix(day << 16 | e->detector) + e->cause);
	}
	return sum;
}

bool told_rose(struct told *t, const struct verdict_line *v, double rise_db)
{
	if (2 * t->n >= t->cap)
		move(t, t->cap * 2, INT64_MIN, false);
	struct line *l = find(t, &v->subject);
	uint64_t known = sum_of(v);
	l->last_ms = v->last_ms;
	l->look = t->look;
	if (l->used && v->tier <= l->tier && v->score_db < l->score_db + rise_db &&
	    known == l->known)
		return false;
	t->n += !l->used;
	l->tier = v->tier > l->tier ? v->tier : l->tier;
	l->score_db = !l->used || v->score_db > l->score_db ? v->score_db : l->score_db;
	l->subject = v->subject;
	l->known = known;
	l->used = true;
	return true;
}

void told_forget(struct told *t, int64_t since_ms, size_t lines_max)
{
	move(t, t->cap, since_ms, t->n > lines_max);
	t->look++;
}

/* Of two lines that get one name, the one that was told more. */
static void put(struct told *t, const struct line *l)
{
	struct line *to = find(t, &l->subject);
	t->n += !to->used;
	if (!to->used || l->score_db > to->score_db)
		*to = *l;
}

void told_rename(struct told *t, const struct renames *r)
{
	struct told other = *t;
	other.n = 0;
	other.slots = mem_new(t->cap, sizeof *other.slots);
	for (size_t i = 0; i < t->cap; i++) {
		struct line l = t->slots[i];
		if (l.used && renames_apply(r, &l.subject))
			put(&other, &l);
	}
	free(t->slots);
	*t = other;
}
