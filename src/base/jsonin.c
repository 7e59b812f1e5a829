/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON that comes in: see jsonin.h. The only file that knows jansson. */
#include "base/jsonin.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 64 };

bool jsonin_read(struct jsonin *j, struct span line)
{
	jsonin_fini(j);
	if (line.n > JSONIN_BYTES_MAX)
		return false;
	json_t *root = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return false;
	}
	j->root = root;
	return true;
}

void jsonin_fini(struct jsonin *j)
{
	json_decref(j->root);
	j->root = NULL;
}

static json_t *find(const struct jsonin *j, const char *key)
{
	json_t *v = json_object_get(j->root, key);
	const char *dot = v ? NULL : strchr(key, '.');
	char outer[KEY_MAX];
	if (!dot || !str_copy(outer, sizeof outer, key, (size_t)(dot - key)))
		return v;
	return json_object_get(json_object_get(j->root, outer), dot + 1);
}

static bool string_of(const json_t *v, struct span *out)
{
	if (!json_is_string(v))
		return false;
	*out = (struct span){json_string_value(v), json_string_length(v)};
	return true;
}

/* By hand, since printf is slow for what stands ten times in a line. */
static size_t micros_text(char out[JSONIN_NUMBER_TEXT], uint64_t us)
{
	char back[JSONIN_NUMBER_TEXT];
	size_t n = 0, at = 0;
	for (int digit = 0; digit <= 6 || us; digit++, us /= 10) {
		if (digit == 6)
			back[n++] = '.';
		back[n++] = (char)('0' + us % 10);
	}
	while (n)
		out[at++] = back[--n];
	return at;
}

static size_t real_text(char out[JSONIN_NUMBER_TEXT], double v)
{
	const double most = 1e12; /* above it a double holds no microseconds */
	if (v >= 0 && v < most)
		return micros_text(out, (uint64_t)(v * 1e6 + 0.5));
	int n = snprintf(out, JSONIN_NUMBER_TEXT, "%.6g", v);
	return n > 0 && n < JSONIN_NUMBER_TEXT ? (size_t)n : 0;
}

static size_t integer_text(char out[JSONIN_NUMBER_TEXT], json_int_t v)
{
	int n = snprintf(out, JSONIN_NUMBER_TEXT, "%" JSON_INTEGER_FORMAT, v);
	return n > 0 ? (size_t)n : 0;
}

static bool text_of(const json_t *v, char scratch[JSONIN_NUMBER_TEXT], struct span *out)
{
	if (json_is_real(v))
		*out = (struct span){scratch, real_text(scratch, json_real_value(v))};
	else if (json_is_integer(v))
		*out = (struct span){scratch, integer_text(scratch, json_integer_value(v))};
	else
		return string_of(v, out);
	return true;
}

bool jsonin_string(const struct jsonin *j, const char *key, struct span *v)
{
	return string_of(find(j, key), v);
}

bool jsonin_text(
    const struct jsonin *j, const char *key, char scratch[JSONIN_NUMBER_TEXT], struct span *v)
{
	return text_of(find(j, key), scratch, v);
}

bool jsonin_real(const struct jsonin *j, const char *key, double *v)
{
	const json_t *found = find(j, key);
	*v = json_number_value(found);
	return json_is_number(found);
}

bool jsonin_uint(const struct jsonin *j, const char *key, uint64_t *v)
{
	const json_t *found = find(j, key);
	if (!json_is_integer(found) || json_integer_value(found) < 0)
		return false;
	*v = (uint64_t)json_integer_value(found);
	return true;
}

bool jsonin_bool(const struct jsonin *j, const char *key, bool *v)
{
	const json_t *found = find(j, key);
	*v = json_is_true(found);
	return json_is_boolean(found);
}

size_t jsonin_list(const struct jsonin *j, const char *key)
{
	return json_array_size(find(j, key));
}

bool jsonin_list_string(const struct jsonin *j, const char *key, size_t i, struct span *v)
{
	return string_of(json_array_get(find(j, key), i), v);
}

bool jsonin_list_text(const struct jsonin *j, const char *key, size_t i,
    char scratch[JSONIN_NUMBER_TEXT], struct span *v)
{
	return text_of(json_array_get(find(j, key), i), scratch, v);
}

static bool object_of(json_t *v, struct jsonin *inner)
{
	inner->root = json_is_object(v) ? v : NULL;
	return inner->root;
}

bool jsonin_object(const struct jsonin *j, const char *key, struct jsonin *inner)
{
	return object_of(find(j, key), inner);
}

bool jsonin_list_object(const struct jsonin *j, const char *key, size_t i, struct jsonin *inner)
{
	return object_of(json_array_get(find(j, key), i), inner);
}
