/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact sets of what a window saw: see seen.h. Open addressing with linear steps. */
#include "sim/seen.h"
#include "base/mem.h"
#include <stdlib.h>

static bool seen_add(struct seen *s, uint64_t key)
{
	if (4 * s->n >= 3 * s->cap) {
		struct seen bigger = {.window = s->window, .cap = s->cap ? 2 * s->cap : 16};
		bigger.v = mem_new(bigger.cap, sizeof *bigger.v);
		for (uint32_t i = 0; i < s->cap; i++)
			if (s->v[i])
				(void)seen_add(&bigger, s->v[i]);
		free(s->v);
		*s = bigger;
	}
	uint64_t at = key & (s->cap - 1);
	while (s->v[at] && s->v[at] != key)
		at = (at + 1) & (s->cap - 1);
	if (s->v[at] == key)
		return false;
	s->v[at] = key;
	s->n++;
	return true;
}

bool seen_fresh(struct seen pair[2], int64_t window, uint64_t key)
{
	struct seen *s = &pair[window & 1];
	if (s->window != window) {
		free(s->v);
		*s = (struct seen){.window = window};
	}
	return seen_add(s, key ? key : 1);
}

void seen_fini(struct seen pair[2])
{
	free(pair[0].v);
	free(pair[1].v);
}
