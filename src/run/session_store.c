/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session index of an installation: see session_store.h. Here: opening, events, questions; what
 * happens to files with time is in session_keep.c. */
#include "base/mem.h"
#include "base/when.h"
#include "run/place.h"
#include "run/session_store_inner.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char swept_name[] = "swept", key_name[] = "key";

/* Whether a file has something to say about a window. Before the oldest of a writer there is none:
 * it begins with what was open then. */
static bool is_asked(const struct kept_file *f, int64_t lo_ms, int64_t hi_ms)
{
	const struct segment_about *a = &f->file.segment.about;
	if (a->from_ms <= hi_ms)
		return a->to_ms > lo_ms;
	return a->reach_ms <= hi_ms || f->oldest;
}

/* From a later file all that it learnt is wanted, so that what it says of an end counts. */
static void find_in_file(
    void *of, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *out)
{
	struct kept_file *f = of;
	const struct segment_about *a = &f->file.segment.about;
	if (!is_asked(f, lo_ms, hi_ms))
		return;
	if (a->from_ms > hi_ms && a->reach_ms < lo_ms)
		lo_ms = a->reach_ms;
	segment_find(&f->reader, q, lo_ms, hi_ms, out);
}

static void name_in_file(void *of, const struct interval *v, char out[LINE_TEXT])
{
	const struct kept_file *f = of;
	const struct lines *lines = f->reader.lines;
	struct line_id id;
	out[0] = '\0';
	if (!segment_id(&f->file.segment, v->line, &id))
		return;
	uint32_t number = lines_find(lines, &id);
	if (number)
		lines_name(lines, number, &id);
	line_id_text(&id, out);
}

void store_make_sources(struct session_store *s)
{
	s->sources = mem_grow(s->sources, s->file_n + 1, sizeof *s->sources);
	s->sources[0] = whose_live_source(&s->live);
	s->sources[0].swept_ms = s->swept_ms;
	for (size_t i = 0; i < s->file_n; i++) {
		struct kept_file *f = s->files[i];
		bool live = f->name.kind == SESSION_FILE_LIVE;
		f->reader.segment = &f->file.segment;
		f->reader.lines = s->lines;
		f->oldest = live;
		for (size_t k = 0; k < s->file_n && live; k++)
			if (s->files[k]->name.kind == SESSION_FILE_LIVE &&
			    strcmp(s->files[k]->name.writer, f->name.writer) == 0 &&
			    s->files[k]->name.from_ms < f->name.from_ms)
				f->oldest = false;
		s->sources[i + 1] = (struct whose_source){.find = find_in_file,
		    .name = name_in_file,
		    .of = f,
		    .swept_ms = live ? s->swept_ms : 0};
	}
	s->asker.v = s->sources;
	s->asker.n = s->file_n + 1;
}

int store_add_file(struct session_store *s, const struct session_name *name, struct err *e)
{
	struct kept_file *f = mem_new(1, sizeof *f);
	struct text path = {0};
	f->name = *name;
	session_path(s->folder.p, name, &path);
	int bad = session_file_open(&f->file, path.p, e);
	if (bad) {
		free(f);
	} else {
		s->files = mem_grow(s->files, s->file_n + 1, sizeof(struct kept_file *));
		s->files[s->file_n++] = f;
		int64_t swept_ms = f->file.segment.about.swept_ms;
		s->swept_ms = swept_ms > s->swept_ms ? swept_ms : s->swept_ms;
	}
	text_fini(&path);
	return bad;
}

void store_drop_file(struct session_store *s, size_t i, bool unlink_it)
{
	struct text path = {0};
	session_path(s->folder.p, &s->files[i]->name, &path);
	if (unlink_it)
		(void)unlink(path.p);
	session_file_close(&s->files[i]->file);
	free(s->files[i]);
	s->files[i] = s->files[--s->file_n];
	text_fini(&path);
}

static int make_folder(struct session_store *s, const char *state, struct err *e)
{
	text_fmt(&s->folder, "%s/sessions", state);
	if (!s->writer && !s->o.imports)
		return ERR_OK;
	if (mkdir(s->folder.p, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_SYS, "%.180s: %s", s->folder.p, strerror(errno));
	return ERR_OK;
}

/* The key by which all writers know sessions: drawn once. */
static int take_key(struct session_store *s, struct err *e)
{
	struct text t = {0};
	struct hash_key fresh = hash_key_random();
	int bad = place_read(s->folder.p, key_name, &t, e);
	if (bad && !s->writer && !s->o.imports)
		bad = bad == ERR_NONE ? ERR_OK : bad;
	else if (bad == ERR_NONE || (!bad && t.n != sizeof fresh.k)) {
		text_reset(&t);
		text_add(&t, (const char *)fresh.k, sizeof fresh.k);
		bad = place_write(s->folder.p, key_name, t.p, t.n, e);
	}
	if (!bad && t.n == sizeof s->key.k)
		memcpy(s->key.k, t.p, sizeof s->key.k);
	text_fini(&t);
	return bad;
}

static void take_mark(struct session_store *s)
{
	struct text t = {0};
	int64_t ms = 0;
	if (place_read(s->folder.p, swept_name, &t, NULL) == ERR_OK &&
	    span_int(span_trim((struct span){t.p, t.n}), &ms) && ms > s->swept_ms)
		s->swept_ms = ms;
	text_fini(&t);
}

int store_put_mark(struct session_store *s, int64_t ms, struct err *e)
{
	struct text t = {0};
	text_fmt(&t, "%lld\n", (long long)ms);
	int bad = place_write(s->folder.p, swept_name, t.p, t.n, e);
	text_fini(&t);
	if (!bad)
		s->swept_ms = ms;
	return bad;
}

static int text_sink(void *to, const void *p, size_t n, struct err *e)
{
	(void)e;
	text_add(to, p, n);
	return ERR_OK;
}

static int span_source(void *from, void *p, size_t n, struct err *e)
{
	struct span *s = from;
	if (s->n < n)
		return err_set(e, ERR_INPUT, "it is cut short");
	memcpy(p, s->p, n);
	*s = (struct span){s->p + n, s->n - n};
	return ERR_OK;
}

int store_put_lines(struct session_store *s, struct err *e)
{
	struct text t = {0}, name = {0};
	struct save out = save_to(text_sink, &t);
	lines_save(s->lines, &out);
	int bad = save_finish(&out, e);
	text_fmt(&name, "lines-%s", s->writer ? s->writer : "import");
	bad = bad ? bad : place_write(s->folder.p, name.p, t.p, t.n, e);
	text_fini(&t);
	text_fini(&name);
	return bad;
}

static void tell(struct text *told, const char *path, const char *why)
{
	if (told)
		text_fmt(told, "%s: %s\n", path, why);
}

static void take_lines(struct session_store *s, const struct session_name *n, struct text *told)
{
	struct text t = {0}, name = {0};
	struct err e;
	text_fmt(&name, "lines-%s", n->writer);
	int bad = place_read(s->folder.p, name.p, &t, &e);
	if (!bad) {
		struct span rest = {t.p, t.n};
		struct load in = load_from(span_source, &rest);
		(void)lines_load(s->lines, &in);
		bad = load_finish(&in, &e);
	}
	if (bad)
		tell(told, name.p, e.msg);
	text_fini(&t);
	text_fini(&name);
}

static int restore(void *arg, const struct told *t, struct err *e)
{
	struct session_store *s = arg;
	(void)e;
	sessions_restore(s->sessions, t);
	return ERR_OK;
}

/* A log as it is now, into memory. */
static int take_log(struct session_store *s, const struct session_name *n,
    struct session_log_about *about, struct text *told, struct err *e)
{
	struct text path = {0};
	char word[80];
	session_path(s->folder.p, n, &path);
	*about = (struct session_log_about){.waiting.wait_ms = s->o.sessions.reorder_ms};
	int bad = session_log_read(path.p, s->lines, restore, s, about, e);
	if (!bad && about->cut_bytes) {
		(void)snprintf(word, sizeof word,
		    "%llu bytes behind the last complete block are cut",
		    (unsigned long long)about->cut_bytes);
		tell(told, path.p, word);
	}
	if (bad == ERR_INPUT)
		tell(told, path.p, e->msg);
	text_fini(&path);
	return bad;
}

static bool is_own(const struct session_store *s, const struct session_name *n)
{
	return s->writer && strcmp(n->writer, s->writer) == 0;
}

/* Goes on with the last log of this writer, or begins one. Earlier ones become files. */
static int take_own_log(struct session_store *s, const struct session_name *v, size_t n,
    int64_t now_ms, struct text *told, struct err *e)
{
	const struct session_name *last;
	struct session_log_about about;
	int bad = store_seal_logs(s, v, n, &last, e);
	if (bad || !last)
		return bad ? bad : store_begin_log(s, now_ms, e);
	bad = take_log(s, last, &about, told, e);
	if (bad == ERR_INPUT) { /* not even its head is there */
		struct text path = {0};
		session_path(s->folder.p, last, &path);
		(void)unlink(path.p);
		text_fini(&path);
		reorder_fini(&about.waiting);
		return store_begin_log(s, now_ms, e);
	}
	struct text path = {0};
	session_path(s->folder.p, last, &path);
	bad = bad ? bad : session_log_append(&s->log, path.p, about.bytes, e);
	s->log_name = *last;
	const struct session *event;
	while (!bad && (event = reorder_take(&about.waiting, true)))
		sessions_event(s->sessions, event, &s->tolds);
	if (!bad)
		store_log_tolds(s);
	reorder_fini(&about.waiting);
	text_fini(&path);
	return bad;
}

static void take_files(
    struct session_store *s, const struct session_name *v, size_t n, struct text *told)
{
	const struct session_name *wide = NULL;
	struct err e;
	for (size_t i = 0; i < n; i++) {
		bool covered = v[i].kind == SESSION_FILE_LIVE && wide &&
			       strcmp(wide->writer, v[i].writer) == 0 && v[i].to_ms <= wide->to_ms;
		if (v[i].kind != SESSION_FILE_LIVE && v[i].kind != SESSION_FILE_IMPORT)
			continue;
		if (covered) { /* put together with others already, when a crash came */
			struct text path = {0};
			session_path(s->folder.p, &v[i], &path);
			if (is_own(s, &v[i]))
				(void)unlink(path.p);
			text_fini(&path);
			continue;
		}
		if (store_add_file(s, &v[i], &e))
			tell(told, s->folder.p, e.msg);
		else if (v[i].kind == SESSION_FILE_LIVE)
			wide = &v[i];
	}
}

/* Half made files: ours of before, and imports of yesterday. */
static void clean(const struct session_store *s, int64_t now_ms)
{
	struct text prefix = {0};
	session_clean(s->folder.p, "import-", now_ms / 1000 - 86400);
	text_fmt(&prefix, "live-%s-", s->writer ? s->writer : "");
	if (s->writer)
		session_clean(s->folder.p, prefix.p, INT64_MAX);
	text_fini(&prefix);
}

static int take_all(struct session_store *s, const struct session_name *v, size_t n,
    struct text *told, struct err *e)
{
	struct session_log_about about;
	int bad = ERR_OK;
	for (size_t i = 0; i < n; i++)
		if (v[i].kind == SESSION_FILE_LINES)
			take_lines(s, &v[i], told);
	take_files(s, v, n, told);
	for (size_t i = 0; i < n && !bad && !s->writer; i++) {
		if (v[i].kind != SESSION_FILE_LOG)
			continue;
		bad = take_log(s, &v[i], &about, told, e);
		reorder_fini(&about.waiting); /* they are their writer's yet */
		bad = bad == ERR_INPUT ? ERR_OK : bad;
	}
	return bad;
}

/* Others write meanwhile: where names came or went, something may have been missed between them,
 * and all is read again. What is in memory by then is only told once more. */
static int take_folder(struct session_store *s, int64_t now_ms, struct text *told, struct err *e)
{
	enum { TRIES = 16 };
	struct session_name *v;
	size_t n;
	int bad;
	clean(s, now_ms);
	for (unsigned tries = 0;; tries++) {
		bad = session_names(s->folder.p, &v, &n, e);
		if (bad)
			return bad;
		take_mark(s);
		bad = take_all(s, v, n, told, e);
		if (s->writer || session_names_are(s->folder.p, v, n))
			break;
		free(v);
		if (tries == TRIES)
			return err_set(e, ERR_SYS, "%.180s: it changes all the time", s->folder.p);
		while (s->file_n)
			store_drop_file(s, 0, false);
		if (told)
			text_reset(told);
	}
	if (!bad && s->writer)
		bad = take_own_log(s, v, n, now_ms, told, e);
	free(v);
	return bad;
}

int session_store_open(struct session_store **to, const struct session_store_options *o,
    int64_t now_ms, struct text *told, struct err *e)
{
	struct session_store *s = mem_new(1, sizeof *s);
	s->o = *o;
	s->o.seal_ms = o->seal_ms ? o->seal_ms : 3600000;
	s->o.memory_bytes = o->memory_bytes ? o->memory_bytes : 256 << 20;
	s->writer = o->writer;
	s->lines = lines_new(0);
	s->sessions = sessions_new(&o->sessions, s->lines);
	s->live = (struct whose_live){s->sessions, s->lines};
	int bad = o->writer && !session_writer_ok(o->writer)
		      ? err_set(e, ERR_CONFIG,
			    "'%.60s' is no writer's name; want up to %d of a-z and 0-9", o->writer,
			    SESSION_WRITER_MAX)
		      : ERR_OK;
	bad = bad || !o->lines ? bad : lines_rules(s->lines, o->lines, e);
	bad = bad ? bad : make_folder(s, o->state, e);
	bad = bad ? bad : take_key(s, e);
	if (!bad)
		sessions_set_key(s->sessions, &s->key);
	bad = bad ? bad : take_folder(s, now_ms, told, e);
	store_make_sources(s);
	if (bad)
		session_store_close(s);
	else
		*to = s;
	return bad;
}

void session_store_close(struct session_store *s)
{
	if (!s)
		return;
	while (s->file_n)
		store_drop_file(s, 0, false);
	session_log_close(s->log);
	whose_fini(&s->asker);
	sessions_free(s->sessions);
	lines_free(s->lines);
	free(s->files);
	free(s->sources);
	free(s->tolds.v);
	text_fini(&s->folder);
	free(s);
}

/* What became of events goes into the log. */
void store_log_tolds(struct session_store *s)
{
	for (size_t i = 0; i < s->tolds.n && s->o.heard; i++)
		s->o.heard(s->o.heard_arg, &s->tolds.v[i].v);
	if (s->log)
		session_log_put_joins(s->log, s->lines);
	for (size_t i = 0; i < s->tolds.n && s->log; i++)
		session_log_put(s->log, &s->tolds.v[i], false, s->lines);
	s->tolds.n = 0;
}

void session_store_event(struct session_store *s, const struct session *event)
{
	if (s->log)
		session_log_put_event(s->log, event);
	sessions_event(s->sessions, event, &s->tolds);
	store_log_tolds(s);
}

int session_store_sync(struct session_store *s, struct err *e)
{
	return s->log ? session_log_sync(s->log, e) : ERR_OK;
}

int session_store_write(struct session_store *s, int *fd, struct err *e)
{
	*fd = -1;
	return s->log ? session_log_write(s->log, fd, e) : ERR_OK;
}

void session_store_written(struct session_store *s, bool synced)
{
	session_log_written(s->log, synced);
}

uint64_t session_store_waiting(const struct session_store *s)
{
	return s->log ? session_log_waiting(s->log) : 0;
}

void session_store_ask(struct session_store *s, const struct question *q, struct answer *a)
{
	whose_ask(&s->asker, q, a);
}

void session_store_name(
    struct session_store *s, const struct answer *a, size_t line, char out[LINE_TEXT])
{
	whose_name(&s->asker, a, line, out);
}

const struct whose_source *session_store_sources(const struct session_store *s, size_t *n)
{
	*n = s->asker.n;
	return s->asker.v;
}

struct lines *session_store_lines(struct session_store *s)
{
	return s->lines;
}

struct sessions *session_store_sessions(struct session_store *s)
{
	return s->sessions;
}

void session_store_status(const struct session_store *s, struct session_status *out)
{
	*out = (struct session_status){.swept_ms = s->swept_ms,
	    .open = sessions_table(s->sessions)->used,
	    .ids = lines_counted(s->lines)->ids,
	    .logs = s->log ? 1 : 0};
	for (size_t i = 0; i < s->file_n; i++) {
		const struct kept_file *f = s->files[i];
		const struct segment_about *a = &f->file.segment.about;
		out->files += f->name.kind == SESSION_FILE_LIVE;
		out->imports += f->name.kind == SESSION_FILE_IMPORT;
		out->bytes += f->file.bytes;
		out->intervals += a->interval_n;
		out->bad_pages += f->reader.bad_pages;
		if (!a->interval_n)
			continue;
		out->from_ms =
		    !out->from_ms || a->from_ms < out->from_ms ? a->from_ms : out->from_ms;
		out->to_ms = a->to_ms > out->to_ms ? a->to_ms : out->to_ms;
	}
}
