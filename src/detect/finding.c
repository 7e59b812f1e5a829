/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a detector found on a line in a day, and when that is said: see inner.h. */
#include "base/mem.h"
#include "detect/shard.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BEHAVIOUR_P 1e-5 /* detection.md 4.6 */
enum {
	DAY_S = 86400,
	NOTES_DB = 5,
	EMIT_DB = 10,
	SPAN_SHORT_S = 30,
	SPAN_LONG_S = 1800,
	NO_SHARE = 255,
	SAMPLE = 8
};

void notes_init(struct notes_pool *p, uint32_t n)
{
	*p = (struct notes_pool){.n = n, .free_n = n};
	p->v = mem_map(n * sizeof *p->v);
	p->free = mem_new(n, sizeof *p->free);
	for (uint32_t i = 0; i < n; i++)
		p->free[i] = n - 1 - i;
}

void notes_fini(struct notes_pool *p)
{
	mem_unmap(p->v, p->n * sizeof *p->v);
	free(p->free);
}

void notes_free(struct notes_pool *p, struct finding *f)
{
	if (!f->notes)
		return;
	p->v[f->notes - 1].owner = NULL;
	p->free[p->free_n++] = f->notes - 1;
	f->notes = 0;
}

/* Frees notes of an earlier day, if a few looks find some. */
static bool notes_room(struct notes_pool *p, uint16_t day)
{
	for (int i = 0; i < SAMPLE; i++) {
		p->pick = hash_mix(p->pick + 0x9e3779b97f4a7c15ull);
		struct finding *owner = p->v[p->pick % p->n].owner;
		if (owner && owner->day < day) {
			notes_free(p, owner);
			return true;
		}
	}
	return false;
}

struct notes *notes_take(struct detect *d, struct finding *f)
{
	struct notes_pool *p = &d->notes;
	if (f->notes)
		return &p->v[f->notes - 1];
	if (p->free_n == 0 && !notes_room(p, f->day)) {
		p->dropped++;
		return NULL;
	}
	f->notes = p->free[--p->free_n] + 1;
	struct notes *n = &p->v[f->notes - 1];
	memset(n, 0, sizeof *n);
	n->owner = f;
	return n;
}

static bool same_top(const struct evidence_top *t, const union addr *peer, uint16_t port,
    uint8_t proto, struct span name)
{
	return t->port == port && t->proto == proto && addr_same(&t->addr, peer) &&
	       strlen(t->name) == name.n && memcmp(t->name, name.p, name.n) == 0;
}

struct finding *finding_find(const struct detect *d, const struct line *l, size_t which)
{
	for (uint32_t i = l->findings; i;) {
		struct finding *f = blocks_at(&d->findings, i);
		if (f->detector == which)
			return f;
		i = f->next;
	}
	return NULL;
}

struct finding *finding_now(struct detect *d)
{
	return finding_find(d, d->now, d->running);
}

struct finding *finding_made(struct detect *d, struct line *l, size_t which)
{
	struct finding *f = finding_find(d, l, which);
	if (f)
		return f;
	uint32_t number = blocks_take(&d->findings);
	f = blocks_at(&d->findings, number);
	f->detector = (uint8_t)which;
	f->next = l->findings;
	l->findings = number;
	return f;
}

void finding_note(
    struct detect *d, const union addr *peer, uint16_t port, uint8_t proto, struct span name)
{
	struct finding *f = finding_now(d);
	struct notes *n = f && f->db >= NOTES_DB ? notes_take(d, f) : NULL;
	struct evidence_top *least = NULL;
	if (!n)
		return;
	if (!name.p)
		name.p = "";
	if (name.n >= EVIDENCE_NAME)
		name.n = EVIDENCE_NAME - 1;
	for (uint32_t i = 0; i < n->n; i++) {
		if (same_top(&n->top[i], peer, port, proto, name)) {
			n->top[i].count++;
			return;
		}
		if (!least || n->top[i].count < least->count)
			least = &n->top[i];
	}
	uint32_t count = 0;
	if (n->n < EVIDENCE_TOP)
		least = &n->top[n->n++];
	else
		count = least->count;
	*least =
	    (struct evidence_top){.addr = *peer, .port = port, .proto = proto, .count = count + 1};
	(void)str_copy(least->name, sizeof least->name, name.p, name.n);
}

static int by_count(const void *a, const void *b)
{
	const struct evidence_top *x = a, *y = b;
	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static void emit(struct detect *d, const struct finding *f, const struct subject *s)
{
	const struct detector *det = detectors[f->detector];
	struct evidence e = {.subject = *s,
	    .detector = f->detector,
	    .window_ms = f->window_s * 1000ll,
	    .day_first_ms = f->first_s * 1000ll,
	    .day_last_ms = f->last_s * 1000ll,
	    .first_ms = f->first_s * 1000ll,
	    .last_ms = f->last_s * 1000ll,
	    .value = f->value,
	    .threshold = det->tail[f->which].u,
	    .p = f->p,
	    .db = f->db,
	    .bonus_db = f->bonus,
	    .cap_db = det->cap_db,
	    .prevalence = f->prevalence,
	    .share = f->share == NO_SHARE ? -1 : f->share / 100.0,
	    .statistic = det->statistic[f->which],
	    .unit = det->unit[f->which],
	    .which = f->which,
	    .sampling = f->sampling,
	    .count = f->count,
	    .estimated = f->estimated,
	    .behaviour = det->behaviour};
	if (f->notes) {
		const struct notes *n = &d->notes.v[f->notes - 1];
		e.top_n = n->n;
		memcpy(e.top, n->top, n->n * sizeof *n->top);
		qsort(e.top, e.top_n, sizeof *e.top, by_count);
		if (e.top_n == 1 && e.top[0].count < f->count)
			e.top[0].count = f->count; /* nothing else stood behind it */
	}
	detect_emit(d, &e);
}

/* The last word on it. */
static void close(struct detect *d, struct finding *f, const struct subject *s)
{
	if (f->told_db > 0)
		emit(d, f, s);
	notes_free(&d->notes, f);
}

void findings_drop(struct detect *d, struct line *l)
{
	while (l->findings) {
		uint32_t number = l->findings;
		struct finding *f = blocks_at(&d->findings, number);
		notes_free(&d->notes, f);
		l->findings = f->next;
		blocks_give(&d->findings, number);
	}
}

void findings_close(struct detect *d, struct line *l)
{
	struct finding *f;
	for (uint32_t i = l->findings; i; i = f->next) {
		f = blocks_at(&d->findings, i);
		close(d, f, &l->subject);
	}
	findings_drop(d, l);
}

void finding_event(struct detect *d, int64_t time_ms)
{
	struct finding *f = finding_made(d, d->now, d->running);
	uint32_t at = (uint32_t)(time_ms / 1000);
	uint16_t day = (uint16_t)(at / DAY_S + 1);
	if (day > f->day) { /* what is a little late counts for the day that is open */
		if (f->day)
			close(d, f, &d->now->subject);
		*f = (struct finding){.day = day,
		    .first_s = at,
		    .last_s = at,
		    .p = 1,
		    .detector = f->detector,
		    .next = f->next};
	}
	if (day < f->day) /* a little late: counts from the beginning of the day that is open */
		at = (f->day - 1u) * DAY_S;
	if (at < f->first_s)
		f->first_s = at;
	if (at > f->last_s)
		f->last_s = at;
}

/* Whether the events of a behaviour have come to span 30 s or 30 min since it was last told. */
static bool span_grew(struct finding *f)
{
	uint32_t s = f->last_s - f->first_s;
	uint8_t span = s >= SPAN_LONG_S ? 2 : s >= SPAN_SHORT_S ? 1 : 0;
	if (f->p > BEHAVIOUR_P || span <= f->span)
		return false;
	f->span = span & 3u;
	return true;
}

bool finding_judge(struct detect *d, const struct verdict *v)
{
	struct finding *f = finding_now(d);
	bool better =
	    f && ((float)v->p < f->p || (v->alone && (float)v->p <= f->p && v->count > f->count));
	d->judged = f;
	if (!better)
		return false;
	double db = strength_db(v->p), cap_db = detectors[f->detector]->cap_db;
	f->p = (float)v->p;
	f->db = (float)(db < cap_db ? db : cap_db);
	f->value = (float)v->value;
	f->share = v->share < 0 ? NO_SHARE : (uint8_t)(v->share * 100 + 1e-9);
	f->bonus = (uint8_t)(v->bonus_db < 255 ? v->bonus_db : 255);
	f->prevalence = (float)v->prevalence;
	f->window_s = (uint32_t)(v->window_ms / 1000);
	f->count = v->count;
	f->sampling = v->sampling < UINT16_MAX ? (uint16_t)v->sampling : UINT16_MAX;
	f->estimated = v->estimated & 1u;
	f->which = v->which;
	if (v->alone)
		notes_free(&d->notes, f);
	return true;
}

/* What the detector judged is told once its notes are complete. */
void finding_tell(struct detect *d)
{
	struct finding *f = d->judged;
	d->judged = NULL;
	bool stronger = f->db >= EMIT_DB && (f->told_db == 0 || f->db >= f->told_db + 1);
	if (span_grew(f) || stronger) {
		f->told_db = f->db;
		emit(d, f, &d->now->subject);
	}
}
