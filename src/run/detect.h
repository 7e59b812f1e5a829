/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main job offline: files -> verdicts. */
#pragma once
#include "base/opt.h"

struct run_detect_options {
	struct opt_list inside, indicators, allow;
	const char *format, *zone, *min_tier;
	int64_t since_ms, until_ms; /* 0: no limit */
	uint64_t threads;           /* 0: as many as there are processors */
	uint64_t sampling;          /* 0: as announced */
	bool no_dns, no_detect, json;
};
/* Reads, detects, prints. Returns an exit status. */
int run_detect(const struct run_detect_options *o, char **paths, int n);
