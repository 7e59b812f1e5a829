/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the provider's lines do together: how many are active, how many use a destination or domain,
 * whether many fail towards the same neighbourhood. One instance, fed in record order, so that
 * hints do not depend on the number of shards. Rules of the population hold only from 1,000 active
 * lines on and with a numerator of 20 (detection.md 4.1 P6). Memory: 32 bytes an entry; tables grow
 * with the active lines, not with what these do, up to a fixed size; a full bucket gives up its
 * least used entry. */
#include "base/mem.h"
#include "base/sketch.h"
#include "detect/indicators.h"
#include "detect/inner.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	HALF_S = 43200, /* a day is two halves: counts cover 12 to 24 hours */
	HALVES = 14,    /* of a week */
	MONDAY = 8,     /* number of a half that begins a week: 1970-01-01 was a Thursday */
	WEEK_S = 604800,
	OUTAGE_S = 600, /* how long a failing neighbourhood is remembered */
	LINES_P = 12,   /* HyperLogLog of active lines, 1.6 % */
	LINES_MIN = 1000,
	NUMERATOR_MIN = 20,
	WAYS = 8, /* entries of a bucket */
	OUTAGES = 8192,
	FEW = 65536,   /* entries at first: one huge page */
	OF_LINE = 128, /* entries for each active line, up to the room there is */
};

struct used {                  /* a destination or domain */
	uint32_t key, first_s; /* key 0: free */
	uint32_t half;
	uint32_t low; /* of the hash, which says its bucket when the table grows */
	uint8_t now[8],
	    before[8]; /* lines of this half day and of the one before, HyperLogLog p = 4 */
};
_Static_assert(sizeof(struct used) == 32, "an entry is 32 bytes");

struct used_table {
	struct used *v;
	uint64_t mask, mask_max; /* of buckets */
};

struct population {
	struct hash_key key;
	const struct indicators *known; /* borrowed, may be NULL */
	struct used_table peers, domains, outages;
	uint8_t lines[2][1 << LINES_P]; /* active in this half day and in the one before */
	uint32_t half;
	double active; /* of the union, renewed when it may have changed by much */
	uint32_t since_active;
	uint32_t began_s;
	uint32_t names_minute; /* share of NXDOMAIN among answers: this 10 minutes, and usually */
	uint32_t nx_n, answer_n;
	double nx_usual;
	bool nx_high;
	bool weekly; /* names change with the week */
};

static struct used *table_map(uint64_t mask)
{
	return mem_map((mask + 1) * WAYS * sizeof(struct used));
}

static void table_unmap(struct used_table *t)
{
	mem_unmap(t->v, (t->mask + 1) * WAYS * sizeof *t->v);
}

static struct used *bucket_of(const struct used_table *t, uint64_t hash)
{
	return &t->v[(hash & t->mask) * WAYS];
}

static void table_init(struct used_table *t, uint64_t entries)
{
	uint64_t buckets = 1;
	while (buckets * WAYS < entries)
		buckets *= 2;
	t->mask_max = buckets - 1;
	t->mask = buckets * WAYS < FEW ? t->mask_max : FEW / WAYS - 1;
	t->v = table_map(t->mask);
}

/* Each bucket becomes two. */
static void table_grow(struct used_table *t)
{
	struct used_table old = *t;
	t->mask = t->mask * 2 + 1;
	t->v = table_map(t->mask);
	for (uint64_t i = 0; i < (old.mask + 1) * WAYS; i++) {
		struct used *to = bucket_of(t, old.v[i].low);
		if (old.v[i].key)
			to[i % WAYS] = old.v[i];
	}
	table_unmap(&old);
}

struct population *population_new(const struct detect_options *o, const struct indicators *known)
{
	struct population *p = mem_new(1, sizeof *p);
	p->key = o->key ? *o->key : hash_key_offline;
	p->known = known;
	table_init(&p->peers, o->destinations);
	table_init(&p->domains, o->destinations);
	table_init(&p->outages, OUTAGES);
	return p;
}

void population_free(struct population *p)
{
	if (!p)
		return;
	struct used_table *const tables[] = {&p->peers, &p->domains, &p->outages};
	for (size_t i = 0; i < 3; i++)
		table_unmap(tables[i]);
	free(p);
}

/* Whether the half day before this one knew the lines by other names. */
static bool is_renamed(const struct population *p, uint32_t half)
{
	return p->weekly && (half + HALVES - MONDAY) % HALVES == 0;
}

/* Of a line that both halves knew by different names, the union would make two. */
static double users(const struct population *p, const struct used *u)
{
	if (!is_renamed(p, u->half))
		return hll4_count_union(u->now, u->before);
	double now = hll4_count_union(u->now, u->now),
	       before = hll4_count_union(u->before, u->before);
	return now > before ? now : before;
}

/* How much it would be missed: what more lines use, and what was used in this half day. */
static unsigned worth(const struct used *u, uint32_t newest_half)
{
	uint64_t now, before;
	memcpy(&now, u->now, sizeof now);
	memcpy(&before, u->before, sizeof before);
	return (unsigned)__builtin_popcountll(now | before) + (u->half == newest_half ? 64 : 0);
}

static struct used *used_of(struct used_table *t, uint64_t hash, uint32_t at_s)
{
	struct used *bucket = bucket_of(t, hash), *least = NULL;
	uint32_t key = (uint32_t)(hash >> 32) | 1;
	unsigned least_worth = 0;
	for (int i = 0; i < WAYS; i++)
		if (bucket[i].key == key)
			return &bucket[i];
	for (int i = 0; i < WAYS; i++) {
		unsigned w = bucket[i].key ? worth(&bucket[i], at_s / HALF_S) : 0;
		if (!least || w < least_worth) {
			least = &bucket[i];
			least_worth = w;
		}
	}
	*least = (struct used){.key = key, .low = (uint32_t)hash, .first_s = at_s};
	return least;
}

static void used_add(struct used *u, uint64_t line, uint32_t half)
{
	if (half > u->half) {
		if (u->half + 1 == half)
			memcpy(u->before, u->now, sizeof u->now);
		else
			memset(u->before, 0, sizeof u->before);
		memset(u->now, 0, sizeof u->now);
		u->half = half;
	}
	(void)hll4_add(u->now, line);
}

static void make_room(struct used_table *t, double lines)
{
	while (t->mask < t->mask_max && (double)(t->mask + 1) * WAYS < lines * OF_LINE)
		table_grow(t);
}

static void count_active(struct population *p)
{
	uint8_t both[1 << LINES_P];
	for (int i = 0; i < 1 << LINES_P; i++)
		both[i] = p->lines[0][i] > p->lines[1][i] ? p->lines[0][i] : p->lines[1][i];
	p->active = hll_count(both, LINES_P);
	if (is_renamed(p, p->half)) {
		double now = hll_count(p->lines[0], LINES_P),
		       before = hll_count(p->lines[1], LINES_P);
		p->active = now > before ? now : before;
	}
	p->since_active = 0;
	make_room(&p->peers, p->active);
	make_room(&p->domains, p->active);
}

/* Marks the line as active; hash of the subject. */
static void line_active(struct population *p, uint64_t line, uint32_t at_s)
{
	uint32_t half = at_s / HALF_S;
	if (!p->began_s)
		p->began_s = at_s;
	if (half > p->half) {
		if (half == p->half + 1)
			memcpy(p->lines[1], p->lines[0], sizeof p->lines[0]);
		else
			memset(p->lines[1], 0, sizeof p->lines[1]);
		memset(p->lines[0], 0, sizeof p->lines[0]);
		p->half = half;
		count_active(p);
	}
	if (hll_add(p->lines[0], LINES_P, line) && ++p->since_active > 1 + (uint32_t)p->active / 64)
		count_active(p);
}

static void hint_use(
    const struct population *p, const struct used *u, uint32_t at_s, struct hint *h)
{
	h->population = p->active >= LINES_MIN;
	if (h->population) {
		double n = users(p, u);
		h->prevalence = (n > 1 ? n : 1) / p->active;
		h->popular = n >= NUMERATOR_MIN && n > 0.01 * p->active;
	}
	int64_t age_s = (int64_t)at_s - p->began_s, seen_s = (int64_t)at_s - u->first_s;
	h->young = age_s > WEEK_S && seen_s <= WEEK_S;
}

uint64_t net_hash(const struct hash_key *key, const union addr *a, bool wide)
{
	unsigned bits = addr_is_v4(a) ? (wide ? 112 : 116) : (wide ? 32 : 48);
	union addr net = addr_mask(a, bits);
	return hash_words(key, (uint64_t[]){net.q[0], net.q[1], bits}, 3);
}

/* A contact failed. More than 5 % of the lines fail towards one neighbourhood: it is down, they do
 * not scan. */
static bool outage(struct population *p, const union addr *peer, uint64_t line, uint32_t at_s)
{
	if (p->active < LINES_MIN)
		return false;
	struct used *u = used_of(&p->outages, net_hash(&p->key, peer, false), at_s);
	used_add(u, line, at_s / OUTAGE_S);
	double n = hll4_count_union(u->now, u->before);
	return n >= NUMERATOR_MIN && n > 0.05 * p->active;
}

static uint64_t name_hash(const struct population *p, struct span name)
{
	return hash_bytes(&p->key, name.p, name.n).a;
}

void population_prepare(const struct population *p, const struct contact *c, struct hint *h)
{
	*h = (struct hint){.peer = peer_hash(&p->key, &c->peer),
	    .line = subject_hash(&p->key, &c->subject),
	    .prevalence = -1};
	h->key = hash_mix(h->peer + ((uint64_t)c->peer_port << 8 | c->proto));
	mem_prefetch(bucket_of(&p->peers, h->peer), WAYS * sizeof(struct used));
}

void population_contact(struct population *p, const struct contact *c, struct hint *h)
{
	uint32_t at_s = (uint32_t)(c->end_ms / 1000);
	h->port_class = (uint8_t)port_class(c->peer_port);
	h->external = !(c->marks & CONTACT_PEER_INSIDE);
	h->known = p->known;
	h->hit = p->known ? indicators_peer(p->known, &c->peer, c->peer_port) : NULL;
	line_active(p, h->line, at_s);
	if (c->opener != OPENER_SELF || (c->marks & CONTACT_UPDATE))
		return;
	struct used *u = used_of(&p->peers, h->peer, at_s);
	used_add(u, h->line, at_s / HALF_S);
	hint_use(p, u, at_s, h);
	bool failed = c->outcome == OUTCOME_UNANSWERED || c->outcome == OUTCOME_REFUSED;
	h->outage = failed && outage(p, &c->peer, h->line, at_s);
}

/* Names that fail three times as often as usual everywhere: a resolver or a top-level domain is
 * ill. */
static void watch_names(struct population *p, const struct dns *d)
{
	uint32_t now = (uint32_t)(d->time_ms / 600000);
	if (now > p->names_minute) {
		double share = p->answer_n ? (double)p->nx_n / p->answer_n : p->nx_usual;
		p->nx_usual = p->nx_usual > 0 ? p->nx_usual * 0.95 + share * 0.05 : share;
		p->names_minute = now;
		p->nx_n = p->answer_n = 0;
		p->nx_high = false;
	}
	p->answer_n += d->rcode != DNS_RCODE_NONE;
	p->nx_n += d->rcode == DNS_NXDOMAIN;
	if (p->answer_n >= LINES_MIN && p->active >= LINES_MIN && p->nx_usual > 0)
		p->nx_high = p->nx_n > 3 * p->nx_usual * p->answer_n;
}

void population_lookup(struct population *p, const struct lookup *l, struct hint *h)
{
	const struct dns *d = l->dns;
	struct span name = {d->name, d->name_n};
	uint32_t at_s = (uint32_t)(d->time_ms / 1000);
	uint64_t line = subject_hash(&p->key, &l->subject);
	*h = (struct hint){
	    .key = name_hash(p, name), .line = line, .prevalence = -1, .external = true};
	h->known = p->known;
	h->hit = p->known ? indicators_name(p->known, name) : NULL;
	line_active(p, line, at_s);
	watch_names(p, d);
	h->name_outage = p->nx_high;
	h->population = p->active >= LINES_MIN;
	h->domain = registered_domain(name);
	if (h->domain.n == 0)
		return;
	h->peer = name_hash(p, h->domain);
	struct used *u = used_of(&p->domains, h->peer, at_s);
	used_add(u, line, at_s / HALF_S);
	hint_use(p, u, at_s, h);
}

void population_weekly(struct population *p)
{
	p->weekly = true;
}

uint64_t population_lines(const struct population *p)
{
	return (uint64_t)p->active;
}

/* Saved state (base/save.h): POPU has the key and all but the tables; PEER, DOMN and OUTG have rows
 * of the entries in use, each with its place. Raise the version when their meaning changes: then
 * the population is learned anew, but for its key. */
enum { POPULATION_VERSION = 1, TABLES = 3 };
static const char *const table_tag[TABLES] = {"PEER", "DOMN", "OUTG"};

static void save_numbers(const struct population *p, struct save *out)
{
	const struct used_table *const tables[TABLES] = {&p->peers, &p->domains, &p->outages};
	save_begin(out, "POPU");
	save_bytes(out, &p->key, sizeof p->key);
	save_uint(out, POPULATION_VERSION, 4);
	save_bytes(out, p->lines, sizeof p->lines);
	save_uint(out, p->half, 4);
	save_real(out, p->active);
	save_uint(out, p->since_active, 4);
	save_uint(out, p->began_s, 4);
	save_uint(out, p->names_minute, 4);
	save_uint(out, p->nx_n, 4);
	save_uint(out, p->answer_n, 4);
	save_real(out, p->nx_usual);
	save_uint(out, p->nx_high, 1);
	for (int i = 0; i < TABLES; i++)
		save_uint(out, tables[i]->mask, 8);
	save_end(out);
}

static void save_entries(
    const struct used_table *t, uint64_t from, uint64_t to, const char *tag, struct save *out)
{
	save_begin(out, tag);
	for (uint64_t i = from; i < to; i++) {
		if (!t->v[i].key)
			continue;
		if (save_is_full(out)) {
			save_end(out);
			save_begin(out, tag);
		}
		save_uint(out, i, 4);
		save_bytes(out, &t->v[i], sizeof t->v[i]);
	}
	save_end(out);
}

/* *at runs over the three tables as if they were one. */
bool population_save(const struct population *p, uint64_t *at, uint64_t rows, struct save *out)
{
	const struct used_table *const tables[TABLES] = {&p->peers, &p->domains, &p->outages};
	uint64_t begin = 0;
	if (*at == 0)
		save_numbers(p, out);
	for (int i = 0; i < TABLES; i++) {
		uint64_t n = (tables[i]->mask + 1) * WAYS, from = *at - begin;
		if (*at < begin + n) {
			uint64_t to = n - from > rows ? from + rows : n;
			save_entries(tables[i], from, to, table_tag[i], out);
			*at = begin + to;
			return to < n || i + 1 < TABLES;
		}
		begin += n;
	}
	return false;
}

/* Whether a table of that many buckets has room here; then it has them. */
static bool table_fit(struct used_table *t, uint64_t mask)
{
	if (mask > t->mask_max || (mask & (mask + 1)))
		return false;
	if (mask != t->mask) {
		table_unmap(t);
		t->mask = mask;
		t->v = table_map(mask);
	}
	return true;
}

static void load_table(struct used_table *t, const char *tag, struct load *in)
{
	for (; load_is(in, tag); load_next(in)) {
		while (t && buf_left(&in->section)) {
			uint32_t i = buf_le32(&in->section);
			struct used u;
			if (!load_bytes(in, &u, sizeof u))
				break;
			/* by its hash: the table may have grown while it was saved in steps */
			bucket_of(t, u.low)[i % WAYS] = u;
		}
		if (load_check(in, true))
			break;
	}
}

static bool load_numbers(struct population *p, struct load *in)
{
	struct buf *b = &in->section;
	(void)load_bytes(in, &p->key, sizeof p->key);
	if (buf_le32(b) != POPULATION_VERSION)
		return false;
	(void)load_bytes(in, p->lines, sizeof p->lines);
	p->half = buf_le32(b);
	p->active = load_real(in);
	p->since_active = buf_le32(b);
	p->began_s = buf_le32(b);
	p->names_minute = buf_le32(b);
	p->nx_n = buf_le32(b);
	p->answer_n = buf_le32(b);
	p->nx_usual = load_real(in);
	p->nx_high = buf_u8(b) != 0;
	return true;
}

int population_load(struct population *p, struct load *in)
{
	struct used_table *tables[TABLES] = {&p->peers, &p->domains, &p->outages};
	if (!load_is(in, "POPU"))
		return in->bad;
	bool known = load_numbers(p, in);
	for (int i = 0; i < TABLES; i++)
		if (!known || !table_fit(tables[i], buf_le64(&in->section)))
			tables[i] = NULL;
	if (load_check(in, !known || (p->active >= 0 && p->active < 1e12 && isfinite(p->nx_usual))))
		return in->bad;
	load_next(in);
	if (!known)
		load_tell(in, "population: it has changed and is learned anew");
	else if (!tables[0])
		load_tell(
		    in, "destinations: their room is another, what is common is learned anew");
	for (int i = 0; i < TABLES; i++)
		load_table(tables[i], table_tag[i], in);
	return in->bad;
}
