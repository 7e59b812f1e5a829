/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session events as rows of a table, for tests of what becomes of them; times in seconds. */
#pragma once
#include "attribute/attribute.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#define SCRIPT_T0 1767225600000ll /* 2026-01-01T00:00:00Z */

enum script_what {
	SCRIPT_START,
	SCRIPT_STOP,
	SCRIPT_INTERIM,
	SCRIPT_RESET,
	SCRIPT_LEASE,
	SCRIPT_GONE,
	SCRIPT_ALLOC,
	SCRIPT_RELEASE,
	SCRIPT_ACTIVE
};

struct script_event {
	enum script_what what;
	double at_s;
	const char *addr, *nas, *key, *user, *mac, *circuit, *inside;
	double for_s; /* STOP, INTERIM: session time; LEASE: lifetime */
	uint32_t realm, inside_realm;
	uint16_t first, last;
	uint8_t proto;
};

static inline int64_t script_ms(double s)
{
	return SCRIPT_T0 + (int64_t)(s * 1000);
}

static inline void script_id(struct session *s, enum session_id kind, const char *text)
{
	if (text)
		assert_int_equal(session_ids_add(&s->ids, kind, span_of(text)), ERR_OK);
}

static inline void script_addr(const char *text, union addr *a)
{
	if (text)
		assert_true(addr_parse(span_of(text), a));
}

static inline struct session script_session(const struct script_event *e)
{
	bool nat = e->what >= SCRIPT_ALLOC;
	struct session s = {.kind = nat ? SESSION_BINDING : SESSION_LEASE,
	    .realm = e->realm,
	    .holder.realm = e->inside_realm,
	    .port_first = e->first,
	    .port_last = e->last,
	    .port_step = 1,
	    .proto = e->proto};
	struct err err;
	if (e->addr)
		assert_int_equal(prefix_parse(span_of(e->addr), &s.held, &err), ERR_OK);
	script_addr(e->inside, &s.holder.addr);
	script_id(&s, SESSION_NAS, e->nas);
	script_id(&s, SESSION_KEY, e->key);
	script_id(&s, SESSION_USER, e->user);
	script_id(&s, SESSION_MAC, e->mac);
	script_id(&s, SESSION_CIRCUIT, e->circuit);
	int64_t ms = script_ms(e->at_s), from_ms = e->for_s > 0 ? script_ms(e->at_s - e->for_s) : 0;
	switch (e->what) {
	case SCRIPT_START:
	case SCRIPT_ALLOC:
		s.begin = SESSION_TOLD;
		s.t0_ms = ms;
		break;
	case SCRIPT_STOP:
	case SCRIPT_GONE:
	case SCRIPT_RELEASE:
	case SCRIPT_RESET:
		s.begin = from_ms ? SESSION_TOLD : SESSION_OPEN;
		s.t0_ms = from_ms;
		s.end = SESSION_TOLD;
		s.t1_ms = ms;
		break;
	case SCRIPT_INTERIM:
		s.begin = from_ms ? SESSION_TOLD : SESSION_OPEN;
		s.t0_ms = from_ms;
		s.end = SESSION_SEEN;
		s.t1_ms = ms;
		break;
	case SCRIPT_ACTIVE:
		s.begin = SESSION_SEEN;
		s.t0_ms = ms;
		break;
	case SCRIPT_LEASE:
		s.begin = SESSION_TOLD;
		s.t0_ms = ms;
		s.end = SESSION_UNTIL;
		s.t1_ms = script_ms(e->at_s + e->for_s);
		break;
	}
	if (e->what == SCRIPT_RESET)
		s.kind = SESSION_RESET;
	assert_int_equal(session_check(&s), ERR_OK);
	return s;
}

/* A tracker, what it told, and somebody to ask. */
struct script {
	struct lines *lines;
	struct sessions *sessions;
	struct tolds told;
	struct whose_live live;
	struct whose_source source;
	struct asker asker;
};

static inline void script_open(struct script *s, int64_t reorder_ms)
{
	struct sessions_options o = {4096, 3600000, reorder_ms, 600000};
	*s = (struct script){.lines = lines_new(0)};
	s->sessions = sessions_new(&o, s->lines);
	s->live = (struct whose_live){s->sessions, s->lines};
	s->source = whose_live_source(&s->live);
	s->asker.v = &s->source;
	s->asker.n = 1;
}

static inline void script_run(struct script *s, const struct script_event *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct session event = script_session(&v[i]);
		sessions_event(s->sessions, &event, &s->told);
	}
}

static inline void script_close(struct script *s)
{
	whose_fini(&s->asker);
	sessions_free(s->sessions);
	lines_free(s->lines);
	free(s->told.v);
}

struct script_question {
	const char *addr;
	uint16_t port;
	double at_s;
	enum whose kind;
	const char *lines; /* separated by blanks, in the order of the answer */
	uint32_t realm;
	double skew_s;
	uint8_t proto;
};

static inline void script_ask(struct script *s, const struct script_question *v, const char *what)
{
	struct question q = {.realm = v->realm,
	    .port = v->port,
	    .proto = v->proto,
	    .at_ms = script_ms(v->at_s),
	    .skew_ms = (uint32_t)(v->skew_s * 1000)};
	struct answer a;
	struct text got = {0};
	script_addr(v->addr, &q.addr);
	whose_ask(&s->asker, &q, &a);
	text_fmt(&got, "%s", whose_word(a.kind));
	for (size_t i = 0; i < a.n; i++) {
		char name[LINE_TEXT];
		whose_name(&s->asker, &a, i, name);
		text_fmt(&got, " %s", *name ? name : "-");
	}
	struct text want = {0};
	text_fmt(
	    &want, "%s%s%s", whose_word(v->kind), v->lines ? " " : "", v->lines ? v->lines : "");
	if (strcmp(got.p, want.p) != 0)
		fail_msg("%s: %s:%u at %.1f: %s, not %s", what, v->addr, v->port, v->at_s, got.p,
		    want.p);
	text_fini(&got);
	text_fini(&want);
}
