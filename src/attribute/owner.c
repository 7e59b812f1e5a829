/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owners: see owner.h. */
#include "attribute/owner.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

enum {
	SPAN_MS = 300000,   /* an answer is remembered for so long, by the records' times */
	PORT_GROUP = 256,   /* and for that many ports of an address that is shared */
	MEMORY = 65536,     /* answers; direct-mapped */
	WHOLE = UINT16_MAX, /* group of an address that is not shared */
	LINES_FEW = 1024,
};
#define NOBODY UINT32_MAX /* it cannot be said for the whole of the five minutes */

struct remembered {
	union addr addr;
	int64_t span; /* number of the five minutes, + 1; 0: free */
	uint32_t realm, line;
	uint16_t group; /* of ports, or WHOLE */
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
	uint32_t *buckets; /* by key: number + 1, open addressing */
	uint32_t mask;
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

static void make_room(struct owners *o)
{
	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : LINES_FEW;
		o->v = mem_grow(o->v, o->cap, sizeof *o->v);
	}
	if (o->n * 2 <= o->mask)
		return;
	free(o->buckets);
	o->mask = o->mask * 2 + 1;
	o->buckets = mem_new(o->mask + 1ul, sizeof *o->buckets);
	for (uint32_t i = 0; i < o->n; i++)
		*place_of(o, o->v[i].key) = i + 1;
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

/* The number of the answer's only line; it is entered where it was not met before. */
static uint32_t line_of(struct owners *o, const struct answer *a)
{
	uint32_t *place = place_of(o, a->v[0].key);
	if (*place)
		return *place - 1;
	char text[LINE_TEXT];
	make_room(o);
	whose_name(o->asker, a, 0, text);
	o->v[o->n] = (struct owned){.key = a->v[0].key,
	    .subject = subject_of(o, text, a->v[0].flags),
	    .text = o->secret ? NULL : mem_text(text)};
	*place_of(o, a->v[0].key) = o->n + 1;
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
	return m->span == span + 1 && m->group == group && m->realm == q->realm &&
	       m->proto == q->proto && addr_same(&m->addr, &q->addr);
}

/* Tries to answer for the whole of the five minutes. */
static bool learn(
    struct owners *o, const struct question *q, int64_t span, uint16_t group, struct subject *s)
{
	struct remembered *m = memory_of(o, q, span, group);
	struct question all = *q;
	struct answer a;
	int64_t from_ms = span * SPAN_MS, to_ms = from_ms + SPAN_MS - 1;
	if (!is_it(m, q, span, group)) {
		all.port = group == WHOLE ? 0 : q->port;
		ask(o, all, from_ms, to_ms, &a);
		bool known = a.kind == WHOSE_EXACT &&
			     holds_all(&a, from_ms - o->skew_ms, to_ms + o->skew_ms) &&
			     holds_group(&a, q->port);
		*m = (struct remembered){.addr = q->addr,
		    .span = span + 1,
		    .realm = q->realm,
		    .line = known ? line_of(o, &a) : NOBODY,
		    .group = group,
		    .proto = q->proto};
	}
	if (m->line == NOBODY)
		return false;
	*s = o->v[m->line].subject;
	return true;
}

enum whose owners_of(
    struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms, struct subject *s)
{
	struct answer a;
	int64_t span = from_ms / SPAN_MS;
	if (span == to_ms / SPAN_MS &&
	    (learn(o, q, span, WHOLE, s) ||
		(q->port && learn(o, q, span, (uint16_t)(q->port / PORT_GROUP), s))))
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
	for (uint32_t i = 0; i < o->n; i++)
		if (subject_same(&o->v[i].subject, s))
			return o->v[i].text;
	return NULL;
}
