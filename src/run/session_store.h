/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session index of an installation: the folder `sessions` of its state. Session events go in
 * and are on the disk when session_store_sync returns; questions are answered from memory and
 * files.
 * - live-WRITER-FROM.log: what a writer learns now, see session_log.h.
 * - live-WRITER-FROM-TO.idx: an hour, later a day, of it, sorted, see attribute/segment.h. Each
 * begins with what was open at its start: a question reads the file of its time, and those that
 * later learnt something of that time.
 * - import-TIME-N.idx: what was imported at a time.
 * - lines-WRITER: which identifiers are one line. swept: the mark. key: for session names.
 * What ended longer ago than the retention is deleted: files as a whole, and once an hour out of
 * the file of a day; imported files when they were imported that long ago. The mark says up to
 * where. Several writers, and readers beside them, share the folder; a reader sees what was there
 * when it opened it. All files have mode 0600. */
#pragma once
#include "run/session_build.h"

struct session_store_options {
	struct sessions_options sessions;
	const char *state;  /* folder of the state */
	const char *writer; /* name of this one, letters and digits; NULL: only reads, or imports */
	bool imports;
	int64_t retention_ms;
	int64_t seal_ms;                 /* how long a log becomes; 0: an hour */
	uint64_t memory_bytes;           /* for sorting; 0: 256 MiB */
	const struct lines_rules *lines; /* NULL: the default ones */
	void (*heard)(
	    void *arg, const struct interval *v); /* of each that events change; or NULL */
	void *heard_arg;
};

struct session_store;
/* told: a line each of what was cut or could not be used; may be NULL. SYS, CONFIG. */
int session_store_open(struct session_store **s, const struct session_store_options *o,
    int64_t now_ms, struct text *told, struct err *e);
void session_store_close(struct session_store *s); /* without session_store_sync */

/* Takes an event; it, and what became of it, is on the disk after the next sync. */
void session_store_event(struct session_store *s, const struct session *event);
int session_store_sync(struct session_store *s, struct err *e);
/* In parts, see session_log_write. */
int session_store_write(struct session_store *s, int *fd, struct err *e);
void session_store_written(struct session_store *s, bool synced);
uint64_t session_store_waiting(const struct session_store *s); /* bytes that are not on the disk */
/* Time passes: events that waited count; each seal_ms the log becomes a file, days are put
 * together, and what is too old is deleted. */
int session_store_tick(struct session_store *s, int64_t now_ms, struct err *e);
/* The same for who must not wait for the disk. Time passes: */
void session_store_advance(struct session_store *s, int64_t now_ms);
bool session_store_due(const struct session_store *s, int64_t now_ms); /* then: */
/* The log ends and another begins. With no session_store_write under way. */
int session_store_turn(struct session_store *s, int64_t now_ms, struct err *e);
/* What is to be done with files, by another thread; meanwhile no call here but
 * session_store_event, _write, _written, _advance, _lines and _sessions. */
int session_store_work(struct session_store *s, int64_t now_ms, struct err *e);
/* And when that is over, what it means for what is in memory: numbers of lines that were forgotten
 * become those of others. */
int session_store_worked(struct session_store *s, struct err *e);
/* Ends the log here and now. */
int session_store_seal(struct session_store *s, int64_t now_ms, struct err *e);
int session_store_sweep(struct session_store *s, int64_t now_ms, struct err *e);

/* Not for two threads at a time. */
void session_store_ask(struct session_store *s, const struct question *q, struct answer *a);
void session_store_name(
    struct session_store *s, const struct answer *a, size_t line, char out[LINE_TEXT]);
/* What is asked, as sources of an asker of one's own; valid until the next call that is none. */
const struct whose_source *session_store_sources(const struct session_store *s, size_t *n);
struct lines *session_store_lines(struct session_store *s);
struct sessions *session_store_sessions(struct session_store *s);

/* Imports events of one run of a tracker: into a file of their own, which counts from now_ms. */
struct session_import;
struct session_import *session_import_begin(struct session_store *s, int64_t now_ms);
int session_import_event(struct session_import *i, const struct session *event, struct err *e);
struct session_imported {
	struct sessions_counts counts;
	uint64_t interval_n, bytes;
	int64_t from_ms, to_ms; /* 0: nothing was told */
};
int session_import_end(struct session_import *i, struct session_imported *done, struct err *e);
void session_import_drop(struct session_import *i); /* instead of session_import_end */

struct session_status {
	uint64_t files, imports, logs, bytes, intervals, open, ids;
	int64_t from_ms, to_ms, swept_ms; /* 0: nothing */
	uint64_t bad_pages;
};
void session_store_status(const struct session_store *s, struct session_status *out);
