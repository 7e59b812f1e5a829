/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of `theriac who`: reading a question, showing an answer, and where answers come from.
 */
#pragma once
#include "attribute/attribute.h"
#include "run/audit.h"
#include "run/nats.h"
#include "run/run.h"

/* ADDR, ADDR:PORT, [ADDR] or [ADDR]:PORT (an IPv6 address with a port stands in brackets), a time,
 * and the options. CONFIG. */
int who_question(const struct run_who_options *o, const char *addr, const char *time,
    struct question *q, struct err *e);
/* Appends the answer for people, or as one line of JSON; h: the log it stands in. */
void who_words(const struct asker *w, const struct question *q, const struct answer *a,
    const struct audit_head *h, struct text *out);
void who_json(const struct asker *w, const struct question *q, const struct answer *a,
    const struct audit_head *h, struct text *out);
/* Adds what the record of the log says of question and answer: not the address, but a salted hash
 * of it. */
void who_record(const struct question *q, const struct answer *a, struct json *j);

/* The stored session index of a state's folder, and the NATs of the options, as sources of an
 * asker. Close with who_sources_close. */
struct session_store;
struct who_sources {
	struct whose_source *v;
	size_t n;
	struct session_store *store;
	struct detnat_sets nats;
};
int who_sources_open(const char *state, const struct run_who_options *o,
    const struct settings *settings, struct who_sources *s, struct err *e);
void who_sources_close(struct who_sources *s);
