/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixed number of entries, each found by the 128-bit keyed hash of what it stands for and kept in
 * queues from the oldest to the newest, so that timeouts and eviction never need a scan. Two keys
 * with one hash would be taken for one: with a secret key that is not worth a comparison. */
#pragma once
#include "base/hash.h"
#include <stdbool.h>

enum { POOL_QUEUES = 2 };

struct pool_link { /* the first member of every entry */
	struct hash id;
	uint32_t chain, older, newer; /* entry numbers from 1; 0: none */
	uint32_t queue;
};

struct pool {
	uint8_t *entries;
	uint32_t *heads;
	size_t entry_bytes;
	uint32_t cap, used, spare, mask;
	struct {
		uint32_t oldest, newest;
	} queues[POOL_QUEUES];
};

/* Memory is mapped with the first entry, and touched as entries come into use. */
void pool_init(struct pool *p, uint32_t cap, size_t entry_bytes);
void pool_fini(struct pool *p);
void *pool_find(const struct pool *p, struct hash id); /* NULL where unknown */
/* A zeroed entry, newest of its queue; NULL where all are in use. */
void *pool_add(struct pool *p, struct hash id, uint32_t queue);
void pool_drop(struct pool *p, void *entry);
void pool_touch(struct pool *p, void *entry, uint32_t queue); /* becomes the newest of queue */
void *pool_oldest(const struct pool *p, uint32_t queue);      /* NULL where empty */
