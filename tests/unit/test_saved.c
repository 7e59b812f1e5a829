/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A restart forgets nothing: what was saved half way and loaded, into other shards too, finds the
 * same as a run without a break. The saved state names no peer but in what was found. */
#include "detect/inner.h"
#include "provider.h"

enum { LINES = 1500, HALF = 720, WHOLE = 1440, ROOM = 4096 }; /* an hour, two */

static struct text unbroken(void)
{
	struct provider *x = provider_new(0, ROOM, NULL);
	provider_live(x, LINES, 0, WHOLE);
	struct text out = provider_verdicts(x);
	provider_free(x);
	return out;
}

static struct bytes saved_half_way(unsigned shards, const struct hash_key *key)
{
	struct provider *x = provider_new(shards, ROOM, key);
	provider_live(x, LINES, 0, HALF);
	struct bytes b = provider_save(x);
	provider_free(x);
	return b;
}

static void every_detector_finds_something(void **state)
{
	(void)state;
	struct text out = unbroken();
	for (size_t i = 0; i < detectors_n; i++)
		if (!strstr(out.p, detectors[i]->name))
			fail_msg("%s found nothing: the other tests would prove nothing of it",
			    detectors[i]->name);
	text_fini(&out);
}

static void a_restart_forgets_nothing(void **state)
{
	(void)state;
	static const struct {
		unsigned before, after;
	} rows[] = {{0, 0}, {1, 3}, {3, 2}, {2, 0}};
	struct text want = unbroken();
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes b = saved_half_way(rows[i].before, NULL);
		struct provider *x = provider_new(rows[i].after, ROOM, NULL);
		struct text told = {0};
		assert_int_equal(provider_load(x, &b, &told), ERR_OK);
		assert_int_equal(told.n, 0);
		provider_live(x, LINES, HALF, WHOLE);
		struct text got = provider_verdicts(x);
		assert_string_equal(got.p, want.p);
		text_fini(&got);
		text_fini(&told);
		text_fini(&b.t);
		provider_free(x);
	}
	text_fini(&want);
}

static void what_is_loaded_is_saved_again_as_it_was(void **state)
{
	(void)state;
	struct bytes b = saved_half_way(2, NULL);
	struct provider *x = provider_new(2, ROOM, NULL);
	assert_int_equal(provider_load(x, &b, NULL), ERR_OK);
	struct bytes again = provider_save(x);
	assert_int_equal(again.t.n, b.t.n);
	provider_free(x);
	text_fini(&again.t);
	text_fini(&b.t);
}

/* Live, the key is drawn by the installation; another one means other sketches and the same
 * findings, and the saved one comes back whatever the new process had drawn. */
static void the_key_is_part_of_the_state(void **state)
{
	(void)state;
	struct hash_key key = {{1, 2, 3}}, other = {{9}};
	struct bytes b = saved_half_way(2, &key);
	struct provider *x = provider_new(2, ROOM, &other);
	struct provider *y = provider_new(2, ROOM, &key);
	assert_int_equal(provider_load(x, &b, NULL), ERR_OK);
	provider_live(x, LINES, HALF, WHOLE);
	provider_live(y, LINES, 0, WHOLE);
	struct text got = provider_verdicts(x), want = provider_verdicts(y);
	assert_string_equal(got.p, want.p);
	text_fini(&got);
	text_fini(&want);
	text_fini(&b.t);
	provider_free(x);
	provider_free(y);
}

/* Where the number of version stands behind a detector's name. */
static char *version_of(struct bytes *b, const char *name)
{
	char *p = memmem(b->t.p, b->t.n, name, strlen(name));
	assert_non_null(p);
	return p + strlen(name);
}

static void a_changed_detector_starts_afresh_and_the_others_go_on(void **state)
{
	(void)state;
	struct text want = unbroken();
	struct bytes b = saved_half_way(2, NULL);
	struct provider *x = provider_new(2, ROOM, NULL);
	struct text told = {0};
	version_of(&b, "regular-contact")[0] ^= 0x40;
	assert_int_equal(provider_load(x, &b, &told), ERR_OK);
	assert_string_equal(told.p, "regular-contact: it has changed and starts afresh\n");
	provider_live(x, LINES, HALF, WHOLE);
	struct text got = provider_verdicts(x);
	assert_string_not_equal(got.p, want.p);
	for (size_t i = 0; i < detectors_n; i++)
		assert_true(
		    strstr(got.p, detectors[i]->name) || detectors[i] == &detector_regular_contact);
	text_fini(&got);
	text_fini(&want);
	text_fini(&told);
	text_fini(&b.t);
	provider_free(x);
}

static void a_smaller_table_holds_what_it_can(void **state)
{
	(void)state;
	struct bytes b = saved_half_way(0, NULL);
	struct provider *x = provider_new(0, 1024, NULL);
	assert_int_equal(provider_load(x, &b, NULL), ERR_OK);
	struct text got = provider_verdicts(x);
	assert_non_null(strstr(got.p, "scan-bot-ports"));
	text_fini(&got);
	text_fini(&b.t);
	provider_free(x);
}

/* Live, records come between the steps, each line is saved as it is at its step, and what came for
 * it later is lost with the process. */
static void records_may_come_between_the_steps(void **state)
{
	(void)state;
	struct provider *x = provider_new(2, ROOM, NULL), *y = provider_new(3, ROOM, NULL);
	struct bytes b = {0};
	struct save s = save_to(bytes_put, &b);
	struct pipeline_walk walk = {0};
	uint32_t step = HALF;
	provider_live(x, LINES, 0, step);
	for (; pipeline_save(x->pipeline, &walk, 100, &s); step++)
		provider_live(x, LINES, step, step + 1);
	assert_int_equal(save_finish(&s, NULL), ERR_OK);
	assert_int_equal(provider_load(y, &b, NULL), ERR_OK);
	provider_live(y, LINES, step, WHOLE);
	struct text got = provider_verdicts(y), whole = unbroken();
	for (size_t i = 0; i < detectors_n; i++)
		assert_non_null(strstr(got.p, detectors[i]->name));
	assert_string_equal(strrchr(got.p, '}'), strrchr(whole.p, '}')); /* how many lines */
	text_fini(&got);
	text_fini(&whole);
	text_fini(&b.t);
	provider_free(x);
	provider_free(y);
}

/* A subject that gave way to another and came again meanwhile stands there twice. */
static void a_line_that_stands_there_twice_counts_once(void **state)
{
	(void)state;
	struct bytes b = saved_half_way(0, NULL), twice = {0};
	struct load in = load_from(bytes_get, &b);
	struct save out = save_to(bytes_put, &twice);
	for (; load_more(&in); load_next(&in))
		for (int i = 0; i < 1 + load_is(&in, "LINE"); i++)
			save_blob(&out, in.tag, in.section.p, in.section.n);
	assert_int_equal(load_finish(&in, NULL), ERR_OK);
	assert_int_equal(save_finish(&out, NULL), ERR_OK);
	struct provider *x = provider_new(2, ROOM, NULL);
	assert_int_equal(provider_load(x, &twice, NULL), ERR_OK);
	provider_live(x, LINES, HALF, WHOLE);
	struct text got = provider_verdicts(x), want = unbroken();
	assert_string_equal(got.p, want.p);
	text_fini(&got);
	text_fini(&want);
	text_fini(&b.t);
	text_fini(&twice.t);
	provider_free(x);
}

struct canary {
	const char *p;
	size_t n;
};

static bool holds(const struct buf *b, const struct canary *c)
{
	return memmem(b->p, b->n, c->p, c->n) != NULL;
}

/* The plain bytes of the state, section by section: addresses of peers in every form that memory
 * may hold, names in whole and in part. */
static void no_peer_is_named_but_in_what_was_found(void **state)
{
	(void)state;
	static const struct canary canaries[] = {{"\xcb\x00\x71\x07", 4},
	    {"\x07\x71\x00\xcb", 4},                          /* a web site */
	    {"\x85\xeb\xca\x6b", 4}, {"\x6b\xca\xeb\x85", 4}, /* flooded */
	    {"\x9e\x37\x79\xb1", 4}, {"\xb1\x79\x37\x9e", 4}, /* beaconed to */
	    {"\xc6\x33\x64\x07", 4}, {"\x07\x64\x33\xc6", 4}, /* listed */
	    {"\xc6\x33\x64\x08", 4}, {"\x08\x64\x33\xc6", 4}, /* a listed name's answer */
	    {"canary", 6}, {"site7", 5}, {"example", 7}};
	static const char *const found[] = {"NOTE", "EVID"};
	struct bytes b = saved_half_way(2, NULL);
	size_t in_found = 0;
	struct load in = load_from(bytes_get, &b);
	for (; load_more(&in); load_next(&in)) {
		bool may = load_is(&in, found[0]) || load_is(&in, found[1]);
		for (size_t i = 0; i < ROWS(canaries); i++) {
			bool there = holds(&in.section, &canaries[i]);
			in_found += there && may;
			if (there && !may)
				fail_msg("canary %zu stands in section %.4s", i, in.tag);
		}
	}
	assert_true(in_found > 3); /* the search would find one */
	assert_int_equal(load_finish(&in, NULL), ERR_OK);
	text_fini(&b.t);
}

/* Damage that the seal would have refused: a code or a load, and no harm in what comes then. */
static void damaged_state_does_no_harm(void **state)
{
	(void)state;
	struct provider *x = provider_new(0, 1024, NULL);
	provider_live(x, 60, 0, 100);
	struct bytes b = provider_save(x);
	provider_free(x);
	struct rand r = rand_of(3, 0);
	for (int trial = 0; trial < 300; trial++) {
		size_t at = rand_below(&r, b.t.n);
		char was = b.t.p[at];
		b.t.p[at] = (char)(was ^ (1 << rand_below(&r, 8)));
		x = provider_new(trial % 2 ? 0 : 2, 1024, NULL);
		if (provider_load(x, &b, NULL) == ERR_OK)
			provider_live(x, 20, 100, 104);
		provider_free(x);
		b.t.p[at] = was;
	}
	for (size_t n = 0; n < b.t.n; n += 1 + n / 3) {
		struct bytes cut = {.t = {.p = b.t.p, .n = n}};
		x = provider_new(0, 1024, NULL);
		assert_int_not_equal(provider_load(x, &cut, NULL), ERR_OK);
		provider_free(x);
	}
	text_fini(&b.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_detector_finds_something),
	    cmocka_unit_test(a_restart_forgets_nothing),
	    cmocka_unit_test(what_is_loaded_is_saved_again_as_it_was),
	    cmocka_unit_test(the_key_is_part_of_the_state),
	    cmocka_unit_test(a_changed_detector_starts_afresh_and_the_others_go_on),
	    cmocka_unit_test(a_smaller_table_holds_what_it_can),
	    cmocka_unit_test(records_may_come_between_the_steps),
	    cmocka_unit_test(a_line_that_stands_there_twice_counts_once),
	    cmocka_unit_test(no_peer_is_named_but_in_what_was_found),
	    cmocka_unit_test(damaged_state_does_no_harm),
	};
	return cmocka_run_group_tests_name("saved", tests, NULL, NULL);
}
