/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line it was, against an oracle (world.h): kind, lines and records of every answer.
 *   test_whose [CLAIMS]   1,000,000 */
#include "world.h"

static size_t claims_n = 1000000;

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
		if (!right(asker, &got, &want) && t->wrong++ < 5)
			show(&q.q, &got, &want);
	}
}

static void every_answer_is_the_oracles(void **state)
{
	struct sessions_options o = {
	    claims_n * 2, 30 * 86400000ll, WORLD_REORDER_MS, WORLD_INTERIM_MS};
	struct world w;
	struct lines *lines = lines_new(0);
	struct sessions *sessions = sessions_new(&o, lines);
	struct whose_live live = {sessions, lines};
	struct whose_source source = whose_live_source(&live);
	struct asker asker = {.v = &source, .n = 1};
	struct tolds told = {0};
	struct tally t = {0};
	(void)state;
	world_make(&w, claims_n, 1);
	source.swept_ms = w.swept_ms;
	for (size_t i = 0; i < w.event_n; i++) {
		struct world_event *e = &w.events[i];
		struct session s = world_session(&w.claims[e->claim], e->what, e->ms);
		sessions_event(sessions, &s, &told);
		told.n = 0;
	}
	sessions_flush(sessions, &told);
	question_all(&w, &asker, claims_n, &t);
	print_message("%zu claims, %zu events, %zu questions: %zu exact, %zu ambiguous, %zu "
		      "expired, %zu unknown; %zu wrong\n",
	    w.claim_n, w.event_n, claims_n, t.kinds[WHOSE_EXACT], t.kinds[WHOSE_AMBIGUOUS],
	    t.kinds[WHOSE_EXPIRED], t.kinds[WHOSE_UNKNOWN], t.wrong);
	assert_int_equal(t.wrong, 0);
	assert_true(t.kinds[WHOSE_EXACT] * 100 >= claims_n * 80);
	for (size_t i = 0; i < 4; i++)
		assert_true(t.kinds[i] * 100 >= claims_n * 2);
	whose_fini(&asker);
	sessions_free(sessions);
	lines_free(lines);
	free(told.v);
	world_free(&w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_answer_is_the_oracles)};
	if (argc > 1)
		claims_n = (size_t)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
