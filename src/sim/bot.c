/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Planning of bots: see bot.h. */
#include "sim/bot.h"
#include "base/hash.h"
#include "base/rand.h"
#include "sim/world.h"
#include <math.h>
#include <stdio.h>

/* The lowest level of each deed, the highest is a hundred times that; and how its episodes are:
 * how many a day, and how long (minutes). Levels: what published bots do at full speed lies near
 * the top; the bottom is a bot that was told to be quiet. */
static const struct {
	const char *word;
	float low; /* 0: no level */
	uint8_t a_day;
	uint16_t shortest, longest;
} plans[DEEDS] = {
    [DEED_NONE] = {.word = ""},
    [DEED_SCAN] = {"scan", 10, 6, 45, 110},      /* hosts an hour */
    [DEED_BRUTE] = {"brute", 32, 5, 30, 70},     /* sessions an hour */
    [DEED_SPAM] = {"spam", 8, 5, 50, 120},       /* exchangers an hour */
    [DEED_DDOS] = {"ddos", 500, 6, 2, 8},        /* packets a second */
    [DEED_DGA] = {"dga", 9, 7, 12, 30},          /* names in 10 min */
    [DEED_TUNNEL] = {"tunnel", 2000, 5, 20, 60}, /* bytes of names in 5 min */
    [DEED_BEACON] = {"beacon", 0, 0, 0, 0},
    [DEED_P2P] = {"p2p", 0, 0, 0, 0},
};

const char *deed_word(uint8_t kind)
{
	return plans[kind].word;
}

/* Evenly spread over [0, 1) whatever their number: multiples of the golden ratio. The first of a
 * deed lies in the upper half, so that the smallest runs show something. */
static double spread(uint32_t n, uint64_t seed, unsigned kind)
{
	double first = 0.6 + 0.35 * (double)(hash_mix(seed * DEEDS + kind) >> 11) * 0x1p-53;
	return fmod(first + n * 0.6180339887498949, 1);
}

/* One episode in each of so many equal parts of the run, so that they lie hours apart in a day. */
static void plan_episodes(struct deed *d, struct rand *r, uint32_t minutes)
{
	uint32_t n = (plans[d->kind].a_day * minutes + 720) / 1440;
	n = n < 2 ? 2 : n > EPISODES ? EPISODES : n;
	d->episode_n = (uint8_t)n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t from = i * minutes / n, room = (i + 1) * minutes / n - from;
		uint32_t length =
		    plans[d->kind].shortest +
		    (uint32_t)rand_below(r, plans[d->kind].longest - plans[d->kind].shortest + 1u);
		if (length > room * 2 / 3)
			length = room * 2 / 3;
		if (length == 0)
			length = 1;
		from += (uint32_t)rand_below(r, room > length ? room - length + 1 : 1);
		d->episodes[i] = (struct episode){from, from + length};
	}
}

void bot_plan(struct bot *b, uint32_t n, const struct home *h, uint32_t order[DEEDS], uint64_t seed,
    uint32_t minutes)
{
	struct rand r = rand_of(seed ^ 0x626f74ULL, h->line);
	*b = (struct bot){.line = h->line, .family = (uint16_t)(n % families_n)};
	b->controller = (uint16_t)rand_below(&r, CONTROLLERS);
	const struct family *f = &families[b->family];
	for (int i = 0; i < FAMILY_DEEDS && f->deeds[i]; i++) {
		struct deed *d = &b->deeds[i];
		d->kind = f->deeds[i];
		if (plans[d->kind].a_day == 0)
			continue;
		double u = spread(order[d->kind]++, seed, d->kind);
		d->level = (float)(plans[d->kind].low * pow(100, u));
		plan_episodes(d, &r, minutes);
	}
}

struct controller bot_controller(unsigned family, unsigned which)
{
	uint32_t number = family * CONTROLLERS + which;
	uint64_t h = hash_mix(number + 0x63326332ULL);
	struct controller c = {
	    .addr = world_controller(number), .port = families[family].beacon_port};
	(void)snprintf(c.domain, sizeof c.domain, "%c%c%c%c-%06x.%s", (char)('b' + h % 24),
	    "aeiou"[h >> 8 & 3], (char)('b' + (h >> 16) % 24), "aeiou"[h >> 24 & 3],
	    (unsigned)(h >> 32 & 0xffffff), h >> 60 & 1 ? "net" : "info");
	if (c.port == 0)
		c.port = 443;
	return c;
}
