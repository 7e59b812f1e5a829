/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS queries and their answers: see dnspair.h. An answer belongs to the query with the same ends,
 * client port, id, type and name (RFC 5452 9.1). A query asked again with the same id is one; an
 * answer without a query makes a record of its own with the answer's time. When QUERIES_MAX wait,
 * the oldest is given up. Only standard queries (opcode 0) with a question count. */
#include "decode/dnspair.h"
#include "decode/dnswire.h"
#include <string.h>

enum { QUERIES_MAX = 65536, WAIT_MS = 5000 /* stub resolvers ask again after 1 to 5 s */ };
enum { SET_BACK_MS = 300000 }; /* a query this far ahead of the clock: the clock was set back */

struct query {
	struct pool_link link;
	union addr client, server;
	int64_t time_ms, seen_ms;
	uint16_t client_port, qtype;
	uint8_t name_n;
	char name[DNS_NAME_MAX + 3];
};

void dnspair_init(struct dnspair *d)
{
	d->key = hash_key_random();
	d->wait_ms = WAIT_MS;
	pool_init(&d->queries, QUERIES_MAX, sizeof(struct query));
}

void dnspair_fini(struct dnspair *d)
{
	pool_fini(&d->queries);
}

struct hash dnspair_key(const struct dnspair *d, const struct dns *r, uint64_t id)
{
	struct {
		union addr client, server;
		uint64_t id;
		uint16_t client_port, qtype, name_n;
		char name[DNS_NAME_MAX + 3];
	} key = {r->client, r->server, id, r->client_port, r->qtype, r->name_n, ""};
	memcpy(key.name, r->name, r->name_n);
	return hash_bytes(&d->key, &key, offsetof(__typeof__(key), name) + r->name_n);
}

static void give_up(struct dnspair *d, struct query *q, struct batch *out)
{
	struct dns *r = batch_dns(out);
	r->client = q->client;
	r->server = q->server;
	r->time_ms = q->time_ms;
	r->client_port = q->client_port;
	r->qtype = q->qtype;
	r->rcode = DNS_RCODE_NONE;
	r->name_n = q->name_n;
	memcpy(r->name, q->name, q->name_n);
	pool_drop(&d->queries, q);
}

static void wait_for_answer(
    struct dnspair *d, struct hash key, const struct dns *r, int64_t now_ms, struct batch *out)
{
	if (pool_find(&d->queries, key))
		return;
	struct query *q = pool_add(&d->queries, key, 0);
	if (!q) {
		give_up(d, pool_oldest(&d->queries, 0), out);
		q = pool_add(&d->queries, key, 0);
	}
	q->client = r->client;
	q->server = r->server;
	q->time_ms = r->time_ms;
	q->seen_ms = now_ms;
	q->client_port = r->client_port;
	q->qtype = r->qtype;
	q->name_n = r->name_n;
	memcpy(q->name, r->name, sizeof q->name);
}

static void find_query(struct dnspair *d, struct hash key, struct dns *r)
{
	struct query *q = pool_find(&d->queries, key);
	if (!q)
		return;
	r->time_ms = q->time_ms;
	r->client = q->client;
	r->server = q->server;
	r->client_port = q->client_port;
	r->qtype = q->qtype;
	r->name_n = q->name_n;
	memcpy(r->name, q->name, sizeof r->name);
	pool_drop(&d->queries, q);
}

void dnspair_take(
    struct dnspair *d, struct hash key, bool response, int64_t now_ms, struct batch *out)
{
	struct dns *r = &out->dns[out->dns_n - 1];
	if (response) {
		find_query(d, key, r);
		return;
	}
	struct dns query = *r;
	batch_undo_dns(out);
	wait_for_answer(d, key, &query, now_ms, out);
}

void dnspair_message(struct dnspair *d, const struct dnsmessage *m, struct batch *out)
{
	struct dnswire wire;
	const char *wrong;
	struct dns *r = batch_dns(out);
	bool readable = dnswire_read(m->p, m->n, &wire, r, &wrong);
	if (wrong && !(readable && m->cut))
		batch_bad(out, m->offset, wrong);
	bool of_use = readable && wire.opcode == 0 && wire.has_question;
	if (!of_use) {
		batch_undo_dns(out);
		if (readable)
			batch_ignore(out, "DNS messages that are no query");
		return;
	}
	const struct packet *k = m->packet;
	r->client = wire.response ? k->dst : k->src;
	r->server = wire.response ? k->src : k->dst;
	r->client_port = wire.response ? k->dport : k->sport;
	r->time_ms = m->time_ms;
	dnspair_take(d, dnspair_key(d, r, wire.id), wire.response, m->now_ms, out);
}

bool dnspair_advance(struct dnspair *d, int64_t now_ms, struct batch *out)
{
	struct query *q;
	while ((q = pool_oldest(&d->queries, 0)) &&
	       (now_ms - q->seen_ms > d->wait_ms || q->seen_ms - now_ms > SET_BACK_MS)) {
		if (batch_full(out))
			return true;
		give_up(d, q, out);
	}
	return false;
}

bool dnspair_flush(struct dnspair *d, struct batch *out)
{
	return dnspair_advance(d, INT64_MAX, out);
}
