/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence as saved state, and back: field by field, so that it outlives changes of its struct.
 * EVHD: a version and the detectors' names; EVID: rows. It is what was found, and has addresses and
 * names of peers. */
#include "evidence/table.h"
#include <math.h>

#define NONE UINT32_MAX
enum { VERSION = 1, SOURCES_MAX = 256 };
#define TIME_MAX_MS 0x3fffffffffffull /* beyond the year 4000 */

static void save_top(const struct evidence_top *t, struct save *out)
{
	save_bytes(out, &t->addr, sizeof t->addr);
	save_uint(out, t->port, 2);
	save_uint(out, t->proto, 1);
	save_uint(out, t->count, 4);
	save_text(out, t->name);
}

static void save_one(const struct evidence *e, struct save *out)
{
	const int64_t times_ms[] = {
	    e->window_ms, e->first_ms, e->last_ms, e->day_first_ms, e->day_last_ms};
	const double reals[] = {
	    e->value, e->threshold, e->p, e->db, e->bonus_db, e->cap_db, e->prevalence, e->share};
	save_bytes(out, &e->subject, sizeof e->subject);
	save_uint(out, e->detector, 4);
	save_uint(out, e->cause, 4);
	for (size_t i = 0; i < sizeof times_ms / sizeof *times_ms; i++)
		save_uint(out, (uint64_t)times_ms[i], 8);
	for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
		save_real(out, reals[i]);
	save_text(out, e->family);
	save_uint(out, e->sampling, 4);
	save_uint(out, e->count, 4);
	save_uint(out, e->which, 1);
	save_uint(out, e->estimated, 1);
	save_uint(out, e->behaviour, 1);
	save_uint(out, e->top_n, 1);
	for (uint32_t i = 0; i < e->top_n; i++)
		save_top(&e->top[i], out);
}

void evidence_save_head(const struct evidence_table *t, struct save *out)
{
	save_begin(out, "EVHD");
	save_uint(out, VERSION, 4);
	save_uint(out, t->sources_n, 4);
	for (size_t i = 0; i < t->sources_n; i++)
		save_text(out, t->sources[i].name);
	save_end(out);
}

static void save_line(const struct line *l, struct save *out)
{
	for (size_t k = 0; k < l->n; k++) {
		if (save_is_full(out)) {
			save_end(out);
			save_begin(out, "EVID");
		}
		save_one(&l->v[k], out);
	}
}

void evidence_save(const struct evidence_table *t, struct save *out)
{
	save_begin(out, "EVID");
	for (size_t i = 0; i < t->n; i++)
		save_line(&t->lines[i], out);
	save_end(out);
}

struct old { /* the sources that the rows speak of */
	uint32_t n;
	uint32_t is[SOURCES_MAX]; /* number here, NONE: it is no more */
};

static uint32_t source_named(const struct evidence_table *t, struct span name)
{
	for (uint32_t i = 0; i < t->sources_n; i++)
		if (span_is(name, t->sources[i].name))
			return i;
	return NONE;
}

static void load_text_to(struct load *in, char *to, size_t cap)
{
	struct span s = load_text(in);
	(void)str_copy(to, cap, s.p, s.n);
}

static void load_top(struct load *in, struct evidence_top *t)
{
	*t = (struct evidence_top){0};
	(void)load_bytes(in, &t->addr, sizeof t->addr);
	t->port = buf_le16(&in->section);
	t->proto = buf_u8(&in->section);
	t->count = buf_le32(&in->section);
	load_text_to(in, t->name, sizeof t->name);
}

static void load_time(struct load *in, int64_t *ms)
{
	uint64_t v = buf_le64(&in->section);
	in->section.bad = in->section.bad || v > TIME_MAX_MS;
	*ms = (int64_t)v;
}

static void load_one(struct load *in, struct evidence *e)
{
	struct buf *b = &in->section;
	int64_t *const times_ms[] = {
	    &e->window_ms, &e->first_ms, &e->last_ms, &e->day_first_ms, &e->day_last_ms};
	double *const reals[] = {&e->value, &e->threshold, &e->p, &e->db, &e->bonus_db, &e->cap_db,
	    &e->prevalence, &e->share};
	*e = (struct evidence){0};
	(void)load_bytes(in, &e->subject, sizeof e->subject);
	e->detector = buf_le32(b);
	e->cause = buf_le32(b);
	for (size_t i = 0; i < sizeof times_ms / sizeof *times_ms; i++)
		load_time(in, times_ms[i]);
	for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
		*reals[i] = load_real(in);
		b->bad = b->bad || !isfinite(*reals[i]);
	}
	load_text_to(in, e->family, sizeof e->family);
	e->sampling = buf_le32(b);
	e->count = buf_le32(b);
	e->which = buf_u8(b) & 1u;
	e->estimated = buf_u8(b) != 0;
	e->behaviour = buf_u8(b) != 0;
	e->top_n = buf_u8(b);
	b->bad = b->bad || e->top_n > EVIDENCE_TOP;
	for (uint32_t i = 0; i < e->top_n && !b->bad; i++)
		load_top(in, &e->top[i]);
}

static void load_row(struct evidence_table *const *tables, unsigned n,
    const struct evidence_deal *deal, const struct old *old, struct load *in)
{
	struct evidence e;
	load_one(in, &e);
	if (in->section.bad || e.detector >= old->n) {
		in->section.bad = true;
		return;
	}
	e.detector = old->is[e.detector];
	if (e.detector == NONE)
		return;
	unsigned to = n > 1 ? deal->which(deal->arg, &e.subject) : 0;
	e.statistic = tables[to]->sources[e.detector].statistic[e.which];
	e.unit = tables[to]->sources[e.detector].unit[e.which];
	evidence_add(tables[to], &e);
}

/* False where the rows cannot be read. */
static bool load_head(const struct evidence_table *t, struct old *old, struct load *in)
{
	if (buf_le32(&in->section) != VERSION) {
		load_tell(in, "evidence: it was saved by another version and is left out");
		return false;
	}
	uint32_t n = buf_le32(&in->section);
	if (load_check(in, n <= SOURCES_MAX))
		return false;
	for (old->n = 0; old->n < n; old->n++) {
		struct span name = load_text(in);
		old->is[old->n] = source_named(t, name);
		if (old->is[old->n] == NONE && name.n)
			load_tell(in, "%.*s: findings of a detector that is no more are left out",
			    (int)name.n, name.p);
	}
	return !load_check(in, true);
}

int evidence_load(struct evidence_table *const *tables, unsigned n,
    const struct evidence_deal *deal, struct load *in)
{
	struct old old = {0};
	if (!load_is(in, "EVHD"))
		return in->bad;
	bool known = load_head(tables[0], &old, in);
	load_next(in);
	for (; load_is(in, "EVID"); load_next(in)) {
		while (known && buf_left(&in->section))
			load_row(tables, n, deal, &old, in);
		if (load_check(in, true))
			break;
	}
	return in->bad;
}
