/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS over TCP: see dnstcp.h. Segments are taken in order; at a gap the message is given up, and
 * the stream goes on at the next segment that is exactly one message. Of messages longer than what
 * a stream keeps, the front is read. Source: RFC 1035 4.2.2, RFC 7766. */
#include "decode/dnstcp.h"
#include <string.h>

enum { STREAMS_MAX = 1024, PREFIX = 2, KEEP_BYTES = 4096, MESSAGE_MIN = 12 };

struct stream {
	struct pool_link link;
	uint32_t next; /* sequence number of the byte that is due */
	uint32_t skip; /* bytes left of a message whose front was read */
	bool lost;     /* where the next message starts is not known */
	size_t n;
	uint8_t data[PREFIX + KEEP_BYTES];
};

void dnstcp_init(struct dnstcp *t)
{
	t->key = hash_key_random();
	pool_init(&t->streams, STREAMS_MAX, sizeof(struct stream));
}

void dnstcp_fini(struct dnstcp *t)
{
	pool_fini(&t->streams);
}

static struct hash key_hash(const struct dnstcp *t, const struct packet *k)
{
	struct {
		union addr src, dst;
		uint16_t sport, dport;
	} key = {k->src, k->dst, k->sport, k->dport};
	return hash_bytes(&t->key, &key, 36);
}

static struct stream *start(struct dnstcp *t, struct hash id, uint32_t seq)
{
	struct stream *s = pool_add(&t->streams, id, 0);
	if (!s) {
		pool_drop(&t->streams, pool_oldest(&t->streams, 0));
		s = pool_add(&t->streams, id, 0);
	}
	s->next = seq;
	return s;
}

static bool is_one_message(const uint8_t *p, size_t n)
{
	return n >= PREFIX + MESSAGE_MIN && buf_peek_be(p, PREFIX) == n - PREFIX;
}

/* Takes what is still missing of the prefix or the message; returns how much. */
static size_t take(struct stream *s, const uint8_t *p, size_t n)
{
	size_t want = PREFIX;
	if (s->n >= PREFIX)
		want += buf_peek_be(s->data, PREFIX);
	if (want > sizeof s->data)
		want = sizeof s->data;
	size_t part = want - s->n < n ? want - s->n : n;
	memcpy(s->data + s->n, p, part);
	s->n += part;
	return part;
}

static void pass_on(
    struct stream *s, const struct dnsmessage *m, struct dnspair *pair, struct batch *out)
{
	size_t length = buf_peek_be(s->data, PREFIX), kept = s->n - PREFIX;
	struct dnsmessage message = *m;
	message.p = s->data + PREFIX;
	message.n = kept;
	message.cut = kept < length;
	dnspair_message(pair, &message, out);
	s->skip = (uint32_t)(length - kept);
	s->n = 0;
}

static void feed(
    struct stream *s, const struct dnsmessage *m, struct dnspair *pair, struct batch *out)
{
	const uint8_t *p = m->p;
	size_t n = m->n;
	while (n && !s->lost) {
		size_t part = s->skip && s->skip < n ? s->skip : n;
		if (s->skip)
			s->skip -= (uint32_t)part;
		else
			part = take(s, p, n);
		p += part;
		n -= part;
		if (s->n < PREFIX)
			continue;
		size_t length = buf_peek_be(s->data, PREFIX);
		if (length < MESSAGE_MIN) {
			batch_bad(out, m->offset, "DNS over TCP has an impossible length");
			s->lost = true;
		} else if (s->n == PREFIX + length || s->n == sizeof s->data) {
			pass_on(s, m, pair, out);
		}
	}
}

/* Where the segment's bytes go on in the stream: skips what was seen before, notes a gap. */
static void align(struct stream *s, uint32_t seq, struct dnsmessage *m)
{
	int32_t ahead = (int32_t)(seq - s->next);
	size_t seen = ahead < 0 ? (size_t)0 - (size_t)ahead : 0;
	if (seen > m->n)
		seen = m->n;
	m->p += seen;
	m->n -= seen;
	if (ahead > 0) {
		s->lost = true;
		s->next = seq;
	}
	if (s->lost && is_one_message(m->p, m->n)) {
		s->lost = false;
		s->skip = 0;
		s->n = 0;
	}
	s->next += (uint32_t)m->n;
}

void dnstcp_segment(
    struct dnstcp *t, const struct dnsmessage *m, struct dnspair *pair, struct batch *out)
{
	const struct packet *k = m->packet;
	struct hash id = key_hash(t, k);
	struct stream *s = pool_find(&t->streams, id);
	if (s && (k->flags & (TCP_SYN | TCP_RST))) {
		pool_drop(&t->streams, s);
		s = NULL;
	}
	if (k->data_n && !(k->flags & TCP_RST)) {
		struct dnsmessage part = *m;
		part.p = k->data;
		part.n = k->data_n;
		if (!s)
			s = start(t, id, k->seq + (k->flags & TCP_SYN ? 1 : 0));
		align(s, k->seq + (k->flags & TCP_SYN ? 1 : 0), &part);
		feed(s, &part, pair, out);
		s->lost |= k->cut;
		pool_touch(&t->streams, s, 0);
	}
	if (s && (k->flags & TCP_FIN))
		pool_drop(&t->streams, s);
}
