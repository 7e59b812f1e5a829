/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was told of each line, so that a running sensor tells a line again only where its verdict
 * rose: a higher tier, a score 3 dB higher, or evidence that was not there before (another
 * detector, indicator or day). Grows with the lines on which something was found. */
#pragma once
#include "evidence/evidence.h"

struct told;
struct told *told_new(void);
void told_free(struct told *t);
/* Whether the verdict rose since it was told last; it counts as told then. */
bool told_rose(struct told *t, const struct verdict_line *v);
