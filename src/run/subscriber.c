/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac subscriber: contact data into the vault, and single lines out of it or away. A list is
 * read row by row through one window; a row that is wrong is named by its line and the reason,
 * never by what stands in it. Rows are sealed here with the public key, so that who imports cannot
 * read what is there. 20,000 rows are one transaction: what an import that was stopped has stored
 * stays, and importing again changes nothing else. Costs 70 us a row, nearly all of it for the box.
 */
#include "base/clock.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/mem.h"
#include "collect/collect.h"
#include "run/audit.h"
#include "run/place.h"
#include "run/reader.h"
#include "run/show.h"
#include "run/vault.h"
#include "store/store.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW_BYTES = 1 << 18, WINDOW_MAX = 2 * LINE_BYTES_MAX, ROWS_TOGETHER = 20000 };

struct import {
	const struct run_subscriber_options *o;
	const struct vault *vault; /* NULL: dry run */
	struct store *store;
	int64_t now_ms;
	const char *path;
	void *input;
	uint8_t *window;
	size_t n, cap;
	bool ended, headed;
	struct csv csv;
	struct subscriber_columns columns;
	uint8_t *plain, *sealed;
	uint64_t line, good, bad; /* line: of the file, where the row at hand begins */
	uint64_t kept;            /* of the good ones: committed */
	struct tally told;
};

static void tell_bad(struct import *x, const char *why)
{
	x->bad++;
	if (!x->o->json) {
		tally_tell(&x->told, "%s:%llu: %s", x->path, (unsigned long long)x->line, why);
		return;
	}
	struct text t = {0};
	struct json j = json_to(&t);
	json_open(&j, NULL);
	json_text(&j, "type", "bad");
	json_text(&j, "file", x->path);
	json_uint(&j, "line", x->line);
	json_text(&j, "why", why);
	json_close(&j);
	json_line(&j);
	(void)fwrite(t.p, 1, t.n, stdout);
	text_fini(&t);
}

/* What could not be committed is not counted as stored. */
static int keep(struct import *x, struct err *e)
{
	int bad = store_commit(x->store, e);
	if (bad)
		x->good = x->kept;
	else
		x->kept = x->good;
	return bad;
}

static int put(struct import *x, const struct subscriber *s, struct err *e)
{
	struct store_subscriber r = {
	    .channels = s->channels, .flags = s->flags, .imported_ms = x->now_ms};
	int bad = ERR_OK;
	if (x->good - x->kept == ROWS_TOGETHER) {
		bad = keep(x, e);
		bad = bad ? bad : store_begin(x->store, e);
	}
	size_t n = subscriber_pack(s, x->plain);
	vault_tag(x->vault, s->field[SUBSCRIBER_LINE], r.tag);
	memcpy(r.language, s->language, sizeof r.language);
	r.sealed = (struct span){(const char *)x->sealed, n + BOX_MORE};
	if (!bad && !box_close(x->sealed, x->plain, n, x->vault->open))
		bad = err_set(e, ERR_INPUT, "the vault's public key is none");
	return bad ? bad : store_put_subscriber(x->store, &r, e);
}

static int take_header(struct import *x, struct err *e)
{
	struct text unknown = {0};
	struct err why;
	int bad = subscriber_header(x->csv.field, x->csv.field_n, &x->columns, &unknown, &why);
	if (bad)
		err_set(e, ERR_INPUT, "%.100s: %s", x->path, why.msg);
	if (unknown.n && !bad)
		(void)fprintf(
		    stderr, "theriac: %s: not needed, and not kept: %s\n", x->path, unknown.p);
	x->headed = true;
	text_fini(&unknown);
	return bad;
}

static int take_row(struct import *x, struct err *e)
{
	struct subscriber s;
	if (x->csv.field_n == 1 && span_trim(x->csv.field[0]).n == 0)
		return ERR_OK;
	if (!x->headed)
		return take_header(x, e);
	const char *why = subscriber_row(&x->columns, x->csv.field, x->csv.field_n, &s);
	int bad = ERR_OK;
	if (why)
		tell_bad(x, why);
	else if (x->vault)
		bad = put(x, &s, e);
	x->good += !why && !bad;
	return bad;
}

static const char *why_no_record(enum csv_found found)
{
	return found == CSV_LONG   ? "is longer than 1 MiB"
	       : found == CSV_WIDE ? "has more than 128 fields"
				   : "has a quote that is not closed, or text behind one";
}

static uint64_t line_ends(const uint8_t *p, size_t n)
{
	uint64_t ends = 0;
	for (const uint8_t *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		ends++;
	return ends;
}

/* Every whole record of the window. */
static int take_window(struct import *x, struct err *e)
{
	struct buf b = buf_of(x->window, x->n);
	int bad = ERR_OK;
	while (!bad) {
		size_t before = b.at;
		enum csv_found found = csv_next(&x->csv, &b, x->ended);
		if (found == CSV_MORE)
			break;
		if (found == CSV_RECORD)
			bad = take_row(x, e);
		else
			tell_bad(x, why_no_record(found));
		x->line += line_ends(x->window + before, b.at - before);
	}
	memmove(x->window, x->window + b.at, x->n - b.at);
	x->n -= b.at;
	return bad;
}

static int fill(struct import *x, struct err *e)
{
	size_t got = 0;
	if (x->n == x->cap && x->cap < WINDOW_MAX) {
		uint8_t *larger = mem_new(2 * x->cap, 1);
		memcpy(larger, x->window, x->n);
		seal_wipe(x->window, x->cap);
		free(x->window);
		x->window = larger;
		x->cap *= 2;
	}
	int bad = input_file.read(x->input, x->window + x->n, x->cap - x->n, &got, e);
	x->n += got;
	x->ended = !bad && got == 0; /* a row that a failure cut is not taken for a whole one */
	return bad;
}

/* Of comma, semicolon and tab the one that stands most often in the first line. */
static char separator_of(const uint8_t *p, size_t n)
{
	static const char may[] = ",;\t";
	size_t count[3] = {0}, best = 0;
	for (size_t i = 0; i < n && p[i] != '\n'; i++)
		for (size_t k = 0; k < 3; k++)
			count[k] += p[i] == (uint8_t)may[k];
	for (size_t k = 1; k < 3; k++)
		best = count[k] > count[best] ? k : best;
	return may[best];
}

static int read_all(struct import *x, struct err *e)
{
	struct stat st = {0};
	(void)stat(x->path, &st);
	struct progress bar = progress_begin((uint64_t)st.st_size);
	int bad = ERR_OK, worse = ERR_OK;
	while (!bad && !worse && !x->ended) {
		bad = fill(x, e);
		if (!x->csv.separator)
			x->csv.separator = separator_of(x->window, x->n);
		worse = take_window(x, e);
		progress_show(&bar, input_file.taken(x->input), x->good + x->bad);
	}
	progress_end(&bar);
	bad = worse ? worse : bad;
	if (!bad && !x->headed)
		bad = err_set(
		    e, ERR_INPUT, "%.150s: is empty; its first line names the columns", x->path);
	return bad;
}

static int import_file(struct import *x, struct err *e)
{
	int bad = input_file.open(&x->input, x->path, e);
	if (bad)
		return bad;
	x->csv = (struct csv){.quote = '"'};
	x->headed = x->ended = false;
	x->n = 0;
	x->line = 1;
	bad = x->store ? store_begin(x->store, e) : ERR_OK;
	bad = bad ? bad : read_all(x, e);
	struct err later;
	int kept = x->store ? keep(x, &later) : ERR_OK;
	if (kept && !bad)
		*e = later;
	if (x->csv.copy.p)
		seal_wipe(x->csv.copy.p, x->csv.copy.cap);
	csv_fini(&x->csv);
	input_file.close(x->input);
	return bad ? bad : kept;
}

static int log_import(const struct import *x, const char *state, struct err *e)
{
	struct text t = {0};
	struct json j = json_to(&t);
	struct audit_head h;
	audit_begin(&j, "subscriber-import", x->now_ms);
	json_uint(&j, "rows", x->good);
	json_uint(&j, "bad", x->bad);
	json_close(&j);
	int bad = audit_append(state, (struct span){t.p, t.n}, &h, e);
	text_fini(&t);
	return bad;
}

static int print_import(const struct import *x, uint64_t fresh, struct err *e)
{
	struct text t = {0};
	struct json j = json_to(&t);
	if (!x->o->json) {
		text_fmt(&t, "%llu subscribers %s", (unsigned long long)x->good,
		    x->store ? "imported" : "would be imported");
		if (x->store)
			text_fmt(&t, " (%llu new)", (unsigned long long)fresh);
		text_fmt(&t, ", %llu bad rows\n", (unsigned long long)x->bad);
	} else {
		json_open(&j, NULL);
		json_text(&j, "type", "summary");
		json_uint(&j, "imported", x->good);
		if (x->store)
			json_uint(&j, "new", fresh);
		json_uint(&j, "bad", x->bad);
		json_close(&j);
		json_line(&j);
	}
	(void)fwrite(t.p, 1, t.n, stdout);
	text_fini(&t);
	return fflush(stdout) == 0
		   ? ERR_OK
		   : err_set(e, ERR_SYS, "the output could not be written: %s", strerror(errno));
}

static void import_room(struct import *x)
{
	x->cap = WINDOW_BYTES;
	x->window = mem_new(x->cap, 1);
	x->plain = secret_new(SUBSCRIBER_PLAIN_MAX);
	x->sealed = mem_new(SUBSCRIBER_PLAIN_MAX + BOX_MORE, 1);
	x->now_ms = clock_now_ms();
}

static void import_fini(struct import *x)
{
	seal_wipe(x->window, x->cap);
	free(x->window);
	free(x->sealed);
	secret_free(x->plain);
	store_close(x->store);
}

/* The files one after the other; one that cannot be read does not stop the others. */
static int import_files(struct import *x, char **paths, int n)
{
	int failed_n = 0;
	for (int i = 0; i < n; i++) {
		struct err e;
		x->path = paths[i];
		if (import_file(x, &e) != ERR_OK) {
			(void)fprintf(stderr, "theriac: %s\n", e.msg);
			failed_n++;
		}
	}
	return failed_n;
}

static int open_vault(const char *state, struct vault *v, struct store **s, struct err *e)
{
	struct text path = {0};
	int bad = vault_load(state, v, e);
	vault_store_path(state, &path);
	bad = bad ? bad : store_open(s, path.p, true, e);
	text_fini(&path);
	return bad == ERR_NONE ? ERR_CONFIG : bad;
}

static int import_all(
    const struct run_subscriber_options *o, const char *state, char **paths, int n, struct err *e)
{
	struct import x = {.o = o};
	struct vault v;
	struct store_subscribers before = {0}, after = {0};
	int bad = o->dry_run ? ERR_OK : open_vault(state, &v, &x.store, e);
	if (!bad && x.store)
		bad = store_count_subscribers(x.store, &before, e);
	if (bad)
		return bad;
	x.vault = x.store ? &v : NULL;
	import_room(&x);
	int failed_n = import_files(&x, paths, n);
	if (x.store)
		bad = store_count_subscribers(x.store, &after, e);
	if (!bad && x.store && x.good + x.bad)
		bad = log_import(&x, state, e);
	if (!bad && (failed_n < n || x.good))
		bad = print_import(&x, after.n > before.n ? after.n - before.n : 0, e);
	if (!bad && (failed_n == n || (x.bad && !x.good)))
		bad = err_set(e, ERR_INPUT, "%s was imported", x.good ? "not all" : "nothing");
	import_fini(&x);
	return bad;
}

/* No log, no answer: what is done with a line's contact data is logged before it is done. */
static int log_line(const struct run_subscriber_options *o, const char *what, const char *state,
    const uint8_t tag[VAULT_TAG], struct err *e)
{
	struct text t = {0}, hex = {0};
	struct json j = json_to(&t);
	struct audit_head h;
	text_hex(&hex, tag, VAULT_TAG);
	audit_begin(&j, what, clock_now_ms());
	json_text(&j, "tag", hex.p);
	json_text(&j, "reason", o->reason);
	json_close(&j);
	int bad = audit_append(state, (struct span){t.p, t.n}, &h, e);
	text_fini(&t);
	text_fini(&hex);
	return bad;
}

static void json_words(
    struct json *j, const char *key, void (*words)(uint32_t, struct text *), uint32_t bits)
{
	struct text t = {0};
	words(bits, &t);
	json_span(j, key, t.p, t.n);
	text_fini(&t);
}

static int print_subscriber(
    const struct subscriber *s, const struct store_subscriber *r, struct err *e)
{
	static const char *const names[] = {"line", "name", "email", "phone", "address"};
	struct text t = {0};
	struct json j = json_to(&t);
	json_open(&j, NULL);
	json_text(&j, "type", "subscriber");
	for (size_t f = 0; f < SUBSCRIBER_SEALED; f++)
		json_span(&j, names[f], s->field[f].p, s->field[f].n);
	json_text(&j, "language", r->language);
	json_words(&j, "channels", subscriber_channel_words, r->channels);
	json_words(&j, "flags", subscriber_flag_words, r->flags);
	json_time(&j, "imported", r->imported_ms);
	json_close(&j);
	json_line(&j);
	int bad = place_put(STDOUT_FILENO, t.p, t.n) == 0
		      ? ERR_OK
		      : err_set(e, ERR_SYS, "the output could not be written");
	seal_wipe(t.p, t.n);
	text_fini(&t);
	return bad;
}

static int unseal(const struct run_subscriber_options *o, const struct vault *v,
    const struct store_subscriber *r, struct err *e)
{
	uint8_t *secret = secret_new(BOX_KEY), *plain = secret_new(SUBSCRIBER_PLAIN_MAX);
	struct subscriber s;
	size_t n = r->sealed.n - BOX_MORE;
	int bad = vault_ask(&o->vault, v, secret, e);
	if (!bad && (n > SUBSCRIBER_PLAIN_MAX ||
			!box_take(plain, (const uint8_t *)r->sealed.p, n, v->open, secret) ||
			!subscriber_unpack(plain, n, &s)))
		bad = err_set(e, ERR_INPUT, "the contact data of this line are damaged");
	bad = bad ? bad : print_subscriber(&s, r, e);
	secret_free(plain);
	secret_free(secret);
	return bad;
}

/* export or erase: what is held of one line is found, then the log, then what was asked for. */
static int take_line(const struct run_subscriber_options *o, bool away, const char *state,
    const char *line, struct err *e)
{
	struct vault v;
	struct store *s = NULL;
	struct store_subscriber r;
	struct text room = {0};
	uint8_t tag[VAULT_TAG];
	int bad = open_vault(state, &v, &s, e);
	if (!bad) {
		vault_tag(&v, span_of(line), tag);
		bad = store_get_subscriber(s, tag, &r, &room, e);
	}
	bad =
	    bad ? bad : log_line(o, away ? "subscriber-erase" : "subscriber-export", state, tag, e);
	if (!bad && away) {
		bad = store_erase_subscriber(s, tag, e);
		bad = bad ? bad : store_tidy(s, e);
	} else if (!bad) {
		bad = unseal(o, &v, &r, e);
	}
	store_close(s);
	text_fini(&room);
	return bad;
}

int run_subscriber(
    const struct run_subscriber_options *o, enum run_subscriber_what what, char **args, int n)
{
	struct text state = {0};
	struct err e;
	secret_guard();
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is met like a full disk */
	int bad = place_state(o->vault.state, false, &state, &e);
	if (!bad && what == RUN_SUBSCRIBER_IMPORT)
		bad = import_all(o, state.p, args, n, &e);
	else if (!bad)
		bad = take_line(o, what == RUN_SUBSCRIBER_ERASE, state.p, args[0], &e);
	text_fini(&state);
	return run_status_of(bad, &e);
}
