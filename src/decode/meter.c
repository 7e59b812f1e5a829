/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flow meter: see meter.h. One bidirectional flow per 5-tuple; src is who sent the first packet
 * seen, unless that packet is an answer (SYN+ACK, RST, an echo reply): then src is whom it answers,
 * and FLOW_SRC_FIRST is not claimed. Echo request and reply are one flow; ICMP errors are one-way
 * flows of their own, and mark the flow of the packet that they quote as refused.
 *
 * A flow ends after FIN from both sides or RST (LINGER_MS later, so that last acknowledgements are
 * still counted, or at once when a new SYN comes), after idle_ms of silence, or when the table is
 * full. A flow longer than active_ms is exported in slices. Times are those of packets; a slice is
 * cut when the flow's next packet comes.
 *
 * It misses: a port pair used again within idle_ms without the end of the first connection being
 * seen (both are one flow). */
#include "decode/meter.h"
#include <string.h>

enum { LINGER_MS = 5000 };
enum { OPEN, CLOSED }; /* queues: by last packet, by time of closing */

struct entry {
	struct pool_link link;
	union addr src, dst;
	int64_t start_ms, end_ms; /* of this slice */
	int64_t seen_ms;          /* on the clock: the last packet, or the one that closed it */
	uint64_t packets[2], bytes[2]; /* [0] src -> dst, [1] back */
	uint32_t isn;                  /* sequence number of the SYN that opened it */
	uint16_t sport, dport;
	uint8_t proto, icmp_type, icmp_code;
	uint8_t flags[2]; /* of this slice */
	uint8_t fins;     /* bit 1 << direction: FIN seen */
	bool answer_first, has_isn, refused;
};

struct key { /* of both directions: the lower end first */
	union addr lower, higher;
	uint16_t lower_port, higher_port;
	uint8_t proto, icmp_type, icmp_code;
	uint8_t one_way; /* 1 or 2 for ICMP messages that nobody answers */
};
_Static_assert(sizeof(struct key) == 40, "the key is hashed as bytes: no padding");

/* The request that this type answers, or the type itself. RFC 792, 950, 4443. */
static uint8_t request_of(uint8_t proto, uint8_t type)
{
	if (proto == PROTO_ICMP6)
		return type == 129 ? 128 : type;
	return type == 0 ? 8 : type == 14 || type == 16 || type == 18 ? type - 1 : type;
}

static bool is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMP6;
}

static bool is_icmp_request(uint8_t proto, uint8_t type)
{
	return proto == PROTO_ICMP6 ? type == 128
				    : type == 8 || type == 13 || type == 15 || type == 17;
}

static bool is_answer(const struct packet *k)
{
	if (k->proto == PROTO_TCP)
		return (k->flags & TCP_RST) ||
		       (k->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	return is_icmp(k->proto) && !k->fragment_at &&
	       request_of(k->proto, k->icmp_type) != k->icmp_type;
}

static struct hash key_hash(const struct meter *m, const struct packet *k)
{
	int order = addr_compare(&k->src, &k->dst);
	bool up = order < 0 || (order == 0 && k->sport <= k->dport);
	struct key key = {.lower = up ? k->src : k->dst,
	    .higher = up ? k->dst : k->src,
	    .lower_port = up ? k->sport : k->dport,
	    .higher_port = up ? k->dport : k->sport,
	    .proto = k->proto};
	if (is_icmp(k->proto)) {
		key.icmp_type = request_of(k->proto, k->icmp_type);
		key.icmp_code = k->icmp_code;
		key.one_way = is_icmp_request(k->proto, key.icmp_type) ? 0 : up ? 1 : 2;
	}
	return hash_bytes(&m->key, &key, sizeof key);
}

void meter_init(struct meter *m, const struct meter_opts *opts)
{
	*m = (struct meter){.opts = *opts, .key = hash_key_random()};
	pool_init(&m->pool, (uint32_t)opts->flows, sizeof(struct entry));
}

void meter_fini(struct meter *m)
{
	pool_fini(&m->pool);
}

static void emit(const struct meter *m, const struct entry *e, uint8_t reason, struct batch *out)
{
	struct flow *f = batch_flow(out);
	f->have = FLOW_PACKETS | FLOW_BYTES | FLOW_RPACKETS | FLOW_RBYTES | FLOW_BOTH_WAYS |
		  FLOW_START | FLOW_END;
	if (!e->answer_first)
		f->have |= FLOW_SRC_FIRST;
	f->src = e->src;
	f->dst = e->dst;
	f->start_ms = e->start_ms;
	f->end_ms = e->end_ms;
	f->exported_ms = m->now_ms;
	f->packets = e->packets[0];
	f->bytes = e->bytes[0];
	f->rpackets = e->packets[1];
	f->rbytes = e->bytes[1];
	f->sport = e->sport;
	f->dport = e->dport;
	f->proto = e->proto;
	f->reason = reason;
	if (e->proto == PROTO_TCP) {
		f->have |= FLOW_FLAGS | FLOW_RFLAGS;
		f->flags = e->flags[0];
		f->rflags = e->flags[1];
	}
	if (is_icmp(e->proto)) {
		f->have |= FLOW_ICMP;
		f->icmp_type = e->icmp_type;
		f->icmp_code = e->icmp_code;
	}
	if (e->refused)
		(void)str_copy(f->state, sizeof f->state, "refused", 7);
}

static void end(struct meter *m, struct entry *e, uint8_t reason, struct batch *out)
{
	emit(m, e, e->link.queue == CLOSED ? FLOW_REASON_FIN : reason, out);
	pool_drop(&m->pool, e);
}

bool meter_advance(struct meter *m, int64_t now_ms, struct batch *out)
{
	struct entry *e;
	m->now_ms = now_ms;
	while ((e = pool_oldest(&m->pool, CLOSED)) && now_ms - e->seen_ms > LINGER_MS) {
		if (batch_full(out))
			return true;
		end(m, e, FLOW_REASON_FIN, out);
	}
	while ((e = pool_oldest(&m->pool, OPEN)) && now_ms - e->seen_ms > m->opts.idle_ms) {
		if (batch_full(out))
			return true;
		end(m, e, FLOW_REASON_IDLE, out);
	}
	return false;
}

static struct entry *begin(
    struct meter *m, struct hash id, const struct packet *k, int64_t time_ms, struct batch *out)
{
	struct entry *e = pool_add(&m->pool, id, OPEN);
	if (!e) {
		struct entry *oldest = pool_oldest(&m->pool, CLOSED);
		end(m, oldest ? oldest : pool_oldest(&m->pool, OPEN), FLOW_REASON_LACK, out);
		e = pool_add(&m->pool, id, OPEN);
	}
	e->answer_first = is_answer(k);
	e->src = e->answer_first ? k->dst : k->src;
	e->dst = e->answer_first ? k->src : k->dst;
	e->sport = e->answer_first ? k->dport : k->sport;
	e->dport = e->answer_first ? k->sport : k->dport;
	e->proto = k->proto;
	e->icmp_type = request_of(k->proto, k->icmp_type);
	e->icmp_code = k->icmp_code;
	e->start_ms = e->end_ms = time_ms;
	return e;
}

static unsigned direction(const struct entry *e, const struct packet *k)
{
	return !(addr_same(&e->src, &k->src) && e->sport == k->sport);
}

static bool is_open_syn(const struct packet *k)
{
	return k->proto == PROTO_TCP && (k->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

/* A SYN after the end is a new connection, unless it is the first one sent again, as some do after
 * a refusal. */
static bool begins_anew(const struct entry *e, const struct packet *k)
{
	return e->link.queue == CLOSED && is_open_syn(k) && !(e->has_isn && e->isn == k->seq);
}

static void cut_slice(struct meter *m, struct entry *e, int64_t time_ms, struct batch *out)
{
	emit(m, e, FLOW_REASON_ACTIVE, out);
	memset(e->packets, 0, sizeof e->packets);
	memset(e->bytes, 0, sizeof e->bytes);
	memset(e->flags, 0, sizeof e->flags);
	e->start_ms = e->end_ms = time_ms;
}

static void count(struct meter *m, struct entry *e, const struct packet *k)
{
	unsigned way = direction(e, k);
	e->packets[way]++;
	e->bytes[way] += k->bytes;
	e->flags[way] |= k->flags;
	if (is_open_syn(k) && !e->has_isn) {
		e->has_isn = true;
		e->isn = k->seq;
	}
	if (e->link.queue == CLOSED)
		return;
	if (k->flags & TCP_FIN)
		e->fins |= (uint8_t)(1u << way);
	bool closes = e->fins == 3 || (k->flags & TCP_RST);
	e->seen_ms = m->now_ms;
	pool_touch(&m->pool, e, closes ? CLOSED : OPEN);
}

/* The quoted packet's flow is refused if it went from src to dst; network and host unreachable
 * (codes 0 and 1; for IPv6 0, 2, 3) say nothing about the other end's will. */
static void refuse(struct meter *m, const struct packet *error)
{
	unsigned refusals = error->proto == PROTO_ICMP
				? 1u << 2 | 1u << 3 | 1u << 9 | 1u << 10 | 1u << 13
				: 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6;
	struct packet quoted;
	if (error->icmp_code > 13 || !(refusals >> error->icmp_code & 1) ||
	    !packet_quoted(error, &quoted))
		return;
	struct entry *e = pool_find(&m->pool, key_hash(m, &quoted));
	if (e && direction(e, &quoted) == 0)
		e->refused = true;
}

void meter_packet(struct meter *m, const struct packet *k, int64_t time_ms, struct batch *out)
{
	struct hash id = key_hash(m, k);
	struct entry *e = pool_find(&m->pool, id);
	bool apart =
	    e && (time_ms - e->end_ms > m->opts.idle_ms || e->start_ms - time_ms > m->opts.idle_ms);
	if (e && (apart || begins_anew(e, k))) {
		end(m, e, FLOW_REASON_IDLE, out);
		e = NULL;
	}
	if (!e)
		e = begin(m, id, k, time_ms, out);
	else if (time_ms - e->start_ms >= m->opts.active_ms)
		cut_slice(m, e, time_ms, out);
	if (time_ms < e->start_ms)
		e->start_ms = time_ms;
	if (time_ms > e->end_ms)
		e->end_ms = time_ms;
	count(m, e, k);
	if (is_icmp(k->proto) && k->data_n)
		refuse(m, k);
}

bool meter_flush(struct meter *m, struct batch *out)
{
	for (;;) {
		struct entry *open = pool_oldest(&m->pool, OPEN);
		struct entry *closed = pool_oldest(&m->pool, CLOSED);
		if (!open && !closed)
			return false;
		if (batch_full(out))
			return true;
		bool closed_next = closed && (!open || closed->seen_ms <= open->seen_ms);
		end(m, closed_next ? closed : open, FLOW_REASON_FORCED, out);
	}
}
