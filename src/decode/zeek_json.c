/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zeek logs as JSON, one object a line. Which log a line is of stands in "_path", else its keys
 * tell. Lines of other logs are passed over; a line that is no JSON object is noted as bad. Times
 * are epoch numbers or ISO 8601 text. Keys that we have no use for, labels above all, are not
 * looked at.
 *
 * Numbers are turned back into text, so that one reading serves both forms of the logs: to the
 * microsecond, which is what Zeek itself writes. */
#include "base/jsonin.h"
#include "base/lines.h"
#include "decode/zeek.h"
#include <string.h>

enum { LIST_MAX = 64, SNIFF_LINES_MAX = 8 };
#define LIST_SEPARATOR '\x1f' /* does not occur in names and addresses */

struct zeek_json {
	struct zeek zeek;
	struct lines lines;
	struct jsonin in;
	struct text answers, ttls;
	char number[ZEEK_FIELDS][JSONIN_NUMBER_TEXT];
};

static void json_log_open(void *state, const struct decode_env *env)
{
	struct zeek_json *z = state;
	zeek_open(&z->zeek, env);
}

static void json_log_close(void *state)
{
	struct zeek_json *z = state;
	jsonin_fini(&z->in);
	text_fini(&z->answers);
	text_fini(&z->ttls);
}

/* The array's elements, joined by LIST_SEPARATOR; p is NULL where there are none. */
static struct span list(const struct jsonin *in, const char *key, struct text *t)
{
	size_t n = jsonin_list(in, key);
	text_reset(t);
	for (size_t i = 0; i < n && i < LIST_MAX; i++) {
		struct span s = {"", 0};
		char scratch[JSONIN_NUMBER_TEXT];
		(void)jsonin_list_text(in, key, i, scratch, &s);
		if (i)
			text_putc(t, LIST_SEPARATOR);
		text_add(t, s.p, s.n);
	}
	return (struct span){n ? t->p : NULL, t->n};
}

static void fill(struct zeek_json *z, struct zeek_row *row)
{
	for (size_t i = 0; i < ZEEK_ANSWERS; i++)
		(void)jsonin_text(&z->in, zeek_names[i], z->number[i], &row->f[i]);
}

static enum zeek_log log_of(const struct zeek_json *z, const struct zeek_row *row)
{
	struct span path;
	uint32_t have = 0;
	if (jsonin_string(&z->in, "_path", &path))
		return zeek_log_of(path);
	for (size_t i = 0; i < ZEEK_FIELDS; i++)
		have |= (uint32_t)(row->f[i].p != NULL) << i;
	return zeek_log_with(have);
}

static void read_line(struct zeek_json *z, struct span line, uint64_t offset, struct batch *out)
{
	struct zeek_row row = {.set_separator = LIST_SEPARATOR};
	if (span_trim(line).n == 0)
		return;
	if (!jsonin_read(&z->in, line)) {
		batch_bad(out, offset, "a line that is not a JSON object");
		return;
	}
	fill(z, &row);
	enum zeek_log log = log_of(z, &row);
	if (log == ZEEK_DNS) {
		row.f[ZEEK_ANSWERS] = list(&z->in, zeek_names[ZEEK_ANSWERS], &z->answers);
		row.f[ZEEK_TTLS] = list(&z->in, zeek_names[ZEEK_TTLS], &z->ttls);
	}
	zeek_read(&z->zeek, log, &row, offset, out);
}

static size_t json_log_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct zeek_json *z = state;
	struct buf b = buf_of(p, n);
	while (!batch_full(out)) {
		struct span line;
		uint64_t at = offset + b.at;
		enum lines_found got = lines_next(&z->lines, &b, last, &line);
		if (got == LINES_MORE)
			break;
		if (got == LINES_LONG)
			batch_bad(out, at, "a line longer than 1 MiB");
		else
			read_line(z, line, at, out);
	}
	return b.at;
}

static bool holds(struct span line, const char *word)
{
	return memmem(line.p, line.n, word, strlen(word)) != NULL;
}

/* Every Zeek log has "ts"; most have "uid", those of a writer with paths "_path". Suricata's EVE,
 * whose flow records are similar, has "event_type" and none of them. */
static int json_log_sniff(const uint8_t *p, size_t n)
{
	struct span rest = {(const char *)p, n};
	for (int i = 0; rest.p && i < SNIFF_LINES_MAX; i++) {
		struct span line = span_trim(span_cut(&rest, '\n'));
		if (line.n == 0)
			continue;
		if (line.p[0] != '{' || !holds(line, "\"ts\"") || holds(line, "\"event_type\""))
			return 0;
		bool sure = holds(line, "\"uid\"") || holds(line, "\"_path\"") ||
			    holds(line, "\"id.orig_h\"");
		return sure ? 95 : 50;
	}
	return 0;
}

const struct decoder decoder_zeek_json = {
    .name = "zeek-json",
    .summary = "Zeek conn.log and dns.log as JSON, one object a line",
    .source = "docs.zeek.org, Zeek Log Formats and Inspection",
    .state_bytes = sizeof(struct zeek_json),
    .sniff = json_log_sniff,
    .open = json_log_open,
    .decode = json_log_decode,
    .close = json_log_close,
};
