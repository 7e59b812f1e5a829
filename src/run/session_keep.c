/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to the files of the session index with time: logs become files, hours become days,
 * what is too old is deleted. Each step leaves the folder good if the process dies in it: a new log
 * is begun before the old one is sealed, a file takes its place as a whole before those that it
 * replaces go, and the mark moves before anything is deleted. */
#include "base/mem.h"
#include "run/session_store_inner.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY_MS = 86400000 };

int store_begin_log(struct session_store *s, int64_t now_ms, struct err *e)
{
	struct session_name name = {.kind = SESSION_FILE_LOG, .from_ms = now_ms};
	struct text path = {0};
	struct session_log *log;
	struct told t;
	uint32_t at = 0;
	(void)str_copy(name.writer, sizeof name.writer, s->writer, strlen(s->writer));
	session_path(s->folder.p, &name, &path);
	int bad = session_log_make(&log, path.p, now_ms, s->swept_ms, &s->key, e);
	text_fini(&path);
	if (bad)
		return bad;
	session_log_put_joins(log, s->lines);
	while (sessions_next_open(s->sessions, &at, now_ms, &t))
		session_log_put(log, &t, true, s->lines);
	const struct session *waiting;
	for (at = 0; (waiting = reorder_peek(sessions_waiting(s->sessions), at)); at++)
		session_log_put_event(log, waiting);
	bad = session_log_begun(log, e);
	if (bad) {
		session_log_close(log);
		return bad;
	}
	session_log_close(s->log);
	s->log = log;
	s->log_name = name;
	return ERR_OK;
}

struct sealing {
	struct session_build *build;
	struct lines *lines;
};

static int seal_row(void *arg, const struct told *t, struct err *e)
{
	struct sealing *s = arg;
	return session_build_add(s->build, &t->v, s->lines, e);
}

static int seal_log(
    struct session_store *s, const struct session_name *log, int64_t to_ms, struct err *e)
{
	struct session_name name = *log;
	struct session_log_about read = {.waiting.wait_ms = s->o.sessions.reorder_ms};
	struct text from = {0}, to = {0};
	struct sealing sealing = {.lines = lines_new(0)};
	name.kind = SESSION_FILE_LIVE;
	name.to_ms = to_ms > log->from_ms ? to_ms : log->from_ms + 1;
	session_path(s->folder.p, log, &from);
	session_path(s->folder.p, &name, &to);
	sealing.build = session_build_new(to.p, s->o.memory_bytes);
	int bad = session_log_read(from.p, sealing.lines, seal_row, &sealing, &read, e);
	struct segment_about about = {.from_ms = name.from_ms,
	    .to_ms = name.to_ms,
	    .reach_ms = read.reach_ms,
	    .swept_ms = s->swept_ms};
	if (bad)
		session_build_drop(sealing.build);
	else
		bad = session_build_end(sealing.build, &about, e);
	if (!bad || bad == ERR_INPUT)
		(void)unlink(from.p);
	lines_free(sealing.lines);
	bad = bad ? bad : store_add_file(s, &name, e);
	reorder_fini(&read.waiting);
	text_fini(&from);
	text_fini(&to);
	return bad == ERR_INPUT ? ERR_OK : bad;
}

/* All logs of this writer but the last, also one whose sealing failed before. */
int store_seal_logs(struct session_store *s, const struct session_name *v, size_t n,
    const struct session_name **last, struct err *e)
{
	int bad = ERR_OK;
	*last = NULL;
	for (size_t i = 0; i < n && !bad; i++) {
		if (v[i].kind != SESSION_FILE_LOG || strcmp(v[i].writer, s->writer) != 0)
			continue;
		if (*last)
			bad = seal_log(s, *last, v[i].from_ms, e);
		*last = &v[i];
	}
	return bad;
}

/* Several files as one. Where it fails, all is as before. */
static int put_together(struct session_store *s, struct kept_file *const *v, size_t n,
    const struct session_name *name, int64_t after_ms, struct err *e)
{
	struct segment_about about = {
	    .from_ms = name->from_ms, .to_ms = name->to_ms, .swept_ms = s->swept_ms};
	struct text path = {0};
	session_path(s->folder.p, name, &path);
	struct session_build *b = session_build_new(path.p, s->o.memory_bytes);
	int bad = ERR_OK;
	about.reach_ms = name->from_ms;
	for (size_t i = 0; i < n && !bad; i++) {
		const struct segment_about *a = &v[i]->file.segment.about;
		about.reach_ms = a->reach_ms < about.reach_ms ? a->reach_ms : about.reach_ms;
		bad = session_build_add_file(
		    b, &v[i]->file.segment, after_ms, &v[i]->reader.bad_pages, e);
	}
	if (bad)
		session_build_drop(b);
	else
		bad = session_build_end(b, &about, e);
	text_fini(&path);
	return bad;
}

static void drop_all(struct session_store *s, struct kept_file *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < s->file_n; k++)
			if (s->files[k] == v[i])
				store_drop_file(s, k, true);
}

static bool is_of_day(const struct session_store *s, const struct kept_file *f, int64_t day)
{
	return f->name.kind == SESSION_FILE_LIVE && strcmp(f->name.writer, s->writer) == 0 &&
	       f->name.from_ms / DAY_MS == day;
}

/* The hours of a day that is over become one file. */
static int join_day(struct session_store *s, int64_t day, struct err *e)
{
	struct kept_file **v = mem_new(s->file_n, sizeof(struct kept_file *));
	struct session_name name;
	size_t n = 0;
	int bad = ERR_OK;
	for (size_t i = 0; i < s->file_n; i++) {
		if (!is_of_day(s, s->files[i], day))
			continue;
		v[n++] = s->files[i];
		if (n == 1)
			name = v[0]->name;
		name.from_ms =
		    v[n - 1]->name.from_ms < name.from_ms ? v[n - 1]->name.from_ms : name.from_ms;
		name.to_ms = v[n - 1]->name.to_ms > name.to_ms ? v[n - 1]->name.to_ms : name.to_ms;
	}
	if (n > 1 && !(bad = put_together(s, v, n, &name, s->swept_ms, e))) {
		drop_all(s, v, n);
		bad = store_add_file(s, &name, e);
	}
	free(v);
	return bad;
}

static int join_days(struct session_store *s, int64_t now_ms, struct err *e)
{
	int bad = ERR_OK;
	for (size_t i = 0; i < s->file_n && !bad; i++) {
		const struct session_name *n = &s->files[i]->name;
		int64_t day = n->from_ms / DAY_MS;
		size_t of_day = 0;
		for (size_t k = 0; k < s->file_n; k++)
			of_day += is_of_day(s, s->files[k], day);
		if (n->kind == SESSION_FILE_LIVE && (day + 1) * DAY_MS <= now_ms && of_day > 1) {
			bad = join_day(s, day, e);
			i = (size_t)-1; /* the list has changed */
		}
	}
	return bad;
}

void session_store_advance(struct session_store *s, int64_t now_ms)
{
	sessions_advance(s->sessions, now_ms, &s->tolds);
	store_log_tolds(s);
}

bool session_store_due(const struct session_store *s, int64_t now_ms)
{
	return s->log && now_ms - s->log_name.from_ms >= s->o.seal_ms;
}

int session_store_turn(struct session_store *s, int64_t now_ms, struct err *e)
{
	session_store_advance(s, now_ms);
	int bad = session_log_sync(s->log, e);
	return bad ? bad : store_begin_log(s, now_ms, e);
}

static int seal_all(struct session_store *s, int64_t now_ms, struct err *e)
{
	const struct session_name *last;
	struct session_name *v = NULL;
	size_t n;
	int bad = session_names(s->folder.p, &v, &n, e);
	bad = bad ? bad : store_seal_logs(s, v, n, &last, e);
	free(v);
	return bad ? bad : join_days(s, now_ms, e);
}

int session_store_seal(struct session_store *s, int64_t now_ms, struct err *e)
{
	if (!s->log || now_ms <= s->log_name.from_ms)
		return ERR_OK;
	int bad = session_store_turn(s, now_ms, e);
	bad = bad ? bad : seal_all(s, now_ms, e);
	bad = bad ? bad : store_put_lines(s, e);
	store_make_sources(s);
	return bad;
}

/* Out of a file that reaches over the mark goes what ended before it. */
static int trim(struct session_store *s, size_t i, int64_t mark_ms, struct err *e)
{
	struct kept_file *f = s->files[i];
	struct session_name name = f->name;
	name.from_ms = mark_ms;
	int bad = put_together(s, &f, 1, &name, mark_ms, e);
	if (bad)
		return bad;
	store_drop_file(s, i, true);
	return store_add_file(s, &name, e);
}

/* Who only imports leaves to writers what came live. */
static bool is_ours(const struct session_store *s, const struct kept_file *f)
{
	return s->writer || f->name.kind == SESSION_FILE_IMPORT;
}

static bool is_over(const struct kept_file *f, int64_t mark_ms)
{
	const struct segment_about *a = &f->file.segment.about;
	int64_t from_ms = f->name.kind == SESSION_FILE_IMPORT ? a->imported_ms : a->to_ms;
	return from_ms <= mark_ms;
}

/* Lines that other writers saved and did not touch for as long. */
static void drop_old_lines(struct session_store *s, int64_t mark_ms)
{
	struct session_name *v;
	struct stat st;
	size_t n;
	if (session_names(s->folder.p, &v, &n, NULL))
		return;
	for (size_t i = 0; i < n; i++) {
		struct text path = {0};
		session_path(s->folder.p, &v[i], &path);
		if (v[i].kind == SESSION_FILE_LINES && strcmp(v[i].writer, s->writer) != 0 &&
		    stat(path.p, &st) == 0 && (int64_t)st.st_mtime * 1000 < mark_ms)
			(void)unlink(path.p);
		text_fini(&path);
	}
	free(v);
}

static int sweep_files(struct session_store *s, int64_t now_ms, int64_t mark_ms, struct err *e)
{
	int bad = store_put_mark(s, mark_ms, e);
	for (size_t i = 0; i < s->file_n && !bad;) {
		if (is_ours(s, s->files[i]) && is_over(s->files[i], mark_ms))
			store_drop_file(s, i, true);
		else
			i++;
	}
	bool due = s->writer && now_ms - s->trimmed_ms >= s->o.seal_ms;
	for (size_t i = 0; i < s->file_n && !bad && due; i++) {
		const struct session_name *n = &s->files[i]->name;
		if (n->kind == SESSION_FILE_LIVE && n->from_ms + s->o.seal_ms <= mark_ms) {
			bad = trim(s, i, mark_ms, e);
			i = (size_t)-1; /* it is another one now */
		}
	}
	s->trimmed_ms = due ? now_ms : s->trimmed_ms;
	if (s->writer)
		drop_old_lines(s, mark_ms);
	return bad;
}

static int forget_swept(struct session_store *s, struct err *e)
{
	sessions_forget(s->sessions, s->swept_ms);
	lines_sweep(s->lines, s->swept_ms);
	if (s->log)
		session_log_renumber(s->log);
	int bad = store_put_lines(s, e);
	store_make_sources(s);
	return bad;
}

static bool is_swept(const struct session_store *s, int64_t mark_ms)
{
	return mark_ms <= s->swept_ms || (!s->writer && !s->o.imports);
}

int session_store_sweep(struct session_store *s, int64_t now_ms, struct err *e)
{
	struct err later;
	int64_t mark_ms = now_ms - s->o.retention_ms;
	if (is_swept(s, mark_ms))
		return ERR_OK;
	int bad = sweep_files(s, now_ms, mark_ms, e);
	int worse = forget_swept(s, bad ? &later : e);
	return bad ? bad : worse;
}

int session_store_tick(struct session_store *s, int64_t now_ms, struct err *e)
{
	session_store_advance(s, now_ms);
	if (!session_store_due(s, now_ms))
		return ERR_OK;
	int bad = session_store_seal(s, now_ms, e);
	return bad ? bad : session_store_sweep(s, now_ms, e);
}

int session_store_work(struct session_store *s, int64_t now_ms, struct err *e)
{
	int64_t mark_ms = now_ms - s->o.retention_ms;
	int bad = seal_all(s, now_ms, e);
	return bad || is_swept(s, mark_ms) ? bad : sweep_files(s, now_ms, mark_ms, e);
}

int session_store_worked(struct session_store *s, struct err *e)
{
	return forget_swept(s, e);
}
