/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bounded table in which conversations are put together before they become contacts. */
#pragma once
#include "attribute/conv.h"
#include "base/hash.h"

enum join_place { PLACE_FREE, PLACE_WAITING, PLACE_BRIEF, PLACE_LONG, PLACE_N };

struct join_list {
	uint32_t head, tail; /* oldest touched first; index + 1, 0: none */
};

struct join {
	struct hash_key key;
	struct conv *v;
	uint32_t *buckets; /* index + 1 */
	struct join_list list[PLACE_N];
	uint32_t cap, used, mask; /* entries past `used` were never touched */
};
void join_init(struct join *j, uint64_t cap);
void join_fini(struct join *j);
/* The key is drawn for each run: the order of buckets has no influence on what comes out. */
uint32_t join_hash(const struct join *j, const struct flow *f, int side);
/* Brings the bucket near, for a flow that comes soon. */
void join_prefetch(const struct join *j, uint32_t hash);
/* The conversation of this flow, whose source is `side`; NULL: none. */
struct conv *join_find(struct join *j, const struct flow *f, int side, uint32_t hash);
/* A free entry with key and hash set, or NULL: the table is full. */
struct conv *join_new(struct join *j, const struct flow *f, int side, uint32_t hash);
/* Moves to the end of a list (PLACE_FREE gives it back) and sets touched_ms. */
void join_move(struct join *j, struct conv *c, enum join_place to, int64_t now_ms);
struct conv *join_oldest(struct join *j, enum join_place place); /* NULL: empty */
