/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pseudonyms: see pseudonym.h. The construction and its costs: the project's notes on privacy. */
#include "attribute/pseudonym.h"
#include "base/digest.h"
#include "base/seal.h"
#include <assert.h>
#include <string.h>

#define WEEK_MS   (7 * 86400000LL)
#define MONDAY_MS (4 * 86400000LL) /* 1970-01-01 was a Thursday */

int64_t pseudonym_epoch(int64_t ms)
{
	int64_t since = ms - MONDAY_MS;
	return since >= 0 ? since / WEEK_MS : -((WEEK_MS - 1 - since) / WEEK_MS);
}

int64_t pseudonym_epoch_start_ms(int64_t epoch)
{
	return epoch * WEEK_MS + MONDAY_MS;
}

static union addr compute(const struct pseudonym_key *k, struct span line)
{
	union addr id;
	struct span parts[2] = {span_of("sub"), line};
	digest_keyed(id.b, sizeof id.b, k->k, sizeof k->k, parts, 2);
	return id;
}

struct subject pseudonym_of(const struct pseudonym_key *k, struct span line, uint8_t flags)
{
	return (struct subject){
	    .kind = SUBJECT_PSEUDONYM, .bits = 128, .flags = flags, .id = compute(k, line)};
}

bool pseudonyms_due(const struct pseudonyms *p, int64_t now_ms)
{
	return p->n == 0 || pseudonym_epoch(now_ms) > p->live[0].epoch;
}

void pseudonyms_turn(struct pseudonyms *p, int64_t now_ms, const uint8_t fresh[PSEUDONYM_KEY])
{
	int64_t epoch = pseudonym_epoch(now_ms);
	if (!pseudonyms_due(p, now_ms))
		return;
	p->live[1] = p->live[0];
	p->n = p->n && p->live[1].epoch == epoch - 1 ? 2 : 1;
	if (p->n == 1)
		seal_wipe(&p->live[1], sizeof p->live[1]);
	p->live[0].epoch = epoch;
	memcpy(p->live[0].k, fresh, PSEUDONYM_KEY);
}

const struct pseudonym_key *pseudonyms_now(const struct pseudonyms *p)
{
	assert(p->n > 0);
	return &p->live[0];
}

const struct pseudonym_key *pseudonyms_before(const struct pseudonyms *p)
{
	return p->n == 2 ? &p->live[1] : NULL;
}
