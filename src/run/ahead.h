/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead: whoever has nothing else to do reads, decodes and packs the next records of one
 * input, one thread at a time; who wants them does it himself where none are ready. Putting them in
 * order stays with one thread. */
#pragma once
#include "run/reader.h"
#include "run/smooth.h"

struct ahead_input {
	struct reader reader; /* open */
	size_t at;            /* records of its batch that are packed */
	bool ended;
};

struct ahead;
/* pool, tally: borrowed. The tally is touched by who reads only. */
struct ahead *ahead_new(struct smooth_pool *pool, struct tally *tally);
void ahead_free(struct ahead *a);
/* The input to read from now on, borrowed; NULL: none, and nobody reads any more. What was read of
 * the one before is to be taken first. */
void ahead_of(struct ahead *a, struct ahead_input *i);
/* Any thread: reads some records, if there is room and nobody else does. False: not now. */
bool ahead_help(struct ahead *a);
/* Adds the next records to s; *taken: bytes of the input that were read by then. False: there are
 * no more. */
bool ahead_take(struct ahead *a, struct smooth *s, uint64_t *taken);
