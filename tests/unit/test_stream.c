/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records come in time order, out of one input and out of many (design.md 1, Time). */
#include "base/rand.h"
#include "rec/packed.h"
#include "run/smooth.h"
#include "run/stream.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T0 1767323045000ll

static void pass_on(struct smooth *s, struct batch *b)
{
	assert_int_equal(smooth_batch(s, b), 0);
	batch_reset(b);
}

static void add(struct smooth *s, struct batch *b, int64_t at_ms, uint16_t mark)
{
	*batch_flow(b) = (struct flow){.exported_ms = T0 + at_ms, .sport = mark};
	if (batch_full(b))
		pass_on(s, b);
}

static uint16_t take(struct smooth *s, int64_t *at_ms)
{
	struct flow f = {.sport = 0};
	*at_ms = smooth_peek(s)->time_ms;
	flow_unpack(smooth_take(s), *at_ms, &f);
	return f.sport;
}

static void a_buffer_gives_in_order_and_keeps_ties(void **state)
{
	(void)state;
	enum { N = 20000 };
	struct smooth_pool pool = {0};
	struct smooth s = {.pool = &pool};
	struct batch b = {0};
	struct rand r = rand_of(1, 1);
	static uint16_t last_of[1000]; /* by time */
	int64_t before = 0, at;
	for (uint16_t i = 1; i <= N; i++)
		add(&s, &b, (int64_t)rand_below(&r, ROWS(last_of)), i);
	pass_on(&s, &b);
	assert_true(smooth_ready(&s, true));
	for (int i = 0; i < N; i++) {
		uint16_t mark = take(&s, &at);
		assert_true(at >= before);
		before = at;
		assert_true(mark > last_of[at - T0]); /* equal times as they came */
		last_of[at - T0] = mark;
	}
	assert_null(smooth_peek(&s));
	smooth_fini(&s);
	smooth_pool_fini(&pool);
	batch_fini(&b);
}

static bool ready_after(struct smooth *s, int64_t at_ms)
{
	struct batch b = {0};
	add(s, &b, at_ms, 1);
	pass_on(s, &b);
	batch_fini(&b);
	return smooth_ready(s, false);
}

static void a_buffer_lets_go_when_it_holds_enough(void **state)
{
	(void)state;
	struct smooth_pool pool = {0};
	struct smooth s = {.pool = &pool};
	assert_false(smooth_ready(&s, true));
	assert_false(ready_after(&s, 0));
	assert_false(ready_after(&s, SMOOTH_MS));
	assert_true(ready_after(&s, SMOOTH_MS + 1));
	int64_t at;
	(void)take(&s, &at);
	assert_int_equal(at, T0);
	assert_false(smooth_ready(&s, false));
	assert_true(smooth_ready(&s, true));
	smooth_fini(&s);

	struct batch b = {0};
	for (int i = 0; i < SMOOTH_RECORDS; i++) {
		add(&s, &b, 0, 1);
		assert_false(smooth_ready(&s, false));
	}
	while (!smooth_ready(&s, false))
		add(&s, &b, 0, 1);
	assert_true(s.held.n <= SMOOTH_RECORDS + SMOOTH_RECORDS / 8 + BATCH_FULL);
	smooth_fini(&s);
	smooth_pool_fini(&pool);
	batch_fini(&b);
}

static void room_is_used_again(void **state)
{
	(void)state;
	struct smooth_pool pool = {0};
	struct smooth s = {.pool = &pool};
	struct batch b = {0};
	int64_t at;
	for (int i = 0; i < 1000000; i++) {
		struct dns d = {.time_ms = T0 + i * 100};
		assert_true(dns_set_name(&d, span_of("www.example.com")));
		add(&s, &b, i * 100, 1);
		*batch_dns(&b) = d;
		while (smooth_ready(&s, false))
			(void)take(&s, &at);
	}
	/* 300 s, of 20 records and 1,600 bytes each, and what waits to be merged */
	assert_true(s.block_n <= 300 * 1600 / 65536 + 4);
	smooth_fini(&s);
	smooth_pool_fini(&pool);
	batch_fini(&b);
}

/* One flow in fifty is of next year. */
static void clocks_that_run_ahead_move_nobody(void **state)
{
	(void)state;
	enum { N = 500000 };
	struct smooth_pool pool = {0};
	struct smooth s = {.pool = &pool};
	struct batch b = {0};
	int64_t at, before = 0;
	for (int i = 0; i < N; i++) {
		bool wrong = i % 50 == 7;
		add(&s, &b, wrong ? 365 * 86400000ll : (int64_t)i * 100 - i % 7 * 20000, wrong);
		while (smooth_ready(&s, false)) {
			assert_int_equal(take(&s, &at), 0);
			assert_true(at >= before);
			before = at;
		}
	}
	/* those of next year were moved together; apart they would keep all N / BATCH_FULL blocks
	 */
	assert_true(s.block_n < 120);
	smooth_fini(&s);
	smooth_pool_fini(&pool);
	batch_fini(&b);
}

/* A folder of Zeek logs, one connection a row: seconds after T0 and the originator's port. */
static char folder[] = "/tmp/theriac-stream-XXXXXX";

static const char *log_file(const char *name, const int *at_s, size_t n)
{
	static char path[8][80];
	static int next;
	char *p = path[next++ % 8];
	(void)snprintf(p, sizeof *path, "%s/%s", folder, name);
	FILE *f = fopen(p, "w");
	assert_non_null(f);
	(void)fputs("#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\t"
		    "id.resp_p\tproto\tduration\tconn_state\n",
	    f);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(f, "%lld.0\t10.0.0.1\t%zu\t198.51.100.7\t%c\ttcp\t0.0\tS0\n",
		    T0 / 1000 + at_s[i], i % 60000 + 1, name[0] == 'a' ? '1' : '2');
	assert_int_equal(fclose(f), 0);
	return p;
}

/* "second:port" of every record, late ones with a star. */
static void read_all(char **paths, int n, char *out, size_t room, uint64_t *flows)
{
	struct run_input in;
	struct tally tally = {.quiet = true};
	struct err e;
	const struct stream_batch *b;
	size_t at = 0;
	out[0] = '\0';
	assert_int_equal(run_input_open(&in, NULL, NULL, NULL, paths, n, &e), ERR_OK);
	struct stream *s = stream_new(&in, &tally);
	while ((b = stream_next(s)))
		for (size_t i = 0; i < b->n; i++)
			at += (size_t)snprintf(out + at, room - at, "%lld:%u%s ",
			    (long long)(b->v[i].time_ms - T0) / 1000, b->v[i].flow->dport,
			    b->v[i].late ? "*" : "");
	stream_free(s);
	run_input_close(&in);
	*flows = tally.flow_n;
}

static void many_inputs_are_merged_by_time_not_by_name(void **state)
{
	(void)state;
	const char *a = log_file("a.log", (int[]){5, 10, 30, 10000}, 4);
	const char *b = log_file("b.log", (int[]){0, 10, 20, 40}, 4);
	static const char want[] = "0:2 5:1 10:1 10:2 20:2 30:1 40:2 10000:1 ";
	const char *const orders[][3] = {
	    {a, b, NULL}, {b, a, NULL}, {folder, NULL, NULL}, {b, folder, a}};
	for (size_t i = 0; i < ROWS(orders); i++) {
		char got[400];
		char *paths[3];
		uint64_t flows;
		int n = 0;
		while (n < 3 && orders[i][n]) {
			paths[n] = strdup(orders[i][n]);
			n++;
		}
		read_all(paths, n, got, sizeof got, &flows);
		assert_string_equal(got, want);
		assert_int_equal(flows, 8); /* what is named twice is read once */
		while (n)
			free(paths[--n]);
	}
	(void)unlink(a);
	(void)unlink(b);
}

static void disorder_within_five_minutes_is_smoothed(void **state)
{
	(void)state;
	const char *a = log_file("a.log", (int[]){300, 200, 100, 0, 299, 900, 500, 1300}, 8);
	char got[400];
	char *path = strdup(a);
	uint64_t flows;
	read_all(&path, 1, got, sizeof got, &flows);
	/* 500 comes after 900 was seen, yet nothing behind it had gone */
	assert_string_equal(got, "0:1 100:1 200:1 299:1 300:1 500:1 900:1 1300:1 ");
	free(path);
	(void)unlink(a);
}

static void what_comes_later_still_is_late(void **state)
{
	(void)state;
	const char *a = log_file("a.log", (int[]){1000, 2000, 100, 2100}, 4);
	char got[400];
	char *path = strdup(a);
	uint64_t flows;
	read_all(&path, 1, got, sizeof got, &flows);
	assert_string_equal(
	    got, "100:1 1000:1 2000:1 2100:1 "); /* one batch: nothing has gone yet */
	free(path);
	(void)unlink(a);

	/* more than a batch lies between */
	enum { MANY = 80000 };
	int *at_s = malloc((MANY + 1) * sizeof *at_s);
	for (int i = 0; i < MANY; i++)
		at_s[i] = 1000 + i;
	at_s[MANY] = 5;
	a = log_file("a.log", at_s, MANY + 1);
	char *all = malloc(2000000);
	path = strdup(a);
	read_all(&path, 1, all, 2000000, &flows);
	assert_int_equal(flows, MANY + 1);
	assert_non_null(strstr(all, " 5:1* "));
	free(path);
	free(all);
	free(at_s);
	(void)unlink(a);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_buffer_gives_in_order_and_keeps_ties),
	    cmocka_unit_test(a_buffer_lets_go_when_it_holds_enough),
	    cmocka_unit_test(room_is_used_again),
	    cmocka_unit_test(clocks_that_run_ahead_move_nobody),
	    cmocka_unit_test(many_inputs_are_merged_by_time_not_by_name),
	    cmocka_unit_test(disorder_within_five_minutes_is_smoothed),
	    cmocka_unit_test(what_comes_later_still_is_late),
	};
	return cmocka_run_group_tests_name("stream", tests, make_folder, remove_folder);
}
