/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ground truth: see truth.h. A minute's counts are kept until everything that ended in it was
 * exported. */
#include "sim/truth.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/look.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60000, FIVE_MIN_MS = 300000, TEN_MIN_MS = 600000, HOUR_MS = 3600000 };

struct cell {
	int64_t minute, first_ms, last_ms;
	union addr dst;
	uint64_t counts[4];
	double sum, squares; /* of bytes, of brute */
	int64_t from_ms;     /* uncut start of the first record, of ddos */
	uint16_t port;
	uint8_t kind, proto;
	char name[32];
};

static uint64_t addr_key(const union addr *a)
{
	return hash_mix(a->q[0] ^ hash_mix(a->q[1]));
}

static uint64_t name_key(const char *p, size_t n)
{
	uint64_t h = n;
	for (size_t i = 0; i < n; i++)
		h = hash_mix(h * 31 + (unsigned char)p[i]);
	return h;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->minute == b->minute && a->kind == b->kind && a->port == b->port &&
	       a->proto == b->proto && addr_same(&a->dst, &b->dst) && strcmp(a->name, b->name) == 0;
}

static struct cell *cell_of(struct ledger *l, const struct cell *key)
{
	for (uint32_t i = l->n; i > 0; i--)
		if (same_cell(&l->cells[i - 1], key))
			return &l->cells[i - 1];
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->cells = mem_grow(l->cells, l->cap, sizeof *l->cells);
	}
	l->cells[l->n] = *key;
	return &l->cells[l->n++];
}

static struct cell key_at(uint8_t kind, int64_t start_ms, int64_t end_ms)
{
	struct cell key = {.kind = kind, .minute = end_ms / MINUTE_MS, .last_ms = end_ms};
	int64_t begin = key.minute * MINUTE_MS;
	key.first_ms = start_ms > begin ? start_ms : begin;
	key.from_ms = start_ms;
	return key;
}

static void stretch(struct cell *c, const struct cell *key)
{
	if (key->first_ms < c->first_ms)
		c->first_ms = key->first_ms;
	if (key->from_ms < c->from_ms)
		c->from_ms = key->from_ms;
	if (key->last_ms > c->last_ms)
		c->last_ms = key->last_ms;
}

static void count_scan(struct ledger *l, struct cell *c, const struct talk *talk)
{
	bool failed = talk->end != TALK_ANSWERED;
	c->counts[0]++;
	c->counts[1] += failed;
	c->counts[2] += failed && seen_fresh(l->hosts, c->last_ms / HOUR_MS, addr_key(&talk->peer));
	c->counts[3] += !failed;
}

static void count_brute(struct cell *c, const struct talk *talk)
{
	double bytes = (double)(talk->bytes[0] + talk->bytes[1]);
	c->counts[0]++;
	c->sum += bytes;
	c->squares += bytes * bytes;
}

/* What tells the activities of one minute apart. */
static void set_key(struct cell *key, const struct talk *talk)
{
	if (key->kind == DEED_SPAM)
		return;
	key->proto = talk->proto;
	if (key->kind != DEED_DDOS)
		key->port = talk->peer_port;
	if (key->kind != DEED_SCAN)
		key->dst = talk->peer;
}

void truth_piece(struct truth *t, uint32_t bot, const struct talk *talk, uint32_t number, int way,
    const struct piece *p)
{
	struct ledger *l = &t->ledgers[bot];
	struct cell key = key_at(talk->doing, p->start_ms, p->end_ms);
	bool flood = key.kind == DEED_DDOS, again = number > 0 && !flood && !talk->beat_ms;
	if ((way == 1 && !flood) || again || talk->proto == PROTO_ICMP)
		return;
	if (key.kind == DEED_BRUTE && talk->end != TALK_ANSWERED)
		return;
	set_key(&key, talk);
	struct cell *c = cell_of(l, &key);
	stretch(c, &key);
	switch (key.kind) {
	case DEED_SCAN:
		count_scan(l, c, talk);
		break;
	case DEED_BRUTE:
		count_brute(c, talk);
		break;
	case DEED_SPAM:
		c->counts[0]++;
		c->counts[1] += seen_fresh(l->mail, p->end_ms / HOUR_MS, addr_key(&talk->peer));
		break;
	case DEED_DDOS:
		c->counts[way] += p->packets;
		break;
	default:
		c->counts[0]++;
	}
}

static void count_dga(struct ledger *l, const struct query *q)
{
	bool made_up = q->doing == DEED_DGA, missing = made_up && q->rcode == DNS_NXDOMAIN;
	struct cell key = key_at(DEED_DGA, q->at_ms, q->at_ms);
	const char *domain = q->name + q->local;
	uint64_t name = name_key(domain, strlen(domain));
	struct cell *c = cell_of(l, &key);
	stretch(c, &key);
	c->counts[1] += made_up;
	if (missing)
		c->counts[0] += seen_fresh(l->missing, q->at_ms / TEN_MIN_MS, name);
	else
		c->counts[2] += seen_fresh(l->other, q->at_ms / TEN_MIN_MS, name);
}

static void count_tunnel(struct ledger *l, const struct query *q)
{
	struct cell key = key_at(DEED_TUNNEL, q->at_ms, q->at_ms);
	(void)str_copy(key.name, sizeof key.name, q->name + q->local, strlen(q->name + q->local));
	struct cell *c = cell_of(l, &key);
	stretch(c, &key);
	c->counts[0]++;
	if (q->local == 0 ||
	    !seen_fresh(l->names, q->at_ms / FIVE_MIN_MS, name_key(q->name, strlen(q->name))))
		return;
	c->counts[1]++;
	for (uint16_t i = 0; i + 1 < q->local; i++)
		c->counts[2] += q->name[i] != '.';
}

/* Whether the bot makes up names in the 10 minutes of the clock around this moment: only then are
 * the line's other domains told. */
static bool is_generating(const struct truth *t, uint32_t bot, int64_t at_ms)
{
	int64_t from = at_ms / TEN_MIN_MS * TEN_MIN_MS, to = from + TEN_MIN_MS;
	for (int i = 0; i < FAMILY_DEEDS; i++) {
		const struct deed *d = &t->bots[bot].deeds[i];
		for (int k = 0; d->kind == DEED_DGA && k < d->episode_n; k++)
			if (t->start_ms + (int64_t)d->episodes[k].from * MINUTE_MS < to &&
			    t->start_ms + (int64_t)d->episodes[k].to * MINUTE_MS > from)
				return true;
	}
	return false;
}

void truth_query(struct truth *t, uint32_t bot, const struct query *q)
{
	struct ledger *l = &t->ledgers[bot];
	if (q->doing == DEED_TUNNEL)
		count_tunnel(l, q);
	if (q->doing == DEED_SPAM && q->qtype == DNS_MX) {
		struct cell key = key_at(DEED_SPAM, q->at_ms, q->at_ms);
		struct cell *c = cell_of(l, &key);
		stretch(c, &key);
		c->counts[2]++;
	}
	if (q->name[q->local] && is_generating(t, bot, q->at_ms))
		count_dga(l, q);
}

static void dst_json(struct json *j, const struct cell *c)
{
	char word[ADDR_TEXT];
	addr_text(word, &c->dst);
	json_text(j, "dst", word);
}

static void cell_counts(struct json *j, const struct cell *c)
{
	double n = (double)c->counts[0], mean = n > 0 ? c->sum / n : 0;
	switch (c->kind) {
	case DEED_SCAN:
		json_uint(j, "port", c->port);
		json_text(j, "proto", c->proto == PROTO_UDP ? "udp" : "tcp");
		json_uint(j, "tried", c->counts[0]);
		json_uint(j, "failed", c->counts[1]);
		json_uint(j, "fresh_failed_hour", c->counts[2]);
		json_uint(j, "answered", c->counts[3]);
		break;
	case DEED_BRUTE:
		dst_json(j, c);
		json_uint(j, "port", c->port);
		json_uint(j, "sessions", c->counts[0]);
		json_real(j, "bytes_mean", mean, 1);
		json_real(j, "bytes_sd", sqrt(fmax(0, c->squares / n - mean * mean)), 1);
		break;
	case DEED_SPAM:
		json_uint(j, "connections", c->counts[0]);
		json_uint(j, "fresh_hour", c->counts[1]);
		json_uint(j, "mx_queries", c->counts[2]);
		break;
	case DEED_DDOS:
		dst_json(j, c);
		json_uint(j, "proto", c->proto);
		json_uint(j, "packets", c->counts[0]);
		json_uint(j, "rpackets", c->counts[1]);
		json_real(j, "seconds", fmax(0.001, (double)(c->last_ms - c->from_ms) / 1000), 3);
		break;
	case DEED_DGA:
		json_uint(j, "nx_fresh_10min", c->counts[0]);
		json_uint(j, "queries", c->counts[1]);
		json_uint(j, "other_fresh_10min", c->counts[2]);
		break;
	case DEED_TUNNEL:
		json_text(j, "domain", c->name);
		json_uint(j, "queries", c->counts[0]);
		json_uint(j, "unique", c->counts[1]);
		json_uint(j, "fresh_label_bytes_5min", c->counts[2]);
		break;
	default:
		dst_json(j, c);
		json_uint(j, "port", c->port);
		json_uint(j, "contacts", c->counts[0]);
	}
}

static void subject_json(struct json *j, const struct truth *t, uint32_t line)
{
	char word[ADDR_TEXT], name[ACCESS_NAME];
	union addr a = home_v4(t->inside, line);
	addr_text(word, &a);
	if (t->access)
		access_name(t->access, line, name);
	json_text(j, "subject", t->access ? name : word);
}

static void cell_write(struct truth *t, uint32_t bot, const struct cell *c)
{
	struct json j = json_to(&t->line);
	json_open(&j, NULL);
	json_text(&j, "type", "activity");
	subject_json(&j, t, t->bots[bot].line);
	json_text(&j, "behaviour", deed_word(c->kind));
	json_time(&j, "start", c->first_ms);
	json_time(&j, "end", c->last_ms);
	cell_counts(&j, c);
	json_close(&j);
	json_line(&j);
}

static void put_line(struct truth *t)
{
	sink_add(&t->to, t->line.p, t->line.n);
	text_reset(&t->line);
}

void truth_open(struct truth *t, const struct bot *bots, uint32_t bot_n,
    const struct prefix *inside, int64_t start_ms)
{
	t->start_ms = start_ms;
	t->bots = bots;
	t->bot_n = bot_n;
	t->inside = inside;
	t->ledgers = mem_new(bot_n + 1, sizeof *t->ledgers);
}

void truth_provider(struct truth *t, uint64_t lines, uint64_t hours, uint64_t seed,
    int64_t start_ms, int64_t end_ms)
{
	struct json j = json_to(&t->line);
	json_open(&j, NULL);
	json_text(&j, "type", "provider");
	json_uint(&j, "lines", lines);
	json_uint(&j, "hours", hours);
	json_uint(&j, "seed", seed);
	json_time(&j, "start", start_ms);
	json_time(&j, "end", end_ms);
	json_close(&j);
	json_line(&j);
	put_line(t);
}

static void addresses_json(struct json *j, const struct truth *t, const struct home *h)
{
	char word[ADDR_TEXT];
	union addr v4 = home_v4(t->inside, h->line);
	json_list(j, "addresses");
	addr_text(word, &v4);
	json_text(j, NULL, word);
	if (h->dual) {
		struct prefix net = home_v6_net(h->line);
		prefix_text(word, &net);
		json_text(j, NULL, word);
	}
	json_end(j);
}

static void access_json(struct json *j, const struct access *a, const struct home *h)
{
	json_text(j, "access", access_word(a, h->line));
	json_bool(j, "dual", h->dual);
}

struct holding { /* an address, prefix or block of a stay */
	struct prefix held;
	const struct block *block; /* NULL: all ports */
	int64_t t0_ms, t1_ms;
	bool seen; /* in the flows */
};

static void holding_write(struct truth *t, uint32_t line, const struct holding *h)
{
	struct json j = json_to(&t->line);
	char word[ADDR_TEXT];
	json_open(&j, NULL);
	json_text(&j, "type", "held");
	subject_json(&j, t, line);
	prefix_text(word, &h->held);
	json_text(&j, "address", word);
	if (h->block) {
		json_uint(&j, "port_first", h->block->first);
		json_uint(&j, "port_last", h->block->last);
	}
	json_time(&j, "start", h->t0_ms);
	if (h->t1_ms != INT64_MAX)
		json_time(&j, "end", h->t1_ms);
	json_bool(&j, "seen", h->seen);
	json_close(&j);
	json_line(&j);
}

static void stay_write(struct truth *t, const struct stay *s)
{
	bool outside = stay_block_n(s) && areas[s->area].outside;
	struct holding h = {.held = {stay_v4(t->access, s), 128},
	    .t0_ms = s->t0_ms,
	    .t1_ms = s->t1_ms,
	    .seen = !outside};
	holding_write(t, s->line, &h);
	for (unsigned k = 0; k < stay_block_n(s); k++) {
		struct block b = stay_block(t->access, s, k);
		struct holding of = h;
		of.held.addr = b.addr;
		of.block = &b;
		of.t0_ms = k ? s->extra_ms : s->t0_ms;
		of.seen = outside;
		holding_write(t, s->line, &of);
	}
	if (!stay_has_v6(s))
		return;
	h.held = stay_v6(t->access, s);
	h.seen = true;
	holding_write(t, s->line, &h);
}

void truth_line(struct truth *t, const struct home *h, const struct family *family)
{
	struct json j = json_to(&t->line);
	json_open(&j, NULL);
	json_text(&j, "type", "line");
	subject_json(&j, t, h->line);
	if (t->access)
		access_json(&j, t->access, h);
	else
		addresses_json(&j, t, h);
	json_bool(&j, "infected", family != NULL);
	if (family)
		json_text(&j, "family", family->name);
	json_list(&j, "behaviours");
	for (int i = 0; family && i < FAMILY_DEEDS && family->deeds[i]; i++)
		json_text(&j, NULL, deed_word(family->deeds[i]));
	json_end(&j);
	json_list(&j, "roles");
	for (size_t i = 0; i < looks_n; i++)
		if (h->roles >> i & 1)
			json_text(&j, NULL, looks[i].name);
	json_end(&j);
	json_close(&j);
	json_line(&j);
	for (uint32_t i = t->access ? t->access->first[h->line] : 0; i;
	     i = t->access->stays[i].next)
		stay_write(t, &t->access->stays[i]);
	put_line(t);
}

void truth_flush(struct truth *t, int64_t until_ms)
{
	for (uint32_t i = 0; i < t->bot_n; i++) {
		struct ledger *l = &t->ledgers[i];
		uint32_t kept = 0;
		for (uint32_t k = 0; k < l->n; k++) {
			if ((l->cells[k].minute + 1) * MINUTE_MS > until_ms)
				l->cells[kept++] = l->cells[k];
			else
				cell_write(t, i, &l->cells[k]);
		}
		l->n = kept;
	}
	put_line(t);
}

int truth_close(struct truth *t, struct err *e)
{
	for (uint32_t i = 0; t->ledgers && i < t->bot_n; i++) {
		struct ledger *l = &t->ledgers[i];
		free(l->cells);
		seen_fini(l->hosts);
		seen_fini(l->mail);
		seen_fini(l->missing);
		seen_fini(l->other);
		seen_fini(l->names);
	}
	free(t->ledgers);
	text_fini(&t->line);
	return sink_close(&t->to, e);
}
