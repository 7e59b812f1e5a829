/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One shard of the lines: the tables behind struct detect. */
#pragma once
#include "detect/inner.h"

enum { COLD_EXACT = 64, COLD_P = 10, DETECTORS_MAX = 64 };

struct cold {                   /* a distinct set that outgrew its place */
	struct distinct *owner; /* NULL: free */
	struct line *line;      /* that the set belongs to */
	uint32_t day;           /* of the last addition */
	uint32_t n;
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
	uint32_t last_s;
	uint64_t seen[2][8];         /* peers already contacted: current and previous filter */
	uint16_t seen_bits;          /* set in the current one */
	uint16_t cold_n;             /* cold blocks that its sets hold */
	uint16_t p2p_day;            /* since 1970, + 1 */
	uint16_t p2p_n;              /* strangers that answered on UDP ports that day */
	_Alignas(8) uint8_t state[]; /* of all detectors */
};

struct detect {
	const void *const *opts;
	bool enabled[DETECTORS_MAX];
	size_t state_at[DETECTORS_MAX], line_bytes;
	uint8_t *lines; /* room for cap lines of line_bytes */
	uint32_t *buckets;
	uint32_t cap, used, mask, oldest, newest, free;
	uint64_t ever, dropped;
	struct cold_pool cold;
	struct notes_pool notes;
	struct evidences *out;  /* during a call */
	struct finding *judged; /* by the detector that runs, during a call */
	struct line *now;       /* whose record it is, during a call */
	uint32_t day;           /* the newest seen, since 1970 */
};

void cold_init(struct cold_pool *p, uint32_t n);
void cold_fini(struct cold_pool *p);
/* The line is dropped: its sets give their blocks back. */
void cold_drop(struct cold_pool *p, const struct line *l);
void notes_init(struct notes_pool *p, uint32_t n);
void notes_fini(struct notes_pool *p);
void notes_free(struct notes_pool *p, struct finding *f);
