/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of the session index and what their names say. */
#pragma once
#include "run/session_build.h"

enum { SESSION_WRITER_MAX = 32 };

enum session_file_kind {
	SESSION_FILE_OTHER,
	SESSION_FILE_LOG,
	SESSION_FILE_LIVE,
	SESSION_FILE_IMPORT,
	SESSION_FILE_LINES
};
struct session_name {
	enum session_file_kind kind;
	char writer[SESSION_WRITER_MAX + 1];
	int64_t from_ms, to_ms; /* of an import: when it was, and its number */
};
/* kind OTHER where it is none of ours. */
struct session_name session_name_of(const char *file);
/* The path of a file, appended to out. */
void session_path(const char *folder, const struct session_name *n, struct text *out);
bool session_writer_ok(const char *name);

/* All names of a folder, none where it is not there, sorted by kind, writer, from, and the longest
 * first. Free *v. */
int session_names(const char *folder, struct session_name **v, size_t *n, struct err *e);
/* Whether the folder has those names yet, and no others. */
bool session_names_are(const char *folder, const struct session_name *v, size_t n);
/* Removes what an interrupted writer left half made, whose names begin so, and that was not touched
 * since that second. */
void session_clean(const char *folder, const char *prefix, int64_t before_s);
