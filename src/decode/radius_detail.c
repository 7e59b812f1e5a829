/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FreeRADIUS's detail files -> sessions: a line with a date, then `Name = value` behind a tab each,
 * an empty line. What records mean: radius_event.c. They are from the server, which has checked
 * them. When something happened is said by Event-Timestamp, else by the server's own Timestamp less
 * Acct-Delay-Time. Event-Timestamp is local time with the zone's abbreviation, and believed where
 * that names one zone; else it counts, in the zone that the caller names, only where the server
 * says no time. Records of authentication, and those without a time, are ignored.
 * Source: FreeRADIUS, rlm_detail; files that 3.0 and 3.2 wrote. */
#include "base/lines.h"
#include "base/mem.h"
#include "base/when.h"
#include "decode/logline.h"
#include "decode/radius_event.h"
#include <string.h>

enum { RECORD_BYTES_MAX = 65536 };

struct detail {
	const struct decode_env *env;
	struct lines lines;
	struct radius_event event;
	struct text
	    values; /* unescaped, of the record: grows to RECORD_BYTES_MAX, and never moves */
	int64_t doubtful_ms; /* an Event-Timestamp whose zone is not sure */
	uint64_t offset;
	bool inside, too_long;
};

static void detail_open(void *state, const struct decode_env *env)
{
	struct detail *d = state;
	d->env = env;
	d->values.p = mem_new(1, RECORD_BYTES_MAX);
	d->values.cap = RECORD_BYTES_MAX;
}

static void detail_close(void *state)
{
	struct detail *d = state;
	text_fini(&d->values);
}

static void begin(struct detail *d, uint64_t offset)
{
	d->event = (struct radius_event){0};
	d->values.n = 0;
	d->doubtful_ms = 0;
	d->offset = offset;
	d->inside = true;
	d->too_long = false;
}

static void end(struct detail *d, struct batch *out)
{
	const struct radius_event *e = &d->event;
	int64_t at_ms = e->event_ms    ? e->event_ms
			: e->logged_ms ? e->logged_ms - (int64_t)e->delay_s * 1000
				       : d->doubtful_ms;
	if (!d->inside)
		return;
	d->inside = false;
	if (d->too_long)
		batch_bad(out, d->offset, "a detail record longer than 64 KiB");
	else if (!e->status || !at_ms)
		batch_ignore(out,
		    e->status ? "detail records without a time" : "records that are no accounting");
	else
		radius_sessions(e, at_ms, e->logged_ms, d->offset, out);
}

/* Room for n bytes more of the record; NULL: there is none. */
static char *room(struct detail *d, size_t n)
{
	if (d->values.n + n > RECORD_BYTES_MAX) {
		d->too_long = true;
		return NULL;
	}
	d->values.n += n;
	return d->values.p + d->values.n - n;
}

static char escaped(struct span s, size_t *at)
{
	uint64_t v = 0;
	size_t from = *at;
	while (*at < s.n && *at - from < 3 && s.p[*at] >= '0' && s.p[*at] <= '7')
		v = v * 8 + (uint64_t)(s.p[(*at)++] - '0');
	if (*at > from)
		return (char)v;
	char c = s.p[(*at)++];
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

/* A value as text: quoted with escapes, or as it stands. */
static struct span text_of(struct detail *d, struct span s)
{
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return s;
	s = (struct span){s.p + 1, s.n - 2};
	char *to = room(d, s.n);
	struct span out = {to ? to : "", 0};
	for (size_t at = 0; to && at < s.n;) {
		char c = s.p[at++];
		to[out.n++] = c == '\\' && at < s.n ? escaped(s, &at) : c;
	}
	return out;
}

/* "0x6f6c7431", as octets are written, else text. */
static struct span bytes_of(struct detail *d, struct span s)
{
	if (s.n < 4 || s.p[0] != '0' || s.p[1] != 'x')
		return text_of(d, s);
	uint8_t *to = (uint8_t *)room(d, s.n / 2);
	return (struct span){(char *)to, to ? lease_bytes(s, to, s.n / 2) : 0};
}

static bool number_of(struct span s, uint64_t *v)
{
	static const struct {
		const char *word;
		uint64_t number;
	} words[] = {{"Start", RADIUS_START}, {"Stop", RADIUS_STOP}, {"Alive", RADIUS_INTERIM},
	    {"Interim-Update", RADIUS_INTERIM}, {"Accounting-On", RADIUS_ON},
	    {"Accounting-Off", RADIUS_OFF}, {"Allocation", 1}, {"Deallocation", 2}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_is(s, words[i].word)) {
			*v = words[i].number;
			return true;
		}
	return span_uint(s, v) && *v <= UINT32_MAX;
}

/* "May 31 2018 21:13:24 UTC", or Unix seconds; *sure: the zone is. */
static bool time_of(struct span s, int64_t zone_ms, int64_t *ms, bool *sure)
{
	uint64_t day, year;
	struct span rest = s;
	*sure = true;
	if (when_epoch(s, ms))
		return true;
	int month = log_month(log_word(&rest));
	if (!month || !span_uint(log_word(&rest), &day) || !span_uint(log_word(&rest), &year))
		return false;
	struct span clock = log_word(&rest);
	*sure = when_zone_abbreviated(log_word(&rest), &zone_ms);
	return log_date(year, month, day, clock, zone_ms, ms);
}

static bool value_of(struct detail *d, const struct radius_attribute *a, struct span s,
    struct radius_value *v, bool *sure)
{
	*v = (struct radius_value){.bytes = {"", 0}};
	*sure = true;
	switch (a->form) {
	case RADIUS_TEXT:
		v->bytes = text_of(d, s);
		return v->bytes.n > 0;
	case RADIUS_BYTES:
		v->bytes = bytes_of(d, s);
		return v->bytes.n > 0;
	case RADIUS_NUMBER:
		return number_of(s, &v->number);
	case RADIUS_TIME:
		return time_of(text_of(d, s), d->env->zone_ms, &v->time_ms, sure);
	case RADIUS_IPV4:
	case RADIUS_IPV6:
	case RADIUS_PREFIX:
		return prefix_parse(s, &v->addr, NULL) == ERR_OK;
	}
	return false;
}

/* Spans point into the line, which is gone when the record ends: they are copied. */
static void keep(struct detail *d, struct radius_value *v)
{
	if (!v->bytes.n || (v->bytes.p >= d->values.p && v->bytes.p < d->values.p + d->values.n))
		return;
	char *to = room(d, v->bytes.n);
	if (to)
		memcpy(to, v->bytes.p, v->bytes.n);
	v->bytes = (struct span){to, to ? v->bytes.n : 0};
}

/* False: not of the form "Name = value". */
static bool take_line(struct detail *d, struct span line, uint64_t offset, struct batch *out)
{
	struct span value = line, name = span_cut(&value, ' ');
	struct radius_value v;
	bool sure;
	if (!value.p || !name.n)
		return false;
	struct span sign = span_cut(&value, ' ');
	if (!value.p || (!span_is(sign, "=") && !span_is(sign, "+=")))
		return false;
	const struct radius_attribute *a = radius_attribute_named(name);
	if (!a || d->too_long)
		return true;
	if (!value_of(d, a, span_trim(value), &v, &sure)) {
		batch_bad(out, offset, "a damaged value in a detail record");
		return true;
	}
	keep(d, &v);
	if (sure)
		radius_take(&d->event, a, &v);
	else
		d->doubtful_ms = v.time_ms;
	return true;
}

static void take(struct detail *d, struct span line, uint64_t offset, struct batch *out)
{
	struct span text = span_trim(line);
	bool indented = line.n && (line.p[0] == '\t' || line.p[0] == ' ');
	if (text.n == 0) {
		end(d, out);
		return;
	}
	if (!indented) {
		end(d, out);
		begin(d, offset);
		return;
	}
	if (!d->inside || !take_line(d, text, offset, out))
		batch_bad(out, offset, "a line that is no attribute of a detail record");
}

static size_t detail_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct detail *d = state;
	struct buf b = buf_of(p, n);
	while (!batch_full(out)) {
		struct span line;
		uint64_t at = offset + b.at;
		enum lines_found got = lines_next(&d->lines, &b, last, &line);
		if (got == LINES_MORE)
			break;
		if (got == LINES_LONG)
			batch_bad(out, at, "a line longer than 1 MiB");
		else
			take(d, line, at, out);
	}
	return b.at;
}

/* The last record, where no empty line ends it. */
static bool detail_flush(void *state, struct batch *out)
{
	end(state, out);
	return false;
}

static bool is_date(struct span line)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	return line.n >= 20 && line.n <= 40 && memmem(days, sizeof days - 1, line.p, 3) &&
	       line.p[3] == ' ';
}

static int sniff(const uint8_t *p, size_t n)
{
	struct span rest = {(const char *)p, n}, before = {"", 0};
	if (n == 0 || memchr(p, '\0', n))
		return 0;
	while (rest.p) {
		struct span line = span_cut(&rest, '\n'), trimmed = span_trim(line);
		struct span value = trimmed, name = span_cut(&value, ' ');
		if (is_date(span_trim(before)) && line.n && line.p[0] == '\t' && name.n &&
		    value.p && value.n > 1 && value.p[0] == '=')
			return 90;
		before = line;
	}
	return 0;
}

const struct decoder decoder_radius_detail = {
    .name = "radius-detail",
    .summary = "accounting in FreeRADIUS's detail files",
    .source = "FreeRADIUS: rlm_detail; RFC 2866",
    .state_bytes = sizeof(struct detail),
    .sniff = sniff,
    .open = detail_open,
    .decode = detail_decode,
    .flush = detail_flush,
    .close = detail_close,
};
