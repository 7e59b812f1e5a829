/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The append log of one writer of session intervals. It begins with what was open at its start, and
 * goes on with what became known since. What was put is on the disk when session_log_sync returns.
 * A block is written as a whole with its checksum: of a log that was cut, by a crash or a full
 * disk, all complete blocks are read and the rest is cut off and said. */
#pragma once
#include "attribute/attribute.h"

struct session_log; /* for writing */
/* A new log, mode 0600. It has its name only once session_log_begun says so: all that was put by
 * then is on the disk, and what is half made is never read. */
int session_log_make(struct session_log **log, const char *path, int64_t from_ms, int64_t swept_ms,
    const struct hash_key *key, struct err *e);
int session_log_begun(struct session_log *l, struct err *e);
/* Goes on behind the last complete block; bytes: where that ends, as session_log_read says. */
int session_log_append(struct session_log **log, const char *path, uint64_t bytes, struct err *e);
/* opening: it was so when the log began. lines: what the number of its line means. */
void session_log_put(
    struct session_log *l, const struct told *t, bool opening, const struct lines *lines);
/* An event as it came, whose interval may come later. */
void session_log_put_event(struct session_log *l, const struct session *event);
/* The joins of the table that were done since the last call. */
void session_log_put_joins(struct session_log *l, const struct lines *lines);
/* Numbers of lines mean something else from now on, or joins were parted. */
void session_log_renumber(struct session_log *l);
int session_log_sync(struct session_log *l, struct err *e);
/* The same in three parts, so that the middle one can be another thread's while more is put:
 * writes what was put, *fd to be synchronised, -1 if there is nothing; and once that was done, or
 * failed. */
int session_log_write(struct session_log *l, int *fd, struct err *e);
void session_log_written(struct session_log *l, bool synced);
uint64_t session_log_waiting(const struct session_log *l); /* bytes that are not on the disk */
uint64_t session_log_bytes(const struct session_log *l);
void session_log_close(struct session_log *l); /* what was not synchronised is lost */

struct session_log_about {
	int64_t from_ms, swept_ms;
	int64_t reach_ms;    /* what was learnt concerns times from here on */
	struct hash_key key; /* by which sessions are known in it */
	uint64_t told_n;
	struct reorder waiting;    /* events that no interval need have come of yet; reorder_fini */
	uint64_t bytes, cut_bytes; /* complete blocks, and what stands behind them */
};
/* Reads all complete blocks. Identifiers go into lines, with their joins; take gets each interval,
 * whose line is a number of lines. about->waiting.wait_ms says how long events wait in the writer's
 * table; those that may not have been taken out of it are left there. INPUT: no such log. */
int session_log_read(const char *path, struct lines *lines,
    int (*take)(void *arg, const struct told *t, struct err *e), void *arg,
    struct session_log_about *about, struct err *e);
