/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the stages: see stages.h. */
#include "run/stages.h"
#include "base/mem.h"
#include "run/keys.h"
#include "run/line_book.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 512 << 20, THREADS_MAX = 64, GAP_MAX_MS = 3600000 };

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

static int open_inside(struct stages *s, struct err *e)
{
	const struct opt_list *l = &s->o.inside;
	for (size_t i = 0; i < l->n; i++) {
		int bad = attribute_inside(s->attribute, l->v[i], e);
		if (bad)
			return bad;
	}
	if (l->n == 0 && s->book) {
		int bad = line_book_inside(s->book, s->attribute, e);
		if (bad)
			return bad;
		if (!s->o.quiet)
			(void)fprintf(stderr, "No --inside given: the networks that sessions speak "
					      "of are inside.\n");
	} else if (l->n == 0) {
		attribute_inside_private(s->attribute);
		if (!s->o.quiet)
			(void)fprintf(stderr, "No --inside given: private and CGN addresses (10/8, "
					      "172.16/12, 192.168/16, "
					      "100.64/10, fc00::/7) are the lines.\n");
	}
	return ERR_OK;
}

static int open_sessions(struct stages *s, uint32_t skew_ms, struct err *e)
{
	struct pseudonym_key key;
	int bad = s->o.pseudonyms ? keys_read_file(s->o.pseudonyms, &key, e) : ERR_OK;
	const struct line_book_options o = {.files = &s->o.sessions,
	    .nats = &s->o.nats,
	    .settings = s->o.settings,
	    .zone = s->o.zone,
	    .skew_ms = skew_ms,
	    .key = s->o.pseudonyms ? &key : NULL};
	if (s->o.pseudonyms && !s->o.sessions.n)
		return err_set(e, ERR_CONFIG, "--pseudonyms is for lines of --sessions");
	if (s->o.nats.n && !s->o.sessions.n)
		return err_set(e, ERR_CONFIG, "--nat leads to lines of --sessions");
	if (bad || !s->o.sessions.n)
		return bad;
	bad = line_book_open(&s->book, &o, e);
	s->by_sessions = true;
	attribute_owners(s->attribute, line_book_owners(s->book));
	return bad;
}

/* What is no list of indicators is told and left out; INPUT only where nothing at all was read. */
static int add_indicators(struct stages *s, const char *path, size_t *sum, struct err *e)
{
	size_t size = 0, added = 0, refused = 0;
	const char *slash = strrchr(path, '/');
	char *text = read_file(path, &size, e);
	if (!text)
		return ERR_SYS;
	int bad = indicators_add(
	    s->indicators, slash ? slash + 1 : path, text, size, &added, &refused, e);
	if (bad == ERR_INPUT)
		(void)fprintf(stderr, "theriac: %s\n", e->msg);
	else if (!bad && refused && !s->o.quiet)
		(void)fprintf(
		    stderr, "%s: %zu indicators, %zu rows left out\n", path, added, refused);
	*sum += added;
	free(text);
	return bad == ERR_INPUT ? ERR_OK : bad;
}

static int open_indicators(struct stages *s, struct err *e)
{
	const struct opt_list *l = &s->o.indicators;
	struct paths files = {0};
	size_t sum = 0;
	int bad = ERR_OK;
	for (size_t i = 0; !bad && i < l->n; i++)
		bad = paths_add(&files, l->v[i], e);
	for (size_t i = 0; !bad && i < files.n; i++)
		bad = add_indicators(s, files.v[i], &sum, e);
	if (!bad && l->n && sum == 0)
		bad = err_set(e, ERR_INPUT, "--indicators: no indicator could be read");
	paths_fini(&files);
	return bad;
}

static int open_allow(struct stages *s, struct err *e)
{
	for (size_t i = 0; i < s->o.allow.n; i++) {
		size_t size = 0;
		char *text = read_file(s->o.allow.v[i], &size, e);
		int bad = text ? allow_read(s->allow, s->o.allow.v[i], text, size, e) : ERR_SYS;
		free(text);
		if (bad)
			return bad;
	}
	return ERR_OK;
}

static void open_sources(struct stages *s)
{
	s->sources = mem_new(detectors_n, sizeof *s->sources);
	for (size_t i = 0; i < detectors_n; i++) {
		const struct detector *d = detectors[i];
		s->sources[i] = (struct evidence_source){.name = d->name,
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
	const struct stages *s = arg;
	return evidence_new(settings_evidence(s->o.settings), s->sources, detectors_n, s->allow);
}

/* A run over files ends by itself, and so do its findings. */
static struct evidence_table *new_shard_table(const void *arg)
{
	const struct stages *s = arg;
	struct evidence_table *t = new_table(s);
	unsigned shards = stages_shards(&s->o);
	if (s->o.live)
		evidence_limit(
		    t, settings_evidence(s->o.settings)->lines_max / (shards ? shards : 1));
	return t;
}

unsigned stages_shards(const struct stages_options *o)
{
	long cpus = o->threads ? (long)o->threads : sysconf(_SC_NPROCESSORS_ONLN);
	return cpus < 2 ? 0 : cpus > THREADS_MAX ? THREADS_MAX - 1 : (unsigned)cpus - 1;
}

/* One record of another year must not make a short capture a long one. */
static void note_time(struct stages *s, int64_t time_ms)
{
	int64_t gap_ms = s->last_ms ? time_ms - s->last_ms : 0;
	if (gap_ms > 0)
		s->span_ms += gap_ms < GAP_MAX_MS ? gap_ms : GAP_MAX_MS;
	if (time_ms > s->last_ms)
		s->last_ms = time_ms;
}

static void fill_unknown(const struct stages *s, const struct exporters *names, struct stats *stats)
{
	const struct exporter_ways *w;
	for (uint32_t i = 0; (w = attribute_ways(s->attribute, i)); i++) {
		int most = 0;
		uint64_t sum = 0;
		for (int why = 0; why < WHY_N; why++) {
			sum += w->unknown[why];
			most = w->unknown[why] > w->unknown[most] ? why : most;
		}
		if (!sum || stats->unknown_n == STATS_UNKNOWN_MAX)
			continue;
		const char *name = exporter_name(names, i);
		size_t at = stats->unknown_n++;
		(void)str_copy(stats->unknown[at].exporter, sizeof stats->unknown[at].exporter,
		    name, strlen(name));
		stats->unknown[at].contacts = sum;
		stats->unknown[at].why = unknown_why_text((enum unknown_why)most);
	}
}

static const char *line_name(const void *book, const struct subject *s)
{
	return owners_name(line_book_owners((struct line_book *)book), s);
}

int stages_open(struct stages *s, const struct stages_options *o, struct err *e)
{
	*s = (struct stages){.o = *o};
	struct attribute_options ao = *settings_attribute(o->settings);
	if (o->sampling)
		ao.sampling = o->sampling;
	s->attribute = attribute_new(&ao);
	s->indicators = indicators_new();
	s->allow = allow_new();
	open_sources(s);
	int bad = open_sessions(s, (uint32_t)ao.skew_ms, e);
	bad = bad ? bad : open_inside(s, e);
	bad = bad ? bad : open_indicators(s, e);
	bad = bad ? bad : open_allow(s, e);
	if (bad)
		return bad;
	s->tables = *settings_tables(o->settings);
	s->key = o->live ? hash_key_random() : hash_key_offline;
	s->tables.key = &s->key;
	s->population = population_new(&s->tables, s->indicators);
	s->evidence = new_table(s);
	if (s->book)
		evidence_names(s->evidence, line_name, s->book);
	return ERR_OK;
}

void stages_owners(struct stages *s, struct owners *o)
{
	attribute_owners(s->attribute, o);
	population_weekly(s->population);
	s->by_sessions = true;
}

struct evidence_table *stages_table(const struct stages *s)
{
	return new_table(s);
}

void stages_start(struct stages *s, struct pipeline_idle idle)
{
	struct pipeline_options po = {.attribute = s->attribute,
	    .population = s->population,
	    .detect = &s->tables,
	    .detector_opts = settings_detectors(s->o.settings),
	    .enabled = settings_enabled(s->o.settings),
	    .new_table = new_shard_table,
	    .new_table_arg = s,
	    .shards = stages_shards(&s->o),
	    .idle = idle,
	    .no_dns = s->o.no_dns,
	    .no_detect = s->o.no_detect};
	s->pipeline = pipeline_new(&po);
}

void stages_feed(struct stages *s, const struct stream_record *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		note_time(s, r[i].time_ms);
	pipeline_feed(s->pipeline, r, n);
}

void stages_look(const struct stages *s, struct evidence_table *into, struct stats *stats)
{
	pipeline_look(s->pipeline, into, stats);
	stats->dropped += attribute_counted(s->attribute)->dropped;
}

void stages_finish(struct stages *s, const struct exporters *names, struct stats *stats)
{
	pipeline_finish(s->pipeline, s->evidence, stats);
	pipeline_free(s->pipeline);
	s->pipeline = NULL;
	const struct attribute_counts *c = attribute_counted(s->attribute);
	stats->no_inside = c->no_inside + c->special;
	memcpy(stats->not_exact, c->not_exact, sizeof stats->not_exact);
	stats->sessions = s->by_sessions;
	if (s->book)
		line_book_counted(s->book, stats);
	stats->dropped += c->dropped;
	stats->muted = evidence_muted(s->evidence);
	fill_unknown(s, names, stats);
	stats_end(stats);
}

void stages_close(struct stages *s)
{
	if (s->pipeline)
		pipeline_free(s->pipeline);
	evidence_free(s->evidence);
	population_free(s->population);
	allow_free(s->allow);
	indicators_free(s->indicators);
	attribute_free(s->attribute);
	line_book_close(s->book);
	free(s->sources);
}
