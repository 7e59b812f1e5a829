/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed option rows: a value's name, type, range, unit, default and help in one place. The command
 * line, the configuration file, --help, `list`, `config show` and the manual are made from them. */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum opt_type {
	OPT_UINT, /* uint64_t, within min..max */
	OPT_REAL, /* double, within min..max */
	OPT_BOOL, /* bool; on the command line a flag without a value */
	OPT_TEXT, /* const char *, borrowed from the text it was set from */
	OPT_SPAN, /* int64_t milliseconds; "30", "30 s", "5 min", "2 h", "7 d"; a bare number is
		     seconds */
	OPT_TIME, /* int64_t Unix milliseconds, RFC 3339 */
	OPT_LIST, /* struct opt_list, may be given more than once */
	OPT_WORD, /* const char *, one of the words in `unit`, separated by '|' */
};

struct opt_list {
	const char **v; /* borrowed texts; the array is owned, free with opt_list_fini */
	size_t n;
};

struct opt_row {
	const char *name;
	enum opt_type type;
	size_t offset;    /* of the value in the struct it belongs to */
	double min, max;  /* UINT, REAL; SPAN in seconds; both 0: no limit */
	const char *unit; /* or, for text on the command line, what to call the value (CIDR) */
	const char *def;  /* default as text, NULL: zero or empty */
	const char *help; /* one sentence without a full stop */
};

/* Sets one value from text; error: CONFIG with the value, and the range or the valid words. */
int opt_set(const struct opt_row *row, void *base, const char *text, struct err *e);
/* Sets every default; a bad default is a broken promise (assert). */
void opt_defaults(const struct opt_row *rows, size_t n, void *base);
/* Appends the value as text that opt_set would read. */
void opt_print(const struct opt_row *row, const void *base, struct text *out);
const struct opt_row *opt_find(const struct opt_row *rows, size_t n, const char *name);
void opt_list_add(struct opt_list *l, const char *text);
void opt_list_fini(struct opt_list *l);
void opt_lists_fini(const struct opt_row *rows, size_t n, void *base); /* of all its lists */
/* Appends "within 1..65536 lines" or "one of a, b" to out; nothing where anything goes. */
void opt_range(const struct opt_row *row, struct text *out);
