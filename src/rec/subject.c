/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subjects: see subject.h. */
#include "rec/subject.h"
#include <stdio.h>
#include <string.h>

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
