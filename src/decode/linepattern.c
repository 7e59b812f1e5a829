/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Patterns of log lines: see linepattern.h. */
#include "decode/linepattern.h"
#include "base/when.h"
#include "rec/proto.h"
#include <string.h>

enum { UTC_BYTES_MIN = 19, HEX_DIGITS_MAX = 16, NOWHERE = -1 };

static const char *const names[LINE_FIELDS] = {"any", "inside", "outside", "port", "first", "last",
    "proto", "realm", "utc", "hextime", "since"};

/* The field at the front of *s, behind its brace; *s moves behind the closing one. */
static bool read_field(struct span *s, enum line_field *f)
{
	struct span rest = *s, name = span_cut(&rest, '}');
	*f = LINE_ANY;
	while (*f < LINE_FIELDS && !span_is(name, names[*f]))
		(*f)++;
	*s = rest.p ? rest : (struct span){name.p + name.n, 0};
	return rest.p && *f < LINE_FIELDS;
}

bool line_pattern(struct span text, struct line_pattern *p)
{
	*p = (struct line_pattern){.n = 0};
	bool after_field = true; /* text has to be in front */
	while (text.n) {
		bool field = text.p[0] == '{';
		if (p->n == LINE_ITEMS_MAX || (field && after_field))
			return false;
		if (field) {
			text = (struct span){text.p + 1, text.n - 1};
			if (!read_field(&text, &p->items[p->n].field))
				return false;
		} else {
			const char *end = memchr(text.p, '{', text.n);
			size_t n = end ? (size_t)(end - text.p) : text.n;
			p->items[p->n].text = (struct span){text.p, n};
			text = (struct span){text.p + n, text.n - n};
		}
		after_field = field;
		p->n++;
	}
	return p->n > 0 && span_trim(p->items[0].text).n > 0;
}

bool line_asks(const struct line_pattern *p, enum line_field field)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->items[i].text.n && p->items[i].field == field)
			return true;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* How many bytes at `at` are the text; NOWHERE: they are others. */
static int text_at(struct span text, struct span line, size_t at)
{
	size_t from = at;
	for (size_t i = 0; i < text.n; i++) {
		if (at == line.n)
			return NOWHERE;
		if (!is_blank(text.p[i])) {
			if (line.p[at++] != text.p[i])
				return NOWHERE;
			continue;
		}
		if (!is_blank(line.p[at]))
			return NOWHERE;
		while (at < line.n && is_blank(line.p[at]))
			at++;
		while (i + 1 < text.n && is_blank(text.p[i + 1]))
			i++;
	}
	return (int)(at - from);
}

/* Where the text may stand next behind `at`: blanks in front of it are not tried again within the
 * same run of the line's, which they eat to its end wherever they begin. */
static size_t behind(struct span text, struct span line, size_t at)
{
	at++;
	while (
	    is_blank(text.p[0]) && at < line.n && is_blank(line.p[at - 1]) && is_blank(line.p[at]))
		at++;
	return at;
}

/* The next place of the text from `at` on, or SIZE_MAX. */
static size_t find(struct span text, struct span line, size_t at)
{
	for (; at < line.n; at = behind(text, line, at)) {
		const char *next =
		    is_blank(text.p[0]) ? line.p + at : memchr(line.p + at, text.p[0], line.n - at);
		if (!next)
			break;
		at = (size_t)(next - line.p);
		if (text_at(text, line, at) != NOWHERE)
			return at;
	}
	return SIZE_MAX;
}

static bool hex_time(struct span s, int64_t *ms)
{
	uint64_t v = 0;
	if (s.n == 0 || s.n > HEX_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = hex_digit(s.p[i]);
		if (digit < 0)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*ms = v <= (uint64_t)WHEN_MAX_MS / 1000 ? (int64_t)v * 1000 : 0;
	return *ms != 0;
}

static bool proto_of(struct span s, uint64_t *v)
{
	static const struct {
		const char *name;
		uint8_t number;
	} protos[] = {{"tcp", PROTO_TCP}, {"udp", PROTO_UDP}, {"icmp", PROTO_ICMP}};
	for (size_t i = 0; i < sizeof protos / sizeof *protos; i++)
		if (span_is_nocase(s, protos[i].name)) {
			*v = protos[i].number;
			return true;
		}
	return span_uint(s, v) && *v <= UINT8_MAX;
}

static bool good(enum line_field f, struct span s, struct line_values *v)
{
	switch (f) {
	case LINE_INSIDE:
		return addr_parse(s, &v->inside);
	case LINE_OUTSIDE:
		return addr_parse(s, &v->outside);
	case LINE_PORT:
	case LINE_FIRST:
	case LINE_LAST:
		return span_uint(s, &v->number[f]) && v->number[f] <= UINT16_MAX;
	case LINE_PROTO:
		return proto_of(s, &v->number[f]);
	case LINE_REALM:
		return span_uint(s, &v->number[f]) && v->number[f] <= UINT32_MAX;
	case LINE_UTC:
		return s.n >= UTC_BYTES_MIN && when_parse(s, 0, &v->time_ms[f]);
	case LINE_HEXTIME:
	case LINE_SINCE:
		return hex_time(s, &v->time_ms[f]);
	case LINE_ANY:
	case LINE_FIELDS:
		break;
	}
	return true;
}

static bool take(enum line_field f, struct span s, struct line_values *v)
{
	if (f != LINE_ANY && span_is(s, "-"))
		return true;
	if (!good(f, s, v))
		return false;
	v->told[f] = true;
	return true;
}

/* The end of a field that nothing follows: of its word. */
static size_t word_end(struct span line, size_t at)
{
	while (at < line.n && !is_blank(line.p[at]) && !strchr("])\",;", line.p[at]) &&
	       line.p[at] != '\0')
		at++;
	return at;
}

/* A field at *at, which moves behind it. */
static bool fit_field(
    const struct line_pattern *p, size_t item, struct span line, size_t *at, struct line_values *v)
{
	enum line_field f = p->items[item].field;
	size_t from = *at;
	if (item + 1 == p->n) {
		*at = f == LINE_ANY ? line.n : word_end(line, from);
		return take(f, (struct span){line.p + from, *at - from}, v);
	}
	struct span next = p->items[item + 1].text;
	for (size_t end = from; (end = find(next, line, end)) != SIZE_MAX;
	     end = behind(next, line, end)) {
		if (f != LINE_ANY && end - from > LINE_VALUE_MAX)
			return false;
		*at = end;
		if (take(f, (struct span){line.p + from, end - from}, v))
			return true;
	}
	return false;
}

/* The whole pattern at `at`. */
static bool fit(
    const struct line_pattern *p, struct span line, size_t at, struct line_values *v, size_t *end)
{
	*v = (struct line_values){0};
	for (size_t i = 0; i < p->n; i++) {
		int n = 0;
		if (!p->items[i].text.n) {
			if (!fit_field(p, i, line, &at, v))
				return false;
		} else if ((n = text_at(p->items[i].text, line, at)) == NOWHERE)
			return false;
		at += (size_t)n;
	}
	*end = at;
	return true;
}

size_t line_fit(const struct line_pattern *p, struct span line, struct line_values *v, size_t *end)
{
	size_t at = 0;
	if (line.n > LINE_PATTERN_BYTES)
		return SIZE_MAX;
	for (int tries = 0; tries < LINE_TRIES; tries++, at++) {
		at = find(p->items[0].text, line, at);
		if (at == SIZE_MAX)
			return SIZE_MAX;
		if (fit(p, line, at, v, end))
			return at;
	}
	return SIZE_MAX;
}
