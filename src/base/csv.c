/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Separated values: see csv.h. */
#include "base/csv.h"
#include <string.h>

static enum csv_found split_plain(struct csv *c, struct span rest)
{
	c->field_n = 0;
	do {
		if (c->field_n == CSV_FIELDS_MAX)
			return CSV_WIDE;
		c->field[c->field_n++] = span_cut(&rest, c->separator);
	} while (rest.p);
	return CSV_RECORD;
}

/* Takes a quoted field at *at of the copy, undoubles its quotes in place, and leaves *at on the
 * byte behind its closing quote. */
static bool quoted(struct csv *c, size_t *at, struct span *field)
{
	char *p = c->copy.p;
	size_t from = *at + 1, to = from, i = from;
	for (; i < c->copy.n; i++) {
		if (p[i] == c->quote && (i + 1 == c->copy.n || p[i + 1] != c->quote))
			break;
		i += p[i] == c->quote;
		p[to++] = p[i];
	}
	*field = (struct span){p + from, to - from};
	*at = i + 1;
	return i < c->copy.n && (*at == c->copy.n || p[*at] == c->separator);
}

static enum csv_found split_quoted(struct csv *c, struct span record)
{
	text_reset(&c->copy);
	text_add(&c->copy, record.p, record.n);
	c->field_n = 0;
	for (size_t at = 0; at <= c->copy.n; at++) {
		if (c->field_n == CSV_FIELDS_MAX)
			return CSV_WIDE;
		struct span *field = &c->field[c->field_n++];
		struct span rest = {c->copy.p + at, c->copy.n - at};
		if (rest.n && rest.p[0] == c->quote) {
			if (!quoted(c, &at, field))
				return CSV_OPEN;
		} else {
			*field = span_cut(&rest, c->separator);
			at += field->n;
		}
	}
	return CSV_RECORD;
}

enum csv_found csv_split(struct csv *c, struct span record)
{
	if (c->quote && record.n && memchr(record.p, c->quote, record.n))
		return split_quoted(c, record);
	return split_plain(c, record);
}

/* Whether a quoted field is still open at the end of the text; *open carries it over lines. A
 * quote opens a field at its start only, or again behind its closing quote (a doubled one). */
static void follow_quotes(const struct csv *c, struct span line, bool *open)
{
	bool may_open = true;
	for (size_t i = 0; i < line.n; i++) {
		bool quote = line.p[i] == c->quote;
		if (*open) {
			*open = !quote;
			may_open = quote;
		} else {
			*open = quote && may_open;
			may_open = line.p[i] == c->separator;
		}
	}
}

/* Adds lines to a record whose quote is open, up to the limit; false where it stays open. */
static bool close_quote(
    struct csv *c, struct buf *b, bool last, struct span *record, enum lines_found *got)
{
	bool open = false;
	struct span line;
	if (record->n && memchr(record->p, c->quote, record->n))
		follow_quotes(c, *record, &open);
	while (open && (*got = lines_next(&c->lines, b, last, &line)) == LINES_LINE) {
		record->n = (size_t)(line.p + line.n - record->p);
		if (record->n > LINE_BYTES_MAX)
			return false;
		follow_quotes(c, line, &open);
	}
	return !open;
}

enum csv_found csv_next(struct csv *c, struct buf *b, bool last)
{
	struct span record;
	size_t at = b->at;
	enum lines_found got = lines_next(&c->lines, b, last, &record);
	if (got != LINES_LINE)
		return got == LINES_MORE ? CSV_MORE : CSV_LONG;
	size_t next = b->at;
	if (c->quote && !close_quote(c, b, last, &record, &got)) {
		bool wait = got == LINES_MORE && !last && record.n <= LINE_BYTES_MAX;
		c->lines.skipping = false;
		b->at = wait ? at : next;
		return wait ? CSV_MORE : CSV_OPEN;
	}
	enum csv_found found = csv_split(c, record);
	if (found == CSV_OPEN)
		b->at = next;
	return found;
}

void csv_fini(struct csv *c)
{
	text_fini(&c->copy);
}
