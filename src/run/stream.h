/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many files -> one stream of records in time order (design.md 1, Time): the input whose next
 * record is oldest goes first; an input is opened when the merge reaches its first record; its own
 * disorder is smoothed over at most 65,536 records and 5 minutes. The order does not depend on the
 * order of PATHs. */
#pragma once
#include "run/smooth.h"
#include "run/stats.h"

enum { STREAM_BATCH = 128, STREAM_DNS = 64 }; /* records of a batch; look-ups among them */

struct stream;
struct stream_record {
	const struct flow *flow; /* one of the two is set */
	const struct dns *dns;
	int64_t time_ms;
	bool late; /* behind a record that was already given */
};
struct stream_batch { /* zero-initialise */
	struct stream_record v[STREAM_BATCH];
	size_t n;
	struct flow flows[STREAM_BATCH]; /* what v points to */
	struct dns dns[STREAM_DNS];
	size_t dns_n;
	uint64_t taken; /* bytes of all files consumed so far, for progress */
};

/* Takes the oldest record out of s into the batch; it is late where it lies behind the clock, which
 * it moves else. False: there is none, or no room. */
bool stream_take(struct stream_batch *b, struct smooth *s, int64_t *clock_ms);

struct stream *stream_new(const struct run_input *in, struct tally *tally);
/* Fills b with the next records. False: there are none. */
bool stream_fill(struct stream *s, struct stream_batch *b);
void stream_free(struct stream *s);
