/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checkpoints of a live sensor: written in short steps between records, so that reception never
 * waits longer than a step. Each line is kept as it is at its step; what is in the ring, in the
 * smoothing and in open conversations is not kept. (A forked child would have a picture of one
 * moment, at the price of a page fault for every page that is touched meanwhile and of large pages
 * that fall apart: at a million lines that costs more than the writing itself.) */
#pragma once
#include "run/live.h"
#include "run/live_lines.h"
#include "run/stages.h"
#include "run/state.h"

struct live_state {
	struct seal_key key;
	const char *folder;          /* borrowed */
	struct state_writer *writer; /* NULL: no checkpoint is under way */
	struct pipeline_walk walk;
	int64_t tried_ms, stepped_ms; /* when the last one, and its last step, began */
	uint64_t through;             /* records that were in the stages when it began */
	int64_t epoch; /* of the names of lines, when it is taken and kept; LIVE_LINES_NO_EPOCH */
};

/* Makes the key where there is none. CONFIG, SYS. */
int live_state_open(struct live_state *x, const char *folder, struct err *e);
/* Into stages that were just started: what was kept last, and the clock it stood at. True: taken
 * over; false: there is nothing, or it is of no use, which was said, and the stages are too. */
enum live_taken { LIVE_NOTHING, LIVE_TAKEN, LIVE_USELESS };
enum live_taken live_state_take(
    struct live_state *x, struct stages *s, struct live_board *b, int64_t *clock_ms);
/* Begins a checkpoint, unless one is under way. waiting: records that were taken but are not in the
 * stages yet. */
void live_state_begin(struct live_state *x, const struct stages *s, struct live_board *b,
    int64_t clock_ms, uint64_t waiting);
/* Whether one is under way and its next step is due. */
bool live_state_due(const struct live_state *x, int64_t now_ms);
/* The next step is the last: what was found before it should be told first, since the state does
 * not tell it again. */
static inline bool live_state_is_last(const struct live_state *x)
{
	return x->walk.last;
}
/* Some milliseconds of work; at the end the file takes its place. */
void live_state_step(struct live_state *x, const struct stages *s, struct live_board *b);
/* All of it now, in place of one that is under way. */
void live_state_keep(struct live_state *x, const struct stages *s, struct live_board *b,
    int64_t clock_ms, uint64_t waiting);
void live_state_close(struct live_state *x);
