/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines: see lines.h. */
#include "base/lines.h"
#include <string.h>

/* Bytes up to the end of the line or of the window; *ended: the end of the line is among them. */
static size_t reach(const struct buf *b, bool *ended)
{
	size_t left = buf_left(b);
	const uint8_t *p = b->p + b->at, *end = left ? memchr(p, '\n', left) : NULL;
	*ended = end;
	return end ? (size_t)(end - p) : left;
}

enum lines_found lines_next(struct lines *l, struct buf *b, bool last, struct span *line)
{
	bool ended;
	size_t n = reach(b, &ended);
	if (l->skipping) {
		buf_skip(b, n + ended);
		l->skipping = !ended;
		n = reach(b, &ended);
	}
	if (!ended && n <= LINE_BYTES_MAX && (!last || n == 0))
		return LINES_MORE;
	*line = (struct span){(const char *)b->p + b->at, n};
	buf_skip(b, n + ended);
	if (n > LINE_BYTES_MAX) {
		l->skipping = !ended;
		return LINES_LONG;
	}
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return LINES_LINE;
}
