/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subjects: see subject.h. */
#include "rec/subject.h"
#include <stdio.h>
#include <string.h>

void subject_text(char out[ADDR_TEXT], const struct subject *s)
{
	struct prefix p = {s->id, s->bits};
	prefix_text(out, &p);
	size_t n = strlen(out);
	if (s->port_n)
		(void)snprintf(out + n, ADDR_TEXT - n, ":%u-%u", s->port, s->port + s->port_n - 1u);
}
