/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A JSON writer: escapes what it is given, controls of C1 too, replaces bytes that are not UTF-8 by
 * U+FFFD, writes one line. `key` is NULL inside an array. Depth is limited to 16 by an assert. */
#pragma once
#include "base/str.h"

struct json {
	struct text *out; /* borrowed */
	unsigned depth;
	bool comma[17];
};

struct json json_to(struct text *out);
void json_open(struct json *j, const char *key); /* { */
void json_close(struct json *j);                 /* } */
void json_list(struct json *j, const char *key); /* [ */
void json_end(struct json *j);                   /* ] */
void json_text(struct json *j, const char *key, const char *s);
void json_span(struct json *j, const char *key, const char *p, size_t n);
void json_uint(struct json *j, const char *key, uint64_t v);
void json_int(struct json *j, const char *key, int64_t v);
void json_real(struct json *j, const char *key, double v, int decimals); /* trailing zeros cut */
void json_bool(struct json *j, const char *key, bool v);
void json_time(struct json *j, const char *key, int64_t ms); /* "2026-01-02T03:04:05.678Z" */
void json_line(struct json *j);                              /* ends the line; depth must be 0 */
