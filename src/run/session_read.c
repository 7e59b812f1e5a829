/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading session events: see session_read.h. */
#include "run/session_read.h"
#include "attribute/attribute.h"
#include "base/mem.h"
#include "run/show.h"
#include <stdlib.h>

enum { FILES_MAX = 256, SHOW_EVERY = 65536 };

struct source { /* a file and its next event */
	struct reader reader;
	size_t at;
	int64_t ms;
	bool more;
};

struct reading {
	struct run_input *in;
	struct tally *tally;
	struct source *v;
	size_t n;
	struct progress progress;
	uint64_t taken; /* bytes of files that are done */
};

/* The next event of a file, over the ends of its batches. */
static void go_on(struct reading *m, struct source *s)
{
	while (s->more && s->at >= s->reader.batch.session_n) {
		s->at = 0;
		s->more = reader_next(&s->reader, m->tally);
	}
	if (s->more)
		s->ms = session_event_ms(&s->reader.batch.sessions[s->at]);
}

static void open_files(struct reading *m, size_t first, size_t n)
{
	m->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct source *s = &m->v[m->n];
		struct err e;
		*s = (struct source){.more = true};
		if (reader_open(&s->reader, m->in->paths.v[first + i], &m->in->env, m->tally, &e)) {
			m->tally->files_failed++;
			tally_tell(m->tally, "%s", e.msg);
			continue;
		}
		m->n++;
		s->more = reader_next(&s->reader, m->tally);
		go_on(m, s);
	}
}

static struct source *oldest(struct reading *m)
{
	struct source *best = NULL;
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].more && (!best || m->v[i].ms < best->ms))
			best = &m->v[i];
	return best;
}

static void show_progress(struct reading *m)
{
	uint64_t taken = m->taken;
	for (size_t i = 0; i < m->n; i++)
		taken += reader_taken(&m->v[i].reader);
	progress_show(&m->progress, taken, m->tally->session_n);
}

static void close_files(struct reading *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->taken += reader_taken(&m->v[i].reader);
		reader_close(&m->v[i].reader, m->tally);
	}
}

int session_read(struct run_input *in, struct tally *tally,
    int (*take)(void *arg, const struct session *event), void *arg)
{
	struct reading m = {.in = in, .tally = tally, .progress = progress_begin(in->paths.bytes)};
	struct source *s;
	int bad = 0;
	m.v = mem_new(FILES_MAX, sizeof *m.v);
	for (size_t i = 0; i < in->paths.n && !bad; i += FILES_MAX) {
		size_t left = in->paths.n - i;
		open_files(&m, i, left < FILES_MAX ? left : FILES_MAX);
		for (uint64_t k = 0; !bad && (s = oldest(&m)); k++) {
			const struct session *event = &s->reader.batch.sessions[s->at++];
			if (session_check(event))
				tally->bad_n++;
			else
				bad = take(arg, event);
			go_on(&m, s);
			if (k % SHOW_EVERY == 0)
				show_progress(&m);
		}
		close_files(&m);
	}
	progress_end(&m.progress);
	free(m.v);
	return bad;
}
