/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as text: see when.h. Calendar arithmetic: days from civil date, proleptic Gregorian. */
#include "base/when.h"
#include <stdio.h>

static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

void when_text(char out[WHEN_TEXT], int64_t ms)
{
	if (ms < -62135596800000LL || ms > WHEN_MAX_MS)
		ms = 0;
	int64_t days = ms >= 0 ? ms / 86400000 : -((86399999 - ms) / 86400000);
	int rest = (int)(ms - days * 86400000), year, month, day;
	date_of(days, &year, &month, &day);
	int s = rest / 1000, milli = rest % 1000;
	char frac[8] = "";
	if (milli)
		(void)snprintf(frac, sizeof frac, ".%03u", (unsigned)milli % 1000u);
	(void)snprintf(out, WHEN_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u%sZ", (unsigned)year % 10000u,
	    (unsigned)month % 100u, (unsigned)day % 100u, (unsigned)s / 3600u,
	    (unsigned)s / 60u % 60u, (unsigned)s % 60u, frac);
}

static bool digits(struct span *s, size_t n, int64_t *v)
{
	uint64_t u;
	if (s->n < n || !span_uint((struct span){s->p, n}, &u))
		return false;
	*v = (int64_t)u;
	s->p += n;
	s->n -= n;
	return true;
}

static bool mark(struct span *s, const char *any)
{
	for (; s->n && *any; any++)
		if (s->p[0] == *any) {
			s->p++;
			s->n--;
			return true;
		}
	return false;
}

static bool date(struct span *s, int64_t *days)
{
	static const int64_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t y, m, d;
	if (!digits(s, 4, &y) || !mark(s, "-/") || !digits(s, 2, &m) || !mark(s, "-/") ||
	    !digits(s, 2, &d) || y < 1 || m < 1 || m > 12 || d < 1)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (d > length[m - 1] + (m == 2 && leap))
		return false;
	*days = days_of(y, m, d);
	return true;
}

static int64_t fraction_ms(struct span *s)
{
	int64_t ms = 0, scale = 100;
	for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--, scale /= 10)
		ms += (s->p[0] - '0') * scale;
	return ms;
}

bool when_zone(struct span s, int64_t *zone_ms)
{
	if (span_is_nocase(s, "UTC") || span_is_nocase(s, "Z") || span_is_nocase(s, "GMT")) {
		*zone_ms = 0;
		return true;
	}
	bool west = s.n && s.p[0] == '-';
	int64_t h, m = 0;
	if (!mark(&s, "+-") || !digits(&s, 2, &h))
		return false;
	(void)mark(&s, ":");
	if ((s.n && !digits(&s, 2, &m)) || s.n || h > 14 || m > 59)
		return false;
	*zone_ms = (h * 60 + m) * 60000 * (west ? -1 : 1);
	return true;
}

bool when_zone_abbreviated(struct span s, int64_t *zone_ms)
{
	/* Of the tz database's, those in use that stand for one offset only. */
	static const struct {
		const char *name;
		int hours;
	} zones[] = {{"HST", -10}, {"HDT", -9}, {"AKST", -9}, {"AKDT", -8}, {"PDT", -7},
	    {"MST", -7}, {"MDT", -6}, {"EST", -5}, {"EDT", -4}, {"AST", -4}, {"ADT", -3},
	    {"WET", 0}, {"WEST", 1}, {"BST", 1}, {"CET", 1}, {"CEST", 2}, {"EET", 2}, {"EEST", 3},
	    {"CAT", 2}, {"SAST", 2}, {"WAT", 1}, {"EAT", 3}, {"MSK", 3}, {"PKT", 5}, {"WIB", 7},
	    {"WITA", 8}, {"WIT", 9}, {"HKT", 8}, {"AWST", 8}, {"JST", 9}, {"KST", 9}, {"AEST", 10},
	    {"AEDT", 11}, {"NZST", 12}, {"NZDT", 13}};
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (span_is(s, zones[i].name)) {
			*zone_ms = zones[i].hours * 3600000LL;
			return true;
		}
	return when_zone(s, zone_ms);
}

bool when_parse(struct span s, int64_t zone_ms, int64_t *ms)
{
	int64_t days, h = 0, m = 0, sec = 0, frac = 0;
	s = span_trim(s);
	if (!date(&s, &days))
		return false;
	if (s.n) {
		if (!mark(&s, "Tt ") || !digits(&s, 2, &h) || !mark(&s, ":") ||
		    !digits(&s, 2, &m) || !mark(&s, ":") || !digits(&s, 2, &sec) || h > 23 ||
		    m > 59 || sec > 60)
			return false;
		if (mark(&s, ".,"))
			frac = fraction_ms(&s);
		s = span_trim(s);
		if (s.n && !when_zone(s, &zone_ms))
			return false;
	}
	*ms = ((days * 24 + h) * 60 + m) * 60000 + sec * 1000 + frac - zone_ms;
	return true;
}

bool when_epoch(struct span s, int64_t *ms)
{
	struct span rest = s, whole = span_cut(&rest, '.');
	int64_t sec;
	if (!span_int(whole, &sec) || sec < 0 || sec > WHEN_MAX_MS / 1000)
		return false;
	int64_t frac = rest.p ? fraction_ms(&rest) : 0;
	*ms = sec * 1000 + frac;
	return rest.n == 0;
}

bool when_micros(struct span s, int64_t *us)
{
	struct span rest = s, whole = span_cut(&rest, '.');
	uint64_t sec;
	if (!span_uint(whole, &sec) || sec > WHEN_MAX_MS / 1000)
		return false;
	int64_t frac = 0, scale = 100000;
	for (; rest.n && rest.p[0] >= '0' && rest.p[0] <= '9'; rest.p++, rest.n--, scale /= 10)
		frac += (rest.p[0] - '0') * scale;
	*us = (int64_t)sec * 1000000 + frac;
	return rest.n == 0;
}

void when_span(char out[WHEN_TEXT], int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} steps[] = {{172800000, "d"}, {7200000, "h"}, {120000, "min"}, {0, "s"}};
	static const int64_t unit_ms[] = {86400000, 3600000, 60000, 1000};
	for (int i = 0; i < 4; i++)
		if (ms >= steps[i].ms) {
			(void)snprintf(
			    out, WHEN_TEXT, "%lld %s", (long long)(ms / unit_ms[i]), steps[i].unit);
			return;
		}
	(void)snprintf(out, WHEN_TEXT, "0 s");
}
