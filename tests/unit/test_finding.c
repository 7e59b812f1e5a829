/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a finding is told: stronger by 1 dB, a behaviour whose events came to span 30 s and 30 min,
 * and the last word of each day. */
#include "base/mem.h"
#include "detect/shard.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#define T0 1767312000000ll /* a midnight, UTC */
enum { MINUTE_MS = 60000, DAY_MS = 86400000 };

struct told {
	struct detect *d;
	struct evidences out;
	struct line *line;
};

static struct told told_new(void)
{
	static const bool none[DETECTORS_MAX];
	static const void *const opts[DETECTORS_MAX];
	const struct detect_options o = {.lines = 1024, .destinations = 1024};
	struct told x = {.d = detect_new(&o, 1, opts, none)};
	x.line = mem_new(1, x.d->line_bytes);
	x.line->subject =
	    (struct subject){.kind = SUBJECT_V4, .bits = 128, .id = addr_v4(0x0a000001)};
	x.d->now = x.line;
	x.d->running = detector_number(&detector_scan_bot_ports);
	return x;
}

static void told_fini(struct told *x)
{
	findings_close(x->d, x->line);
	detect_free(x->d);
	free(x->line);
	free(x->out.v);
}

/* An event at this time, after which the statistic has this p; how many findings it told. */
static size_t event(struct told *x, int64_t at_ms, double p)
{
	size_t before = x->out.n;
	struct verdict v = {.value = 1 / p, .p = p, .share = .9, .prevalence = -1, .sampling = 1};
	v.window_ms = (T0 + at_ms) / 3600000 * 3600000;
	x->d->out = &x->out;
	finding_event(x->d, T0 + at_ms);
	(void)finding_judge(x->d, &v);
	finding_tell(x->d);
	return x->out.n - before;
}

static void weak_findings_are_not_told(void **state)
{
	(void)state;
	struct told x = told_new();
	assert_int_equal(event(&x, 0, .5), 0);
	assert_int_equal(event(&x, MINUTE_MS, .01), 0); /* 6 dB */
	findings_close(x.d, x.line);
	assert_int_equal(x.out.n, 0);
	told_fini(&x);
}

static void it_is_told_when_it_got_stronger(void **state)
{
	(void)state;
	struct told x = told_new();
	assert_int_equal(event(&x, 0, 1e-3), 1);   /* 13.5 dB */
	assert_int_equal(event(&x, 1, .95e-3), 0); /* by less than 1 dB */
	assert_int_equal(event(&x, 2, .5e-3), 1);  /* by more */
	assert_int_equal(event(&x, 3, .9), 0);     /* the best stays */
	const struct evidence *e = &x.out.v[x.out.n - 1];
	assert_float_equal((float)e->value, 2000.f, 1.f);
	assert_float_equal((float)e->p, .5e-3f, 1e-8f);
	assert_float_equal((float)e->share, .9f, .001f);
	assert_true(e->behaviour);
	told_fini(&x);
}

static void it_is_told_when_its_events_came_to_span(void **state)
{
	(void)state;
	struct told x = told_new();
	assert_int_equal(event(&x, 0, 1e-6), 1);
	assert_int_equal(event(&x, 29000, 1), 0);
	assert_int_equal(event(&x, 30000, 1), 1);
	assert_int_equal(event(&x, 31000, 1), 0);
	assert_int_equal(event(&x, 1799000, 1), 0);
	assert_int_equal(event(&x, 1800000, 1), 1);
	assert_int_equal(event(&x, 3 * 3600000, 1), 0);
	const struct evidence *e = &x.out.v[x.out.n - 1];
	assert_int_equal(e->day_last_ms - e->day_first_ms, 1800000);
	told_fini(&x);
}

static void what_is_no_behaviour_is_not_told_for_its_span(void **state)
{
	(void)state;
	struct told x = told_new();
	assert_int_equal(event(&x, 0, 1.2e-5), 1);
	assert_int_equal(event(&x, 1800000, 1), 0);
	told_fini(&x);
}

static void an_event_before_counts_for_the_span(void **state)
{
	(void)state;
	struct told x = told_new();
	assert_int_equal(event(&x, 60000, 1e-6), 1);
	assert_int_equal(event(&x, 20000, 1), 1);
	assert_int_equal(x.out.v[1].first_ms, T0 + 20000);
	told_fini(&x);
}

static void a_day_has_its_last_word_and_the_next_begins_anew(void **state)
{
	(void)state;
	struct told x = told_new();
	assert_int_equal(event(&x, 0, 1e-6), 1);
	assert_int_equal(event(&x, 100, 1), 0);
	assert_int_equal(event(&x, DAY_MS, .9), 1);     /* yesterday's */
	assert_int_equal(x.out.v[1].day_last_ms, T0);   /* to the second */
	assert_int_equal(event(&x, DAY_MS - 1, .9), 0); /* a little late: counts for today */
	assert_int_equal(event(&x, DAY_MS + 1, 1e-3), 1);
	assert_float_equal((float)x.out.v[2].value, 1000.f, 1.f);
	told_fini(&x);
}

static void the_cap_holds(void **state)
{
	(void)state;
	struct told x = told_new();
	assert_int_equal(event(&x, 0, 1e-30), 1);
	assert_float_equal((float)x.out.v[0].db, (float)detector_scan_bot_ports.cap_db, .01f);
	told_fini(&x);
}

static void note(struct told *x, uint32_t peer, uint16_t port)
{
	union addr a = addr_v4(peer);
	finding_note(x->d, &a, port, PROTO_TCP, (struct span){0});
}

static void what_stands_behind_it_is_noted_by_count(void **state)
{
	(void)state;
	struct told x = told_new();
	note(&x, 1, 23); /* below 5 dB it costs no memory */
	assert_int_equal(x.d->notes.free_n, x.d->notes.n);
	assert_int_equal(event(&x, 0, 1e-3), 1);
	for (uint32_t i = 0; i < 5; i++)
		for (uint32_t k = 0; k < 10 + i; k++)
			note(&x, 100 + i, 23);
	note(&x, 7, 23); /* takes the place of the least, and says so by its count */
	assert_int_equal(event(&x, 1, 1e-5), 1);
	const struct evidence *e = &x.out.v[1];
	assert_int_equal(e->top_n, EVIDENCE_TOP);
	for (uint32_t i = 1; i < e->top_n; i++)
		assert_true(e->top[i - 1].count >= e->top[i].count);
	assert_int_equal(e->top[0].count, 14);
	assert_int_equal(e->top[4].count, 11);
	findings_close(x.d, x.line);
	assert_int_equal(x.d->notes.free_n, x.d->notes.n);
	told_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(weak_findings_are_not_told),
	    cmocka_unit_test(it_is_told_when_it_got_stronger),
	    cmocka_unit_test(it_is_told_when_its_events_came_to_span),
	    cmocka_unit_test(what_is_no_behaviour_is_not_told_for_its_span),
	    cmocka_unit_test(an_event_before_counts_for_the_span),
	    cmocka_unit_test(a_day_has_its_last_word_and_the_next_begins_anew),
	    cmocka_unit_test(the_cap_holds),
	    cmocka_unit_test(what_stands_behind_it_is_noted_by_count),
	};
	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
