/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Option rows: see opt.h. */
#include "base/opt.h"
#include "base/mem.h"
#include "base/when.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *at(const struct opt_row *row, void *base)
{
	return (char *)base + row->offset;
}

void opt_range(const struct opt_row *row, struct text *out)
{
	if (row->type == OPT_WORD) {
		text_puts(out, "one of ");
		for (const char *p = row->unit; *p; p++)
			if (*p == '|')
				text_puts(out, ", ");
			else
				text_putc(out, *p);
	} else if (row->min != 0 || row->max != 0) {
		text_fmt(out, "within %.15g..%.15g", row->min, row->max);
		const char *unit = row->type == OPT_SPAN ? "s" : row->unit;
		if (unit && *unit)
			text_fmt(out, " %s", unit);
	}
}

static int refuse(const struct opt_row *row, const char *text, const char *want, struct err *e)
{
	struct text range = {0};
	opt_range(row, &range);
	err_set(e, ERR_CONFIG, "%s: '%.80s' is not %s%s%s", row->name, text, want,
	    range.n ? ", " : "", range.n ? range.p : "");
	text_fini(&range);
	return ERR_CONFIG;
}

static bool in_range(const struct opt_row *row, double v)
{
	return (row->min == 0 && row->max == 0) || (v >= row->min && v <= row->max);
}

static bool span_of_time(struct span s, double *seconds)
{
	static const struct {
		const char *unit;
		double s;
	} units[] = {{"ms", 0.001}, {"min", 60}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	double scale = 1;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i].unit);
		if (s.n > n && memcmp(s.p + s.n - n, units[i].unit, n) == 0) {
			scale = units[i].s;
			s = span_trim((struct span){s.p, s.n - n});
			break;
		}
	}
	if (!span_real(s, seconds))
		return false;
	*seconds *= scale;
	return true;
}

static const char *word_of(const struct opt_row *row, const char *text)
{
	struct span rest = span_of(row->unit);
	while (rest.p) {
		struct span word = span_cut(&rest, '|');
		if (span_is(word, text))
			return text;
	}
	return NULL;
}

int opt_set(const struct opt_row *row, void *base, const char *text, struct err *e)
{
	struct span s = span_trim(span_of(text));
	double real;
	uint64_t u;
	switch (row->type) {
	case OPT_UINT:
		if (!span_uint(s, &u) || !in_range(row, (double)u))
			return refuse(row, text, "a whole number", e);
		*(uint64_t *)at(row, base) = u;
		return ERR_OK;
	case OPT_REAL:
		if (!span_real(s, &real) || !in_range(row, real))
			return refuse(row, text, "a number", e);
		*(double *)at(row, base) = real;
		return ERR_OK;
	case OPT_BOOL:
		if (!span_is(s, "yes") && !span_is(s, "no"))
			return refuse(row, text, "yes or no", e);
		*(bool *)at(row, base) = span_is(s, "yes");
		return ERR_OK;
	case OPT_SPAN:
		if (!span_of_time(s, &real) || !in_range(row, real) || fabs(real) > 1e11)
			return refuse(row, text, "a duration such as 30 s, 5 min or 2 h", e);
		*(int64_t *)at(row, base) = (int64_t)llround(real * 1000);
		return ERR_OK;
	case OPT_TIME:
		if (!when_parse(s, 0, (int64_t *)at(row, base)))
			return refuse(row, text, "a time such as 2026-01-02T03:04:05Z", e);
		return ERR_OK;
	case OPT_TEXT:
		*(const char **)at(row, base) = text;
		return ERR_OK;
	case OPT_WORD:
		if (!word_of(row, text))
			return refuse(row, text, "a valid word", e);
		*(const char **)at(row, base) = text;
		return ERR_OK;
	case OPT_LIST:
		opt_list_add(at(row, base), text);
		return ERR_OK;
	}
	return err_set(e, ERR_CONFIG, "%s: unknown type of option", row->name);
}

void opt_defaults(const struct opt_row *rows, size_t n, void *base)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].def) {
			int bad = opt_set(&rows[i], base, rows[i].def, NULL);
			assert(!bad);
			(void)bad;
		}
}

static void print_span(int64_t ms, struct text *out)
{
	if (ms && ms % 86400000 == 0)
		text_fmt(out, "%lld d", (long long)(ms / 86400000));
	else if (ms && ms % 3600000 == 0)
		text_fmt(out, "%lld h", (long long)(ms / 3600000));
	else if (ms && ms % 60000 == 0)
		text_fmt(out, "%lld min", (long long)(ms / 60000));
	else
		text_fmt(out, "%.15g s", (double)ms / 1000);
}

void opt_print(const struct opt_row *row, const void *base, struct text *out)
{
	const void *p = (const char *)base + row->offset;
	const char *s = NULL;
	char when[WHEN_TEXT];
	switch (row->type) {
	case OPT_UINT:
		text_fmt(out, "%llu", (unsigned long long)*(const uint64_t *)p);
		return;
	case OPT_REAL:
		text_fmt(out, "%.15g", *(const double *)p);
		return;
	case OPT_BOOL:
		text_puts(out, *(const bool *)p ? "yes" : "no");
		return;
	case OPT_SPAN:
		print_span(*(const int64_t *)p, out);
		return;
	case OPT_TIME:
		when_text(when, *(const int64_t *)p);
		text_puts(out, *(const int64_t *)p ? when : "");
		return;
	case OPT_TEXT:
	case OPT_WORD:
		s = *(const char *const *)p;
		text_puts(out, s ? s : "");
		return;
	case OPT_LIST: {
		const struct opt_list *l = p;
		for (size_t i = 0; i < l->n; i++)
			text_fmt(out, "%s%s", i ? " " : "", l->v[i]);
		return;
	}
	}
}

const struct opt_row *opt_find(const struct opt_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

void opt_list_add(struct opt_list *l, const char *text)
{
	l->v = mem_grow(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = text;
}

void opt_list_fini(struct opt_list *l)
{
	free(l->v);
	*l = (struct opt_list){0};
}

void opt_lists_fini(const struct opt_row *rows, size_t n, void *base)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].type == OPT_LIST)
			opt_list_fini(at(&rows[i], base));
}
