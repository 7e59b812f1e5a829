/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of columns, and what stands in them. Behind csv.c. */
#pragma once
#include "base/csv.h"
#include "decode/decode.h"

enum column {
	COLUMN_START,
	COLUMN_END,
	COLUMN_TIME, /* the only one: when it began, when it was asked */
	COLUMN_DURATION,
	COLUMN_RECEIVED,
	COLUMN_SRC,
	COLUMN_DST,
	COLUMN_SPORT,
	COLUMN_DPORT,
	COLUMN_PROTO,
	COLUMN_FLAGS,
	COLUMN_PACKETS,
	COLUMN_BYTES,
	COLUMN_RPACKETS,
	COLUMN_RBYTES,
	COLUMN_OUT_PACKETS, /* nfdump's, of the way back or not: see csv.c */
	COLUMN_OUT_BYTES,
	COLUMN_SAMPLING,
	COLUMN_EXPORTER,
	COLUMN_CLIENT,
	COLUMN_SERVER,
	COLUMN_CPORT,
	COLUMN_QNAME,
	COLUMN_QTYPE,
	COLUMN_RCODE,
	COLUMN_ANSWERS,
	COLUMN_TTL,
	COLUMNS
};
enum { COLUMN_PLACES = 2 }; /* a field may stand in two, of which one is filled: IPv4 and IPv6 */

enum columns_kind { COLUMNS_NONE, COLUMNS_FLOWS, COLUMNS_DNS };

struct columns {
	uint8_t at[COLUMNS][COLUMN_PLACES]; /* number from 1; 0: there is none */
	enum columns_kind kind;
};

/* Reads a header. own: "FIELD=NAME,FIELD=NAME", names that the operator gives, or NULL; they go
 * before the usual ones. Kind NONE: it does not name a time, addresses, and counters or a looked-up
 * name. */
struct columns columns_of(const struct csv *header, const char *own);
/* False where a word of `own` is no field. */
bool columns_own_is_right(const char *own);
/* The field's value, trimmed; empty where it has none. */
struct span column(const struct columns *c, const struct csv *record, enum column which);

/* Values. Each false where the text is none; empty is none. */
bool column_number(struct span s, uint64_t *v); /* "6", "6.0" */
/* Epoch in s, ms, µs or ns by its size, "1767323045.25", or a date and time. */
bool column_time(struct span s, int64_t zone_ms, int64_t *ms);
bool column_flags(struct span s, uint8_t *flags); /* "...AP.SF", "0x1b", "27" */
