/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An engine runs the queries of queries.def: for store.c, from below. */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum query {
#define QUERY(name, sql) QUERY_##name,
#include "store/queries.def"
#undef QUERY
	QUERY_N
};
extern const char *const query_texts[QUERY_N];

enum value_kind { VALUE_INT, VALUE_TEXT, VALUE_BYTES };
struct value {
	enum value_kind kind;
	int64_t i;
	struct span s; /* borrowed */
};

struct engine;
/* NONE: there is no such file, and it is not to be made. STORE. */
int engine_open(struct engine **g, const char *path, bool make, struct err *e);
void engine_close(struct engine *g);               /* what was not committed is dropped */
int engine_begin(struct engine *g, struct err *e); /* for writing, at once */
int engine_commit(struct engine *g, struct err *e);
void engine_rollback(struct engine *g);
/* As store_tidy. */
int engine_tidy(struct engine *g, struct err *e);
/* A statement of schema.def. */
int engine_migrate(struct engine *g, const char *sql, struct err *e);
/* Runs a query; row (may be NULL) is called for each row. */
struct engine_answer {
	void (*row)(void *arg, const struct value *v, size_t n);
	void *arg;
};
int engine_ask(struct engine *g, enum query q, const struct value *in, size_t in_n,
    const struct engine_answer *to, struct err *e);
