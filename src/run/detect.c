/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac detect: files -> who is infected, for people or programs. */
#include "base/mem.h"
#include "run/show.h"
#include "run/stages.h"
#include "run/stream.h"
#include <stdlib.h>
#include <string.h>

/* Everything a run of detect holds. */
struct detection {
	const struct run_detect_options *o;
	struct run_input in;
	_Alignas(MEM_APART) struct stats stats; /* its tally is written by who reads */
	_Alignas(MEM_APART) struct stages stages;
};

static int open_all(
    struct detection *x, const struct settings *settings, char **paths, int n, struct err *e)
{
	const struct run_detect_options *o = x->o;
	int bad =
	    run_input_open(&x->in, settings_decoders(settings), o->format, o->zone, paths, n, e);
	if (bad)
		return bad;
	const struct stages_options so = {.settings = settings,
	    .inside = o->inside,
	    .sessions = o->sessions,
	    .nats = o->nats,
	    .zone = o->zone,
	    .pseudonyms = o->pseudonyms,
	    .indicators = o->indicators,
	    .allow = o->allow,
	    .sampling = o->sampling,
	    .threads = o->threads,
	    .no_dns = o->no_dns,
	    .no_detect = o->no_detect,
	    .quiet = o->json};
	return stages_open(&x->stages, &so, e);
}

static bool wanted(const struct run_detect_options *o, int64_t time_ms)
{
	return (!o->since_ms || time_ms >= o->since_ms) && (!o->until_ms || time_ms < o->until_ms);
}

static void feed(struct detection *x, const struct stream_batch *b)
{
	size_t fed = 0; /* what is wanted is passed on in runs, as a rule in one */
	uint64_t late = 0;
	for (size_t i = 0; i < b->n; i++) {
		if (wanted(x->o, b->v[i].time_ms)) {
			late += b->v[i].late;
			continue;
		}
		stages_feed(&x->stages, b->v + fed, i - fed);
		fed = i + 1;
	}
	stages_feed(&x->stages, b->v + fed, b->n - fed);
	x->stats.late += late;
}

static void read_all(struct detection *x, struct stream *s)
{
	struct progress bar = progress_begin(x->in.paths.bytes);
	const struct stream_batch *b;
	for (uint64_t n = 0; (b = stream_next(s)); n += b->n) {
		progress_show(&bar, stream_taken(s), n);
		feed(x, b);
	}
	progress_end(&bar);
}

static int no_line_error(struct detection *x)
{
	struct text frequent = {0};
	attribute_frequent(x->stages.attribute, &frequent);
	(void)fprintf(stderr,
	    "theriac: no record has an inside address. Most frequent here: %s. Name your prefixes "
	    "with --inside, for example --inside %.*s\n",
	    frequent.n ? frequent.p : "none",
	    frequent.n ? (int)strcspn(frequent.p, ",") : (int)strlen("192.0.2.0/24"),
	    frequent.n ? frequent.p : "192.0.2.0/24");
	text_fini(&frequent);
	return 1;
}

static const struct verdict_line *judge(struct detection *x, enum tier min, size_t *n)
{
	return evidence_judge(x->stages.evidence, x->stages.span_ms, x->stats.lines, min, n);
}

static int conclude(struct detection *x)
{
	const struct tally *t = &x->stats.tally;
	uint64_t records = t->flow_n + t->dns_n;
	if (!t->files_read && records == 0) {
		(void)fprintf(stderr, "theriac: nothing that was given could be read\n");
		return 1;
	}
	const struct attribute_counts *c = attribute_counted(x->stages.attribute);
	if (!c->inside && c->no_inside)
		return no_line_error(x);
	size_t n;
	if (x->o->json_to) {
		const struct verdict_line *all = judge(x, TIER_OBSERVE, &n);
		show_json(x->stages.evidence, all, n, &x->stats, x->o->json_to);
	}
	const struct verdict_line *v = judge(x, tier_of(x->o->min_tier), &n);
	if (x->o->json)
		show_json(x->stages.evidence, v, n, &x->stats, stdout);
	else
		show_table(x->stages.evidence, v, n, &x->stats);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fputs("theriac: the output could not be written\n", stderr);
		return 1;
	}
	return 0;
}

static int run_pipeline(struct detection *x)
{
	struct stream *s = stream_new(&x->in, &x->stats.tally);
	stages_start(&x->stages, (struct pipeline_idle){stream_help, s});
	read_all(x, s);
	stages_finish(&x->stages, x->in.env.exporters, &x->stats);
	stream_free(s);
	return conclude(x);
}

int run_detect(
    const struct run_detect_options *o, const struct settings *settings, char **paths, int n)
{
	struct detection x = {.o = o};
	struct err e;
	x.stats = stats_begin();
	int bad = open_all(&x, settings, paths, n, &e);
	if (bad)
		(void)fprintf(stderr, "theriac: %s\n", e.msg);
	int status = bad ? (bad == ERR_CONFIG ? 2 : 1) : run_pipeline(&x);
	stages_close(&x.stages);
	run_input_close(&x.in);
	return status;
}
