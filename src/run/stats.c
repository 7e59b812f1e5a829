/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Summaries and shared inputs: see stats.h. */
#include "run/stats.h"
#include "attribute/attribute.h"
#include "base/mem.h"
#include "base/when.h"
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct stats stats_begin(void)
{
	return (struct stats){.began_s = now_s()};
}

void stats_end(struct stats *s)
{
	struct rusage usage;
	s->seconds = now_s() - s->began_s;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		s->peak_rss_mb = (double)usage.ru_maxrss / 1024;
}

void stats_keys(const struct stats *s, struct json *j)
{
	json_text(j, "type", "summary");
	json_open(j, "records");
	json_uint(j, "flow", s->tally.flow_n);
	json_uint(j, "dns", s->tally.dns_n);
	json_uint(j, "session", s->tally.session_n);
	json_uint(j, "report", 0);
	json_close(j);
	json_uint(j, "lines", s->lines);
	json_uint(j, "bad", s->tally.bad_n);
	json_uint(j, "ignored", s->tally.ignored_n + s->no_inside);
	json_uint(j, "late", s->late);
	json_uint(j, "muted", s->muted);
	json_uint(j, "dropped", s->dropped);
	json_list(j, "outcome_unknown");
	for (size_t i = 0; i < s->unknown_n; i++) {
		json_open(j, NULL);
		json_text(j, "exporter", s->unknown[i].exporter);
		json_uint(j, "contacts", s->unknown[i].contacts);
		json_text(j, "why", s->unknown[i].why);
		json_close(j);
	}
	json_end(j);
	if (s->sessions) {
		json_open(j, "line_not_exact");
		for (size_t i = 0; i < sizeof s->not_exact / sizeof *s->not_exact; i++)
			if (i != WHOSE_EXACT)
				json_uint(j, whose_word((enum whose)i), s->not_exact[i]);
		json_close(j);
	}
	json_real(j, "seconds", s->seconds, 3);
	json_real(j, "peak_rss_mb", s->peak_rss_mb, 1);
}

void stats_json(const struct stats *s, FILE *f)
{
	struct text out = {0};
	struct json j = json_to(&out);
	json_open(&j, NULL);
	stats_keys(s, &j);
	json_close(&j);
	json_line(&j);
	(void)fwrite(out.p, 1, out.n, f);
	text_fini(&out);
}

void stats_text(const struct stats *s, FILE *f)
{
	(void)fprintf(f, "%llu flows and %llu look-ups read in %.1f s",
	    (unsigned long long)s->tally.flow_n, (unsigned long long)s->tally.dns_n, s->seconds);
	if (s->tally.session_n)
		(void)fprintf(f, ", %llu sessions", (unsigned long long)s->tally.session_n);
	const struct {
		uint64_t n;
		const char *what;
	} rest[] = {{s->tally.bad_n, "bad"}, {s->tally.ignored_n + s->no_inside, "ignored"},
	    {s->late, "late"}, {s->muted, "muted"}, {s->dropped, "dropped by full tables"}};
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		if (rest[i].n)
			(void)fprintf(f, ", %llu %s", (unsigned long long)rest[i].n, rest[i].what);
	(void)fprintf(f, ".\n");
	if (s->sessions)
		(void)fprintf(f,
		    "Not judged, since sessions do not say for sure whose line it was: %llu "
		    "contacts "
		    "and look-ups unknown, %llu ambiguous, %llu expired.\n",
		    (unsigned long long)s->not_exact[WHOSE_UNKNOWN],
		    (unsigned long long)s->not_exact[WHOSE_AMBIGUOUS],
		    (unsigned long long)s->not_exact[WHOSE_EXPIRED]);
	for (size_t i = 0; i < s->unknown_n; i++)
		(void)fprintf(f, "Exporter %s %s: the outcome of %llu contacts is unknown.\n",
		    s->unknown[i].exporter[0] ? s->unknown[i].exporter : "(no name)",
		    s->unknown[i].why, (unsigned long long)s->unknown[i].contacts);
}

static int forced_decoder(struct run_input *in, const char *format, struct err *e)
{
	if (!format)
		return ERR_OK;
	in->env.forced = decoder_find(format);
	if (in->env.forced)
		return ERR_OK;
	struct text names = {0};
	for (size_t i = 0; i < decoders_n; i++)
		text_fmt(&names, "%s%s", i ? ", " : "", decoders[i]->name);
	err_set(
	    e, ERR_CONFIG, "--format: '%.40s' is not one of %s", format, names.n ? names.p : "");
	text_fini(&names);
	return ERR_CONFIG;
}

int run_input_open(struct run_input *in, const void *const *decoder_opts, const char *format,
    const char *zone, char **paths, int n, struct err *e)
{
	*in = (struct run_input){0};
	int bad = forced_decoder(in, format, e);
	if (!bad && zone && !when_zone(span_of(zone), &in->env.zone_ms))
		bad = err_set(
		    e, ERR_CONFIG, "--tz: '%.40s' is not UTC or an offset such as +02:00", zone);
	if (!bad && n == 0)
		bad = err_set(e, ERR_CONFIG, "name at least one file or folder to read");
	for (int i = 0; !bad && i < n; i++)
		if (paths_add(&in->paths, paths[i], e)) {
			(void)fprintf(stderr, "theriac: %s\n", e->msg);
			in->missing++;
		}
	in->env.now_ms = (int64_t)time(NULL) * 1000;
	in->env.decoder_opts = decoder_opts;
	in->env.exporters = exporters_new();
	if (bad)
		run_input_close(in);
	return bad;
}

void run_input_close(struct run_input *in)
{
	exporters_free(in->env.exporters);
	paths_fini(&in->paths);
	*in = (struct run_input){0};
}
