/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was told: see told.h. */
#include "run/told.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

enum { SLOTS_FIRST = 1024, DAY_MS = 86400000 };

struct line {
	struct subject subject;
	bool used;
	enum tier tier;  /* the highest */
	double score_db; /* the highest */
	uint64_t known;  /* sum of hashes of the evidence: evidence is only ever added */
};

struct told {
	struct line *slots; /* open addressing, at most half full */
	size_t n, cap;
};

struct told *told_new(void)
{
	struct told *t = mem_new(1, sizeof *t);
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
	size_t i = hash_bytes(&hash_key_offline, s, sizeof *s).a & (t->cap - 1);
	while (t->slots[i].used && !subject_same(&t->slots[i].subject, s))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

static void grow(struct told *t)
{
	struct told wider = {.n = t->n, .cap = t->cap * 2};
	wider.slots = mem_new(wider.cap, sizeof *wider.slots);
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].used)
			*find(&wider, &t->slots[i].subject) = t->slots[i];
	free(t->slots);
	*t = wider;
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
		grow(t);
	struct line *l = find(t, &v->subject);
	uint64_t known = sum_of(v);
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
