/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zeek logs as separated text: header lines (#separator, #path, #fields …) name the columns, which
 * may stand in any order; rotated files joined together have several headers. conn and dns are
 * read, lines of other logs passed over. A file whose header is the bare line of column names, as
 * other programs write it, is read too. A file without any names is not. Columns that we have no
 * use for, labels above all, are not looked at.
 *
 * Source: docs.zeek.org, "Zeek Log Formats and Inspection"; base/frameworks/logging/writers/ascii.
 */
#include "base/lines.h"
#include "decode/zeek.h"
#include <string.h>

enum { COLUMNS_MAX = 256, NO_FIELD = 255, WORD_MAX = 32, SNIFF_LINES_MAX = 64 };

struct word { /* of a header line */
	char p[WORD_MAX];
	size_t n;
};

struct zeek_tsv {
	struct zeek zeek;
	struct lines lines;
	enum zeek_log log;
	bool path_known, names_known;
	char separator, set_separator;
	struct word unset, empty;
	uint8_t field[COLUMNS_MAX]; /* enum zeek_field of a column */
	size_t column_n;            /* up to the last one that we read */
};

static void set_word(struct word *w, const char *p, size_t n)
{
	w->n = n < sizeof w->p ? n : 0;
	memcpy(w->p, p, w->n);
}

/* A new header: what the one before it said is over. */
static void forget(struct zeek_tsv *t)
{
	t->log = ZEEK_OTHER;
	t->path_known = t->names_known = false;
	t->separator = '\t';
	t->set_separator = ',';
	t->column_n = 0;
	set_word(&t->unset, "-", 1);
	set_word(&t->empty, "(empty)", 7);
}

static void tsv_open(void *state, const struct decode_env *env)
{
	struct zeek_tsv *t = state;
	zeek_open(&t->zeek, env);
	forget(t);
}

static size_t field_of(struct span name)
{
	for (size_t i = 0; i < ZEEK_FIELDS; i++)
		if (span_is(name, zeek_names[i]))
			return i;
	return NO_FIELD;
}

static void set_columns(struct zeek_tsv *t, struct span names)
{
	uint32_t have = 0;
	t->column_n = 0;
	for (size_t i = 0; names.p && i < COLUMNS_MAX; i++) {
		size_t field = field_of(span_cut(&names, t->separator));
		bool again = field != NO_FIELD && (have >> field & 1);
		t->field[i] = (uint8_t)(again ? NO_FIELD : field);
		if (t->field[i] == NO_FIELD)
			continue;
		have |= 1u << field;
		t->column_n = i + 1;
	}
	t->names_known = true;
	if (!t->path_known)
		t->log = zeek_log_with(have);
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* "\x09" or the character itself. */
static char separator_of(struct span s, char otherwise)
{
	if (s.n == 4 && s.p[0] == '\\' && s.p[1] == 'x' && hex(s.p[2]) >= 0 && hex(s.p[3]) >= 0)
		return (char)(hex(s.p[2]) << 4 | hex(s.p[3]));
	return s.n == 1 ? s.p[0] : otherwise;
}

/* "#key<separator>value": only behind #separator stands a blank. */
static void read_header(struct zeek_tsv *t, struct span line)
{
	const struct span separator = span_of("#separator");
	if (line.n > separator.n && memcmp(line.p, separator.p, separator.n) == 0) {
		forget(t);
		struct span word = {line.p + separator.n + 1, line.n - separator.n - 1};
		t->separator = separator_of(word, '\t');
		return;
	}
	struct span value = line, key = span_cut(&value, t->separator);
	if (!value.p)
		return;
	if (span_is(key, "#set_separator"))
		t->set_separator = separator_of(value, ',');
	else if (span_is(key, "#empty_field"))
		set_word(&t->empty, value.p, value.n);
	else if (span_is(key, "#unset_field"))
		set_word(&t->unset, value.p, value.n);
	else if (span_is(key, "#fields"))
		set_columns(t, value);
	else if (span_is(key, "#path")) {
		t->path_known = true;
		t->log = zeek_log_of(value);
	}
}

static bool is_word(struct span s, const struct word *w)
{
	return s.n == w->n && memcmp(s.p, w->p, s.n) == 0;
}

static void read_row(struct zeek_tsv *t, struct span line, uint64_t offset, struct batch *out)
{
	struct zeek_row row = {.set_separator = t->set_separator};
	size_t i = 0;
	for (; line.p && i < t->column_n; i++) {
		struct span value = span_cut(&line, t->separator);
		if (t->field[i] == NO_FIELD || value.n == 0 || is_word(value, &t->unset))
			continue;
		if (is_word(value, &t->empty))
			value.n = 0;
		row.f[t->field[i]] = value;
	}
	if (i < t->column_n)
		batch_bad(out, offset, "a line with too few columns");
	else
		zeek_read(&t->zeek, t->log, &row, offset, out);
}

/* The bare line of column names begins like this in every order that we have seen. */
static bool bare_names(struct span line)
{
	const struct span head = span_of("ts\tuid\tid.orig_h\t");
	return line.n > head.n && memcmp(line.p, head.p, head.n) == 0;
}

static void read_line(struct zeek_tsv *t, struct span line, uint64_t offset, struct batch *out)
{
	if (line.n && line.p[0] == '\t') { /* seen before #separator; no column is empty at first */
		struct span rest = span_trim(line);
		line = rest.n && rest.p[0] == '#' ? rest : line;
	}
	if (line.n == 0)
		return;
	if (line.p[0] == '#') {
		read_header(t, line);
	} else if (bare_names(line)) {
		forget(t);
		set_columns(t, line);
	} else if (t->path_known && t->log == ZEEK_OTHER) {
		zeek_read(&t->zeek, t->log, NULL, offset, out);
	} else if (!t->names_known) {
		batch_bad(out, offset, "a line before the names of its columns (#fields)");
	} else {
		read_row(t, line, offset, out);
	}
}

static size_t tsv_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct zeek_tsv *t = state;
	struct buf b = buf_of(p, n);
	while (!batch_full(out)) {
		struct span line;
		uint64_t at = offset + b.at;
		enum lines_found got = lines_next(&t->lines, &b, last, &line);
		if (got == LINES_MORE)
			break;
		if (got == LINES_LONG)
			batch_bad(out, at, "a line longer than 1 MiB");
		else
			read_line(t, line, at, out);
	}
	return b.at;
}

static bool starts(struct span s, const char *word)
{
	size_t n = strlen(word);
	return s.n >= n && memcmp(s.p, word, n) == 0;
}

static int tsv_sniff(const uint8_t *p, size_t n)
{
	struct span rest = {(const char *)p, n};
	for (int i = 0; rest.p && rest.n && i < SNIFF_LINES_MAX; i++) {
		struct span line = span_trim(span_cut(&rest, '\n'));
		if (starts(line, "#separator ") || starts(line, "#separator\t"))
			return 100;
		if (starts(line, "#fields\tts\t") || bare_names(line))
			return 95;
		if (line.n && line.p[0] != '#')
			return 0;
	}
	return 0;
}

const struct decoder decoder_zeek_tsv = {
    .name = "zeek-tsv",
    .summary = "Zeek conn.log and dns.log as separated text",
    .source = "docs.zeek.org, Zeek Log Formats and Inspection",
    .state_bytes = sizeof(struct zeek_tsv),
    .sniff = tsv_sniff,
    .open = tsv_open,
    .decode = tsv_decode,
};
