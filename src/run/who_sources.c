/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where `who` gets its answers from: the session index as it lies in the state's folder, that of a
 * running writer included, and deterministic NATs. */
#include "base/clock.h"
#include "base/mem.h"
#include "run/session_store.h"
#include "run/who.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void gather(struct who_sources *s)
{
	const struct whose_source *stored = session_store_sources(s->store, &s->n);
	s->v = mem_new(s->n + 1, sizeof *s->v);
	memcpy(s->v, stored, s->n * sizeof *s->v);
	s->v[s->n++] = detnat_sets_source(&s->nats);
}

int who_sources_open(const char *state, const struct run_who_options *o,
    const struct settings *settings, struct who_sources *s, struct err *e)
{
	const struct session_store_options so = {.sessions = *settings_sessions(settings),
	    .lines = settings_lines(settings),
	    .state = state};
	struct text told = {0};
	*s = (struct who_sources){0};
	int bad = nats_read(&o->nats, &s->nats, e);
	bad = bad ? bad : session_store_open(&s->store, &so, clock_now_ms(), &told, e);
	if (bad)
		detnat_sets_fini(&s->nats);
	else
		gather(s);
	for (struct span rest = {told.p, told.n}; told.n && rest.n;) {
		struct span line = span_cut(&rest, '\n');
		(void)fprintf(stderr, "theriac: %.*s\n", (int)line.n, line.p);
	}
	text_fini(&told);
	return bad;
}

void who_sources_close(struct who_sources *s)
{
	session_store_close(s->store);
	detnat_sets_fini(&s->nats);
	free(s->v);
	*s = (struct who_sources){0};
}
