/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What detect shows: a table for people, JSON Lines for programs, a progress bar on a terminal. */
#pragma once
#include "evidence/evidence.h"
#include "run/stats.h"

enum tier tier_of(const char *word); /* TIER_OBSERVE where NULL */
void show_json(const struct evidence_table *t, const struct verdict_line *v, size_t n,
    const struct stats *stats, FILE *to);
void show_table(const struct evidence_table *t, const struct verdict_line *v, size_t n,
    const struct stats *stats);

/* One line for people, with its end. */
void show_line(const struct evidence_table *t, const struct verdict_line *v, struct text *out);

struct progress {
	uint64_t bytes; /* of all inputs */
	double shown_s, began_s;
	bool on; /* stderr is a terminal */
};
struct progress progress_begin(uint64_t bytes);
void progress_show(
    struct progress *p, uint64_t taken, uint64_t records); /* at most five times a second */
void progress_end(struct progress *p);
