/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the deeds of a bot: see deed.h. */
#include "sim/deed.h"

static void (*const deeds[DEEDS])(struct act *a) = {
    [DEED_SCAN] = deed_scan,
    [DEED_BRUTE] = deed_brute,
    [DEED_SPAM] = deed_spam,
    [DEED_DDOS] = deed_ddos,
    [DEED_DGA] = deed_dga,
    [DEED_TUNNEL] = deed_tunnel,
    [DEED_BEACON] = deed_beacon,
    [DEED_P2P] = deed_p2p,
};

unsigned deed_count(struct act *a, double an_hour)
{
	return rand_poisson(&a->h->r, an_hour / 60);
}

/* The episode that goes on, or NULL; deeds without episodes go on all the time. */
static const struct episode *episode_now(const struct deed *d, uint32_t minute)
{
	static const struct episode always = {0, UINT32_MAX};
	if (d->episode_n == 0)
		return &always;
	for (int i = 0; i < d->episode_n; i++)
		if (d->episodes[i].from <= minute && minute < d->episodes[i].to)
			return &d->episodes[i];
	return NULL;
}

void deed_minute(struct scene *s, struct home *h, struct bot *b)
{
	uint32_t minute = (uint32_t)((s->minute_ms - s->start_ms) / STAGE_MINUTE_MS);
	for (int i = 0; i < FAMILY_DEEDS && b->deeds[i].kind; i++) {
		struct deed *d = &b->deeds[i];
		const struct episode *e = episode_now(d, minute);
		struct act a = {.s = s, .h = h, .b = b, .d = d, .f = &families[b->family]};
		if (!e)
			continue;
		a.minute = minute - e->from;
		a.minutes = e->to - e->from;
		deeds[d->kind](&a);
	}
}
