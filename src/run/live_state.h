/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checkpoints of a live sensor: a forked child writes the memory as it was at the fork, so that
 * the sensor goes on at once. What is in the ring, in the smoothing and in open conversations is
 * not kept. */
#pragma once
#include "run/live.h"
#include "run/stages.h"
#include "run/state.h"

struct live_state {
	struct seal_key key;
	const char *folder; /* borrowed */
	pid_t writer;       /* 0: none is at it */
	int64_t tried_ms;   /* when the last one began */
};

/* Makes the key where there is none. CONFIG, SYS. */
int live_state_open(struct live_state *x, const char *folder, struct err *e);
/* Into stages that were just started: what was kept last, and the clock it stood at. True: taken
 * over; false: there is nothing, or it is of no use, which was said, and the stages are too. */
enum live_taken { LIVE_NOTHING, LIVE_TAKEN, LIVE_USELESS };
enum live_taken live_state_take(
    struct live_state *x, struct stages *s, struct live_board *b, int64_t *clock_ms);
/* What is kept now. forked: by a child, and this returns at once; else it is done on return.
 * waiting: records that were taken but are not in the stages yet. The pipeline must be paused. */
void live_state_keep(struct live_state *x, const struct stages *s, struct live_board *b,
    int64_t clock_ms, uint64_t waiting, bool forked);
/* Sees whether the child has ended; wait: until it has. */
void live_state_reap(struct live_state *x, struct live_board *b, bool wait);
