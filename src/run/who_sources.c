/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where `who` gets its answers from: the session index as it lies in the state's folder, that of a
 * running writer included. */
#include "base/clock.h"
#include "run/session_store.h"
#include "run/who.h"
#include <stdio.h>

int who_sources_open(const char *state, struct who_sources *s, struct err *e)
{
	struct session_store_options o = {.state = state};
	struct text told = {0};
	*s = (struct who_sources){0};
	opt_defaults(sessions_rows, sessions_rows_n, &o.sessions);
	int bad = session_store_open(&s->store, &o, clock_now_ms(), &told, e);
	if (!bad)
		s->v = session_store_sources(s->store, &s->n);
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
	*s = (struct who_sources){0};
}
