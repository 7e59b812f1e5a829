/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fusion, tiers, the limit on notices and what is muted (detection.md 4.5, 4.6), with the worked
 * examples of the text. */
#include "base/mem.h"
#include "evidence/evidence.h"
#include "unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INTEL, SCAN_B, BRUTE, DGA, BEACON, SPAM, DDOS, SOURCES };
static const struct evidence_source sources[SOURCES] = {
    [INTEL] = {"intel", "T1071", .sentence = {"x", NULL}, .group = 0, .weight = 1},
    [SCAN_B] = {"scan-b", "T1595.001", .sentence = {"x", NULL}, .group = 1, .weight = .45},
    [BRUTE] = {"brute", "T1110", .sentence = {"x", NULL}, .group = 1, .weight = .15},
    [DGA] = {"dga", "T1568", .sentence = {"x", NULL}, .group = 2, .weight = .30},
    [BEACON] = {"beacon", "T1071", .sentence = {"x", NULL}, .group = 2, .weight = .15},
    [SPAM] = {"spam", "T1566", .sentence = {"x", NULL}, .group = 3, .weight = .35},
    [DDOS] = {"ddos", "T1498", .sentence = {"x", NULL}, .group = 3, .weight = .35},
};
static const struct evidence_options options = {.prior = .005, .notice_db = 70, .q = .001};

#define DAY_MS  86400000ll
#define HOUR_MS 3600000ll
#define T0      (20000 * DAY_MS)
enum { LONG_RUN_MS = 86400000, SHORT_RUN_MS = 600000 };

struct part { /* a finding on the line */
	double db, p;
	int64_t first_ms, last_ms; /* after T0 */
	uint32_t detector;
};

static struct evidence evidence_of(const struct part *x)
{
	struct evidence e = {
	    .subject = {.kind = SUBJECT_V4, .bits = 128, .id = addr_v4(0x0a000001)},
	    .detector = x->detector,
	    .p = x->p > 0 ? x->p : 1e-9,
	    .db = x->db,
	    .cap_db = 60,
	    .share = -1,
	    .prevalence = -1,
	    .sampling = 1,
	    .statistic = "n",
	    .unit = "hosts/h",
	    .count = 1,
	    .first_ms = T0 + x->first_ms,
	    .last_ms = T0 + x->last_ms};
	e.behaviour = x->detector != INTEL && x->detector != BEACON;
	e.window_ms = e.first_ms;
	e.day_first_ms = e.first_ms;
	e.day_last_ms = e.last_ms;
	return e;
}

static struct evidence_table *table_of(const struct part *v, size_t n, const struct allow *allow)
{
	struct evidence_table *t = evidence_new(&options, sources, SOURCES, allow);
	for (size_t i = 0; i < n && v[i].db > 0; i++) {
		struct evidence e = evidence_of(&v[i]);
		evidence_add(t, &e);
	}
	return t;
}

static struct verdict_line verdict_of(struct evidence_table *t, int64_t run_ms, uint64_t lines)
{
	size_t n;
	const struct verdict_line *v = evidence_judge(t, run_ms, lines, TIER_NONE, &n);
	assert_int_equal(n, 1);
	return v[0];
}

#define SPAN .last_ms = 2 * HOUR_MS
static void the_worked_examples_hold(void **state)
{
	(void)state;
	static const struct {
		struct part part[3];
		double score_db;
		enum tier tier;
	} rows[] = {
	    {{{52, .detector = SCAN_B, SPAN}, {35, .detector = INTEL, SPAN}}, 76.5, TIER_NOTICE},
	    {{{52, .detector = SCAN_B, SPAN}, {32, .detector = DDOS, SPAN}}, 70.5, TIER_NOTICE},
	    {{{45, .detector = SPAM, SPAN}, {30, .detector = DGA, SPAN},
		 {20, .detector = INTEL, SPAN}},
		72.2, TIER_NOTICE},
	    {{{45, .detector = INTEL, SPAN}, {30, .detector = DGA, SPAN}}, 64.8, TIER_SUSPECT},
	    {{{52, .detector = SCAN_B, SPAN}}, 48.5, TIER_BEHAVIOUR},
	    {{{45, .detector = INTEL, SPAN}}, 45, TIER_SUSPECT},
	    {{{20, .detector = INTEL, SPAN}}, 20, TIER_OBSERVE},
	    {{{19.9, .detector = INTEL, SPAN}}, 19.9, TIER_NONE},
	    {{{30, .detector = BEACON, SPAN}}, 21.8, TIER_OBSERVE},
	    /* two of one group: e-values are added by weight, not decibels */
	    {{{40, .detector = SPAM, SPAN}, {40, .detector = DDOS, SPAN}}, 38.5, TIER_BEHAVIOUR},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct evidence_table *t = table_of(rows[i].part, 3, NULL);
		struct verdict_line v = verdict_of(t, LONG_RUN_MS, 1000);
		if (fabs(v.score_db - rows[i].score_db) > 0.1 || v.tier != rows[i].tier)
			fail_msg("row %zu: %.2f dB, %s", i, v.score_db, tier_words[v.tier]);
		evidence_free(t);
	}
}

static void a_behaviour_is_rare_enough_and_lasts(void **state)
{
	(void)state;
	static const struct {
		struct part part;
		int64_t run_ms;
		enum tier tier;
	} rows[] = {
	    {{30, 1e-5, 0, 1800000, SCAN_B}, LONG_RUN_MS, TIER_BEHAVIOUR},
	    {{30, 1.1e-5, 0, 1800000, SCAN_B}, LONG_RUN_MS, TIER_OBSERVE},
	    {{30, 1e-5, 0, 1799999, SCAN_B}, LONG_RUN_MS, TIER_OBSERVE},
	    {{30, 1e-5, 0, 1799999, SCAN_B}, 7200000, TIER_OBSERVE},
	    {{30, 1e-5, 0, 30000, SCAN_B}, 7199999, TIER_BEHAVIOUR},
	    {{30, 1e-5, 0, 29999, SCAN_B}, SHORT_RUN_MS, TIER_OBSERVE},
	    {{30, 1e-9, 0, 1800000, BEACON}, LONG_RUN_MS, TIER_OBSERVE},
	    {{10, 1e-5, 0, 1800000, SCAN_B}, LONG_RUN_MS, TIER_BEHAVIOUR},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct evidence_table *t = table_of(&rows[i].part, 1, NULL);
		struct verdict_line v = verdict_of(t, rows[i].run_ms, 1000);
		if (v.tier != rows[i].tier)
			fail_msg("row %zu: %s", i, tier_words[v.tier]);
		evidence_free(t);
	}
}

static void a_notice_needs_two_groups_and_two_hours(void **state)
{
	(void)state;
	static const struct {
		struct part part[2];
		enum tier tier;
	} rows[] = {
	    {{{55, 0, 0, HOUR_MS, SCAN_B}, {35, 0, 0, 0, INTEL}}, TIER_NOTICE},
	    {{{55, 0, 0, HOUR_MS - 1, SCAN_B}, {35, 0, 0, 0, INTEL}}, TIER_SUSPECT},
	    {{{55, 0, 0, 0, SCAN_B}, {35, 0, HOUR_MS, HOUR_MS, INTEL}}, TIER_NOTICE},
	    /* the second group lies below 15 dB, below 10 dB */
	    {{{58, 0, 0, HOUR_MS, INTEL}, {22, 0, 0, HOUR_MS, BEACON}}, TIER_SUSPECT},
	    {{{55, 0, 0, HOUR_MS, SCAN_B}, {17, 0, 0, HOUR_MS, BEACON}}, TIER_BEHAVIOUR},
	    {{{55, 0, 0, HOUR_MS, SCAN_B}, {19, 0, 0, HOUR_MS, BEACON}}, TIER_SUSPECT},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct evidence_table *t = table_of(rows[i].part, 2, NULL);
		struct verdict_line v = verdict_of(t, LONG_RUN_MS, 10);
		if (v.tier != rows[i].tier)
			fail_msg("row %zu: %s, %.1f dB", i, tier_words[v.tier], v.score_db);
		evidence_free(t);
	}
}

static void repetition_of_one_cause_stays_below_its_cap(void **state)
{
	(void)state;
	static const uint32_t each[] = {INTEL, SCAN_B, DGA, SPAM};
	static const double cap_db[] = {55, 55, 50, 50};
	for (size_t k = 0; k < ROWS(each); k++) {
		struct part days[20];
		for (int d = 0; d < 20; d++)
			days[d] = (struct part){55, 0, d * DAY_MS, d * DAY_MS + HOUR_MS, each[k]};
		struct evidence_table *t = table_of(days, ROWS(days), NULL);
		struct verdict_line v = verdict_of(t, 20 * DAY_MS, 10);
		assert_float_equal((float)v.score_db, (float)cap_db[k], .01f);
		assert_true(v.tier < TIER_NOTICE);
		evidence_free(t);
	}
}

static void old_evidence_fades(void **state)
{
	(void)state;
	/* 20 dB after weight, half of it a half-life later: 7 days for scans, 14 for indicators */
	static const struct {
		struct part part[2];
		double score_db;
	} rows[] = {
	    {{{20, 0, 0, 0, INTEL}, {20, 0, 14 * DAY_MS, 14 * DAY_MS, INTEL}}, 30},
	    {{{23.468, 0, 0, 0, SCAN_B}, {23.468, 0, 7 * DAY_MS, 7 * DAY_MS, SCAN_B}}, 30},
	    {{{20, 0, 0, 0, INTEL}, {20, 0, 28 * DAY_MS, 28 * DAY_MS, INTEL}}, 25},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct evidence_table *t = table_of(rows[i].part, 2, NULL);
		struct verdict_line v = verdict_of(t, 28 * DAY_MS, 1000);
		assert_float_equal((float)v.score_db, (float)rows[i].score_db, .01f);
		evidence_free(t);
	}
}

/* Command and control towards what an indicator has scored already is the same cause. */
static void what_an_indicator_scored_counts_half(void **state)
{
	(void)state;
	static const struct {
		const char *intel, *beacon;
		double score_db;
	} rows[] = {
	    {"bad.example", "bad.example", 35 + .8 * (15 - 8.239)},
	    {"bad.example", "other.example", 35 + .8 * (30 - 8.239)},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct evidence_table *t = evidence_new(&options, sources, SOURCES, NULL);
		struct evidence intel = evidence_of(&(struct part){35, .detector = INTEL}),
				beacon = evidence_of(&(struct part){30, .detector = BEACON});
		intel.top_n = beacon.top_n = 1;
		(void)str_copy(
		    intel.top[0].name, EVIDENCE_NAME, rows[i].intel, strlen(rows[i].intel));
		(void)str_copy(
		    beacon.top[0].name, EVIDENCE_NAME, rows[i].beacon, strlen(rows[i].beacon));
		evidence_add(t, &intel);
		evidence_add(t, &beacon);
		struct verdict_line v = verdict_of(t, LONG_RUN_MS, 1000);
		assert_float_equal((float)v.score_db, (float)rows[i].score_db, .01f);
		evidence_free(t);
	}
}

static void a_finding_told_again_stays_one(void **state)
{
	(void)state;
	static const struct part parts[] = {{30, 1e-5, 100, 200, SCAN_B},
	    {40, 1e-7, 150, 900, SCAN_B}, {35, 1e-6, 50, 300, SCAN_B},
	    {12, 1e-3, DAY_MS, DAY_MS, SCAN_B}};
	struct evidence_table *t = table_of(parts, ROWS(parts), NULL);
	struct verdict_line v = verdict_of(t, LONG_RUN_MS, 1000);
	assert_int_equal(v.evidence_n, 2);
	assert_float_equal((float)v.evidence[0].db, 40.f, .01f);
	assert_int_equal(v.evidence[0].first_ms, T0 + 50);
	assert_int_equal(v.evidence[0].last_ms, T0 + 900);
	assert_int_equal(v.first_ms, T0 + 50);
	assert_int_equal(v.last_ms, T0 + DAY_MS);
	evidence_free(t);
}

static void the_weakest_finding_gives_way(void **state)
{
	(void)state;
	struct part days[100];
	for (int d = 0; d < 100; d++)
		days[d] = (struct part){20 + d % 50, 0, d * DAY_MS, d * DAY_MS, SCAN_B};
	struct evidence_table *t = table_of(days, ROWS(days), NULL);
	struct verdict_line v = verdict_of(t, 100 * DAY_MS, 1000);
	assert_int_equal(v.evidence_n, 64);
	assert_float_equal((float)v.evidence[0].db, 69.f, .01f);
	assert_float_equal((float)v.evidence[63].db, 38.f, .01f);
	evidence_free(t);
}

/* e-BH: k notices stand if the k-th score is at least 10 log10(lines / (q k)). */
static void notices_are_limited_by_the_number_of_lines(void **state)
{
	(void)state;
	static const struct {
		uint64_t lines;
		size_t candidates, notices;
	} rows[] = {
	    {1000, 1, 1}, {46000, 1, 0}, {46000, 2, 2}, {1000000, 20, 0}, {1000000, 23, 23}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct evidence_table *t = evidence_new(&options, sources, SOURCES, NULL);
		for (uint32_t k = 0; k < rows[i].candidates; k++) {
			struct evidence scan = evidence_of(
					    &(struct part){52, .detector = SCAN_B, SPAN}),
					intel = evidence_of(
					    &(struct part){35, .detector = INTEL, SPAN});
			scan.subject.id = intel.subject.id = addr_v4(0x0a000000 + k);
			evidence_add(t, &scan);
			evidence_add(t, &intel);
		}
		size_t n, notices = 0;
		const struct verdict_line *v =
		    evidence_judge(t, LONG_RUN_MS, rows[i].lines, TIER_SUSPECT, &n);
		assert_int_equal(n, rows[i].candidates);
		for (size_t k = 0; k < n; k++)
			notices += v[k].tier == TIER_NOTICE;
		if (notices != rows[i].notices)
			fail_msg("row %zu: %zu notices", i, notices);
		evidence_free(t);
	}
}

static void confidence_is_capped_while_uncalibrated(void **state)
{
	(void)state;
	static const struct {
		double db, probability;
	} rows[] = {{23, .5}, {13, .09}, {33, .909}, {50, .98}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct part x = {rows[i].db, .detector = INTEL};
		struct evidence_table *t = table_of(&x, 1, NULL);
		struct verdict_line v = verdict_of(t, LONG_RUN_MS, 1000);
		assert_float_equal((float)v.probability, (float)rows[i].probability, .005f);
		evidence_free(t);
	}
}

static void allow_rows_mute_what_they_name(void **state)
{
	(void)state;
	static const struct {
		const char *row;
		uint64_t muted;
	} rows[] = {
	    {"10.0.0.1,*", 1},
	    {"10.0.0.0/8,scan-b", 1},
	    {"line,detector,peer or port,until,reason\n10.0.0.1,scan-b,*,*,test", 1},
	    {"# a remark\n\n10.0.0.1,scan-b,23,,port", 1},
	    {"10.0.0.1,scan-b,198.51.100.0/24,2100-01-01T00:00:00Z,peer", 1},
	    {"10.0.0.1,scan-b,24", 0},
	    {"10.0.0.1,scan-b,198.51.100.8", 0},
	    {"10.0.0.1,dga", 0},
	    {"10.0.0.2,*", 0},
	    {"10.0.0.1,*,*,2001-01-01T00:00:00Z,over", 0},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct allow *a = allow_new();
		struct err why;
		assert_int_equal(
		    allow_read(a, "allow.csv", rows[i].row, strlen(rows[i].row), &why), ERR_OK);
		struct evidence_table *t = evidence_new(&options, sources, SOURCES, a);
		struct evidence e = evidence_of(&(struct part){30, .detector = SCAN_B});
		e.top_n = 1;
		e.top[0] = (struct evidence_top){.addr = addr_v4(0xc6336407), .port = 23};
		evidence_add(t, &e);
		if (evidence_muted(t) != rows[i].muted)
			fail_msg("'%s' mutes %d", rows[i].row, (int)evidence_muted(t));
		evidence_free(t);
		allow_free(a);
	}
}

static void wrong_allow_rows_are_named(void **state)
{
	(void)state;
	static const char *const rows[] = {
	    "x,*", "10.0.0.1", "10.0.0.1,*,nowhere", "10.0.0.1,*,*,tomorrow", "10.0.0.1,*,70000"};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct allow *a = allow_new();
		struct err e = {0};
		assert_int_equal(
		    allow_read(a, "allow.csv", rows[i], strlen(rows[i]), &e), ERR_CONFIG);
		assert_non_null(strstr(e.msg, "allow.csv line 1"));
		allow_free(a);
	}
}

static void add_lines(struct evidence_table *t, uint32_t from, uint32_t n, int64_t every_ms)
{
	for (uint32_t i = from; i < from + n; i++) {
		struct evidence e = evidence_of(&(struct part){30, .detector = SCAN_B, SPAN});
		e.subject.id = addr_v4(0x0a000000 + i);
		e.last_ms += i * every_ms;
		evidence_add(t, &e);
	}
}

static bool has_line(struct evidence_table *t, uint32_t i)
{
	size_t n;
	const union addr id = addr_v4(0x0a000000 + i);
	const struct verdict_line *v = evidence_judge(t, LONG_RUN_MS, 1, TIER_NONE, &n);
	for (size_t k = 0; k < n; k++)
		if (addr_same(&v[k].subject.id, &id))
			return true;
	return false;
}

static void lines_are_forgotten_long_after_their_last_finding(void **state)
{
	(void)state;
	struct evidence_table *t = evidence_new(&options, sources, SOURCES, NULL);
	enum { MANY = 10000 };
	add_lines(t, 0, 10, DAY_MS);
	int64_t last_ms = evidence_of(&(struct part){30, .detector = SCAN_B, SPAN}).last_ms;
	evidence_forget(t, last_ms + evidence_forgotten_ms);
	assert_true(has_line(t, 0));
	evidence_forget(t, last_ms + evidence_forgotten_ms + 5 * DAY_MS);
	assert_false(has_line(t, 4));
	assert_true(has_line(t, 5));
	add_lines(t, 5, MANY, DAY_MS); /* found by their subject still */
	size_t n;
	(void)evidence_judge(t, LONG_RUN_MS, 1, TIER_NONE, &n);
	assert_int_equal(n, MANY);
	assert_int_equal(evidence_dropped(t), 0);
	evidence_free(t);
}

static void a_full_table_gives_up_what_was_found_longest_ago(void **state)
{
	(void)state;
	enum { MAX = 1600, MORE = 1000 };
	struct evidence_table *t = evidence_new(&options, sources, SOURCES, NULL);
	size_t n;
	evidence_limit(t, MAX);
	add_lines(t, 0, MAX, 1000);
	assert_int_equal(evidence_dropped(t), 0);
	assert_true(has_line(t, 0));
	add_lines(t, MAX, MORE, 1000);
	(void)evidence_judge(t, LONG_RUN_MS, 1, TIER_NONE, &n);
	assert_in_range(n, MAX - MAX / 16 - 1, MAX);
	assert_int_equal(n + evidence_dropped(t), MAX + MORE);
	assert_false(has_line(t, 0));
	assert_true(has_line(t, MAX + MORE - 1));
	evidence_free(t);
	t = evidence_new(&options, sources, SOURCES, NULL); /* all found at one moment */
	evidence_limit(t, MAX);
	add_lines(t, 0, 2 * MAX, 0);
	(void)evidence_judge(t, LONG_RUN_MS, 1, TIER_NONE, &n);
	assert_in_range(n, MAX - MAX / 16 - 1, MAX);
	evidence_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_worked_examples_hold),
	    cmocka_unit_test(a_behaviour_is_rare_enough_and_lasts),
	    cmocka_unit_test(a_notice_needs_two_groups_and_two_hours),
	    cmocka_unit_test(repetition_of_one_cause_stays_below_its_cap),
	    cmocka_unit_test(old_evidence_fades),
	    cmocka_unit_test(what_an_indicator_scored_counts_half),
	    cmocka_unit_test(a_finding_told_again_stays_one),
	    cmocka_unit_test(the_weakest_finding_gives_way),
	    cmocka_unit_test(notices_are_limited_by_the_number_of_lines),
	    cmocka_unit_test(confidence_is_capped_while_uncalibrated),
	    cmocka_unit_test(allow_rows_mute_what_they_name),
	    cmocka_unit_test(wrong_allow_rows_are_named),
	    cmocka_unit_test(lines_are_forgotten_long_after_their_last_finding),
	    cmocka_unit_test(a_full_table_gives_up_what_was_found_longest_ago),
	};
	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
