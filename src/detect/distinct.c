/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distinct counts that accuse: exact while small, see inner.h. Cold blocks come from a fixed pool;
 * a full pool gives the block of the smallest of eight sets, which then counts only what it has in
 * place. */
#include "base/mem.h"
#include "base/sketch.h"
#include "detect/shard.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IN_PLACE = 8, SAMPLE = 8 };

void cold_init(struct cold_pool *p, uint32_t n)
{
	*p = (struct cold_pool){.n = n, .free_n = n};
	p->v = mem_map(n * sizeof *p->v);
	p->free = mem_new(n, sizeof *p->free);
	for (uint32_t i = 0; i < n; i++)
		p->free[i] = n - 1 - i;
}

void cold_fini(struct cold_pool *p)
{
	mem_unmap(p->v, p->n * sizeof *p->v);
	free(p->free);
}

static void give_back(struct cold_pool *p, struct cold *c)
{
	uint32_t number = (uint32_t)(c - p->v) + 1, *at = &c->line->cold;
	while (*at != number)
		at = &p->v[*at - 1].next;
	*at = c->next;
	c->owner->cold = 0;
	c->owner = NULL;
	p->free[p->free_n++] = number - 1;
}

void cold_drop(struct cold_pool *p, struct line *l)
{
	while (l->cold)
		give_back(p, &p->v[l->cold - 1]);
}

/* Frees a block of an earlier day, else that of the smallest of a few sets. */
static bool make_room(struct cold_pool *p, uint32_t day)
{
	struct cold *least = NULL;
	for (int i = 0; i < SAMPLE; i++) {
		p->pick = hash_mix(p->pick + 0x9e3779b97f4a7c15ull);
		struct cold *c = &p->v[p->pick % p->n];
		if (!c->owner)
			continue;
		if (c->day < day) {
			give_back(p, c);
			return true;
		}
		if (!least || c->n < least->n)
			least = c;
	}
	if (!least || least->n > COLD_EXACT)
		return false;
	p->dropped++;
	give_back(p, least);
	return true;
}

struct cold *cold_take(struct detect *d, struct distinct *s, struct line *l)
{
	struct cold_pool *p = &d->cold;
	if (p->free_n == 0 && !make_room(p, d->day)) {
		p->dropped++;
		return NULL;
	}
	uint32_t i = p->free[--p->free_n];
	struct cold *c = &p->v[i];
	c->owner = s;
	c->line = l;
	c->next = l->cold;
	l->cold = s->cold = i + 1;
	return c;
}

/* The set's block; a number that comes from saved state counts only if the block says so, too. */
static struct cold *cold_of(const struct detect *d, const struct distinct *s)
{
	struct cold *c = s->cold && s->cold <= d->cold.n ? &d->cold.v[s->cold - 1] : NULL;
	return c && c->owner == s ? c : NULL;
}

/* Moves the set to a block of its own; NULL: there is none. */
static struct cold *outgrow(struct detect *d, struct distinct *s)
{
	struct cold *c = cold_take(d, s, d->now);
	if (!c)
		return NULL;
	c->n = IN_PLACE;
	memcpy(c->h, s->h, sizeof s->h);
	return c;
}

/* Registers want 64 bits; what is kept is 32, so they are spread again. */
static bool regs_add(struct cold *c, uint32_t h)
{
	return hll_add(c->regs, COLD_P, hash_mix(h + 0x9e3779b97f4a7c15ull));
}

static void to_registers(struct cold *c)
{
	uint32_t h[COLD_EXACT];
	memcpy(h, c->h, sizeof h);
	memset(c->regs, 0, sizeof c->regs);
	for (int i = 0; i < COLD_EXACT; i++)
		(void)regs_add(c, h[i]);
}

static bool cold_add(struct cold *c, uint32_t h)
{
	if (c->n <= COLD_EXACT) {
		for (uint32_t i = 0; i < c->n; i++)
			if (c->h[i] == h)
				return false;
		if (c->n < COLD_EXACT) {
			c->h[c->n++] = h;
			return true;
		}
		to_registers(c);
		c->n =
		    COLD_EXACT + 1; /* from here on h is no more, whether a register rises or not */
	}
	if (!regs_add(c, h))
		return false;
	double n = hll_count(c->regs, COLD_P);
	c->n = n > c->n ? (uint32_t)lround(n) : c->n;
	return true;
}

bool distinct_add(struct detect *d, struct distinct *s, uint32_t window, uint64_t hash)
{
	uint32_t h = (uint32_t)(hash >> 32);
	struct cold *c = cold_of(d, s);
	if (s->window != window + 1) {
		if (c)
			give_back(&d->cold, c);
		*s = (struct distinct){.window = window + 1};
		c = NULL;
	}
	if (!c) {
		uint32_t in_place = s->n < IN_PLACE ? s->n : IN_PLACE;
		for (uint32_t i = 0; i < in_place; i++)
			if (s->h[i] == h)
				return false;
		if (s->n < IN_PLACE) {
			s->h[s->n++] = h;
			return true;
		}
		if (!(c = outgrow(d, s)))
			return false;
	}
	bool fresh = cold_add(c, h);
	c->day = d->day;
	s->n = c->n;
	return fresh;
}

uint32_t distinct_count(const struct distinct *s, uint32_t window)
{
	return s->window == window + 1 ? s->n : 0;
}
