/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session events out of files: these are read side by side, the one whose next event is oldest
 * first, up to 256 at a time, so that their order on the command line does not matter. */
#pragma once
#include "run/stats.h"

/* Gives every event that session_check passes to take(), until it returns something but 0, which is
 * returned. Shows progress. What cannot be used is counted and told (tally). */
int session_read(struct run_input *in, struct tally *tally,
    int (*take)(void *arg, const struct session *event), void *arg);
