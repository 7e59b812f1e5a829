/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Export datagrams -> flows and sessions: see export.h. This file finds out the version and where a
 * datagram ends, and keeps the accounts of the exporters; netflow5.c, sets.c and sflow.c read them.
 */
#include "base/mem.h"
#include "decode/datagram.h"
#include <stdlib.h>

/* Sets of a datagram that are followed to find its end: a datagram of 9,000 bytes holds about 180.
 * A limit, since behind damage every offset may have to be tried. */
enum { SETS_LOOKED_AT = 512 };

struct export *export_new(const struct decode_env *env)
{
	struct export *x = mem_new(1, sizeof *x);
	x->names = env->exporters;
	templates_init(&x->templates);
	sources_init(&x->sources);
	return x;
}

void export_free(struct export *x)
{
	if (!x)
		return;
	templates_fini(&x->templates);
	sources_fini(&x->sources);
	free(x->counts);
	free(x->rules);
	free(x);
}

void export_forget(struct export *x)
{
	templates_fini(&x->templates);
	sources_fini(&x->sources);
	templates_init(&x->templates);
	sources_init(&x->sources);
}

/* A source follows the rule of the longest prefix that holds its exporter. */
static void apply_rules(const struct export *x, struct source *s)
{
	const struct export_rule *best = NULL;
	for (size_t i = 0; i < x->rule_n; i++) {
		const struct export_rule *r = &x->rules[i];
		if (prefix_holds(&r->from, &s->key.exporter) &&
		    (!best || r->from.bits >= best->from.bits))
			best = r;
	}
	s->forced = best ? best->sampling : 0;
	bool junos = best && best->dialect == EXPORT_DIALECT_JUNOS;
	s->dialect = junos ? EXPORT_DIALECT_JUNOS : EXPORT_DIALECT_RFC8158;
}

void export_rules(struct export *x, const struct export_rule *v, size_t n)
{
	x->rules = mem_grow(x->rules, n, sizeof *v);
	if (n)
		memcpy(x->rules, v, n * sizeof *v);
	x->rule_n = n;
	for (size_t i = 0; i < SOURCES_MAX; i++)
		if (x->sources.slots[i])
			apply_rules(x, x->sources.slots[i]);
}

void export_nat_events(struct export *x, const char *word)
{
	const struct export_rule all = {.dialect = EXPORT_DIALECT_JUNOS};
	export_rules(x, &all, strcmp(word, "junos") == 0);
}

static size_t v5_length(const uint8_t *p, size_t n)
{
	if (n < 4)
		return V5_HEADER_BYTES;
	size_t records = buf_peek_be16(p + 2);
	if (records == 0 || records > V5_RECORDS_MAX)
		return 0;
	return V5_HEADER_BYTES + records * V5_RECORD_BYTES;
}

/* NetFlow v9 has no length: sets follow each other until something comes that is no set. A next
 * header is none, since set ids 2 to 255 are not used (RFC 3954, 5.2). */
static size_t v9_length(const uint8_t *p, size_t n, bool whole)
{
	size_t at = V9_HEADER_BYTES;
	for (int sets = 0; sets < SETS_LOOKED_AT; sets++) {
		if (n < at + SET_HEADER_BYTES)
			return whole && at > V9_HEADER_BYTES ? at : at + SET_HEADER_BYTES;
		uint16_t id = buf_peek_be16(p + at), bytes = buf_peek_be16(p + at + 2);
		if ((id > 1 && id < SET_DATA_FIRST) || bytes < SET_HEADER_BYTES ||
		    at + bytes > UINT16_MAX)
			break;
		at += bytes;
	}
	return at > V9_HEADER_BYTES ? at : 0;
}

static size_t ipfix_length(const uint8_t *p, size_t n)
{
	if (n < IPFIX_HEADER_BYTES)
		return IPFIX_HEADER_BYTES;
	size_t bytes = buf_peek_be16(p + 2), at = IPFIX_HEADER_BYTES;
	for (int sets = 0; at + SET_HEADER_BYTES <= bytes && at + SET_HEADER_BYTES <= n; sets++) {
		if (sets == SETS_LOOKED_AT)
			return bytes;
		uint16_t id = buf_peek_be16(p + at), set_bytes = buf_peek_be16(p + at + 2);
		if (id < 2 || (id > 3 && id < SET_DATA_FIRST) || set_bytes < SET_HEADER_BYTES)
			return 0;
		at += set_bytes;
	}
	return bytes >= IPFIX_HEADER_BYTES && (at >= bytes || n < bytes) && at <= bytes ? bytes : 0;
}

uint32_t datagram_version(const uint8_t *p, size_t n)
{
	uint16_t v = n >= 2 ? buf_peek_be16(p) : 0;
	if (v == EXPORT_V5 || v == EXPORT_V9 || v == EXPORT_IPFIX)
		return v;
	return n >= 4 && buf_peek_be32(p) == 5 ? EXPORT_SFLOW : 0;
}

size_t datagram_length(const uint8_t *p, size_t n, bool whole)
{
	if (n < 4)
		return whole ? 0 : 4;
	switch (datagram_version(p, n)) {
	case EXPORT_V5:
		return v5_length(p, n);
	case EXPORT_V9:
		return v9_length(p, n, whole);
	case EXPORT_IPFIX:
		return ipfix_length(p, n);
	case EXPORT_SFLOW:
		return sflow_length(p, n);
	default:
		return 0;
	}
}

bool export_sniff(const uint8_t *p, size_t n)
{
	size_t at = 0;
	for (size_t bytes = 1; bytes > 0 && at < n; at += bytes) {
		bytes = datagram_length(p + at, n - at, true);
		if (bytes > n - at)
			return false;
	}
	while (at > 0 && at < n && p[at] == 0) /* some exporters fill their packets up */
		at++;
	return at == n && n > 0;
}

size_t export_message_bytes(const uint8_t *p, size_t n)
{
	if (n < 4)
		return n >= 2 && buf_peek_be16(p) != EXPORT_IPFIX ? SIZE_MAX : 0;
	size_t bytes = buf_peek_be16(p + 2);
	if (buf_peek_be16(p) != EXPORT_IPFIX || bytes < IPFIX_HEADER_BYTES)
		return SIZE_MAX;
	return n >= bytes ? bytes : 0;
}

static struct export_counts *counts_of(struct export *x, uint32_t exporter)
{
	if (exporter >= x->count_n) {
		uint32_t n = exporter + exporter / 2 + 16;
		x->counts = mem_grow(x->counts, n, sizeof *x->counts);
		memset(x->counts + x->count_n, 0, (n - x->count_n) * sizeof *x->counts);
		x->count_n = n;
	}
	return &x->counts[exporter];
}

bool export_counted(const struct export *x, uint32_t exporter, struct export_counts *c)
{
	if (exporter >= x->count_n)
		return false;
	*c = x->counts[exporter];
	return true;
}

struct export_counts *datagram_counts(const struct datagram *d)
{
	return &d->x->counts[d->source->exporter];
}

void datagram_sequence(const struct datagram *d, const struct sequence_step *step)
{
	struct export_counts *c = datagram_counts(d);
	struct sequence *s = &d->source->sequence;
	c->waiting -= sequence_waiting(s);
	sequence_take(s, step, &c->lost, &c->resets);
	c->waiting += sequence_waiting(s);
}

static void begin_source(struct export *x, struct source *s)
{
	const union addr *a = &s->key.exporter;
	uint32_t version = s->key.version;
	char word[ADDR_TEXT];
	if (a->q[0] || a->q[1]) {
		addr_text(word, a);
		s->exporter = exporter_number(x->names, word);
	}
	s->sequence = sequence_begin(version == EXPORT_V5 || version == EXPORT_IPFIX);
	apply_rules(x, s);
	(void)counts_of(x, s->exporter);
}

struct source *export_source(struct export *x, const struct source_key *key)
{
	bool fresh;
	struct source *s = source_of(&x->sources, key, &fresh);
	if (fresh)
		begin_source(x, s);
	return s;
}

struct source *datagram_source(
    struct datagram *d, uint32_t version, uint32_t domain, const union addr *agent)
{
	struct source_key key = {.exporter = *d->exporter, .domain = domain, .version = version};
	uint64_t dropped_n = d->x->sources.dropped_n;
	if (agent)
		key.agent = *agent;
	if (agent && key.exporter.q[0] == 0 && key.exporter.q[1] == 0)
		key.exporter = *agent;
	d->source = export_source(d->x, &key);
	if (d->x->sources.dropped_n > dropped_n)
		datagram_bad(d, d->p, "too many exporters: the sampling of one was forgotten");
	return d->source;
}

static void read_version(struct datagram *d)
{
	switch (datagram_version(d->p, d->n)) {
	case EXPORT_V5:
		netflow5_read(d);
		break;
	case EXPORT_V9:
		netflow9_read(d);
		break;
	case EXPORT_IPFIX:
		ipfix_read(d);
		break;
	case EXPORT_SFLOW:
		sflow_read(d);
		break;
	default:
		datagram_bad(d, d->p, "no export datagram: version is not 5, 9 or 10, nor sFlow 5");
	}
}

static void read_one(struct datagram *d)
{
	struct batch *b = d->out;
	uint64_t flow_n = b->flow_n, session_n = b->session_n, bad_n = b->bad_n;
	uint64_t ignored_n = b->ignored_n;
	d->source = NULL;
	d->no_template_n = 0;
	read_version(d);
	if (!d->source)
		(void)datagram_source(d, 0, 0, NULL);
	struct export_counts *c = datagram_counts(d);
	c->no_template += d->no_template_n;
	c->bad += b->bad_n - bad_n - d->no_template_n;
	c->datagrams++;
	c->records += b->flow_n - flow_n + b->session_n - session_n;
	c->ignored += b->ignored_n - ignored_n;
	if (b->flow_n > flow_n) {
		const struct flow *f = &b->flows[b->flow_n - 1];
		c->sampling = f->have & FLOW_SAMPLING ? f->sampling : 0;
		c->last_ms = f->exported_ms;
	}
	if (d->received_ms)
		c->last_ms = d->received_ms;
}

void export_datagram(struct export *x, const union addr *exporter, int64_t received_ms,
    const uint8_t *p, size_t n, uint64_t offset, struct batch *out)
{
	struct datagram d = {.x = x,
	    .exporter = exporter,
	    .received_ms = received_ms,
	    .p = p,
	    .n = n,
	    .offset = offset,
	    .out = out};
	size_t bytes = datagram_length(p, n, true);
	while (bytes > 0 && bytes < d.n && datagram_length(d.p + bytes, d.n - bytes, true) > 0) {
		d.n = bytes; /* several messages in one packet */
		read_one(&d);
		d.p += bytes;
		d.offset += bytes;
		d.n = n - (size_t)(d.p - p);
		bytes = datagram_length(d.p, d.n, true);
	}
	read_one(&d);
}
