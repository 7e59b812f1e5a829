/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines as saved state, and back (base/save.h). Sections:
 *   DETS  the key of the hashes; name, version and state_bytes of every detector
 *   LINE  rows of lines: what the core knows of it, each detector's state as it lies in memory, its
 *         findings, its large sets, each with detector and offset of the set that owns it
 *   NOTE  rows of what stands behind findings of lines that came before: the only place with
 *         addresses and names of peers
 * Detectors are known by their number in DETS. What is read is checked as far as it steers memory
 * or an index; numbers of blocks in a detector's state mean nothing until the set is linked. */
#include "base/mem.h"
#include "detect/shard.h"
#include <assert.h>
#include <string.h>

/* Raise it when struct finding or evidence_top, or what their fields mean, changes: then the
 * findings of the day are not taken over; what was told of them is evidence already. */
enum { FINDING_VERSION = 1, NONE = DETECTORS_MAX };

struct old { /* the detectors that wrote the state */
	uint32_t n;
	size_t is[DETECTORS_MAX]; /* number of the detector here, NONE: it starts afresh */
	uint32_t state_bytes[DETECTORS_MAX];
	uint32_t finding_version, finding_bytes;
};

struct loading {
	struct detect *const *shards;
	unsigned n;
	struct load *in;
	struct old old;
};

void detect_save_head(const struct detect *d, struct save *out)
{
	save_begin(out, "DETS");
	save_bytes(out, &d->key, sizeof d->key);
	save_uint(out, FINDING_VERSION, 4);
	save_uint(out, sizeof(struct finding), 4);
	save_uint(out, detectors_n, 4);
	for (size_t i = 0; i < detectors_n; i++) {
		save_text(out, detectors[i]->name);
		save_uint(out, detectors[i]->version, 4);
		save_uint(out, detectors[i]->state_bytes, 4);
	}
	save_end(out);
}

static void save_states(const struct detect *d, const struct line *l, struct save *out)
{
	unsigned n = 0;
	for (size_t i = 0; i < detectors_n; i++)
		n += l->state[i] != 0;
	save_uint(out, n, 1);
	for (size_t i = 0; i < detectors_n; i++) {
		if (!l->state[i])
			continue;
		save_uint(out, i, 1);
		save_sparse(out, blocks_at(&d->states[i], l->state[i]), detectors[i]->state_bytes);
	}
}

static void save_findings(const struct detect *d, const struct line *l, struct save *out)
{
	const struct finding *f;
	unsigned n = 0;
	for (uint32_t i = l->findings; i; i = f->next, n++)
		f = blocks_at(&d->findings, i);
	save_uint(out, n, 1);
	for (uint32_t i = l->findings; i; i = f->next) {
		f = blocks_at(&d->findings, i);
		save_sparse(out, f, sizeof *f);
	}
}

/* Which detector's state a set lies in, and where. */
static size_t owner_of(
    const struct detect *d, const struct line *l, const struct distinct *s, size_t *offset)
{
	for (size_t i = 0; i < detectors_n; i++) {
		const uint8_t *p = l->state[i] ? blocks_at(&d->states[i], l->state[i]) : NULL;
		if (p && (const uint8_t *)s >= p &&
		    (const uint8_t *)s < p + detectors[i]->state_bytes) {
			*offset = (size_t)((const uint8_t *)s - p);
			return i;
		}
	}
	return NONE;
}

static void save_sets(const struct detect *d, const struct line *l, struct save *out)
{
	unsigned n = 0;
	size_t offset = 0;
	for (uint32_t i = l->cold; i; i = d->cold.v[i - 1].next)
		n++;
	save_uint(out, n, 2);
	for (uint32_t i = l->cold; i; i = d->cold.v[i - 1].next) {
		const struct cold *c = &d->cold.v[i - 1];
		save_uint(out, owner_of(d, l, c->owner, &offset), 1);
		save_uint(out, offset, 4);
		save_uint(out, c->day, 4);
		save_uint(out, c->n, 4);
		save_sparse(out, c->h, c->n > COLD_EXACT ? sizeof c->regs : sizeof c->h);
	}
}

static void save_line(const struct detect *d, const struct line *l, struct save *out)
{
	save_bytes(out, &l->subject, sizeof l->subject);
	save_uint(out, l->last_s, 4);
	save_sparse(out, l->seen, sizeof l->seen);
	save_uint(out, l->seen_bits, 2);
	save_uint(out, l->p2p_day, 2);
	save_uint(out, l->p2p_n, 2);
	save_states(d, l, out);
	save_findings(d, l, out);
	save_sets(d, l, out);
}

static void save_notes(const struct detect *d, const struct line *l, struct save *out)
{
	const struct finding *f;
	for (uint32_t i = l->findings; i; i = f->next) {
		f = blocks_at(&d->findings, i);
		if (!f->notes)
			continue;
		const struct notes *n = &d->notes.v[f->notes - 1];
		save_bytes(out, &l->subject, sizeof l->subject);
		save_uint(out, f->detector, 1);
		save_uint(out, n->n, 1);
		save_bytes(out, n->top, n->n * sizeof *n->top);
	}
}

static void save_rows(const struct detect *d, uint32_t from, uint32_t to, struct save *out,
    const char *tag, void (*row)(const struct detect *, const struct line *, struct save *))
{
	save_begin(out, tag);
	for (uint32_t i = from; i < to; i++) {
		if (save_is_full(out)) {
			save_end(out);
			save_begin(out, tag);
		}
		row(d, line_at(d, i + 1), out);
	}
	save_end(out);
}

bool detect_save(const struct detect *d, uint32_t *at, uint32_t rows, struct save *out)
{
	uint32_t to = d->used - *at > rows ? *at + rows : d->used;
	save_rows(d, *at, to, out, "LINE", save_line);
	save_rows(d, *at, to, out, "NOTE", save_notes);
	*at = to;
	return to < d->used;
}

static size_t detector_named(struct span name)
{
	for (size_t i = 0; i < detectors_n; i++)
		if (span_is(name, detectors[i]->name))
			return i;
	return NONE;
}

static void load_detector(struct loading *x, uint32_t i)
{
	struct span name = load_text(x->in);
	uint32_t version = buf_le32(&x->in->section);
	size_t is = detector_named(name);
	x->old.state_bytes[i] = buf_le32(&x->in->section);
	x->old.is[i] = NONE;
	if (is == NONE)
		load_tell(x->in, "%.*s: there is no such detector any more", (int)name.n, name.p);
	else if (version != detectors[is]->version ||
		 x->old.state_bytes[i] != detectors[is]->state_bytes)
		load_tell(x->in, "%s: it has changed and starts afresh", detectors[is]->name);
	else
		x->old.is[i] = is;
}

static int load_head(struct loading *x)
{
	struct load *in = x->in;
	struct hash_key key = {{0}};
	(void)load_bytes(in, &key, sizeof key);
	x->old.finding_version = buf_le32(&in->section);
	x->old.finding_bytes = buf_le32(&in->section);
	uint32_t n = buf_le32(&in->section);
	for (; x->old.n < n && n <= DETECTORS_MAX; x->old.n++)
		load_detector(x, x->old.n);
	for (unsigned i = 0; i < x->n; i++)
		x->shards[i]->key = key;
	if (!load_check(in, n <= DETECTORS_MAX))
		load_next(in);
	return in->bad;
}

/* The shard of a subject, which comes next in the section. */
static struct detect *load_shard(struct loading *x, struct subject *s, uint64_t *hash)
{
	*s = (struct subject){0};
	(void)load_bytes(x->in, s, sizeof *s);
	*hash = subject_hash(&x->shards[0]->key, s);
	return x->shards[detect_shard(&(struct hint){.line = *hash}, x->n)];
}

static void load_states(struct loading *x, struct detect *d, struct line *l)
{
	struct buf *b = &x->in->section;
	for (unsigned n = buf_u8(b); n && !b->bad; n--) {
		uint8_t old = buf_u8(b);
		if (old >= x->old.n) {
			b->bad = true;
			return;
		}
		size_t is = x->old.is[old];
		if (is != NONE && !l->state[is])
			l->state[is] = blocks_take(&d->states[is]);
		(void)load_sparse(x->in,
		    is == NONE ? NULL : blocks_at(&d->states[is], l->state[is]),
		    x->old.state_bytes[old]);
	}
}

static void load_findings(struct loading *x, struct detect *d, struct line *l)
{
	struct buf *b = &x->in->section;
	for (unsigned n = buf_u8(b); n && !b->bad; n--) {
		struct finding was;
		if (x->old.finding_version != FINDING_VERSION ||
		    x->old.finding_bytes != sizeof was) {
			(void)load_sparse(x->in, NULL, x->old.finding_bytes);
			continue;
		}
		if (!load_sparse(x->in, &was, sizeof was))
			return;
		if (was.detector >= x->old.n || was.which > 1) {
			b->bad = true;
			return;
		}
		size_t is = x->old.is[was.detector];
		if (is == NONE)
			continue;
		struct finding *f = finding_made(d, l, is);
		was.detector = f->detector;
		was.next = f->next;
		was.notes = f->notes;
		*f = was;
	}
}

/* The set that a large one belongs to; NULL: its detector starts afresh. */
static struct distinct *load_owner(struct loading *x, struct detect *d, const struct line *l)
{
	struct buf *b = &x->in->section;
	uint8_t old = buf_u8(b);
	uint32_t offset = buf_le32(b);
	size_t is = old < x->old.n ? x->old.is[old] : NONE;
	b->bad = b->bad || old >= x->old.n;
	if (is == NONE || !l->state[is])
		return NULL;
	if (offset % _Alignof(struct distinct) || offset > detectors[is]->state_bytes ||
	    detectors[is]->state_bytes - offset < sizeof(struct distinct)) {
		b->bad = true;
		return NULL;
	}
	return (void *)((uint8_t *)blocks_at(&d->states[is], l->state[is]) + offset);
}

static void load_sets(struct loading *x, struct detect *d, struct line *l)
{
	struct buf *b = &x->in->section;
	for (unsigned n = buf_le16(b); n && !b->bad; n--) {
		struct distinct *owner = load_owner(x, d, l);
		uint32_t day = buf_le32(b), members = buf_le32(b);
		struct cold *c = owner ? cold_take(d, owner, l) : NULL;
		(void)load_sparse(
		    x->in, c ? c->h : NULL, members > COLD_EXACT ? sizeof c->regs : sizeof c->h);
		if (!c)
			continue;
		c->day = day;
		c->n = members;
	}
}

static void load_line(struct loading *x)
{
	struct buf *b = &x->in->section;
	struct subject s;
	uint64_t hash;
	struct detect *d = load_shard(x, &s, &hash);
	if (b->bad)
		return;
	struct line *l = line_of(d, &s, hash);
	line_reset(d, l); /* it may stand there twice, if it gave way and came again meanwhile */
	l->last_s = buf_le32(b);
	(void)load_sparse(x->in, l->seen, sizeof l->seen);
	l->seen_bits = buf_le16(b);
	l->p2p_day = buf_le16(b);
	l->p2p_n = buf_le16(b);
	load_states(x, d, l);
	load_findings(x, d, l);
	load_sets(x, d, l);
	d->now_s = l->last_s > d->now_s ? l->last_s : d->now_s;
}

static void load_note(struct loading *x)
{
	struct buf *b = &x->in->section;
	struct subject s;
	uint64_t hash;
	struct detect *d = load_shard(x, &s, &hash);
	struct line *l = line_find(d, &s, hash);
	uint8_t old = buf_u8(b), n = buf_u8(b);
	struct evidence_top top[EVIDENCE_TOP];
	b->bad = b->bad || old >= x->old.n || n > EVIDENCE_TOP;
	if (b->bad || !load_bytes(x->in, top, n * sizeof *top))
		return;
	size_t is = x->old.is[old];
	struct finding *f = l && is != NONE ? finding_find(d, l, is) : NULL;
	struct notes *to = f ? notes_take(d, f) : NULL;
	for (uint8_t i = 0; to && i < n; i++) {
		top[i].name[EVIDENCE_NAME - 1] = '\0';
		to->top[i] = top[i];
		to->n = i + 1u;
	}
}

int detect_load(struct detect *const *shards, unsigned n, struct load *in, struct evidences *out)
{
	struct loading x = {.shards = shards, .n = n, .in = in};
	for (unsigned i = 0; i < n; i++)
		shards[i]->out = out;
	if (!load_is(in, "DETS") || load_head(&x))
		return in->bad;
	for (bool lines; (lines = load_is(in, "LINE")) || load_is(in, "NOTE"); load_next(in)) {
		while (buf_left(&in->section))
			(lines ? load_line : load_note)(&x);
		if (load_check(in, true))
			return in->bad;
	}
	for (unsigned i = 0; i < n; i++) {
		shards[i]->day = shards[i]->now_s / 86400;
		lines_sort(shards[i]);
	}
	return ERR_OK;
}
