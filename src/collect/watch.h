/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder whose new files are to be read: those that somebody finished writing or moved in. Its
 * sub-folders are not looked into; hidden files and names with .current, .tmp or .part are still
 * being written. What is there at the start counts as old, unless a mark of an earlier run says
 * that it came later. A folder that is removed or moved away is waited for: what lies in its
 * successor is new. Reached through collect.h. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct watch;
enum { WATCH_NAME = 256 };

/* mark_ns: modification time of the last file that was read, 0: none is known. SYS. */
int watch_open(struct watch **to, const char *path, int64_t mark_ns, struct err *e);
void watch_free(struct watch *w);
int watch_fd(const struct watch *w); /* readable: call watch_read; -1: the folder is gone */
/* Once a second or so: whether the folder is still the one under that path. */
enum watch_change { WATCH_SAME, WATCH_GONE, WATCH_BACK };
enum watch_change watch_check(struct watch *w);
void watch_read(struct watch *w);
/* Opens the file that came first; false: there is none now. A file that was given already (the same
 * one under a new name) is passed over. */
bool watch_next(struct watch *w, int *fd, char name[WATCH_NAME], int64_t *mtime_ns);
