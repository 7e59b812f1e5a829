/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of sources and their sampling: see source.h. Sampling is announced in options records,
 * for the whole domain or for a numbered sampler that data records then name (RFC 3954 8: 34, 48
 * and 50; RFC 5477: 302, 305, 306, 309, 310). Announced for single interfaces, the last one is
 * taken for the domain. */
#include "decode/source.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

enum { TABLE_WAYS = 8, TABLE_SETS = 512, TABLE_SLOTS = TABLE_WAYS * TABLE_SETS };

void sources_init(struct sources *t)
{
	*t = (struct sources){.slots = mem_new(TABLE_SLOTS, sizeof *t->slots)};
}

void sources_fini(struct sources *t)
{
	free(t->slots);
	*t = (struct sources){0};
}

static bool key_same(const struct source_key *a, const struct source_key *b)
{
	return a->domain == b->domain && a->version == b->version &&
	       addr_same(&a->exporter, &b->exporter);
}

struct source *source_of(struct sources *t, const struct source_key *key, bool *fresh)
{
	struct hash h = hash_bytes(&hash_key_offline, key, sizeof *key);
	struct source *set = &t->slots[h.a % TABLE_SETS * TABLE_WAYS], *oldest = set;
	*fresh = false;
	for (size_t i = 0; i < TABLE_WAYS; i++) {
		if (set[i].used && key_same(&set[i].key, key)) {
			set[i].used = ++t->clock;
			return &set[i];
		}
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	t->dropped_n += oldest->used != 0;
	*oldest = (struct source){.key = *key, .used = ++t->clock};
	*fresh = true;
	return oldest;
}

static bool has(uint32_t extras, enum extra word)
{
	return extras & 1u << word;
}

static uint32_t ratio(uint64_t whole, uint64_t taken)
{
	uint64_t n = taken ? (whole + taken / 2) / taken : 0;
	return n <= UINT32_MAX ? (uint32_t)n : 0;
}

static uint32_t interval_of(uint32_t extras, const uint64_t extra[EXTRA_N])
{
	uint64_t taken = extra[EXTRA_TAKEN];
	if (has(extras, EXTRA_TAKEN) && has(extras, EXTRA_LEFT))
		return extra[EXTRA_LEFT] <= UINT32_MAX && taken <= UINT32_MAX
			   ? ratio(taken + extra[EXTRA_LEFT], taken)
			   : 0;
	if (has(extras, EXTRA_TAKEN) && has(extras, EXTRA_POPULATION))
		return ratio(extra[EXTRA_POPULATION], taken);
	return has(extras, EXTRA_INTERVAL) ? ratio(extra[EXTRA_INTERVAL], 1) : 0;
}

static void keep_sampler(struct source *s, uint64_t id, uint32_t interval)
{
	size_t i = 0;
	while (i < s->sampler_n && s->samplers[i].id != id)
		i++;
	if (i == SOURCE_SAMPLERS_MAX)
		return;
	s->samplers[i].id = id;
	s->samplers[i].interval = interval;
	s->sampler_n += i == s->sampler_n;
}

void source_announce(struct source *s, uint32_t extras, const uint64_t extra[EXTRA_N])
{
	uint32_t interval = interval_of(extras, extra);
	if (has(extras, EXTRA_BOOT_MS) && extra[EXTRA_BOOT_MS] <= INT64_MAX)
		s->boot_ms = (int64_t)extra[EXTRA_BOOT_MS];
	if (interval && has(extras, EXTRA_SAMPLER))
		keep_sampler(s, extra[EXTRA_SAMPLER], interval);
	else if (interval)
		s->interval = interval;
}

uint32_t source_sampling(const struct source *s, uint32_t extras, const uint64_t extra[EXTRA_N])
{
	uint32_t own = interval_of(extras, extra);
	if (own)
		return own;
	for (size_t i = 0; has(extras, EXTRA_SAMPLER) && i < s->sampler_n; i++)
		if (s->samplers[i].id == extra[EXTRA_SAMPLER])
			return s->samplers[i].interval;
	return s->interval;
}
