/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a sensor in its folder: what base/save.h writes, sealed, in the file `checkpoint`.
 * It is written beside it in small pieces and takes its place as a whole, so that a reader finds
 * the old one or the new one. Nothing is held in memory but a piece. */
#pragma once
#include "base/save.h"
#include "base/seal.h"

/* The key: $CREDENTIALS_DIRECTORY/state-key where there is one, else the file state.key of the
 * folder, made at first use with mode 0600. CONFIG: it is too short, or others may read it. SYS. */
int state_key(const char *folder, struct seal_key *k, struct err *e);

/* A new file: begin, then sections into state_out in as many steps as the caller likes, then
 * state_end, which takes it over and frees w; until then, and where that fails, the old file is
 * still there. *bytes: how large it became; may be NULL. SYS. */
struct state_writer;
int state_begin(struct state_writer **w, const char *folder, const struct seal_key *k,
    int64_t now_ms, struct err *e);
struct save *state_out(struct state_writer *w);
int state_end(struct state_writer *w, uint64_t *bytes, struct err *e);
void state_drop(struct state_writer *w); /* instead of state_end; w may be NULL */

/* Reads the whole file once to see that it is sound, and then gives it to take, which looks at the
 * sections it knows. NONE: there is no file. INPUT: sealed with another key, cut, changed, or of a
 * newer version; take was not called then. What take returns is returned. */
struct state_found {
	int64_t written_ms;
	uint64_t bytes;
};
int state_read(const char *folder, const struct seal_key *k, struct state_found *found,
    int (*take)(void *arg, struct load *in), void *arg, struct err *e);
/* Moves a file that could not be taken over out of the way of the next one, and appends where to:
 * with its key, or its program, it can be read yet. */
bool state_set_aside(const char *folder, struct text *path);
