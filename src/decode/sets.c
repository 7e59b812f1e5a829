/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NetFlow v9 (RFC 3954) and IPFIX (RFC 7011, biflows of RFC 5103) datagrams -> flows. Both are sets
 * of templates and of records; they differ in the header, in how options templates count and in
 * enterprise numbers. NAT and firewall events without packets are counted as ignored, and so are
 * option records once their sampling is taken. What it misses: records whose template comes later
 * in time, nested lists (RFC 6313). */
#include "decode/datagram.h"

enum { V9_TEMPLATES = 0, V9_OPTIONS = 1, IPFIX_TEMPLATES = 2, IPFIX_OPTIONS = 3 };

struct sets {
	struct datagram *d;
	struct source *source;
	struct record_env env;
	uint16_t version;
	uint32_t record_n; /* read so far, of any kind */
	bool unsure;       /* there were more, that could not be counted */
};

static struct template_key key_of(const struct sets *s, uint16_t id)
{
	return (struct template_key){*s->d->exporter, s->source->key.domain, id, s->version};
}

static void define(struct sets *s, uint16_t id, bool options, const uint8_t *at,
    const struct field_spec *fields, size_t n)
{
	struct templates *table = &s->d->x->templates;
	struct template_key key = key_of(s, id);
	struct template_text sent = {
	    fields, n, s->source->exporter, s->source->epochs[options], options};
	uint64_t dropped_n = table->dropped_n;
	enum template_change change = template_define(table, &key, &sent);
	if (change == TEMPLATE_IMPOSSIBLE)
		datagram_bad(s->d, at, "a template that no record can follow");
	datagram_counts(s->d)->redefined += change == TEMPLATE_CHANGED;
	if (table->dropped_n > dropped_n)
		datagram_bad(
		    s->d, at, "too many templates: the one unused for longest was dropped");
}

/* The fields of a template; false where they are cut short. */
static bool read_fields(
    const struct sets *s, struct buf *b, struct field_spec *fields, size_t n, size_t scope_n)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t element = buf_be16(b), bytes = buf_be16(b);
		uint32_t enterprise = s->version == EXPORT_V9 && i < scope_n ? SCOPE_ENTERPRISE : 0;
		if (s->version == EXPORT_IPFIX && element & 0x8000) {
			enterprise = buf_be32(b);
			element &= 0x7fff;
		}
		fields[i] = (struct field_spec){enterprise, element, bytes};
	}
	return !b->bad;
}

/* A template without fields withdraws the one of its id, or with the id of its set all of its kind
 * (RFC 7011, 8.1). False: it is none. */
static bool withdraw(const struct sets *s, uint16_t id, bool options)
{
	if (s->version != EXPORT_IPFIX)
		return false;
	if (id == (options ? IPFIX_OPTIONS : IPFIX_TEMPLATES)) {
		s->source->epochs[options]++;
		return true;
	}
	struct template_key key = key_of(s, id);
	template_withdraw(&s->d->x->templates, &key);
	return id >= SET_DATA_FIRST;
}

/* One template; false where the rest of the set cannot be read. */
static bool read_template(struct sets *s, struct buf *b, bool options)
{
	struct field_spec fields[TEMPLATE_FIELDS_MAX];
	const uint8_t *at = b->p + b->at;
	uint16_t id = buf_be16(b);
	size_t n = buf_be16(b), scope_n = 0;
	if (options && (s->version == EXPORT_V9 || n > 0))
		scope_n = buf_be16(b);
	if (options && s->version == EXPORT_V9) { /* lengths in bytes: of the scopes, the rest */
		size_t swap = n / 4;
		n = swap + scope_n / 4;
		scope_n = swap;
	}
	if (n == 0 && withdraw(s, id, options))
		return true;
	if (id < SET_DATA_FIRST || n == 0 || n > TEMPLATE_FIELDS_MAX || scope_n > n) {
		datagram_bad(s->d, at, "a template with an impossible id or number of fields");
		return false;
	}
	if (!read_fields(s, b, fields, n, scope_n)) {
		datagram_bad(s->d, at, "a template cut short");
		return false;
	}
	define(s, id, options, at, fields, n);
	return true;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void read_templates(struct sets *s, struct buf b, bool options)
{
	while (buf_left(&b) >= SET_HEADER_BYTES && !all_zero(b.p + b.at, buf_left(&b)))
		if (!read_template(s, &b, options))
			return;
}

static const char *const ignored_kinds[] = {
    [TEMPLATE_NAT_EVENT] = "NAT event that binds nothing",
    [TEMPLATE_FIREWALL_EVENT] = "firewall event without packets",
    [TEMPLATE_OPTIONS] = "option record",
    [TEMPLATE_OTHER] = "flow record without addresses",
};

static void read_options(const struct sets *s, const struct template *t, const uint8_t *p,
    const uint16_t *starts, uint64_t extra[EXTRA_N])
{
	record_extras(t, p, starts, extra);
	datagram_counts(s->d)->wrong_sampling += !source_announce(s->source, t->extras, extra);
}

static void read_nat_event(const struct sets *s, const struct template *t, const uint8_t *p,
    const uint16_t *starts, uint64_t extra[EXTRA_N])
{
	struct flow f = {.exported_ms = s->env.exported_ms};
	record_read(t, p, starts, &s->env, &f, extra);
	struct session *x = batch_session(s->d->out);
	int bad = nat_session(t, &f, extra, s->source->dialect, x);
	x->exporter = s->source->exporter;
	x->exported_ms = s->env.exported_ms;
	x->received_ms = s->env.received_ms;
	if (bad == ERR_OK && session_check(x) == ERR_OK)
		return;
	batch_undo_session(s->d->out);
	if (bad)
		batch_ignore(s->d->out, ignored_kinds[TEMPLATE_NAT_EVENT]);
	else
		datagram_bad(s->d, p, "a NAT event with impossible times or ports");
}

static void read_flow(const struct sets *s, const struct template *t, const uint8_t *p,
    const uint16_t *starts, uint64_t extra[EXTRA_N])
{
	struct flow *f = batch_flow(s->d->out);
	record_read(t, p, starts, &s->env, f, extra);
	if (addr_is_zero(&f->src) && addr_is_zero(&f->dst)) {
		batch_undo_flow(s->d->out);
		batch_ignore(s->d->out, ignored_kinds[TEMPLATE_OTHER]);
	} else if (record_finish(t, &s->env, extra, f) != ERR_OK) {
		batch_undo_flow(s->d->out);
		datagram_bad(s->d, p, "a record with no time or with impossible ones");
	}
}

static void read_record(const struct sets *s, const struct template *t, const uint8_t *p,
    const uint16_t *starts, uint64_t extra[EXTRA_N])
{
	if (t->kind == TEMPLATE_FLOW) {
		read_flow(s, t, p, starts, extra);
		return;
	}
	if (t->kind == TEMPLATE_NAT_EVENT) {
		read_nat_event(s, t, p, starts, extra);
		return;
	}
	if (t->kind == TEMPLATE_OPTIONS && t->extras)
		read_options(s, t, p, starts, extra);
	batch_ignore(s->d->out, ignored_kinds[t->kind]);
}

static void read_records(struct sets *s, uint16_t id, const struct buf *b)
{
	struct template_key key = key_of(s, id);
	const struct template *t = template_find(&s->d->x->templates, &key);
	if (!t || t->epoch != s->source->epochs[t->options]) {
		datagram_bad(s->d, b->p, "no template yet for this data set");
		s->d->no_template_n++;
		s->unsure = true;
		return;
	}
	uint16_t starts[TEMPLATE_FIELDS_MAX];
	uint64_t extra[EXTRA_N];
	size_t at = 0, used;
	for (; b->n - at >= t->record_bytes; at += used) {
		used = record_measure(t, b->p + at, b->n - at, starts);
		if (!used)
			break;
		read_record(s, t, b->p + at, starts, extra);
		s->record_n++;
	}
	if ((at == 0 || b->n - at >= t->record_bytes) && !all_zero(b->p + at, b->n - at)) {
		datagram_bad(s->d, b->p + at, "a record longer than its data set");
		s->unsure = true;
	}
}

static void read_set(struct sets *s, uint16_t id, const struct buf *b)
{
	bool v9 = s->version == EXPORT_V9;
	if (id >= SET_DATA_FIRST)
		read_records(s, id, b);
	else if (id == (v9 ? V9_TEMPLATES : IPFIX_TEMPLATES))
		read_templates(s, *b, false);
	else if (id == (v9 ? V9_OPTIONS : IPFIX_OPTIONS))
		read_templates(s, *b, true);
	else
		datagram_bad(s->d, b->p, "a set of an unknown kind");
}

static void read_sets(struct sets *s, struct buf *b)
{
	while (buf_left(b) >= SET_HEADER_BYTES && !all_zero(b->p + b->at, buf_left(b))) {
		const uint8_t *at = b->p + b->at;
		uint16_t id = buf_be16(b), bytes = buf_be16(b);
		if (bytes < SET_HEADER_BYTES) {
			datagram_bad(s->d, at, "a set shorter than its header");
			s->unsure = true;
			return;
		}
		size_t left = buf_left(b), rest = bytes - SET_HEADER_BYTES;
		if (rest > left) {
			datagram_bad(s->d, at, "a set longer than its datagram");
			s->unsure = true;
		}
		struct buf body = buf_sub(b, rest < left ? rest : left);
		read_set(s, id, &body);
	}
}

void netflow9_read(struct datagram *d)
{
	struct buf b = buf_of(d->p, d->n);
	buf_skip(&b, 4);
	uint32_t uptime = buf_be32(&b);
	int64_t exported_ms = buf_be32(&b) * 1000LL;
	uint32_t number = buf_be32(&b), domain = buf_be32(&b);
	if (b.bad) {
		datagram_bad(d, d->p, "NetFlow v9: shorter than its header");
		return;
	}
	struct sets s = {
	    .d = d, .source = datagram_source(d, EXPORT_V9, domain, NULL), .version = EXPORT_V9};
	s.env = (struct record_env){s.source, exported_ms, d->received_ms, exported_ms - uptime};
	read_sets(&s, &b);
	datagram_sequence(
	    d, &(struct sequence_step){number, s.record_n, uptime, exported_ms, s.unsure});
}

void ipfix_read(struct datagram *d)
{
	struct buf b = buf_of(d->p, d->n);
	buf_skip(&b, 2);
	size_t bytes = buf_be16(&b);
	int64_t exported_ms = buf_be32(&b) * 1000LL;
	uint32_t number = buf_be32(&b), domain = buf_be32(&b);
	if (b.bad || bytes < IPFIX_HEADER_BYTES) {
		datagram_bad(d, d->p, "IPFIX: shorter than its header");
		return;
	}
	if (bytes > d->n)
		datagram_bad(d, d->p, "IPFIX: shorter than its length says");
	else
		b.n = bytes;
	struct sets s = {.d = d,
	    .source = datagram_source(d, EXPORT_IPFIX, domain, NULL),
	    .version = EXPORT_IPFIX,
	    .unsure = bytes > d->n};
	s.env = (struct record_env){s.source, exported_ms, d->received_ms, s.source->boot_ms};
	read_sets(&s, &b);
	datagram_sequence(d, &(struct sequence_step){number, s.record_n, 0, exported_ms, s.unsure});
}
