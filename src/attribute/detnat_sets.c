/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deterministic NATs as a source of answers: see detnat_sets.h. What they say is computed when it
 * is asked for, and nothing is kept. */
#include "attribute/detnat_sets.h"
#include "base/mem.h"
#include <stdlib.h>

void detnat_sets_fini(struct detnat_sets *s)
{
	free(s->v);
	*s = (struct detnat_sets){0};
}

static bool overlaps(uint32_t a, uint32_t a_n, uint32_t b, uint32_t b_n)
{
	return a <= b ? b - a < a_n : a - b < b_n;
}

/* Only one of two such sets can be in force at a time. */
static bool excludes(const struct detnat *a, const struct detnat *b)
{
	return (a->realm == b->realm &&
		   overlaps(a->outside, a->outside_n, b->outside, b->outside_n)) ||
	       (a->inside_realm == b->inside_realm &&
		   overlaps(a->inside, a->inside_n, b->inside, b->inside_n));
}

/* The earlier one ends where the later one begins; false: it says itself that it does not. */
static bool end_earlier(struct detnat_set *a, struct detnat_set *b)
{
	struct detnat_set *was = a->d.from_ms < b->d.from_ms ? a : b, *is = was == a ? b : a;
	if (was->d.to_ms && was->d.to_ms <= is->d.from_ms)
		return true;
	if (was->ends || was->d.from_ms == is->d.from_ms)
		return false;
	was->d.to_ms = is->d.from_ms;
	return true;
}

static int fit(struct detnat_sets *s, struct detnat_set *new, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (excludes(&s->v[i].d, &new->d) && !end_earlier(&s->v[i], new))
			return err_set(e, ERR_CONFIG,
			    "for some addresses that of %.100s line %u is in force at the same "
			    "time",
			    s->v[i].file, s->v[i].line);
	return ERR_OK;
}

static int read_set(struct span text, struct detnat *d, struct err *e)
{
	int bad = detnat_parse(text, d, e);
	if (!bad && !d->from_ms)
		bad = err_set(e, ERR_CONFIG, "since when? from=TIME is missing");
	if (!bad && d->to_ms && d->to_ms <= d->from_ms)
		bad = err_set(e, ERR_CONFIG, "it ends before it begins");
	return bad;
}

int detnat_sets_add(
    struct detnat_sets *s, struct span text, const char *file, unsigned line, struct err *e)
{
	struct detnat_set new = {.file = file, .line = line};
	struct err why;
	text = span_trim(text);
	if (!text.n || text.p[0] == '#')
		return ERR_OK;
	int bad = read_set(text, &new.d, &why);
	new.ends = new.d.to_ms != 0;
	bad = bad ? bad : fit(s, &new, &why);
	if (bad)
		return err_set(e, ERR_CONFIG, "%.100s line %u: %.180s", file, line, why.msg);
	s->v = mem_grow(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n++] = new;
	return ERR_OK;
}

/* Who holds the port, and which others with it. */
static bool block_at(
    const struct detnat *d, const union addr *outside, uint16_t port, struct interval *v)
{
	struct detnat_ports parts[DETNAT_PARTS];
	*v = (struct interval){.addr = *outside,
	    .bits = 128,
	    .realm = d->realm,
	    .inside_realm = d->inside_realm,
	    .holder = HOLDER_INSIDE,
	    .port_step = 1,
	    .t0_ms = d->from_ms,
	    .t1_ms = d->to_ms ? d->to_ms : INTERVAL_EVER_MS,
	    .begin = SESSION_TOLD,
	    .end = d->to_ms ? SESSION_TOLD : SESSION_OPEN};
	v->sure_ms = v->t1_ms;
	if (!detnat_inside(d, outside, port, &v->inside))
		return false;
	size_t n = detnat_outside(d, &v->inside, parts);
	for (size_t i = 0; i < n; i++) {
		if (!addr_same(&parts[i].addr, outside) || port < parts[i].first ||
		    port > parts[i].last)
			continue;
		v->port_first = parts[i].first;
		v->port_last = parts[i].last;
	}
	return true;
}

/* All that holds some of these ports, or the first of it. */
static void find_among(const struct detnat *d, const struct question *q, uint32_t first,
    uint32_t last, struct found *out)
{
	struct interval v;
	uint32_t port = detnat_given(d, first ? first : 1);
	for (size_t i = 0; port <= last && block_at(d, &q->addr, (uint16_t)port, &v); i++) {
		if (i == ANSWER_MAX) { /* too many to say that ports are alike */
			out->alike &= !q->alike;
			out->more |= !q->alike;
			return;
		}
		found_add(out, &v, 0, 0);
		port = detnat_given(d, v.port_last + 1u);
	}
}

static void find(
    void *of, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *out)
{
	const struct detnat_sets *s = of;
	out->alike = true;
	for (size_t i = 0; i < s->n; i++) {
		const struct detnat *d = &s->v[i].d;
		bool in_force = d->from_ms <= hi_ms && (!d->to_ms || lo_ms < d->to_ms);
		if (d->realm != q->realm || !in_force)
			continue;
		if (!q->port)
			find_among(d, q, 0, UINT16_MAX, out);
		else if (q->alike)
			find_among(d, q, q->port & 0xff00u, q->port | 0xffu, out);
		else
			find_among(d, q, q->port, q->port, out);
	}
}

static const struct detnat_set *set_of(const struct detnat_sets *s, const struct interval *v)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct detnat *d = &s->v[i].d;
		if (d->realm == v->realm && d->from_ms == v->t0_ms &&
		    addr_v4_of(&v->addr) - d->outside < d->outside_n)
			return &s->v[i];
	}
	return NULL;
}

/* It names inside addresses only. */
static void name(void *of, const struct interval *v, char out[LINE_TEXT])
{
	(void)of;
	(void)v;
	out[0] = '\0';
}

static void says_so(void *of, const struct interval *v, struct text *out)
{
	const struct detnat_set *set = set_of(of, v);
	if (set)
		text_fmt(out, "%s line %u", set->file, set->line);
}

struct whose_source detnat_sets_source(struct detnat_sets *s)
{
	return (struct whose_source){.find = find, .name = name, .says_so = says_so, .of = s};
}
