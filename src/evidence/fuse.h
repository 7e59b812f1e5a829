/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic of fusion and tiers: pure functions over one line's findings. */
#pragma once
#include "evidence/evidence.h"

int64_t fuse_day(const struct evidence *e); /* days since 1970, UTC */
/* Fills score_db, group_db and probability from v's evidence (4.5). */
void fuse_line(const struct evidence_options *o, const struct evidence_source *sources,
    struct verdict_line *v);
/* 4.6, without e-BH. */
enum tier fuse_tier(const struct evidence_options *o, const struct evidence_source *sources,
    const struct verdict_line *v, int64_t run_span_ms);
/* e-BH (Wang and Ramdas 2022) over the candidates for a notice; v is sorted by tier and score.
 * Those that it does not accept stay suspects. */
void fuse_limit_notices(
    const struct evidence_options *o, struct verdict_line *v, size_t n, uint64_t lines);
/* The row behind a piece of evidence. */
const struct evidence_source *evidence_source_of(
    const struct evidence_table *t, const struct evidence *e);
