/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac session: what files tell of sessions into the index, and what the index holds. An import
 * that fails or is stopped leaves the index as it was. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/when.h"
#include "run/place.h"
#include "run/run.h"
#include "run/session_read.h"
#include "run/session_store.h"
#include "run/show.h"
#include <stdlib.h>
#include <string.h>

struct importing {
	const struct run_session_options *o;
	const struct settings *settings;
	struct session_import *import;
	struct run_input in;
	struct tally tally;
	struct err *e;
};

static void tell_lines(struct text *told)
{
	for (struct span rest = {told->p, told->n}; told->n && rest.n;) {
		struct span line = span_cut(&rest, '\n');
		(void)fprintf(stderr, "theriac: %.*s\n", (int)line.n, line.p);
	}
	text_fini(told);
}

static int open_store(const struct run_session_options *o, const struct settings *settings,
    bool imports, struct session_store **s, struct err *e)
{
	struct session_store_options so = {.sessions = *settings_sessions(settings),
	    .lines = settings_lines(settings),
	    .imports = imports,
	    .retention_ms = o->retention_ms,
	    .memory_bytes = o->memory_mb << 20};
	struct text state = {0}, told = {0};
	int bad = place_state(o->state, imports, &state, e);
	so.state = state.p;
	bad = bad ? bad : session_store_open(s, &so, clock_now_ms(), &told, e);
	tell_lines(&told);
	text_fini(&state);
	return bad;
}

static int take(void *arg, const struct session *event)
{
	struct importing *m = arg;
	return session_import_event(m->import, event, m->e);
}

static void import_json(const struct tally *t, const struct session_imported *d)
{
	struct text out = {0};
	struct json j = json_to(&out);
	json_open(&j, NULL);
	json_text(&j, "type", "import");
	json_uint(&j, "files", t->files_read);
	json_uint(&j, "events", d->counts.events);
	json_uint(&j, "intervals", d->interval_n);
	json_uint(&j, "again", d->counts.again);
	json_uint(&j, "inferred", d->counts.inferred);
	json_uint(&j, "unknown_ends", d->counts.unknown_ends);
	json_uint(&j, "unclear", d->counts.unclear);
	json_uint(&j, "dropped", d->counts.dropped);
	json_uint(&j, "bad", t->bad_n);
	json_uint(&j, "ignored", t->ignored_n);
	if (d->from_ms) {
		json_time(&j, "from", d->from_ms);
		json_time(&j, "to", d->to_ms);
	}
	json_uint(&j, "bytes", d->bytes);
	json_close(&j);
	json_line(&j);
	(void)fwrite(out.p, 1, out.n, stdout);
	text_fini(&out);
}

static void import_words(const struct tally *t, const struct session_imported *d)
{
	const struct sessions_counts *c = &d->counts;
	char from[WHEN_TEXT], to[WHEN_TEXT];
	printf("%llu session records in %llu files: %llu intervals stored",
	    (unsigned long long)c->events, (unsigned long long)t->files_read,
	    (unsigned long long)d->interval_n);
	if (d->from_ms) {
		when_text(from, d->from_ms);
		when_text(to, d->to_ms);
		printf(", from %s to %s", from, to);
	}
	printf("\n  %llu records said what was known, %llu ends were concluded from other records, "
	       "%llu ends had no begin\n",
	    (unsigned long long)c->again, (unsigned long long)c->inferred,
	    (unsigned long long)c->unknown_ends);
	if (c->unclear)
		printf("  %llu times two holders could not be put in order: ambiguous then\n",
		    (unsigned long long)c->unclear);
	if (c->dropped)
		printf(
		    "  %llu sessions found no room; raise room\n", (unsigned long long)c->dropped);
	if (t->bad_n || t->ignored_n)
		printf("  %llu bad records, %llu of no use\n", (unsigned long long)t->bad_n,
		    (unsigned long long)t->ignored_n);
}

static int import_all(struct importing *m, struct session_imported *done)
{
	struct session_store *store;
	int bad = open_store(m->o, m->settings, true, &store, m->e);
	if (bad)
		return bad;
	bad = session_store_sweep(store, clock_now_ms(), m->e);
	m->import = session_import_begin(store, clock_now_ms());
	bad = bad ? bad : session_read(&m->in, &m->tally, take, m);
	if (bad)
		session_import_drop(m->import);
	else
		bad = session_import_end(m->import, done, m->e);
	session_store_close(store);
	return bad;
}

int run_session_import(
    const struct run_session_options *o, const struct settings *settings, char **paths, int n)
{
	struct session_imported done = {0};
	struct err e;
	struct importing m = {.o = o, .settings = settings, .e = &e};
	int bad =
	    run_input_open(&m.in, settings_decoders(settings), o->format, o->zone, paths, n, &e);
	bad = bad ? bad : import_all(&m, &done);
	if (bad) {
		(void)fprintf(stderr, "theriac: %s\n", e.msg);
		run_input_close(&m.in);
		return bad == ERR_CONFIG ? 2 : 1;
	}
	(o->json ? import_json : import_words)(&m.tally, &done);
	run_input_close(&m.in);
	return m.tally.files_read && fflush(stdout) == 0 ? 0 : 1;
}

static void status_json(const struct session_status *s)
{
	struct text out = {0};
	struct json j = json_to(&out);
	json_open(&j, NULL);
	json_text(&j, "type", "sessions");
	json_uint(&j, "files", s->files);
	json_uint(&j, "imports", s->imports);
	json_uint(&j, "bytes", s->bytes);
	json_uint(&j, "intervals", s->intervals);
	json_uint(&j, "held", s->open);
	json_uint(&j, "identifiers", s->ids);
	if (s->from_ms)
		json_time(&j, "from", s->from_ms);
	if (s->swept_ms)
		json_time(&j, "deleted_up_to", s->swept_ms);
	json_close(&j);
	json_line(&j);
	(void)fwrite(out.p, 1, out.n, stdout);
	text_fini(&out);
}

static void status_words(const struct session_status *s)
{
	char word[WHEN_TEXT];
	printf("%llu intervals in %llu files and %llu imports, %.1f MB\n",
	    (unsigned long long)s->intervals, (unsigned long long)s->files,
	    (unsigned long long)s->imports, (double)s->bytes / 1e6);
	printf("%llu in logs that are being written; %llu identifiers of lines\n",
	    (unsigned long long)s->open, (unsigned long long)s->ids);
	if (s->from_ms) {
		when_text(word, s->from_ms);
		printf("the oldest is of %s\n", word);
	}
	if (s->swept_ms) {
		when_text(word, s->swept_ms);
		printf("what ended before %s was deleted\n", word);
	}
}

int run_session_status(const struct run_session_options *o, const struct settings *settings)
{
	struct session_store *store;
	struct session_status s;
	struct err e;
	int bad = open_store(o, settings, false, &store, &e);
	if (bad) {
		(void)fprintf(stderr, "theriac: %s\n", e.msg);
		return bad == ERR_CONFIG ? 2 : 1;
	}
	session_store_status(store, &s);
	(o->json ? status_json : status_words)(&s);
	session_store_close(store);
	return fflush(stdout) == 0 ? 0 : 1;
}
