/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Option rows with their values -> YAML: see conf.h. An option without a value stands as a comment,
 * so that every option is shown and reading it back changes nothing. */
#include "base/opt_show.h"
#include "conf/conf.h"

/* A JSON string is a double-quoted YAML scalar. */
static void quoted(const char *s, struct text *out)
{
	struct json j = json_to(out);
	json_text(&j, NULL, s);
}

static void print_list(const struct opt_list *l, struct text *out)
{
	text_puts(out, l->n ? "\n" : " []\n");
	for (size_t i = 0; i < l->n; i++) {
		text_puts(out, "    - ");
		quoted(l->v[i], out);
		text_putc(out, '\n');
	}
}

static void print_row(const struct opt_row *row, const void *values, struct text *out)
{
	struct text value = {0};
	text_puts(out, "  # ");
	opt_show_help(row, out);
	text_putc(out, '\n');
	const void *p = (const char *)values + row->offset;
	bool text = row->type == OPT_TEXT || row->type == OPT_WORD;
	if (row->type == OPT_LIST) {
		text_fmt(out, "  %s:", row->name);
		print_list(p, out);
	} else if (text && *(const char *const *)p) {
		text_fmt(out, "  %s: ", row->name);
		quoted(*(const char *const *)p, out);
		text_putc(out, '\n');
	} else {
		opt_print(row, values, &value);
		if (value.n)
			text_fmt(out, "  %s: %s\n", row->name, value.p);
		else
			text_fmt(out, "  # %s:\n", row->name);
	}
	text_fini(&value);
}

void conf_print(const struct conf_section *sections, size_t sections_n, struct text *out)
{
	for (size_t i = 0; i < sections_n; i++) {
		const struct conf_section *s = &sections[i];
		if (i)
			text_putc(out, '\n');
		if (s->summary)
			text_fmt(out, "# %s\n", s->summary);
		text_fmt(out, "%s:%s\n", s->name, s->rows_n ? "" : " {}");
		for (size_t k = 0; k < s->rows_n; k++)
			print_row(&s->rows[k], s->values, out);
	}
}
