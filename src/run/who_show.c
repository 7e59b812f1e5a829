/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Showing an answer: see who.h. The same facts for people and for programs. */
#include "base/digest.h"
#include "base/seal.h"
#include "base/when.h"
#include "run/who.h"

static const char *const edges[] = {[SESSION_OPEN] = "unknown",
    [SESSION_TOLD] = "told",
    [SESSION_SEEN] = "seen",
    [SESSION_INFERRED] = "inferred",
    [SESSION_UNTIL] = "until"};
static const struct {
	uint8_t flag;
	const char *word;
} flags[] = {{SUBJECT_BUSINESS, "business"}, {SUBJECT_HOTSPOT, "hotspot"},
    {SUBJECT_WHOLESALE, "wholesale"}, {SUBJECT_PROTECTED, "protected"}};
enum { FLAGS_N = sizeof flags / sizeof *flags, OBJECT_SALT = 16 };

static void held_text(const struct interval *v, char out[ADDR_TEXT])
{
	struct prefix p = {v->addr, v->bits};
	prefix_text(out, &p);
}

static void question_json(const struct question *q, struct json *j)
{
	if (q->port)
		json_uint(j, "port", q->port);
	if (q->proto)
		json_uint(j, "proto", q->proto);
	if (q->realm)
		json_uint(j, "realm", q->realm);
	json_time(j, "at", q->at_ms);
	if (q->skew_ms)
		json_uint(j, "skew_ms", q->skew_ms);
}

static void address_json(const struct question *q, struct json *j)
{
	char addr[ADDR_TEXT];
	addr_text(addr, &q->addr);
	json_text(j, "address", addr);
}

/* Whoever has the record can tell whether an address that he names was the one: it is in it as a
 * salt and the SHA-256 of the salt and its text (privacy.md 7.4: no log holds an address). */
static void object_json(const struct question *q, struct json *j)
{
	char addr[ADDR_TEXT];
	uint8_t salt[OBJECT_SALT], hash[DIGEST_SHA256];
	struct text t = {0};
	addr_text(addr, &q->addr);
	seal_random(salt, sizeof salt);
	struct span parts[] = {digest_part(salt, sizeof salt), span_of(addr)};
	digest_sha256(hash, parts, sizeof parts / sizeof *parts);
	text_hex(&t, salt, sizeof salt);
	text_puts(&t, ":");
	text_hex(&t, hash, sizeof hash);
	json_text(j, "object", t.p);
	text_fini(&t);
}

void who_record(const struct question *q, const struct answer *a, struct json *j)
{
	object_json(q, j);
	question_json(q, j);
	json_text(j, "answer", whose_word(a->kind));
	json_uint(j, "lines", a->n);
}

static void line_json(const struct asker *w, const struct answer *a, size_t i, struct json *j)
{
	char name[LINE_TEXT];
	whose_name(w, a, i, name);
	json_open(j, NULL);
	json_text(j, "line", name);
	if (a->v[i].unsure)
		json_bool(j, "unsure", true);
	if (a->v[i].flags) {
		json_list(j, "flags");
		for (size_t k = 0; k < FLAGS_N; k++)
			if (a->v[i].flags & flags[k].flag)
				json_text(j, NULL, flags[k].word);
		json_end(j);
	}
	json_close(j);
}

static void record_json(const struct asker *w, const struct answer_record *r, struct json *j)
{
	char text[ADDR_TEXT];
	struct text by = {0};
	const struct interval *v = &r->v;
	held_text(v, text);
	json_open(j, NULL);
	json_text(j, "kind", v->holder == HOLDER_INSIDE ? "binding" : "lease");
	json_text(j, "held", text);
	if (interval_has_ports(v)) {
		json_uint(j, "port_first", v->port_first);
		json_uint(j, "port_last", v->port_last);
		json_uint(j, "port_step", v->port_step);
	}
	if (v->proto)
		json_uint(j, "proto", v->proto);
	if (v->realm)
		json_uint(j, "realm", v->realm);
	if (v->holder == HOLDER_INSIDE) {
		addr_text(text, &v->inside);
		json_text(j, "inside", text);
	}
	if (v->t0_ms)
		json_time(j, "from", v->t0_ms);
	json_text(j, "from_is", edges[v->begin]);
	if (v->t1_ms != INTERVAL_EVER_MS)
		json_time(j, "to", v->t1_ms);
	json_text(j, "to_is", edges[v->end]);
	json_uint(j, "line", r->line);
	whose_says_so(w, r, &by);
	if (by.n)
		json_text(j, "by", by.p);
	text_fini(&by);
	json_close(j);
}

void who_json(const struct asker *w, const struct question *q, const struct answer *a,
    const struct audit_head *h, struct text *out)
{
	struct json j = json_to(out);
	struct text head = {0};
	json_open(&j, NULL);
	json_text(&j, "type", "answer");
	json_text(&j, "answer", whose_word(a->kind));
	address_json(q, &j);
	question_json(q, &j);
	json_list(&j, "lines");
	for (size_t i = 0; i < a->n; i++)
		line_json(w, a, i, &j);
	json_end(&j);
	json_list(&j, "records");
	for (size_t i = 0; i < a->record_n; i++)
		record_json(w, &a->records[i], &j);
	json_end(&j);
	if (a->shared)
		json_bool(&j, "shared", true);
	if (a->more || a->cut)
		json_bool(&j, "more", true);
	text_hex(&head, h->hash, sizeof h->hash);
	json_open(&j, "log");
	json_uint(&j, "length", h->n);
	json_text(&j, "head", head.p);
	json_close(&j);
	json_close(&j);
	json_line(&j);
	text_fini(&head);
}

static void record_words(const struct asker *w, const struct answer_record *r, struct text *out)
{
	struct text by = {0};
	char held[ADDR_TEXT], inside[ADDR_TEXT], from[WHEN_TEXT], to[WHEN_TEXT];
	const struct interval *v = &r->v;
	held_text(v, held);
	when_text(from, v->t0_ms);
	text_fmt(out, "    %s", held);
	if (interval_has_ports(v))
		text_fmt(out, " ports %u-%u", v->port_first, v->port_last);
	if (interval_has_ports(v) && v->port_step > 1)
		text_fmt(out, " (every %u.)", v->port_step);
	if (v->holder == HOLDER_INSIDE) {
		addr_text(inside, &v->inside);
		text_fmt(out, " for %s", inside);
	}
	text_fmt(out, " from %s (%s)", v->t0_ms ? from : "some time", edges[v->begin]);
	when_text(to, v->t1_ms == INTERVAL_EVER_MS ? 0 : v->t1_ms);
	if (v->t1_ms == INTERVAL_EVER_MS)
		text_puts(out, ", not ended");
	else
		text_fmt(out, " to %s (%s)", to, edges[v->end]);
	whose_says_so(w, r, &by);
	if (by.n)
		text_fmt(out, ", by %s", by.p);
	text_putc(out, '\n');
	text_fini(&by);
}

static void line_words(const struct asker *w, const struct answer *a, size_t i, struct text *out)
{
	char name[LINE_TEXT];
	whose_name(w, a, i, name);
	text_fmt(out, "  %s", *name ? name : "a holder without a line");
	for (size_t k = 0; k < FLAGS_N; k++)
		if (a->v[i].flags & flags[k].flag)
			text_fmt(out, ", %s", flags[k].word);
	text_puts(out, a->v[i].unsure ? ", not for sure\n" : "\n");
	for (size_t k = 0; k < a->record_n; k++)
		if (a->records[k].line == i)
			record_words(w, &a->records[k], out);
}

static const char *meaning(const struct answer *a)
{
	switch (a->kind) {
	case WHOSE_EXACT:
		return "one line, for sure";
	case WHOSE_AMBIGUOUS:
		return a->shared ? "its ports were shared, and none was given"
				 : "it may be any of these";
	case WHOSE_EXPIRED:
		return "records of that time were deleted";
	case WHOSE_UNKNOWN:
		break;
	}
	return "no record says who had it then";
}

void who_words(const struct asker *w, const struct question *q, const struct answer *a,
    const struct audit_head *h, struct text *out)
{
	char addr[ADDR_TEXT], at[WHEN_TEXT], head[AUDIT_HEAD_TEXT];
	addr_text(addr, &q->addr);
	when_text(at, q->at_ms);
	audit_head_text(head, h);
	text_fmt(out, "%s: %s", whose_word(a->kind), addr);
	if (q->port)
		text_fmt(out, " port %u", q->port);
	text_fmt(out, " at %s: %s\n", at, meaning(a));
	for (size_t i = 0; i < a->n; i++)
		line_words(w, a, i, out);
	if (!a->n)
		for (size_t k = 0; k < a->record_n; k++)
			record_words(w, &a->records[k], out);
	if (a->more || a->cut)
		text_puts(out, "  and more\n");
	text_fmt(out, "log: %llu entries, head %s\n", (unsigned long long)h->n, head);
}
