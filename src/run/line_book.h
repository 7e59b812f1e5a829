/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line an address was, for a run over files: all sessions that files tell of, in memory. */
#pragma once
#include "attribute/attribute.h"
#include "run/stats.h"

struct line_book;
struct line_book_options {
	const struct opt_list *files; /* files and folders */
	const struct opt_list *nats;  /* files of deterministic NATs */
	const struct settings *settings;
	const char *zone; /* of times that carry none */
	uint32_t skew_ms;
	const struct pseudonym_key *key; /* NULL: lines are called as the files call them */
};
/* Reads them; what cannot be used is told. CONFIG, INPUT (nothing could be read), SYS. */
int line_book_open(struct line_book **b, const struct line_book_options *o, struct err *e);
void line_book_close(struct line_book *b);
/* Adds the records it read, those of no use, and the sessions that found no room. */
void line_book_counted(const struct line_book *b, struct stats *stats);
struct owners *line_book_owners(struct line_book *b);
/* The /24s and /48s of all addresses that were held become inside, and so do those of NATs. CONFIG:
 * there are too many. */
int line_book_inside(const struct line_book *b, struct attribute *a, struct err *e);
