/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Renames: see rename.h. */
#include "rec/rename.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 16, CHAINED_MAX = 4096 };

/* Pseudonyms are keyed hashes already. */
static uint32_t *place_of(const struct renames *r, const union addr *was)
{
	uint32_t at = (uint32_t)was->q[0] & r->mask;
	while (r->slots[at] && !addr_same(&r->v[r->slots[at] - 1].was.id, was))
		at = (at + 1) & r->mask;
	return &r->slots[at];
}

static void grow(struct renames *r)
{
	r->cap = r->cap ? r->cap * 2 : FIRST_CAP;
	r->v = mem_grow(r->v, r->cap, sizeof *r->v);
	free(r->slots);
	r->mask = r->cap * 2 - 1;
	r->slots = mem_new(r->mask + 1ul, sizeof *r->slots);
	for (uint32_t i = 0; i < r->n; i++)
		*place_of(r, &r->v[i].was.id) = i + 1;
}

/* A list of all lines has no chains, since the new names are of another key. */
static void lead_on(struct renames *r, const struct subject *was, const struct subject *is)
{
	for (uint32_t i = 0; i < r->n && r->n <= CHAINED_MAX; i++)
		if (addr_same(&r->v[i].is.id, &was->id))
			r->v[i].is = *is;
}

void renames_add(struct renames *r, const struct subject *was, const struct subject *is)
{
	if (r->n == r->cap)
		grow(r);
	uint32_t *place = place_of(r, &was->id);
	lead_on(r, was, is);
	if (*place)
		return;
	r->v[r->n] = (struct rename){*was, *is};
	*place = ++r->n;
}

bool renames_apply(const struct renames *r, struct subject *s)
{
	if (s->kind != SUBJECT_PSEUDONYM)
		return true;
	uint32_t number = r->n ? *place_of(r, &s->id) : 0;
	if (number)
		*s = r->v[number - 1].is;
	return number || !r->others_go;
}

void renames_reset(struct renames *r)
{
	r->n = 0;
	r->others_go = false;
	if (r->slots)
		memset(r->slots, 0, (r->mask + 1ul) * sizeof *r->slots);
}

void renames_fini(struct renames *r)
{
	free(r->v);
	free(r->slots);
	*r = (struct renames){0};
}
