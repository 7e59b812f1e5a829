/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owners: see owner.h. */
#include "attribute/owner.h"
#include "base/hash.h"
#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	SPAN_MS = 300000,   /* an answer is remembered for so long, by the records' times */
	PORT_GROUP = 256,   /* and for that many ports of an address that is shared */
	MEMORY = 65536,     /* answers; direct-mapped */
	WHOLE = UINT16_MAX, /* group of an address that is not shared */
	SPANS_MAX = 12,     /* what lasts longer is asked anew */
	LINES_FEW = 1024,
	CHANGED = 65536, /* groups of addresses whose last change is known; direct-mapped */
	NET_V4 = 96 + 24,
	NET_V6 = 48, /* a prefix longer than these is one such group or few */
};
#define NOBODY UINT32_MAX /* it cannot be said for the whole of the five minutes */

struct remembered {
	union addr addr;
	uint32_t span; /* number of the five minutes, + 1; 0: free */
	uint32_t realm, line;
	uint32_t learned; /* changes before it */
	uint16_t group;   /* of ports, or WHOLE */
	uint16_t behind;  /* group of the address behind a NAT, else of this one */
	uint8_t proto;
};

struct owned { /* a line that was met */
	uint64_t key;
	struct subject subject;
	char *text; /* NULL under a pseudonym */
};

struct owners {
	struct asker *asker;
	uint32_t skew_ms;
	bool secret;
	struct pseudonym_key key;
	struct hash_key hash;
	struct owned *v;
	uint32_t n, cap;
	uint32_t *buckets, *by_id; /* by key, by subject: number + 1, open addressing */
	uint32_t mask;
	struct lines *lines; /* live, else NULL */
	struct renames renames;
	size_t changes_at;
	uint64_t disputed;
	uint32_t changes;  /* so far */
	uint32_t *changed; /* live: by group of addresses, the number of its last change */
	struct remembered memory[MEMORY];
};

struct owners *owners_new(struct asker *asker, uint32_t skew_ms, const struct pseudonym_key *key)
{
	struct owners *o = mem_new(1, sizeof *o);
	o->asker = asker;
	o->skew_ms = skew_ms;
	o->secret = key != NULL;
	if (key)
		o->key = *key;
	o->hash = hash_key_random();
	o->mask = LINES_FEW - 1;
	o->buckets = mem_new(LINES_FEW, sizeof *o->buckets);
	o->by_id = mem_new(LINES_FEW, sizeof *o->by_id);
	return o;
}

void owners_free(struct owners *o)
{
	if (!o)
		return;
	for (uint32_t i = 0; i < o->n; i++)
		free(o->v[i].text);
	free(o->v);
	free(o->buckets);
	free(o->by_id);
	free(o->changed);
	renames_fini(&o->renames);
	free(o);
}

/* Where the key stands, or the free place for it. */
static uint32_t *place_of(const struct owners *o, uint64_t key)
{
	uint32_t at = (uint32_t)hash_mix(key) & o->mask;
	while (o->buckets[at] && o->v[o->buckets[at] - 1].key != key)
		at = (at + 1) & o->mask;
	return &o->buckets[at];
}

/* The same by subject, which is a hash already. */
static uint32_t *place_of_id(const struct owners *o, const struct subject *s)
{
	uint32_t at = (uint32_t)s->id.q[0] & o->mask;
	while (o->by_id[at] && !subject_same(&o->v[o->by_id[at] - 1].subject, s))
		at = (at + 1) & o->mask;
	return &o->by_id[at];
}

static void make_room(struct owners *o)
{
	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : LINES_FEW;
		o->v = mem_grow(o->v, o->cap, sizeof *o->v);
	}
	if (o->n * 2 <= o->mask)
		return;
	free(o->buckets);
	free(o->by_id);
	o->mask = o->mask * 2 + 1;
	o->buckets = mem_new(o->mask + 1ul, sizeof *o->buckets);
	o->by_id = mem_new(o->mask + 1ul, sizeof *o->by_id);
	for (uint32_t i = 0; i < o->n; i++) {
		*place_of(o, o->v[i].key) = i + 1;
		if (!o->secret)
			*place_of_id(o, &o->v[i].subject) = i + 1;
	}
}

static struct subject subject_of(const struct owners *o, const char *text, uint8_t flags)
{
	if (o->secret)
		return pseudonym_of(&o->key, span_of(text), flags);
	struct hash h = hash_bytes(&hash_key_offline, text, strlen(text));
	struct subject s = {.kind = SUBJECT_PSEUDONYM, .bits = 128, .flags = flags};
	s.id.q[0] = h.a;
	s.id.q[1] = h.b;
	return s;
}

static void rename_line(struct owners *o, uint32_t i, const struct subject *is)
{
	struct subject *was = &o->v[i].subject;
	if (!subject_same(was, is))
		renames_add(&o->renames, was, is);
	*was = *is;
}

/* The number of the answer's only line; it is entered where it was not met before. */
static uint32_t line_of(struct owners *o, const struct answer *a)
{
	uint32_t *place = place_of(o, a->v[0].key);
	if (*place) {
		struct subject s = o->v[*place - 1].subject;
		s.flags = a->v[0].flags;
		if (o->lines)
			rename_line(o, *place - 1, &s);
		return *place - 1;
	}
	char text[LINE_TEXT];
	make_room(o);
	whose_name(o->asker, a, 0, text);
	o->v[o->n] = (struct owned){.key = a->v[0].key,
	    .subject = subject_of(o, text, a->v[0].flags),
	    .text = o->secret ? NULL : mem_text(text)};
	*place_of(o, a->v[0].key) = o->n + 1;
	if (!o->secret)
		*place_of_id(o, &o->v[o->n].subject) = o->n + 1;
	return o->n++;
}

/* Asks about a stretch of time. */
static void ask(
    struct owners *o, struct question q, int64_t from_ms, int64_t to_ms, struct answer *a)
{
	q.at_ms = from_ms + (to_ms - from_ms) / 2;
	q.skew_ms = (uint32_t)((to_ms - from_ms + 1) / 2) + o->skew_ms;
	whose_ask(o->asker, &q, a);
}

/* Whether every record of an exact answer holds from before to after. */
static bool holds_all(const struct answer *a, int64_t from_ms, int64_t to_ms)
{
	for (size_t i = 0; i < a->record_n; i++) {
		const struct interval *v = &a->records[i].v;
		if (v->t0_ms > from_ms || v->t1_ms <= to_ms || v->sure_ms <= to_ms)
			return false;
	}
	return a->record_n && !a->cut;
}

/* Whether what is said of one port of the group is said of all. */
static bool holds_group(const struct answer *a, uint16_t port)
{
	uint32_t first = port / PORT_GROUP * PORT_GROUP, last = first + PORT_GROUP - 1;
	for (size_t i = 0; i < a->record_n; i++) {
		const struct interval *v = &a->records[i].v;
		if (interval_has_ports(v) &&
		    (v->port_step > 1 || v->port_first > first || v->port_last < last))
			return false;
	}
	return true;
}

static struct remembered *memory_of(
    struct owners *o, const struct question *q, int64_t span, uint16_t group)
{
	uint64_t w[4] = {q->addr.q[0], q->addr.q[1], (uint64_t)span,
	    (uint64_t)q->realm << 32 | (uint32_t)group << 8 | q->proto};
	return &o->memory[hash_words(&o->hash, w, 4) % MEMORY];
}

static bool is_it(
    const struct remembered *m, const struct question *q, int64_t span, uint16_t group)
{
	return m->span == (uint32_t)(span + 1) && m->group == group && m->realm == q->realm &&
	       m->proto == q->proto && addr_same(&m->addr, &q->addr);
}

/* A group of addresses: an IPv4 address, an IPv6 /48. */
static uint16_t group_of(const struct owners *o, uint32_t realm, const union addr *a)
{
	union addr net = addr_is_v4(a) ? *a : addr_mask(a, NET_V6);
	uint64_t w[3] = {net.q[0], net.q[1], realm};
	return (uint16_t)(hash_words(&o->hash, w, 3) % CHANGED);
}

/* What an answer hangs on besides the address itself. */
static uint16_t behind(const struct owners *o, const struct question *q, const struct answer *a)
{
	for (size_t i = 0; o->lines && i < a->record_n; i++) {
		const struct interval *v = &a->records[i].v;
		if (v->holder == HOLDER_INSIDE)
			return group_of(o, v->inside_realm, &v->inside);
	}
	return o->lines ? group_of(o, q->realm, &q->addr) : 0;
}

/* That it could not be said is asked anew each time, so it need not be forgotten. */
static bool is_changed(const struct owners *o, const struct remembered *m)
{
	return o->lines && m->line != NOBODY &&
	       (o->changed[group_of(o, m->realm, &m->addr)] > m->learned ||
		   o->changed[m->behind] > m->learned);
}

/* Tries to answer for the whole of the five minutes. */
static bool learn(
    struct owners *o, const struct question *q, int64_t span, uint16_t group, struct subject *s)
{
	struct remembered *m = memory_of(o, q, span, group);
	struct question all = *q;
	struct answer a;
	int64_t from_ms = span * SPAN_MS, to_ms = from_ms + SPAN_MS - 1;
	if (!is_it(m, q, span, group) || is_changed(o, m)) {
		all.port = group == WHOLE ? 0 : q->port;
		ask(o, all, from_ms, to_ms, &a);
		bool known = a.kind == WHOSE_EXACT &&
			     holds_all(&a, from_ms - o->skew_ms, to_ms + o->skew_ms) &&
			     holds_group(&a, q->port);
		*m = (struct remembered){.addr = q->addr,
		    .span = (uint32_t)(span + 1),
		    .realm = q->realm,
		    .line = known ? line_of(o, &a) : NOBODY,
		    .learned = o->changes,
		    .group = group,
		    .behind = behind(o, q, &a),
		    .proto = q->proto};
	}
	if (m->line == NOBODY)
		return false;
	*s = o->v[m->line].subject;
	return true;
}

/* Whether the same line held it in each five minutes of the time. */
static bool is_remembered(
    struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms, struct subject *s)
{
	int64_t first = from_ms / SPAN_MS, last = to_ms / SPAN_MS;
	struct subject next;
	if (last - first >= SPANS_MAX)
		return false;
	for (int64_t span = first; span <= last; span++) {
		uint16_t group = (uint16_t)(q->port / PORT_GROUP);
		if (!learn(o, q, span, WHOLE, &next) &&
		    !(q->port && learn(o, q, span, group, &next)))
			return false;
		if (span > first && !subject_same(s, &next))
			return false;
		*s = next;
	}
	return true;
}

enum whose owners_of(
    struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms, struct subject *s)
{
	struct answer a;
	if (is_remembered(o, q, from_ms, to_ms, s))
		return WHOSE_EXACT;
	ask(o, *q, from_ms, to_ms, &a);
	if (a.kind != WHOSE_EXACT)
		return a.kind;
	if (!holds_all(&a, from_ms, to_ms)) /* for a part of it nobody did, as far as is known */
		return WHOSE_AMBIGUOUS;
	uint32_t line = line_of(o, &a); /* may move o->v */
	*s = o->v[line].subject;
	return WHOSE_EXACT;
}

const char *owners_name(const struct owners *o, const struct subject *s)
{
	uint32_t number = *place_of_id(o, s);
	return number ? o->v[number - 1].text : NULL;
}

void owners_live(struct owners *o, struct lines *lines)
{
	assert(o->secret);
	o->lines = lines;
	o->changed = mem_new(CHANGED, sizeof *o->changed);
	owners_forget(o);
}

void owners_forget(struct owners *o)
{
	struct line_change c;
	o->n = 0;
	memset(o->buckets, 0, (o->mask + 1ul) * sizeof *o->buckets);
	memset(o->memory, 0, sizeof o->memory);
	memset(o->changed, 0, CHANGED * sizeof *o->changed);
	o->changes = 0;
	o->changes_at = 0;
	while (lines_next_change(o->lines, &o->changes_at, &c))
		;
	o->disputed = lines_counted(o->lines)->disputed;
}

void owners_told(struct owners *o, const struct interval *v)
{
	bool v4 = addr_is_v4(&v->addr);
	uint32_t n = v4 && v->bits >= NET_V4 ? 1u << (128 - v->bits) : v->bits >= NET_V6 ? 1 : 0;
	if (n && o->changes < UINT32_MAX) {
		o->changes++;
		for (uint32_t i = 0; i < n; i++) {
			union addr a = v->addr;
			a.b[15] = (uint8_t)(v4 ? a.b[15] + i : a.b[15]);
			o->changed[group_of(o, v->realm, &a)] = o->changes;
		}
		return;
	}
	memset(o->memory, 0, sizeof o->memory);
	memset(o->changed, 0, CHANGED * sizeof *o->changed);
	o->changes = 0;
}

static struct subject named_by(const struct owners *o, uint32_t id)
{
	struct line_id name;
	char text[LINE_TEXT];
	lines_get(o->lines, id, &name);
	line_id_text(&name, text);
	return subject_of(o, text, lines_flags(o->lines, id));
}

/* Whether it was met or not: what is kept of it elsewhere may be older than what is here. */
static void change(struct owners *o, const struct line_change *c)
{
	struct subject was = named_by(o, c->was), is = named_by(o, c->is);
	uint32_t number = *place_of(o, c->line);
	renames_add(&o->renames, &was, &is);
	if (number)
		o->v[number - 1].subject = is;
}

void owners_joined(struct owners *o)
{
	struct line_change c;
	while (lines_next_change(o->lines, &o->changes_at, &c))
		change(o, &c);
	if (lines_counted(o->lines)->disputed != o->disputed)
		owners_forget(o); /* a line became two */
}

void owners_key(struct owners *o, const struct pseudonym_key *key)
{
	o->key = *key;
	owners_forget(o);
}

struct renames *owners_renames(struct owners *o)
{
	return &o->renames;
}
