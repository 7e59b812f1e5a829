/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations: see talk.h. Packets are taken to come evenly over the span, or evenly over the
 * beats; what an exporter's cache does beyond its two timeouts (emergency expiry, hash collisions)
 * is left out. */
#include "sim/talk.h"
#include "base/hash.h"

enum { INACTIVE_MS = 15000, BEAT_SPAN_MS = 400 };
enum { TCP_HEADERS = 52, UDP_HEADERS = 28, SYN_BYTES = 60, RST_BYTES = 40, MSS = 1380 };

void talk_tcp(struct talk *t, uint64_t up, uint64_t down, uint32_t span_ms)
{
	uint64_t out_n = up / MSS + 1, in_n = down / MSS + 1;
	/* Handshake and end, data, and an acknowledgement for every second segment. */
	uint64_t n[2] = {3 + out_n + in_n / 2, 2 + in_n + out_n / 2};
	uint64_t payload[2] = {up, down};
	for (int way = 0; way < 2; way++) {
		t->packets[way] = n[way] > UINT32_MAX ? UINT32_MAX : (uint32_t)n[way];
		t->bytes[way] = payload[way] + n[way] * TCP_HEADERS;
		t->flags[way] = TCP_SYN | TCP_ACK | TCP_PSH | TCP_FIN;
	}
	t->proto = PROTO_TCP;
	t->end = TALK_ANSWERED;
	t->span_ms = span_ms < 2 * talk_rtt(t) ? 2 * talk_rtt(t) : span_ms;
}

void talk_fail(struct talk *t, enum talk_end how, unsigned syns)
{
	/* Retries double their distance: 1, 2, 4 s (RFC 6298). */
	t->proto = PROTO_TCP;
	t->end = (uint8_t)how;
	t->packets[0] = syns;
	t->bytes[0] = (uint64_t)syns * SYN_BYTES;
	t->flags[0] = TCP_SYN;
	t->span_ms = syns > 1 ? (1u << (syns - 1)) * 1000 - 1000 : 0;
	if (how != TALK_REFUSED)
		return;
	t->packets[1] = syns;
	t->bytes[1] = (uint64_t)syns * RST_BYTES;
	t->flags[1] = TCP_RST | TCP_ACK;
	t->span_ms += talk_rtt(t);
}

void talk_udp(struct talk *t, uint32_t out_n, uint32_t out_bytes, uint32_t in_n, uint32_t in_bytes,
    uint32_t span_ms)
{
	t->proto = PROTO_UDP;
	t->end = (out_n && in_n) ? TALK_ANSWERED : TALK_UNANSWERED;
	t->packets[0] = out_n;
	t->packets[1] = in_n;
	t->bytes[0] = (uint64_t)out_n * (out_bytes + UDP_HEADERS);
	t->bytes[1] = (uint64_t)in_n * (in_bytes + UDP_HEADERS);
	t->span_ms = span_ms;
	if (out_n && in_n && span_ms < talk_rtt(t))
		t->span_ms = talk_rtt(t);
}

void talk_clip(struct talk *t, int64_t end_ms)
{
	if (t->start_ms + t->span_ms <= end_ms)
		return;
	uint32_t left = (uint32_t)(end_ms - t->start_ms);
	for (int way = 0; way < 2; way++) {
		uint32_t n = t->packets[way];
		if (n == 0)
			continue;
		t->packets[way] = 1 + (uint32_t)((uint64_t)(n - 1) * left / t->span_ms);
		t->bytes[way] = (uint64_t)((double)t->bytes[way] / n * t->packets[way]);
	}
	t->span_ms = left;
	t->cut = true;
}

/* k of its n beats. */
static void keep_beats(struct talk *t, uint64_t k, uint64_t n)
{
	for (int way = 0; way < 2; way++) {
		uint64_t packets = t->packets[way];
		t->packets[way] = (uint32_t)(packets * k / n);
		t->bytes[way] = (uint64_t)((double)t->bytes[way] * (double)k / (double)n);
	}
	t->span_ms = (uint32_t)(k - 1) * t->beat_ms;
}

bool talk_until(struct talk *t, int64_t end_ms)
{
	int64_t beat_ms = t->beat_ms ? BEAT_SPAN_MS : 0,
		room_ms = end_ms - 1 - t->start_ms - beat_ms;
	if (t->span_ms <= room_ms)
		return true;
	if (room_ms < 0)
		return false;
	if (t->beat_ms) {
		uint64_t n = t->span_ms / t->beat_ms + 1u;
		keep_beats(t, (uint64_t)room_ms / t->beat_ms + 1, n);
		t->cut = true;
	} else {
		talk_clip(t, end_ms - 1);
	}
	return true;
}

bool talk_after(struct talk *t, int64_t from_ms)
{
	int64_t last_ms = t->start_ms + t->span_ms;
	if (!t->beat_ms || from_ms > last_ms)
		return false;
	uint64_t n = t->span_ms / t->beat_ms + 1u;
	keep_beats(t, (uint64_t)(last_ms - from_ms) / t->beat_ms + 1, n);
	t->start_ms = from_ms;
	t->midstream = false;
	return true;
}

uint32_t talk_pieces(const struct talk *t, uint32_t active_ms)
{
	if (t->beat_ms)
		return t->span_ms / t->beat_ms + 1;
	return t->span_ms <= active_ms ? 1 : (t->span_ms + active_ms - 1) / active_ms;
}

int64_t talk_exported(const struct talk *t, uint32_t piece, uint32_t active_ms)
{
	int64_t end = t->start_ms + t->span_ms;
	if (t->beat_ms)
		return t->start_ms + (int64_t)piece * t->beat_ms + BEAT_SPAN_MS + INACTIVE_MS;
	if (piece + 1 < talk_pieces(t, active_ms))
		return t->start_ms + (int64_t)(piece + 1) * active_ms;
	bool closed = ((t->flags[0] | t->flags[1]) & (TCP_FIN | TCP_RST)) && !t->cut;
	return closed ? end : end + INACTIVE_MS;
}

/* Packets of the first at_ms of a way; the first packet comes at once. */
static uint64_t packets_until(const struct talk *t, int way, uint64_t at_ms)
{
	if (at_ms == 0 || t->span_ms == 0)
		return at_ms ? t->packets[way] : 0;
	return (t->packets[way] * at_ms + t->span_ms - 1) / t->span_ms;
}

/* SYN belongs to the first piece of an answered conversation, FIN and RST to its last; the pieces
 * of floods are all alike. */
static uint8_t piece_flags(const struct talk *t, int way, bool first, bool last)
{
	uint8_t f = t->flags[way];
	if ((f & (TCP_ACK | TCP_PSH)) != (TCP_ACK | TCP_PSH))
		return f;
	if (!first || t->midstream)
		f &= (uint8_t)~TCP_SYN;
	if (!last || t->cut)
		f &= (uint8_t) ~(TCP_FIN | TCP_RST);
	return f;
}

static void piece_times(const struct talk *t, struct piece *p, int64_t from, int64_t to, int way)
{
	bool second = (way == 1) != t->by_peer; /* the side that answers is a round trip late */
	p->start_ms = t->start_ms + from;
	p->end_ms = t->start_ms + to;
	if (second && t->packets[!way])
		p->start_ms += talk_rtt(t);
	if (p->start_ms > p->end_ms)
		p->start_ms = p->end_ms;
	if (p->packets == 1)
		p->end_ms = p->start_ms;
}

struct piece talk_piece(const struct talk *t, uint32_t piece, int way, uint32_t active_ms)
{
	struct piece p = {0};
	uint32_t n = talk_pieces(t, active_ms);
	bool last = piece + 1 == n;
	uint64_t before, until;
	int64_t from, to;
	if (t->beat_ms) {
		from = (int64_t)piece * t->beat_ms;
		to = from + BEAT_SPAN_MS;
		before = ((uint64_t)t->packets[way] * piece + n - 1) / n;
		until = ((uint64_t)t->packets[way] * (piece + 1) + n - 1) / n;
	} else {
		from = (int64_t)piece * active_ms;
		to = last ? t->span_ms : from + active_ms;
		before = packets_until(t, way, (uint64_t)from);
		until = last ? t->packets[way] : packets_until(t, way, (uint64_t)to);
	}
	p.packets = (uint32_t)(until - before);
	if (p.packets == 0)
		return p;
	double size = (double)t->bytes[way] / t->packets[way];
	p.bytes = (uint64_t)(size * (double)until) - (uint64_t)(size * (double)before);
	p.flags = piece_flags(t, way, piece == 0, last);
	p.reason = t->beat_ms                      ? FLOW_REASON_IDLE
		   : !last                         ? FLOW_REASON_ACTIVE
		   : p.flags & (TCP_FIN | TCP_RST) ? FLOW_REASON_FIN
						   : FLOW_REASON_IDLE;
	piece_times(t, &p, from, to, way);
	return p;
}

uint32_t talk_rtt(const struct talk *t)
{
	return 6 + (uint32_t)(hash_mix(t->peer.q[1] ^ 0x7274) % 115);
}
