/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a statistic to a strength (detection.md 3, 4.3): the anchors of the text, the constants of
 * every detector, and the rules without which the e-value algebra is void (4.5, V1 and V2). */
#include "base/rand.h"
#include "detect/inner.h"
#include "unit.h"
#include <math.h>
#include <string.h>

static void the_calibrator_meets_its_anchors(void **state)
{
	(void)state;
	static const struct {
		double p, db;
	} rows[] = {{1e-4, 21}, {1e-5, 28.8}, {1e-6, 37}, {1e-8, 55}, {1e-10, 73}, {1, -3.01}};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_float_equal((float)strength_db(rows[i].p), (float)rows[i].db, .5f);
	for (double p = 1; p > 1e-280; p *= .7)
		assert_true(strength_db(p * .7) > strength_db(p));
	assert_true(isfinite(strength_db(0)));
}

static const struct detector *detector(const char *name)
{
	for (size_t i = 0; i < detectors_n; i++)
		if (strcmp(detectors[i]->name, name) == 0)
			return detectors[i];
	fail_msg("there is no detector %s", name);
	return NULL;
}

static void the_detectors_meet_their_anchors(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int which;
		double x, db;
	} rows[] = {
	    {"scan-bot-ports", 0, 50, 30},
	    {"scan-bot-ports", 0, 1000, 52},
	    {"spam-sending", 0, 30, 29},
	    {"spam-sending", 0, 300, 46},
	    {"flood-sending", 0, 10000, 37},
	    {"random-domains", 0, 113, 35},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct detector *d = detector(rows[i].name);
		double db = strength_db(tail_p(&d->tail[rows[i].which], rows[i].x));
		if (fabs(db - rows[i].db) > 1)
			fail_msg("%s: %.0f gives %.1f dB", rows[i].name, rows[i].x, db);
	}
}

#define NO_TAIL                                                                                    \
	{                                                                                          \
		0, 0, 0                                                                            \
	}

static void the_constants_are_those_of_the_text(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct tail tail[2];
		double weight, cap_db;
		int64_t window_ms;
		enum detector_group group;
		bool behaviour;
	} rows[] = {
	    {"indicator-contact", {NO_TAIL}, 1, 45, -1, GROUP_INTEL, false},
	    {"scan-bot-ports", {{3, 2e-3, 2}}, .45, 55, 3600000, GROUP_PROPAGATION, true},
	    {"scan-any-port", {NO_TAIL}, .15, 40, -1, GROUP_PROPAGATION, true},
	    {"password-guessing", {{30, 5e-4, 2}}, .15, 45, 600000, GROUP_PROPAGATION, true},
	    {"spam-sending", {{3, 1e-3, 2}, {100, 1e-3, 2}}, .35, 50, 3600000, GROUP_ABUSE, true},
	    {"flood-sending", {{1000, 1e-4, 2}}, .35, 50, -1, GROUP_ABUSE, true},
	    {"random-domains", {{5, 5e-3, 2.5}}, .30, 50, 600000, GROUP_C2, true},
	    {"dns-tunnel", {{2048, 2e-3, 3}, {5, 1e-3, 3}}, .15, 40, -1, GROUP_C2, true},
	    {"regular-contact", {NO_TAIL}, .15, 30, -1, GROUP_C2, false},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct detector *d = detector(rows[i].name);
		bool same = fabs(d->weight - rows[i].weight) < 1e-9 &&
			    fabs(d->cap_db - rows[i].cap_db) < 1e-9 && d->group == rows[i].group &&
			    d->behaviour == rows[i].behaviour &&
			    (rows[i].window_ms < 0 || d->window_ms == rows[i].window_ms);
		for (int k = 0; k < 2 && rows[i].tail[k].u > 0; k++)
			same = same && fabs(d->tail[k].u - rows[i].tail[k].u) < 1e-9 &&
			       fabs(d->tail[k].p - rows[i].tail[k].p) < 1e-9 &&
			       fabs(d->tail[k].a - rows[i].tail[k].a) < 1e-9;
		if (!same)
			fail_msg("%s differs", d->name);
	}
}

static void a_group_averages_its_e_values(void **state)
{
	(void)state;
	double sum[GROUP_N] = {0};
	for (size_t i = 0; i < detectors_n; i++)
		sum[detectors[i]->group] += detectors[i]->weight;
	for (int g = 0; g < GROUP_N; g++)
		assert_true(sum[g] <= 1 + 1e-9); /* else the mean of e may exceed 1 */
}

/* V1: where the benign daily maximum follows the tail model, the mean of e is at most 1. The model
 * is drawn by its inverse; counts are whole numbers, so they are rounded down. */
static double mean_e(const struct tail *t, uint64_t seed, bool whole)
{
	enum { DAYS = 200000 };
	struct rand r = rand_of(seed, 7);
	double sum = 0;
	for (int i = 0; i < DAYS; i++) {
		double x = t->u * pow((1 - rand_unit(&r)) / t->p, -1 / t->a);
		sum += pow(10, strength_db(tail_p(t, whole ? floor(x) : x)) / 10);
	}
	return sum / DAYS;
}

static void benign_lines_give_a_mean_of_at_most_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < detectors_n; i++)
		for (int k = 0; k < 2; k++)
			for (uint64_t seed = 1; detectors[i]->tail[k].u > 0 && seed <= 3; seed++) {
				double e = mean_e(&detectors[i]->tail[k], seed, k == 0);
				if (e > 1.05) /* what 200,000 draws leave to chance */
					fail_msg("%s %d: mean e %.3f", detectors[i]->name, k, e);
			}
}

/* The calibrator itself: the integral of e(p) over 0..1 is 1, taken in the logarithm of p. */
static void the_calibrator_is_an_e_value(void **state)
{
	(void)state;
	double sum = 0, step = .001;
	for (double l = -690 + step / 2; l < -.001; l += step)
		sum += pow(10, strength_db(exp(l)) / 10) * exp(l) * step;
	assert_true(sum <= 1.001 && sum > .99);
}

/* V2: the highest point of a walk that restarts, corrected for its restarts, is a valid p. */
static void a_walks_maximum_is_a_valid_p(void **state)
{
	(void)state;
	enum { DAYS = 20000, STEPS = 200 };
	static const double theta[] = {.40, .35, .7, .5};
	static const double levels[] = {.1, .01, .001};
	for (size_t k = 0; k < ROWS(theta); k++) {
		struct rand r = rand_of(3, k);
		int below[ROWS(levels)] = {0};
		double up = 10 * log10(.9 / theta[k]), down = 10 * log10(.1 / (1 - theta[k]));
		for (int day = 0; day < DAYS; day++) {
			double now = 0, most = 0;
			int restarts = 1;
			for (int i = 0; i < STEPS; i++) {
				now += rand_unit(&r) < theta[k] ? up : down;
				if (now <= 0) {
					now = 0;
					restarts++;
				}
				most = now > most ? now : most;
			}
			for (size_t l = 0; l < ROWS(levels); l++)
				below[l] += restarts * pow(10, -most / 10) <= levels[l];
		}
		for (size_t l = 0; l < ROWS(levels); l++)
			assert_true(below[l] <= levels[l] * DAYS * 1.1);
	}
}

static void ports_have_their_class(void **state)
{
	(void)state;
	static const struct {
		uint16_t port;
		enum port_class class;
	} rows[] = {{22, CLASS_B}, {23, CLASS_B}, {81, CLASS_B}, {445, CLASS_B}, {60001, CLASS_B},
	    {80, CLASS_W}, {443, CLASS_W}, {8443, CLASS_W}, {25, CLASS_M}, {587, CLASS_M},
	    {53, CLASS_D}, {123, CLASS_D}, {9999, CLASS_O}, {10000, CLASS_P}, {65535, CLASS_P},
	    {0, CLASS_O}};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(port_class(rows[i].port), rows[i].class);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_calibrator_meets_its_anchors),
	    cmocka_unit_test(the_detectors_meet_their_anchors),
	    cmocka_unit_test(the_constants_are_those_of_the_text),
	    cmocka_unit_test(a_group_averages_its_e_values),
	    cmocka_unit_test(benign_lines_give_a_mean_of_at_most_one),
	    cmocka_unit_test(the_calibrator_is_an_e_value),
	    cmocka_unit_test(a_walks_maximum_is_a_valid_p),
	    cmocka_unit_test(ports_have_their_class),
	};
	return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
