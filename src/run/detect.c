/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac detect: files -> who is infected, for people or programs. */
#include "base/mem.h"
#include "evidence/evidence.h"
#include "run/ahead.h"
#include "run/pipeline.h"
#include "run/run.h"
#include "run/show.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 512 << 20, THREADS_MAX = 64, GAP_MAX_MS = 3600000 };

/* Everything a run of detect holds. */
struct detection {
	const struct run_detect_options *o;
	struct run_input in;
	struct stats stats;
	const struct settings *settings;
	struct attribute *attribute;
	struct population *population;
	struct indicators *indicators;
	struct allow *allow;
	struct evidence_source *sources;
	struct evidence_table *evidence;
	int64_t last_ms,
	    span_ms; /* newest record; time that the records span, gaps cut to an hour */
};

/* Reads a whole small file; NULL and e filled where that fails. The caller frees it. */
static char *read_file(const char *path, size_t *n, struct err *e)
{
	void *state;
	struct text t = {0};
	uint8_t piece[65536];
	size_t got = 0;
	if (input_file.open(&state, path, e))
		return NULL;
	int bad;
	while (!(bad = input_file.read(state, piece, sizeof piece, &got, e)) && got) {
		text_add(&t, (const char *)piece, got);
		if (t.n > FILE_MAX) {
			bad = err_set(e, ERR_LIMIT, "%s: larger than 512 MiB", path);
			break;
		}
	}
	input_file.close(state);
	*n = t.n;
	text_puts(&t, "");
	if (bad)
		text_fini(&t);
	return t.p;
}

static int open_inside(struct detection *x, struct err *e)
{
	const struct opt_list *l = &x->o->inside;
	for (size_t i = 0; i < l->n; i++) {
		int bad = attribute_inside(x->attribute, l->v[i], e);
		if (bad)
			return bad;
	}
	if (l->n == 0) {
		attribute_inside_private(x->attribute);
		if (!x->o->json)
			(void)fprintf(stderr, "No --inside given: private and CGN addresses (10/8, "
					      "172.16/12, 192.168/16, "
					      "100.64/10, fc00::/7) are the lines.\n");
	}
	return ERR_OK;
}

/* What is no list of indicators is told and left out; INPUT only where nothing at all was read. */
static int add_indicators(struct detection *x, const char *path, size_t *sum, struct err *e)
{
	size_t size = 0, added = 0, refused = 0;
	const char *slash = strrchr(path, '/');
	char *text = read_file(path, &size, e);
	if (!text)
		return ERR_SYS;
	int bad = indicators_add(
	    x->indicators, slash ? slash + 1 : path, text, size, &added, &refused, e);
	if (bad == ERR_INPUT)
		(void)fprintf(stderr, "theriac: %s\n", e->msg);
	else if (!bad && refused && !x->o->json)
		(void)fprintf(
		    stderr, "%s: %zu indicators, %zu rows left out\n", path, added, refused);
	*sum += added;
	free(text);
	return bad == ERR_INPUT ? ERR_OK : bad;
}

static int open_indicators(struct detection *x, struct err *e)
{
	const struct opt_list *l = &x->o->indicators;
	struct paths files = {0};
	size_t sum = 0;
	int bad = ERR_OK;
	for (size_t i = 0; !bad && i < l->n; i++)
		bad = paths_add(&files, l->v[i], e);
	for (size_t i = 0; !bad && i < files.n; i++)
		bad = add_indicators(x, files.v[i], &sum, e);
	if (!bad && l->n && sum == 0)
		bad = err_set(e, ERR_INPUT, "--indicators: no indicator could be read");
	paths_fini(&files);
	return bad;
}

static int open_allow(struct detection *x, struct err *e)
{
	for (size_t i = 0; i < x->o->allow.n; i++) {
		size_t size = 0;
		char *text = read_file(x->o->allow.v[i], &size, e);
		int bad = text ? allow_read(x->allow, x->o->allow.v[i], text, size, e) : ERR_SYS;
		free(text);
		if (bad)
			return bad;
	}
	return ERR_OK;
}

static void open_sources(struct detection *x)
{
	x->sources = mem_new(detectors_n, sizeof *x->sources);
	for (size_t i = 0; i < detectors_n; i++) {
		const struct detector *d = detectors[i];
		x->sources[i] = (struct evidence_source){.name = d->name,
		    .attack = d->attack,
		    .sentence = {d->sentence[0], d->sentence[1]},
		    .statistic = {d->statistic[0], d->statistic[1]},
		    .unit = {d->unit[0], d->unit[1]},
		    .group = d->group,
		    .weight = d->weight};
	}
}

static struct evidence_table *new_table(const void *arg)
{
	const struct detection *x = arg;
	return evidence_new(settings_evidence(x->settings), x->sources, detectors_n, x->allow);
}

static int open_all(struct detection *x, char **paths, int n, struct err *e)
{
	const struct run_detect_options *o = x->o;
	int bad =
	    run_input_open(&x->in, settings_decoders(x->settings), o->format, o->zone, paths, n, e);
	if (bad)
		return bad;
	struct attribute_options ao = *settings_attribute(x->settings);
	if (o->sampling)
		ao.sampling = o->sampling;
	x->attribute = attribute_new(&ao);
	x->indicators = indicators_new();
	x->allow = allow_new();
	open_sources(x);
	if ((bad = open_inside(x, e)) || (bad = open_indicators(x, e)) || (bad = open_allow(x, e)))
		return bad;
	x->population = population_new(settings_tables(x->settings), x->indicators);
	x->evidence = new_table(x);
	return ERR_OK;
}

static void close_all(struct detection *x)
{
	evidence_free(x->evidence);
	population_free(x->population);
	allow_free(x->allow);
	indicators_free(x->indicators);
	attribute_free(x->attribute);
	free(x->sources);
	run_input_close(&x->in);
}

static unsigned shards_of(const struct run_detect_options *o)
{
	long cpus = o->threads ? (long)o->threads : sysconf(_SC_NPROCESSORS_ONLN);
	return cpus < 2 ? 0 : cpus > THREADS_MAX ? THREADS_MAX - 1 : (unsigned)cpus - 1;
}

static bool wanted(const struct run_detect_options *o, int64_t time_ms)
{
	return (!o->since_ms || time_ms >= o->since_ms) && (!o->until_ms || time_ms < o->until_ms);
}

/* One record of another year must not make a short capture a long one. */
static void note_time(struct detection *x, int64_t time_ms)
{
	int64_t gap_ms = x->last_ms ? time_ms - x->last_ms : 0;
	if (gap_ms > 0)
		x->span_ms += gap_ms < GAP_MAX_MS ? gap_ms : GAP_MAX_MS;
	if (time_ms > x->last_ms)
		x->last_ms = time_ms;
}

static void feed(struct detection *x, struct pipeline *p, const struct stream_batch *b)
{
	size_t fed = 0; /* what is wanted is passed on in runs, as a rule in one */
	for (size_t i = 0; i < b->n; i++) {
		const struct stream_record *r = &b->v[i];
		if (wanted(x->o, r->time_ms)) {
			x->stats.late += r->late;
			note_time(x, r->time_ms);
			continue;
		}
		pipeline_feed(p, b->v + fed, i - fed);
		fed = i + 1;
	}
	pipeline_feed(p, b->v + fed, b->n - fed);
}

static void read_all(struct detection *x, struct pipeline *p)
{
	struct stream *s = stream_new(&x->in, &x->stats.tally);
	struct progress bar = progress_begin(x->in.paths.bytes);
	struct ahead *a = ahead_new(s, shards_of(x->o) > 0);
	const struct stream_batch *b;
	for (uint64_t n = 0; (b = ahead_next(a)); n += b->n) {
		progress_show(&bar, b->taken, n);
		feed(x, p, b);
	}
	progress_end(&bar);
	ahead_free(a);
	stream_free(s);
}

static void fill_unknown(struct detection *x)
{
	const struct exporter_ways *w;
	for (uint32_t i = 0; (w = attribute_ways(x->attribute, i)); i++) {
		int most = 0;
		uint64_t sum = 0;
		for (int why = 0; why < WHY_N; why++) {
			sum += w->unknown[why];
			most = w->unknown[why] > w->unknown[most] ? why : most;
		}
		if (!sum || x->stats.unknown_n == STATS_UNKNOWN_MAX)
			continue;
		const char *name = exporter_name(x->in.env.exporters, i);
		size_t at = x->stats.unknown_n++;
		(void)str_copy(x->stats.unknown[at].exporter, sizeof x->stats.unknown[at].exporter,
		    name, strlen(name));
		x->stats.unknown[at].contacts = sum;
		x->stats.unknown[at].why = unknown_why_text((enum unknown_why)most);
	}
}

static void fill_stats(struct detection *x)
{
	const struct attribute_counts *c = attribute_counted(x->attribute);
	x->stats.no_inside = c->no_inside + c->special;
	x->stats.dropped += c->dropped;
	x->stats.muted = evidence_muted(x->evidence);
	fill_unknown(x);
	stats_end(&x->stats);
}

static int no_line_error(struct detection *x)
{
	struct text frequent = {0};
	attribute_frequent(x->attribute, &frequent);
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
	return evidence_judge(x->evidence, x->span_ms, x->stats.lines, min, n);
}

static int conclude(struct detection *x)
{
	const struct tally *t = &x->stats.tally;
	uint64_t records = t->flow_n + t->dns_n;
	if (!t->files_read && records == 0) {
		(void)fprintf(stderr, "theriac: nothing that was given could be read\n");
		return 1;
	}
	const struct attribute_counts *c = attribute_counted(x->attribute);
	if (!c->inside && c->no_inside)
		return no_line_error(x);
	size_t n;
	if (x->o->json_to) {
		const struct verdict_line *all = judge(x, TIER_OBSERVE, &n);
		show_json(x->evidence, all, n, &x->stats, x->o->json_to);
	}
	const struct verdict_line *v = judge(x, tier_of(x->o->min_tier), &n);
	if (x->o->json)
		show_json(x->evidence, v, n, &x->stats, stdout);
	else
		show_table(x->evidence, v, n, &x->stats);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fputs("theriac: the output could not be written\n", stderr);
		return 1;
	}
	return 0;
}

static int run_pipeline(struct detection *x)
{
	struct pipeline_options po = {.attribute = x->attribute,
	    .population = x->population,
	    .detect = settings_tables(x->settings),
	    .detector_opts = settings_detectors(x->settings),
	    .enabled = settings_enabled(x->settings),
	    .new_table = new_table,
	    .new_table_arg = x,
	    .shards = shards_of(x->o),
	    .no_dns = x->o->no_dns,
	    .no_detect = x->o->no_detect};
	struct pipeline *p = pipeline_new(&po);
	read_all(x, p);
	pipeline_finish(p, x->evidence, &x->stats);
	pipeline_free(p);
	fill_stats(x);
	return conclude(x);
}

int run_detect(
    const struct run_detect_options *o, const struct settings *settings, char **paths, int n)
{
	struct detection x = {.o = o, .settings = settings};
	struct err e;
	x.stats = stats_begin();
	int bad = open_all(&x, paths, n, &e);
	if (bad)
		(void)fprintf(stderr, "theriac: %s\n", e.msg);
	int status = bad ? (bad == ERR_CONFIG ? 2 : 1) : run_pipeline(&x);
	close_all(&x);
	return status;
}
