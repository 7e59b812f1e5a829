/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fusion: see fuse.h. Within a group the e-values are averaged by constant weights, which is valid
 * under any dependence; across groups decibels are added with a discount. From day to day a group's
 * sum decays by half in 14 days (intel, c2) or 7 (propagation, abuse) and never exceeds the group's
 * cap. */
#include "evidence/fuse.h"
#include <math.h>
#include <string.h>

#define BEHAVIOUR_P 1e-5
static const double group_cap_db[EVIDENCE_GROUPS] = {55, 55, 50, 50};
static const double half_life_d[EVIDENCE_GROUPS] = {14, 7, 14, 7};
static const double discount[EVIDENCE_GROUPS] = {1, 0.8, 0.6, 0.4};
static const double probability_max = 0.98; /* until verdicts allow more */
static const double observe_db = 20, suspect_db = 45, intel_alone_db = 35, second_group_db = 10,
		    notice_group_db = 15;
enum {
	GROUP_INTEL_NUMBER = 0,
	GROUP_C2_NUMBER = 2,
	DETECTORS_MAX = 64,
	HOUR_MS = 3600000,
	SPAN_MS = 1800000,
	SPAN_SHORT_MS = 30000,
	SHORT_RUN_MS = 7200000
};

int64_t fuse_day(const struct evidence *e)
{
	return e->window_ms / 86400000;
}

/* Equal, or one a name below the other. */
static bool same_name(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	if (na < nb)
		return same_name(b, a);
	return nb && strcmp(a + na - nb, b) == 0 && (na == nb || a[na - nb - 1] == '.');
}

static bool same_destination(const struct evidence *a, const struct evidence *b)
{
	for (uint32_t i = 0; i < a->top_n; i++)
		for (uint32_t k = 0; k < b->top_n; k++) {
			const struct evidence_top *x = &a->top[i], *y = &b->top[k];
			if (x->name[0] ? same_name(x->name, y->name)
				       : !addr_is_zero(&x->addr) && addr_same(&x->addr, &y->addr))
				return true;
		}
	return false;
}

/* C2 behaviour towards a destination that an indicator has scored already counts half. */
static double own_db(
    const struct evidence_source *sources, const struct verdict_line *v, const struct evidence *e)
{
	if (sources[e->detector].group != GROUP_C2_NUMBER)
		return e->db;
	for (size_t i = 0; i < v->evidence_n; i++)
		if (sources[v->evidence[i].detector].group == GROUP_INTEL_NUMBER &&
		    same_destination(&v->evidence[i], e))
			return e->db / 2;
	return e->db;
}

/* The groups' strength on one day: 10 log10 of the weighted sum of e-values, at least 0. */
static void day_db(const struct evidence_source *sources, const struct verdict_line *v, int64_t day,
    double db[EVIDENCE_GROUPS])
{
	double best[DETECTORS_MAX] = {0}, sum[EVIDENCE_GROUPS] = {0};
	for (size_t i = 0; i < v->evidence_n; i++) {
		const struct evidence *e = &v->evidence[i];
		double x = pow(10, own_db(sources, v, e) / 10);
		if (fuse_day(e) == day && x > best[e->detector])
			best[e->detector] = x;
	}
	for (size_t i = 0; i < v->evidence_n; i++) {
		const struct evidence *e = &v->evidence[i];
		sum[sources[e->detector].group] += sources[e->detector].weight * best[e->detector];
		best[e->detector] = 0;
	}
	for (int g = 0; g < EVIDENCE_GROUPS; g++)
		db[g] = sum[g] > 1 ? 10 * log10(sum[g]) : 0;
}

static double add_groups(const double z[EVIDENCE_GROUPS])
{
	double sorted[EVIDENCE_GROUPS], sum = 0;
	memcpy(sorted, z, sizeof sorted);
	for (int i = 0; i < EVIDENCE_GROUPS; i++) {
		for (int k = i + 1; k < EVIDENCE_GROUPS; k++)
			if (sorted[k] > sorted[i]) {
				double keep = sorted[i];
				sorted[i] = sorted[k];
				sorted[k] = keep;
			}
		sum += discount[i] * sorted[i];
	}
	return sum;
}

/* The first day after `day` on which there is evidence, or -1. */
static int64_t next_day(const struct verdict_line *v, int64_t day)
{
	int64_t next = -1;
	for (size_t i = 0; i < v->evidence_n; i++) {
		int64_t d = fuse_day(&v->evidence[i]);
		if (d > day && (next < 0 || d < next))
			next = d;
	}
	return next;
}

void fuse_line(
    const struct evidence_options *o, const struct evidence_source *sources, struct verdict_line *v)
{
	double z[EVIDENCE_GROUPS] = {0}, today[EVIDENCE_GROUPS];
	int64_t before = -1;
	for (int64_t day; (day = next_day(v, before)) >= 0; before = day) {
		day_db(sources, v, day, today);
		for (int g = 0; g < EVIDENCE_GROUPS; g++) {
			double kept =
			    before < 0 ? 0 : z[g] * exp2(-(double)(day - before) / half_life_d[g]);
			z[g] =
			    kept + today[g] < group_cap_db[g] ? kept + today[g] : group_cap_db[g];
		}
		double s = add_groups(z);
		if (s >= v->score_db) {
			v->score_db = s;
			memcpy(v->group_db, z, sizeof z);
		}
	}
	double prior_db = 10 * log10((1 - o->prior) / o->prior);
	v->probability = 1 / (1 + pow(10, -(v->score_db - prior_db) / 10));
	if (v->probability > probability_max)
		v->probability = probability_max;
}

static int groups_from(const struct verdict_line *v, double db)
{
	int n = 0;
	for (int g = 0; g < EVIDENCE_GROUPS; g++)
		n += v->group_db[g] >= db;
	return n;
}

static bool in_two_hours(const struct verdict_line *v)
{
	for (size_t i = 0; i < v->evidence_n; i++)
		if (v->evidence[i].first_ms / HOUR_MS != v->evidence[i].last_ms / HOUR_MS ||
		    v->evidence[i].first_ms / HOUR_MS != v->evidence[0].first_ms / HOUR_MS)
			return true;
	return false;
}

static bool is_behaviour(const struct evidence *e, int64_t run_span_ms)
{
	int64_t need = run_span_ms < SHORT_RUN_MS ? SPAN_SHORT_MS : SPAN_MS;
	/* p is kept as a float: exactly 1e-5 must pass */
	return e->behaviour && e->p <= BEHAVIOUR_P * (1 + 1e-6) &&
	       e->day_last_ms - e->day_first_ms >= need;
}

enum tier fuse_tier(const struct evidence_options *o, const struct evidence_source *sources,
    const struct verdict_line *v, int64_t run_span_ms)
{
	(void)sources;
	if (v->score_db >= o->notice_db && groups_from(v, notice_group_db) >= 2 && in_two_hours(v))
		return TIER_NOTICE;
	if (v->score_db >= suspect_db && (v->group_db[GROUP_INTEL_NUMBER] >= intel_alone_db ||
					     groups_from(v, second_group_db) >= 2))
		return TIER_SUSPECT;
	for (size_t i = 0; i < v->evidence_n; i++)
		if (is_behaviour(&v->evidence[i], run_span_ms))
			return TIER_BEHAVIOUR;
	return v->score_db >= observe_db ? TIER_OBSERVE : TIER_NONE;
}

void fuse_limit_notices(
    const struct evidence_options *o, struct verdict_line *v, size_t n, uint64_t lines)
{
	size_t candidates = 0, accepted = 0;
	while (candidates < n && v[candidates].tier == TIER_NOTICE)
		candidates++;
	for (size_t k = 1; k <= candidates; k++)
		if (v[k - 1].score_db >= 10 * log10((double)lines / (o->q * (double)k)))
			accepted = k;
	for (size_t i = accepted; i < candidates; i++)
		v[i].tier = TIER_SUSPECT;
}
