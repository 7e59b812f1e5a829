/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines get other names in place: what is found later is what would have been found had they been
 * called so from the beginning, with any number of shards and in a table that is full. */
#include "provider.h"
#include "rec/rename.h"
#include "run/told.h"
#include <stdio.h>

/* So few lines are no population, whose sketches cannot be told a line's new name. */
enum { LINES = 450, HALF = 720, WHOLE = 1440, ROOM = 4096, FULL = 450 };

static const struct pseudonym_key first = {2900, {1, 2, 3}}, second = {2901, {4, 5, 6}};

struct book { /* who holds the provider's addresses, all the time */
	struct lines *lines;
	struct sessions *sessions;
	struct whose_live live;
	struct whose_source source;
	struct asker asker;
	struct owners *owners;
	struct tolds told;
};

static void text_of(uint32_t i, char out[64])
{
	(void)snprintf(out, 64, "customer-%u", i);
}

static struct book *book_new(const struct pseudonym_key *key)
{
	struct book *b = mem_new(1, sizeof *b);
	struct sessions_options o;
	opt_defaults(sessions_rows, sessions_rows_n, &o);
	o.room = 65536;
	b->lines = lines_new(4096);
	b->sessions = sessions_new(&o, b->lines);
	for (uint32_t i = 0; i < LINES; i++) {
		struct session s = {.held = {addr_v4(0x0a000000 + i), 128},
		    .t0_ms = PROVIDER_T0 - 3600000,
		    .begin = SESSION_TOLD,
		    .kind = SESSION_LEASE};
		char user[64];
		text_of(i, user);
		assert_int_equal(session_ids_add(&s.ids, SESSION_USER, span_of(user)), ERR_OK);
		sessions_event(b->sessions, &s, &b->told);
	}
	sessions_flush(b->sessions, &b->told);
	b->live = (struct whose_live){b->sessions, b->lines};
	b->source = whose_live_source(&b->live);
	b->asker = (struct asker){.v = &b->source, .n = 1};
	b->owners = owners_new(&b->asker, 2000, key);
	return b;
}

static void book_free(struct book *b)
{
	owners_free(b->owners);
	whose_fini(&b->asker);
	sessions_free(b->sessions);
	lines_free(b->lines);
	free(b->told.v);
	free(b);
}

static struct subject name_of(const struct pseudonym_key *k, uint32_t i)
{
	char line[96] = "user:";
	text_of(i, line + strlen(line));
	return pseudonym_of(k, span_of(line), 0);
}

static struct renames all_lines(const struct pseudonym_key *from, const struct pseudonym_key *to)
{
	struct renames r = {.others_go = true};
	for (uint32_t i = 0; i < LINES; i++) {
		struct subject was = name_of(from, i), is = name_of(to, i);
		renames_add(&r, &was, &is);
	}
	return r;
}

/* Two hours, under the second key from the step where the names change on. */
static struct text lived(unsigned shards, uint64_t room, uint32_t renamed_at)
{
	struct provider *x = provider_new(shards, room, NULL);
	struct book *a = book_new(&first), *b = book_new(&second);
	struct renames r = all_lines(&first, &second);
	attribute_owners(x->attribute, a->owners);
	provider_live(x, LINES, 0, renamed_at);
	pipeline_rename(x->pipeline, &r);
	attribute_owners(x->attribute, b->owners);
	provider_live(x, LINES, renamed_at, WHOLE);
	struct text out = provider_verdicts(x);
	provider_free(x);
	book_free(a);
	book_free(b);
	renames_fini(&r);
	return out;
}

static void state_before_is_state_after_under_the_new_name(void **state)
{
	(void)state;
	static const unsigned shards[] = {0, 1, 2, 5};
	struct text want = lived(0, ROOM, 0);
	for (size_t i = 0; i < detectors_n; i++)
		if (!strstr(want.p, detectors[i]->name))
			fail_msg("%s found nothing: nothing is proved of it", detectors[i]->name);
	for (size_t i = 0; i < ROWS(shards); i++)
		for (uint32_t at = HALF - 1; at <= HALF; at++) {
			struct text got = lived(shards[i], ROOM, at);
			assert_string_equal(got.p, want.p);
			text_fini(&got);
		}
	text_fini(&want);
}

/* Room for all of them in one shard; of three, each is full or nearly so. */
static void a_full_table_loses_no_more_than_its_shards_differ(void **state)
{
	(void)state;
	struct text one = lived(0, FULL, HALF), three = lived(3, FULL, HALF);
	static const char *const sure[] = {
	    "scan-bot-ports", "scan-any-port", "spam-sending", "flood-sending"};
	struct text want = lived(0, ROOM, 0);
	assert_string_equal(one.p, want.p);
	for (size_t i = 0; i < ROWS(sure); i++)
		assert_non_null(strstr(three.p, sure[i]));
	text_fini(&one);
	text_fini(&three);
	text_fini(&want);
}

static uint64_t saved_lines(struct provider *x)
{
	struct evidence_table *t = provider_table(x);
	struct stats stats = {0};
	pipeline_look(x->pipeline, t, &stats);
	evidence_free(t);
	return stats.lines;
}

/* Numbers of blocks stand in the state, and take more or fewer bytes. */
static bool nearly_same(const struct bytes *a, const struct bytes *b)
{
	return a->t.n < b->t.n + b->t.n / 1000 && b->t.n < a->t.n + a->t.n / 1000;
}

/* What is saved after the names went there and back is what was saved before. */
static void there_and_back_nothing_is_lost_or_doubled(void **state)
{
	(void)state;
	struct provider *x = provider_new(3, ROOM, NULL);
	struct book *a = book_new(&first);
	struct renames there = all_lines(&first, &second), back = all_lines(&second, &first);
	attribute_owners(x->attribute, a->owners);
	provider_live(x, LINES, 0, HALF);
	struct bytes before = provider_save(x);
	uint64_t lines = saved_lines(x);
	for (int i = 0; i < 3; i++) {
		pipeline_rename(x->pipeline, &there);
		struct bytes other = provider_save(x);
		assert_true(nearly_same(&other, &before));
		text_fini(&other.t);
		pipeline_rename(x->pipeline, &back);
	}
	struct bytes after = provider_save(x);
	assert_true(nearly_same(&after, &before));
	assert_int_equal(saved_lines(x), lines);
	provider_free(x);
	book_free(a);
	renames_fini(&there);
	renames_fini(&back);
	text_fini(&before.t);
	text_fini(&after.t);
}

static void lines_that_nobody_knows_are_forgotten(void **state)
{
	(void)state;
	struct provider *x = provider_new(2, ROOM, NULL);
	struct book *a = book_new(&first);
	struct renames r = {.others_go = true};
	struct subject was = name_of(&first, 1), is = name_of(&second, 1); /* the scanner */
	char name[ADDR_TEXT];
	attribute_owners(x->attribute, a->owners);
	provider_live(x, LINES, 0, HALF);
	renames_add(&r, &was, &is);
	pipeline_rename(x->pipeline, &r);
	struct text out = provider_verdicts(x);
	subject_text(name, &is);
	assert_non_null(strstr(out.p, name));
	assert_non_null(strstr(out.p, "scan-bot-ports"));
	assert_null(strstr(out.p, "spam-sending"));
	subject_text(name, &was);
	assert_null(strstr(out.p, name));
	provider_free(x);
	book_free(a);
	renames_fini(&r);
	text_fini(&out);
}

/* The scanner and the sender of spam turn out to be one line. */
static void two_lines_that_are_one_are_found_as_one(void **state)
{
	(void)state;
	for (unsigned shards = 0; shards < 4; shards += 3) {
		struct provider *x = provider_new(shards, ROOM, NULL);
		struct book *a = book_new(&first);
		struct renames r = {0};
		struct subject scanner = name_of(&first, 1), spammer = name_of(&first, 3);
		char name[ADDR_TEXT];
		attribute_owners(x->attribute, a->owners);
		provider_live(x, LINES, 0, HALF);
		renames_add(&r, &scanner, &spammer);
		pipeline_rename(x->pipeline, &r);
		struct text out = provider_verdicts(x);
		subject_text(name, &spammer);
		char *line = strstr(out.p, name);
		assert_non_null(line);
		size_t times = 0;
		for (char *p = out.p; (p = strstr(p, name)); p++)
			times++;
		assert_int_equal(times, 1);
		char *next = strstr(line, "\"type\":\"subject\"");
		if (next)
			*next = '\0';
		assert_non_null(strstr(line, "scan-bot-ports"));
		assert_non_null(strstr(line, "spam-sending"));
		provider_free(x);
		book_free(a);
		renames_fini(&r);
		text_fini(&out);
	}
}

static void what_was_told_stays_told(void **state)
{
	(void)state;
	struct told *t = told_new();
	struct renames r = {.others_go = true};
	struct verdict_line v[3] = {{.tier = TIER_NOTICE, .score_db = 80, .last_ms = 1000},
	    {.tier = TIER_OBSERVE, .score_db = 10, .last_ms = 1000},
	    {.tier = TIER_NOTICE, .score_db = 90, .last_ms = 1000}};
	for (uint32_t i = 0; i < 3; i++) {
		v[i].subject = name_of(&first, i);
		assert_true(told_rose(t, &v[i], TOLD_RISE_DB));
	}
	for (uint32_t i = 0; i < 2; i++) {
		struct subject is = name_of(&second, i);
		renames_add(&r, &v[i].subject, &is);
	}
	told_rename(t, &r);
	for (uint32_t i = 0; i < 3; i++) {
		v[i].subject = name_of(&second, i);
		assert_int_equal(told_rose(t, &v[i], TOLD_RISE_DB), i == 2);
	}
	told_free(t);
	renames_fini(&r);
}

static void one_name_leads_on_to_the_next(void **state)
{
	(void)state;
	struct renames r = {0};
	struct subject a = name_of(&first, 0), b = name_of(&first, 1), c = name_of(&first, 2),
		       s = a;
	struct subject plain = {.kind = SUBJECT_V4, .bits = 128, .id = a.id};
	renames_add(&r, &a, &b);
	renames_add(&r, &b, &c);
	assert_true(renames_apply(&r, &s) && subject_same(&s, &c));
	s = plain;
	r.others_go = true;
	assert_true(renames_apply(&r, &s) && subject_same(&s, &plain));
	s = c;
	assert_false(renames_apply(&r, &s));
	renames_reset(&r);
	s = a;
	assert_true(renames_apply(&r, &s) && subject_same(&s, &a));
	renames_fini(&r);
}

/* The half day after the names changed does not count a line twice. */
static void the_population_does_not_double(void **state)
{
	(void)state;
	enum { POPULATION = 3000 };
	static const int64_t monday_ms = 1767571200000; /* 2026-01-05T00:00:00Z */
	const struct detect_options o = {.lines = 65536, .destinations = 65536};
	struct population *p = population_new(&o, NULL);
	population_weekly(p);
	for (int epoch = 0; epoch < 2; epoch++)
		for (uint32_t i = 0; i < POPULATION; i++) {
			struct hint h;
			struct contact c = {.subject = name_of(epoch ? &second : &first, i),
			    .peer = addr_v4(0xcb007101),
			    .opener = OPENER_SELF,
			    .outcome = OUTCOME_ANSWERED,
			    .peer_port = 443,
			    .proto = PROTO_TCP,
			    .end_ms = monday_ms + (epoch ? 60000 : -60000)};
			population_prepare(p, &c, &h);
			population_contact(p, &c, &h);
			if (i > POPULATION / 2)
				assert_true(h.popular && h.prevalence > .5 && h.prevalence < 2);
		}
	assert_in_range(population_lines(p), POPULATION * 9 / 10, POPULATION * 11 / 10);
	population_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_name_leads_on_to_the_next),
	    cmocka_unit_test(state_before_is_state_after_under_the_new_name),
	    cmocka_unit_test(there_and_back_nothing_is_lost_or_doubled),
	    cmocka_unit_test(a_full_table_loses_no_more_than_its_shards_differ),
	    cmocka_unit_test(lines_that_nobody_knows_are_forgotten),
	    cmocka_unit_test(two_lines_that_are_one_are_found_as_one),
	    cmocka_unit_test(what_was_told_stays_told),
	    cmocka_unit_test(the_population_does_not_double),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
