/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnsmasq's log with log-queries -> DNS records, from its own file or by syslog:
 *   TIME [HOST] dnsmasq[PID]: [SERIAL ADDR/PORT] query[TYPE] NAME from ADDR
 *   … reply|cached|config|FILE NAME is ADDR | <CNAME> | NXDOMAIN | NODATA-IPv4 | TEXT
 * With log-queries=extra each line has its query's serial and client, and answers are joined by
 * them. Without, they are joined by name and family of address, so that of two clients that ask for
 * the same at the same time only the later gets the answer, and the earlier stays without. Lines
 * behind one with <CNAME> belong to it; their name is an answer, too.
 *
 * A record comes out when its query has had no line for some seconds. Names with unprintable bytes
 * are all logged as the same words and make no record; answers of other types have no data.
 *
 * Source: dnsmasq(8), --log-queries; lines that dnsmasq 2.90 wrote. */
#include "decode/logline.h"
#include "decode/pool.h"
#include <string.h>

enum { WAITING_MAX = 16384, WAIT_MS = 20000, ANSWERED_MS = 2000, SET_BACK_MS = 60000 };
enum { QUEUE_ASKED, QUEUE_ANSWERED };

struct waiting {
	struct pool_link link;
	int64_t seen_ms;
	struct dns r;
};

struct dnsmasq {
	struct log log; /* first: see log_decode */
	struct pool waiting;
	struct hash_key key;
	struct hash chain; /* of the query that the last lines, from a CNAME on, answered */
	bool in_chain;
};

struct words {                      /* of a line */
	struct span serial, client; /* of log-queries=extra, or empty */
	struct span verb, name, rest;
};

static void come_out(struct dnsmasq *d, struct waiting *w, struct batch *out)
{
	*batch_dns(out) = w->r;
	pool_drop(&d->waiting, w);
}

/* Records whose lines are over. True: the batch is full. */
static bool advance(struct dnsmasq *d, int64_t now_ms, struct batch *out)
{
	static const int64_t wait_ms[POOL_QUEUES] = {WAIT_MS, ANSWERED_MS};
	for (uint32_t i = 0; i < POOL_QUEUES; i++) {
		struct waiting *w;
		while ((w = pool_oldest(&d->waiting, i)) &&
		       (now_ms - w->seen_ms > wait_ms[i] || w->seen_ms - now_ms > SET_BACK_MS)) {
			if (batch_full(out))
				return true;
			come_out(d, w, out);
		}
	}
	return false;
}

/* Splits what stands behind "dnsmasq[PID]: "; false where the line is not of this form. */
static bool read_words(struct span text, struct words *w)
{
	struct span before;
	uint64_t serial;
	*w = (struct words){.rest = text};
	if (!log_cut(&w->rest, "dnsmasq[", &before) || !log_cut(&w->rest, "]: ", &before))
		return false;
	w->verb = log_word(&w->rest);
	if (span_uint(w->verb, &serial)) {
		w->serial = w->verb;
		w->client = log_word(&w->rest);
		w->verb = log_word(&w->rest);
	}
	w->name = log_word(&w->rest);
	return w->name.n != 0;
}

/* By serial and client, or by name and family: 4, 6, 0 for other types. */
static struct hash key_of(const struct dnsmasq *d, const struct words *w, unsigned family)
{
	struct dns name = {0};
	uint8_t bytes[DNS_NAME_MAX + 2 * ADDR_TEXT] = {(uint8_t)family};
	size_t n = 1;
	if (w->serial.n && w->serial.n + w->client.n < sizeof bytes) {
		memcpy(bytes + n, w->serial.p, w->serial.n);
		n += w->serial.n;
		memcpy(bytes + n, w->client.p, w->client.n);
		n += w->client.n;
		bytes[0] = 'x';
	} else if (log_name(&name, w->name)) {
		memcpy(bytes + n, name.name, name.name_n);
		n += name.name_n;
	}
	return hash_bytes(&d->key, bytes, n);
}

static unsigned family_of(uint16_t qtype)
{
	return qtype == DNS_A ? 4 : qtype == DNS_AAAA ? 6 : 0;
}

/* "query[A]", "query[type=65280]"; 0 where it is none. */
static uint16_t type_of(struct span verb)
{
	static const char query[] = "query[", number[] = "type=";
	size_t n = sizeof query - 1, m = sizeof number - 1;
	if (verb.n < n + 2 || memcmp(verb.p, query, n) != 0 || verb.p[verb.n - 1] != ']')
		return 0;
	struct span type = {verb.p + n, verb.n - n - 1};
	if (type.n > m && memcmp(type.p, number, m) == 0)
		type = (struct span){type.p + m, type.n - m};
	return dns_type_of(type);
}

/* Makes room for a query with this key; false where it is the same one asked again. */
static bool room_for(struct dnsmasq *d, struct hash key, const struct dns *r, struct batch *out)
{
	struct waiting *w = pool_find(&d->waiting, key);
	if (w && w->r.rcode == DNS_RCODE_NONE && addr_same(&w->r.client, &r->client))
		return false;
	if (w)
		come_out(d, w, out);
	if (d->waiting.used == d->waiting.cap) {
		w = pool_oldest(&d->waiting, QUEUE_ANSWERED);
		come_out(d, w ? w : pool_oldest(&d->waiting, QUEUE_ASKED), out);
	}
	return true;
}

/* NULL, or what is wrong with the line. */
static const char *query(
    struct dnsmasq *d, struct words *w, const struct log_line *line, struct batch *out)
{
	static const char damaged[] = "a damaged query line of dnsmasq";
	struct dns r = {.time_ms = line->time_ms, .rcode = DNS_RCODE_NONE};
	r.qtype = type_of(w->verb);
	struct span from = log_word(&w->rest), client = log_word(&w->rest);
	if (!r.qtype || !span_is(from, "from") || !log_name(&r, w->name) ||
	    !(w->serial.n ? log_client(&r, w->client, '/') : addr_parse(client, &r.client)))
		return damaged;
	struct hash key = key_of(d, w, family_of(r.qtype));
	if (!room_for(d, key, &r, out))
		return NULL;
	struct waiting *new = pool_add(&d->waiting, key, QUEUE_ASKED);
	new->seen_ms = line->time_ms;
	new->r = r;
	return NULL;
}

struct value { /* what stands behind "is" */
	struct span text;
	union addr addr;
	bool has_addr, is_type; /* is_type: "<CNAME>" and the like */
	uint8_t rcode;
	unsigned family; /* that it tells, or 0 */
};

static struct value read_value(struct span rest)
{
	static const struct {
		const char *word;
		uint8_t rcode;
	} words[] = {{"NXDOMAIN", DNS_NXDOMAIN}, {"NODATA", DNS_NOERROR},
	    {"SERVFAIL", DNS_SERVFAIL}, {"REFUSED", 5}, {"FORMERR", 1}, {"not implemented", 4}};
	struct span before = rest;
	(void)log_cut(&rest, " (EDE", &before);
	struct value v = {.text = span_trim(before), .rcode = DNS_NOERROR};
	v.has_addr = addr_parse(v.text, &v.addr);
	v.is_type = span_starts(v.text, "<");
	if (v.has_addr)
		v.family = addr_is_v4(&v.addr) ? 4 : 6;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_starts(v.text, words[i].word)) {
			v.rcode = words[i].rcode;
			v.is_type = true;
			v.family = memmem(v.text.p, v.text.n, "-IPv4", 5)   ? 4
				   : memmem(v.text.p, v.text.n, "-IPv6", 5) ? 6
									    : 0;
		}
	return v;
}

/* The query that an answer belongs to, or NULL. */
static struct waiting *asked(struct dnsmasq *d, const struct words *w, const struct value *v)
{
	static const unsigned families[] = {4, 6, 0};
	struct waiting *found = NULL;
	if (w->serial.n || v->family)
		found = pool_find(&d->waiting, key_of(d, w, v->family));
	for (size_t i = 0; !w->serial.n && !v->family && i < 3; i++) {
		struct waiting *x = pool_find(&d->waiting, key_of(d, w, families[i]));
		if (x &&
		    (!found || (found->r.rcode != DNS_RCODE_NONE && x->r.rcode == DNS_RCODE_NONE)))
			found = x;
	}
	struct waiting *chain = d->in_chain ? pool_find(&d->waiting, d->chain) : NULL;
	return chain && (!found || found->r.rcode != DNS_RCODE_NONE) ? chain : found;
}

/* The name of a line behind a CNAME, once. */
static void add_target(struct dns *r, struct span text)
{
	struct dns name = {0};
	if (!log_name(&name, text) || (name.name_n == r->name_n && !strcmp(name.name, r->name)))
		return;
	size_t last = 0, n = name.name_n;
	for (size_t at = 0; at < r->other_n; at += strlen(r->other + at) + 1)
		last = at;
	if (r->other_n == 0 || strcmp(r->other + last, name.name) != 0)
		dns_add_other(r, name.name, n);
}

static bool same(struct hash a, struct hash b)
{
	return a.a == b.a && a.b == b.b;
}

static void answer(struct dnsmasq *d, struct words *w, const struct log_line *line)
{
	if (!span_is(log_word(&w->rest), "is"))
		return;
	struct value v = read_value(w->rest);
	struct waiting *found = asked(d, w, &v);
	if (!found)
		return;
	struct dns *r = &found->r;
	r->rcode = v.rcode;
	if (!span_is(w->name, "error"))
		add_target(r, w->name);
	if (v.has_addr)
		dns_add_addr(r, &v.addr);
	else if (!v.is_type)
		dns_add_other(r, v.text.p, v.text.n);
	found->seen_ms = line->time_ms;
	pool_touch(&d->waiting, found, QUEUE_ANSWERED);
	d->in_chain = span_is(v.text, "<CNAME>") || (d->in_chain && same(d->chain, found->link.id));
	d->chain = found->link.id;
}

static bool is_answer(struct span verb)
{
	return span_is(verb, "reply") || span_starts(verb, "cached") || span_is(verb, "config") ||
	       span_is(verb, "DHCP") || span_starts(verb, "/");
}

static void take(void *state, const struct log_line *line, struct batch *out)
{
	struct dnsmasq *d = state;
	struct words w;
	const char *wrong = NULL;
	bool in_form = read_words(line->text, &w),
	     is_query = in_form && span_starts(w.verb, "query[");
	if (line->undated) {
		batch_ignore(out, line->undated);
		return;
	}
	(void)advance(d, line->time_ms, out);
	if (in_form && is_answer(w.verb)) {
		answer(d, &w, line);
		return;
	}
	d->in_chain = false;
	if (is_query && span_is(w.name, "<name"))
		batch_ignore(out, "queries whose name is unprintable");
	else if (is_query)
		wrong = query(d, &w, line, out);
	else if (!in_form || !span_is(w.verb, "forwarded"))
		batch_ignore(out, "lines that tell of no query");
	if (wrong)
		batch_bad(out, line->offset, wrong);
}

static void dnsmasq_open(void *state, const struct decode_env *env)
{
	struct dnsmasq *d = state;
	log_open(&d->log, env, take);
	d->key = hash_key_random();
	pool_init(&d->waiting, WAITING_MAX, sizeof(struct waiting));
}

static void dnsmasq_close(void *state)
{
	struct dnsmasq *d = state;
	pool_fini(&d->waiting);
}

static bool dnsmasq_flush(void *state, struct batch *out)
{
	return advance(state, INT64_MAX, out);
}

static bool sure(struct span line)
{
	struct words w;
	return read_words(line, &w) && type_of(w.verb);
}

static int sniff(const uint8_t *p, size_t n)
{
	return log_sniff(p, n, sure);
}

const struct decoder decoder_dnsmasq_log = {
    .name = "dnsmasq-log",
    .summary = "queries and answers in dnsmasq's log",
    .source = "dnsmasq(8): --log-queries",
    .state_bytes = sizeof(struct dnsmasq),
    .sniff = sniff,
    .open = dnsmasq_open,
    .flush = dnsmasq_flush,
    .close = dnsmasq_close,
    LOG_DECODER,
};
