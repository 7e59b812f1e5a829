/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Merging and fusion: see evidence.h. Source: detection.md 4.5, 4.6. Limit: 64 findings are kept
 * per line (the best per detector and day), the weakest gives way. */
#include "evidence/evidence.h"
#include "base/mem.h"
#include "evidence/fuse.h"
#include "evidence/table.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEPT_MAX = 64,
	POPULATION_MIN = 1000,
	NUMERATOR_MIN = 20,
	COMMON_ONE_IN = 200,
	COMMON_DB = 5
};

const char *const tier_words[] = {"none", "observe", "behaviour", "suspect", "notice"};

const struct opt_row evidence_rows[] = {
    {"prior", OPT_REAL, offsetof(struct evidence_options, prior), 1e-6, 0.5, "share", "0.005",
	"share of lines that are thought to be infected"},
    {"notice", OPT_REAL, offsetof(struct evidence_options, notice_db), 30, 120, "dB", "70",
	"strength from which an infection is told to the subscriber"},
    {"wrong-notices", OPT_REAL, offsetof(struct evidence_options, q), 1e-6, 0.5, "share", "0.001",
	"wrong notices that are accepted"},
    {"lines", OPT_UINT, offsetof(struct evidence_options, lines_max), 1000, 10000000, NULL,
	"200000", "lines that a sensor keeps findings of; the one found longest ago gives way"},
};
const size_t evidence_rows_n = sizeof evidence_rows / sizeof *evidence_rows;

/* A later word on the same finding: the stronger one stays, times and counts grow. */
static void merge(struct evidence *old, const struct evidence *e)
{
	int64_t first = old->day_first_ms < e->day_first_ms ? old->day_first_ms : e->day_first_ms;
	int64_t last = old->day_last_ms > e->day_last_ms ? old->day_last_ms : e->day_last_ms;
	if (e->db > old->db || (e->db >= old->db && e->count >= old->count))
		*old = *e;
	old->first_ms = old->day_first_ms = first;
	old->last_ms = old->day_last_ms = last;
}

void evidence_add(struct evidence_table *t, const struct evidence *e)
{
	if (t->allow && allow_holds(t->allow, e, t->sources[e->detector].name)) {
		t->muted++;
		return;
	}
	struct line *l = table_line(t, &e->subject);
	struct evidence *weakest = NULL;
	for (size_t i = 0; i < l->n; i++) {
		struct evidence *old = &l->v[i];
		if (old->detector == e->detector && old->cause == e->cause &&
		    fuse_day(old) == fuse_day(e)) {
			merge(old, e);
			return;
		}
		if (!weakest || old->db < weakest->db)
			weakest = old;
	}
	if (l->n < KEPT_MAX) {
		l->v = mem_grow(l->v, l->n + 1, sizeof *l->v);
		l->v[l->n++] = *e;
	} else if (weakest->db < e->db) {
		*weakest = *e;
	}
}

void evidence_absorb(struct evidence_table *t, struct evidence_table *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct line *l = table_line(t, &from->lines[i].subject);
		if (l->n == 0) {
			l->v = from->lines[i].v;
			l->n = from->lines[i].n;
			from->lines[i].v = NULL;
		}
		for (size_t k = 0; from->lines[i].v && k < from->lines[i].n; k++)
			evidence_add(t, &from->lines[i].v[k]);
	}
	t->muted += from->muted;
	t->dropped += from->dropped;
	evidence_free(from);
}

void evidence_merge(struct evidence_table *t, const struct evidence_table *from)
{
	for (size_t i = 0; i < from->n; i++)
		for (size_t k = 0; k < from->lines[i].n; k++)
			evidence_add(t, &from->lines[i].v[k]);
	t->muted += from->muted;
	t->dropped += from->dropped;
}

static int strongest_first(const void *a, const void *b)
{
	const struct evidence *x = a, *y = b;
	if (x->db != y->db)
		return x->db < y->db ? 1 : -1;
	if (x->detector != y->detector)
		return x->detector < y->detector ? -1 : 1;
	return x->window_ms < y->window_ms ? -1 : x->window_ms > y->window_ms;
}

static void judge(
    struct evidence_table *t, struct line *l, int64_t run_span_ms, struct verdict_line *v)
{
	*v = (struct verdict_line){.subject = l->subject, .evidence = l->v, .evidence_n = l->n};
	qsort(l->v, l->n, sizeof *l->v, strongest_first);
	v->first_ms = l->v[0].first_ms;
	v->last_ms = l->v[0].last_ms;
	for (size_t i = 1; i < l->n; i++) {
		v->first_ms = l->v[i].first_ms < v->first_ms ? l->v[i].first_ms : v->first_ms;
		v->last_ms = l->v[i].last_ms > v->last_ms ? l->v[i].last_ms : v->last_ms;
	}
	fuse_line(&t->o, t->sources, v);
	v->tier = fuse_tier(&t->o, t->sources, v, run_span_ms);
}

static int by_tier_and_score(const void *a, const void *b)
{
	const struct verdict_line *x = a, *y = b;
	if (x->tier != y->tier)
		return x->tier < y->tier ? 1 : -1;
	if (x->score_db != y->score_db)
		return x->score_db < y->score_db ? 1 : -1;
	return memcmp(&x->subject, &y->subject, sizeof x->subject);
}

/* An indicator that a line met; then, once per indicator, by how many lines it was met. */
struct cause {
	uint32_t cause, line, lines;
};

static int by_cause(const void *a, const void *b)
{
	const struct cause *x = a, *y = b;
	if (x->cause != y->cause)
		return x->cause < y->cause ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static struct cause *list_causes(const struct evidence_table *t, size_t *n)
{
	struct cause *v = NULL;
	size_t cap = *n = 0;
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->lines[i].n; k++) {
			uint32_t cause = t->lines[i].v[k].cause;
			if (!cause)
				continue;
			if (*n == cap)
				v = mem_grow(v, cap = cap ? cap * 2 : 256, sizeof *v);
			v[(*n)++] = (struct cause){cause, (uint32_t)i, 1};
		}
	return v;
}

static struct cause *count_causes(const struct evidence_table *t, size_t *n)
{
	size_t all;
	struct cause *v = list_causes(t, &all), *last = NULL;
	*n = 0;
	if (all)
		qsort(v, all, sizeof *v, by_cause);
	for (size_t i = 0; i < all; i++) {
		if (!last || last->cause != v[i].cause) {
			last = &v[(*n)++];
			*last = v[i];
		} else if (last->line != v[i].line) {
			last->line = v[i].line;
			last->lines++;
		}
	}
	return v;
}

static uint32_t met_by(const struct cause *v, size_t n, uint32_t cause)
{
	size_t lo = 0;
	while (n) {
		size_t half = n / 2;
		if (v[lo + half].cause < cause) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return v[lo].lines;
}

/* An indicator that more than one line in 200 meets says nothing about a line (4.5 V4); only where
 * there is a population (4.1 P6). */
static void demote_common_causes(struct evidence_table *t, uint64_t lines)
{
	size_t n;
	struct cause *causes = lines >= POPULATION_MIN ? count_causes(t, &n) : NULL;
	for (size_t i = 0; causes && i < t->n; i++)
		for (size_t k = 0; k < t->lines[i].n; k++) {
			struct evidence *e = &t->lines[i].v[k];
			uint32_t met = e->cause ? met_by(causes, n, e->cause) : 0;
			if (met >= NUMERATOR_MIN && met * COMMON_ONE_IN > lines &&
			    e->db > COMMON_DB)
				e->db = COMMON_DB;
		}
	free(causes);
}

const struct verdict_line *evidence_judge(
    struct evidence_table *t, int64_t run_span_ms, uint64_t lines, enum tier min, size_t *n)
{
	free(t->verdicts);
	t->verdicts = mem_new(t->n, sizeof *t->verdicts);
	demote_common_causes(t, lines);
	for (size_t i = 0; i < t->n; i++)
		judge(t, &t->lines[i], run_span_ms, &t->verdicts[i]);
	if (t->n)
		qsort(t->verdicts, t->n, sizeof *t->verdicts, by_tier_and_score);
	fuse_limit_notices(&t->o, t->verdicts, t->n, lines);
	if (t->n)
		qsort(t->verdicts, t->n, sizeof *t->verdicts, by_tier_and_score);
	for (*n = 0; *n < t->n && t->verdicts[*n].tier >= min; ++*n)
		;
	return t->verdicts;
}

uint64_t evidence_muted(const struct evidence_table *t)
{
	return t->muted;
}

uint64_t evidence_dropped(const struct evidence_table *t)
{
	return t->dropped;
}

const struct evidence_source *evidence_source_of(
    const struct evidence_table *t, const struct evidence *e)
{
	return &t->sources[e->detector];
}
