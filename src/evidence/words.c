/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings for programs (JSON) and for people (sentences): see evidence.h. */
#include "base/hash.h"
#include "base/when.h"
#include "evidence/fuse.h"
#include "evidence/table.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PORTS_TOLD = 3 };

/* Two digits: an estimate must not look more exact than it is. */
static double rounded(double v)
{
	if (v < 10)
		return round(v);
	double scale = pow(10, floor(log10(v)) - 1);
	return round(v / scale) * scale;
}

static void number(double v, struct text *out)
{
	char digits[32];
	int n = snprintf(digits, sizeof digits, "%.0f", v);
	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0 && digits[i - 1] != '-')
			text_putc(out, ',');
		text_putc(out, digits[i]);
	}
}

static const char *proto_word(uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return "tcp";
	case PROTO_UDP:
		return "udp";
	case PROTO_ICMP:
	case PROTO_ICMP6:
		return "icmp";
	default:
		return "ip";
	}
}

static void ports(const struct evidence *e, struct text *out)
{
	struct {
		uint16_t port;
		uint8_t proto;
	} told[PORTS_TOLD];
	int n = 0;
	for (uint32_t i = 0; i < e->top_n && n < PORTS_TOLD; i++) {
		bool known = false;
		for (int k = 0; k < n; k++)
			known |= told[k].port == e->top[i].port && told[k].proto == e->top[i].proto;
		if (known || !e->top[i].port)
			continue;
		told[n].port = e->top[i].port;
		told[n++].proto = e->top[i].proto;
	}
	for (int i = 0; i < n; i++)
		text_fmt(out, "%s%u/%s",
		    i == 0       ? ""
		    : i == n - 1 ? " and "
				 : ", ",
		    told[i].port, proto_word(told[i].proto));
	if (n == 0)
		text_puts(out, "various ports");
}

static void peer(const struct evidence *e, struct text *out)
{
	char word[ADDR_TEXT];
	if (e->top_n == 0 || addr_is_zero(&e->top[0].addr)) {
		text_puts(out, e->top_n && e->top[0].name[0] ? e->top[0].name : "one destination");
		return;
	}
	addr_text(word, &e->top[0].addr);
	text_puts(out, word);
	if (e->top[0].port)
		text_fmt(out, " port %u/%s", e->top[0].port, proto_word(e->top[0].proto));
}

static void value_word(struct span word, const struct evidence *e, struct text *out)
{
	if (span_is(word, "value")) {
		text_puts(out, e->estimated ? "about " : "");
		number(e->estimated ? rounded(e->value) : e->value, out);
	} else if (span_is(word, "count")) {
		number(e->count, out);
	} else if (span_is(word, "ports")) {
		ports(e, out);
	} else if (span_is(word, "peer")) {
		peer(e, out);
	} else if (span_is(word, "name")) {
		text_puts(out, e->top_n && e->top[0].name[0] ? e->top[0].name : "one domain");
	} else if (span_is(word, "family")) {
		text_puts(out, e->family[0] ? e->family : "a known botnet");
	} else if (span_is(word, "share")) {
		/* never rounded up to all */
		text_fmt(out, "%.0f %%", floor((e->share < 0 ? 0 : e->share) * 100 + 1e-9));
	}
}

void evidence_words(const struct evidence_source *s, const struct evidence *e, struct text *out)
{
	struct span rest = span_of(s->sentence[e->which] ? s->sentence[e->which] : s->name);
	while (rest.p) {
		struct span before = span_cut(&rest, '{');
		text_add(out, before.p, before.n);
		if (rest.p)
			value_word(span_cut(&rest, '}'), e, out);
	}
}

void verdict_words(const struct evidence_table *t, const struct verdict_line *v, struct text *out)
{
	uint64_t told = 0;
	for (size_t i = 0; i < v->evidence_n; i++) {
		uint64_t bit = 1ull << v->evidence[i].detector;
		if (told & bit)
			continue; /* another day of the same */
		if (told)
			text_puts(out, "; ");
		told |= bit;
		evidence_words(evidence_source_of(t, &v->evidence[i]), &v->evidence[i], out);
	}
}

static void top_json(const struct evidence *e, struct json *j)
{
	json_list(j, "top");
	for (uint32_t i = 0; i < e->top_n; i++) {
		const struct evidence_top *top = &e->top[i];
		char word[ADDR_TEXT];
		json_open(j, NULL);
		if (!addr_is_zero(&top->addr)) {
			addr_text(word, &top->addr);
			json_text(j, "addr", word);
		}
		if (top->port)
			json_uint(j, "port", top->port);
		if (top->proto)
			json_text(j, "proto", proto_word(top->proto));
		if (top->name[0])
			json_text(j, "name", top->name);
		json_uint(j, "count", top->count);
		json_close(j);
	}
	json_end(j);
}

static void attack_json(const char *ids, struct json *j)
{
	struct span rest = span_of(ids);
	json_list(j, "attack");
	while (rest.p) {
		struct span id = span_cut(&rest, ',');
		if (id.n)
			json_span(j, NULL, id.p, id.n);
	}
	json_end(j);
}

/* Deterministic: subject, detector, start of the window (design.md 2); and the peer or name, where
 * several indicators may be met in one window. */
static void id_json(const struct evidence *e, const char *detector, struct json *j)
{
	const struct evidence_top *top = &e->top[0];
	struct {
		struct subject subject;
		int64_t window_ms;
		uint64_t detector, peer, name;
	} key = {.subject = e->subject,
	    .window_ms = e->window_ms,
	    .detector = hash_bytes(&hash_key_offline, detector, strlen(detector)).a};
	if (e->cause) {
		key.peer =
		    hash_bytes(&hash_key_offline, &top->addr, sizeof top->addr).a ^ top->port;
		key.name = hash_bytes(&hash_key_offline, top->name, strlen(top->name)).a;
	}
	struct hash h = hash_bytes(&hash_key_offline, &key, sizeof key);
	char word[40];
	(void)snprintf(
	    word, sizeof word, "%016llx%016llx", (unsigned long long)h.a, (unsigned long long)h.b);
	json_text(j, "id", word);
}

static void evidence_json(const struct evidence_source *s, const struct evidence *e, struct json *j)
{
	json_open(j, NULL);
	id_json(e, s->name, j);
	json_text(j, "detector", s->name);
	json_real(j, "db", e->db, 1);
	json_real(j, "cap_db", e->cap_db, 1);
	json_text(j, "statistic", e->statistic);
	json_real(j, "value", e->estimated ? rounded(e->value) : e->value, 2);
	json_bool(j, "estimated", e->estimated);
	json_text(j, "unit", e->unit);
	json_real(j, "threshold", e->threshold, 2);
	json_time(j, "window", e->window_ms);
	json_time(j, "first", e->first_ms);
	json_time(j, "last", e->last_ms);
	json_uint(j, "count", e->count);
	if (e->share >= 0)
		json_real(j, "share", e->share, 2);
	top_json(e, j);
	attack_json(s->attack, j);
	json_real(j, "bonus_db", e->bonus_db, 1);
	if (e->prevalence < 0)
		json_text(j, "prevalence", "unknown");
	else
		json_real(j, "prevalence", e->prevalence, 6);
	json_uint(j, "sampling", e->sampling);
	struct text words = {0};
	evidence_words(s, e, &words);
	json_span(j, "words", words.p, words.n);
	text_fini(&words);
	json_close(j);
}

static void families_json(const struct verdict_line *v, struct json *j)
{
	json_list(j, "families");
	for (size_t i = 0; i < v->evidence_n; i++) {
		const char *family = v->evidence[i].family;
		bool known = family[0] == '\0';
		for (size_t k = 0; k < i && !known; k++)
			known = strcmp(v->evidence[k].family, family) == 0;
		if (!known)
			json_text(j, NULL, family);
	}
	json_end(j);
}

void evidence_names(struct evidence_table *t,
    const char *(*name)(const void *arg, const struct subject *s), const void *arg)
{
	t->name = name;
	t->name_arg = arg;
}

const char *evidence_subject(
    const struct evidence_table *t, const struct subject *s, char room[ADDR_TEXT])
{
	const char *name = t->name ? t->name(t->name_arg, s) : NULL;
	if (name)
		return name;
	subject_text(room, s);
	return room;
}

void verdict_json(const struct evidence_table *t, const struct verdict_line *v, struct json *j)
{
	static const char *const groups[EVIDENCE_GROUPS] = {"intel", "propagation", "c2", "abuse"};
	char word[ADDR_TEXT];
	json_open(j, NULL);
	json_text(j, "type", "subject");
	json_text(j, "subject", evidence_subject(t, &v->subject, word));
	json_text(j, "tier", tier_words[v->tier]);
	json_real(j, "score_db", v->score_db, 1);
	json_real(j, "probability", v->probability, 3);
	json_time(j, "first", v->first_ms);
	json_time(j, "last", v->last_ms);
	families_json(v, j);
	json_open(j, "groups");
	for (int g = 0; g < EVIDENCE_GROUPS; g++)
		json_real(j, groups[g], v->group_db[g], 1);
	json_close(j);
	json_list(j, "evidence");
	for (size_t i = 0; i < v->evidence_n; i++)
		evidence_json(evidence_source_of(t, &v->evidence[i]), &v->evidence[i], j);
	json_end(j);
	json_close(j);
	json_line(j);
}
