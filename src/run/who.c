/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac who: whose line an address was. The question goes into the log with its reason, and only
 * when it is on the disk is the answer printed. */
#include "run/who.h"
#include "base/clock.h"
#include "run/place.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REASON_MAX = 500 };

static int check_reason(const char *reason, struct err *e)
{
	if (!reason || span_trim(span_of(reason)).n == 0)
		return err_set(
		    e, ERR_CONFIG, "who needs a reason, which is kept in the log: --reason TEXT");
	if (strlen(reason) > REASON_MAX)
		return err_set(e, ERR_CONFIG, "the reason has %zu bytes; %d are allowed",
		    strlen(reason), REASON_MAX);
	return span_is_utf8(span_of(reason))
		   ? ERR_OK
		   : err_set(e, ERR_CONFIG, "the reason is no text in UTF-8");
}

static int log_it(const char *state, const char *reason, const struct question *q,
    const struct answer *a, struct audit_head *h, struct err *e)
{
	struct text t = {0};
	struct json j = json_to(&t);
	struct span trimmed = span_trim(span_of(reason));
	audit_begin(&j, "who", clock_now_ms());
	json_span(&j, "reason", trimmed.p, trimmed.n);
	who_record(q, a, &j);
	json_close(&j);
	int bad = audit_append(state, (struct span){t.p, t.n}, h, e);
	text_fini(&t);
	return bad;
}

static int print(const struct text *out, struct err *e)
{
	return place_put(STDOUT_FILENO, out->p, out->n) == 0
		   ? ERR_OK
		   : err_set(e, ERR_SYS, "the output could not be written: %s", strerror(errno));
}

static int answer(const struct run_who_options *o, const struct settings *settings,
    const char *state, const struct question *q, enum whose *kind, struct err *e)
{
	struct who_sources sources;
	struct audit_head h;
	struct answer a;
	struct text out = {0};
	int bad = who_sources_open(state, o, settings, &sources, e);
	if (bad)
		return bad;
	struct asker w = {.v = sources.v, .n = sources.n};
	whose_ask(&w, q, &a);
	*kind = a.kind;
	bad = log_it(state, o->reason, q, &a, &h, e);
	if (!bad) {
		(o->json ? who_json : who_words)(&w, q, &a, &h, &out);
		bad = print(&out, e);
	}
	whose_fini(&w);
	who_sources_close(&sources);
	text_fini(&out);
	return bad;
}

static int ask(
    const struct run_who_options *o, const struct settings *settings, char **args, struct err *e)
{
	struct question q;
	struct text state = {0};
	enum whose kind = WHOSE_UNKNOWN;
	int bad = check_reason(o->reason, e);
	bad = bad ? bad : who_question(o, args[0], args[1], &q, e);
	bad = bad ? bad : place_state(o->state, true, &state, e);
	bad = bad ? bad : answer(o, settings, state.p, &q, &kind, e);
	text_fini(&state);
	if (bad)
		return run_status_of(bad, e);
	return kind == WHOSE_EXACT || kind == WHOSE_AMBIGUOUS ? 0 : 3;
}

static void report_json(const struct audit_report *r, struct text *out)
{
	struct json j = json_to(out);
	struct text head = {0};
	struct span said = {r->said.p, r->said.n};
	text_hex(&head, r->head.hash, sizeof r->head.hash);
	json_open(&j, NULL);
	json_text(&j, "type", "log");
	json_bool(&j, "sound", r->sound);
	json_uint(&j, "length", r->head.n);
	json_text(&j, "head", head.p);
	json_uint(&j, "erased", r->erased);
	json_list(&j, "said");
	while (said.n) {
		struct span line = span_cut(&said, '\n');
		json_span(&j, NULL, line.p, line.n);
	}
	json_end(&j);
	json_close(&j);
	json_line(&j);
	text_fini(&head);
}

static void report_words(const struct audit_report *r, struct text *out)
{
	char head[AUDIT_HEAD_TEXT];
	audit_head_text(head, &r->head);
	text_add(out, r->said.p, r->said.n);
	text_fmt(out, "log: %llu entries, %llu of them erased, head %s\n",
	    (unsigned long long)r->head.n, (unsigned long long)r->erased, head);
	text_puts(out, r->sound ? "the log verifies\n" : "the log does not verify\n");
}

static int verify(const struct run_who_options *o, const char *head, struct err *e)
{
	struct audit_report r = {0};
	struct text out = {0}, state = {0};
	int bad = place_state(o->state, false, &state, e);
	bad = bad ? bad : audit_verify(state.p, head, &r, e);
	if (!bad) {
		(o->json ? report_json : report_words)(&r, &out);
		bad = print(&out, e);
	}
	text_fini(&r.said);
	text_fini(&out);
	text_fini(&state);
	return bad ? run_status_of(bad, e) : r.sound ? 0 : 1;
}

int run_who(const struct run_who_options *o, const struct settings *settings, char **args, int n)
{
	struct err e;
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is met like a full disk */
	return o->verify_log ? verify(o, n ? args[0] : NULL, &e) : ask(o, settings, args, &e);
}
