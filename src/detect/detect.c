/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of lines and the way of a record through the detectors: see detect.h. */
#include "base/mem.h"
#include "base/sketch.h"
#include "detect/shard.h"
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const struct detector *const detectors[] = {
#define DETECTOR(name) &detector_##name,
#include "detect/detectors.def"
#undef DETECTOR
    NULL};
const size_t detectors_n = sizeof detectors / sizeof *detectors - 1;

const struct opt_row detect_rows[] = {
    {"lines", OPT_UINT, offsetof(struct detect_options, lines), 1024, 16777216, "lines", "1048576",
	"room for lines; when it is full the line unseen for longest is forgotten"},
    {"destinations", OPT_UINT, offsetof(struct detect_options, destinations), 1024, 67108864,
	"entries", "1048576",
	"room of each table of what destinations and domains are used by how many"},
};
const size_t detect_rows_n = sizeof detect_rows / sizeof *detect_rows;

enum {
	COLD_MIN = 1024,
	COLD_ONE_IN = 50,
	FILTER_BITS_MAX = 96,
	P2P_PEERS_MIN = 8,
	DAY_MS = 86400000,
	SEEN_S = 60, /* how exact the order of last use is */
	BUCKETS_MIN = 1024,
	CACHE_LINE = 64,
	LINES_MORE = 1, /* see rename.c */
};

size_t detector_number(const struct detector *det)
{
	size_t i = 0;
	while (detectors[i] != det)
		i++;
	return i;
}

const struct hash_key *detect_key(const struct detect *d)
{
	return &d->key;
}

uint64_t subject_hash(const struct hash_key *key, const struct subject *s)
{
	uint64_t w[3];
	memcpy(w, s, sizeof w);
	return hash_words(key, w, 3);
}

void detect_prefetch(const struct detect *d, const struct hint *h)
{
	mem_near(&d->buckets[h->line & d->mask]);
}

void detect_prefetch_line(const struct detect *d, const struct hint *h)
{
	uint32_t i = d->buckets[h->line & d->mask];
	for (size_t at = 0; i && at < d->line_bytes; at += CACHE_LINE)
		mem_near((const char *)line_at(d, i) + at);
}

void detect_prefetch_states(const struct detect *d, const struct hint *h)
{
	uint32_t number = d->buckets[h->line & d->mask];
	const struct line *l = number ? line_at(d, number) : NULL;
	for (size_t i = 0; l && i < detectors_n; i++)
		if (l->state[i])
			mem_near(blocks_at(&d->states[i], l->state[i]));
}

unsigned detect_shard(const struct hint *h, unsigned n)
{
	return n > 1 ? (unsigned)((h->line >> 40) % n) : 0;
}

unsigned detect_shard_of(const struct detect *d, const struct subject *s, unsigned n)
{
	return detect_shard(&(struct hint){.line = subject_hash(&d->key, s)}, n);
}

static void wants_contacts(struct detect *d, size_t i)
{
	unsigned wants =
	    detectors[i]->wants | (detectors[i]->group == GROUP_INTEL ? 0u : FACT_IN_TIME);
	for (unsigned facts = 0; facts < FACTS; facts++)
		if ((facts & wants) == wants)
			d->on_contact[facts] |= 1ull << i;
}

struct detect *detect_new(
    const struct detect_options *o, unsigned shards, const void *const *opts, const bool *enabled)
{
	struct detect *d = mem_new(1, sizeof *d);
	uint32_t pool = (uint32_t)(o->lines / shards / COLD_ONE_IN);
	assert(detectors_n <= DETECTORS_MAX);
	d->key = o->key ? *o->key : hash_key_offline;
	d->opts = opts;
	for (size_t i = 0; i < detectors_n; i++) {
		if (enabled[i] && detectors[i]->contact)
			wants_contacts(d, i);
		if (enabled[i] && detectors[i]->lookup)
			d->on_lookup[d->on_lookup_n++] = (uint8_t)i;
	}
	d->cap = (uint32_t)(o->lines / shards);
	d->line_bytes = (sizeof(struct line) + detectors_n * sizeof(uint32_t) + 7) & ~(size_t)7;
	size_t room = d->cap + LINES_MORE;
	for (size_t i = 0; i < detectors_n; i++)
		blocks_init(&d->states[i], detectors[i]->state_bytes, room);
	blocks_init(&d->findings, sizeof(struct finding), room * detectors_n);
	d->lines = mem_map(room * d->line_bytes);
	d->mask = BUCKETS_MIN - 1;
	d->buckets = mem_new(BUCKETS_MIN, sizeof *d->buckets);
	cold_init(&d->cold, pool > COLD_MIN ? pool : COLD_MIN);
	notes_init(&d->notes, pool > COLD_MIN ? pool : COLD_MIN);
	return d;
}

void detect_free(struct detect *d)
{
	if (!d)
		return;
	mem_unmap(d->lines, (d->cap + LINES_MORE) * d->line_bytes);
	free(d->buckets);
	for (size_t i = 0; i < detectors_n; i++)
		blocks_fini(&d->states[i]);
	blocks_fini(&d->findings);
	cold_fini(&d->cold);
	notes_fini(&d->notes);
	free(d);
}

static void unlink_use(struct detect *d, struct line *l)
{
	*(l->prev ? &line_at(d, l->prev)->next : &d->oldest) = l->next;
	*(l->next ? &line_at(d, l->next)->prev : &d->newest) = l->prev;
}

static void append_use(struct detect *d, struct line *l, uint32_t number)
{
	l->prev = d->newest;
	l->next = 0;
	*(d->newest ? &line_at(d, d->newest)->next : &d->oldest) = number;
	d->newest = number;
}

void *detect_state_there(const struct detect *d)
{
	uint32_t number = d->now->state[d->running];
	return number ? blocks_at(&d->states[d->running], number) : NULL;
}

void *detect_state(struct detect *d)
{
	uint32_t *number = &d->now->state[d->running];
	if (!*number)
		*number = blocks_take(&d->states[d->running]);
	return blocks_at(&d->states[d->running], *number);
}

void line_reset(struct detect *d, struct line *l)
{
	findings_drop(d, l);
	cold_drop(&d->cold, l);
	for (size_t i = 0; i < detectors_n; i++) {
		if (l->state[i])
			blocks_give(&d->states[i], l->state[i]);
		l->state[i] = 0;
	}
}

static int by_use(const void *a, const void *b, void *arg)
{
	const uint32_t *x = a, *y = b;
	uint32_t x_s = line_at(arg, *x)->last_s, y_s = line_at(arg, *y)->last_s;
	return x_s != y_s ? (x_s < y_s ? -1 : 1) : *x < *y ? -1 : 1;
}

void lines_sort(struct detect *d)
{
	uint32_t *number = mem_new(d->used, sizeof *number);
	for (uint32_t i = 0; i < d->used; i++)
		number[i] = i + 1;
	qsort_r(number, d->used, sizeof *number, by_use, d);
	d->oldest = d->newest = 0;
	for (uint32_t i = 0; i < d->used; i++)
		append_use(d, line_at(d, number[i]), number[i]);
	free(number);
}

void line_link(struct detect *d, uint32_t number, uint64_t hash)
{
	uint32_t *bucket = &d->buckets[hash & d->mask];
	line_at(d, number)->chain = *bucket;
	*bucket = number;
}

/* What leads to the line in its bucket; NULL: it does not stand in it. */
static uint32_t *link_of(const struct detect *d, uint32_t number)
{
	const struct line *l = line_at(d, number);
	uint32_t *at = &d->buckets[subject_hash(&d->key, &l->subject) & d->mask];
	while (*at && *at != number)
		at = &line_at(d, *at)->chain;
	return *at ? at : NULL;
}

/* As many buckets as lines, so that they lie close together. */
static void grow_buckets(struct detect *d)
{
	free(d->buckets);
	d->mask = d->mask * 2 + 1;
	d->buckets = mem_new(d->mask + 1ul, sizeof *d->buckets);
	for (uint32_t i = 1; i <= d->used; i++)
		line_link(d, i, subject_hash(&d->key, &line_at(d, i)->subject));
}

/* The place of a new line: untouched memory, or that of the line unseen for longest. */
static uint32_t take_number(struct detect *d)
{
	if (d->used > d->mask && d->used < d->cap)
		grow_buckets(d);
	if (d->used < d->cap)
		return ++d->used;
	uint32_t number = d->oldest;
	struct line *l = line_at(d, number);
	findings_close(d, l);
	line_reset(d, l);
	d->dropped++;
	unlink_use(d, l);
	*link_of(d, number) = l->chain;
	memset(l, 0, d->line_bytes);
	return number;
}

struct line *line_add(struct detect *d)
{
	uint32_t number = ++d->used;
	append_use(d, line_at(d, number), number);
	return line_at(d, number);
}

/* Who points to the line that stands at another number now. */
static void line_moved(struct detect *d, uint32_t from, uint32_t to)
{
	struct line *l = line_at(d, to);
	uint32_t *link = link_of(d, from);
	if (link)
		*link = to;
	*(l->prev ? &line_at(d, l->prev)->next : &d->oldest) = to;
	*(l->next ? &line_at(d, l->next)->prev : &d->newest) = to;
	for (uint32_t i = l->cold; i; i = d->cold.v[i - 1].next)
		d->cold.v[i - 1].line = l;
}

void line_remove(struct detect *d, uint32_t number)
{
	struct line *l = line_at(d, number), *last = line_at(d, d->used);
	uint32_t *link = link_of(d, number);
	if (link)
		*link = l->chain;
	unlink_use(d, l);
	if (l != last) {
		memcpy(l, last, d->line_bytes);
		line_moved(d, d->used, number);
	}
	memset(last, 0, d->line_bytes);
	d->used--;
}

void line_evict(struct detect *d)
{
	uint32_t number = d->oldest;
	findings_close(d, line_at(d, number));
	line_reset(d, line_at(d, number));
	line_remove(d, number);
	d->dropped++;
}

static uint32_t find(const struct detect *d, const struct subject *s, uint64_t hash)
{
	uint32_t i = d->buckets[hash & d->mask];
	while (i && !subject_same(&line_at(d, i)->subject, s))
		i = line_at(d, i)->chain;
	return i;
}

struct line *line_find(const struct detect *d, const struct subject *s, uint64_t hash)
{
	uint32_t i = find(d, s, hash);
	return i ? line_at(d, i) : NULL;
}

struct line *line_of(struct detect *d, const struct subject *s, uint64_t hash)
{
	uint32_t i = find(d, s, hash);
	if (i) {
		struct line *l = line_at(d, i);
		if (d->now_s >= l->last_s + SEEN_S) {
			unlink_use(d, l);
			append_use(d, l, i);
			l->last_s = d->now_s;
		}
		return l;
	}
	i = take_number(d);
	struct line *l = line_at(d, i);
	l->subject = *s;
	l->last_s = d->now_s;
	line_link(d, i, hash);
	append_use(d, l, i);
	d->ever++;
	return l;
}

/* The line of a record, and where evidence goes while it is worked on. */
static struct line *begin(struct detect *d, const struct subject *s, uint64_t hash, int64_t time_ms,
    struct evidences *out)
{
	uint32_t day = (uint32_t)(time_ms / DAY_MS), at_s = (uint32_t)(time_ms / 1000);
	d->out = out; /* a line that gives way has its last word, too */
	d->day = day > d->day ? day : d->day;
	d->now_s = at_s > d->now_s ? at_s : d->now_s;
	d->now = line_of(d, s, hash);
	return d->now;
}

/* Whether the line meets this peer for the first time, as far as its two filters remember; they
 * rotate when 96 of 512 bits are set, about 53 peers, so each gives 3.5 % false memories (4.2). */
static bool first_contact(struct line *l, uint64_t peer)
{
	if (bloom_has(l->seen[0], peer) || bloom_has(l->seen[1], peer))
		return false;
	l->seen_bits = (uint16_t)(l->seen_bits + bloom_add(l->seen[0], peer));
	if (l->seen_bits >= FILTER_BITS_MAX) {
		memcpy(l->seen[1], l->seen[0], sizeof l->seen[0]);
		memset(l->seen[0], 0, sizeof l->seen[0]);
		l->seen_bits = 0;
	}
	return true;
}

/* Peer-to-peer software talks UDP with strangers on ports of their choice, and many answer; its TCP
 * contacts fail far more often than a household's. Learned per line and day (4.3, class P). */
static bool is_p2p(struct line *l, const struct contact *c, const struct hint *h)
{
	uint16_t day = (uint16_t)(c->end_ms / 86400000 + 1);
	if (l->p2p_day + 1 < day)
		l->p2p_n = 0;
	if (l->p2p_day < day) {
		l->p2p_n /= 2; /* what it did yesterday counts half */
		l->p2p_day = day;
	}
	if (h->first && h->external && c->proto == PROTO_UDP && c->outcome == OUTCOME_ANSWERED &&
	    c->peer_port > 1024 && l->p2p_n < UINT16_MAX)
		l->p2p_n++;
	return l->p2p_n >= P2P_PEERS_MIN;
}

static unsigned facts_of(const struct contact *c, const struct hint *h, bool late)
{
	return (c->opener == OPENER_SELF ? FACT_OPENED : 0u) |
	       (c->marks & CONTACT_UPDATE ? 0u : FACT_WHOLE) | (h->external ? FACT_EXTERNAL : 0u) |
	       (c->proto == PROTO_TCP ? FACT_TCP : 0u) | (h->first ? FACT_FIRST : 0u) |
	       (late ? 0u : FACT_IN_TIME);
}

void detect_contact(
    struct detect *d, const struct contact *c, struct hint *h, bool late, struct evidences *out)
{
	struct line *l = begin(d, &c->subject, h->line, c->end_ms, out);
	h->first = c->opener == OPENER_SELF && !(c->marks & CONTACT_UPDATE) && !late &&
		   first_contact(l, h->peer);
	if (h->first)
		h->net = net_hash(&d->key, &c->peer, true);
	h->p2p = is_p2p(l, c, h);
	if (h->p2p && h->port_class == CLASS_O && c->peer_port > 1024)
		h->port_class = CLASS_P;
	for (uint64_t left = d->on_contact[facts_of(c, h, late)]; left; left &= left - 1) {
		d->running = (size_t)__builtin_ctzll(left);
		detectors[d->running]->contact(d, d->opts[d->running], c, h);
		if (d->judged)
			finding_tell(d);
	}
}

void detect_lookup(
    struct detect *d, const struct lookup *q, struct hint *h, bool late, struct evidences *out)
{
	(void)begin(d, &q->subject, h->line, q->dns->time_ms, out);
	for (size_t i = 0; i < d->on_lookup_n; i++) {
		d->running = d->on_lookup[i];
		const struct detector *det = detectors[d->running];
		if (late && det->group != GROUP_INTEL)
			continue;
		det->lookup(d, d->opts[d->running], q, h);
		if (d->judged)
			finding_tell(d);
	}
}

void detect_close(struct detect *d, struct evidences *out)
{
	d->out = out;
	for (uint32_t i = d->oldest; i; i = line_at(d, i)->next)
		findings_close(d, line_at(d, i));
}

void detect_emit(struct detect *d, const struct evidence *e)
{
	struct evidences *out = d->out;
	if (out->n == out->cap) {
		out->cap = out->cap ? out->cap * 2 : 64;
		out->v = mem_grow(out->v, out->cap, sizeof *out->v);
	}
	out->v[out->n++] = *e;
}

uint64_t detect_lines(const struct detect *d)
{
	return d->ever;
}

uint64_t detect_dropped(const struct detect *d)
{
	return d->dropped + d->cold.dropped + d->notes.dropped;
}
