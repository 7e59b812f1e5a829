/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One YAML file -> typed option rows, and back. The file is a mapping of sections, each a mapping
 * of options; a list is a sequence. Nothing else of YAML is read: no aliases, anchors, tags, second
 * documents or deeper nesting. An unknown key is an error with line, column and the nearest valid
 * key, and so is a key that stands twice. */
#pragma once
#include "base/mem.h"
#include "base/opt.h"

enum { CONF_MAX_BYTES = 1 << 20 };

struct conf_section {
	const char *name;    /* "detector.scan-bot-ports" */
	const char *summary; /* a comment above it, or NULL */
	const struct opt_row *rows;
	size_t rows_n;
	void *values; /* the struct the rows' offsets are about */
	/* What is wrong with a value beyond its type: CONFIG; or NULL. */
	int (*check)(const struct opt_row *row, const char *text, struct err *e);
};

/* Fills the sections' values from text (name: what to call it in errors), over what is in them:
 * opt_defaults comes first. Texts are copied into the arena. On error the values are in part set.
 */
int conf_read(const char *name, const char *text, size_t text_n,
    const struct conf_section *sections, size_t sections_n, struct arena *a, struct err *e);
/* The same from a file; SYS: it cannot be read. */
int conf_load(const char *path, const struct conf_section *sections, size_t sections_n,
    struct arena *a, struct err *e);
/* Appends the sections with their values; help, range and default are comments. Reading that gives
 * the same values. */
void conf_print(const struct conf_section *sections, size_t sections_n, struct text *out);
