/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of the exporters, kept over a restart: see export.h. Big-endian numbers behind a
 * magic word and a version, a hash of all at the end. What is read back is no more trusted than a
 * datagram: templates are compiled anew from their fields, counts are checked, and what an
 * operator's rule decides is decided anew. Gaps still open are forgotten. source:   exporter agent
 * domain version interval boot_ms epochs? samplers sequence template: exporter domain id version
 * options fields */
#include "base/hash.h"
#include "base/when.h"
#include "decode/datagram.h"

enum { SAVE_VERSION = 1, HASH_BYTES = 16 };
#define SAVE_MAGIC 0x54455850u  /* "TEXP" */
#define SEEN_MAX   (1ULL << 40) /* datagrams of one source */

static void put(struct text *t, uint64_t v, size_t n)
{
	uint64_t big = htobe64(v << 8 * (8 - n));
	text_add(t, (const char *)&big, n);
}

static void put_addr(struct text *t, const union addr *a)
{
	text_add(t, (const char *)a->b, sizeof a->b);
}

static union addr get_addr(struct buf *b)
{
	const uint8_t *p = buf_take(b, 16);
	return p ? addr_v6(p) : (union addr){0};
}

static void save_source(const struct source *s, struct text *t)
{
	const struct sequence *q = &s->sequence;
	put_addr(t, &s->key.exporter);
	put_addr(t, &s->key.agent);
	put(t, s->key.domain, 4);
	put(t, s->key.version, 4);
	put(t, s->whole.interval, 4);
	put(t, (uint64_t)s->boot_ms, 8);
	put(t, s->sampler_n, 4);
	for (uint32_t i = 0; i < s->sampler_n; i++) {
		put(t, s->samplers[i].id, 8);
		put(t, s->samplers[i].told.interval, 4);
	}
	put(t, q->begun, 1);
	put(t, q->by_records, 1);
	put(t, q->unsure, 1);
	put(t, q->next, 4);
	put(t, q->uptime_ms, 4);
	put(t, (uint64_t)q->clock_ms, 8);
	put(t, q->datagrams, 8);
	put(t, q->records, 8);
}

/* Statements, not initialisers: the order of the reads matters. */
static struct source_key load_key(struct buf *b)
{
	struct source_key key;
	key.exporter = get_addr(b);
	key.agent = get_addr(b);
	key.domain = buf_be32(b);
	key.version = buf_be32(b);
	return key;
}

static bool load_samplers(struct source *s, struct buf *b)
{
	s->sampler_n = buf_be32(b);
	if (s->sampler_n > SOURCE_SAMPLERS_MAX)
		return false;
	for (uint32_t i = 0; i < s->sampler_n; i++) {
		s->samplers[i].id = buf_be64(b);
		s->samplers[i].told.interval = buf_be32(b);
		if (s->samplers[i].told.interval > SAMPLING_MAX)
			return false;
	}
	return !b->bad;
}

static bool load_sequence(struct sequence *q, struct buf *b)
{
	q->begun = buf_u8(b);
	q->by_records = buf_u8(b);
	q->unsure = buf_u8(b);
	q->next = q->other = buf_be32(b);
	q->uptime_ms = buf_be32(b);
	q->clock_ms = (int64_t)buf_be64(b);
	q->datagrams = buf_be64(b);
	q->records = buf_be64(b);
	return !b->bad && q->begun <= (q->datagrams > 0) && q->clock_ms >= 0 &&
	       q->clock_ms <= WHEN_MAX_MS && q->datagrams < SEEN_MAX &&
	       q->records <= q->datagrams * UINT16_MAX;
}

static bool load_source(struct export *x, struct buf *b)
{
	struct source_key key = load_key(b);
	if (b->bad)
		return false;
	struct source *s = export_source(x, &key);
	s->whole = (struct announced){.interval = buf_be32(b)};
	s->boot_ms = (int64_t)buf_be64(b);
	if (s->whole.interval > SAMPLING_MAX || s->boot_ms < 0 || s->boot_ms > WHEN_MAX_MS)
		return false;
	return load_samplers(s, b) && load_sequence(&s->sequence, b);
}

/* Whether it was not withdrawn since. */
static bool in_force(const struct export *x, const struct template *t)
{
	struct source_key key = {
	    .exporter = t->key.exporter, .domain = t->key.domain, .version = t->key.version};
	const struct source *s = source_find(&x->sources, &key);
	return s && s->epochs[t->options] == t->epoch;
}

static void save_template(const struct template *t, struct text *to)
{
	put_addr(to, &t->key.exporter);
	put(to, t->key.domain, 4);
	put(to, t->key.id, 2);
	put(to, t->key.version, 2);
	put(to, t->options, 1);
	put(to, t->field_n, 2);
	for (size_t i = 0; i < t->field_n; i++) {
		put(to, t->fields[i].enterprise, 4);
		put(to, t->fields[i].element, 2);
		put(to, t->fields[i].n, 2);
	}
}

static bool load_template(struct export *x, struct buf *b)
{
	struct field_spec fields[TEMPLATE_FIELDS_MAX];
	struct template_key key = {.exporter = get_addr(b)};
	key.domain = buf_be32(b);
	key.id = buf_be16(b);
	key.version = buf_be16(b);
	bool options = buf_u8(b);
	size_t n = buf_be16(b);
	if (b->bad || n > TEMPLATE_FIELDS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		fields[i].enterprise = buf_be32(b);
		fields[i].element = buf_be16(b);
		fields[i].n = buf_be16(b);
	}
	struct source_key of = {
	    .exporter = key.exporter, .domain = key.domain, .version = key.version};
	const struct source *s = source_find(&x->sources, &of);
	if (b->bad || !s)
		return false;
	struct template_text sent = {fields, n, s->exporter, s->epochs[options], options};
	return template_define(&x->templates, &key, &sent) != TEMPLATE_IMPOSSIBLE;
}

static void save_sources(const struct export *x, struct text *out)
{
	uint32_t n = 0;
	for (size_t i = 0; i < SOURCES_MAX; i++)
		n += x->sources.slots[i] != NULL;
	put(out, n, 4);
	for (size_t i = 0; i < SOURCES_MAX; i++)
		if (x->sources.slots[i])
			save_source(x->sources.slots[i], out);
}

static void save_templates(const struct export *x, struct text *out)
{
	uint32_t n = 0;
	for (size_t i = 0; i < TEMPLATES_MAX; i++)
		n += x->templates.slots[i] && in_force(x, x->templates.slots[i]);
	put(out, n, 4);
	for (size_t i = 0; i < TEMPLATES_MAX; i++)
		if (x->templates.slots[i] && in_force(x, x->templates.slots[i]))
			save_template(x->templates.slots[i], out);
}

void export_save(const struct export *x, struct text *out)
{
	size_t from = out->n;
	put(out, SAVE_MAGIC, 4);
	put(out, SAVE_VERSION, 4);
	save_sources(x, out);
	save_templates(x, out);
	struct hash h = hash_bytes(&hash_key_offline, out->p + from, out->n - from);
	put(out, h.a, 8);
	put(out, h.b, 8);
}

static bool load_all(struct export *x, struct buf *b)
{
	uint32_t sources = buf_be32(b);
	if (b->bad || sources > SOURCES_MAX)
		return false;
	for (uint32_t i = 0; i < sources; i++)
		if (!load_source(x, b))
			return false;
	uint32_t templates = buf_be32(b);
	if (b->bad || templates > TEMPLATES_MAX)
		return false;
	for (uint32_t i = 0; i < templates; i++)
		if (!load_template(x, b))
			return false;
	return buf_left(b) == 0;
}

int export_load(struct export *x, struct span saved, struct err *e)
{
	if (saved.n < HASH_BYTES)
		return err_set(e, ERR_INPUT, "saved exporters: %zu bytes are too few", saved.n);
	struct buf b = buf_of(saved.p, saved.n - HASH_BYTES);
	struct buf end = buf_of(saved.p + b.n, HASH_BYTES);
	struct hash h = hash_bytes(&hash_key_offline, saved.p, b.n);
	if (buf_be64(&end) != h.a || buf_be64(&end) != h.b)
		return err_set(e, ERR_INPUT, "saved exporters: damaged");
	uint32_t magic = buf_be32(&b), version = buf_be32(&b);
	if (magic != SAVE_MAGIC || version != SAVE_VERSION)
		return err_set(e, ERR_INPUT,
		    "saved exporters: version %u is not the %d of this program", version,
		    SAVE_VERSION);
	if (load_all(x, &b))
		return ERR_OK;
	export_forget(x);
	return err_set(e, ERR_INPUT, "saved exporters: impossible values");
}
