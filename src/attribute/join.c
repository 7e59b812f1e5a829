/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of conversations: see join.h. Chained buckets over a fixed array of entries, each in
 * one of four lists in the order of the last touch, so that time-outs and evictions need no scan.
 */
#include "attribute/join.h"
#include "base/hash.h"
#include "base/mem.h"
#include <string.h>

void join_init(struct join *j, uint64_t cap)
{
	*j = (struct join){.cap = (uint32_t)cap, .key = hash_key_random()};
	uint32_t buckets = 1;
	while (buckets < cap)
		buckets *= 2;
	j->mask = buckets - 1;
	j->v = mem_map(cap * sizeof *j->v);
	j->buckets = mem_map(buckets * sizeof *j->buckets);
}

void join_fini(struct join *j)
{
	mem_unmap(j->v, j->cap * sizeof *j->v);
	mem_unmap(j->buckets, (j->mask + 1ul) * sizeof *j->buckets);
	*j = (struct join){0};
}

struct key {
	union addr a[2];
	uint16_t port[2];
	uint32_t proto;
};

static struct key key_of(const struct flow *f, int side)
{
	struct key k = {.proto = f->proto};
	k.a[side] = f->src;
	k.a[!side] = f->dst;
	k.port[side] = f->sport;
	k.port[!side] = f->dport;
	return k;
}

uint32_t join_hash(const struct join *j, const struct flow *f, int side)
{
	const union addr *low = side == 0 ? &f->src : &f->dst,
			 *high = side == 0 ? &f->dst : &f->src;
	uint64_t low_port = side == 0 ? f->sport : f->dport,
		 high_port = side == 0 ? f->dport : f->sport;
	uint64_t w[5] = {low->q[0], low->q[1], high->q[0], high->q[1],
	    low_port << 32 | high_port << 8 | f->proto};
	return (uint32_t)hash_words(&j->key, w, 5);
}

void join_prefetch(const struct join *j, uint32_t hash)
{
	__builtin_prefetch(&j->buckets[hash & j->mask]);
}

struct conv *join_find(struct join *j, const struct flow *f, int side, uint32_t hash)
{
	for (uint32_t i = j->buckets[hash & j->mask]; i; i = j->v[i - 1].chain) {
		struct conv *c = &j->v[i - 1];
		if (c->hash == hash && addr_same(&c->addr[side], &f->src) &&
		    addr_same(&c->addr[!side], &f->dst) && c->port[side] == f->sport &&
		    c->port[!side] == f->dport && c->proto == f->proto)
			return c;
	}
	return NULL;
}

static void unlink_list(struct join *j, struct conv *c)
{
	struct join_list *l = &j->list[c->place];
	if (c->prev)
		j->v[c->prev - 1].next = c->next;
	else
		l->head = c->next;
	if (c->next)
		j->v[c->next - 1].prev = c->prev;
	else
		l->tail = c->prev;
}

static void unlink_bucket(struct join *j, struct conv *c)
{
	uint32_t self = (uint32_t)(c - j->v) + 1, *at = &j->buckets[c->hash & j->mask];
	while (*at != self)
		at = &j->v[*at - 1].chain;
	*at = c->chain;
}

static void append(struct join *j, struct conv *c, enum join_place to)
{
	uint32_t self = (uint32_t)(c - j->v) + 1;
	struct join_list *l = &j->list[to];
	c->place = (uint8_t)to;
	c->prev = l->tail;
	c->next = 0;
	if (l->tail)
		j->v[l->tail - 1].next = self;
	else
		l->head = self;
	l->tail = self;
}

struct conv *join_new(struct join *j, const struct flow *f, int side, uint32_t hash)
{
	struct conv *c = join_oldest(j, PLACE_FREE);
	if (c)
		unlink_list(j, c);
	else if (j->used < j->cap)
		c = &j->v[j->used++];
	else
		return NULL;
	*c = (struct conv){0};
	struct key k = key_of(f, side);
	memcpy(c->addr, k.a, sizeof c->addr);
	memcpy(c->port, k.port, sizeof c->port);
	c->proto = f->proto;
	c->hash = hash;
	c->chain = j->buckets[hash & j->mask];
	j->buckets[hash & j->mask] = (uint32_t)(c - j->v) + 1;
	append(j, c, PLACE_WAITING);
	return c;
}

void join_move(struct join *j, struct conv *c, enum join_place to, int64_t now_ms)
{
	unlink_list(j, c);
	if (to == PLACE_FREE)
		unlink_bucket(j, c);
	append(j, c, to);
	c->touched_ms = now_ms;
}

struct conv *join_oldest(struct join *j, enum join_place place)
{
	return j->list[place].head ? &j->v[j->list[place].head - 1] : NULL;
}
