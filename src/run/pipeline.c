/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pipeline: see pipeline.h. Batches of contacts go round a ring: the caller fills them, one
 * thread adds what the population says, and every shard works on its own lines in each (a single
 * one does both). A full ring blocks, for offline nothing is dropped. */
#include "run/pipeline.h"
#include "base/mem.h"
#include "run/gate.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 32, SLEEP = RING / 2 - 1 /* batches more, see gate_wait */ };
enum { CONTACTS = 256, LOOKUPS = 64 }; /* of a batch, before it is handed over */
enum { FEED = 1024, FAR = 32, NEAR = 16, CLOSE = 4, SOME = 64 };

struct asked {     /* a look-up */
	size_t at; /* contacts of the batch that come before it */
	bool late;
	struct subject subject;
	struct dns dns;
	struct hint hint;
};

struct work { /* a batch */
	_Alignas(MEM_APART) struct contacts contacts;
	struct hint *hints; /* of the contacts */
	struct asked *asked;
	size_t hint_cap, asked_n, asked_cap;
};

struct shard {
	_Alignas(MEM_APART) struct pipeline *pipeline;
	unsigned number, of;
	struct detect *detect;
	struct evidences out; /* of the batch being worked on */
	struct evidence_table *evidence;
	struct gate done;
	pthread_t thread;
};

struct pipeline {
	struct pipeline_options o;
	pthread_t thread; /* of the population */
	struct shard *shards;
	unsigned n; /* at least 1 */
	bool threads;
	struct work ring[RING];
	_Alignas(MEM_APART) struct gate filled;
	_Alignas(MEM_APART) struct gate hinted;
	_Alignas(MEM_APART) uint64_t handed; /* batches; the next one is being filled */
	int64_t clock_ms;
};

static struct work *filling(struct pipeline *p)
{
	return &p->ring[p->handed % RING];
}

static void hint_lookup(struct pipeline *p, struct asked *a)
{
	struct lookup l = {a->subject, &a->dns};
	population_lookup(p->o.population, &l, &a->hint);
}

/* Fills the hints, in the order of the records. */
static void hint_work(struct pipeline *p, struct work *w)
{
	const struct contacts *c = &w->contacts;
	size_t asked = 0;
	if (w->hint_cap < c->cap)
		w->hints = mem_grow(w->hints, w->hint_cap = c->cap, sizeof *w->hints);
	for (size_t at = 0, to; at < c->n; at = to) {
		to = c->n - at < SOME ? c->n : at + SOME;
		for (size_t i = at; i < to; i++) {
			mem_prefetch(&c->v[i + NEAR], sizeof *c->v);
			population_prepare(p->o.population, &c->v[i], &w->hints[i]);
		}
		for (size_t i = at; i < to; i++) {
			while (asked < w->asked_n && w->asked[asked].at == i)
				hint_lookup(p, &w->asked[asked++]);
			population_contact(p->o.population, &c->v[i], &w->hints[i]);
		}
	}
	while (asked < w->asked_n)
		hint_lookup(p, &w->asked[asked++]);
}

static bool is_mine(const struct shard *s, const struct hint *h)
{
	return detect_shard(h, s->of) == s->number;
}

static void do_lookup(struct shard *s, struct asked *a)
{
	struct lookup l = {a->subject, &a->dns};
	if (is_mine(s, &a->hint))
		detect_lookup(s->detect, &l, &a->hint, a->late, &s->out);
}

static void do_contact(struct shard *s, const struct contact *c, struct hint *h)
{
	if (is_mine(s, h))
		detect_contact(s->detect, c, h, c->marks & CONTACT_LATE, &s->out);
}

/* Merged at once: what is kept grows with the lines that something was found on, not with time. */
static void keep_evidence(struct shard *s)
{
	for (size_t i = 0; i < s->out.n; i++)
		evidence_add(s->evidence, &s->out.v[i]);
	s->out.n = 0;
}

/* What a contact meets lies three misses deep. */
static void look_ahead(const struct shard *s, const struct work *w, size_t i)
{
	static void (*const look[])(const struct detect *, const struct hint *) = {
	    detect_prefetch_states, detect_prefetch_line, detect_prefetch};
	for (size_t step = 0; step < sizeof look / sizeof *look; step++) {
		size_t at = i + (step + 1) * CLOSE;
		if (at < w->contacts.n && is_mine(s, &w->hints[at]))
			look[step](s->detect, &w->hints[at]);
	}
}

static void do_work(struct shard *s, struct work *w)
{
	const struct contacts *c = &w->contacts;
	size_t asked = 0;
	for (size_t i = 0; i < c->n; i++) {
		look_ahead(s, w, i);
		while (asked < w->asked_n && w->asked[asked].at == i)
			do_lookup(s, &w->asked[asked++]);
		do_contact(s, &c->v[i], &w->hints[i]);
	}
	while (asked < w->asked_n)
		do_lookup(s, &w->asked[asked++]);
	keep_evidence(s);
}

/* The only shard asks the population itself. */
static bool is_alone(const struct pipeline *p)
{
	return p->n == 1;
}

/* Waits for the n-th batch, and is of use until there are enough to go on with. */
static bool wait_for(const struct pipeline *p, struct gate *g, uint64_t n)
{
	const struct pipeline_idle *idle = &p->o.idle;
	while (idle->work && !gate_is_open(g, n + SLEEP) && idle->work(idle->arg))
		;
	return gate_wait(g, n, SLEEP);
}

static void *population_main(void *arg)
{
	struct pipeline *p = arg;
	for (uint64_t n = 0; wait_for(p, &p->filled, n + 1); n++) {
		hint_work(p, &p->ring[n % RING]);
		gate_pass(&p->hinted);
	}
	gate_close(&p->hinted);
	return NULL;
}

static void *shard_main(void *arg)
{
	struct shard *s = arg;
	struct pipeline *p = s->pipeline;
	struct gate *before = is_alone(p) ? &p->filled : &p->hinted;
	for (uint64_t n = 0; wait_for(p, before, n + 1); n++) {
		struct work *w = &p->ring[n % RING];
		if (is_alone(p))
			hint_work(p, w);
		do_work(s, w);
		gate_pass(&s->done);
	}
	return NULL;
}

static void hand_over(struct pipeline *p)
{
	if (p->threads) {
		gate_pass(&p->filled);
		p->handed++;
		for (unsigned i = 0; i < p->n && p->handed >= RING; i++)
			(void)wait_for(p, &p->shards[i].done, p->handed - RING + 1);
	} else {
		hint_work(p, filling(p));
		do_work(p->shards, filling(p));
	}
	filling(p)->contacts.n = filling(p)->asked_n = 0;
}

void pipeline_pause(struct pipeline *p)
{
	hand_over(p);
	if (!p->threads)
		return;
	gate_hurry(&p->filled, p->handed);
	gate_hurry(&p->hinted, p->handed);
	for (unsigned i = 0; i < p->n; i++)
		(void)gate_wait(&p->shards[i].done, p->handed, 0);
}

static struct asked *new_asked(struct work *w)
{
	if (w->asked_n == w->asked_cap) {
		w->asked_cap = w->asked_cap ? w->asked_cap * 2 : 64;
		w->asked = mem_grow(w->asked, w->asked_cap, sizeof *w->asked);
	}
	return &w->asked[w->asked_n++];
}

static void feed_dns(struct pipeline *p, const struct stream_record *r)
{
	struct work *w = filling(p);
	struct lookup l;
	if (p->o.no_dns || !attribute_dns(p->o.attribute, r->dns, &l))
		return;
	struct asked *a = new_asked(w);
	a->at = w->contacts.n;
	a->late = r->late;
	a->subject = l.subject;
	a->dns = *r->dns;
}

static void feed(struct pipeline *p, const struct stream_record *r, const struct attribute_key *k)
{
	struct work *w = filling(p);
	if (r->time_ms > p->clock_ms) {
		p->clock_ms = r->time_ms;
		attribute_advance(p->o.attribute, p->clock_ms, &w->contacts);
	}
	if (!r->flow)
		feed_dns(p, r);
	else if (r->late)
		attribute_late(p->o.attribute, r->flow, &w->contacts);
	else
		attribute_flow(p->o.attribute, r->flow, k, p->clock_ms, &w->contacts);
	if (p->o.no_detect)
		w->contacts.n = w->asked_n = 0;
	if (w->contacts.n >= CONTACTS || w->asked_n >= LOOKUPS)
		hand_over(p);
}

/* Each flow is a cache miss at its bucket and at its conversation, so the two are brought near one
 * after the other while earlier records are worked on. */
static void feed_some(struct pipeline *p, const struct stream_record *r, size_t n)
{
	struct attribute_key k[FEED];
	for (size_t i = 0; i < n + FAR; i++) {
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

static void run(pthread_t *thread, void *(*main)(void *), void *arg)
{
	if (pthread_create(thread, NULL, main, arg) != 0)
		abort();
}

static void shard_open(struct pipeline *p, unsigned number)
{
	struct shard *s = &p->shards[number];
	s->pipeline = p;
	s->number = number;
	s->of = p->n;
	s->detect = detect_new(p->o.detect, p->n, p->o.detector_opts, p->o.enabled);
	s->evidence = p->o.new_table(p->o.new_table_arg);
	gate_init(&s->done);
	if (p->threads)
		run(&s->thread, shard_main, s);
}

struct pipeline *pipeline_new(const struct pipeline_options *o)
{
	struct pipeline *p = mem_map(sizeof *p);
	p->o = *o;
	p->threads = o->shards > 0;
	p->n = p->threads ? o->shards : 1;
	p->shards = mem_map(p->n * sizeof *p->shards);
	gate_init(&p->filled);
	gate_init(&p->hinted);
	if (p->threads && !is_alone(p))
		run(&p->thread, population_main, p);
	for (unsigned i = 0; i < p->n; i++)
		shard_open(p, i);
	return p;
}

/* The threads work off what was handed over and end. */
static void end_threads(struct pipeline *p)
{
	if (!p->threads)
		return;
	gate_close(&p->filled);
	if (!is_alone(p))
		(void)pthread_join(p->thread, NULL);
	for (unsigned i = 0; i < p->n; i++)
		(void)pthread_join(p->shards[i].thread, NULL);
	p->threads = false;
}

void pipeline_look(struct pipeline *p, struct evidence_table *into, struct stats *stats)
{
	pipeline_pause(p);
	for (unsigned i = 0; i < p->n; i++) {
		evidence_forget(p->shards[i].evidence, p->clock_ms);
		evidence_merge(into, p->shards[i].evidence);
		stats->lines += detect_lines(p->shards[i].detect);
		stats->dropped += detect_dropped(p->shards[i].detect);
	}
	stats->muted = evidence_muted(into);
	stats->dropped += evidence_dropped(into);
}

void pipeline_finish(struct pipeline *p, struct evidence_table *into, struct stats *stats)
{
	if (!p->o.no_detect)
		attribute_flush(p->o.attribute, &filling(p)->contacts);
	hand_over(p);
	end_threads(p);
	for (unsigned i = 0; i < p->n; i++) {
		struct shard *s = &p->shards[i];
		detect_close(s->detect, &s->out);
		keep_evidence(s);
		evidence_absorb(into, s->evidence);
		s->evidence = NULL;
		stats->lines += detect_lines(s->detect);
		stats->dropped += detect_dropped(s->detect);
	}
	stats->dropped += evidence_dropped(into);
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	end_threads(p);
	for (unsigned i = 0; i < p->n; i++) {
		struct shard *s = &p->shards[i];
		detect_free(s->detect);
		evidence_free(s->evidence);
		gate_fini(&s->done);
		free(s->out.v);
	}
	for (size_t i = 0; i < RING; i++) {
		free(p->ring[i].contacts.v);
		free(p->ring[i].hints);
		free(p->ring[i].asked);
	}
	gate_fini(&p->filled);
	gate_fini(&p->hinted);
	mem_unmap(p->shards, p->n * sizeof *p->shards);
	mem_unmap(p, sizeof *p);
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

static void save_evidence(const struct pipeline *p, struct save *out)
{
	evidence_save_head(p->shards[0].evidence, out);
	for (unsigned i = 0; i < p->n; i++)
		evidence_save(p->shards[i].evidence, out);
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
		save_evidence(p, out);
		next_part(w);
		break;
	case WALK_OVER:
		break;
	}
	w->last = w->part == WALK_EVIDENCE;
	return w->part != WALK_OVER;
}

static unsigned shard_of(const void *arg, const struct subject *s)
{
	const struct pipeline *p = arg;
	return detect_shard_of(p->shards[0].detect, s, p->n);
}

void pipeline_rename(struct pipeline *p, const struct renames *r)
{
	struct detect **detect = mem_new(p->n, sizeof(struct detect *));
	struct evidence_table **evidence = mem_new(p->n, sizeof(struct evidence_table *));
	struct evidences **out = mem_new(p->n, sizeof(struct evidences *));
	const struct evidence_deal deal = {shard_of, p};
	pipeline_pause(p);
	for (unsigned i = 0; i < p->n; i++) {
		detect[i] = p->shards[i].detect;
		evidence[i] = p->shards[i].evidence;
		out[i] = &p->shards[i].out;
	}
	detect_rename(detect, p->n, r, out);
	evidence_rename(evidence, p->n, &deal, r);
	for (unsigned i = 0; i < p->n; i++)
		keep_evidence(&p->shards[i]);
	free(detect);
	free(evidence);
	free(out);
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
