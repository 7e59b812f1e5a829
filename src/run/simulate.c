/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac simulate, with its progress and its closing word. */
#include "base/json.h"
#include "run/run.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

struct show {
	struct timespec began;
	uint64_t told;
};

static double seconds_since(const struct timespec *t)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

static void show_progress(void *to, uint64_t minute, uint64_t minutes, uint64_t flows)
{
	struct show *show = to;
	uint64_t tenths = (uint64_t)(seconds_since(&show->began) * 10);
	if (tenths == show->told && minute < minutes)
		return;
	show->told = tenths;
	(void)fprintf(stderr, "\r%3llu %% of the simulated time, %.1f M flows",
	    (unsigned long long)(100 * minute / minutes), (double)flows / 1e6);
	if (minute == minutes)
		(void)fputs("\r\033[K", stderr);
}

static void as_json(
    struct text *out, const struct sim_options *o, const struct sim_result *r, double s)
{
	struct json j = json_to(out);
	json_open(&j, NULL);
	json_text(&j, "type", "summary");
	json_text(&j, "out", o->out);
	json_text(&j, "format", o->format);
	json_uint(&j, "lines", o->lines);
	json_uint(&j, "infected", r->infected);
	json_uint(&j, "look_alikes", r->look_alikes);
	json_uint(&j, "conversations", r->conversations);
	json_uint(&j, "flows", r->flows);
	json_uint(&j, "lookups", r->lookups);
	json_uint(&j, "bytes", r->bytes);
	json_real(&j, "seconds", s, 3);
	json_close(&j);
	json_line(&j);
}

static void as_sentence(
    struct text *out, const struct sim_options *o, const struct sim_result *r, double s)
{
	text_fmt(out,
	    "%llu lines for %llu h, %llu of them infected and %llu with a benign look-alike: %llu "
	    "flows and "
	    "%llu look-ups in %s (%.0f MB), %.1f s, %.1f M records/s.\n",
	    (unsigned long long)o->lines, (unsigned long long)o->hours,
	    (unsigned long long)r->infected, (unsigned long long)r->look_alikes,
	    (unsigned long long)r->flows, (unsigned long long)r->lookups, o->out,
	    (double)r->bytes / 1e6, s,
	    (double)(r->flows + r->lookups) / 1e6 / (s > 0.001 ? s : 0.001));
}

int run_simulate(const struct sim_options *o)
{
	struct show show = {.told = UINT64_MAX};
	struct sim_watch watch = {isatty(STDERR_FILENO) ? show_progress : NULL, &show};
	struct sim_result result;
	struct text out = {0};
	struct err e = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &show.began);
	int bad = sim_run(o, watch, &result, &e);
	if (bad) {
		(void)fprintf(stderr, "theriac: %s\n", e.msg);
		return bad == ERR_CONFIG ? 2 : 1;
	}
	(o->json ? as_json : as_sentence)(&out, o, &result, seconds_since(&show.began));
	(void)fwrite(out.p, 1, out.n, stdout);
	text_fini(&out);
	return fflush(stdout) == 0 ? 0 : 1;
}
