/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where conversations and look-ups of all lines meet, are put in the order of time and written.
 * Holds what is still going on, so its memory grows with the lines, not with the hours. */
#pragma once
#include "sim/access.h"
#include "sim/export.h"
#include "sim/truth.h"
#include "sim/zeek.h"

/* A look-up may lie this many minutes ahead of the minute being made. */
enum { STAGE_AHEAD = 8, STAGE_MINUTE_MS = 60000 };

struct due_line { /* a line of dns.log waiting for its minute */
	int64_t at_ms;
	size_t offset;
};

struct due {
	struct text text;
	struct due_line *lines;
	uint32_t n, cap;
};

struct due_piece { /* a piece to export in this minute */
	uint32_t talk, piece;
	uint16_t ms;
};

struct stage {
	bool zeek, one_way, dns;
	uint32_t active_ms, sampling;
	int64_t start_ms, end_ms;
	struct truth *truth;         /* borrowed */
	const struct home *homes;    /* borrowed */
	const struct access *access; /* borrowed; NULL: a line keeps the addresses of home.h */
	struct rand r;               /* of packet sampling */
	struct sink flows, outside, lookups; /* outside: what is seen outside of the NAT */
	struct exporter exporters[EXPORTERS];
	struct text text;
	struct talk *talks; /* going on */
	struct due_piece *pieces;
	uint32_t talk_n, talk_cap, piece_n, piece_cap;
	uint16_t *ms;    /* keys of what is sorted: milliseconds behind the minute's start */
	uint32_t *order; /* of pieces or lines, by ms */
	uint32_t order_cap, first[STAGE_MINUTE_MS + 1];
	struct due due[STAGE_AHEAD];
	uint64_t talk_count, flow_count, lookup_count;
};

/* zeek, one_way, dns, active_ms, sampling, times, truth, homes and access are set by the caller. */
int stage_open(
    struct stage *s, const char *dir, bool ipfix, bool flags, uint64_t seed, struct err *e);
/* Takes a copy; what begins outside of the run is dropped, what ends behind it is cut. */
void stage_talk(struct stage *s, const struct talk *t);
/* The look-up and its conversation with the resolver. */
void stage_query(struct stage *s, uint32_t line, const struct query *q);
/* Writes what falls into the minute; minutes come in order. */
void stage_minute(struct stage *s, int64_t minute_ms);
bool stage_is_idle(const struct stage *s); /* nothing is going on any more */
int stage_close(struct stage *s, struct err *e);
