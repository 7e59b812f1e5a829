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
	FAR_MS = 6 * 3600000, /* how far from a contact an answer is remembered */
	ANSWERS_FEW = 1 << 16,
	ANSWERS_MAX = 1 << 20,
	ANSWERS_A_LINE = 8,
	WAYS = 2,                /* places for an answer, the later one in front */
	WHOLE = UINT16_MAX,      /* group of ports: those of an address that is not shared */
	SHARED = UINT16_MAX - 1, /* none was given, and the address is shared */
	LINES_FEW = 1024,
	CHANGED = 1 << 20, /* groups of addresses whose last change is known; direct-mapped */
	NET_V4 = 96 + 24,
	NET_V6 = 48, /* a prefix longer than these is one such group or few */
};
enum { DIFFERS = WHOSE_EXPIRED + 1 }; /* by port or protocol: look closer */

struct remembered { /* an answer, and for when and which ports it is the same; a cache line */
	union addr addr;
	struct stretch when;
	uint32_t realm, line;
	uint32_t learned; /* changes before it */
	uint32_t behind;  /* group of the address behind a NAT, else of this one */
	uint16_t group;   /* of 256 ports, or WHOLE, or SHARED */
	uint8_t kind;     /* enum whose, or DIFFERS */
	uint64_t spare;
};
static_assert(sizeof(struct remembered) == 64, "a cache line");

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
	uint32_t joined;   /* the last one that was a join of lines */
	uint32_t *changed; /* live: by group of addresses, the number of its last change */
	struct remembered *memory;
	size_t memory_n; /* a power of two */
};

static void memory_new(struct owners *o, size_t n)
{
	mem_unmap(o->memory, o->memory_n * sizeof *o->memory);
	o->memory_n = n;
	o->memory = mem_map(n * sizeof *o->memory);
}

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
	memory_new(o, ANSWERS_FEW);
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
	mem_unmap(o->changed, CHANGED * sizeof *o->changed);
	mem_unmap(o->memory, o->memory_n * sizeof *o->memory);
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
		if (o->memory_n < ANSWERS_MAX && (size_t)o->cap * ANSWERS_A_LINE > o->memory_n)
			memory_new(o, o->memory_n * 2);
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

/* The places for an answer about this. */
static struct remembered *memory_of(
    const struct owners *o, uint32_t realm, const union addr *addr, uint16_t group)
{
	uint64_t w[3] = {addr->q[0], addr->q[1], (uint64_t)realm << 32 | group};
	return &o->memory[(hash_words(&o->hash, w, 3) & (o->memory_n / WAYS - 1)) * WAYS];
}

static bool is_it(const struct remembered *m, const struct question *q, uint16_t group)
{
	return m->group == group && m->realm == q->realm && addr_same(&m->addr, &q->addr);
}

/* A group of addresses: an IPv4 address, an IPv6 /48. */
static uint32_t group_of(const struct owners *o, uint32_t realm, const union addr *a)
{
	union addr net = addr_is_v4(a) ? *a : addr_mask(a, NET_V6);
	uint64_t w[3] = {net.q[0], net.q[1], realm};
	return (uint32_t)(hash_words(&o->hash, w, 3) % CHANGED);
}

/* What an answer hangs on besides the address itself; false: on more than one. */
static bool hangs_on(
    const struct owners *o, const struct question *q, const struct answer *a, uint32_t *behind)
{
	uint32_t own = group_of(o, q->realm, &q->addr);
	*behind = own;
	for (size_t i = 0; i < a->record_n; i++) {
		const struct interval *v = &a->records[i].v;
		if (v->holder != HOLDER_INSIDE)
			continue;
		uint32_t group = group_of(o, v->inside_realm, &v->inside);
		if (*behind != own && *behind != group)
			return false;
		*behind = group;
	}
	return !a->more && !a->cut;
}

/* Whether an event came since that may have changed the answer. */
static bool is_changed(const struct owners *o, const struct remembered *m)
{
	if (!o->lines || m->kind == DIFFERS)
		return false;
	return o->changed[group_of(o, m->realm, &m->addr)] > m->learned ||
	       o->changed[m->behind] > m->learned ||
	       (m->kind != WHOSE_EXACT && o->joined > m->learned);
}

/* The question about a stretch of time. */
static struct question question_at(
    const struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms)
{
	struct question at = *q;
	at.at_ms = from_ms + (to_ms - from_ms) / 2;
	at.skew_ms = (uint32_t)((to_ms - from_ms + 1) / 2) + o->skew_ms;
	return at;
}

static enum whose judge(
    struct owners *o, const struct answer *a, int64_t from_ms, int64_t to_ms, uint32_t *line)
{
	if (a->kind != WHOSE_EXACT)
		return a->kind;
	if (!holds_all(a, from_ms, to_ms)) /* for a part of it nobody did, as far as is known */
		return WHOSE_AMBIGUOUS;
	*line = line_of(o, a);
	return WHOSE_EXACT;
}

/* An address is ambiguous without a port for as long as ports of it are held. */
static struct stretch while_shared(const struct answer *a)
{
	struct stretch last = {0};
	for (size_t i = 0; a->shared && i < a->record_n; i++) {
		const struct interval *v = &a->records[i].v;
		bool certain = v->bits == 128 && interval_has_ports(v) && !v->proto;
		if (certain && v->t1_ms > last.before_ms)
			last = (struct stretch){v->t0_ms, v->t1_ms};
	}
	return last;
}

/* Asks for a time, and for as long before and after as the answer stays the same. */
static struct stretch ask_group(
    struct owners *o, struct question *q, uint16_t group, struct answer *a)
{
	struct stretch s = {q->at_ms - FAR_MS, q->at_ms + FAR_MS};
	if (group == SHARED) {
		whose_ask(o->asker, q, a);
		return while_shared(a);
	}
	q->alike = true;
	q->proto = 0;
	q->port = group == WHOLE ? 0 : q->port;
	whose_ask_long(o->asker, q, a, &s);
	return s;
}

static const struct remembered *learn(
    struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms, uint16_t group)
{
	struct question all = question_at(o, q, from_ms, to_ms);
	struct remembered m = {
	    .addr = q->addr, .realm = q->realm, .learned = o->changes, .group = group};
	struct answer a;
	m.when = ask_group(o, &all, group, &a);
	m.behind = group_of(o, q->realm, &q->addr);
	if (!stretch_holds(&m.when, all.at_ms - all.skew_ms, all.at_ms + all.skew_ms))
		return NULL;
	m.kind = a.differs ? DIFFERS : (uint8_t)judge(o, &a, from_ms, to_ms, &m.line);
	if (o->lines && !a.differs && group != SHARED && !hangs_on(o, q, &a, &m.behind))
		return NULL;
	struct remembered *at = memory_of(o, q->realm, &q->addr, group);
	memmove(at + 1, at, (WAYS - 1) * sizeof *at);
	*at = m;
	return at;
}

/* What is remembered of a time, or can be from now on; NULL: something changes within it. */
static const struct remembered *recall(
    struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms, uint16_t group)
{
	const struct remembered *m = memory_of(o, q->realm, &q->addr, group);
	int64_t lo_ms = from_ms - o->skew_ms - 1, hi_ms = to_ms + o->skew_ms + 1;
	for (size_t i = 0; i < WAYS; i++, m++)
		if (is_it(m, q, group) && stretch_holds(&m->when, lo_ms, hi_ms) &&
		    !is_changed(o, m))
			return m;
	return learn(o, q, from_ms, to_ms, group);
}

static enum whose ask(
    struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms, uint32_t *line)
{
	struct question once = question_at(o, q, from_ms, to_ms);
	struct answer a;
	whose_ask(o->asker, &once, &a);
	return judge(o, &a, from_ms, to_ms, line);
}

void owners_look(const struct owners *o, uint32_t realm, const union addr *addr)
{
	const struct remembered *m = memory_of(o, realm, addr, WHOLE);
	__builtin_prefetch(m);
	__builtin_prefetch(m + 1);
}

enum whose owners_of(
    struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms, struct subject *s)
{
	const struct remembered *m = recall(o, q, from_ms, to_ms, WHOLE);
	if (m && m->kind == DIFFERS)
		m = recall(o, q, from_ms, to_ms, q->port ? q->port >> 8 : SHARED);
	bool known = m && m->kind != DIFFERS;
	uint32_t line = known ? m->line : 0;
	enum whose kind = known ? (enum whose)m->kind : ask(o, q, from_ms, to_ms, &line);
	if (kind == WHOSE_EXACT)
		*s = o->v[line].subject;
	return kind;
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
	o->changed = mem_map(CHANGED * sizeof *o->changed);
	owners_forget(o);
}

/* All answers, but no line. */
static void forget_answers(struct owners *o)
{
	memset(o->memory, 0, o->memory_n * sizeof *o->memory);
	memset(o->changed, 0, CHANGED * sizeof *o->changed);
	o->changes = o->joined = 0;
}

void owners_forget(struct owners *o)
{
	struct line_change c;
	o->n = 0;
	memset(o->buckets, 0, (o->mask + 1ul) * sizeof *o->buckets);
	forget_answers(o);
	o->changes_at = 0;
	while (lines_next_change(o->lines, &o->changes_at, &c))
		;
	o->disputed = lines_counted(o->lines)->disputed;
}

void owners_told(struct owners *o, const struct interval *v)
{
	bool v4 = addr_is_v4(&v->addr);
	uint32_t n = v4 && v->bits >= NET_V4 ? 1u << (128 - v->bits) : v->bits >= NET_V6 ? 1 : 0;
	if (!n || o->changes == UINT32_MAX) {
		forget_answers(o);
		return;
	}
	o->changes++;
	for (uint32_t i = 0; i < n; i++) {
		union addr a = v->addr;
		a.b[15] = (uint8_t)(v4 ? a.b[15] + i : a.b[15]);
		o->changed[group_of(o, v->realm, &a)] = o->changes;
	}
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
	if (o->changes == UINT32_MAX)
		forget_answers(o);
	o->joined = ++o->changes;
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
