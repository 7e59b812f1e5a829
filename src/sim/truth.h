/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What really happened, written to truth.jsonl: one object a line for the provider, for every
 * infected line and every line that plays a look-alike, and for what bots did. An activity covers
 * at most one minute of the clock and counts only what was exported, by the end of its records. */
#pragma once
#include "sim/access.h"
#include "sim/bot.h"
#include "sim/home.h"
#include "sim/seen.h"
#include "sim/sink.h"
#include "sim/talk.h"
#include "sim/zeek.h"

struct cell; /* an activity in the making, see truth.c */

struct ledger { /* of one bot */
	struct cell *cells;
	uint32_t n, cap;
	struct seen hosts[2], mail[2], missing[2], other[2], names[2];
};

struct truth {
	struct sink to;
	struct ledger *ledgers; /* one per bot */
	const struct bot *bots; /* borrowed */
	const struct prefix *inside;
	const struct access *access; /* borrowed; NULL: lines are known by their addresses */
	int64_t start_ms;
	uint32_t bot_n;
	struct text line;
};

void truth_open(struct truth *t, const struct bot *bots, uint32_t bot_n,
    const struct prefix *inside, int64_t start_ms);
void truth_provider(struct truth *t, uint64_t lines, uint64_t hours, uint64_t seed,
    int64_t start_ms, int64_t end_ms);
/* family NULL: not infected. roles: bits of look.h. With sessions, what the line held follows. */
void truth_line(struct truth *t, const struct home *h, const struct family *family);
/* One exported record of a bot's conversation: of direction 0, or of direction 1 of a flood. */
void truth_piece(struct truth *t, uint32_t bot, const struct talk *talk, uint32_t number, int way,
    const struct piece *p);
/* Any look-up of an infected line; without sessions, of its IPv4 address. */
void truth_query(struct truth *t, uint32_t bot, const struct query *q);
/* Writes the activities that ended before until_ms. */
void truth_flush(struct truth *t, int64_t until_ms);
int truth_close(struct truth *t, struct err *e);
