/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many files -> one stream of records in time order (design.md 1, Time): the input whose next
 * record is oldest goes first; an input is opened when the merge reaches its first record; its own
 * disorder is smoothed over at most 65,536 records and 5 minutes. The order does not depend on the
 * order of PATHs. */
#pragma once
#include "run/smooth.h"
#include "run/stats.h"

/* Few, so that a batch stays in the nearest cache while it is worked on. */
enum { STREAM_BATCH = 128, STREAM_DNS = 32 }; /* records of a batch; look-ups among them */

struct stream;
struct stream_record {
	const struct flow *flow; /* one of the two is set */
	const struct dns *dns;
	int64_t time_ms;
	bool late;
};
struct stream_batch {
	struct stream_record v[STREAM_BATCH];
	size_t n, dns_n;
	struct flow flows[STREAM_BATCH]; /* what v points to */
	struct dns dns[STREAM_DNS];
};

/* Takes the oldest record out of s into the batch; it is late where it lies behind the clock, which
 * it moves else. False: there is none, or no room. */
bool stream_take(struct stream_batch *b, struct smooth *s, int64_t *clock_ms);

struct stream *stream_new(const struct run_input *in, struct tally *tally);
/* The next records, valid until the next call. NULL: there are none. */
const struct stream_batch *stream_next(struct stream *s);
/* Bytes of all files consumed so far, for progress. */
uint64_t stream_taken(const struct stream *s);
/* From any thread that has nothing else to do: reads ahead. False: there is nothing to do. */
bool stream_help(void *stream);
void stream_free(struct stream *s);
