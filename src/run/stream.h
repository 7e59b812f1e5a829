/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many files -> one stream of records in time order (design.md 1, Time): the input whose next
 * record is oldest goes first; an input is opened when the merge reaches its first record; its own
 * disorder is smoothed over at most 65,536 records and 5 minutes. The order does not depend on the
 * order of PATHs. */
#pragma once
#include "run/stats.h"

enum { STREAM_BATCH = 1024 };

struct stream;
struct stream_record {
	const struct flow *flow; /* one of the two is set */
	const struct dns *dns;
	int64_t time_ms;
	uint32_t source, block; /* the stream's own */
	bool late;              /* behind a record that was already given */
};
struct stream_batch { /* zero-initialise */
	struct stream_record v[STREAM_BATCH];
	size_t n;
	uint64_t taken; /* bytes of all files consumed so far, for progress */
};

struct stream *stream_new(const struct run_input *in, struct tally *tally);
/* Gives back the records that b holds and fills it with the next ones, which stay valid until it is
 * filled again; several batches may be out at a time. False: there are none. */
bool stream_fill(struct stream *s, struct stream_batch *b);
void stream_free(struct stream *s);
