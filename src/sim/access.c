/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of all sessions: see access.h. One queue of what happens next, in the order of time. */
#include "sim/access.h"
#include "base/hash.h"
#include "base/mem.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60000, HOUR_MS = 3600000, DAY_MS = 86400000 };
/* The plan begins before the run, when lines dial in one after the other. */
enum { LEAD_MS = 2 * HOUR_MS, DIAL_IN_MS = HOUR_MS / 2 };
enum { TURN_DIAL, TURN_FREE, TURN_BLOCK, TURN_KINDS = 4 };

const struct area areas[AREAS] = {
    {.name = "bng1", .kind = ACCESS_PPPOE},
    {.name = "bng2", .kind = ACCESS_PPPOE, .skew_ms = SECOND_MS},
    {.name = "dhcpd", .kind = ACCESS_DHCP},
    {.name = "kea", .kind = ACCESS_DHCP, .skew_ms = -SECOND_MS},
    {.name = "bng3", .kind = ACCESS_NAT, .nat = "cgn1", .nat_skew_ms = -SECOND_MS, .outside = true},
    {.name = "bng4", .kind = ACCESS_NAT, .nat = "cgn2", .skew_ms = SECOND_MS},
};

struct turn { /* something that happens to a line, unless other things came first */
	int64_t ms;
	uint32_t what; /* line * TURN_KINDS + kind */
};

struct pool { /* numbers that are free, the next one to be lent last */
	uint32_t *v;
	uint32_t n;
};

struct dialer {          /* where a line stands */
	int64_t dial_ms; /* of its valid TURN_DIAL, and so on */
	int64_t free_ms; /* when others can have what its last stay had; 0: they can */
	int64_t block_ms;
	bool online;
};

struct plan {
	struct access *a;
	const struct access_options *o;
	const struct home *homes;
	struct rand r;
	struct turn *queue; /* a heap */
	size_t n, cap;
	struct dialer *dialers;
	struct pool v4[AREAS], v6[AREAS], blocks[AREAS];
	uint32_t *members; /* lines by area */
	uint32_t member_at[AREAS + 1];
};

static bool is_before(const struct turn *a, const struct turn *b)
{
	return a->ms != b->ms ? a->ms < b->ms : a->what < b->what;
}

static void later(struct plan *p, int64_t ms, uint32_t line, unsigned kind)
{
	struct turn t = {ms, line * TURN_KINDS + kind};
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 1024;
		p->queue = mem_grow(p->queue, p->cap, sizeof *p->queue);
	}
	size_t at = p->n++;
	for (; at > 0 && is_before(&t, &p->queue[(at - 1) / 2]); at = (at - 1) / 2)
		p->queue[at] = p->queue[(at - 1) / 2];
	p->queue[at] = t;
}

static struct turn next_turn(struct plan *p)
{
	struct turn first = p->queue[0], moved = p->queue[--p->n];
	size_t at = 0;
	for (size_t child; (child = 2 * at + 1) < p->n; at = child) {
		if (child + 1 < p->n && is_before(&p->queue[child + 1], &p->queue[child]))
			child++;
		if (!is_before(&p->queue[child], &moved))
			break;
		p->queue[at] = p->queue[child];
	}
	p->queue[at] = moved;
	return first;
}

/* The low numbers are lent first. */
static void fill(struct pool *pool, uint32_t n)
{
	pool->v = mem_new(n + 1, sizeof *pool->v);
	for (uint32_t i = 0; i < n; i++)
		pool->v[pool->n++] = n - 1 - i;
}

/* What came back last, but not what the line had itself. */
static uint32_t take(struct pool *pool, uint32_t had)
{
	assert(pool->n > 1);
	uint32_t *top = &pool->v[pool->n - 1];
	if (*top == had) {
		*top = top[-1];
		top[-1] = had;
	}
	return pool->v[--pool->n];
}

static void give(struct pool *pool, uint32_t number)
{
	if (number != NO_SLOT)
		pool->v[pool->n++] = number;
}

static int64_t seconds(struct plan *p, uint64_t least, uint64_t most)
{
	return (int64_t)(least + rand_below(&p->r, most - least + 1)) * SECOND_MS;
}

static bool chance(struct plan *p, unsigned percent)
{
	return rand_below(&p->r, 100) < percent;
}

static struct stay *last_stay(struct plan *p, uint32_t line)
{
	return &p->a->stays[p->a->last[line]];
}

static struct stay *add_stay(struct access *a, uint32_t line, int64_t ms)
{
	if (a->n == a->cap) {
		a->cap = 2 * a->cap;
		a->stays = mem_grow(a->stays, a->cap, sizeof *a->stays);
	}
	uint32_t number = a->n++;
	struct stay *s = &a->stays[number];
	*s = (struct stay){.t0_ms = ms,
	    .t1_ms = INT64_MAX,
	    .free_ms = INT64_MAX,
	    .extra_ms = INT64_MAX,
	    .line = line,
	    .v4 = NO_SLOT,
	    .v6 = NO_SLOT,
	    .blocks = {NO_SLOT, NO_SLOT},
	    .area = a->area_of[line]};
	if (a->last[line])
		a->stays[a->last[line]].next = number;
	else
		a->first[line] = number;
	a->last[line] = number;
	return s;
}

/* Online until chance or, at the latest, the provider ends it after a day. */
static int64_t stretch(struct plan *p)
{
	double ms = rand_exp(&p->r, (double)p->o->redial_ms);
	int64_t whole = (int64_t)(ms < DAY_MS ? ms : DAY_MS) / SECOND_MS * SECOND_MS;
	return whole < MINUTE_MS ? MINUTE_MS : whole;
}

static void lend(struct plan *p, struct stay *s, const struct stay *before)
{
	unsigned area = s->area;
	s->v4 = take(&p->v4[area], before->v4);
	if (p->homes[s->line].dual)
		s->v6 = take(&p->v6[area], before->v6);
	if (areas[area].kind == ACCESS_NAT)
		s->blocks[0] = take(&p->blocks[area], before->blocks[0]);
}

static void dial_in(struct plan *p, uint32_t line, int64_t ms)
{
	static const struct stay none = {
	    .v4 = NO_SLOT, .v6 = NO_SLOT, .blocks = {NO_SLOT, NO_SLOT}};
	struct dialer *d = &p->dialers[line];
	struct stay before = p->a->last[line] ? *last_stay(p, line) : none;
	struct stay *s = add_stay(p->a, line, ms);
	if (d->free_ms) {
		s->v4 = before.v4;
		s->v6 = before.v6;
		s->goes_on = true;
	} else {
		lend(p, s, &before);
	}
	d->free_ms = 0;
	d->online = true;
	d->dial_ms = ms + stretch(p);
	later(p, d->dial_ms, line, TURN_DIAL);
	if (areas[s->area].kind != ACCESS_NAT || !chance(p, 40))
		return;
	d->block_ms = ms + stretch(p) / 2 / SECOND_MS * SECOND_MS;
	later(p, d->block_ms, line, TURN_BLOCK);
}

static void give_back(struct plan *p, const struct stay *s)
{
	give(&p->v4[s->area], s->v4);
	give(&p->v6[s->area], s->v6);
	give(&p->blocks[s->area], s->blocks[0]);
	give(&p->blocks[s->area], s->blocks[1]);
}

/* Some routers give the lease back and get another one, some start anew and keep it, some are
 * switched off until it has run out. Returns when it is back. */
static int64_t leave_lease(struct plan *p, struct stay *s, int64_t ms)
{
	struct dialer *d = &p->dialers[s->line];
	s->released = chance(p, 45);
	if (s->released) {
		give_back(p, s);
		return ms + seconds(p, 1, 8);
	}
	s->free_ms = d->free_ms = stay_renewed_ms(p->a, s, ms) + p->o->lease_ms;
	later(p, d->free_ms, s->line, TURN_FREE);
	if (chance(p, 50))
		return ms + seconds(p, 50, 200);
	return d->free_ms + seconds(p, 5, 1800);
}

/* A NAT waits before it lends anew; another access router does not. */
static int64_t hang_up(struct plan *p, struct stay *s, int64_t ms)
{
	struct dialer *d = &p->dialers[s->line];
	bool soon = chance(p, 80);
	if (areas[s->area].kind == ACCESS_NAT) {
		s->free_ms = d->free_ms = ms + SECOND_MS;
		later(p, d->free_ms, s->line, TURN_FREE);
		return ms + (soon ? seconds(p, 2, 5) : seconds(p, 10, 600));
	}
	give_back(p, s);
	return ms + (soon ? seconds(p, 0, 4) : seconds(p, 10, 600));
}

static void drop(struct plan *p, uint32_t line, int64_t ms)
{
	struct dialer *d = &p->dialers[line];
	struct stay *s = last_stay(p, line);
	s->t1_ms = s->free_ms = ms;
	s->lost_stop = chance(p, 3);
	s->lost_release = chance(p, 3);
	d->online = false;
	bool leased = areas[s->area].kind == ACCESS_DHCP;
	d->dial_ms = leased ? leave_lease(p, s, ms) : hang_up(p, s, ms);
	later(p, d->dial_ms, line, TURN_DIAL);
}

/* A fault seldom comes alone: now and then a neighbour drops in the same second. */
static void drop_with_neighbour(struct plan *p, uint32_t line, int64_t ms)
{
	unsigned area = p->a->area_of[line];
	uint32_t from = p->member_at[area], n = p->member_at[area + 1] - from;
	uint32_t other = p->members[from + rand_below(&p->r, n)];
	bool both = chance(p, 25) && other != line && p->dialers[other].online &&
		    last_stay(p, other)->t0_ms + MINUTE_MS <= ms;
	drop(p, line, ms);
	if (both)
		drop(p, other, ms);
}

static void take_turn(struct plan *p, const struct turn *t)
{
	uint32_t line = t->what / TURN_KINDS;
	struct dialer *d = &p->dialers[line];
	switch (t->what % TURN_KINDS) {
	case TURN_DIAL:
		if (d->dial_ms == t->ms && d->online)
			drop_with_neighbour(p, line, t->ms);
		else if (d->dial_ms == t->ms)
			dial_in(p, line, t->ms);
		break;
	case TURN_FREE:
		if (d->free_ms == t->ms && !d->online) {
			d->free_ms = 0;
			give_back(p, last_stay(p, line));
		}
		break;
	default:
		if (d->block_ms == t->ms && d->online) {
			struct stay *s = last_stay(p, line);
			s->blocks[1] = take(&p->blocks[s->area], NO_SLOT);
			s->extra_ms = t->ms;
			d->block_ms = 0;
		}
	}
}

static void choose_areas(struct plan *p, uint64_t seed)
{
	struct access *a = p->a;
	uint32_t at[AREAS];
	for (uint32_t i = 0; i < a->line_n; i++) {
		uint64_t h = hash_mix(hash_mix(seed ^ 0x616363657373ULL) + i);
		bool nat = (double)(h >> 11) * 0x1p-53 < p->o->behind_nat && !p->homes[i].serves;
		a->area_of[i] = (uint8_t)(nat ? 4 + (h & 1) : h & 3);
		p->member_at[a->area_of[i] + 1]++;
	}
	for (unsigned i = 0; i < AREAS; i++) {
		p->member_at[i + 1] += p->member_at[i];
		at[i] = p->member_at[i];
	}
	for (uint32_t i = 0; i < a->line_n; i++)
		p->members[at[a->area_of[i]]++] = i;
}

/* The pools' sizes, and where each begins in the provider's address plan. Returns how many
 * addresses the prefix must have. */
static uint64_t lay_out(struct plan *p)
{
	enum { BLOCKS = 65536 / BLOCK_PORTS - 1 }; /* the first one is the well-known ports */
	struct access *a = p->a;
	uint32_t seen = 0, inside = 0, v6 = 0;
	for (unsigned i = 0; i < AREAS; i++) {
		uint32_t lines = p->member_at[i + 1] - p->member_at[i], n = lines + lines / 50 + 2;
		bool nat = areas[i].kind == ACCESS_NAT;
		uint32_t *base = nat ? &inside : &seen;
		a->v4_base[i] = *base;
		a->v6_base[i] = v6;
		*base += n;
		v6 += n;
		fill(&p->v4[i], n);
		fill(&p->v6[i], n);
		if (!nat)
			continue;
		a->block_base[i] = seen;
		a->block_addresses[i] = 2 * n / BLOCKS + 4;
		seen += a->block_addresses[i];
		fill(&p->blocks[i], a->block_addresses[i] * BLOCKS);
	}
	return seen;
}

static void run(struct plan *p)
{
	int64_t begin_ms = p->a->start_ms - LEAD_MS;
	for (uint32_t i = 0; i < p->a->line_n; i++) {
		p->dialers[i].dial_ms = begin_ms + seconds(p, 0, DIAL_IN_MS / SECOND_MS);
		later(p, p->dialers[i].dial_ms, i, TURN_DIAL);
	}
	while (p->n && p->queue[0].ms < p->a->end_ms) {
		struct turn t = next_turn(p);
		take_turn(p, &t);
	}
}

int access_plan(struct access *a, const struct access_options *o, const struct home *homes,
    uint32_t line_n, const struct prefix *prefix, uint64_t seed, int64_t start_ms, int64_t end_ms,
    struct err *e)
{
	struct plan p = {.a = a, .o = o, .homes = homes, .r = rand_of(seed, UINT64_MAX - 2)};
	*a = (struct access){.prefix = *prefix,
	    .lease_ms = o->lease_ms,
	    .start_ms = start_ms,
	    .end_ms = end_ms,
	    .line_n = line_n,
	    .n = 1,
	    .cap = 2 * line_n + 2};
	a->stays = mem_new(a->cap, sizeof *a->stays);
	a->first = mem_new(line_n, sizeof *a->first);
	a->last = mem_new(line_n, sizeof *a->last);
	a->area_of = mem_new(line_n, sizeof *a->area_of);
	p.dialers = mem_new(line_n, sizeof *p.dialers);
	p.members = mem_new(line_n, sizeof *p.members);
	choose_areas(&p, seed);
	uint64_t needed = lay_out(&p), room = home_room(prefix);
	int failed = ERR_OK;
	if (needed <= room)
		run(&p);
	else
		failed = err_set(e, ERR_CONFIG,
		    "prefix: has room for %llu addresses, the sessions need %llu",
		    (unsigned long long)room, (unsigned long long)needed);
	for (unsigned i = 0; i < AREAS; i++) {
		free(p.v4[i].v);
		free(p.v6[i].v);
		free(p.blocks[i].v);
	}
	free(p.queue);
	free(p.dialers);
	free(p.members);
	return failed;
}

void access_fini(struct access *a)
{
	free(a->stays);
	free(a->first);
	free(a->last);
	free(a->area_of);
	*a = (struct access){0};
}
