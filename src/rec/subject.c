/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subjects: see subject.h. */
#include "rec/subject.h"
#include <stdio.h>
#include <string.h>

const char *const subject_flag_words[SUBJECT_FLAGS_N] = {
    "business", "hotspot", "wholesale", "protected"};

static bool is_between(char c)
{
	return c == ' ' || c == ',' || c == '|';
}

bool subject_flags_of(struct span words, uint8_t *flags)
{
	*flags = 0;
	for (size_t i = 0; i < words.n;) {
		size_t from = i, flag = 0;
		while (i < words.n && !is_between(words.p[i]))
			i++;
		struct span word = {words.p + from, i - from};
		while (flag < SUBJECT_FLAGS_N && !span_is_nocase(word, subject_flag_words[flag]))
			flag++;
		if (word.n && flag == SUBJECT_FLAGS_N)
			return false;
		*flags |= (uint8_t)(word.n ? 1u << flag : 0);
		i += i < words.n;
	}
	return true;
}

static void pseudonym_text(char out[ADDR_TEXT], const union addr *id)
{
	static const char digits[] = "0123456789abcdef";
	*out++ = 'P';
	for (size_t i = 0; i < sizeof id->b; i++) {
		*out++ = digits[id->b[i] >> 4];
		*out++ = digits[id->b[i] & 15];
	}
	*out = '\0';
}

void subject_text(char out[ADDR_TEXT], const struct subject *s)
{
	struct prefix p = {s->id, s->bits};
	if (s->kind == SUBJECT_PSEUDONYM) {
		pseudonym_text(out, &s->id);
		return;
	}
	prefix_text(out, &p);
	size_t n = strlen(out);
	if (s->port_n)
		(void)snprintf(out + n, ADDR_TEXT - n, ":%u-%u", s->port, s->port + s->port_n - 1u);
}
