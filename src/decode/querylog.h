/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the decoders of query logs share whose lines tell of a query or of an answer. */
#pragma once
#include "decode/dnspair.h"
#include "decode/logline.h"

struct querylog {
	struct log log;
	struct dnspair pairs;
};

void querylog_open(void *state, const struct decode_env *env);
void querylog_close(void *state);
bool querylog_flush(void *state, struct batch *out);
/* The record for a line, to fill; NULL where the line has no time, which is counted then. */
struct dns *querylog_record(struct querylog *q, const struct log_line *line, struct batch *out);
/* Passes that record on: a query waits for its answer. id: what both lines carry besides names. */
void querylog_take(
    struct querylog *q, const struct log_line *line, struct dns *r, uint64_t id, struct batch *out);
