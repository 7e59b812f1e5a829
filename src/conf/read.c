/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* YAML -> option rows: see conf.h. libyaml gives events; since nesting is fixed (file, section,
 * option, list), a function each walks them, without recursion. */
#include "conf/conf.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct walk {
	const char *name; /* of the file, for errors */
	yaml_parser_t parser;
	yaml_event_t event;
	bool holds; /* event is filled and must be freed */
	const struct conf_section *sections;
	size_t sections_n;
	struct arena *arena;
	struct err *e;
};

static int fail(struct walk *w, yaml_mark_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct walk *w, yaml_mark_t at, const char *fmt, ...)
{
	char why[sizeof w->e->msg];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	return err_set(
	    w->e, ERR_CONFIG, "%s:%zu:%zu: %s", w->name, at.line + 1, at.column + 1, why);
}

static void drop_event(struct walk *w)
{
	if (w->holds)
		yaml_event_delete(&w->event);
	w->holds = false;
}

/* Whether the event carries what is not read here; NULL if not. */
static const char *foreign(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return "aliases are not read";
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor ? "anchors are not read"
		       : event->data.scalar.tag  ? "tags are not read"
						 : NULL;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor ? "anchors are not read"
		       : event->data.sequence_start.tag  ? "tags are not read"
							 : NULL;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor ? "anchors are not read"
		       : event->data.mapping_start.tag  ? "tags are not read"
							: NULL;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return NULL;
	}
	return NULL;
}

static int next(struct walk *w)
{
	drop_event(w);
	if (!yaml_parser_parse(&w->parser, &w->event)) {
		const char *why = w->parser.problem ? w->parser.problem : "not YAML";
		if (w->parser.error == YAML_READER_ERROR)
			return err_set(w->e, ERR_CONFIG, "%s: byte %zu: %s", w->name,
			    w->parser.problem_offset, why);
		return fail(w, w->parser.problem_mark, "%s", why);
	}
	w->holds = true;
	const char *why = foreign(&w->event);
	return why ? fail(w, w->event.start_mark, "%s", why) : ERR_OK;
}

/* The next event must be of that type. */
static int expect(struct walk *w, yaml_event_type_t type, const char *what)
{
	int bad = next(w);
	if (!bad && w->event.type != type)
		bad = fail(w, w->event.start_mark, "%s is expected here", what);
	return bad;
}

/* The scalar just read, in the arena; NULL where it holds a zero byte. */
static const char *scalar(struct walk *w)
{
	const char *p = (const char *)w->event.data.scalar.value;
	size_t n = w->event.data.scalar.length;
	return memchr(p, '\0', n) ? NULL : arena_text(w->arena, p, n);
}

static int unknown(
    struct walk *w, const char *what, const char *key, const char *const *words, size_t n)
{
	const char *near = str_nearest(key, words, n);
	if (near)
		return fail(w, w->event.start_mark, "unknown %s '%.60s', did you mean '%s'?", what,
		    key, near);
	struct text all = {0};
	for (size_t i = 0; i < n; i++)
		text_fmt(&all, "%s%s", i ? ", " : "", words[i]);
	int bad = fail(w, w->event.start_mark, "unknown %s '%.60s'; valid here: %s", what, key,
	    all.n ? all.p : "nothing");
	text_fini(&all);
	return bad;
}

static int set(struct walk *w, const struct conf_section *s, const struct opt_row *row)
{
	const char *text = scalar(w);
	struct err why;
	if (!text)
		return fail(w, w->event.start_mark, "%s: a text has no zero bytes", row->name);
	if (opt_set(row, s->values, text, &why) || (s->check && s->check(row, text, &why)))
		return fail(w, w->event.start_mark, "%s", why.msg);
	return ERR_OK;
}

static int read_list(struct walk *w, const struct conf_section *s, const struct opt_row *row)
{
	for (;;) {
		int bad = next(w);
		if (bad || w->event.type == YAML_SEQUENCE_END_EVENT)
			return bad;
		if (w->event.type != YAML_SCALAR_EVENT)
			return fail(w, w->event.start_mark, "%s: a plain value is expected here",
			    row->name);
		bad = set(w, s, row);
		if (bad)
			return bad;
	}
}

static int read_value(struct walk *w, const struct conf_section *s, const struct opt_row *row)
{
	bool list = row->type == OPT_LIST;
	int bad = next(w);
	if (bad)
		return bad;
	if (list)
		opt_list_fini((struct opt_list *)((char *)s->values + row->offset));
	if (w->event.type == YAML_SCALAR_EVENT)
		return set(w, s, row);
	if (list && w->event.type == YAML_SEQUENCE_START_EVENT)
		return read_list(w, s, row);
	return fail(w, w->event.start_mark, "%s: %s is expected here", row->name,
	    list ? "a value or a list of values" : "one value");
}

/* The key just read among the words: its number, or -1 with the error filled. */
static int find_key(
    struct walk *w, const char *what, const char *const *words, size_t n, bool *seen)
{
	bool text = w->event.type == YAML_SCALAR_EVENT;
	const char *key = text ? scalar(w) : NULL;
	size_t i = 0;
	while (key && i < n && strcmp(words[i], key) != 0)
		i++;
	if (key && i < n && !seen[i]) {
		seen[i] = true;
		return (int)i;
	}
	if (!key)
		fail(w, w->event.start_mark, "the %s's name is expected here", what);
	else if (i < n)
		fail(w, w->event.start_mark, "%s '%s' stands here twice", what, key);
	else
		unknown(w, what, key, words, n);
	return -1;
}

/* The rest of a mapping: each key is one of `what`; read_nth reads the value of the nth. */
static int read_mapping(struct walk *w, const char *what, const char *const *words, size_t n,
    int (*read_nth)(struct walk *w, const struct conf_section *s, int nth),
    const struct conf_section *s)
{
	bool *seen = mem_new(n, sizeof *seen);
	int bad;
	while (!(bad = next(w)) && w->event.type != YAML_MAPPING_END_EVENT) {
		int nth = find_key(w, what, words, n, seen);
		bad = nth < 0 ? ERR_CONFIG : read_nth(w, s, nth);
		if (bad)
			break;
	}
	free(seen);
	return bad;
}

static int read_option(struct walk *w, const struct conf_section *s, int nth)
{
	return read_value(w, s, &s->rows[nth]);
}

/* After a section's name: its mapping; nothing at all (`detect:`) is an empty one. */
static int read_section(struct walk *w, const struct conf_section *sections, int nth)
{
	const struct conf_section *s = &sections[nth];
	int bad = next(w);
	if (bad || (w->event.type == YAML_SCALAR_EVENT && w->event.data.scalar.length == 0))
		return bad;
	if (w->event.type != YAML_MAPPING_START_EVENT)
		return fail(w, w->event.start_mark,
		    "%s: options are expected here, one 'name: value' a line", s->name);
	const char **words = mem_new(s->rows_n, sizeof *words);
	for (size_t i = 0; i < s->rows_n; i++)
		words[i] = s->rows[i].name;
	bad = read_mapping(w, "option", words, s->rows_n, read_option, s);
	free(words);
	return bad;
}

static int read_sections(struct walk *w)
{
	const char **words = mem_new(w->sections_n, sizeof *words);
	for (size_t i = 0; i < w->sections_n; i++)
		words[i] = w->sections[i].name;
	int bad = read_mapping(w, "section", words, w->sections_n, read_section, w->sections);
	free(words);
	return bad;
}

static int read_document(struct walk *w)
{
	int bad = expect(w, YAML_STREAM_START_EVENT, "the start of the file");
	bad = bad ? bad : next(w);
	if (bad || w->event.type == YAML_STREAM_END_EVENT)
		return bad;
	bad = next(w);
	if (bad)
		return bad;
	bool nothing = w->event.type == YAML_SCALAR_EVENT && w->event.data.scalar.length == 0;
	if (w->event.type == YAML_MAPPING_START_EVENT)
		bad = read_sections(w);
	else if (!nothing)
		bad = fail(w, w->event.start_mark,
		    "sections are expected here, 'name:' and options under it");
	bad = bad ? bad : expect(w, YAML_DOCUMENT_END_EVENT, "the end of the document");
	return bad ? bad : expect(w, YAML_STREAM_END_EVENT, "the end of the file (one document)");
}

int conf_read(const char *name, const char *text, size_t text_n,
    const struct conf_section *sections, size_t sections_n, struct arena *a, struct err *e)
{
	struct walk w = {
	    .name = name, .sections = sections, .sections_n = sections_n, .arena = a, .e = e};
	if (!yaml_parser_initialize(&w.parser))
		return err_set(e, ERR_SYS, "%s: no memory for the YAML reader", name);
	yaml_parser_set_encoding(&w.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&w.parser, (const unsigned char *)text, text_n);
	int bad = read_document(&w);
	drop_event(&w);
	yaml_parser_delete(&w.parser);
	return bad;
}

int conf_load(const char *path, const struct conf_section *sections, size_t sections_n,
    struct arena *a, struct err *e)
{
	int bad = ERR_OK;
	char *text = mem_new(1, CONF_MAX_BYTES + 1);
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(text, 1, CONF_MAX_BYTES + 1, f) : 0;
	if (!f || ferror(f))
		bad = err_set(e, ERR_SYS, "%s cannot be read: %s", path, strerror(errno));
	else if (n > CONF_MAX_BYTES)
		bad = err_set(e, ERR_CONFIG,
		    "%s is longer than %d bytes, too long for a configuration", path,
		    CONF_MAX_BYTES);
	else
		bad = conf_read(path, text, n, sections, sections_n, a, e);
	if (f)
		(void)fclose(f);
	free(text);
	return bad;
}
