/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One shard of the lines: the tables behind struct detect. */
#pragma once
#include "detect/inner.h"

enum { COLD_EXACT = 64, COLD_P = 10, DETECTORS_MAX = 64 };

struct blocks { /* equal blocks of zeroed memory that stay in place */
	uint8_t *v;
	size_t bytes;
	uint32_t cap, used; /* those past `used` were never touched */
	uint32_t free;      /* number of the first that was given back; it holds that of the next */
};
void blocks_init(struct blocks *b, size_t bytes, size_t cap);
void blocks_fini(struct blocks *b);
uint32_t blocks_take(struct blocks *b); /* a number from 1 on; there must be one */
void blocks_give(struct blocks *b, uint32_t number);
static inline void *blocks_at(const struct blocks *b, uint32_t number)
{
	return b->v + (number - 1ul) * b->bytes;
}

struct cold {                   /* a distinct set that outgrew its place */
	struct distinct *owner; /* NULL: free */
	struct line *line;      /* that the set belongs to */
	uint32_t day;           /* of the last addition */
	uint32_t n;
	uint32_t next; /* of the same line: number, 0: none */
	union {
		uint32_t h[COLD_EXACT];
		uint8_t regs[1 << COLD_P];
	};
};
struct cold_pool {
	struct cold *v;
	uint32_t *free; /* stack of free numbers */
	uint32_t n, free_n;
	uint64_t dropped; /* sets that lost their block to a larger one */
	uint64_t pick;
};

struct notes {                 /* Space-Saving over what stands behind a count */
	struct finding *owner; /* NULL: free */
	uint32_t n;
	struct evidence_top top[EVIDENCE_TOP];
};
struct notes_pool {
	struct notes *v;
	uint32_t *free;
	uint32_t n, free_n;
	uint64_t dropped;
	uint64_t pick;
};

struct line {
	struct subject subject;
	uint32_t chain, prev, next; /* bucket; order of last use. Number + 1, 0: none */
	uint32_t last_s;            /* when it was seen last, to a minute */
	uint64_t seen[2][8];        /* peers already contacted: current and previous filter */
	uint16_t seen_bits;         /* set in the current one */
	uint16_t p2p_day;           /* since 1970, + 1 */
	uint16_t p2p_n;             /* strangers that answered on UDP ports that day */
	uint32_t cold;              /* number of the first cold block of its sets, 0: none */
	uint32_t findings;          /* number of the first, 0: none */
	uint32_t state[];           /* by detector: number of its block, 0: none yet */
};

struct detect {
	struct hash_key key;
	const void *const *opts;
	uint64_t
	    on_contact[FACTS]; /* by what is true of a contact: bits of the detectors that run */
	uint8_t on_lookup[DETECTORS_MAX]; /* those that run: numbers */
	size_t on_lookup_n;
	struct blocks states[DETECTORS_MAX]; /* a line takes one when a detector first keeps
						something */
	struct blocks findings;
	size_t line_bytes;
	uint8_t *lines; /* room for cap lines of line_bytes */
	uint32_t *buckets;
	uint32_t cap, used, mask, oldest, newest;
	uint64_t ever, dropped;
	struct cold_pool cold;
	struct notes_pool notes;
	struct evidences *out;  /* during a call */
	struct finding *judged; /* by the detector that runs, during a call */
	struct line *now;       /* whose record it is, during a call */
	size_t running;         /* number of the detector that has it */
	uint32_t day;           /* the newest seen, since 1970 */
	uint32_t now_s;         /* the newest seen */
};

static inline struct line *line_at(const struct detect *d, uint32_t number)
{
	return (struct line *)(void *)(d->lines + (number - 1ul) * d->line_bytes);
}
/* The line of a subject with that hash; NULL: it is not there. */
struct line *line_find(const struct detect *d, const struct subject *s, uint64_t hash);
/* The same, made where it was not there, and the one seen last now. */
struct line *line_of(struct detect *d, const struct subject *s, uint64_t hash);

/* A new line behind all others, the one seen last; it has no name yet. The table may hold one more
 * than cap for the moment. */
struct line *line_add(struct detect *d);
/* Into the bucket of its subject's hash, for the line that stands in none. */
void line_link(struct detect *d, uint32_t number, uint64_t hash);
/* Takes the line out of the table, and the last one gets its number; line_reset it before. */
void line_remove(struct detect *d, uint32_t number);
void line_evict(struct detect *d); /* the line unseen for longest has its last word and goes */
/* All that is kept of the line is given back, without a word; but its subject and its places. */
void line_reset(struct detect *d, struct line *l);
void lines_sort(struct detect *d); /* puts them in the order of their last_s */

void cold_init(struct cold_pool *p, uint32_t n);
void cold_fini(struct cold_pool *p);
/* A free block for a set of that line, which holds nothing yet; NULL: there is none. */
struct cold *cold_take(struct detect *d, struct distinct *s, struct line *l);
/* The line is dropped: its sets give their blocks back. */
void cold_drop(struct cold_pool *p, struct line *l);
void notes_init(struct notes_pool *p, uint32_t n);
void notes_fini(struct notes_pool *p);
struct notes *notes_take(struct detect *d, struct finding *f); /* its own, or NULL */
void notes_free(struct notes_pool *p, struct finding *f);
/* The finding of detector number `which` on a line; NULL: there is none. */
struct finding *finding_find(const struct detect *d, const struct line *l, size_t which);
struct finding *finding_made(struct detect *d, struct line *l, size_t which);
/* Emits what was judged, where that is due. */
void finding_tell(struct detect *d);
/* The last word on all findings of the line, which are forgotten. */
void findings_close(struct detect *d, struct line *l);
void findings_drop(struct detect *d, struct line *l); /* the same without a word */
