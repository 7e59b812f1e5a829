/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line it was: see whose.h. */
#include "attribute/whose.h"
#include "base/mem.h"
#include <stdlib.h>

static const char *const words[] = {"unknown", "exact", "ambiguous", "expired"};

const char *whose_word(enum whose kind)
{
	return words[kind];
}

void found_add(struct found *f, const struct interval *v, uint64_t key, uint8_t flags)
{
	if (f->n == FOUND_MAX) {
		f->more = true;
		return;
	}
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 16;
		f->v = mem_grow(f->v, f->cap, sizeof *f->v);
	}
	f->v[f->n++] = (struct found_one){*v, key, f->source, flags};
}

void whose_fini(struct asker *w)
{
	free(w->found[0].v);
	free(w->found[1].v);
	*w = (struct asker){0};
}

struct window {
	int64_t lo_ms, hi_ms;
};

static struct window window_of(const struct question *q)
{
	return (struct window){q->at_ms - q->skew_ms, q->at_ms + q->skew_ms};
}

/* Of several states of one interval the newest stays, in its first one's place. */
static void keep_newest(struct found *f)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->n; i++) {
		size_t k = 0;
		while (k < kept && !interval_is(&f->v[k].v, &f->v[i].v))
			k++;
		if (k == kept)
			f->v[kept++] = f->v[i];
		else if (interval_newer(&f->v[i].v, &f->v[k].v))
			f->v[k] = f->v[i];
	}
	f->n = kept;
}

/* What was to be deleted counts no more, even if it is still there. */
static void keep_touching(
    const struct asker *w, struct found *f, const struct question *q, struct window window)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->n; i++) {
		const struct interval *v = &f->v[i].v;
		if (interval_touches(v, window.lo_ms, window.hi_ms) && question_meets(q, v) &&
		    v->t1_ms > w->v[f->v[i].source].swept_ms)
			f->v[kept++] = f->v[i];
	}
	f->n = kept;
}

/* Whether prefixes of this length were held without a gap all through the window. */
static bool is_filled(const struct found *f, uint8_t bits, struct window w)
{
	int64_t at_ms = w.lo_ms;
	for (;;) {
		int64_t to_ms = at_ms;
		for (size_t i = 0; i < f->n; i++) {
			const struct interval *v = &f->v[i].v;
			if (v->bits == bits && v->t0_ms <= at_ms && v->t1_ms > to_ms)
				to_ms = v->t1_ms;
		}
		if (to_ms > w.hi_ms)
			return true;
		if (to_ms == at_ms)
			return false;
		at_ms = to_ms;
	}
}

static void keep_longest(struct found *f, struct window w)
{
	size_t kept = 0;
	int from = 129, next = -1;
	do {
		next = -1;
		for (size_t i = 0; i < f->n; i++)
			if (f->v[i].v.bits < from && f->v[i].v.bits > next)
				next = f->v[i].v.bits;
		from = next >= 0 ? next : from;
	} while (next >= 0 && !is_filled(f, (uint8_t)next, w));
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].v.bits >= from)
			f->v[kept++] = f->v[i];
	f->n = kept;
}

static bool is_mixed(const struct found *f)
{
	for (size_t i = 1; i < f->n; i++)
		if (f->v[i].v.bits != f->v[0].v.bits)
			return true;
	return false;
}

/* Whether each source gave all that holds any of the ports. */
static bool find_in(
    const struct asker *w, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *f)
{
	bool alike = true;
	f->n = 0;
	f->more = false;
	for (size_t i = 0; i < w->n; i++) {
		f->source = (uint16_t)i;
		f->alike = !q->alike;
		w->v[i].find(w->v[i].of, q, lo_ms, hi_ms, f);
		alike &= f->alike;
	}
	return alike;
}

/* Something changes at that time: the stretch around the window does not go past it. */
static void end_at(struct stretch *s, struct window w, int64_t ms)
{
	if (ms >= w.lo_ms && ms <= w.hi_ms)
		*s = (struct stretch){ms, ms};
	else if (ms < w.lo_ms && ms > s->after_ms)
		s->after_ms = ms;
	else if (ms > w.hi_ms && ms < s->before_ms)
		s->before_ms = ms;
}

static void end_where_it_changes(const struct asker *w, const struct found *f, struct window window)
{
	for (size_t i = 0; i < f->n; i++) {
		end_at(w->stretch, window, f->v[i].v.t0_ms);
		end_at(w->stretch, window, f->v[i].v.t1_ms);
		end_at(w->stretch, window, f->v[i].v.sure_ms);
	}
	for (size_t i = 0; i < w->n; i++)
		end_at(w->stretch, window, w->v[i].swept_ms);
}

/* All that touches the window, and if it is not too much all around it; whether ports are alike. */
static bool find_around(
    const struct asker *w, const struct question *q, struct window window, struct found *f)
{
	enum { MUCH = 64 };
	struct stretch *s = w->stretch;
	if (s && stretch_holds(s, window.lo_ms, window.hi_ms)) {
		bool alike = find_in(w, q, s->after_ms, s->before_ms, f);
		if (!alike || f->n <= MUCH) {
			end_where_it_changes(w, f, window);
			return alike;
		}
		*s = (struct stretch){window.lo_ms, window.hi_ms};
	}
	return find_in(w, q, window.lo_ms, window.hi_ms, f);
}

/* Whether what was found holds all ports that the question takes as alike, over any protocol. */
static bool holds_alike(const struct question *q, const struct found *f)
{
	uint16_t first = q->port & 0xff00, last = q->port | 0xff;
	for (size_t i = 0; i < f->n; i++) {
		const struct interval *v = &f->v[i].v;
		bool some =
		    !q->port || v->port_step > 1 || v->port_first > first || v->port_last < last;
		if (v->proto || (interval_has_ports(v) && some))
			return false;
	}
	return true;
}

/* Whether ports are alike, where the question says so. */
static bool find_all(struct asker *w, const struct question *q, struct found *f)
{
	struct window window = window_of(q);
	bool alike = find_around(w, q, window, f);
	if (f->n > 1)
		keep_newest(f);
	keep_touching(w, f, q, window);
	if (is_mixed(f))
		keep_longest(f, window);
	return !q->alike || (alike && holds_alike(q, f));
}

static bool is_unsure(const struct interval *v, struct window w)
{
	return v->sure_ms < v->t1_ms && w.hi_ms >= v->sure_ms;
}

/* Whether it is this line; without one, the same holder. */
static bool is_line(const struct answer *a, size_t line, const struct found_one *f)
{
	const struct answer_line *l = &a->v[line];
	if (l->key || f->key)
		return l->key == f->key;
	return interval_same_holder(&a->records[l->record].v, &f->v);
}

/* Each record once, though a binding may lead to several lines. */
static void add_record(struct answer *a, size_t line, const struct found_one *f)
{
	for (size_t i = 0; i < a->record_n; i++)
		if (interval_is(&a->records[i].v, &f->v))
			return;
	if (a->record_n == ANSWER_RECORDS)
		a->cut = true;
	else
		a->records[a->record_n++] = (struct answer_record){f->v, f->source, (uint8_t)line};
}

/* The line that a record names, with the binding that led to it, or NULL. */
static void add_line(
    struct answer *a, const struct found_one *f, const struct found_one *outer, struct window w)
{
	bool unsure = is_unsure(&f->v, w) || (outer && is_unsure(&outer->v, w));
	size_t i = 0;
	while (i < a->n && !is_line(a, i, f))
		i++;
	if (i == ANSWER_MAX || (i == a->n && a->record_n == ANSWER_RECORDS)) {
		a->more = true;
		return;
	}
	if (i == a->n) {
		a->v[i] = (struct answer_line){f->key, (uint8_t)a->record_n, f->flags, unsure};
		a->n++;
	} else { /* one of its records may be sure of it */
		a->v[i].unsure &= unsure;
		a->v[i].flags |= f->flags;
	}
	add_record(a, i, f);
	if (outer)
		add_record(a, i, outer);
}

/* From the outside of a NAT on to the lines of an inside address. */
static void add_inside(
    struct asker *w, const struct question *q, const struct found_one *f, struct answer *a)
{
	struct window window = window_of(q);
	struct found *inside = &w->found[1];
	struct question next = {.addr = f->v.inside,
	    .realm = f->v.inside_realm,
	    .port = f->v.inside_port,
	    .proto = q->proto,
	    .at_ms = q->at_ms,
	    .skew_ms = q->skew_ms};
	(void)find_all(w, &next, inside);
	a->more |= inside->more;
	for (size_t i = 0; i < inside->n; i++) {
		a->shared |= !next.port && interval_has_ports(&inside->v[i].v);
		add_line(a, &inside->v[i], f, window);
	}
	if (!inside->n)
		add_line(a, f, NULL, window);
}

static enum whose judge(const struct asker *w, const struct question *q, const struct answer *a)
{
	int64_t swept_ms = 0;
	if (a->shared || a->more || a->n > 1)
		return WHOSE_AMBIGUOUS;
	if (a->n == 1 && a->v[0].key)
		return a->v[0].unsure ? WHOSE_AMBIGUOUS : WHOSE_EXACT;
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].swept_ms > swept_ms)
			swept_ms = w->v[i].swept_ms;
	return q->at_ms < swept_ms ? WHOSE_EXPIRED : WHOSE_UNKNOWN;
}

void whose_ask(struct asker *w, const struct question *q, struct answer *a)
{
	struct found *f = &w->found[0];
	a->shared = a->cut = false;
	a->n = a->record_n = 0;
	a->differs = !find_all(w, q, f);
	a->more = f->more;
	for (size_t i = 0; i < f->n; i++) {
		a->shared |= !q->port && interval_has_ports(&f->v[i].v);
		if (f->v[i].v.holder == HOLDER_INSIDE)
			add_inside(w, q, &f->v[i], a);
		else
			add_line(a, &f->v[i], NULL, window_of(q));
	}
	a->kind = judge(w, q, a);
}

void whose_ask_long(struct asker *w, const struct question *q, struct answer *a, struct stretch *s)
{
	w->stretch = s;
	whose_ask(w, q, a);
	w->stretch = NULL;
}

void whose_name(const struct asker *w, const struct answer *a, size_t line, char out[LINE_TEXT])
{
	const struct answer_record *r = &a->records[a->v[line].record];
	const struct whose_source *s = &w->v[r->source];
	out[0] = '\0';
	if (a->v[line].key && r->v.holder == HOLDER_LINE)
		s->name(s->of, &r->v, out);
}

void whose_says_so(const struct asker *w, const struct answer_record *r, struct text *out)
{
	const struct whose_source *s = &w->v[r->source];
	if (s->says_so)
		s->says_so(s->of, &r->v, out);
}
