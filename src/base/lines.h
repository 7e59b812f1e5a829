/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines out of a window of bytes, cut without copying. A line ends with LF, CR LF or the end of
 * the input; one longer than LINE_BYTES_MAX is skipped to its end, even over several windows. */
#pragma once
#include "base/buf.h"
#include "base/str.h"

enum { LINE_BYTES_MAX = 1 << 20 };

struct lines {         /* zero-initialise; lives as long as the input */
	bool skipping; /* the window starts inside a line that was too long */
};

enum lines_found {
	LINES_MORE, /* no complete line is left: the bytes before b->at are done with */
	LINES_LINE,
	LINES_LONG, /* a line that is too long began here; told once, its rest is skipped */
};

/* Moves b behind the next line and gives it without its end; last: no bytes follow the window. */
enum lines_found lines_next(struct lines *l, struct buf *b, bool last, struct span *line);
