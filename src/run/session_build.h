/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals in any order -> one file of the session index, sorted on disk within a bounded memory:
 * what was gathered is written as a sorted run beside the file, and the runs are merged at the end.
 * A file takes its place as a whole, mode 0600. */
#pragma once
#include "attribute/attribute.h"

struct session_build;
/* path: of the file that will be made. memory_bytes: for what is gathered; at least 16 MiB. */
struct session_build *session_build_new(const char *path, uint64_t memory_bytes);
/* Adds an interval; the number of its line is one of `lines`, and stays so until the end. */
int session_build_add(
    struct session_build *b, const struct interval *v, const struct lines *lines, struct err *e);
/* Adds all of a file that ended after that time. bad_pages: damaged, left out; may be NULL. */
int session_build_add_file(struct session_build *b, const struct segment *s, int64_t after_ms,
    uint64_t *bad_pages, struct err *e);
/* Writes the file and frees b; about->interval_n is filled. An empty one is written, too. */
int session_build_end(struct session_build *b, struct segment_about *about, struct err *e);
void session_build_drop(struct session_build *b); /* instead of session_build_end */

/* New and old names in the folder of a file outlive a power cut from here on. */
int session_sync_names(const char *path, struct err *e);

/* A file mapped into memory. */
struct session_file {
	struct segment segment;
	void *map;
	size_t bytes;
};
int session_file_open(struct session_file *f, const char *path, struct err *e);
void session_file_close(struct session_file *f);
