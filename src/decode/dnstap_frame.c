/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One dnstap frame -> DNS records: see dnstap.h. CLIENT_QUERY and CLIENT_RESPONSE are what the
 * resolver's own clients asked and were told; they are paired as on the wire (dnspair.c). A
 * response that carries the query's time makes the whole record by itself, so that a resolver needs
 * to send no more. Everything else (RESOLVER_, AUTH_, FORWARDER_, STUB_, TOOL_, UPDATE_) is traffic
 * of the resolver itself, and ignored. The resolver's name and version and the bailiwick are not
 * read.
 *
 * The protobuf is walked by hand: twenty fields, each bounds checked, fields that are not known
 * skipped by their wire type, nothing allocated and nothing nested deeper than the message in its
 * envelope. Groups, long gone from protobuf, are an error. Of a field given twice the last counts.
 *
 * Times are those of the resolver. One that is far from its neighbours keeps its record, but does
 * not move the clock that drives the timeouts.
 *
 * Sources: dnstap.proto (dnstap.info), the encoding guide of Protocol Buffers. */
#include "base/mem.h"
#include "base/when.h"
#include "decode/dnspair.h"
#include "decode/dnstap.h"
#include <stdlib.h>

enum { WIRE_VARINT, WIRE_FIXED64, WIRE_BYTES, WIRE_FIXED32 = 5 };
enum { ENVELOPE_MESSAGE = 14 };
enum {
	MESSAGE_TYPE = 1,
	MESSAGE_QUERY_ADDRESS = 4,
	MESSAGE_RESPONSE_ADDRESS,
	MESSAGE_QUERY_PORT,
	MESSAGE_RESPONSE_PORT,
	MESSAGE_QUERY_S,
	MESSAGE_QUERY_NS,
	MESSAGE_QUERY,
	MESSAGE_RESPONSE_S = 12,
	MESSAGE_RESPONSE_NS,
	MESSAGE_RESPONSE,
};
enum { CLIENT_QUERY = 5, CLIENT_RESPONSE = 6, TYPE_LAST = 14 };
enum { VARINT_BYTES_MAX = 10, NS_IN_S = 1000000000, NS_IN_MS = 1000000, MS_IN_S = 1000 };
enum { JUMP_MS = 3600000 };

struct dnstap {
	struct dnspair pairs;
	int64_t now_ms, last_ms; /* of the clock, of the last message; 0: none yet */
};

struct field {
	uint64_t number;
	unsigned wire;
	uint64_t value;   /* of a number */
	struct buf bytes; /* of WIRE_BYTES */
};

struct stamp {
	uint64_t s, ns;
};

struct message {
	uint64_t type;
	union addr client, server;
	bool has_client, bad_addr;
	uint64_t client_port, server_port;
	struct stamp query_time, response_time;
	struct buf query, response;
};

static const char not_protobuf[] = "a dnstap frame that is not protobuf";

struct dnstap *dnstap_new(const struct decode_env *env)
{
	(void)env;
	struct dnstap *s = mem_new(1, sizeof *s);
	dnspair_init(&s->pairs);
	return s;
}

void dnstap_free(struct dnstap *s)
{
	if (s)
		dnspair_fini(&s->pairs);
	free(s);
}

static uint64_t varint(struct buf *b)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
		uint64_t byte = buf_u8(b);
		v |= (byte & 0x7f) << 7 * i;
		if (byte < 0x80)
			return v;
	}
	b->bad = true;
	return 0;
}

/* False at the end, and where b is bad. */
static bool next_field(struct buf *b, struct field *f)
{
	if (buf_left(b) == 0)
		return false;
	uint64_t tag = varint(b);
	f->number = tag >> 3;
	f->wire = tag & 7;
	if (f->wire == WIRE_VARINT)
		f->value = varint(b);
	else if (f->wire == WIRE_FIXED64)
		f->value = buf_le64(b);
	else if (f->wire == WIRE_FIXED32)
		f->value = buf_le32(b);
	else if (f->wire == WIRE_BYTES)
		f->bytes = buf_sub(b, varint(b));
	else
		b->bad = true;
	return !b->bad;
}

static void number_field(struct message *m, const struct field *f)
{
	switch (f->number) {
	case MESSAGE_TYPE:
		m->type = f->value;
		break;
	case MESSAGE_QUERY_PORT:
		m->client_port = f->value;
		break;
	case MESSAGE_RESPONSE_PORT:
		m->server_port = f->value;
		break;
	case MESSAGE_QUERY_S:
		m->query_time.s = f->value;
		break;
	case MESSAGE_QUERY_NS:
		m->query_time.ns = f->value;
		break;
	case MESSAGE_RESPONSE_S:
		m->response_time.s = f->value;
		break;
	case MESSAGE_RESPONSE_NS:
		m->response_time.ns = f->value;
		break;
	default:
		break;
	}
}

static bool read_addr(const struct buf *b, union addr *a)
{
	if (b->n == 4)
		*a = addr_v4((uint32_t)buf_peek_be(b->p, 4));
	else if (b->n == 16)
		*a = addr_v6(b->p);
	return b->n == 4 || b->n == 16;
}

static void bytes_field(struct message *m, const struct field *f)
{
	switch (f->number) {
	case MESSAGE_QUERY_ADDRESS:
		m->has_client = read_addr(&f->bytes, &m->client);
		m->bad_addr |= !m->has_client;
		break;
	case MESSAGE_RESPONSE_ADDRESS:
		m->bad_addr |= !read_addr(&f->bytes, &m->server);
		break;
	case MESSAGE_QUERY:
		m->query = f->bytes;
		break;
	case MESSAGE_RESPONSE:
		m->response = f->bytes;
		break;
	default:
		break;
	}
}

/* The message in the envelope; false where the frame is damaged. */
static bool read_message(struct buf b, struct message *m)
{
	struct field f;
	struct buf inner = {0};
	while (next_field(&b, &f))
		if (f.number == ENVELOPE_MESSAGE && f.wire == WIRE_BYTES)
			inner = f.bytes;
	if (b.bad)
		return false;
	while (next_field(&inner, &f)) {
		if (f.wire == WIRE_BYTES)
			bytes_field(m, &f);
		else
			number_field(m, &f);
	}
	return !inner.bad;
}

/* 0: no time was sent; negative: an impossible one. */
static int64_t time_of(const struct stamp *t)
{
	if (t->s > WHEN_MAX_MS / MS_IN_S || t->ns >= NS_IN_S)
		return -1;
	return (int64_t)(t->s * MS_IN_S + t->ns / NS_IN_MS);
}

/* What is wrong with a client's message, or NULL. */
static const char *check(const struct message *m)
{
	if (m->bad_addr)
		return "a dnstap message with an address of wrong length";
	if (m->client_port > UINT16_MAX || m->server_port > UINT16_MAX)
		return "a dnstap message with an impossible port";
	int64_t query_ms = time_of(&m->query_time), response_ms = time_of(&m->response_time);
	if (query_ms < 0 || response_ms < 0 || (query_ms == 0 && response_ms == 0))
		return "a dnstap message without a possible time";
	return NULL;
}

static bool near(int64_t a, int64_t b)
{
	return a - b <= JUMP_MS && b - a <= JUMP_MS;
}

/* Goes with the messages' times; a jump is believed when a second message confirms it. */
static void clock_follows(struct dnstap *s, int64_t time_ms)
{
	bool jump = !near(time_ms, s->now_ms) && s->now_ms;
	if (jump ? near(time_ms, s->last_ms) : time_ms > s->now_ms)
		s->now_ms = time_ms;
	s->last_ms = time_ms;
}

static void take(struct dnstap *s, const struct message *m, uint64_t offset, struct batch *out)
{
	bool answer = m->type == CLIENT_RESPONSE;
	const struct buf *dns = answer ? &m->response : &m->query;
	int64_t query_ms = time_of(&m->query_time), response_ms = time_of(&m->response_time);
	struct packet k = {.src = m->client,
	    .dst = m->server,
	    .sport = (uint16_t)m->client_port,
	    .dport = (uint16_t)m->server_port};
	if (answer)
		k = (struct packet){.src = k.dst, .dst = k.src, .sport = k.dport, .dport = k.sport};
	clock_follows(s, answer && response_ms ? response_ms : query_ms ? query_ms : response_ms);
	struct dnsmessage message = {.packet = &k,
	    .p = dns->p,
	    .n = dns->n,
	    .time_ms = query_ms ? query_ms : response_ms,
	    .now_ms = s->now_ms,
	    .offset = offset};
	dnspair_message(&s->pairs, &message, out);
	(void)dnspair_advance(&s->pairs, s->now_ms, out);
}

void dnstap_frame(struct dnstap *s, const uint8_t *p, size_t n, uint64_t offset, struct batch *out)
{
	struct message m = {0};
	if (!read_message(buf_of(p, n), &m)) {
		batch_bad(out, offset, not_protobuf);
		return;
	}
	bool known = m.type >= 1 && m.type <= TYPE_LAST;
	if (m.type != CLIENT_QUERY && m.type != CLIENT_RESPONSE) {
		batch_ignore(out, known ? "dnstap messages of the resolver itself"
					: "dnstap messages of an unknown type");
		return;
	}
	const char *wrong = check(&m);
	if (wrong)
		batch_bad(out, offset, wrong);
	else if (!m.has_client)
		batch_ignore(out, "dnstap messages without the client's address");
	else
		take(s, &m, offset, out);
}

bool dnstap_advance(struct dnstap *s, int64_t now_ms, struct batch *out)
{
	return dnspair_advance(&s->pairs, now_ms, out);
}

bool dnstap_flush(struct dnstap *s, struct batch *out)
{
	return dnspair_flush(&s->pairs, out);
}
