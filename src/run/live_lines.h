/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line, in a live sensor with session sources: events -> the session index of its state, and
 * who holds an address now, under the pseudonym of the week. The disk is waited for by two threads
 * of its own; here nothing waits but at the end.
 *
 * Order. An event counts two seconds after its time, so that those of one source come in order, and
 * what it changes of answers that are remembered is forgotten at once. Flows rest ten seconds in
 * the smoothing, or two million of them, before anybody asks whose they were: so an event may come
 * some seconds later than the flows that it concerns. What comes later still counts for the flows
 * after it; contacts that were judged stay with the line that held the address as far as was known.
 */
#pragma once
#include "run/errand.h"
#include "run/live.h"
#include "run/live_clock.h"
#include "run/nats.h"
#include "run/session_store.h"
#include "run/stages.h"

#define LIVE_LINES_NO_EPOCH INT64_MIN

struct naming { /* another epoch has begun, and lines are given names for it, some at a time */
	bool on;
	uint32_t at; /* lines up to here have one */
	size_t changes_at;
	uint64_t disputed;
	struct renames r;
};

struct live_lines {
	const struct live *l;
	const struct seal_key *key;
	struct session_store *store; /* NULL: no session source */
	struct pseudonyms keys;
	struct pseudonym_key names; /* what lines are called by; while naming, still the old one */
	struct naming naming;
	struct whose_live live;
	struct whose_source sources[2]; /* sessions, deterministic NATs */
	struct asker asker;
	struct owners *owners;
	struct errand *syncing, *working;
	struct err worked_e;       /* of the thread at work */
	int64_t work_ms;           /* its now */
	int fd;                    /* being synchronised */
	uint64_t flight_at;        /* where the sessions' ring was when it was written */
	size_t unsynced;           /* events since then */
	int64_t since_ms;          /* when the first of these came */
	int64_t advanced_ms;       /* wall clock */
	int64_t again_ms;          /* what failed is not tried before */
	int64_t renamed_ms;        /* wall clock of the last renames for joins, */
	uint64_t disputed;         /* and how many identifiers were disputed then */
	bool failing, key_failing; /* it was said */
};

/* Opens the index and the keys of the folder, where sessions are named; nats: borrowed; clock_ms:
 * of the stages, 0 if it is not known yet. From then on the stages ask it for lines. CONFIG, INPUT,
 * SYS. */
int live_lines_open(struct live_lines *x, const struct live *l, const struct seal_key *key,
    struct detnat_sets *nats, struct stages *stages, int64_t clock_ms, struct err *e);
/* Sessions of either ring: the `exporter` of one is the place of its exporter, or its source, + 1.
 */
enum live_origin { OF_EXPORTER, OF_SOURCE };
void live_lines_take(struct live_lines *x, struct live_clock *c, const struct batch *b,
    int64_t received_ms, enum live_origin origin);
/* Some milliseconds of what is due. */
void live_lines_turn(struct live_lines *x, int64_t clock_ms);
/* Before records up to that time are judged: where they bring the time with them, events that are
 * older count. */
void live_lines_follow(struct live_lines *x, int64_t clock_ms);
/* In so many milliseconds something may be due. */
int live_lines_patience(const struct live_lines *x, int else_ms);

/* The epoch whose names lines have now. */
int64_t live_lines_epoch(const struct live_lines *x);
/* A state that was saved with names of that epoch, and perhaps before some joins: what they are
 * now. False: nothing changes. */
bool live_lines_resume(struct live_lines *x, int64_t epoch, struct renames *r);
/* Once the clock has come to another epoch, the names of some more lines, until true: all have one,
 * and live_lines_new_names gives them to what is kept here. */
bool live_lines_prepare(struct live_lines *x, int64_t clock_ms);
/* Whatever else has lines by their names is to rename them now; the caller frees it. What
 * live_lines_renamed has is to be applied before. */
struct renames live_lines_new_names(struct live_lines *x);
/* The same for lines that were joined, one by one, which the caller empties; NULL: there are none.
 * To rename is work, and can wait: every_ms since the last time; but not where a line became two,
 * so that a name may have another meaning now. */
struct renames *live_lines_renamed(struct live_lines *x, int64_t every_ms);

/* All that was taken is on the disk, and nobody works on it. */
void live_lines_close(struct live_lines *x);
