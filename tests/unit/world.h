/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A made-up world of addresses that change hands, the session records it leaves (some are lost, all
 * come a little out of order), and an oracle: it looks through the list of who held an address, as
 * the world knows it, and applies the rules as they are written in words. It shares no code with
 * the tracker and the look-up but the digest by which a record is named. */
#pragma once
#include "attribute/attribute.h"
#include "base/mem.h"
#include "base/rand.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLD_T0    1767225600000ll /* 2026-01-01T00:00:00Z */
#define WORLD_MS    (9 * 86400000ll)
#define WORLD_NEVER INT64_MAX
enum { WORLD_INTERIM_MS = 1800000, WORLD_LIFE_MS = 7200000, WORLD_REORDER_MS = 2000 };
enum { WORLD_PER_GROUP = 40, WORLD_SLOTS = 40, WORLD_SLOT_PORTS = 200 };

enum world_kind { WORLD_DIALLED, WORLD_LEASED, WORLD_PREFIX, WORLD_STATIC, WORLD_BLOCK };

struct claim { /* somebody holds something: the truth */
	enum world_kind kind;
	union addr addr;
	uint8_t bits;
	uint32_t realm, group, user, number, source;
	uint16_t first, last;
	uint32_t inside_group;
	const struct claim
	    *inside; /* of a block: who has the inside address; only its address counts */
	int64_t begin_ms, end_ms, until_ms, seen_ms;
	bool start_lost, stop_lost, interims;
	/* what can be known of it: filled by world_derive */
	bool visible;
	int64_t known_end_ms, sure_ms;
	uint64_t began;
};

struct world_event {
	int64_t ms, arrives_ms;
	uint32_t claim;
	uint8_t what; /* 0 start, 1 renewal, 2 interim, 3 stop */
};

struct world_group {
	size_t first, n;
	uint32_t twin; /* the group with the same address in the other realm */
};

struct world {
	struct claim *claims;
	struct world_group *groups;
	struct world_event *events;
	size_t claim_n, group_n, event_n, event_cap;
	struct rand rand;
	int64_t swept_ms;
};

static inline bool world_chance(struct world *w, double p)
{
	return rand_unit(&w->rand) < p;
}

static inline int64_t world_span(struct world *w, double mean_ms)
{
	return 1 + (int64_t)rand_exp(&w->rand, mean_ms);
}

static inline void world_event_add(struct world *w, size_t claim, uint8_t what, int64_t ms)
{
	if (w->event_n == w->event_cap) {
		w->event_cap = w->event_cap ? w->event_cap * 2 : 1024;
		w->events = mem_grow(w->events, w->event_cap, sizeof *w->events);
	}
	w->events[w->event_n++] = (struct world_event){
	    ms, ms + (int64_t)rand_below(&w->rand, WORLD_REORDER_MS), (uint32_t)claim, what};
}

static inline void world_add_text(struct session_ids *ids, enum session_id kind, const char *s)
{
	(void)session_ids_add(ids, kind, span_of(s));
}

/* The record that tells of an event. */
static inline struct session world_session(const struct claim *c, uint8_t what, int64_t ms)
{
	struct session s = {.kind = c->kind == WORLD_BLOCK ? SESSION_BINDING : SESSION_LEASE,
	    .held = {c->addr, c->bits},
	    .realm = c->realm,
	    .port_first = c->first,
	    .port_last = c->last,
	    .port_step = 1};
	bool keyed = c->kind == WORLD_DIALLED || c->kind == WORLD_PREFIX;
	char text[32];
	if (c->kind == WORLD_BLOCK) {
		s.holder.addr = c->inside->addr;
		s.holder.realm = c->inside->realm;
	} else if (c->kind == WORLD_LEASED) {
		uint8_t mac[6] = {2, 0, (uint8_t)(c->user >> 24), (uint8_t)(c->user >> 16),
		    (uint8_t)(c->user >> 8), (uint8_t)c->user};
		(void)session_ids_add(&s.ids, SESSION_MAC, (struct span){(char *)mac, 6});
	} else {
		(void)snprintf(text, sizeof text, "u%u", c->user);
		world_add_text(
		    &s.ids, c->kind == WORLD_STATIC ? SESSION_ASSIGNED : SESSION_USER, text);
	}
	if (keyed) {
		(void)snprintf(text, sizeof text, "nas%u", c->source);
		world_add_text(&s.ids, SESSION_NAS, text);
		(void)snprintf(text, sizeof text, "%x", c->number);
		world_add_text(&s.ids, SESSION_KEY, text);
	}
	bool told = what < 2 || (what == 2 && keyed) || (what == 3 && keyed);
	s.begin = told ? SESSION_TOLD : SESSION_OPEN;
	s.t0_ms = what == 1 ? ms : told ? c->begin_ms : 0;
	if (what >= 2) {
		s.end = what == 2 ? SESSION_SEEN : SESSION_TOLD;
		s.t1_ms = ms;
	} else if (c->kind == WORLD_LEASED) {
		s.end = SESSION_UNTIL;
		s.t1_ms = ms + WORLD_LIFE_MS;
	}
	return s;
}

/* The records of a claim; next_ms: when the next holder begins. */
static inline void world_tell(struct world *w, size_t i, int64_t next_ms)
{
	struct claim *c = &w->claims[i];
	int64_t last_ms = c->end_ms < next_ms ? c->end_ms : next_ms;
	c->seen_ms = c->begin_ms;
	if (!c->start_lost)
		world_event_add(w, i, 0, c->begin_ms);
	if (c->kind == WORLD_LEASED) {
		for (int64_t ms = c->begin_ms + WORLD_LIFE_MS / 2; ms < last_ms;
		     ms += WORLD_LIFE_MS / 2) {
			world_event_add(w, i, 1, ms);
			c->seen_ms = ms;
		}
		c->until_ms = c->seen_ms + WORLD_LIFE_MS;
		c->stop_lost |= c->end_ms > c->until_ms; /* it was over before */
	}
	if (c->interims)
		for (int64_t ms = c->begin_ms + WORLD_INTERIM_MS; ms < last_ms;
		     ms += WORLD_INTERIM_MS) {
			world_event_add(w, i, 2, ms);
			c->seen_ms = ms;
		}
	c->interims &= c->seen_ms > c->begin_ms;
	if (!c->stop_lost)
		world_event_add(w, i, 3, c->end_ms);
}

/* One address that changes hands: begins and ends of its claims, in order. */
static inline void world_timeline(struct world *w, struct claim *v, size_t n, double mean_ms)
{
	int64_t at_ms = WORLD_T0 + world_span(w, 3600000.0);
	for (size_t i = 0; i < n; i++) {
		v[i].begin_ms = at_ms;
		v[i].end_ms = at_ms + world_span(w, mean_ms);
		int64_t gap_ms = world_chance(w, 0.3)    ? 0
				 : world_chance(w, 0.15) ? world_span(w, 1500)
							 : world_span(w, mean_ms / 8);
		if (world_chance(w, 0.01))
			at_ms += (v[i].end_ms - at_ms) / 2; /* they overlap */
		else if (!world_chance(w, 0.005))
			at_ms = v[i].end_ms + gap_ms;
	}
}

static inline void world_group_of(struct world *w, enum world_kind kind, union addr addr,
    uint8_t bits, uint32_t realm, size_t n, uint32_t twin)
{
	struct claim *v = w->claims + w->claim_n;
	uint32_t group = (uint32_t)w->group_n++;
	w->groups[group] = (struct world_group){w->claim_n, n, twin};
	uint64_t user = rand_below(&w->rand, 5000);
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct claim){
		    .kind = kind, .addr = addr, .bits = bits, .realm = realm, .group = group};
		v[i].user = (uint32_t)((user + i) % 5000) + (kind == WORLD_PREFIX) * 10000u;
		v[i].number = (uint32_t)(w->claim_n + i);
		v[i].source = group % 7;
		v[i].stop_lost = world_chance(w, kind == WORLD_LEASED ? 0.5 : 0.08);
		v[i].start_lost = kind != WORLD_LEASED && world_chance(w, 0.03);
		v[i].interims = kind != WORLD_LEASED && world_chance(w, 0.3);
	}
	world_timeline(w, v, n, (double)WORLD_MS / (double)(n + n / 8));
	for (size_t i = 0; i < n; i++)
		world_tell(w, w->claim_n + i, i + 1 < n ? v[i + 1].begin_ms : WORLD_NEVER);
	w->claim_n += n;
}

/* Prefixes of customers within a block that is somebody's as a whole. */
static inline void world_prefixes(struct world *w, uint32_t number, size_t n)
{
	uint8_t b[16] = {0x20, 0x01, 0x0d, 0xb8, (uint8_t)(number >> 8), (uint8_t)number};
	size_t first = w->claim_n;
	world_group_of(w, WORLD_PREFIX, addr_v6(b), 56, 0, n - 1, 0);
	struct claim *c = &w->claims[w->claim_n];
	*c = (struct claim){
	    .kind = WORLD_STATIC, .addr = addr_v6(b), .bits = 48, .user = number + 1};
	c->group = (uint32_t)w->group_n - 1;
	c->begin_ms = c->seen_ms = WORLD_T0 + WORLD_MS / 2;
	c->end_ms = WORLD_T0 + WORLD_MS * 2;
	c->stop_lost = true;
	world_event_add(w, w->claim_n++, 0, c->begin_ms);
	w->groups[w->group_n - 1].n = w->claim_n - first;
}

/* Whether an inside address has none of these blocks yet: given twice, it could be one or two. */
static inline bool world_is_new(const struct claim *v, size_t n, const struct claim *in)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].inside->group == in->group)
			return false;
	return true;
}

/* Blocks of one outside address, most of them of somebody who has the inside address just then. */
static inline void world_blocks(struct world *w, uint32_t number, size_t n, size_t leases)
{
	uint32_t group = (uint32_t)w->group_n++;
	struct claim *v = w->claims + w->claim_n;
	w->groups[group] = (struct world_group){w->claim_n, n, group};
	for (size_t i = 0; i < n; i++) {
		const struct claim *in;
		do
			in = &w->claims[rand_below(&w->rand, leases)];
		while (!world_is_new(v, i, in));
		uint64_t slot = rand_below(&w->rand, WORLD_SLOTS);
		int64_t span_ms = in->end_ms - in->begin_ms;
		v[i] = (struct claim){.kind = WORLD_BLOCK,
		    .addr = addr_v4(0xcb007100 + number),
		    .bits = 128,
		    .group = group};
		v[i].inside = in;
		v[i].inside_group = in->group;
		v[i].number = (uint32_t)(w->claim_n + i);
		v[i].first = (uint16_t)(1024 + slot * WORLD_SLOT_PORTS);
		v[i].last = (uint16_t)(v[i].first + WORLD_SLOT_PORTS - 1 +
				       (world_chance(w, 0.01) ? 50 : 0));
		v[i].begin_ms =
		    in->begin_ms + (int64_t)(rand_unit(&w->rand) * (double)span_ms * 0.8);
		v[i].end_ms =
		    v[i].begin_ms + 1 + (int64_t)(rand_unit(&w->rand) * (double)span_ms * 0.3);
		v[i].stop_lost = world_chance(w, 0.08);
		world_tell(w, w->claim_n + i, WORLD_NEVER);
	}
	w->claim_n += n;
}

static inline uint64_t world_began(const struct claim *c)
{
	int64_t first_ms = c->begin_ms + WORLD_INTERIM_MS;
	struct session s = !c->start_lost ? world_session(c, 0, c->begin_ms)
			   : c->interims  ? world_session(c, 2, first_ms)
					  : world_session(c, 3, c->end_ms);
	return session_digest(&s);
}

/* The same source speaks of the same thing. */
static inline bool world_rivals(const struct claim *a, const struct claim *b)
{
	return a->kind == b->kind && a->first <= b->last && b->first <= a->last;
}

/* What can be known: an end that was told, else the begin of the next holder, else the lifetime. */
static inline void world_derive_group(struct world *w, const struct world_group *g)
{
	struct claim *v = w->claims + g->first;
	for (size_t i = 0; i < g->n; i++) {
		v[i].visible = !v[i].start_lost || !v[i].stop_lost || v[i].interims;
		v[i].began = v[i].visible ? world_began(&v[i]) : 0;
	}
	for (size_t i = 0; i < g->n; i++) {
		struct claim *c = &v[i];
		int64_t end_ms = c->kind == WORLD_LEASED ? c->until_ms : WORLD_NEVER;
		for (size_t k = 0; k < g->n; k++)
			if (k != i && v[k].visible && world_rivals(c, &v[k]) &&
			    v[k].begin_ms > c->begin_ms && v[k].begin_ms >= c->seen_ms &&
			    v[k].begin_ms < end_ms)
				end_ms = v[k].begin_ms;
		c->known_end_ms = c->stop_lost ? end_ms : c->end_ms;
		c->sure_ms = c->known_end_ms;
		bool by_sight = c->interims && c->stop_lost;
		if (by_sight && c->seen_ms + 3 * WORLD_INTERIM_MS < c->known_end_ms)
			c->sure_ms = c->seen_ms + 3 * WORLD_INTERIM_MS;
	}
}

static inline int world_by_arrival(const void *a, const void *b)
{
	const struct world_event *x = a, *y = b;
	if (x->arrives_ms != y->arrives_ms)
		return x->arrives_ms < y->arrives_ms ? -1 : 1;
	return (x->claim > y->claim) - (x->claim < y->claim);
}

static inline void world_make(struct world *w, size_t claims, uint64_t seed)
{
	size_t per = WORLD_PER_GROUP, dialled = claims * 35 / 100 / per, leased = claims / 5 / per;
	size_t prefixes = claims * 15 / 100 / per, blocks = claims * 3 / 10 / (5 * per);
	*w = (struct world){.rand = rand_of(seed, 77), .swept_ms = WORLD_T0 + 2 * 86400000ll};
	w->claims = mem_new(claims + 16 * per, sizeof *w->claims);
	w->groups = mem_new(dialled + leased + prefixes + blocks + 16, sizeof *w->groups);
	for (uint32_t i = 0; i < dialled; i++)
		world_group_of(
		    w, WORLD_DIALLED, addr_v4(0x64400000 + i / 2), 128, 1 + i % 2, per, i ^ 1);
	size_t leases = w->claim_n;
	assert_true(dialled > 6 * per); /* else blocks find no new holders */
	for (uint32_t i = 0; i < leased; i++)
		world_group_of(w, WORLD_LEASED, addr_v4(0x0a000000 + i), 128, 0, per, 0);
	for (uint32_t i = 0; i < prefixes; i++)
		world_prefixes(w, i, per);
	for (uint32_t i = 0; i < blocks; i++)
		world_blocks(w, i, 5 * per, leases);
	qsort(w->events, w->event_n, sizeof *w->events, world_by_arrival);
	for (size_t i = 0; i < w->group_n; i++)
		world_derive_group(w, &w->groups[i]);
}

static inline void world_free(struct world *w)
{
	free(w->claims);
	free(w->groups);
	free(w->events);
}

/* Questions and what is right. */
struct world_answer {
	enum whose kind;
	size_t n, record_n;
	bool shared;
	const struct claim *lines[512];
	bool unsure[512];
	const struct claim *records[1024];
};

struct world_question {
	struct question q;
	uint32_t group;
};

static inline bool world_holds(
    const struct world *w, const struct claim *c, const struct question *q)
{
	int64_t lo_ms = q->at_ms - q->skew_ms, hi_ms = q->at_ms + q->skew_ms;
	for (unsigned bit = 0; bit < c->bits; bit++)
		if ((c->addr.b[bit / 8] ^ q->addr.b[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	if (!c->visible || c->realm != q->realm || c->known_end_ms <= w->swept_ms)
		return false;
	if (c->begin_ms > hi_ms || (c->known_end_ms <= lo_ms && c->begin_ms < lo_ms))
		return false;
	return !q->port || !c->last || (q->port >= c->first && q->port <= c->last);
}

/* Whether prefixes of that length were held all through the window: looked at where they end. */
static inline bool world_filled(
    const struct claim *const *v, size_t n, uint8_t bits, const struct question *q)
{
	int64_t hi_ms = q->at_ms + q->skew_ms;
	for (int64_t at_ms = q->at_ms - q->skew_ms; at_ms <= hi_ms;) {
		int64_t next_ms = 0;
		for (size_t i = 0; i < n; i++)
			if (v[i]->bits == bits && v[i]->begin_ms <= at_ms &&
			    v[i]->known_end_ms > at_ms)
				next_ms = v[i]->known_end_ms;
		if (!next_ms)
			return false;
		at_ms = next_ms;
	}
	return true;
}

static inline size_t world_find(
    const struct world *w, uint32_t group, const struct question *q, const struct claim **v)
{
	const struct world_group *g = &w->groups[group];
	size_t n = 0, kept = 0;
	uint8_t longest = 0;
	for (size_t i = 0; i < g->n; i++)
		if (world_holds(w, &w->claims[g->first + i], q))
			v[n++] = &w->claims[g->first + i];
	for (size_t i = 0; i < n; i++)
		longest = v[i]->bits > longest ? v[i]->bits : longest;
	bool filled = n && world_filled(v, n, longest, q);
	for (size_t i = 0; i < n; i++)
		if (!filled || v[i]->bits == longest)
			v[kept++] = v[i];
	return kept;
}

static inline bool world_same_line(const struct claim *a, const struct claim *b)
{
	if (a->kind == WORLD_BLOCK || b->kind == WORLD_BLOCK) /* nobody known behind it */
		return a->kind == b->kind && a->inside->realm == b->inside->realm &&
		       addr_same(&a->inside->addr, &b->inside->addr);
	bool same_sort = (a->kind == WORLD_LEASED) == (b->kind == WORLD_LEASED) &&
			 (a->kind == WORLD_STATIC) == (b->kind == WORLD_STATIC);
	return same_sort && a->user == b->user;
}

static inline bool world_unsure(const struct claim *c, const struct question *q)
{
	return c->sure_ms < c->known_end_ms && q->at_ms + q->skew_ms >= c->sure_ms;
}

static inline void world_add(struct world_answer *a, const struct claim *c, bool unsure)
{
	size_t i = 0;
	while (i < a->n && !world_same_line(a->lines[i], c))
		i++;
	a->lines[i] = c;
	a->unsure[i] = unsure && (i == a->n || a->unsure[i]);
	a->n += i == a->n;
	a->records[a->record_n++] = c;
}

static inline void world_answer_of(
    const struct world *w, const struct world_question *wq, struct world_answer *a)
{
	const struct claim *outer[512], *inner[512];
	const struct question *q = &wq->q;
	size_t n = world_find(w, wq->group, q, outer);
	a->n = a->record_n = 0;
	a->shared = false;
	for (size_t i = 0; i < n; i++) {
		const struct claim *c = outer[i];
		a->shared |= c->kind == WORLD_BLOCK && !q->port;
		if (c->kind != WORLD_BLOCK) {
			world_add(a, c, world_unsure(c, q));
			continue;
		}
		struct question in = {.addr = c->inside->addr,
		    .realm = c->inside->realm,
		    .proto = q->proto,
		    .at_ms = q->at_ms,
		    .skew_ms = q->skew_ms};
		size_t m = world_find(w, c->inside_group, &in, inner);
		for (size_t k = 0; k < m; k++)
			world_add(a, inner[k], world_unsure(inner[k], q) || world_unsure(c, q));
		if (!m)
			world_add(a, c, world_unsure(c, q));
		else
			a->records[a->record_n++] = c;
	}
	bool nobody = a->n == 0 || (a->n == 1 && a->lines[0]->kind == WORLD_BLOCK);
	a->kind = a->n > 1 || a->shared ? WHOSE_AMBIGUOUS
		  : nobody              ? (q->at_ms < w->swept_ms ? WHOSE_EXPIRED : WHOSE_UNKNOWN)
		  : a->unsure[0]        ? WHOSE_AMBIGUOUS
					: WHOSE_EXACT;
}

static inline void world_line_text(const struct claim *c, char out[LINE_TEXT])
{
	uint32_t u = c->user;
	if (c->kind == WORLD_BLOCK)
		out[0] = '\0';
	else if (c->kind == WORLD_LEASED)
		(void)snprintf(out, LINE_TEXT, "mac:02:00:%02x:%02x:%02x:%02x", u >> 24,
		    u >> 16 & 255, u >> 8 & 255, u & 255);
	else
		(void)snprintf(
		    out, LINE_TEXT, "%s:u%u", c->kind == WORLD_STATIC ? "assigned" : "user", u);
}

/* A question about some claim: mostly within it, now and then at its edges, at a wrong port, in the
 * other realm, without a port, long ago. */
static inline struct world_question world_ask(struct world *w)
{
	static const uint32_t skews[] = {0, 0, 2000, 2000, 2000, 60000};
	const struct claim *c = &w->claims[rand_below(&w->rand, w->claim_n)];
	struct world_question q = {
	    .q = {.addr = c->addr, .realm = c->realm, .skew_ms = skews[rand_below(&w->rand, 6)]},
	    .group = c->group};
	double where = rand_unit(&w->rand), span = (double)(c->end_ms - c->begin_ms);
	bool old = c->end_ms <= w->swept_ms && !world_chance(w, 0.15);
	if (old) /* asked less often than there are */
		return world_ask(w);
	q.q.at_ms = c->begin_ms + (int64_t)(span * rand_unit(&w->rand));
	if (where < 0.03)
		q.q.at_ms = c->end_ms + (int64_t)rand_below(&w->rand, 3) - 1;
	else if (where < 0.06)
		q.q.at_ms = c->begin_ms + (int64_t)rand_below(&w->rand, 3) - 1;
	else if (where < 0.08)
		q.q.at_ms = c->end_ms + (int64_t)rand_below(&w->rand, 600000);
	if (c->bits < 128)
		q.q.addr.b[15] = (uint8_t)rand_u64(&w->rand);
	if (c->kind == WORLD_PREFIX && world_chance(w, 0.05))
		q.q.addr.b[6] ^= 1; /* beside it, in the static block */
	if (c->kind == WORLD_BLOCK && !world_chance(w, 0.03)) {
		double edge = rand_unit(&w->rand);
		q.q.port = (uint16_t)(edge < 0.1 ? c->last + (edge < 0.05)
				      : edge < 0.2
					  ? c->first - (edge < 0.15)
					  : c->first + (int)rand_below(&w->rand, WORLD_SLOT_PORTS));
	} else if (c->kind != WORLD_BLOCK && world_chance(w, 0.5)) {
		q.q.port = (uint16_t)(1 + rand_below(&w->rand, 65535));
	}
	if (c->kind == WORLD_DIALLED && world_chance(w, 0.05)) {
		q.q.realm = 3 - q.q.realm;
		q.group = w->groups[c->group].twin;
	} else if (world_chance(w, 0.01)) {
		q.q.realm = 9;
	}
	return q;
}
