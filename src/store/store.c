/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records to and from queries: see store.h. */
#include "store/store.h"
#include "base/mem.h"
#include "store/engine.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const query_texts[QUERY_N] = {
#define QUERY(name, sql) [QUERY_##name] = (sql),
#include "store/queries.def"
#undef QUERY
};

static const struct {
	int64_t number;
	const char *sql;
} migrations[] = {
#define MIGRATION(number, sql) {number, sql},
#define COLUMN(table, name, holds, basis, kept)
#include "store/schema.def"
#undef MIGRATION
#undef COLUMN
};
enum { MIGRATIONS_N = sizeof migrations / sizeof *migrations };

const struct store_column store_columns[] = {
#define MIGRATION(number, sql)
#define COLUMN(table, name, holds, basis, kept) {#table, #name, holds, basis, kept},
#include "store/schema.def"
#undef MIGRATION
#undef COLUMN
};
const size_t store_columns_n = sizeof store_columns / sizeof *store_columns;

struct store {
	struct engine *engine;
};

static struct value number(int64_t i)
{
	return (struct value){.kind = VALUE_INT, .i = i};
}

static struct value bytes(const void *p, size_t n)
{
	return (struct value){.kind = VALUE_BYTES, .s = {p, n}};
}

static void take_number(void *arg, const struct value *v, size_t n)
{
	*(int64_t *)arg = n ? v->i : 0;
}

static int upgrade(struct store *s, int64_t have, struct err *e)
{
	int bad = ERR_OK;
	for (size_t i = 0; !bad && i < MIGRATIONS_N; i++) {
		struct value v = number(migrations[i].number);
		if (migrations[i].number <= have)
			continue;
		bad = engine_migrate(s->engine, migrations[i].sql, e);
		bad = bad ? bad : engine_ask(s->engine, QUERY_version_put, &v, 1, NULL, e);
	}
	return bad;
}

static int version(struct store *s, int64_t *have, struct err *e)
{
	struct engine_answer to = {take_number, have};
	return engine_ask(s->engine, QUERY_version_get, NULL, 0, &to, e);
}

/* In one transaction, so that two that open it at once do not both migrate; none where there is
 * nothing to do, so that who reads does not wait for who writes. */
static int migrate(struct store *s, struct err *e)
{
	int64_t have = 0, newest = migrations[MIGRATIONS_N - 1].number;
	if (version(s, &have, NULL) == ERR_OK && have == newest)
		return ERR_OK;
	int bad = store_begin(s, e);
	bad = bad ? bad : engine_ask(s->engine, QUERY_version_table, NULL, 0, NULL, e);
	bad = bad ? bad : version(s, &have, e);
	if (!bad && have > newest)
		bad = err_set(e, ERR_STORE,
		    "a newer Theriac made this store (version %lld, this one knows %lld)",
		    (long long)have, (long long)newest);
	bad = bad ? bad : upgrade(s, have, e);
	return bad ? bad : store_commit(s, e);
}

int store_open(struct store **to, const char *path, bool make, struct err *e)
{
	struct store *s = mem_new(1, sizeof *s);
	int bad = engine_open(&s->engine, path, make, e);
	bad = bad ? bad : migrate(s, e);
	if (bad)
		store_close(s);
	else
		*to = s;
	return bad;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	engine_close(s->engine);
	free(s);
}

int store_begin(struct store *s, struct err *e)
{
	return engine_begin(s->engine, e);
}

int store_commit(struct store *s, struct err *e)
{
	int bad = engine_commit(s->engine, e);
	if (bad)
		engine_rollback(s->engine);
	return bad;
}

int store_tidy(struct store *s, struct err *e)
{
	return engine_tidy(s->engine, e);
}

int store_put_subscriber(struct store *s, const struct store_subscriber *r, struct err *e)
{
	struct value v[] = {bytes(r->tag, sizeof r->tag),
	    {.kind = VALUE_TEXT, .s = span_of(r->language)}, number(r->channels), number(r->flags),
	    number(r->imported_ms), bytes(r->sealed.p, r->sealed.n)};
	return engine_ask(s->engine, QUERY_subscriber_put, v, sizeof v / sizeof *v, NULL, e);
}

struct found {
	struct store_subscriber *r;
	struct text *room;
	bool any;
};

static void take_subscriber(void *arg, const struct value *v, size_t n)
{
	struct found *f = arg;
	assert(n == 6);
	f->any = true;
	(void)str_copy(f->r->language, sizeof f->r->language, v[1].s.p, v[1].s.n);
	f->r->channels = (uint32_t)v[2].i;
	f->r->flags = (uint32_t)v[3].i;
	f->r->imported_ms = v[4].i;
	text_reset(f->room);
	text_add(f->room, v[5].s.p, v[5].s.n);
	f->r->sealed = (struct span){f->room->p, f->room->n};
}

static int none(struct err *e)
{
	return err_set(e, ERR_NONE, "there is no contact data of this line");
}

int store_get_subscriber(struct store *s, const uint8_t tag[STORE_TAG], struct store_subscriber *r,
    struct text *room, struct err *e)
{
	struct found f = {r, room, false};
	struct engine_answer to = {take_subscriber, &f};
	struct value v = bytes(tag, STORE_TAG);
	*r = (struct store_subscriber){0};
	memcpy(r->tag, tag, sizeof r->tag);
	int bad = engine_ask(s->engine, QUERY_subscriber_get, &v, 1, &to, e);
	return bad || f.any ? bad : none(e);
}

static void take_any(void *arg, const struct value *v, size_t n)
{
	(void)v;
	*(bool *)arg = n > 0;
}

int store_erase_subscriber(struct store *s, const uint8_t tag[STORE_TAG], struct err *e)
{
	bool any = false;
	struct engine_answer to = {take_any, &any};
	struct value v = bytes(tag, STORE_TAG);
	int bad = engine_ask(s->engine, QUERY_subscriber_erase, &v, 1, &to, e);
	return bad || any ? bad : none(e);
}

static void take_count(void *arg, const struct value *v, size_t n)
{
	struct store_subscribers *c = arg;
	assert(n == 2);
	*c = (struct store_subscribers){(uint64_t)v[0].i, v[1].i};
}

int store_count_subscribers(struct store *s, struct store_subscribers *c, struct err *e)
{
	struct engine_answer to = {take_count, c};
	return engine_ask(s->engine, QUERY_subscriber_count, NULL, 0, &to, e);
}
