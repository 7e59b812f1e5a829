/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RADIUS accounting -> sessions: see radius_event.h. A Start begins what it names; an Interim says
 * that it is held and, by Acct-Session-Time, when the session began; a Stop ends it; On and Off end
 * all of the NAS. A record without an address speaks of its session. A block of ports whose inside
 * address is known is a binding of that, else a lease of those ports.
 *
 * A NAT's address without ports is shared by nobody knows whom, and makes no record. What it
 * misses: Huawei's updates of a block, whose values are not published.
 * Sources: RFC 2866, 2869 (Event-Timestamp), 3162, 4372, 4818, 6911, 8045; FreeRADIUS's
 * dictionaries for the vendors: Broadband Forum, Nokia (6527), Huawei, Travelping, H3C. */
#include "decode/radius_event.h"
#include "base/when.h"
#include <stdio.h>
#include <string.h>

enum { ADSL_FORUM = 3561, NOKIA = 6527, HUAWEI = 2011, TRAVELPING = 18681, H3C = 25506 };
enum { EXT_RANGE = 6, EXT_TYPE = 241 };
enum part {
	PART_OUTSIDE = 3,
	PART_INSIDE4,
	PART_INSIDE6,
	PART_INSIDE_PORT,
	PART_OUTSIDE_PORT,
	PART_GIVEN,
	PART_FIRST,
	PART_LAST,
};
enum { GIVEN = 1, TAKEN_BACK = 2 };

#define RFC(name, type, means, form)                                                               \
	{                                                                                          \
		name, 0, type, 0, 0, means, form                                                   \
	}
#define VENDOR(name, vendor, type, means, form)                                                    \
	{                                                                                          \
		name, vendor, type, 0, 0, means, form                                              \
	}
#define RANGE(name, part, form)                                                                    \
	{                                                                                          \
		"IP-Port-Range-" name, 0, EXT_TYPE, EXT_RANGE, part, RADIUS_IS_RANGE, form         \
	}

static const struct radius_attribute attributes[] = {
    RFC("User-Name", 1, RADIUS_IS_USER, RADIUS_TEXT),
    RFC("NAS-IP-Address", 4, RADIUS_IS_NAS_ADDR, RADIUS_IPV4),
    RFC("Framed-IP-Address", 8, RADIUS_IS_HELD, RADIUS_IPV4),
    RFC("Calling-Station-Id", 31, RADIUS_IS_CALLER, RADIUS_TEXT),
    RFC("NAS-Identifier", 32, RADIUS_IS_NAS, RADIUS_TEXT),
    RFC("Acct-Status-Type", 40, RADIUS_IS_STATUS, RADIUS_NUMBER),
    RFC("Acct-Delay-Time", 41, RADIUS_IS_DELAY, RADIUS_NUMBER),
    RFC("Acct-Session-Id", 44, RADIUS_IS_KEY, RADIUS_TEXT),
    RFC("Acct-Session-Time", 46, RADIUS_IS_LASTED, RADIUS_NUMBER),
    RFC("Event-Timestamp", 55, RADIUS_IS_EVENT, RADIUS_TIME),
    RFC("Chargeable-User-Identity", 89, RADIUS_IS_CUI, RADIUS_BYTES),
    RFC("NAS-IPv6-Address", 95, RADIUS_IS_NAS_ADDR, RADIUS_IPV6),
    RFC("Framed-IPv6-Prefix", 97, RADIUS_IS_HELD, RADIUS_PREFIX),
    RFC("Delegated-IPv6-Prefix", 123, RADIUS_IS_HELD, RADIUS_PREFIX),
    RFC("Framed-IPv6-Address", 168, RADIUS_IS_HELD, RADIUS_IPV6),
    RFC("Acct-Unique-Session-Id", 0, RADIUS_IS_UNIQUE, RADIUS_TEXT),
    RFC("Packet-Src-IP-Address", 0, RADIUS_IS_SENDER, RADIUS_IPV4),
    RFC("Packet-Src-IPv6-Address", 0, RADIUS_IS_SENDER, RADIUS_IPV6),
    RFC("Timestamp", 0, RADIUS_IS_LOGGED, RADIUS_TIME),
    VENDOR("ADSL-Agent-Circuit-Id", ADSL_FORUM, 1, RADIUS_IS_CIRCUIT, RADIUS_BYTES),
    VENDOR("ADSL-Agent-Remote-Id", ADSL_FORUM, 2, RADIUS_IS_REMOTE, RADIUS_BYTES),
    VENDOR("Alc-Nat-Port-Range", NOKIA, 121, RADIUS_IS_NAT_RANGE, RADIUS_TEXT),
    VENDOR("Huawei-Framed-IPv6-Address", HUAWEI, 158, RADIUS_IS_HELD, RADIUS_IPV6),
    VENDOR("Huawei-NAT-Public-Address", HUAWEI, 161, RADIUS_IS_NAT_ADDR, RADIUS_IPV4),
    VENDOR("Huawei-NAT-Start-Port", HUAWEI, 162, RADIUS_IS_NAT_FIRST, RADIUS_NUMBER),
    VENDOR("Huawei-NAT-End-Port", HUAWEI, 163, RADIUS_IS_NAT_LAST, RADIUS_NUMBER),
    VENDOR("Huawei-NAT-Port-Range-Update", HUAWEI, 165, RADIUS_IS_NAT_UPDATE, RADIUS_NUMBER),
    VENDOR("TP-NAT-IP-Address", TRAVELPING, 16, RADIUS_IS_NAT_ADDR, RADIUS_IPV4),
    VENDOR("TP-NAT-Port-Start", TRAVELPING, 28, RADIUS_IS_NAT_FIRST, RADIUS_NUMBER),
    VENDOR("TP-NAT-Port-End", TRAVELPING, 29, RADIUS_IS_NAT_LAST, RADIUS_NUMBER),
    VENDOR("H3C-NAT-IP-Address", H3C, 32, RADIUS_IS_NAT_ADDR, RADIUS_IPV4),
    VENDOR("H3C-NAT-Start-Port", H3C, 33, RADIUS_IS_NAT_FIRST, RADIUS_NUMBER),
    VENDOR("H3C-NAT-End-Port", H3C, 34, RADIUS_IS_NAT_LAST, RADIUS_NUMBER),
    RANGE("Ext-IPv4-Addr", PART_OUTSIDE, RADIUS_IPV4),
    RANGE("Int-IPv4-Addr", PART_INSIDE4, RADIUS_IPV4),
    RANGE("Int-IPv6-Addr", PART_INSIDE6, RADIUS_IPV6),
    RANGE("Ext-Port", PART_OUTSIDE_PORT, RADIUS_NUMBER),
    RANGE("Alloc", PART_GIVEN, RADIUS_NUMBER),
    RANGE("Range-Start", PART_FIRST, RADIUS_NUMBER),
    RANGE("Range-End", PART_LAST, RADIUS_NUMBER),
};
enum { ATTRIBUTES_N = sizeof attributes / sizeof *attributes };

const struct radius_attribute *radius_attribute(
    uint32_t vendor, uint16_t type, uint8_t extended, uint8_t part)
{
	for (size_t i = 0; i < ATTRIBUTES_N; i++) {
		const struct radius_attribute *a = &attributes[i];
		if (a->type == type && a->vendor == vendor && a->extended == extended &&
		    a->part == part && type)
			return a;
	}
	return NULL;
}

const struct radius_attribute *radius_attribute_named(struct span name)
{
	for (size_t i = 0; i < ATTRIBUTES_N; i++)
		if (span_is(name, attributes[i].name))
			return &attributes[i];
	return NULL;
}

/* Reserved byte, length in bits, and as many bytes as are needed, or more. */
static bool prefix_of(struct buf *b, struct prefix *p)
{
	uint8_t bytes[16] = {0};
	buf_skip(b, 1);
	p->bits = buf_u8(b);
	size_t n = buf_left(b);
	if (b->bad || n > sizeof bytes || p->bits > 128 || n * 8 < p->bits)
		return false;
	memcpy(bytes, buf_take(b, n), n);
	p->addr = addr_v6(bytes);
	p->addr = addr_mask(&p->addr, p->bits);
	return true;
}

bool radius_value(enum radius_form form, struct span bytes, struct radius_value *v)
{
	struct buf b = buf_of(bytes.p, bytes.n);
	*v = (struct radius_value){.bytes = bytes};
	switch (form) {
	case RADIUS_TEXT:
	case RADIUS_BYTES:
		return bytes.n > 0;
	case RADIUS_NUMBER:
		v->number = buf_be32(&b);
		break;
	case RADIUS_TIME:
		v->time_ms = buf_be32(&b) * 1000LL;
		break;
	case RADIUS_IPV4:
		v->addr = (struct prefix){addr_v4(buf_be32(&b)), 128};
		break;
	case RADIUS_IPV6:
		if (bytes.n == 16)
			v->addr = (struct prefix){addr_v6(buf_take(&b, 16)), 128};
		return bytes.n == 16;
	case RADIUS_PREFIX:
		return prefix_of(&b, &v->addr);
	}
	return !b.bad && buf_left(&b) == 0;
}

/* Names of a line's device that are written as a MAC, not telephone numbers. */
static void take_caller(struct session_ids *ids, struct span text)
{
	uint8_t mac[6];
	bool letters = false;
	for (size_t i = 0; i < text.n; i++)
		letters |= text.p[i] < '0' || text.p[i] > '9';
	if (letters && lease_bytes(text, mac, sizeof mac) == sizeof mac)
		(void)session_ids_add(ids, SESSION_MAC, (struct span){(char *)mac, sizeof mac});
}

void radius_next_block(struct radius_event *e)
{
	if (e->blocks[e->block].parts && e->block < RADIUS_BLOCKS_MAX)
		e->block++;
}

/* "80.0.0.1 1024-1033 router Base". */
static void take_text_block(struct radius_event *e, struct span text)
{
	struct radius_block b = {.parts = UINT16_MAX};
	struct span ports, rest = text, addr = span_cut(&rest, ' ');
	if (!rest.p || !addr_parse(addr, &b.outside))
		return;
	ports = span_cut(&rest, ' ');
	struct span last = ports, first = span_cut(&last, '-');
	if (!last.p || !span_uint(first, &b.first) || !span_uint(last, &b.last))
		return;
	radius_next_block(e);
	e->blocks[e->block] = b;
}

static void take_part(struct radius_event *e, enum part part, const struct radius_value *v)
{
	if (e->blocks[e->block].parts & 1u << part)
		radius_next_block(e);
	struct radius_block *b = &e->blocks[e->block];
	b->parts |= (uint16_t)(1u << part);
	if (part == PART_OUTSIDE)
		b->outside = v->addr.addr;
	else if (part == PART_INSIDE4 || part == PART_INSIDE6)
		b->inside = v->addr.addr;
	else if (part == PART_OUTSIDE_PORT)
		b->only = v->number;
	else if (part == PART_GIVEN)
		b->given = v->number;
	else if (part == PART_FIRST)
		b->first = v->number;
	else if (part == PART_LAST)
		b->last = v->number;
}

/* Neither the client's choice (255.255.255.254 and .255) nor more than a line can hold. */
static void take_held(struct radius_event *e, const struct prefix *p)
{
	bool v4 = addr_is_v4(&p->addr);
	bool chosen = v4 && addr_v4_of(&p->addr) >= UINT32_MAX - 1;
	if (addr_is_zero(&p->addr) || chosen || p->bits < RADIUS_BITS_MIN)
		return;
	if (e->held_n < RADIUS_HELD_MAX)
		e->held[e->held_n++] = *p;
	else
		e->too_many = true;
}

static void take_id(
    struct radius_event *e, const struct radius_attribute *a, const struct radius_value *v)
{
	static const enum session_id ids[RADIUS_MEANINGS] = {[RADIUS_IS_USER] = SESSION_USER,
	    [RADIUS_IS_CUI] = SESSION_CUI,
	    [RADIUS_IS_CIRCUIT] = SESSION_CIRCUIT,
	    [RADIUS_IS_REMOTE] = SESSION_REMOTE};
	if (ids[a->means])
		(void)session_ids_add(&e->ids, ids[a->means], v->bytes);
	else if (a->means == RADIUS_IS_NAS)
		e->nas = v->bytes;
	else if (a->means == RADIUS_IS_KEY)
		e->key = v->bytes;
	else if (a->means == RADIUS_IS_UNIQUE)
		e->unique = v->bytes;
	else if (a->means == RADIUS_IS_CALLER)
		take_caller(&e->ids, v->bytes);
	else if (a->means == RADIUS_IS_NAS_ADDR && addr_is_zero(&e->nas_addr))
		e->nas_addr = v->addr.addr;
	else if (a->means == RADIUS_IS_SENDER)
		e->sender = v->addr.addr;
}

static void take_time(
    struct radius_event *e, const struct radius_attribute *a, const struct radius_value *v)
{
	if (a->means == RADIUS_IS_DELAY)
		e->delay_s = v->number;
	else if (a->means == RADIUS_IS_LASTED) {
		e->lasted_s = v->number;
		e->has_lasted = true;
	} else if (a->means == RADIUS_IS_EVENT)
		e->event_ms = v->time_ms;
	else if (a->means == RADIUS_IS_LOGGED)
		e->logged_ms = v->time_ms;
}

void radius_take(
    struct radius_event *e, const struct radius_attribute *a, const struct radius_value *v)
{
	if (a->means == RADIUS_IS_STATUS)
		e->status = v->number;
	else if (a->means == RADIUS_IS_HELD)
		take_held(e, &v->addr);
	else if (a->means == RADIUS_IS_NAT_ADDR)
		take_part(e, PART_OUTSIDE, v);
	else if (a->means == RADIUS_IS_NAT_FIRST)
		take_part(e, PART_FIRST, v);
	else if (a->means == RADIUS_IS_NAT_LAST)
		take_part(e, PART_LAST, v);
	else if (a->means == RADIUS_IS_NAT_RANGE)
		take_text_block(e, v->bytes);
	else if (a->means == RADIUS_IS_NAT_UPDATE)
		e->nat_update = true;
	else if (a->means == RADIUS_IS_RANGE)
		take_part(e, a->part, v);
	take_id(e, a, v);
	take_time(e, a, v);
}

/* Which session of which NAS. */
static void name_session(const struct radius_event *e, struct session_ids *ids)
{
	char nas[ADDR_TEXT];
	const union addr *addr = addr_is_zero(&e->nas_addr) ? &e->sender : &e->nas_addr;
	addr_text(nas, addr);
	if (e->nas.n)
		(void)session_ids_add(ids, SESSION_NAS, e->nas);
	else if (!addr_is_zero(addr))
		(void)session_ids_add(ids, SESSION_NAS, span_of(nas));
	(void)session_ids_add(ids, SESSION_KEY, e->key.n ? e->key : e->unique);
}

static void time_lease(const struct radius_event *e, int64_t at_ms, struct session *s)
{
	int64_t began_ms = at_ms - (int64_t)e->lasted_s * 1000;
	bool began = e->has_lasted && began_ms >= WHEN_MIN_MS;
	if (e->status == RADIUS_START)
		lease_begins(s, at_ms, SESSION_TOLD);
	else if (began)
		lease_begins(s, began_ms, SESSION_TOLD);
	else if (e->status == RADIUS_INTERIM)
		lease_begins(s, at_ms, SESSION_SEEN);
	if (e->status == RADIUS_STOP)
		lease_ends(s, at_ms, SESSION_TOLD);
	else if (e->status == RADIUS_INTERIM && began)
		lease_ends(s, at_ms, SESSION_SEEN);
}

static void time_block(
    const struct radius_event *e, const struct radius_block *b, int64_t at_ms, struct session *s)
{
	if (e->status == RADIUS_STOP || b->given == TAKEN_BACK)
		lease_ends(s, at_ms, SESSION_TOLD);
	else
		lease_begins(s, at_ms,
		    e->status == RADIUS_START || b->given == GIVEN ? SESSION_TOLD : SESSION_SEEN);
}

/* The session's own inside address, where a block does not name one. */
static union addr inside_of(const struct radius_event *e, const struct radius_block *b)
{
	if (!addr_is_zero(&b->inside))
		return b->inside;
	for (size_t i = 0; i < e->held_n; i++)
		if (addr_is_v4(&e->held[i].addr))
			return e->held[i].addr;
	return (union addr){.q = {0, 0}};
}

static bool is_block(const struct radius_event *e, const struct radius_block *b)
{
	uint64_t last = b->only ? b->only : b->last;
	return !e->nat_update && last && last <= UINT16_MAX && b->first <= UINT16_MAX &&
	       !addr_is_zero(&b->outside);
}

/* A lease, to fill with what it is of. */
static struct session *record(int64_t received_ms, const struct session_ids *ids, struct batch *out)
{
	struct session *s = lease_new(out);
	s->ids = *ids;
	s->received_ms = received_ms;
	return s;
}

static void fill_block(
    const struct radius_event *e, const struct radius_block *b, int64_t at_ms, struct session *s)
{
	union addr inside = inside_of(e, b);
	s->held = (struct prefix){b->outside, 128};
	s->port_first = (uint16_t)(b->only ? b->only : b->first);
	s->port_last = (uint16_t)(b->only ? b->only : b->last);
	if (!addr_is_zero(&inside) && !addr_same(&inside, &b->outside)) {
		s->kind = SESSION_BINDING;
		s->holder.addr = inside;
		s->ids = (struct session_ids){0};
	}
	time_block(e, b, at_ms, s);
}

static void count_useless(const struct radius_event *e, struct batch *out)
{
	if (e->too_many)
		batch_ignore(out, "addresses of a RADIUS record beyond the 32nd");
	if (e->blocks[RADIUS_BLOCKS_MAX].parts)
		batch_ignore(out, "blocks of ports of a RADIUS record beyond the 16th");
	for (size_t i = 0; i < RADIUS_BLOCKS_MAX; i++)
		if (e->blocks[i].parts && !is_block(e, &e->blocks[i]))
			batch_ignore(out, "blocks of ports that are not told as a whole");
}

void radius_sessions(const struct radius_event *e, int64_t at_ms, int64_t received_ms,
    uint64_t offset, struct batch *out)
{
	static const char impossible[] = "an accounting record that names no session or no time";
	struct session_ids ids = e->ids;
	bool reset = e->status == RADIUS_ON || e->status == RADIUS_OFF;
	if (!reset && (e->status < RADIUS_START || e->status > RADIUS_INTERIM)) {
		batch_ignore(out, "RADIUS records that begin, renew or end nothing");
		return;
	}
	name_session(e, &ids);
	if (!reset && !session_ids_get(&ids, SESSION_KEY).n) {
		batch_bad(out, offset, impossible);
		return;
	}
	if (reset) {
		struct session *s = record(received_ms, &ids, out);
		s->kind = SESSION_RESET;
		lease_ends(s, at_ms, SESSION_TOLD);
		lease_keep(out, offset, impossible);
	}
	size_t leases = e->held_n ? e->held_n : 1; /* the first is empty where there is none */
	for (size_t i = 0; !reset && i < leases; i++) {
		struct session *s = record(received_ms, &ids, out);
		s->held = e->held[i];
		time_lease(e, at_ms, s);
		lease_keep(out, offset, impossible);
	}
	for (size_t i = 0; !reset && i < RADIUS_BLOCKS_MAX; i++) {
		if (!is_block(e, &e->blocks[i]))
			continue;
		fill_block(e, &e->blocks[i], at_ms, record(received_ms, &ids, out));
		lease_keep(out, offset, impossible);
	}
	count_useless(e, out);
}
