/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Option values of every stage, decoder and detector: see run.h. A detector's section has one
 * option more than its rows: whether it runs at all. */
#include "attribute/attribute.h"
#include "base/mem.h"
#include "decode/decode.h"
#include "detect/detect.h"
#include "evidence/evidence.h"
#include "run/run.h"
#include <stdlib.h>
#include <string.h>

static const struct opt_row enabled_row = {
    .name = "enabled", .type = OPT_BOOL, .def = "yes", .help = "whether this detector runs"};

struct settings {
	struct arena arena;            /* names, rows, values and texts */
	struct conf_section *sections; /* stages, decoders, detectors */
	size_t sections_n;
	const void **decoder_opts, **detector_opts;
	bool *detector_enabled;
	struct attribute_options attribute;
	struct detect_options tables;
	struct evidence_options evidence;
	struct sessions_options sessions;
	struct lines_rules lines;
};

enum { STAGES = 5 };

static void add_stages(struct settings *s)
{
	const struct conf_section stages[STAGES] = {
	    {"attribute", "how conversations are put together", attribute_rows, attribute_rows_n,
		&s->attribute, NULL},
	    {"sessions", "how records of who held an address are put together", sessions_rows,
		sessions_rows_n, &s->sessions, NULL},
	    {"lines", "which identifiers are one subscriber line", lines_rows, lines_rows_n,
		&s->lines, lines_rule_check},
	    {"tables", "room for lines and destinations", detect_rows, detect_rows_n, &s->tables,
		NULL},
	    {"evidence", "how sure one has to be", evidence_rows, evidence_rows_n, &s->evidence,
		NULL}};
	for (size_t i = 0; i < STAGES; i++)
		s->sections[s->sections_n++] = stages[i];
}

static const char *section_name(struct settings *s, const char *kind, const char *name)
{
	struct text t = {0};
	text_fmt(&t, "%s.%s", kind, name);
	const char *copy = arena_text(&s->arena, t.p, t.n);
	text_fini(&t);
	return copy;
}

static void add_decoder(struct settings *s, const struct decoder *d, size_t i)
{
	void *values = arena_new(&s->arena, d->opts_bytes);
	s->decoder_opts[i] = values;
	if (d->rows_n)
		s->sections[s->sections_n++] =
		    (struct conf_section){section_name(s, "decoder", d->name), d->summary, d->rows,
			d->rows_n, values, NULL};
}

static void add_detector(struct settings *s, const struct detector *d)
{
	char *values = arena_new(&s->arena, d->opts_bytes + sizeof(bool));
	struct opt_row *rows = arena_new(&s->arena, (d->rows_n + 1) * sizeof *rows);
	rows[0] = enabled_row;
	rows[0].offset = d->opts_bytes;
	if (d->rows_n)
		memcpy(rows + 1, d->rows, d->rows_n * sizeof *rows);
	s->detector_opts[detector_number(d)] = values;
	s->sections[s->sections_n++] = (struct conf_section){
	    section_name(s, "detector", d->name), d->summary, rows, d->rows_n + 1, values, NULL};
}

struct settings *settings_new(void)
{
	struct settings *s = mem_new(1, sizeof *s);
	s->sections = mem_new(STAGES + decoders_n + detectors_n, sizeof *s->sections);
	s->decoder_opts = mem_new(decoders_n, sizeof *s->decoder_opts);
	s->detector_opts = mem_new(detectors_n, sizeof *s->detector_opts);
	s->detector_enabled = mem_new(detectors_n, sizeof *s->detector_enabled);
	add_stages(s);
	for (size_t i = 0; i < decoders_n; i++)
		add_decoder(s, decoders[i], i);
	for (size_t i = 0; i < detectors_n; i++)
		add_detector(s, detectors[i]);
	for (size_t i = 0; i < s->sections_n; i++)
		opt_defaults(s->sections[i].rows, s->sections[i].rows_n, s->sections[i].values);
	return s;
}

/* All sections of the file in one array: the commands' come first. */
static struct conf_section *all_sections(
    const struct settings *s, const struct conf_section *more, size_t more_n)
{
	struct conf_section *all = mem_new(more_n + s->sections_n, sizeof *all);
	if (more_n)
		memcpy(all, more, more_n * sizeof *all);
	memcpy(all + more_n, s->sections, s->sections_n * sizeof *all);
	return all;
}

int settings_load(struct settings *s, const char *path, const struct conf_section *more,
    size_t more_n, struct err *e)
{
	struct conf_section *all = all_sections(s, more, more_n);
	int bad = conf_load(path, all, more_n + s->sections_n, &s->arena, e);
	free(all);
	return bad;
}

void settings_print(
    const struct settings *s, const struct conf_section *more, size_t more_n, struct text *out)
{
	struct conf_section *all = all_sections(s, more, more_n);
	conf_print(all, more_n + s->sections_n, out);
	free(all);
}

const void *const *settings_decoders(const struct settings *s)
{
	return s->decoder_opts;
}

const void *const *settings_detectors(const struct settings *s)
{
	return s->detector_opts;
}

const struct attribute_options *settings_attribute(const struct settings *s)
{
	return &s->attribute;
}

const struct detect_options *settings_tables(const struct settings *s)
{
	return &s->tables;
}

const struct evidence_options *settings_evidence(const struct settings *s)
{
	return &s->evidence;
}

const struct sessions_options *settings_sessions(const struct settings *s)
{
	return &s->sessions;
}

const struct lines_rules *settings_lines(const struct settings *s)
{
	return &s->lines;
}

const bool *settings_enabled(const struct settings *s)
{
	for (size_t i = 0; i < detectors_n; i++)
		memcpy(&s->detector_enabled[i],
		    (const char *)s->detector_opts[i] + detectors[i]->opts_bytes, sizeof(bool));
	return s->detector_enabled;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->sections_n; i++)
		opt_lists_fini(s->sections[i].rows, s->sections[i].rows_n, s->sections[i].values);
	arena_fini(&s->arena);
	free(s->sections);
	free(s->decoder_opts);
	free(s->detector_opts);
	free(s->detector_enabled);
	free(s);
}
