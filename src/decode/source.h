/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of export datagrams: what is known of an exporter's domain besides its templates. One
 * bounded table; where it is full, the source that was silent for longest makes room. */
#pragma once
#include "decode/template.h"

enum { SOURCE_SAMPLERS_MAX = 16 };

struct source_key {
	union addr exporter;
	uint32_t domain, version;
};

struct source {
	struct source_key key;
	uint64_t used;      /* order of the last use; 0: the slot is free */
	uint32_t exporter;  /* its number, see decode.h */
	uint32_t interval;  /* 1 in N packets for all its records; 0: not announced */
	int64_t boot_ms;    /* announced start of the exporter; 0: not announced */
	uint32_t epochs[2]; /* of templates, of options templates: goes up when all are withdrawn */
	uint32_t sampler_n;
	struct {
		uint64_t id;
		uint32_t interval;
	} samplers[SOURCE_SAMPLERS_MAX];
};

struct sources {
	struct source *slots;
	uint64_t clock, dropped_n;
};
void sources_init(struct sources *t);
void sources_fini(struct sources *t);
/* The source; fresh: it is new here, and the caller sets its exporter number. */
struct source *source_of(struct sources *t, const struct source_key *key, bool *fresh);
/* Takes what an options record announced. */
void source_announce(struct source *s, uint32_t extras, const uint64_t extra[EXTRA_N]);
/* 1 in N of a record with these extras; 0: nobody announced it. */
uint32_t source_sampling(const struct source *s, uint32_t extras, const uint64_t extra[EXTRA_N]);
