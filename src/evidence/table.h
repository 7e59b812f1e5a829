/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of lines that something was found on; not seen outside this folder. */
#pragma once
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
	struct line *lines;
	uint32_t *buckets;
	size_t n, cap, mask;
	struct verdict_line *verdicts;
	uint64_t muted;
};
