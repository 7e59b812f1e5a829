/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line it was, against an oracle (world.h): kind, lines and records of every answer.
 * A mutant, built from sources with a planted fault, must get some of them wrong.
 *   test_whose [CLAIMS [mutant]]   100,000 */
#include "run/session_build.h"
#include "world.h"
#include <unistd.h>

static size_t claims_n = 100000;
static bool mutant;

struct tally {
	size_t kinds[4], wrong;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct record {
	uint64_t began;
	int64_t t0_ms, t1_ms;
};

static int by_record(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct record));
}

static bool same_lines(
    const struct asker *w, const struct answer *a, const struct world_answer *want)
{
	static char got[ANSWER_MAX][LINE_TEXT], right[ANSWER_MAX][LINE_TEXT];
	for (size_t i = 0; i < a->n; i++) {
		whose_name(w, a, i, got[i]);
		world_line_text(want->lines[i], right[i]);
	}
	qsort(got, a->n, LINE_TEXT, by_text);
	qsort(right, a->n, LINE_TEXT, by_text);
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(got[i], right[i]) != 0)
			return false;
	return true;
}

static bool same_records(const struct answer *a, const struct world_answer *want)
{
	struct record got[ANSWER_RECORDS], right[ANSWER_RECORDS];
	if (a->cut || a->record_n != want->record_n)
		return a->cut && want->record_n > ANSWER_RECORDS;
	for (size_t i = 0; i < a->record_n; i++) {
		const struct interval *v = &a->records[i].v;
		const struct claim *c = want->records[i];
		got[i] = (struct record){v->began, v->t0_ms, v->t1_ms};
		right[i] = (struct record){c->began, c->begin_ms, c->known_end_ms};
	}
	qsort(got, a->record_n, sizeof *got, by_record);
	qsort(right, a->record_n, sizeof *right, by_record);
	return memcmp(got, right, a->record_n * sizeof *got) == 0;
}

static bool right(const struct asker *w, const struct answer *a, const struct world_answer *want)
{
	if (a->kind != want->kind)
		return false;
	if (want->n > ANSWER_MAX)
		return a->more && a->n == ANSWER_MAX;
	return a->n == want->n && (a->more || (same_lines(w, a, want) && same_records(a, want)));
}

static void show(const struct question *q, const struct answer *a, const struct world_answer *want)
{
	char addr[ADDR_TEXT];
	addr_text(addr, &q->addr);
	print_message("%s realm %u port %u at %lld +- %u: %s %zu, want %s %zu\n", addr, q->realm,
	    q->port, (long long)(q->at_ms - WORLD_T0), q->skew_ms, whose_word(a->kind), a->n,
	    whose_word(want->kind), want->n);
	for (size_t i = 0; i < a->record_n; i++)
		print_message("  got  %016llx %lld .. %lld\n",
		    (unsigned long long)a->records[i].v.began,
		    (long long)(a->records[i].v.t0_ms - WORLD_T0),
		    (long long)(a->records[i].v.t1_ms - WORLD_T0));
	for (size_t i = 0; i < want->record_n; i++)
		print_message("  want %016llx %lld .. %lld kind %d user %u\n",
		    (unsigned long long)want->records[i]->began,
		    (long long)(want->records[i]->begin_ms - WORLD_T0),
		    (long long)(want->records[i]->known_end_ms - WORLD_T0), want->records[i]->kind,
		    want->records[i]->user);
}

static void question_all(struct world *w, struct asker *asker, size_t n, struct tally *t)
{
	static struct world_answer want;
	static struct answer got;
	for (size_t i = 0; i < n; i++) {
		struct world_question q = world_ask(w);
		world_answer_of(w, &q, &want);
		whose_ask(asker, &q.q, &got);
		t->kinds[want.kind]++;
		if (!right(asker, &got, &want) && t->wrong++ < 5 && !mutant)
			show(&q.q, &got, &want);
	}
}

/* The events of the world through a tracker; what became of them into a file, too. */
struct told_world {
	struct world w;
	struct lines *lines;
	struct sessions *sessions;
	struct session_build *build;
};

static void keep(struct told_world *t, struct tolds *told)
{
	for (size_t i = 0; i < told->n; i++)
		assert_int_equal(
		    session_build_add(t->build, &told->v[i].v, t->lines, NULL), ERR_OK);
	told->n = 0;
}

static void tell_all(struct told_world *t, const char *path)
{
	struct sessions_options o = {
	    claims_n * 2, 30 * 86400000ll, WORLD_REORDER_MS, WORLD_INTERIM_MS};
	struct segment_about about = {.from_ms = WORLD_T0, .to_ms = WORLD_T0 + 2 * WORLD_MS};
	struct tolds told = {0};
	struct err e;
	*t = (struct told_world){.lines = lines_new(0), .build = session_build_new(path, 0)};
	t->sessions = sessions_new(&o, t->lines);
	world_make(&t->w, claims_n, 1);
	for (size_t i = 0; i < t->w.event_n; i++) {
		struct world_event *v = &t->w.events[i];
		struct session s = world_session(&t->w.claims[v->claim], v->what, v->ms);
		sessions_event(t->sessions, &s, &told);
		keep(t, &told);
	}
	sessions_flush(t->sessions, &told);
	keep(t, &told);
	assert_int_equal(session_build_end(t->build, &about, &e), ERR_OK);
	free(told.v);
}

static void expect_right(struct told_world *t, const struct whose_source *source, const char *what)
{
	struct asker asker = {.v = source, .n = 1};
	struct tally n = {0};
	t->w.rand = rand_of(2, 78);
	question_all(&t->w, &asker, claims_n, &n);
	print_message(
	    "%s: %zu claims, %zu events, %zu questions: %zu exact, %zu ambiguous, %zu expired, "
	    "%zu unknown; %zu wrong\n",
	    what, t->w.claim_n, t->w.event_n, claims_n, n.kinds[WHOSE_EXACT],
	    n.kinds[WHOSE_AMBIGUOUS], n.kinds[WHOSE_EXPIRED], n.kinds[WHOSE_UNKNOWN], n.wrong);
	assert_int_equal(n.wrong > 0, mutant);
	assert_true(n.kinds[WHOSE_EXACT] * 100 >= claims_n * 80);
	for (size_t i = 0; i < 4; i++)
		assert_true(n.kinds[i] * 100 >= claims_n * 2);
	whose_fini(&asker);
}

static void find_in_file(
    void *of, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *out)
{
	segment_find(of, q, lo_ms, hi_ms, out);
}

static void name_in_file(void *of, const struct interval *v, char out[LINE_TEXT])
{
	const struct segment_reader *r = of;
	struct line_id id;
	assert_true(segment_id(r->segment, v->line, &id));
	line_id_text(&id, out);
}

static void every_answer_is_the_oracles(void **state)
{
	char path[] = "test_whose.XXXXXX";
	struct told_world t;
	struct session_file file;
	struct err e;
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	tell_all(&t, path);
	struct whose_live live = {t.sessions, t.lines};
	struct whose_source source = whose_live_source(&live);
	source.swept_ms = t.w.swept_ms;
	expect_right(&t, &source, "in memory");
	if (!mutant) {
		assert_int_equal(session_file_open(&file, path, &e), ERR_OK);
		struct segment_reader reader = {.segment = &file.segment};
		struct whose_source in_file = {.find = find_in_file,
		    .name = name_in_file,
		    .of = &reader,
		    .swept_ms = t.w.swept_ms};
		expect_right(&t, &in_file, "in a file");
		assert_int_equal(reader.bad_pages, 0);
		print_message("%zu bytes for %llu intervals, %llu entries\n", file.bytes,
		    (unsigned long long)file.segment.about.interval_n,
		    (unsigned long long)file.segment.entry_n);
		session_file_close(&file);
	}
	(void)unlink(path);
	sessions_free(t.sessions);
	lines_free(t.lines);
	world_free(&t.w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_answer_is_the_oracles)};
	if (argc > 1)
		claims_n = (size_t)strtoul(argv[1], NULL, 10);
	mutant = argc > 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
