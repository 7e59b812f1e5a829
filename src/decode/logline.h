/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of logs with their time, for the decoders of resolvers' query logs. */
#pragma once
#include "base/lines.h"
#include "decode/decode.h"

struct log_opts {
	uint64_t
	    year; /* of the first line, where lines have none; 0: the latest that is possible */
};
/* The row of its option, for decoders that have more of them. */
#define LOG_YEAR_ROW                                                                               \
	{                                                                                          \
		"year", OPT_UINT, offsetof(struct log_opts, year), 0, 9999, NULL, "0",             \
		    "year of the first line where lines have none; 0: the latest that is possible" \
	}
extern const struct opt_row log_rows[];
enum { LOG_ROWS = 1 };

struct log_line;
/* Reads one line: appends records, or counts the line as bad or of no use. */
typedef void (*log_take)(void *state, const struct log_line *line, struct batch *out);

struct log { /* the first member of such a decoder's state; zeroed, then log_open */
	log_take take;
	struct lines lines;
	uint64_t year;
	int64_t zone_ms, now_ms;
	int64_t last_ms; /* of the last line that had a time; 0: none yet */
};

struct log_line {
	struct span text;    /* behind the time; the whole line where it has none */
	int64_t time_ms;     /* 0: unknown */
	const char *undated; /* why it is unknown, or NULL */
	uint64_t offset;
};

void log_open(struct log *l, const struct decode_env *env, log_take take);
/* A decoder's `decode`: gives each line to the log's `take` until the batch is full. */
size_t log_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out);
/* What the descriptors of such decoders have in common. */
#define LOG_DECODER                                                                                \
	.rows = log_rows, .rows_n = LOG_ROWS, .opts_bytes = sizeof(struct log_opts),               \
	.decode = log_decode
/* The time at the front of a line, and what stands behind it. */
struct log_line log_line(struct log *l, struct span line);

/* "Jan" .. "Dec" as 1..12; 0: none of them. */
int log_month(struct span s);
/* A clock's time on a day; where it names no zone, in this one. */
bool log_date(
    uint64_t year, int month, uint64_t day, struct span clock, int64_t zone_ms, int64_t *ms);
/* Cuts the next word, which spaces end, off *rest; empty where there is none. */
struct span log_word(struct span *rest);
/* Cuts *rest behind the first `mark`, and gives what stands before it; false where there is none.
 */
bool log_cut(struct span *rest, const char *mark, struct span *before);
/* A name as text with escapes (RFC 1035 5.1): \DDD and \X. False where it is too long to be one. */
bool log_name(struct dns *d, struct span name);
/* "192.0.2.1#53", "[2001:db8::1]:53", by the mark that stands between them; or an address alone. */
bool log_client(struct dns *d, struct span client, char mark);
/* Surely of the log: one of the first lines is `sure`; 0: none is. */
int log_sniff(const uint8_t *p, size_t n, bool (*sure)(struct span line));
