/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of logs: see logline.h. A time stands in front, in one of the forms of syslog and of the
 * resolvers' own files:
 *   2026-01-02T03:04:05.678+01:00   RFC 5424, BIND iso8601; with a space for the T; without a zone
 *   02-Jan-2026 03:04:05.678        BIND
 *   Jan  2 03:04:05                 RFC 3164, dnsmasq, Unbound log-time-ascii: no year
 *   [1767323045]                    Unbound
 * A priority (<134>, <134>1) before it is skipped. Times without a zone are in the zone that the
 * caller names.
 *
 * A year that is missing is that of the option, for the first line; where the option says nothing,
 * the latest that puts the line before the start of the run. Later lines get the year that puts
 * them nearest to the line before, so that a log may run over New Year's Eve. */
#include "decode/logline.h"
#include "base/when.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS       86400000LL
#define HALF_YEAR_MS (180 * DAY_MS)
enum { LEAP_YEARS = 10 }; /* one of so many in a row has a 29 February */
enum { STAMP_MAX = 64, NAME_TEXT = 4 * 255, DIGITS_OF_BYTE = 3, YEAR_MAX = 9999 };

const struct opt_row log_rows[LOG_ROWS] = {LOG_YEAR_ROW};

void log_open(struct log *l, const struct decode_env *env, log_take take)
{
	const struct log_opts *o = env->opts;
	*l = (struct log){
	    .take = take, .year = o ? o->year : 0, .zone_ms = env->zone_ms, .now_ms = env->now_ms};
}

struct span log_word(struct span *rest)
{
	*rest = span_trim(*rest);
	struct span word = span_cut(rest, ' ');
	if (!rest->p)
		*rest = (struct span){word.p + word.n, 0};
	return word;
}

bool log_cut(struct span *rest, const char *mark, struct span *before)
{
	size_t n = strlen(mark);
	const char *at = rest->n ? memmem(rest->p, rest->n, mark, n) : NULL;
	if (!at)
		return false;
	*before = (struct span){rest->p, (size_t)(at - rest->p)};
	*rest = (struct span){at + n, rest->n - before->n - n};
	return true;
}

/* <134> of RFC 3164, <134>1 of RFC 5424. */
static void skip_priority(struct span *s)
{
	struct span rest = *s, digits;
	if (s->n == 0 || s->p[0] != '<' || !log_cut(&rest, ">", &digits) || digits.n > 4)
		return;
	*s = rest;
	if (rest.n > 1 && rest.p[0] == '1' && rest.p[1] == ' ')
		(void)log_word(s);
}

int log_month(struct span s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int m = 0; m < 12 && s.n == 3; m++)
		if (memcmp(s.p, names + (ptrdiff_t)3 * m, 3) == 0)
			return m + 1;
	return 0;
}

bool log_date(
    uint64_t year, int month, uint64_t day, struct span clock, int64_t zone_ms, int64_t *ms)
{
	char stamp[STAMP_MAX];
	if (clock.n > 20 || day > 31 || year > YEAR_MAX)
		return false;
	int n = snprintf(stamp, sizeof stamp, "%04u-%02d-%02uT%.*s", (unsigned)year, month,
	    (unsigned)day, (int)clock.n, clock.p);
	return n > 0 && n < STAMP_MAX && when_parse((struct span){stamp, (size_t)n}, zone_ms, ms);
}

static uint64_t year_of(int64_t ms)
{
	char text[WHEN_TEXT];
	uint64_t year = 0;
	when_text(text, ms);
	(void)span_uint((struct span){text, 4}, &year);
	return year;
}

/* Whether a is the better time for a line than b: nearer to the line before, or, of the first line,
 * the latest that has passed. */
static bool better(const struct log *l, int64_t a, int64_t b)
{
	if (l->last_ms)
		return llabs(a - l->last_ms) < llabs(b - l->last_ms);
	return a <= l->now_ms + DAY_MS && (a > b || b > l->now_ms + DAY_MS);
}

/* A time without a year; false where it is none, or nothing tells the year. */
static bool undated(const struct log *l, int month, uint64_t day, struct span clock, int64_t *ms)
{
	int64_t anchor_ms = l->last_ms ? l->last_ms : l->now_ms, found;
	bool any = false;
	if (!l->last_ms && l->year)
		return log_date(l->year, month, day, clock, l->zone_ms, ms);
	if (!anchor_ms)
		return false;
	uint64_t last = year_of(anchor_ms);
	if (l->last_ms && log_date(last, month, day, clock, l->zone_ms, ms) &&
	    llabs(*ms - anchor_ms) < HALF_YEAR_MS)
		return true;
	for (uint64_t year = ++last; year + LEAP_YEARS > last && year > 0; year--)
		if (log_date(year, month, day, clock, l->zone_ms, &found) &&
		    (!any || better(l, found, *ms))) {
			*ms = found;
			any = true;
		}
	return any && (l->last_ms || *ms <= l->now_ms + DAY_MS);
}

/* "02-Jan-2026 03:04:05.678". */
static bool bind_time(const struct log *l, struct span date, struct span clock, int64_t *ms)
{
	uint64_t day, year;
	int month;
	return span_uint(span_cut(&date, '-'), &day) && (month = log_month(span_cut(&date, '-'))) &&
	       span_uint(date, &year) && log_date(year, month, day, clock, l->zone_ms, ms);
}

/* A time that is whole by itself; *rest moves behind it. */
static bool whole_time(const struct log *l, struct span *rest, int64_t *ms)
{
	struct span after = *rest, one = log_word(&after), behind = after, two = log_word(&behind);
	struct span both = {one.p, (size_t)(two.p + two.n - one.p)};
	bool bracket = one.n > 2 && one.p[0] == '[' && one.p[one.n - 1] == ']';
	if (bracket ? when_epoch((struct span){one.p + 1, one.n - 2}, ms)
		    : one.n > 10 && when_parse(one, l->zone_ms, ms)) {
		*rest = after;
		return true;
	}
	if (two.n && (bind_time(l, one, two, ms) || when_parse(both, l->zone_ms, ms))) {
		*rest = behind;
		return true;
	}
	return false;
}

/* "Jan  2 03:04:05"; true where such a time stands there, with *ms 0 where its year is unknown. */
static bool yearless_time(const struct log *l, struct span *rest, int64_t *ms)
{
	struct span after = *rest, month = log_word(&after), day = log_word(&after),
		    clock = log_word(&after);
	uint64_t d;
	int m = log_month(month);
	if (!m || !span_uint(day, &d) || clock.n < 8 || clock.p[2] != ':')
		return false;
	if (!undated(l, m, d, clock, ms))
		*ms = 0;
	*rest = after;
	return true;
}

struct log_line log_line(struct log *l, struct span line)
{
	struct log_line out = {.text = span_trim(line)};
	int64_t ms = 0;
	skip_priority(&out.text);
	if (whole_time(l, &out.text, &ms))
		out.undated = NULL;
	else if (!yearless_time(l, &out.text, &ms))
		out.undated = "log lines without a time";
	else if (!ms)
		out.undated = "log lines without a year: set the decoder's option year";
	if (!out.undated && ms < WHEN_MIN_MS)
		out.undated = "log lines with an impossible time";
	if (!out.undated)
		l->last_ms = out.time_ms = ms;
	out.text = span_trim(out.text);
	return out;
}

size_t log_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct log *l = state;
	struct buf b = buf_of(p, n);
	while (!batch_full(out)) {
		struct span text;
		uint64_t at = offset + b.at;
		enum lines_found got = lines_next(&l->lines, &b, last, &text);
		if (got == LINES_MORE)
			break;
		if (got == LINES_LONG) {
			batch_bad(out, at, "a line longer than 1 MiB");
			continue;
		}
		if (span_trim(text).n == 0)
			continue;
		struct log_line line = log_line(l, text);
		line.offset = at;
		l->take(state, &line, out);
	}
	return b.at;
}

/* The byte at *at of a name that stands for itself or is escaped; *at moves behind it. */
static uint8_t name_byte(struct span name, size_t *at)
{
	uint8_t c = (uint8_t)name.p[(*at)++];
	uint64_t v;
	if (c != '\\' || *at == name.n)
		return c;
	if (name.n - *at >= DIGITS_OF_BYTE &&
	    span_uint((struct span){name.p + *at, DIGITS_OF_BYTE}, &v) && v <= UINT8_MAX) {
		*at += DIGITS_OF_BYTE;
		return (uint8_t)v;
	}
	return (uint8_t)name.p[(*at)++];
}

bool log_name(struct dns *d, struct span name)
{
	char text[NAME_TEXT + 4];
	size_t n = 0, at = 0;
	while (at < name.n) {
		if (n > NAME_TEXT)
			return false;
		if (name.p[at] == '.')
			text[n++] = name.p[at++];
		else
			n += dns_name_byte(text + n, name_byte(name, &at));
	}
	if (n && text[n - 1] == '.')
		n--;
	dns_set_escaped(d, text, n);
	return true;
}

bool log_client(struct dns *d, struct span client, char mark)
{
	struct span addr = client;
	uint64_t port = 0;
	size_t n = client.n;
	while (n && client.p[n - 1] != mark)
		n--;
	struct span digits = {client.p + n, client.n - n};
	if (n && !addr_parse(client, &d->client)) {
		if (!span_uint(digits, &port) || port > UINT16_MAX)
			return false;
		addr.n = n - 1;
	}
	if (addr.n > 1 && addr.p[0] == '[' && addr.p[addr.n - 1] == ']')
		addr = (struct span){addr.p + 1, addr.n - 2};
	d->client_port = (uint16_t)port;
	return addr_parse(addr, &d->client);
}

int log_sniff(const uint8_t *p, size_t n, bool (*sure)(struct span line))
{
	struct span rest = {(const char *)p, n};
	if (n == 0 || memchr(p, '\0', n))
		return 0;
	while (rest.p)
		if (sure(span_trim(span_cut(&rest, '\n'))))
			return 90;
	return 0;
}
