/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store: records come back, queries keep the rule of their parameters, every column says what
 * it holds, and what is erased is gone from the bytes. */
#include "folder.h"
#include "store/engine.h"
#include "store/store.h"
#include <sqlite3.h>

static struct store *opened(void)
{
	struct store *s = NULL;
	struct err e = {0};
	if (store_open(&s, folder_path("store"), true, &e) != ERR_OK)
		fail_msg("%s", e.msg);
	return s;
}

static struct store_subscriber made(uint8_t tag, const char *sealed)
{
	return (struct store_subscriber){.tag = {tag},
	    .language = "en",
	    .channels = 3,
	    .flags = 8,
	    .imported_ms = 1767571200000,
	    .sealed = span_of(sealed)};
}

static void a_row_comes_back_and_is_replaced_by_its_tag(void **state)
{
	(void)state;
	struct store *s = opened();
	struct store_subscriber r = made(1, "first"), got;
	struct store_subscribers c;
	struct text room = {0};
	assert_int_equal(store_put_subscriber(s, &r, NULL), ERR_OK);
	r = made(2, "other");
	assert_int_equal(store_put_subscriber(s, &r, NULL), ERR_OK);
	r = made(1, "second");
	assert_int_equal(store_put_subscriber(s, &r, NULL), ERR_OK);
	assert_int_equal(store_count_subscribers(s, &c, NULL), ERR_OK);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.last_ms, 1767571200000);
	assert_int_equal(store_get_subscriber(s, r.tag, &got, &room, NULL), ERR_OK);
	assert_true(span_is(got.sealed, "second"));
	assert_string_equal(got.language, "en");
	assert_int_equal(got.channels, 3);
	assert_int_equal(got.flags, 8);
	r.tag[15] = 1;
	assert_int_equal(store_get_subscriber(s, r.tag, &got, &room, NULL), ERR_NONE);
	assert_int_equal(store_erase_subscriber(s, r.tag, NULL), ERR_NONE);
	text_fini(&room);
	store_close(s);
}

static void what_was_not_committed_is_not_there(void **state)
{
	(void)state;
	struct store *s = opened();
	struct store_subscriber r = made(1, "x");
	struct store_subscribers c;
	assert_int_equal(store_begin(s, NULL), ERR_OK);
	assert_int_equal(store_put_subscriber(s, &r, NULL), ERR_OK);
	store_close(s);
	s = opened();
	assert_int_equal(store_count_subscribers(s, &c, NULL), ERR_OK);
	assert_int_equal(c.n, 0);
	store_close(s);
}

static void what_is_erased_is_gone_from_the_bytes(void **state)
{
	(void)state;
	static const char canary[] = "a-canary-that-must-not-stay";
	struct store *s = opened();
	struct store_subscriber r = made(1, canary);
	assert_int_equal(store_put_subscriber(s, &r, NULL), ERR_OK);
	assert_int_equal(store_tidy(s, NULL), ERR_OK);
	assert_true(file_holds(folder_path("store"), canary, sizeof canary - 1));
	assert_int_equal(store_erase_subscriber(s, r.tag, NULL), ERR_OK);
	assert_int_equal(store_tidy(s, NULL), ERR_OK);
	struct stat st;
	assert_int_equal(stat(folder_path("store-wal"), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(file_holds(folder_path("store"), canary, sizeof canary - 1));
	store_close(s);
	assert_int_equal(stat(folder_path("store"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static sqlite3 *another(const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(folder_path("store"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void who_reads_does_not_wait_for_who_writes(void **state)
{
	(void)state;
	store_close(opened());
	sqlite3 *writer = another("BEGIN IMMEDIATE; DELETE FROM subscriber");
	struct store_subscribers c;
	struct store *s = opened();
	assert_int_equal(store_count_subscribers(s, &c, NULL), ERR_OK);
	store_close(s);
	(void)sqlite3_close(writer);
}

/* Waits as long as the store is patient. */
static void what_somebody_still_reads_is_not_said_to_be_gone(void **state)
{
	(void)state;
	struct store *s = opened();
	struct store_subscriber r = made(1, "x");
	struct err e;
	assert_int_equal(store_put_subscriber(s, &r, NULL), ERR_OK);
	sqlite3 *reader = another("BEGIN; SELECT * FROM subscriber");
	assert_int_equal(store_erase_subscriber(s, r.tag, NULL), ERR_OK);
	assert_int_equal(store_tidy(s, &e), ERR_STORE);
	assert_non_null(strstr(e.msg, "locked"));
	(void)sqlite3_close(reader);
	assert_int_equal(store_tidy(s, &e), ERR_OK);
	store_close(s);
}

static void a_folder_behind_a_link_holds_a_store_and_a_link_is_none(void **state)
{
	(void)state;
	struct store *s = opened();
	store_close(s);
	assert_int_equal(symlink(folder, folder_path("link")), 0);
	assert_int_equal(store_open(&s, folder_path("link/store"), false, NULL), ERR_OK);
	store_close(s);
	assert_int_equal(symlink(folder_path("store"), folder_path("another")), 0);
	assert_int_equal(store_open(&s, folder_path("another"), true, NULL), ERR_STORE);
}

static void no_file_and_no_store_are_told_apart(void **state)
{
	(void)state;
	struct store *s;
	struct err e;
	assert_int_equal(store_open(&s, folder_path("store"), false, &e), ERR_NONE);
	static char junk[8192];
	memset(junk, 'x', sizeof junk);
	file_put(folder_path("store"), junk, sizeof junk);
	assert_int_equal(store_open(&s, folder_path("store"), true, &e), ERR_STORE);
	assert_non_null(strstr(e.msg, "not a database"));
}

static void a_store_of_a_newer_version_is_refused(void **state)
{
	(void)state;
	store_close(opened());
	sqlite3 *db;
	assert_int_equal(sqlite3_open(folder_path("store"), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "INSERT INTO schema_version VALUES (999)", NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
	struct store *s;
	struct err e;
	assert_int_equal(store_open(&s, folder_path("store"), true, &e), ERR_STORE);
	assert_non_null(strstr(e.msg, "a newer Theriac made this store"));
}

/* $1 $2 ... first used in this order. */
static void parameters_are_first_used_in_order(void **state)
{
	(void)state;
	for (size_t q = 0; q < QUERY_N; q++) {
		long most = 0;
		for (const char *p = query_texts[q]; (p = strchr(p, '$')); p++) {
			long n = strtol(p + 1, NULL, 10);
			if (n < 1 || n > most + 1)
				fail_msg(
				    "query %zu: $%ld comes too early: %s", q, n, query_texts[q]);
			most = n > most ? n : most;
		}
	}
}

static void every_query_is_understood_and_uses_its_parameters(void **state)
{
	(void)state;
	store_close(opened());
	sqlite3 *db;
	assert_int_equal(sqlite3_open(folder_path("store"), &db), SQLITE_OK);
	for (size_t q = 0; q < QUERY_N; q++) {
		sqlite3_stmt *p = NULL;
		if (sqlite3_prepare_v2(db, query_texts[q], -1, &p, NULL) != SQLITE_OK)
			fail_msg("%s: %s", query_texts[q], sqlite3_errmsg(db));
		for (int i = 1; i <= sqlite3_bind_parameter_count(p); i++) {
			char name[16];
			(void)snprintf(name, sizeof name, "$%d", i);
			assert_string_equal(sqlite3_bind_parameter_name(p, i), name);
		}
		(void)sqlite3_finalize(p);
	}
	(void)sqlite3_close(db);
}

static bool annotated(const char *table, const char *column)
{
	for (size_t i = 0; i < store_columns_n; i++) {
		const struct store_column *c = &store_columns[i];
		if (strcmp(c->table, table) == 0 && strcmp(c->name, column) == 0)
			return *c->holds && *c->basis && *c->kept;
	}
	return false;
}

static void every_column_says_what_it_holds_why_and_how_long(void **state)
{
	(void)state;
	store_close(opened());
	sqlite3 *db;
	sqlite3_stmt *p;
	size_t n = 0;
	assert_int_equal(sqlite3_open(folder_path("store"), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c "
		"WHERE m.type = 'table'",
		-1, &p, NULL),
	    SQLITE_OK);
	for (; sqlite3_step(p) == SQLITE_ROW; n++) {
		const char *table = (const char *)sqlite3_column_text(p, 0),
			   *column = (const char *)sqlite3_column_text(p, 1);
		if (!annotated(table, column))
			fail_msg("%s.%s has no row in schema.def", table, column);
	}
	assert_int_equal(n, store_columns_n); /* nor a row that has no column */
	(void)sqlite3_finalize(p);
	(void)sqlite3_close(db);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_row_comes_back_and_is_replaced_by_its_tag),
	    TEST(what_was_not_committed_is_not_there),
	    TEST(what_is_erased_is_gone_from_the_bytes),
	    TEST(who_reads_does_not_wait_for_who_writes),
	    TEST(what_somebody_still_reads_is_not_said_to_be_gone),
	    TEST(a_folder_behind_a_link_holds_a_store_and_a_link_is_none),
	    TEST(no_file_and_no_store_are_told_apart),
	    TEST(a_store_of_a_newer_version_is_refused),
	    TEST(every_query_is_understood_and_uses_its_parameters),
	    TEST(every_column_says_what_it_holds_why_and_how_long),
	    cmocka_unit_test(parameters_are_first_used_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
