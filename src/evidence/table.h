/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of lines that something was found on; not seen outside this folder. */
#pragma once
#include "base/hash.h"
#include "evidence/evidence.h"

struct line {
	struct subject subject;
	struct evidence *v;
	size_t n;
	uint32_t chain; /* + 1 */
};

struct evidence_table {
	struct evidence_options o;
	const struct evidence_source *sources;
	size_t sources_n;
	const struct allow *allow;
	const char *(*name)(const void *arg, const struct subject *s); /* may be NULL */
	const void *name_arg;
	struct hash_key key; /* drawn at random; what is told does not depend on it */
	struct line *lines;
	uint32_t *buckets;
	size_t n, cap, mask;
	size_t lines_max; /* 0: no limit */
	struct verdict_line *verdicts;
	uint64_t muted, dropped;
};

/* The line of a subject; a new one is empty. Valid until the next call. */
struct line *table_line(struct evidence_table *t, const struct subject *s);
