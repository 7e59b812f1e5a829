/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session events -> intervals: who held what from when to when (RFC 2866 and 8158, and what servers
 * and NAT boxes do when records are lost). Rules, in the order of event times:
 * - A session is (NAS, session key), with the DUID where there is one; without a key, the holder at
 *   that address. A begin opens; said again it is the same, or renews.
 * - A begin ends what an earlier session of the same NAS still held there (of any NAT, for a
 *   binding): inferred. What was seen after that begin is not ended: both hold, nobody knows who.
 *   The same where two begin at the same time.
 * - "Still held" of a session that is not known opens it, at its begin if that is told. What a
 *   known session is said to hold, and was not before, it holds from then on.
 * - An end closes, also what was closed by inference; an end of something unknown counts only where
 *   its begin is told, too.
 * - A NAS that starts afresh ends all it held. A lifetime ends a lease unless it is renewed.
 * - What was seen again at intervals and then no more is stale after three of them: it stays, but
 * is not sure from then on. What it misses: an end that is lost where nobody follows and nothing
 * was ever seen again. */
#pragma once
#include "attribute/held.h"
#include "attribute/line.h"
#include "attribute/reorder.h"
#include "base/opt.h"

struct sessions_options {
	uint64_t room;      /* intervals held at a time, those that ended a while ago included */
	int64_t keep_ms;    /* how long one that ended can be asked for here, and put right */
	int64_t reorder_ms; /* how far events of a source come out of order */
	int64_t interim_ms; /* how often what is held is said again, where a source does that */
};
extern const struct opt_row sessions_rows[];
extern const size_t sessions_rows_n;

struct told { /* an interval that is new or says more than before */
	struct interval v;
	int64_t seen_ms;
	uint64_t session;
	uint32_t nas;
	bool interims;
	bool fresh; /* told for the first time, or its end was put right */
};
struct tolds { /* growing list; zero-initialise, free v */
	struct told *v;
	size_t n, cap;
};

struct sessions_counts {
	uint64_t events;                   /* taken in */
	uint64_t again;                    /* that said what was known */
	uint64_t opened, closed, inferred; /* intervals; of the ends, those that were concluded */
	uint64_t unknown_ends;             /* ends of what nobody had begun */
	uint64_t unclear;                  /* two holders that could not be put in order */
	uint64_t dropped; /* intervals pushed out of a full table before their time */
};

struct sessions;
/* lines: borrowed. */
struct sessions *sessions_new(const struct sessions_options *o, struct lines *lines);
void sessions_free(struct sessions *s);
/* Takes an event that session_check passed; what became of this and earlier ones is appended. */
void sessions_event(struct sessions *s, const struct session *event, struct tolds *out);
/* The clock moves: events that waited long enough count. */
void sessions_advance(struct sessions *s, int64_t now_ms, struct tolds *out);
void sessions_flush(struct sessions *s, struct tolds *out);
/* Forgets at once what ended before. */
void sessions_forget(struct sessions *s, int64_t before_ms);
/* Takes an interval over as it was told, after a restart. */
void sessions_restore(struct sessions *s, const struct told *t);
/* All that is not over at now_ms, one after the other: *at is 0 at first. */
bool sessions_next_open(const struct sessions *s, uint32_t *at, int64_t now_ms, struct told *t);
/* Events that were taken in and do not count yet. */
const struct reorder *sessions_waiting(const struct sessions *s);
const struct sessions_counts *sessions_counted(const struct sessions *s);
const struct held_table *sessions_table(const struct sessions *s);
/* Identifiers count as seen at that time, if their record is older: it was imported then. */
void sessions_seen_at(struct sessions *s, int64_t ms);
/* For a test or a restart: the key by which sessions are known, which must stay for a log. */
void sessions_set_key(struct sessions *s, const struct hash_key *key);
