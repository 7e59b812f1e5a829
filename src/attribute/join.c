/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of conversations: see join.h. Chained buckets over a fixed array of entries, each in
 * one of three lists in the order of the last touch, so that time-outs and evictions need no scan.
 * What links them stands apart from the conversations: chains and lists are walked without touching
 * these. */
#include "attribute/join.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 4096 };

void join_init(struct join *j, uint64_t cap)
{
	*j = (struct join){.cap = (uint32_t)cap, .mask = BUCKETS_MIN - 1, .key = hash_key_random()};
	j->v = mem_map(cap * sizeof *j->v);
	j->nodes = mem_map(cap * sizeof *j->nodes);
	j->buckets = mem_new(BUCKETS_MIN, sizeof *j->buckets);
}

void join_fini(struct join *j)
{
	mem_unmap(j->v, j->cap * sizeof *j->v);
	mem_unmap(j->nodes, j->cap * sizeof *j->nodes);
	free(j->buckets);
	*j = (struct join){0};
}

/* Folded multiplication as in hash_words, but both addresses at a time. */
uint32_t join_hash(const struct join *j, const struct flow *f, int side)
{
	const union addr *low = side == 0 ? &f->src : &f->dst,
			 *high = side == 0 ? &f->dst : &f->src;
	uint64_t low_port = side == 0 ? f->sport : f->dport,
		 high_port = side == 0 ? f->dport : f->sport;
	uint64_t k[2];
	memcpy(k, j->key.k, sizeof k);
	uint64_t a = hash_fold(low->q[0] ^ k[0], low->q[1] ^ k[1]);
	uint64_t b = hash_fold(high->q[0] ^ k[1], high->q[1] ^ k[0]);
	uint64_t ports = low_port << 32 | high_port << 8 | f->proto;
	return (uint32_t)hash_fold(a ^ ports ^ 0x9e3779b97f4a7c15ULL, hash_mix(b ^ k[1]));
}

static uint32_t number_of(const struct join *j, const struct conv *c)
{
	return (uint32_t)(c - j->v) + 1;
}

struct conv *join_find(struct join *j, const struct flow *f, int side, uint32_t hash)
{
	for (uint32_t i = j->buckets[hash & j->mask]; i; i = j->nodes[i - 1].chain) {
		struct conv *c = &j->v[i - 1];
		if (j->nodes[i - 1].hash == hash && addr_same(&c->addr[side], &f->src) &&
		    addr_same(&c->addr[!side], &f->dst) && c->port[side] == f->sport &&
		    c->port[!side] == f->dport && c->proto == f->proto)
			return c;
	}
	return NULL;
}

static void unlink_list(struct join *j, struct join_node *n)
{
	struct join_list *l = &j->list[n->place];
	*(n->prev ? &j->nodes[n->prev - 1].next : &l->head) = n->next;
	*(n->next ? &j->nodes[n->next - 1].prev : &l->tail) = n->prev;
}

static void append_list(struct join *j, uint32_t number, enum join_place to)
{
	struct join_node *n = &j->nodes[number - 1];
	struct join_list *l = &j->list[to];
	n->place = (uint8_t)to;
	n->prev = l->tail;
	n->next = 0;
	*(l->tail ? &j->nodes[l->tail - 1].next : &l->head) = number;
	l->tail = number;
}

static void link_bucket(struct join *j, uint32_t number)
{
	struct join_node *n = &j->nodes[number - 1];
	uint32_t *bucket = &j->buckets[n->hash & j->mask];
	n->chain = *bucket;
	*bucket = number;
}

static void unlink_bucket(struct join *j, uint32_t number)
{
	const struct join_node *n = &j->nodes[number - 1];
	uint32_t *at = &j->buckets[n->hash & j->mask];
	while (*at != number)
		at = &j->nodes[*at - 1].chain;
	*at = n->chain;
}

static void grow_buckets(struct join *j)
{
	j->mask = j->mask * 2 + 1;
	free(j->buckets);
	j->buckets = mem_new(j->mask + 1ul, sizeof *j->buckets);
	for (uint32_t number = 1; number <= j->used; number++)
		if (j->nodes[number - 1].place != PLACE_FREE)
			link_bucket(j, number);
}

/* A free entry, the one that was given back last if there is any. 0: the table is full. */
static uint32_t take_number(struct join *j)
{
	uint32_t number = j->free;
	if (number) {
		j->free = j->nodes[number - 1].next;
		return number;
	}
	if (j->used == j->cap)
		return 0;
	if (j->used * 2ul > j->mask)
		grow_buckets(j);
	return ++j->used;
}

struct conv *join_new(struct join *j, const struct flow *f, int side, uint32_t hash, int64_t now_ms)
{
	uint32_t number = take_number(j);
	if (!number)
		return NULL;
	struct conv *c = &j->v[number - 1];
	*c = (struct conv){.proto = f->proto};
	c->addr[side] = f->src;
	c->addr[!side] = f->dst;
	c->port[side] = f->sport;
	c->port[!side] = f->dport;
	j->nodes[number - 1] = (struct join_node){.hash = hash, .touched_ms = now_ms};
	link_bucket(j, number);
	append_list(j, number, PLACE_WAITING);
	return c;
}

void join_move(struct join *j, struct conv *c, enum join_place to, int64_t now_ms)
{
	uint32_t number = number_of(j, c);
	struct join_node *n = &j->nodes[number - 1];
	unlink_list(j, n);
	append_list(j, number, to);
	n->touched_ms = now_ms;
}

void join_drop(struct join *j, struct conv *c)
{
	uint32_t number = number_of(j, c);
	struct join_node *n = &j->nodes[number - 1];
	unlink_list(j, n);
	unlink_bucket(j, number);
	n->place = PLACE_FREE;
	n->next = j->free;
	j->free = number;
	join_prefetch_conv(c); /* it will be taken first */
}

struct conv *join_oldest(struct join *j, enum join_place place)
{
	uint32_t number = j->list[place].head;
	return number ? &j->v[number - 1] : NULL;
}
