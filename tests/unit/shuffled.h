/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting packets of a provider with many handovers, in order or shuffled, through decoder and
 * index, and a digest of everything in the index, for a test and a bench. Subscribers dial in, say
 * that they are still there, hang up, or are gone without a word; addresses and circuits go from
 * hand to hand; NASes start afresh; blocks of ports come with the session; packets are lost and
 * sent twice. Times are whole seconds, as NASes tell them, so that many things happen at a time. */
#pragma once
#include "accounting.h"
#include "base/mem.h"
#include "base/rand.h"
#include "run/session_folder.h"
#include "run/session_store.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SHUFFLED_T0 1767225600ll /* 2026-01-01T00:00:00Z */
enum { SHUFFLED_NAS = 64, SHUFFLED_BYTES = 252, SHUFFLED_SPREAD_MAX_MS = 16000 };

struct shuffled_plan {
	const char *state; /* an empty folder */
	uint64_t packets;
	uint32_t per_s;
	uint32_t spread_ms; /* a packet comes at most so much later than its time; 0: in order */
	int64_t seal_ms;    /* how often the log becomes a file */
	FILE *list;         /* of what is in the index, or NULL */
};

struct shuffled_index {                              /* all that is in it */
	uint64_t a, b;                               /* sums of the hashes of its entries */
	uint64_t entries, packets, displaced, files; /* displaced: came behind a later one */
	struct sessions_counts counts;
	struct lines_counts lines;
};

struct shuffled_line {
	uint32_t session, addr; /* 0: not online */
	int64_t since_s;
};

struct shuffled_packet {
	uint64_t number; /* in the order in which they were sent */
	uint16_t n;
	uint8_t p[SHUFFLED_BYTES];
};

struct shuffled_bucket { /* what comes in one millisecond */
	struct shuffled_packet *v;
	size_t n, cap;
};

struct shuffled {
	const struct shuffled_plan *plan;
	struct rand rand, way; /* what happens, and how long packets are on their way */
	struct shuffled_line *lines;
	uint32_t *free_addr, free_n[SHUFFLED_NAS], per_nas, sessions;
	struct shuffled_bucket *buckets;
	int64_t now_ms;
	uint64_t sent, newest; /* packets */
	struct session_store *store;
	struct batch batch;
	struct shuffled_index *out;
};

static inline void shuffled_must(int bad, const struct err *e)
{
	if (!bad)
		return;
	(void)fprintf(stderr, "shuffled: %s\n", e->msg);
	exit(1);
}

/* ---- what arrives */

static inline void shuffled_take(struct shuffled *w, const struct shuffled_packet *x)
{
	const struct radius_packet in = {.p = x->p,
	    .n = x->n,
	    .secret = span_of(ACCOUNTING_SECRET),
	    .from = addr_v4(0xc0000201),
	    .now_ms = w->now_ms};
	struct radius_reply reply;
	struct err e = {.msg = "a packet is refused"};
	batch_reset(&w->batch);
	shuffled_must(radius_accounting(&in, &w->batch, &reply) != NULL, &e);
	for (size_t i = 0; i < w->batch.session_n; i++)
		session_store_event(w->store, &w->batch.sessions[i]);
	w->out->packets++;
	w->out->displaced += x->number < w->newest;
	w->newest = x->number > w->newest ? x->number : w->newest;
}

/* Time goes on, millisecond by millisecond: what comes then, and once a second the clock. */
static inline void shuffled_until(struct shuffled *w, int64_t ms)
{
	struct err e;
	for (; w->now_ms < ms; w->now_ms++) {
		struct shuffled_bucket *b = &w->buckets[w->now_ms % SHUFFLED_SPREAD_MAX_MS];
		for (size_t i = 0; i < b->n; i++)
			shuffled_take(w, &b->v[i]);
		b->n = 0;
		if (w->now_ms % 1000 == 0)
			shuffled_must(session_store_tick(w->store, w->now_ms, &e), &e);
	}
}

static inline void shuffled_send(struct shuffled *w, const struct accounting *a, int64_t s)
{
	uint64_t late_ms = w->plan->spread_ms ? rand_below(&w->way, w->plan->spread_ms) : 0;
	struct shuffled_bucket *b =
	    &w->buckets[(s * 1000 + (int64_t)late_ms) % SHUFFLED_SPREAD_MAX_MS];
	struct err e = {.msg = "a packet is too long"};
	shuffled_must(a->n > SHUFFLED_BYTES, &e);
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 16;
		b->v = mem_grow(b->v, b->cap, sizeof *b->v);
	}
	struct shuffled_packet *x = &b->v[b->n++];
	x->number = w->sent++;
	x->n = (uint16_t)a->n;
	memcpy(x->p, a->p, a->n);
}

/* ---- what happens */

static inline void shuffled_text(struct accounting *a, uint8_t type, const char *form, uint32_t v)
{
	char text[64];
	(void)snprintf(text, sizeof text, form, v);
	accounting_text(a, type, text);
}

static inline void shuffled_begin(struct accounting *a, uint32_t status, uint32_t nas, int64_t s)
{
	accounting_begin(a);
	accounting_number(a, 40, status);
	accounting_number(a, 55, (uint32_t)s);
	shuffled_text(a, 32, "bras%u", nas);
}

/* Every second subscriber has a prefix, every fifth ports of an outside address, every fourth a
 * circuit, which now and then is a neighbour's. */
static inline void shuffled_held(struct accounting *a, uint32_t who, const struct shuffled_line *l)
{
	uint32_t slot = l->addr % 100;
	char text[64];
	accounting_number(a, 8, 0x0a000000 + l->addr);
	if (who % 2) {
		uint8_t prefix[10] = {0, 64, 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(l->addr >> 24),
		    (uint8_t)(l->addr >> 16), (uint8_t)(l->addr >> 8), (uint8_t)l->addr};
		accounting_put(a, 97, prefix, sizeof prefix);
	}
	if (who % 5 == 0) {
		(void)snprintf(text, sizeof text, "203.%u.%u.%u %u-%u router Base",
		    l->addr / 100 >> 16 & 255, l->addr / 100 >> 8 & 255, l->addr / 100 & 255,
		    1024 + slot * 512, 1024 + slot * 512 + 511);
		accounting_vendor(a, 6527, 121, text, strlen(text));
	}
	if (who % 4 == 0) {
		(void)snprintf(text, sizeof text, "port%u", l->session % 50 ? who : who ^ 4);
		accounting_vendor(a, 3561, 1, text, strlen(text));
	}
}

static inline void shuffled_say(
    struct shuffled *w, uint32_t status, uint32_t who, int64_t s, bool twice)
{
	struct shuffled_line *l = &w->lines[who];
	struct accounting a;
	shuffled_begin(&a, status, who % SHUFFLED_NAS, s);
	shuffled_text(&a, 44, "%08x", l->session);
	shuffled_text(&a, 1, "user%u@isp.example", who);
	if (status != 1)
		accounting_number(&a, 46, (uint32_t)(s - l->since_s));
	shuffled_held(&a, who, l);
	accounting_sign(&a);
	shuffled_send(w, &a, s);
	if (twice)
		shuffled_send(w, &a, s);
}

static inline void shuffled_hang_up(struct shuffled *w, uint32_t who)
{
	uint32_t nas = who % SHUFFLED_NAS;
	w->free_addr[nas * w->per_nas + w->free_n[nas]++] = w->lines[who].addr;
	w->lines[who] = (struct shuffled_line){0};
}

static inline void shuffled_dial(struct shuffled *w, uint32_t who, int64_t s)
{
	uint32_t nas = who % SHUFFLED_NAS, *v = &w->free_addr[nas * w->per_nas];
	uint32_t pick = (uint32_t)rand_below(&w->rand, w->free_n[nas]);
	w->lines[who] = (struct shuffled_line){++w->sessions, v[pick], s};
	v[pick] = v[--w->free_n[nas]];
}

static inline void shuffled_afresh(struct shuffled *w, uint32_t nas, int64_t s)
{
	struct accounting a;
	shuffled_begin(&a, 7, nas, s);
	accounting_sign(&a);
	shuffled_send(w, &a, s);
	for (uint32_t who = nas; who < w->per_nas * SHUFFLED_NAS; who += SHUFFLED_NAS)
		if (w->lines[who].session)
			shuffled_hang_up(w, who);
}

/* Whether it makes a packet. */
static inline bool shuffled_step(struct shuffled *w, int64_t s)
{
	uint32_t who = (uint32_t)rand_below(&w->rand, (uint64_t)w->per_nas * SHUFFLED_NAS);
	double what = rand_unit(&w->rand);
	bool lost = rand_unit(&w->rand) < 0.04, twice = rand_unit(&w->rand) < 0.01;
	if (rand_unit(&w->rand) * (double)w->plan->packets < 30) {
		shuffled_afresh(w, who % SHUFFLED_NAS, s);
		return true;
	}
	bool online = w->lines[who].session;
	if (!online)
		shuffled_dial(w, who, s);
	if (!lost)
		shuffled_say(w, !online ? 1 : what < 0.6 ? 3 : 2, who, s, twice);
	if (online && what >= 0.6)
		shuffled_hang_up(w, who);
	return !lost;
}

static inline void shuffled_open(
    struct shuffled *w, const struct shuffled_plan *plan, struct shuffled_index *out)
{
	struct session_store_options o = {
	    .sessions = {1 << 24, 3600000, 2000, 3600000},
	    .state = plan->state,
	    .writer = "shuffled",
	    .retention_ms = 7 * 86400000ll,
	    .seal_ms = plan->seal_ms,
	};
	struct err e;
	*out = (struct shuffled_index){0};
	*w = (struct shuffled){
	    .plan = plan, .rand = rand_of(1, 5), .way = rand_of(2, 5), .out = out};
	w->now_ms = SHUFFLED_T0 * 1000;
	w->per_nas = (uint32_t)(plan->packets / 20 / SHUFFLED_NAS) + 2;
	w->lines = mem_new((size_t)w->per_nas * SHUFFLED_NAS, sizeof *w->lines);
	w->free_addr = mem_new((size_t)w->per_nas * SHUFFLED_NAS, sizeof *w->free_addr);
	w->buckets = mem_new(SHUFFLED_SPREAD_MAX_MS, sizeof *w->buckets);
	for (uint32_t i = 0; i < w->per_nas * SHUFFLED_NAS; i++) {
		w->free_addr[i] = i;
		w->free_n[i / w->per_nas]++;
	}
	shuffled_must(session_store_open(&w->store, &o, w->now_ms, NULL, &e), &e);
}

static inline void shuffled_close(struct shuffled *w)
{
	struct err e;
	shuffled_until(w, w->now_ms + SHUFFLED_SPREAD_MAX_MS);
	shuffled_must(session_store_seal(w->store, w->now_ms, &e), &e);
	w->out->counts = *sessions_counted(session_store_sessions(w->store));
	w->out->lines = *lines_counted(session_store_lines(w->store));
	session_store_close(w->store);
	batch_fini(&w->batch);
	for (size_t i = 0; i < SHUFFLED_SPREAD_MAX_MS; i++)
		free(w->buckets[i].v);
	free(w->buckets);
	free(w->lines);
	free(w->free_addr);
}

/* ---- what is in the index */

/* All files as one, in which each interval stands as it was told last. */
static inline void shuffled_together(
    const char *state, struct session_file *all, struct shuffled_index *out)
{
	struct text folder = {0}, to = {0};
	struct segment_about about = {0};
	struct session_name *v;
	size_t n;
	struct err e;
	text_fmt(&folder, "%s/sessions", state);
	text_fmt(&to, "%s/together.idx", state);
	struct session_build *b = session_build_new(to.p, 1 << 28);
	shuffled_must(session_names(folder.p, &v, &n, &e), &e);
	for (size_t i = 0; i < n; i++) {
		struct text path = {0};
		struct session_file f;
		uint64_t bad_pages = 0;
		if (v[i].kind != SESSION_FILE_LIVE)
			continue;
		session_path(folder.p, &v[i], &path);
		shuffled_must(session_file_open(&f, path.p, &e), &e);
		shuffled_must(session_build_add_file(b, &f.segment, 0, &bad_pages, &e), &e);
		session_file_close(&f);
		text_fini(&path);
		out->files++;
	}
	shuffled_must(session_build_end(b, &about, &e), &e);
	shuffled_must(session_file_open(all, to.p, &e), &e);
	(void)unlink(to.p);
	free(v);
	text_fini(&folder);
	text_fini(&to);
}

/* An entry as `who` would tell it, with the line's name of today. */
static inline void shuffled_entry(
    const struct segment *s, const struct lines *lines, const struct interval *v, struct text *t)
{
	char addr[ADDR_TEXT], name[LINE_TEXT] = "-";
	struct line_id id;
	addr_text(addr, &v->addr);
	text_reset(t);
	text_fmt(t, "%u %s/%u %u-%u/%u %u %lld %lld %lld %u %u %llx %llx ", v->realm, addr, v->bits,
	    v->port_first, v->port_last, v->port_step, v->proto, (long long)v->t0_ms,
	    (long long)v->t1_ms, (long long)v->sure_ms, v->begin, v->end,
	    (unsigned long long)v->began, (unsigned long long)v->ended);
	if (v->holder == HOLDER_INSIDE) {
		addr_text(name, &v->inside);
	} else if (segment_id(s, v->line, &id)) {
		uint32_t number = lines_find(lines, &id);
		if (number)
			lines_name(lines, number, &id);
		line_id_text(&id, name);
	}
	text_fmt(t, "%u %u %s\n", v->inside_realm, v->inside_port, name);
}

static inline void shuffled_look(const struct shuffled_plan *plan, struct shuffled_index *out)
{
	struct session_store_options o = {
	    .sessions = {1 << 24, 3600000, 2000, 3600000}, .state = plan->state};
	struct session_store *store;
	struct session_file all;
	struct segment_entry entry;
	struct text t = {0};
	struct err e;
	shuffled_must(session_store_open(&store, &o, SHUFFLED_T0 * 1000, NULL, &e), &e);
	shuffled_together(plan->state, &all, out);
	struct segment_walk walk = segment_begin(&all.segment);
	while (segment_next(&walk, &entry)) {
		shuffled_entry(&all.segment, session_store_lines(store), &entry.v, &t);
		struct hash h = hash_bytes(&hash_key_offline, t.p, t.n);
		out->a += h.a;
		out->b += h.b;
		out->entries++;
		if (plan->list)
			(void)fwrite(t.p, 1, t.n, plan->list);
	}
	session_file_close(&all);
	session_store_close(store);
	text_fini(&t);
}

/* Plays the plan, and looks at all of the index that comes of it. */
static inline void shuffled_play(const struct shuffled_plan *plan, struct shuffled_index *out)
{
	struct shuffled w;
	shuffled_open(&w, plan, out);
	for (uint64_t i = 0; i < plan->packets;) {
		int64_t s = SHUFFLED_T0 + (int64_t)(i / plan->per_s);
		shuffled_until(&w, s * 1000);
		i += shuffled_step(&w, s);
	}
	shuffled_close(&w);
	shuffled_look(plan, out);
}

static inline bool shuffled_same(const struct shuffled_index *x, const struct shuffled_index *y)
{
	return x->a == y->a && x->b == y->b && x->entries == y->entries;
}
