/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the decoders of query logs share whose lines tell of a query or of an answer. */
#pragma once
#include "decode/dnspair.h"
#include "decode/logline.h"

struct querylog {
	struct log log; /* first: see log_decode */
	struct dnspair pairs;
};

void querylog_open(struct querylog *q, const struct decode_env *env, log_take take);
void querylog_close(void *state);
bool querylog_flush(void *state, struct batch *out);
#define QUERYLOG_DECODER                                                                           \
	LOG_DECODER, .state_bytes = sizeof(struct querylog), .flush = querylog_flush,              \
		     .close = querylog_close

/* The record for a line, to fill; NULL where the line has no time, which is counted then. */
struct dns *querylog_record(struct querylog *q, const struct log_line *line, struct batch *out);
/* Passes that record on: a query waits for its answer. id: what both lines carry besides names. */
void querylog_take(
    struct querylog *q, const struct log_line *line, struct dns *r, uint64_t id, struct batch *out);
/* A whole `take` for a log whose lines stand for themselves. read gives -1 where a line tells of no
 * query, 0 where it is damaged, for the reason `damaged`, and 1 where it has filled the record. */
void querylog_line(struct querylog *q, const struct log_line *line,
    int (*read)(struct span text, struct dns *r), const char *damaged, struct batch *out);
