/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of JSON lines: keys of every kind are asked for in whatever object comes. */
#include "base/jsonin.h"
#include "fuzz.h"

static void ask(const struct jsonin *j, const char *key)
{
	char scratch[JSONIN_NUMBER_TEXT];
	struct span s;
	uint64_t u;
	double real;
	bool yes;
	(void)jsonin_string(j, key, &s);
	(void)jsonin_text(j, key, scratch, &s);
	(void)jsonin_real(j, key, &real);
	(void)jsonin_uint(j, key, &u);
	(void)jsonin_bool(j, key, &yes);
	size_t n = jsonin_list(j, key);
	for (size_t i = 0; i < n + 1 && i < 100; i++) {
		(void)jsonin_list_string(j, key, i, &s);
		(void)jsonin_list_text(j, key, i, scratch, &s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const keys[] = {"ts", "id.orig_h", "answers", "", ".", "a.b.c"};
	struct jsonin j = {0};
	struct span rest = {(const char *)data, n};
	while (rest.p)
		if (jsonin_read(&j, span_cut(&rest, '\n')))
			for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
				ask(&j, keys[i]);
	jsonin_fini(&j);
	return 0;
}
