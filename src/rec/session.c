/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session records: see session.h. */
#include "rec/session.h"
#include "base/when.h"
#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {"lease", "binding", "reset"};
static const char *const edges[] = {"", "told", "seen", "inferred", "until"};
static const char *const id_words[SESSION_ID_N] = {[SESSION_USER] = "user",
    [SESSION_CUI] = "cui",
    [SESSION_CIRCUIT] = "circuit_id",
    [SESSION_REMOTE] = "remote_id",
    [SESSION_ASSIGNED] = "assigned",
    [SESSION_MAC] = "mac",
    [SESSION_DUID] = "duid",
    [SESSION_CLIENT] = "client_id",
    [SESSION_NAS] = "nas",
    [SESSION_KEY] = "session"};
enum { KINDS_N = sizeof kinds / sizeof *kinds, EDGES_N = sizeof edges / sizeof *edges };

int session_ids_add(struct session_ids *ids, enum session_id kind, struct span value)
{
	if (!value.n || session_ids_get(ids, kind).n)
		return ERR_OK;
	if (value.n > UINT8_MAX || ids->n + 2 + value.n > SESSION_IDS_MAX)
		return ERR_LIMIT;
	uint8_t *to = ids->bytes + ids->n;
	to[0] = (uint8_t)kind;
	to[1] = (uint8_t)value.n;
	memcpy(to + 2, value.p, value.n);
	ids->n = (uint16_t)(ids->n + 2 + value.n);
	return ERR_OK;
}

enum session_id session_ids_next(const struct session_ids *ids, size_t *at, struct span *value)
{
	size_t n = ids->n <= SESSION_IDS_MAX ? ids->n : 0;
	if (*at + 2 > n)
		return 0;
	uint8_t kind = ids->bytes[*at];
	*value = (struct span){(const char *)ids->bytes + *at + 2, ids->bytes[*at + 1]};
	*at += 2 + value->n;
	return kind < SESSION_ID_N && value->n && *at <= n ? kind : 0;
}

struct span session_ids_get(const struct session_ids *ids, enum session_id kind)
{
	enum session_id k;
	struct span value;
	for (size_t at = 0; (k = session_ids_next(ids, &at, &value));)
		if (k == kind)
			return value;
	return (struct span){0};
}

static bool ids_ok(const struct session_ids *ids)
{
	size_t at = 0;
	struct span value;
	if (ids->n > SESSION_IDS_MAX)
		return false;
	while (session_ids_next(ids, &at, &value))
		;
	return at == ids->n;
}

static bool edge_ok(uint8_t edge, int64_t ms)
{
	if (edge == SESSION_OPEN)
		return ms == 0;
	return edge < EDGES_N && ms >= WHEN_MIN_MS && ms <= WHEN_MAX_MS;
}

static bool stamp_ok(int64_t ms)
{
	return ms >= 0 && ms <= WHEN_MAX_MS;
}

void session_earlier(struct session *s, int64_t ms)
{
	int64_t *const times[] = {&s->t0_ms, &s->t1_ms, &s->exported_ms};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		if (*times[i])
			*times[i] -= ms;
}

int session_check(const struct session *s)
{
	if (s->kind >= KINDS_N || !edge_ok(s->begin, s->t0_ms) || !edge_ok(s->end, s->t1_ms) ||
	    !stamp_ok(s->exported_ms) || !stamp_ok(s->received_ms))
		return ERR_INPUT;
	if ((!s->t0_ms && !s->t1_ms) || (s->t0_ms && s->t1_ms && s->t1_ms < s->t0_ms))
		return ERR_INPUT;
	if (s->port_last < s->port_first || s->port_step == 0 || s->held.bits > 128)
		return ERR_INPUT;
	if (!ids_ok(&s->ids) || (s->kind == SESSION_BINDING && addr_is_zero(&s->holder.addr)))
		return ERR_INPUT;
	bool nas = session_ids_get(&s->ids, SESSION_NAS).n;
	bool named =
	    s->kind == SESSION_RESET ? nas : nas && session_ids_get(&s->ids, SESSION_KEY).n;
	return addr_is_zero(&s->held.addr) && !named ? ERR_INPUT : ERR_OK;
}

static void realm_json(uint32_t realm, struct json *j)
{
	char word[16];
	if (!realm)
		return;
	(void)snprintf(word, sizeof word, "%u", realm);
	json_text(j, "realm", word);
}

static void edge_json(const char *key, const char *how, uint8_t edge, int64_t ms, struct json *j)
{
	if (edge == SESSION_OPEN || edge >= EDGES_N)
		return;
	json_time(j, key, ms);
	json_text(j, how, edges[edge]);
}

static void held_json(const struct session *s, struct json *j)
{
	char word[ADDR_TEXT];
	prefix_text(word, &s->held);
	if (!addr_is_zero(&s->held.addr))
		json_text(j, "addr", word);
	if (s->port_first || s->port_last) {
		json_uint(j, "port_first", s->port_first);
		json_uint(j, "port_last", s->port_last);
	}
	if (s->port_step > 1)
		json_uint(j, "port_step", s->port_step);
	if (s->proto)
		json_uint(j, "proto", s->proto);
	realm_json(s->realm, j);
}

static void holder_json(const struct session_holder *h, struct json *j)
{
	char word[ADDR_TEXT];
	if (addr_is_zero(&h->addr))
		return;
	json_open(j, "holder");
	addr_text(word, &h->addr);
	json_text(j, "addr", word);
	if (h->port)
		json_uint(j, "port", h->port);
	realm_json(h->realm, j);
	json_close(j);
}

static bool is_name(enum session_id kind)
{
	return kind == SESSION_USER || kind == SESSION_CUI || kind == SESSION_ASSIGNED;
}

/* What is text stays text, the rest is hexadecimal with colons. Names may have letters of any
 * language. */
static void id_text(enum session_id kind, struct span value, struct text *t)
{
	bool raw = kind == SESSION_MAC || kind == SESSION_DUID || kind == SESSION_CLIENT;
	for (size_t i = 0; i < value.n && !raw; i++) {
		uint8_t c = (uint8_t)value.p[i];
		raw = c < 0x20 || c == 0x7f || (c > 0x7f && !is_name(kind));
	}
	if (!raw)
		text_add(t, value.p, value.n);
	for (size_t i = 0; i < value.n && raw; i++)
		text_fmt(t, "%s%02x", i ? ":" : "", (uint8_t)value.p[i]);
}

static void flags_json(uint8_t flags, struct json *j)
{
	if (!flags)
		return;
	json_list(j, "flags");
	for (unsigned i = 0; i < SUBJECT_FLAGS_N; i++)
		if (flags & 1u << i)
			json_text(j, NULL, subject_flag_words[i]);
	json_end(j);
}

static void ids_json(const struct session_ids *ids, struct json *j)
{
	enum session_id kind;
	struct span value;
	for (size_t at = 0; (kind = session_ids_next(ids, &at, &value));) {
		struct text t = {0};
		id_text(kind, value, &t);
		json_span(j, id_words[kind], t.p, t.n);
		text_fini(&t);
	}
}

void session_json(const struct session *s, const char *exporter, struct json *j)
{
	json_open(j, NULL);
	json_text(j, "type", "session");
	json_text(j, "kind", s->kind < KINDS_N ? kinds[s->kind] : "");
	edge_json("start", "start_is", s->begin, s->t0_ms, j);
	edge_json("end", "end_is", s->end, s->t1_ms, j);
	held_json(s, j);
	holder_json(&s->holder, j);
	ids_json(&s->ids, j);
	flags_json(s->flags, j);
	if (s->exported_ms)
		json_time(j, "exported", s->exported_ms);
	if (s->received_ms)
		json_time(j, "received", s->received_ms);
	if (exporter && *exporter)
		json_text(j, "exporter", exporter);
	json_close(j);
	json_line(j);
}

static void holder_words(const struct session *s, struct text *t)
{
	char holder[ADDR_TEXT];
	enum session_id kind;
	struct span value;
	if (!addr_is_zero(&s->holder.addr)) {
		addr_text(holder, &s->holder.addr);
		text_fmt(t, " %s", holder);
	} else if (!s->ids.n)
		text_puts(t, " anybody");
	if (s->holder.port)
		text_fmt(t, " port %u", s->holder.port);
	for (size_t at = 0; (kind = session_ids_next(&s->ids, &at, &value));) {
		struct text word = {0};
		id_text(kind, value, &word);
		text_fmt(t, " %s=", id_words[kind]);
		for (size_t i = 0; i < word.n; i++)
			text_fmt(t, word.p[i] > ' ' && word.p[i] < 0x7f ? "%c" : "%%%02X",
			    (uint8_t)word.p[i]);
		text_fini(&word);
	}
}

void session_words(const struct session *s, const char *exporter, struct text *t)
{
	char when[WHEN_TEXT], held[ADDR_TEXT];
	bool ended = s->end == SESSION_TOLD || s->end == SESSION_INFERRED;
	bool still = s->begin == SESSION_SEEN || s->end == SESSION_SEEN;
	when_text(when,
	    s->t0_ms && (s->end == SESSION_OPEN || s->end == SESSION_UNTIL) ? s->t0_ms : s->t1_ms);
	prefix_text(held, &s->held);
	text_fmt(t, "%-24s %s %s", when, s->kind < KINDS_N ? kinds[s->kind] : "",
	    addr_is_zero(&s->held.addr) ? "-" : held);
	if (s->port_first || s->port_last)
		text_fmt(t, " ports %u-%u", s->port_first, s->port_last);
	text_fmt(t, " %s held by", ended ? "no longer" : still ? "still" : "from now");
	holder_words(s, t);
	if (s->end == SESSION_UNTIL) {
		when_text(when, s->t1_ms);
		text_fmt(t, " until %s", when);
	}
	if (*exporter)
		text_fmt(t, "  %s", exporter);
}
