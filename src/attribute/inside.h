/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside prefixes: which line an address is. Ranges in order, found by bisection. */
#pragma once
#include "rec/subject.h"

enum { INSIDE_MAX = 4096 };

struct inside {
	struct inside_range *v; /* sorted by first, disjoint: a longer prefix cuts a shorter one */
	struct inside_named *named;
	size_t n, named_n;
	uint16_t v4_at[257]; /* the first range that ends at or after a.0.0.0; a 256: of no IPv4 */
};
int inside_add(struct inside *in, const char *text, struct err *e);
void inside_ready(struct inside *in); /* after the last add, before the first find */
/* How many bits of it (of 128) say which line it is; 0: it is not inside. */
unsigned inside_find(const struct inside *in, const union addr *a);
/* The line of an address inside, of that many bits. */
void inside_line(const union addr *a, unsigned bits, struct subject *line);
void inside_fini(struct inside *in);
