/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where `who` gets its answers from: see who.h. Nothing stores session data yet, so there is no
 * source, and every answer is unknown. */
#include "run/who.h"

int who_sources_open(const char *state, struct who_sources *s, struct err *e)
{
	(void)state;
	(void)e;
	*s = (struct who_sources){0};
	return ERR_OK;
}

void who_sources_close(struct who_sources *s)
{
	*s = (struct who_sources){0};
}
