/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bounded table in which conversations are put together before they become contacts. */
#pragma once
#include "attribute/conv.h"
#include "base/hash.h"
#include "base/mem.h"

enum join_place { PLACE_FREE, PLACE_WAITING, PLACE_BRIEF, PLACE_LONG, PLACE_N };

struct join_list {
	uint32_t head, tail; /* oldest touched first; index + 1, 0: none */
};

struct join_node { /* what a look-up and the lists need of a conversation; half a cache line */
	uint32_t hash;
	uint32_t chain, prev, next; /* index + 1 */
	int64_t touched_ms;
	uint8_t place;
	uint8_t spare[7];
};

struct join {
	struct hash_key key;
	struct conv *v;
	struct join_node *nodes; /* one for each of v */
	uint32_t *buckets;       /* index + 1; as many as needed, so that they lie close together */
	struct join_list list[PLACE_N]; /* that of PLACE_FREE is not used */
	uint32_t free;                  /* stack over `next` */
	uint32_t cap, used, mask;       /* entries past `used` were never touched */
};
void join_init(struct join *j, uint64_t cap);
void join_fini(struct join *j);
/* The key is drawn for each run: the order of buckets has no influence on what comes out. */
uint32_t join_hash(const struct join *j, const struct flow *f, int side);
static inline void join_prefetch_conv(const struct conv *c)
{
	mem_near_write(c);
	mem_near_write((const char *)c + 64);
}
/* For a flow that comes soon, bring near: its bucket; and some records later, what that leads to.
 */
static inline void join_prefetch_bucket(const struct join *j, uint32_t hash)
{
	mem_near(&j->buckets[hash & j->mask]);
}
static inline void join_prefetch_entry(const struct join *j, uint32_t hash)
{
	uint32_t i = j->buckets[hash & j->mask];
	if (!i)
		return;
	mem_near(&j->nodes[i - 1]);
	join_prefetch_conv(&j->v[i - 1]);
}
/* The conversation of this flow, whose source is `side`; NULL: none. */
struct conv *join_find(struct join *j, const struct flow *f, int side, uint32_t hash);
/* A free entry with its key set, touched now, or NULL: the table is full. */
struct conv *join_new(
    struct join *j, const struct flow *f, int side, uint32_t hash, int64_t now_ms);
/* Moves to the end of a list and touches it. */
void join_move(struct join *j, struct conv *c, enum join_place to, int64_t now_ms);
void join_drop(struct join *j, struct conv *c);                  /* gives it back */
struct conv *join_oldest(struct join *j, enum join_place place); /* NULL: empty */
/* The oldest of a list, if it was touched before that time; else NULL. */
static inline struct conv *join_expired(
    const struct join *j, enum join_place place, int64_t before_ms)
{
	uint32_t number = j->list[place].head;
	if (!number || j->nodes[number - 1].touched_ms >= before_ms)
		return NULL;
	uint32_t next = j->nodes[number - 1].next;
	if (next) { /* it goes soon, too: its bucket, and the one after it */
		const struct join_node *n = &j->nodes[next - 1];
		mem_near(&j->buckets[n->hash & j->mask]);
		mem_near(&j->nodes[n->next ? n->next - 1 : next - 1]);
		join_prefetch_conv(&j->v[next - 1]);
	}
	return &j->v[number - 1];
}
/* When the oldest of a list was touched; now, where there is none. */
static inline int64_t join_oldest_ms(const struct join *j, enum join_place place, int64_t now_ms)
{
	uint32_t number = j->list[place].head;
	return number ? j->nodes[number - 1].touched_ms : now_ms;
}
static inline enum join_place join_place(const struct join *j, const struct conv *c)
{
	return (enum join_place)j->nodes[c - j->v].place;
}
static inline int64_t join_touched_ms(const struct join *j, const struct conv *c)
{
	return j->nodes[c - j->v].touched_ms;
}
