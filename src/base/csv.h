/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of separated values out of a window of bytes (RFC 4180): quoted fields may hold the
 * separator, line ends and doubled quotes; a record ends with LF, CR LF or the end of the input.
 * Fields are spans into the window, or into a copy of the record where it has quotes. A quote that
 * is never closed costs its own line only. A record has at most CSV_FIELDS_MAX fields and
 * LINE_BYTES_MAX bytes. */
#pragma once
#include "base/lines.h"

enum { CSV_FIELDS_MAX = 128 };

struct csv { /* zero-initialise, set the first two; csv_fini frees */
	char separator;
	char quote; /* 0: quotes are ordinary characters */
	struct lines lines;
	struct span field[CSV_FIELDS_MAX]; /* of the last record; valid until the next call */
	size_t field_n;
	struct text copy;
};

enum csv_found {
	CSV_MORE, /* no complete record is left: the bytes before b->at are done with */
	CSV_RECORD,
	CSV_LONG, /* too long, skipped to the next line */
	CSV_WIDE, /* more than CSV_FIELDS_MAX fields: the rest of them was left out */
	CSV_OPEN, /* a quote is not closed or has text behind it: skipped to the next line */
};

enum csv_found csv_next(struct csv *c, struct buf *b, bool last);
/* The fields of a text that is known to be one record: a line. */
enum csv_found csv_split(struct csv *c, struct span record);
void csv_fini(struct csv *c);
