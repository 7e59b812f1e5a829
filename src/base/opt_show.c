/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Option rows shown: see opt_show.h. */
#include "base/opt_show.h"
#include <string.h>

enum { NAME_COLUMN = 26 };

static const struct {
	const char *word, *value;
} types[] = {
    [OPT_UINT] = {"uint", "N"},
    [OPT_REAL] = {"real", "X"},
    [OPT_BOOL] = {"bool", ""},
    [OPT_TEXT] = {"text", "TEXT"},
    [OPT_SPAN] = {"span", "DURATION"},
    [OPT_TIME] = {"time", "TIME"},
    [OPT_LIST] = {"list", "TEXT"},
    [OPT_WORD] = {"word", "WORD"},
};

static bool is_text(const struct opt_row *row)
{
	return row->type == OPT_TEXT || row->type == OPT_LIST;
}

static bool is_limited(const struct opt_row *row)
{
	return row->min != 0 || row->max != 0;
}

static bool has_unit(const struct opt_row *row)
{
	return row->unit && *row->unit && row->type != OPT_WORD && !is_text(row);
}

const char *opt_value_name(const struct opt_row *row)
{
	return is_text(row) && row->unit && *row->unit ? row->unit : types[row->type].value;
}

void opt_show_help(const struct opt_row *row, struct text *out)
{
	struct text facts = {0};
	opt_range(row, &facts);
	if (!facts.n && has_unit(row))
		text_fmt(&facts, "in %s", row->unit);
	if (row->def && *row->def && row->type != OPT_BOOL)
		text_fmt(&facts, "%sdefault %s", facts.n ? ", " : "", row->def);
	if (row->type == OPT_LIST)
		text_fmt(&facts, "%smay be repeated", facts.n ? ", " : "");
	text_puts(out, row->help);
	if (facts.n)
		text_fmt(out, " (%s)", facts.p);
	text_fini(&facts);
}

void opt_show(const struct opt_row *rows, size_t n, const char *lead, struct text *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t from = out->n;
		const char *value = opt_value_name(&rows[i]);
		text_fmt(out, "%s%s%s%s", lead, rows[i].name, *value ? " " : "", value);
		size_t used = out->n - from;
		if (used + 2 > NAME_COLUMN) {
			text_putc(out, '\n');
			used = 0;
		}
		text_fmt(out, "%*s", (int)(NAME_COLUMN - used), "");
		opt_show_help(&rows[i], out);
		text_putc(out, '\n');
	}
}

static void words_json(const struct opt_row *row, struct json *j)
{
	json_list(j, "words");
	for (struct span rest = span_of(row->unit); rest.p;) {
		struct span word = span_cut(&rest, '|');
		json_span(j, NULL, word.p, word.n);
	}
	json_end(j);
}

static void row_json(const struct opt_row *row, struct json *j)
{
	json_open(j, NULL);
	json_text(j, "name", row->name);
	json_text(j, "type", types[row->type].word);
	json_text(j, "value", opt_value_name(row));
	if (is_limited(row)) {
		json_real(j, "min", row->min, 9);
		json_real(j, "max", row->max, 9);
	}
	if (has_unit(row) || (row->type == OPT_SPAN && is_limited(row)))
		json_text(j, "unit", row->type == OPT_SPAN ? "s" : row->unit);
	if (row->type == OPT_WORD)
		words_json(row, j);
	if (row->def)
		json_text(j, "default", row->def);
	json_text(j, "help", row->help);
	struct text whole = {0};
	opt_show_help(row, &whole);
	json_text(j, "text", whole.p);
	text_fini(&whole);
	json_close(j);
}

void opt_show_json(const struct opt_row *rows, size_t n, struct json *j)
{
	json_list(j, "options");
	for (size_t i = 0; i < n; i++)
		row_json(&rows[i], j);
	json_end(j);
}
