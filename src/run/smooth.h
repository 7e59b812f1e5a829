/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A buffer that puts an input's records in order (design.md 1: at most 65,536 records and 5
 * minutes). Records rest packed; what is sorted and merged are 16 bytes for each. */
#pragma once
#include "decode/decode.h"

enum { SMOOTH_RECORDS = 65536, SMOOTH_MS = 300000 }; /* offline */

struct smooth_item { /* a record */
	int64_t time_ms;
	uint32_t block;
	uint16_t at; /* where it stands in the block */
	bool is_dns;
};

struct smooth_items { /* growing list */
	struct smooth_item *v;
	size_t n, cap;
};

/* Blocks of packed records, shared by the inputs of a run. Zero-initialise. */
struct smooth_pool {
	uint8_t **chunks; /* of blocks */
	uint32_t *left;   /* by block: records not taken yet */
	uint32_t *free;   /* stack of the numbers of free blocks */
	uint32_t n, free_n;
};
/* Takes the memory of SMOOTH_RECORDS records, so that a run's peak does not hang on their rate. */
void smooth_pool_fill(struct smooth_pool *p);
void smooth_pool_fini(struct smooth_pool *p);

struct smooth {                   /* zero-initialise, but for the first three */
	struct smooth_pool *pool; /* borrowed */
	size_t limit_n;           /* records and time that are held; 0: SMOOTH_RECORDS, SMOOTH_MS */
	int64_t limit_ms;
	struct smooth_items held;         /* in order; what stands before `head` was taken */
	struct smooth_items fresh, spare; /* as they came; room to sort them */
	size_t head, due;                 /* head .. due may leave */
	int64_t newest_ms;
	uint32_t block_n; /* blocks of the pool that it holds */
	uint32_t filling; /* number of the one that is being filled, + 1; 0: none */
	size_t filled;    /* bytes in it */
	size_t bytes;     /* of all records that were not taken */
};
/* Records in the order they came, packed by a thread that need not be the smoother's. */
enum { SMOOTH_LOT = 1024 };
struct smooth_lot {
	struct smooth_item v[SMOOTH_LOT];
	size_t n, bytes;
	uint32_t block; /* of the pool */
	uint8_t *p;     /* its memory */
};
/* Empties a lot and gives it a block of the pool; for the smoother's thread. */
void smooth_lot_begin(struct smooth_lot *l, struct smooth_pool *p);
/* Packs the records of b from number *at on, its flows first. *refused is raised by those that are
 * refused: impossible values, a clock that is wrong. False: the lot is full, there are more. */
bool smooth_lot_fill(struct smooth_lot *l, const struct batch *b, size_t *at, uint64_t *refused);
/* Adds the records of a lot, which is to be begun again. */
void smooth_lot_add(struct smooth *s, const struct smooth_lot *l);
/* Adds the records of b. Returns how many were refused. */
uint64_t smooth_batch(struct smooth *s, const struct batch *b);
/* Whether a record may leave: the buffer holds enough, or `all` (the input has ended). False: add
 * more. */
bool smooth_ready(struct smooth *s, bool all);
/* The oldest record, once smooth_ready has said yes, until NULL: then it is to be asked again. */
static inline const struct smooth_item *smooth_peek(const struct smooth *s)
{
	return s->head < s->due ? &s->held.v[s->head] : NULL;
}
/* Takes it out, packed (rec/packed.h); valid until something is added. */
const void *smooth_take(struct smooth *s);
/* Records that wait. */
static inline size_t smooth_held(const struct smooth *s)
{
	return s->held.n - s->head + s->fresh.n;
}
void smooth_fini(struct smooth *s);
