/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session events of files into a file of the index: see session_store.h. A tracker of their own
 * sees them, so that what is imported never ends what comes live. */
#include "base/mem.h"
#include "run/session_store_inner.h"
#include <stdlib.h>
#include <sys/stat.h>

struct session_import {
	struct session_store *store;
	struct sessions *sessions;
	struct session_build *build;
	struct tolds tolds;
	struct session_name name;
	int64_t from_ms, to_ms;
};

static struct session_name free_name(const struct session_store *s, int64_t now_ms)
{
	struct session_name name = {.kind = SESSION_FILE_IMPORT, .from_ms = now_ms};
	struct stat st;
	for (;; name.to_ms++) {
		struct text path = {0};
		session_path(s->folder.p, &name, &path);
		bool taken = stat(path.p, &st) == 0;
		text_fini(&path);
		if (!taken)
			return name;
	}
}

struct session_import *session_import_begin(struct session_store *s, int64_t now_ms)
{
	struct session_import *i = mem_new(1, sizeof *i);
	struct text path = {0};
	i->store = s;
	i->name = free_name(s, now_ms);
	session_path(s->folder.p, &i->name, &path);
	i->sessions = sessions_new(&s->o.sessions, s->lines);
	sessions_seen_at(i->sessions, now_ms);
	i->build = session_build_new(path.p, s->o.memory_bytes);
	text_fini(&path);
	return i;
}

static int keep(struct session_import *i, struct err *e)
{
	int bad = ERR_OK;
	for (size_t k = 0; k < i->tolds.n && !bad; k++) {
		const struct interval *v = &i->tolds.v[k].v;
		int64_t end_ms = v->t1_ms == INTERVAL_EVER_MS ? v->t0_ms : v->t1_ms;
		i->from_ms = !i->from_ms || v->t0_ms < i->from_ms ? v->t0_ms : i->from_ms;
		i->to_ms = end_ms > i->to_ms ? end_ms : i->to_ms;
		bad = session_build_add(i->build, v, i->store->lines, e);
	}
	i->tolds.n = 0;
	return bad;
}

int session_import_event(struct session_import *i, const struct session *event, struct err *e)
{
	sessions_event(i->sessions, event, &i->tolds);
	return keep(i, e);
}

static void import_free(struct session_import *i)
{
	sessions_free(i->sessions);
	free(i->tolds.v);
	free(i);
}

void session_import_drop(struct session_import *i)
{
	if (!i)
		return;
	session_build_drop(i->build);
	import_free(i);
}

/* Asked for any time: an interval in it may be open yet. */
int session_import_end(struct session_import *i, struct session_imported *done, struct err *e)
{
	struct session_store *s = i->store;
	struct segment_about about = {.to_ms = INT64_MAX, .imported_ms = i->name.from_ms};
	sessions_flush(i->sessions, &i->tolds);
	int bad = keep(i, e);
	*done = (struct session_imported){
	    .counts = *sessions_counted(i->sessions), .from_ms = i->from_ms, .to_ms = i->to_ms};
	about.from_ms = about.reach_ms = i->from_ms;
	if (bad || !i->from_ms)
		session_build_drop(i->build);
	else
		bad = session_build_end(i->build, &about, e);
	if (!bad && i->from_ms && !(bad = store_add_file(s, &i->name, e))) {
		const struct session_file *f = &s->files[s->file_n - 1]->file;
		done->interval_n = f->segment.about.interval_n;
		done->bytes = f->bytes;
		store_make_sources(s);
	}
	bad = bad || !i->from_ms ? bad : store_put_lines(s, e);
	import_free(i);
	return bad;
}
