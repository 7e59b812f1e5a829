/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of export datagrams: what is known of an exporter's domain besides its templates. One
 * bounded table; where it is full, the source that was silent for longest makes room. */
#pragma once
#include "decode/sequence.h"
#include "decode/template.h"

enum { SOURCE_SAMPLERS_MAX = 32 };

struct source_key {
	union addr exporter, agent; /* agent: of sFlow, else zero */
	uint32_t domain, version;
};

/* 1 in N packets, as announced. What was never a plausible number is not believed; nor is a wild
 * change (more than fourfold, or between sampled and not), until it was said SAMPLING_ENOUGH times
 * without the old number in between: a spoofed or mistaken announcement is contradicted by the next
 * honest one. */
enum { SAMPLING_ENOUGH = 3 };
#define SAMPLING_MAX (1u << 24)
struct announced {
	uint32_t interval; /* 0: not announced */
	uint32_t claim;    /* an unbelieved number, and how often it was said */
	uint32_t claim_n;
};
bool announced_take(struct announced *a, uint32_t interval); /* false: it is not believed */

struct source {
	struct source_key key;
	uint64_t used;          /* order of the last use */
	uint32_t exporter;      /* its number, see decode.h */
	uint32_t forced;        /* 1 in N by the operator's rule; 0: as announced */
	uint8_t dialect;        /* enum export_dialect */
	struct announced whole; /* for all its records */
	int64_t boot_ms;        /* announced start of the exporter; 0: not announced */
	uint32_t epochs[2]; /* of templates, of options templates: goes up when all are withdrawn */
	uint32_t sampler_n;
	struct {
		uint64_t id; /* a sampler's, or SOURCE_INTERFACE and an interface's */
		struct announced told;
	} samplers[SOURCE_SAMPLERS_MAX];
	struct sequence sequence;
};

#define SOURCE_INTERFACE (1ULL << 63)
#define SOURCE_SAMPLER   (1ULL << 62)

struct sources {
	struct source **slots; /* owned; NULL: free */
	uint64_t clock, dropped_n;
};
void sources_init(struct sources *t);
void sources_fini(struct sources *t);
/* The source; fresh: it is new here, and the caller sets its exporter number. */
struct source *source_of(struct sources *t, const struct source_key *key, bool *fresh);
/* The source, or NULL; its order of use stays. */
struct source *source_find(const struct sources *t, const struct source_key *key);
enum { SOURCES_MAX = 4096 };
/* What is kept of a numbered sampler or an interface; NULL where too many are known already. */
struct announced *source_sampler(struct source *s, uint64_t id);
/* Takes what an options record announced; false where it announced a sampling that is not believed.
 */
bool source_announce(struct source *s, uint32_t extras, const uint64_t extra[EXTRA_N]);
/* 1 in N of a record with these extras; 0: nobody announced it. */
uint32_t source_sampling(const struct source *s, uint32_t extras, const uint64_t extra[EXTRA_N]);
