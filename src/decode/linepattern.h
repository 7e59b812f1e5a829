/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Patterns of log lines: text with {fields} in it, found anywhere in a line. Blanks match one or
 * more blanks, {any} whatever stands before the text that follows it; every other field has a form
 * of its own and ends before the first such text that makes it good. `-` is a field that is not
 * told. Two fields need text between them. There is no going back: a line costs its length times
 * the patterns, and no more. */
#pragma once
#include "rec/addr.h"

enum line_field {
	LINE_ANY,
	LINE_INSIDE, /* addresses */
	LINE_OUTSIDE,
	LINE_PORT,  /* inside */
	LINE_FIRST, /* ports outside */
	LINE_LAST,
	LINE_PROTO,   /* number or name */
	LINE_REALM,   /* number of the inside's */
	LINE_UTC,     /* "2026-01-01 00:00:00", always UTC */
	LINE_HEXTIME, /* Unix seconds in hexadecimal: when it happened */
	LINE_SINCE,   /* the same: since when it is so */
	LINE_FIELDS
};

struct line_values {
	bool told[LINE_FIELDS];
	union addr inside, outside;
	uint64_t number[LINE_FIELDS]; /* of ports, protocol and realm */
	int64_t time_ms[LINE_FIELDS]; /* of times */
};

enum { LINE_ITEMS_MAX = 32, LINE_PATTERN_BYTES = 4096, LINE_VALUE_MAX = 64, LINE_TRIES = 16 };

struct line_pattern {
	struct {
		struct span text; /* borrowed, or empty: a field */
		enum line_field field;
	} items[LINE_ITEMS_MAX];
	size_t n;
};

/* False: no text at the front, an unknown field, two fields side by side, or too long. */
bool line_pattern(struct span text, struct line_pattern *p);
bool line_asks(const struct line_pattern *p, enum line_field field);
/* Where in the line the pattern first fits; *end is behind it. SIZE_MAX: nowhere. Lines longer than
 * LINE_PATTERN_BYTES fit nothing. */
size_t line_fit(const struct line_pattern *p, struct span line, struct line_values *v, size_t *end);
