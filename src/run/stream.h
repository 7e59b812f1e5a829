/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many files -> one stream of records in time order (design.md 1, Time): the input whose next
 * record is oldest goes first; an input is opened when the merge reaches its first record; its own
 * disorder is smoothed over at most 65,536 records and 5 minutes. The order does not depend on the
 * order of PATHs. */
#pragma once
#include "run/stats.h"

struct stream;
struct stream_record {
	const struct flow *flow; /* one of the two is set; valid until the next call */
	const struct dns *dns;
	const struct flow *ahead; /* one that probably comes a few records later, or NULL */
	int64_t time_ms;
	bool late; /* behind a record that was already given */
};

struct stream *stream_new(const struct run_input *in, struct tally *tally);
bool stream_next(struct stream *s, struct stream_record *r);
uint64_t stream_taken(const struct stream *s); /* bytes of all files consumed, for progress */
void stream_free(struct stream *s);
