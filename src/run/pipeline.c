/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pipeline: see pipeline.h. Work is handed over in batches through a bounded ring per shard; a
 * full ring blocks, for offline nothing is dropped. */
#include "run/pipeline.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WORK_ITEMS = 1024, RING = 16, CONTACTS = 64, AHEAD = 8 };
enum { FEED = 1024, FAR = 16, NEAR = 8, CACHE_LINE = 64 };

struct work_item {
	struct hint hint;
	struct contact contact; /* where dns is 0 */
	struct subject subject; /* of the look-up */
	uint32_t dns;           /* number of the record in the batch + 1 */
	uint32_t domain_at, domain_n;
	bool late;
};

struct work { /* a batch for one shard */
	struct work_item v[WORK_ITEMS];
	size_t n;
	struct dns *dns;
	size_t dns_n, dns_cap;
};

struct shard {
	struct detect *detect;
	struct evidences out; /* of the batch being worked on */
	struct evidence_table *evidence;
	struct work *ring[RING];
	unsigned head, n; /* batches waiting */
	bool over;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct work *filling;
};

struct pipeline {
	struct pipeline_options o;
	struct contacts contacts;
	struct shard *shards;
	unsigned n; /* at least 1 */
	bool threads;
	int64_t clock_ms;
};

static void do_item(struct shard *s, struct work *w, struct work_item *i)
{
	if (!i->dns) {
		detect_contact(s->detect, &i->contact, &i->hint, i->late, &s->out);
		return;
	}
	const struct dns *d = &w->dns[i->dns - 1];
	struct lookup l = {i->subject, d};
	i->hint.domain = (struct span){d->name + i->domain_at, i->domain_n};
	detect_lookup(s->detect, &l, &i->hint, i->late, &s->out);
}

/* Merged at once: what is kept grows with the lines that something was found on, not with time. */
static void keep_evidence(struct shard *s)
{
	for (size_t i = 0; i < s->out.n; i++)
		evidence_add(s->evidence, &s->out.v[i]);
	s->out.n = 0;
}

static void do_work(struct shard *s, struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (i + AHEAD < w->n)
			detect_prefetch(s->detect, &w->v[i + AHEAD].hint);
		do_item(s, w, &w->v[i]);
	}
	w->n = w->dns_n = 0;
	keep_evidence(s);
}

static void *shard_main(void *arg)
{
	struct shard *s = arg;
	for (;;) {
		(void)pthread_mutex_lock(&s->lock);
		while (s->n == 0 && !s->over)
			(void)pthread_cond_wait(&s->change, &s->lock);
		struct work *w = s->n ? s->ring[s->head] : NULL;
		(void)pthread_mutex_unlock(&s->lock);
		if (!w)
			return NULL;
		do_work(s, w);
		(void)pthread_mutex_lock(&s->lock);
		s->head = (s->head + 1) % RING;
		s->n--;
		(void)pthread_cond_signal(&s->change);
		(void)pthread_mutex_unlock(&s->lock);
	}
}

/* The next batch to fill: one that no thread holds. */
static struct work *free_work(struct shard *s)
{
	(void)pthread_mutex_lock(&s->lock);
	while (s->n == RING - 1)
		(void)pthread_cond_wait(&s->change, &s->lock);
	struct work *w = s->ring[(s->head + s->n) % RING];
	(void)pthread_mutex_unlock(&s->lock);
	return w;
}

static void hand_over(struct pipeline *p, struct shard *s)
{
	if (!p->threads) {
		do_work(s, s->filling);
		return;
	}
	(void)pthread_mutex_lock(&s->lock);
	s->n++;
	(void)pthread_cond_signal(&s->change);
	(void)pthread_mutex_unlock(&s->lock);
	s->filling = free_work(s);
}

static struct work_item *next_item(struct pipeline *p, const struct hint *h)
{
	struct shard *s = &p->shards[detect_shard(h, p->n)];
	if (s->filling->n == WORK_ITEMS)
		hand_over(p, s);
	struct work_item *i = &s->filling->v[s->filling->n++];
	i->hint = *h;
	i->dns = 0;
	return i;
}

/* Contacts are passed on in batches: what the tables hold of them is brought near first. */
static void pass_contacts(struct pipeline *p, bool late)
{
	struct hint h[CONTACTS];
	size_t n;
	for (size_t at = 0; at < p->contacts.n && !p->o.no_detect; at += n) {
		const struct contact *c = p->contacts.v + at;
		n = p->contacts.n - at < CONTACTS ? p->contacts.n - at : CONTACTS;
		for (size_t i = 0; i < n; i++)
			population_prepare(p->o.population, &c[i], &h[i]);
		for (size_t i = 0; i < n; i++) {
			population_contact(p->o.population, &c[i], &h[i]);
			struct work_item *w = next_item(p, &h[i]);
			w->contact = c[i];
			w->late = late;
		}
	}
	p->contacts.n = 0;
}

static struct dns *dns_room(struct work *w)
{
	if (w->dns_n == w->dns_cap) {
		w->dns_cap = w->dns_cap ? w->dns_cap * 2 : 64;
		w->dns = mem_grow(w->dns, w->dns_cap, sizeof *w->dns);
	}
	return &w->dns[w->dns_n++];
}

static void pass_lookup(struct pipeline *p, const struct lookup *l, bool late)
{
	struct hint h;
	if (p->o.no_detect)
		return;
	population_lookup(p->o.population, l, &h);
	struct work_item *w = next_item(p, &h);
	struct work *batch = p->shards[detect_shard(&h, p->n)].filling;
	*dns_room(batch) = *l->dns;
	w->dns = (uint32_t)batch->dns_n;
	w->subject = l->subject;
	w->domain_at = h.domain.n ? (uint32_t)(h.domain.p - l->dns->name) : 0;
	w->domain_n = (uint32_t)h.domain.n;
	w->late = late;
}

static void feed_late(struct pipeline *p, const struct flow *f)
{
	pass_contacts(p, false);
	attribute_late(p->o.attribute, f, &p->contacts);
	pass_contacts(p, true);
}

static void feed(struct pipeline *p, const struct stream_record *r, const struct attribute_key *k)
{
	struct lookup l;
	if (r->time_ms > p->clock_ms) {
		p->clock_ms = r->time_ms;
		attribute_advance(p->o.attribute, p->clock_ms, &p->contacts);
	}
	if (r->flow && r->late) {
		feed_late(p, r->flow);
	} else if (r->flow) {
		attribute_flow(p->o.attribute, r->flow, k, p->clock_ms, &p->contacts);
		if (p->contacts.n >= CONTACTS)
			pass_contacts(p, false);
	} else if (!p->o.no_dns && attribute_dns(p->o.attribute, r->dns, &l)) {
		pass_contacts(p, false);
		pass_lookup(p, &l, r->late);
	}
}

static void prefetch_flow(const struct flow *f)
{
	for (size_t at = 0; at < sizeof *f; at += CACHE_LINE)
		__builtin_prefetch((const char *)f + at);
}

/* Each record is a cache miss at the flow, at its bucket and at its conversation, so the three are
 * brought near one after the other while earlier records are worked on. */
static void feed_some(struct pipeline *p, const struct stream_record *r, size_t n)
{
	struct attribute_key k[FEED];
	for (size_t i = 0; i < n + FAR; i++) {
		if (i + FAR < n && r[i + FAR].flow)
			prefetch_flow(r[i + FAR].flow);
		if (i < n && r[i].flow)
			attribute_look(p->o.attribute, r[i].flow, &k[i]);
		if (i >= NEAR && i < n + NEAR && r[i - NEAR].flow)
			attribute_look_closer(p->o.attribute, &k[i - NEAR]);
		if (i >= FAR)
			feed(p, &r[i - FAR], &k[i - FAR]);
	}
}

void pipeline_feed(struct pipeline *p, const struct stream_record *r, size_t n)
{
	for (size_t some; n; r += some, n -= some) {
		some = n < FEED ? n : FEED;
		feed_some(p, r, some);
	}
}

static void shard_open(struct pipeline *p, struct shard *s)
{
	s->detect = detect_new(p->o.detect, p->n, p->o.detector_opts, p->o.enabled);
	s->evidence = p->o.new_table(p->o.new_table_arg);
	for (int i = 0; i < (p->threads ? RING : 1); i++)
		s->ring[i] = mem_new(1, sizeof *s->ring[i]);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->change, NULL);
	s->filling = s->ring[0];
	if (p->threads && pthread_create(&s->thread, NULL, shard_main, s) != 0)
		abort();
}

struct pipeline *pipeline_new(const struct pipeline_options *o)
{
	struct pipeline *p = mem_new(1, sizeof *p);
	p->o = *o;
	p->threads = o->shards > 0;
	p->n = p->threads ? o->shards : 1;
	p->shards = mem_new(p->n, sizeof *p->shards);
	for (unsigned i = 0; i < p->n; i++)
		shard_open(p, &p->shards[i]);
	return p;
}

static void wait_idle(struct shard *s)
{
	(void)pthread_mutex_lock(&s->lock);
	while (s->n)
		(void)pthread_cond_wait(&s->change, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
}

void pipeline_pause(struct pipeline *p)
{
	pass_contacts(p, false);
	for (unsigned i = 0; i < p->n; i++)
		if (p->shards[i].filling->n)
			hand_over(p, &p->shards[i]);
	for (unsigned i = 0; i < p->n && p->threads; i++)
		wait_idle(&p->shards[i]);
}

/* The thread works off what it was handed and ends. */
static void shard_end(struct pipeline *p, struct shard *s)
{
	if (!p->threads || s->over)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->over = true;
	(void)pthread_cond_signal(&s->change);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
}

void pipeline_look(struct pipeline *p, struct evidence_table *into, struct stats *stats)
{
	pipeline_pause(p);
	for (unsigned i = 0; i < p->n; i++) {
		evidence_merge(into, p->shards[i].evidence);
		stats->lines += detect_lines(p->shards[i].detect);
		stats->dropped += detect_dropped(p->shards[i].detect);
	}
	stats->muted = evidence_muted(into);
}

void pipeline_finish(struct pipeline *p, struct evidence_table *into, struct stats *stats)
{
	attribute_flush(p->o.attribute, &p->contacts);
	pass_contacts(p, false);
	for (unsigned i = 0; i < p->n; i++) {
		struct shard *s = &p->shards[i];
		hand_over(p, s);
		shard_end(p, s);
		detect_close(s->detect, &s->out);
		keep_evidence(s);
		evidence_absorb(into, s->evidence);
		s->evidence = NULL;
		stats->lines += detect_lines(s->detect);
		stats->dropped += detect_dropped(s->detect);
	}
}

void pipeline_free(struct pipeline *p)
{
	for (unsigned i = 0; p && i < p->n; i++) {
		struct shard *s = &p->shards[i];
		shard_end(p, s);
		detect_free(s->detect);
		evidence_free(s->evidence);
		for (int k = 0; k < RING && s->ring[k]; k++) {
			free(s->ring[k]->dns);
			free(s->ring[k]);
		}
		(void)pthread_mutex_destroy(&s->lock);
		(void)pthread_cond_destroy(&s->change);
		free(s->out.v);
	}
	if (p) {
		free(p->contacts.v);
		free(p->shards);
	}
	free(p);
}

enum walk_part { WALK_HEAD, WALK_POPULATION, WALK_LINES, WALK_EVIDENCE, WALK_OVER };
enum { ENTRIES_A_LINE = 16 }; /* a line costs as much as so many destinations */

static void next_part(struct pipeline_walk *w)
{
	*w = (struct pipeline_walk){.part = w->part + 1};
}

/* The walk goes from shard to shard, then to the next part. */
static void next_shard(const struct pipeline *p, struct pipeline_walk *w)
{
	w->at = 0;
	if (++w->shard == p->n)
		next_part(w);
}

static void save_head(struct pipeline *p, struct save *out)
{
	save_begin(out, "PIPE");
	save_uint(out, (uint64_t)p->clock_ms, 8);
	save_end(out);
	attribute_save(p->o.attribute, out);
}

static void save_lines(
    const struct pipeline *p, struct pipeline_walk *w, uint32_t rows, struct save *out)
{
	const struct detect *d = p->shards[w->shard].detect;
	uint32_t at = (uint32_t)w->at;
	if (w->shard == 0 && at == 0)
		detect_save_head(d, out);
	bool more = detect_save(d, &at, rows, out);
	w->at = at;
	if (!more)
		next_shard(p, w);
}

static void save_evidence(
    const struct pipeline *p, struct pipeline_walk *w, uint32_t rows, struct save *out)
{
	const struct evidence_table *t = p->shards[w->shard].evidence;
	if (w->shard == 0 && w->at == 0)
		evidence_save_head(t, out);
	if (!evidence_save(t, &w->at, rows, out))
		next_shard(p, w);
}

bool pipeline_save(struct pipeline *p, struct pipeline_walk *w, uint32_t rows, struct save *out)
{
	pipeline_pause(p);
	switch ((enum walk_part)w->part) {
	case WALK_HEAD:
		save_head(p, out);
		next_part(w);
		break;
	case WALK_POPULATION:
		if (!population_save(p->o.population, &w->at, (uint64_t)rows * ENTRIES_A_LINE, out))
			next_part(w);
		break;
	case WALK_LINES:
		save_lines(p, w, rows, out);
		break;
	case WALK_EVIDENCE:
		save_evidence(p, w, rows, out);
		break;
	case WALK_OVER:
		break;
	}
	return w->part != WALK_OVER;
}

static unsigned shard_of(const void *arg, const struct subject *s)
{
	const struct pipeline *p = arg;
	return detect_shard_of(p->shards[0].detect, s, p->n);
}

static int load_clock(struct pipeline *p, struct load *in)
{
	if (!load_is(in, "PIPE"))
		return in->bad;
	p->clock_ms = (int64_t)(buf_le64(&in->section) & INT64_MAX);
	if (!load_check(in, true))
		load_next(in);
	return in->bad;
}

int pipeline_load(struct pipeline *p, struct load *in)
{
	struct detect **detect = mem_new(p->n, sizeof *detect);
	struct evidence_table **evidence = mem_new(p->n, sizeof *evidence);
	struct evidences last_words = {0};
	const struct evidence_deal deal = {shard_of, p};
	for (unsigned i = 0; i < p->n; i++) {
		detect[i] = p->shards[i].detect;
		evidence[i] = p->shards[i].evidence;
	}
	int bad = load_clock(p, in);
	bad = bad ? bad : attribute_load(p->o.attribute, in);
	bad = bad ? bad : population_load(p->o.population, in);
	bad = bad ? bad : detect_load(detect, p->n, in, &last_words);
	bad = bad ? bad : evidence_load(evidence, p->n, &deal, in);
	for (size_t i = 0; !bad && i < last_words.n; i++)
		evidence_add(evidence[shard_of(p, &last_words.v[i].subject)], &last_words.v[i]);
	free(last_words.v);
	free(detect);
	free(evidence);
	return bad;
}
