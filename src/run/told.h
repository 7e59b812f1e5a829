/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was told of each line, so that a running sensor tells a line again only where its verdict
 * rose: a higher tier, a score 3 dB higher, or evidence that was not there before (another
 * detector, indicator or day). Bounded by the lines on which something is kept. */
#pragma once
#include "evidence/evidence.h"

struct told;
struct told *told_new(void);
void told_free(struct told *t);
#define TOLD_RISE_DB 3.0
/* Whether the verdict rose since it was told last, the score by rise_db; it counts as told then. */
bool told_rose(struct told *t, const struct verdict_line *v, double rise_db);
/* After a look over all verdicts: forgets lines that nothing was found on since, and, where there
 * are more than so many, those that this look did not have. */
void told_forget(struct told *t, int64_t since_ms, size_t lines_max);
/* Lines get other names, and what was told of them stays told. */
struct renames;
void told_rename(struct told *t, const struct renames *r);
