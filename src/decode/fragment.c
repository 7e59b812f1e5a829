/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fragments: see fragment.h. Flows need ports only, so nothing is reassembled but UDP datagrams of
 * DNS and flow exports, up to DATA_BYTES, whose fragments come in order. Later fragments that come
 * before their first make a flow without ports, as with most exporters.
 * Sources: RFC 791 3.2, RFC 8200 4.5. */
#include "decode/fragment.h"
#include <string.h>

enum { ENTRIES = 256, DATA_BYTES = 8192, LIFE_MS = 30000 /* RFC 1122 3.3.2 has 60 to 120 s */ };
enum { UDP_HEADER = 8, PORT_DNS = 53 };

struct entry {
	struct pool_link link;
	int64_t time_ms;
	uint16_t sport, dport;
	uint8_t proto, icmp_type, icmp_code;
	bool collects;
	size_t n;
	uint8_t data[DATA_BYTES];
};

void fragments_init(struct fragments *f)
{
	f->key = hash_key_random();
	pool_init(&f->pool, ENTRIES, sizeof(struct entry));
}

void fragments_fini(struct fragments *f)
{
	pool_fini(&f->pool);
}

/* Behind IPv6 extension headers only the first fragment knows the protocol. */
static struct hash key_hash(const struct fragments *f, const struct packet *k)
{
	struct {
		union addr src, dst;
		uint32_t ident, proto;
	} key = {k->src, k->dst, k->ident, addr_is_v4(&k->src) ? k->proto : 0};
	return hash_bytes(&f->key, &key, sizeof key);
}

/* DNS, or the version number that export datagrams start with. */
static bool of_interest(const struct packet *k)
{
	if (k->proto != PROTO_UDP || k->cut || k->data_n < 2 || k->data_n > DATA_BYTES)
		return false;
	unsigned version = (unsigned)buf_peek_be(k->data, 2);
	return k->sport == PORT_DNS || k->dport == PORT_DNS || version == 5 || version == 9 ||
	       version == 10;
}

static void keep_first(struct fragments *f, struct packet *k, int64_t now_ms)
{
	struct hash id = key_hash(f, k);
	struct entry *e = pool_find(&f->pool, id);
	if (e)
		pool_drop(&f->pool, e);
	else if (f->pool.used == f->pool.cap && !f->pool.spare)
		pool_drop(&f->pool, pool_oldest(&f->pool, 0));
	e = pool_add(&f->pool, id, 0);
	e->time_ms = now_ms;
	e->sport = k->sport;
	e->dport = k->dport;
	e->proto = k->proto;
	e->icmp_type = k->icmp_type;
	e->icmp_code = k->icmp_code;
	e->collects = of_interest(k);
	if (!e->collects)
		return;
	memcpy(e->data, k->data, k->data_n);
	e->n = k->data_n;
	k->data_n = 0;
}

/* True when this fragment was the next one, and the last. */
static bool collect(struct entry *e, const struct packet *k)
{
	e->collects = e->collects && !k->cut && k->fragment_at == e->n + UDP_HEADER &&
		      k->data_n <= sizeof e->data - e->n;
	if (!e->collects)
		return false;
	memcpy(e->data + e->n, k->data, k->data_n);
	e->n += k->data_n;
	return !k->more;
}

void fragments_see(struct fragments *f, struct packet *k, int64_t now_ms)
{
	if (k->fragment_at == 0) {
		keep_first(f, k, now_ms);
		return;
	}
	struct entry *e = pool_find(&f->pool, key_hash(f, k));
	bool known = e && now_ms - e->time_ms <= LIFE_MS;
	bool whole = known && collect(e, k);
	if (known) {
		k->sport = e->sport;
		k->dport = e->dport;
		k->proto = e->proto;
		k->icmp_type = e->icmp_type;
		k->icmp_code = e->icmp_code;
	}
	k->data = whole ? e->data : NULL;
	k->data_n = whole ? e->n : 0;
}
