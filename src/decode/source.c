/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of sources and their sampling: see source.h. Sampling is announced in options records,
 * for the whole domain or for a numbered sampler that data records then name (RFC 3954 8: 34, 48
 * and 50; RFC 5477: 302 to 311), or for an interface. Announced for interfaces only, the first one
 * is taken for the rest of the domain. */
#include "decode/source.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/when.h"
#include <stdlib.h>

enum { TABLE_WAYS = 8, TABLE_SETS = SOURCES_MAX / TABLE_WAYS };

void sources_init(struct sources *t)
{
	*t = (struct sources){.slots = mem_new(SOURCES_MAX, sizeof(struct source *))};
}

void sources_fini(struct sources *t)
{
	for (size_t i = 0; i < SOURCES_MAX; i++)
		free(t->slots[i]);
	free(t->slots);
	*t = (struct sources){0};
}

static bool key_same(const struct source_key *a, const struct source_key *b)
{
	return a->domain == b->domain && a->version == b->version &&
	       addr_same(&a->exporter, &b->exporter) && addr_same(&a->agent, &b->agent);
}

static struct source **set_of(const struct sources *t, const struct source_key *key)
{
	struct hash h = hash_bytes(&hash_key_offline, key, sizeof *key);
	return &t->slots[h.a % TABLE_SETS * TABLE_WAYS];
}

struct source *source_find(const struct sources *t, const struct source_key *key)
{
	struct source **set = set_of(t, key);
	for (size_t i = 0; i < TABLE_WAYS; i++)
		if (set[i] && key_same(&set[i]->key, key))
			return set[i];
	return NULL;
}

/* Whether a gives way to the key before b does. */
static bool gives_way(const struct source *a, const struct source *b, const struct source_key *key)
{
	bool own = addr_same(&a->key.exporter, &key->exporter);
	bool own_b = addr_same(&b->key.exporter, &key->exporter);
	return own != own_b ? own : a->used < b->used;
}

/* A free slot for the key, at the cost of the source that was silent for longest: one of the same
 * exporter where the set has any, so that one that makes up domains pushes out its own. */
static struct source **make_room(struct sources *t, const struct source_key *key)
{
	struct source **set = set_of(t, key), **worst = set;
	for (size_t i = 0; i < TABLE_WAYS; i++) {
		if (!set[i])
			return &set[i];
		if (gives_way(set[i], *worst, key))
			worst = &set[i];
	}
	t->dropped_n++;
	free(*worst);
	return worst;
}

struct source *source_of(struct sources *t, const struct source_key *key, bool *fresh)
{
	struct source *s = source_find(t, key);
	*fresh = !s;
	if (!s) {
		s = mem_new(1, sizeof *s);
		s->key = *key;
		*make_room(t, key) = s;
	}
	s->used = ++t->clock;
	return s;
}

static bool has(uint32_t extras, enum extra word)
{
	return extras & 1u << word;
}

static uint32_t ratio(uint64_t whole, uint64_t taken)
{
	uint64_t n = taken ? whole / taken + (whole % taken >= taken - taken / 2) : 0;
	return n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* samplingProbability is a float64, 0 to 1. */
static uint32_t of_probability(uint64_t bits)
{
	double p;
	memcpy(&p, &bits, sizeof p);
	return p > 1.0 / UINT32_MAX && p <= 1 ? (uint32_t)(1 / p + 0.5) : 0;
}

static uint32_t interval_of(uint32_t extras, const uint64_t extra[EXTRA_N])
{
	uint64_t taken = has(extras, EXTRA_TAKEN) ? extra[EXTRA_TAKEN] : 0;
	uint32_t n = 0;
	if (taken && has(extras, EXTRA_LEFT) && extra[EXTRA_LEFT] <= UINT64_MAX - taken)
		n = ratio(taken + extra[EXTRA_LEFT], taken);
	if (!n && taken && has(extras, EXTRA_POPULATION))
		n = ratio(extra[EXTRA_POPULATION], taken);
	if (!n && has(extras, EXTRA_PROBABILITY))
		n = of_probability(extra[EXTRA_PROBABILITY]);
	if (!n && has(extras, EXTRA_INTERVAL))
		n = ratio(extra[EXTRA_INTERVAL], 1);
	return n;
}

/* Whether the record says anything of sampling at all. */
static bool announces(uint32_t extras)
{
	return has(extras, EXTRA_INTERVAL) || has(extras, EXTRA_PROBABILITY) ||
	       (has(extras, EXTRA_TAKEN) &&
		   (has(extras, EXTRA_LEFT) || has(extras, EXTRA_POPULATION)));
}

static bool is_wild(uint32_t was, uint32_t now)
{
	uint32_t low = was < now ? was : now, high = was < now ? now : was;
	return low != high && (low == 1 || high / low > 4);
}

bool announced_take(struct announced *a, uint32_t interval)
{
	if (interval == 0 || interval > SAMPLING_MAX)
		return false;
	if (a->interval && is_wild(a->interval, interval)) {
		a->claim_n = interval == a->claim ? a->claim_n + 1 : 1;
		a->claim = interval;
		if (a->claim_n < SAMPLING_ENOUGH)
			return false;
	}
	*a = (struct announced){.interval = interval};
	return true;
}

/* The id under which samplers[] keeps what such a record names; 0: none. */
static uint64_t sampler_id(uint32_t extras, const uint64_t extra[EXTRA_N])
{
	if (has(extras, EXTRA_SAMPLER))
		return SOURCE_SAMPLER | extra[EXTRA_SAMPLER];
	if (has(extras, EXTRA_INTERFACE) && extra[EXTRA_INTERFACE])
		return SOURCE_INTERFACE | extra[EXTRA_INTERFACE];
	return 0;
}

struct announced *source_sampler(struct source *s, uint64_t id)
{
	uint32_t i = 0;
	while (i < s->sampler_n && s->samplers[i].id != id)
		i++;
	if (i == SOURCE_SAMPLERS_MAX)
		return NULL;
	s->samplers[i].id = id;
	s->sampler_n += i == s->sampler_n;
	return &s->samplers[i].told;
}

bool source_announce(struct source *s, uint32_t extras, const uint64_t extra[EXTRA_N])
{
	if (has(extras, EXTRA_BOOT_MS) && extra[EXTRA_BOOT_MS] <= WHEN_MAX_MS)
		s->boot_ms = (int64_t)extra[EXTRA_BOOT_MS];
	if (!announces(extras))
		return true;
	uint32_t interval = interval_of(extras, extra);
	uint64_t id = sampler_id(extras, extra);
	struct announced *of = id ? source_sampler(s, id) : &s->whole;
	if (id & SOURCE_INTERFACE && !s->whole.interval)
		(void)announced_take(&s->whole, interval);
	return !of || announced_take(of, interval);
}

uint32_t source_sampling(const struct source *s, uint32_t extras, const uint64_t extra[EXTRA_N])
{
	if (s->forced)
		return s->forced;
	/* a record's own is believed where it fits what was announced for all */
	uint32_t own = announces(extras) ? interval_of(extras, extra) : 0;
	if (own && own <= SAMPLING_MAX && !(s->whole.interval && is_wild(s->whole.interval, own)))
		return own;
	uint64_t id = s->sampler_n ? sampler_id(extras, extra) : 0;
	for (uint32_t i = 0; id && i < s->sampler_n; i++)
		if (s->samplers[i].id == id)
			return s->samplers[i].told.interval;
	return s->whole.interval;
}
