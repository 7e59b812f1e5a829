/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run read, dropped and took: the closing summary. And the inputs that commands share. */
#pragma once
#include "base/json.h"
#include "run/reader.h"
#include <stdio.h>

enum { STATS_UNKNOWN_MAX = 32 };

struct stats {
	struct tally tally;
	uint64_t lines, late, muted, dropped;
	uint64_t no_inside;    /* records without an inside address */
	bool sessions;         /* lines are known by session data */
	uint64_t not_exact[4]; /* contacts and look-ups of no certain line, by enum whose */
	struct {               /* exporters whose contacts could not be judged, and why */
		char exporter[64];
		uint64_t contacts;
		const char *why;
	} unknown[STATS_UNKNOWN_MAX];
	size_t unknown_n;
	double began_s, seconds;
	double peak_rss_mb;
};
struct stats stats_begin(void);
void stats_end(struct stats *s); /* takes the time and the peak memory */
void stats_json(const struct stats *s, FILE *f);
void stats_keys(const struct stats *s, struct json *j); /* those of the summary, into an object */
void stats_text(const struct stats *s, FILE *f);

struct run_input {
	struct paths paths;
	struct reader_env env;
	size_t missing; /* PATHs that are not there; each was told on stderr */
};
/* decoder_opts: by decoder number, borrowed. CONFIG: unknown format or zone, no PATH at all. */
int run_input_open(struct run_input *in, const void *const *decoder_opts, const char *format,
    const char *zone, char **paths, int n, struct err *e);
void run_input_close(struct run_input *in);
