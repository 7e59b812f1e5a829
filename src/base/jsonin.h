/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One JSON object out of a line, read with jansson, which bounds the depth (2,048) and wants valid
 * UTF-8; duplicate keys are refused. A key is looked up as given ("id.orig_h"), and where it is not
 * there, inside the object before its first dot ("id": {"orig_h": …}). */
#pragma once
#include "base/str.h"

enum { JSONIN_BYTES_MAX = 1 << 20, JSONIN_NUMBER_TEXT = 32 };

struct jsonin {     /* zero-initialise; jsonin_fini frees */
	void *root; /* the object of the last line, or NULL */
};

/* False where the line is longer than JSONIN_BYTES_MAX or is not one JSON object. What was read
 * before is gone. */
bool jsonin_read(struct jsonin *j, struct span line);
void jsonin_fini(struct jsonin *j);

/* False where there is no such key or its value is of another type. Spans point into the object. */
bool jsonin_string(const struct jsonin *j, const char *key, struct span *v);
/* A string as it is, or a number as text in scratch, fractions to the sixth digit. */
bool jsonin_text(
    const struct jsonin *j, const char *key, char scratch[JSONIN_NUMBER_TEXT], struct span *v);
bool jsonin_real(const struct jsonin *j, const char *key, double *v); /* any number */
bool jsonin_uint(const struct jsonin *j, const char *key, uint64_t *v);
bool jsonin_bool(const struct jsonin *j, const char *key, bool *v);
/* Arrays: their length (0 where there is none), and the element at i. */
size_t jsonin_list(const struct jsonin *j, const char *key);
bool jsonin_list_string(const struct jsonin *j, const char *key, size_t i, struct span *v);
bool jsonin_list_text(const struct jsonin *j, const char *key, size_t i,
    char scratch[JSONIN_NUMBER_TEXT], struct span *v);
/* An object inside, or the object at i of a list: borrowed, valid as long as j holds its line. */
bool jsonin_object(const struct jsonin *j, const char *key, struct jsonin *inner);
bool jsonin_list_object(const struct jsonin *j, const char *key, size_t i, struct jsonin *inner);
