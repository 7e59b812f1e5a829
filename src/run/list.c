/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is built in: the descriptors of the plug points -> `theriac list`. */
#include "base/opt_show.h"
#include "decode/decode.h"
#include "run/run.h"
#include <string.h>

/* What every descriptor says of itself. */
struct item {
	const char *type, *name, *summary, *source;
	const struct opt_row *rows;
	size_t rows_n;
};

static void item_text(const struct item *it, struct text *out)
{
	char lead[] = "    ";
	text_fmt(out, "%-20s %s\n", it->name, it->summary);
	text_fmt(out, "%ssource: %s\n", lead, it->source);
	if (it->rows_n)
		text_fmt(out, "%soptions, in section %s.%s of the configuration:\n", lead, it->type,
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
			item_text(&it, out);
			continue;
		}
		item_json(&it, &j);
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
} kinds[] = {{"decoders", list_decoders}, {"actions", list_none}, {"inputs", list_none}};

const char *const run_list_words[] = {"decoders", "actions", "inputs"};
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
