/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is built in: the descriptors of the plug points -> `theriac list`. */
#include "base/opt_show.h"
#include "base/when.h"
#include "decode/decode.h"
#include "detect/detect.h"
#include "run/run.h"
#include <string.h>

/* What every descriptor says of itself. */
struct item {
	const char *type, *name, *summary, *source;
	const struct opt_row *rows;
	size_t rows_n;
};

static void head_text(const struct item *it, struct text *out)
{
	text_fmt(out, "%-20s %s\n    source: %s\n", it->name, it->summary, it->source);
}

static void options_text(const struct item *it, struct text *out)
{
	if (it->rows_n)
		text_fmt(out, "    options, in section %s.%s of the configuration:\n", it->type,
		    it->name);
	opt_show(it->rows, it->rows_n, "      ", out);
}

/* Leaves the object open for what only this kind has. */
static void item_json(const struct item *it, struct json *j)
{
	json_open(j, NULL);
	json_text(j, "type", it->type);
	json_text(j, "name", it->name);
	json_text(j, "summary", it->summary);
	json_text(j, "source", it->source);
	opt_show_json(it->rows, it->rows_n, j);
}

static void json_finish(struct json *j)
{
	json_close(j);
	json_line(j);
}

static void list_decoders(bool json, struct text *out)
{
	struct json j = json_to(out);
	for (size_t i = 0; i < decoders_n; i++) {
		const struct decoder *d = decoders[i];
		struct item it = {"decoder", d->name, d->summary, d->source, d->rows, d->rows_n};
		if (!json) {
			head_text(&it, out);
			options_text(&it, out);
			continue;
		}
		item_json(&it, &j);
		json_finish(&j);
	}
}

static const char *const groups[GROUP_N] = {
    [GROUP_INTEL] = "intel",
    [GROUP_PROPAGATION] = "propagation",
    [GROUP_C2] = "c2",
    [GROUP_ABUSE] = "abuse",
};

static void detector_text(const struct detector *d, struct text *out)
{
	char window[WHEN_TEXT];
	when_span(window, d->window_ms);
	text_fmt(out, "    group: %s, weight %g, at most %g dB%s, ATT&CK %s\n", groups[d->group],
	    d->weight, d->cap_db, d->behaviour ? ", states a behaviour" : "", d->attack);
	for (size_t i = 0; i < 2 && d->statistic[i]; i++)
		text_fmt(out, "    measures: %s in %s\n", d->statistic[i], d->unit[i]);
	if (d->window_ms)
		text_fmt(out, "    window: %s\n", window);
	text_fmt(
	    out, "    state: %zu bytes, of lines that it keeps something of\n", d->state_bytes);
}

static void statistics_json(const struct detector *d, struct json *j)
{
	json_list(j, "statistics");
	for (size_t i = 0; i < 2 && d->statistic[i]; i++) {
		json_open(j, NULL);
		json_text(j, "statistic", d->statistic[i]);
		json_text(j, "unit", d->unit[i]);
		json_text(j, "sentence", d->sentence[i]);
		if (d->tail[i].u > 0) {
			json_real(j, "u", d->tail[i].u, 9);
			json_real(j, "p_u", d->tail[i].p, 9);
			json_real(j, "a", d->tail[i].a, 9);
		}
		json_close(j);
	}
	json_end(j);
}

static void detector_json(const struct detector *d, struct json *j)
{
	json_text(j, "attack", d->attack);
	json_text(j, "group", groups[d->group]);
	json_real(j, "weight", d->weight, 3);
	json_real(j, "cap_db", d->cap_db, 1);
	json_real(j, "window_s", (double)d->window_ms / 1000, 3);
	json_bool(j, "behaviour", d->behaviour);
	json_uint(j, "state_bytes", d->state_bytes);
	json_uint(j, "state_version", d->version);
	statistics_json(d, j);
}

static void list_detectors(bool json, struct text *out)
{
	struct json j = json_to(out);
	for (size_t i = 0; i < detectors_n; i++) {
		const struct detector *d = detectors[i];
		struct item it = {"detector", d->name, d->summary, d->source, d->rows, d->rows_n};
		if (!json) {
			head_text(&it, out);
			detector_text(d, out);
			options_text(&it, out);
			continue;
		}
		item_json(&it, &j);
		detector_json(d, &j);
		json_finish(&j);
	}
}

/* Plug points of later stages: nothing can be listed, and a program gets no line. */
static void list_none(bool json, struct text *out)
{
	if (!json)
		text_puts(out, "none in this version\n");
}

static const struct {
	const char *word;
	void (*list)(bool json, struct text *out);
} kinds[] = {{"detectors", list_detectors}, {"decoders", list_decoders}, {"actions", list_none},
    {"inputs", list_none}};

const char *const run_list_words[] = {"detectors", "decoders", "actions", "inputs"};
const size_t run_list_words_n = sizeof run_list_words / sizeof *run_list_words;
_Static_assert(sizeof kinds / sizeof *kinds == sizeof run_list_words / sizeof *run_list_words,
    "every word has its list");

bool run_list(const char *word, bool json, struct text *out)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].word, word) == 0) {
			kinds[i].list(json, out);
			return true;
		}
	return false;
}
