/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite as an engine: see engine.h. WAL, so that readers never wait; every commit is on the disk
 * before it returns (synchronous = FULL); what is deleted is overwritten (secure_delete), and
 * temporary tables stay in memory. Statements are prepared once. Source: sqlite.org/pragma.html. */
#include "base/mem.h"
#include "store/engine.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, COLUMNS_MAX = 32 };

struct engine {
	sqlite3 *db;
	sqlite3_stmt *prepared[QUERY_N];
	struct text path;
};

static int failed(const struct engine *g, struct err *e)
{
	return err_set(e, ERR_STORE, "%.150s: %s", g->path.p, sqlite3_errmsg(g->db));
}

int engine_migrate(struct engine *g, const char *sql, struct err *e)
{
	return sqlite3_exec(g->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : failed(g, e);
}

/* SQLite would make it readable for others, and gives its other files the same mode. */
static int make_file(const char *path, bool make, struct err *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
	if (fd < 0)
		return err_set(e, errno == ENOENT && !make ? ERR_NONE : ERR_STORE, "%.150s: %s",
		    path, strerror(errno));
	(void)close(fd);
	return ERR_OK;
}

static int set_up(struct engine *g, struct err *e)
{
	static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				      "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
				      "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
				      "PRAGMA cache_size = -32768;"; /* KiB */
	(void)sqlite3_busy_timeout(g->db, PATIENCE_MS);
	(void)sqlite3_extended_result_codes(g->db, 1);
	return engine_migrate(g, pragmas, e);
}

int engine_open(struct engine **to, const char *path, bool make, struct err *e)
{
	int bad = make_file(path, make, e);
	if (bad)
		return bad;
	char *real = realpath(path, NULL); /* SQLite would not follow its folders either */
	if (!real)
		return err_set(e, ERR_STORE, "%.150s: %s", path, strerror(errno));
	struct engine *g = mem_new(1, sizeof *g);
	text_puts(&g->path, path);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;
	bad = sqlite3_open_v2(real, &g->db, flags, NULL) == SQLITE_OK ? ERR_OK : failed(g, e);
	bad = bad ? bad : set_up(g, e);
	free(real);
	if (bad)
		engine_close(g);
	else
		*to = g;
	return bad;
}

void engine_close(struct engine *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < QUERY_N; i++)
		(void)sqlite3_finalize(g->prepared[i]);
	(void)sqlite3_close(g->db);
	text_fini(&g->path);
	free(g);
}

int engine_begin(struct engine *g, struct err *e)
{
	return engine_migrate(g, "BEGIN IMMEDIATE", e);
}

int engine_commit(struct engine *g, struct err *e)
{
	return engine_migrate(g, "COMMIT", e);
}

void engine_rollback(struct engine *g)
{
	(void)engine_migrate(g, "ROLLBACK", NULL);
}

int engine_tidy(struct engine *g, struct err *e)
{
	int got = sqlite3_wal_checkpoint_v2(g->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return got == SQLITE_OK ? ERR_OK : failed(g, e);
}

static int prepare(struct engine *g, enum query q, struct err *e)
{
	if (g->prepared[q])
		return ERR_OK;
	int got = sqlite3_prepare_v3(
	    g->db, query_texts[q], -1, SQLITE_PREPARE_PERSISTENT, &g->prepared[q], NULL);
	return got == SQLITE_OK ? ERR_OK : failed(g, e);
}

static int bind(sqlite3_stmt *p, int at, const struct value *v)
{
	switch (v->kind) {
	case VALUE_INT:
		return sqlite3_bind_int64(p, at, v->i);
	case VALUE_TEXT:
		return sqlite3_bind_text64(
		    p, at, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case VALUE_BYTES:
		return sqlite3_bind_blob64(p, at, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static struct value column(sqlite3_stmt *p, int at)
{
	int type = sqlite3_column_type(p, at);
	struct value v = {.kind = type == SQLITE_INTEGER ? VALUE_INT
				  : type == SQLITE_TEXT  ? VALUE_TEXT
							 : VALUE_BYTES};
	if (v.kind == VALUE_INT) {
		v.i = sqlite3_column_int64(p, at);
		return v;
	}
	const void *bytes = sqlite3_column_blob(p, at); /* NULL where there are none */
	v.s = (struct span){bytes ? bytes : "", (size_t)sqlite3_column_bytes(p, at)};
	return v;
}

static void give(sqlite3_stmt *p, const struct engine_answer *to)
{
	struct value v[COLUMNS_MAX];
	int n = sqlite3_column_count(p);
	n = n < COLUMNS_MAX ? n : COLUMNS_MAX;
	for (int i = 0; i < n; i++)
		v[i] = column(p, i);
	if (to)
		to->row(to->arg, v, (size_t)n);
}

int engine_ask(struct engine *g, enum query q, const struct value *in, size_t in_n,
    const struct engine_answer *to, struct err *e)
{
	int bad = prepare(g, q, e), got = SQLITE_OK;
	sqlite3_stmt *p = g->prepared[q];
	for (size_t i = 0; !bad && i < in_n; i++)
		if (bind(p, (int)i + 1, &in[i]) != SQLITE_OK)
			bad = failed(g, e);
	while (!bad && (got = sqlite3_step(p)) == SQLITE_ROW)
		give(p, to);
	if (!bad && got != SQLITE_DONE)
		bad = failed(g, e);
	if (p) {
		(void)sqlite3_reset(p);
		(void)sqlite3_clear_bindings(p);
	}
	return bad;
}
