/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON that comes in: see jsonin.h. The only file that knows jansson. */
#include "base/jsonin.h"
#include <jansson.h>
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

static bool real_of(const json_t *v, double *out)
{
	if (!json_is_number(v))
		return false;
	*out = json_number_value(v);
	return true;
}

bool jsonin_has(const struct jsonin *j, const char *key)
{
	return find(j, key) != NULL;
}

bool jsonin_string(const struct jsonin *j, const char *key, struct span *v)
{
	return string_of(find(j, key), v);
}

bool jsonin_real(const struct jsonin *j, const char *key, double *v)
{
	return real_of(find(j, key), v);
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

bool jsonin_list_real(const struct jsonin *j, const char *key, size_t i, double *v)
{
	return real_of(json_array_get(find(j, key), i), v);
}
