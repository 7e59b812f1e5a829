/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pseudonyms of lines: what stands for a line from detection on. P = BLAKE2b-128 with the epoch's
 * key over "sub" and the line's text. An epoch is an ISO week: it begins on Monday at 00:00 UTC.
 * Each has a fresh random key, none is derived from another, and only two are kept: so what was
 * said of a line more than two weeks ago cannot be joined to it by anybody, and whoever has a key
 * must compute all lines to find one. Without files and randomness: who calls brings them. */
#pragma once
#include "base/str.h"
#include "rec/subject.h"

enum { PSEUDONYM_KEY = 32, PSEUDONYM_EPOCHS = 2 };

struct pseudonym_key {
	int64_t epoch; /* weeks since Monday, 1970-01-05 */
	uint8_t k[PSEUDONYM_KEY];
};
struct pseudonyms {                                  /* zero: no epoch yet */
	struct pseudonym_key live[PSEUDONYM_EPOCHS]; /* newest first */
	size_t n;
};

int64_t pseudonym_epoch(int64_t ms);
int64_t pseudonym_epoch_start_ms(int64_t epoch);

/* The line's pseudonym under a key; a few hundred nanoseconds: once a session, never for a flow. */
struct subject pseudonym_of(const struct pseudonym_key *k, struct span line, uint8_t flags);

/* Whether the time lies in a later epoch than the newest key: then pseudonyms_turn. */
bool pseudonyms_due(const struct pseudonyms *p, int64_t now_ms);
/* The epoch of now_ms begins, with a fresh random key; a key that is older than the epoch before it
 * is wiped. Time never goes back here: an earlier epoch than the newest changes nothing. */
void pseudonyms_turn(struct pseudonyms *p, int64_t now_ms, const uint8_t fresh[PSEUDONYM_KEY]);
/* The key that holds now, which must be there, and the one of the epoch before, or NULL. */
const struct pseudonym_key *pseudonyms_now(const struct pseudonyms *p);
const struct pseudonym_key *pseudonyms_before(const struct pseudonyms *p);
