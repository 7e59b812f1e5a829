/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many files -> one stream of records in time order (design.md 1, Time): the input whose next
 * record is oldest goes first; an input is opened when the merge reaches its first record; its own
 * disorder is smoothed over at most 65,536 records and 5 minutes. The order does not depend on the
 * order of PATHs. */
#pragma once
#include "rec/packed.h"
#include "run/smooth.h"
#include "run/stats.h"

/* Few, so that a batch stays in the nearest cache while it is worked on. */
enum { STREAM_BATCH = 128, STREAM_DNS = 32 }; /* records of a batch; look-ups among them */

struct stream;
struct stream_item { /* a packed record */
	int64_t time_ms;
	uint32_t at; /* where its bytes begin */
	bool is_dns;
	bool late; /* behind a record that was already given */
};
/* A batch as it goes from one thread to another: a flow is a cache line. Zero-initialise. */
struct stream_packed {
	struct stream_item v[STREAM_BATCH];
	size_t n, dns_n, bytes;
	uint64_t taken; /* bytes of all files consumed so far, for progress */
	_Alignas(64) uint8_t p[STREAM_BATCH * 88 + PACKED_MAX];
};

struct stream_record {
	const struct flow *flow; /* one of the two is set */
	const struct dns *dns;
	int64_t time_ms;
	bool late;
};
struct stream_batch { /* as it is worked on */
	struct stream_record v[STREAM_BATCH];
	size_t n;
	struct flow flows[STREAM_BATCH]; /* what v points to */
	struct dns dns[STREAM_DNS];
};

/* Takes the oldest record out of s into the batch; it is late where it lies behind the clock, which
 * it moves else. False: there is none, or no room. */
bool stream_take(struct stream_packed *b, struct smooth *s, int64_t *clock_ms);
void stream_unpack(const struct stream_packed *from, struct stream_batch *b);

struct stream *stream_new(const struct run_input *in, struct tally *tally);
/* Fills b with the next records. False: there are none. */
bool stream_fill(struct stream *s, struct stream_packed *b);
void stream_free(struct stream *s);
