/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of all shards as saved state, and back (base/save.h). Sections, in this order:
 *   DETS  the key of the hashes; name, version and state_bytes of every detector
 *   LINE  rows of lines, the one unseen for longest first: what the core knows of it, each
 *         detector's state as it lies in memory, its findings
 *   COLD  rows of the large sets, each with line, detector and offset of the set that owns it
 *   NOTE  rows of what stands behind findings: the only place with addresses and names of peers
 * Detectors are known by their number in DETS. What is read is checked as far as it steers memory
 * or an index; numbers of blocks in a detector's state mean nothing until COLD has linked them. */
#include "base/mem.h"
#include "detect/shard.h"
#include <assert.h>
#include <stdlib.h>
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

static void save_head(const struct detect *d, struct save *out)
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

static unsigned count_states(const struct line *l)
{
	unsigned n = 0;
	for (size_t i = 0; i < detectors_n; i++)
		n += l->state[i] != 0;
	return n;
}

static unsigned count_findings(const struct detect *d, const struct line *l)
{
	unsigned n = 0;
	for (uint32_t i = l->findings; i; n++)
		i = ((struct finding *)blocks_at(&d->findings, i))->next;
	return n;
}

static void save_line(const struct detect *d, const struct line *l, struct save *out)
{
	save_bytes(out, &l->subject, sizeof l->subject);
	save_uint(out, l->last_s, 4);
	save_sparse(out, l->seen, sizeof l->seen);
	save_uint(out, l->seen_bits, 2);
	save_uint(out, l->p2p_day, 2);
	save_uint(out, l->p2p_n, 2);
	save_uint(out, count_states(l), 1);
	for (size_t i = 0; i < detectors_n; i++)
		if (l->state[i]) {
			save_uint(out, i, 1);
			save_sparse(
			    out, blocks_at(&d->states[i], l->state[i]), detectors[i]->state_bytes);
		}
	save_uint(out, count_findings(d, l), 1);
	for (uint32_t i = l->findings; i;) {
		const struct finding *f = blocks_at(&d->findings, i);
		save_sparse(out, f, sizeof *f);
		i = f->next;
	}
}

/* Ends a section that is full and begins the next, so that no row is cut. */
static void next_row(struct save *out, const char *tag)
{
	if (save_is_full(out)) {
		save_end(out);
		save_begin(out, tag);
	}
}

/* The shards' lists of lines, each in the order of use, merged into one. */
static void save_lines(struct detect *const *shards, unsigned n, struct save *out)
{
	uint32_t *at = mem_new(n, sizeof *at);
	for (unsigned i = 0; i < n; i++)
		at[i] = shards[i]->oldest;
	save_begin(out, "LINE");
	for (;;) {
		const struct line *next = NULL;
		unsigned from = 0;
		for (unsigned i = 0; i < n; i++) {
			const struct line *l = at[i] ? line_at(shards[i], at[i]) : NULL;
			if (l && (!next || l->last_s < next->last_s)) {
				next = l;
				from = i;
			}
		}
		if (!next)
			break;
		next_row(out, "LINE");
		save_line(shards[from], next, out);
		at[from] = next->next;
	}
	save_end(out);
	free(at);
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

static void save_cold(const struct detect *d, struct save *out)
{
	size_t offset = 0;
	for (uint32_t i = 0; i < d->cold.n; i++) {
		const struct cold *c = &d->cold.v[i];
		size_t which = c->owner ? owner_of(d, c->line, c->owner, &offset) : NONE;
		if (which == NONE)
			continue;
		next_row(out, "COLD");
		save_bytes(out, &c->line->subject, sizeof c->line->subject);
		save_uint(out, which, 1);
		save_uint(out, offset, 4);
		save_uint(out, c->day, 4);
		save_uint(out, c->n, 4);
		save_sparse(out, c->h, c->n > COLD_EXACT ? sizeof c->regs : sizeof c->h);
	}
}

static void save_notes_of(const struct detect *d, const struct line *l, struct save *out)
{
	for (uint32_t i = l->findings; i;) {
		const struct finding *f = blocks_at(&d->findings, i);
		if (f->notes) {
			const struct notes *n = &d->notes.v[f->notes - 1];
			next_row(out, "NOTE");
			save_bytes(out, &l->subject, sizeof l->subject);
			save_uint(out, f->detector, 1);
			save_uint(out, n->n, 1);
			save_bytes(out, n->top, n->n * sizeof *n->top);
		}
		i = f->next;
	}
}

void detect_save(struct detect *const *shards, unsigned n, struct save *out)
{
	save_head(shards[0], out);
	save_lines(shards, n, out);
	save_begin(out, "COLD");
	for (unsigned i = 0; i < n; i++)
		save_cold(shards[i], out);
	save_end(out);
	save_begin(out, "NOTE");
	for (unsigned i = 0; i < n; i++)
		for (uint32_t k = shards[i]->oldest; k; k = line_at(shards[i], k)->next)
			save_notes_of(shards[i], line_at(shards[i], k), out);
	save_end(out);
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

static void load_line(struct loading *x)
{
	struct buf *b = &x->in->section;
	struct subject s;
	uint64_t hash;
	struct detect *d = load_shard(x, &s, &hash);
	if (b->bad)
		return;
	struct line *l = line_of(d, &s, hash);
	l->last_s = buf_le32(b);
	(void)load_sparse(x->in, l->seen, sizeof l->seen);
	l->seen_bits = buf_le16(b);
	l->p2p_day = buf_le16(b);
	l->p2p_n = buf_le16(b);
	load_states(x, d, l);
	load_findings(x, d, l);
	d->now_s = l->last_s > d->now_s ? l->last_s : d->now_s;
}

/* The set that a large one belongs to; NULL: it is not there any more. */
static struct distinct *load_owner(struct loading *x, struct detect *d, struct line *l)
{
	struct buf *b = &x->in->section;
	uint8_t old = buf_u8(b);
	uint32_t offset = buf_le32(b);
	size_t is = old < x->old.n ? x->old.is[old] : NONE;
	b->bad = b->bad || old >= x->old.n;
	if (is == NONE || !l || !l->state[is])
		return NULL;
	if (offset % _Alignof(struct distinct) ||
	    offset + sizeof(struct distinct) > detectors[is]->state_bytes) {
		b->bad = true;
		return NULL;
	}
	return (void *)((uint8_t *)blocks_at(&d->states[is], l->state[is]) + offset);
}

static void load_cold(struct loading *x)
{
	struct buf *b = &x->in->section;
	struct subject s;
	uint64_t hash;
	struct detect *d = load_shard(x, &s, &hash);
	struct line *l = line_find(d, &s, hash);
	struct distinct *owner = load_owner(x, d, l);
	uint32_t day = buf_le32(b), n = buf_le32(b);
	struct cold *c = owner ? cold_take(d, owner, l) : NULL;
	(void)load_sparse(x->in, c ? c->h : NULL, n > COLD_EXACT ? sizeof c->regs : sizeof c->h);
	if (!c)
		return;
	c->day = day;
	c->n = n;
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

static int load_rows(struct loading *x, const char *tag, void (*row)(struct loading *))
{
	for (; load_is(x->in, tag); load_next(x->in)) {
		while (buf_left(&x->in->section))
			row(x);
		if (load_check(x->in, true))
			break;
	}
	return x->in->bad;
}

int detect_load(struct detect *const *shards, unsigned n, struct load *in, struct evidences *out)
{
	struct loading x = {.shards = shards, .n = n, .in = in};
	for (unsigned i = 0; i < n; i++)
		shards[i]->out = out;
	if (!load_is(in, "DETS"))
		return in->bad;
	if (!load_head(&x) && !load_rows(&x, "LINE", load_line) &&
	    !load_rows(&x, "COLD", load_cold))
		(void)load_rows(&x, "NOTE", load_note);
	for (unsigned i = 0; i < n; i++)
		shards[i]->day = shards[i]->now_s / 86400;
	return in->bad;
}
