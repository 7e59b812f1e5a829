/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NAT events (RFC 8158) -> sessions: who held an outside address, or ports of it. Events are
 * numbered in two ways, chosen per exporter, since no record says which: RFC 8158's, and the one
 * Junos has kept from before it. What an event binds is said by its fields: a block of ports, one
 * port, or the whole address. Where the session began outside, source and destination have changed
 * places: inside is then the destination behind the NAT.
 * What it misses: destination NAT alone; events of exhausted pools and quotas bind nothing. */
#include "decode/datagram.h"

enum binding { NOTHING, BEGINS, ENDS, HELD };
enum { EVENTS_MAX = 19 };

static const uint8_t meanings[][EVENTS_MAX] = {
    [EXPORT_DIALECT_RFC8158] = {[1] = BEGINS,
	[2] = ENDS, /* both from before RFC 8158 */
	[4] = BEGINS,
	[5] = ENDS, /* NAT44 session */
	[6] = BEGINS,
	[7] = ENDS, /* NAT64 session */
	[8] = BEGINS,
	[9] = ENDS, /* NAT44 BIB */
	[10] = BEGINS,
	[11] = ENDS, /* NAT64 BIB */
	[14] = BEGINS,
	[15] = ENDS, /* address */
	[16] = BEGINS,
	[17] = ENDS}, /* port block */
    [EXPORT_DIALECT_JUNOS] = {[1] = BEGINS,
	[2] = ENDS, /* NAT44 session */
	[4] = BEGINS,
	[5] = ENDS, /* NAT64 session */
	[6] = BEGINS,
	[7] = ENDS, /* NAT44 BIB */
	[8] = BEGINS,
	[9] = ENDS, /* NAT64 BIB */
	[12] = BEGINS,
	[13] = ENDS, /* address */
	[14] = BEGINS,
	[15] = ENDS,  /* port block */
	[16] = HELD}, /* port block, said again while it is in use */
};

enum { ORIGIN_OUTSIDE = 2 };

static uint64_t extra_of(const struct template *t, const uint64_t extra[EXTRA_N], enum extra word)
{
	return t->extras & 1u << word ? extra[word] : 0;
}

/* Reverses what a session that began outside says. */
static void turn(const struct template *t, const uint64_t extra[EXTRA_N], struct session *s,
    const struct flow *f)
{
	s->holder.addr = addr_v4((uint32_t)extra_of(t, extra, EXTRA_NAT_DST));
	s->holder.port = (uint16_t)extra_of(t, extra, EXTRA_NAT_DPORT);
	s->held.addr = f->dst;
	s->port_first = s->port_last = f->dport;
}

static void take_ports(const struct template *t, const uint64_t extra[EXTRA_N], struct session *s)
{
	uint64_t first = extra_of(t, extra, EXTRA_PORT_FIRST);
	uint64_t last = extra_of(t, extra, EXTRA_PORT_LAST);
	uint64_t step = extra_of(t, extra, EXTRA_PORT_STEP), n = extra_of(t, extra, EXTRA_PORT_N);
	s->port_step = step && step <= UINT16_MAX ? (uint16_t)step : 1;
	if (!last && n)
		last = first + (n - 1) * s->port_step;
	if (!last && !first)
		return;
	if (last > UINT16_MAX || first > UINT16_MAX)
		s->port_step = 0; /* no such block: session_check refuses it */
	s->port_first = (uint16_t)first;
	s->port_last = (uint16_t)last;
	s->holder.port = 0;
}

/* When it happened: the record says it, or else the datagram. */
static void take_time(enum binding what, const struct flow *f, struct session *s)
{
	int64_t ms = f->end_ms ? f->end_ms : f->start_ms ? f->start_ms : f->exported_ms;
	s->begin = what == BEGINS ? SESSION_TOLD : what == HELD ? SESSION_SEEN : SESSION_OPEN;
	s->end = what == ENDS ? SESSION_TOLD : SESSION_OPEN;
	*(what == ENDS ? &s->t1_ms : &s->t0_ms) = ms;
}

int nat_session(const struct template *t, const struct flow *f, const uint64_t extra[EXTRA_N],
    uint8_t dialect, struct session *s)
{
	uint64_t event = extra[EXTRA_NAT_EVENT];
	enum binding what = event < EVENTS_MAX ? meanings[dialect][event] : NOTHING;
	*s = (struct session){.kind = SESSION_BINDING,
	    .held = {f->nat_src, 128},
	    .holder = {f->src, f->realm, f->sport},
	    .realm = (uint32_t)extra_of(t, extra, EXTRA_OUTSIDE_REALM),
	    .port_first = f->nat_sport,
	    .port_last = f->nat_sport,
	    .proto = f->proto};
	if (extra_of(t, extra, EXTRA_ORIGIN) == ORIGIN_OUTSIDE)
		turn(t, extra, s, f);
	if (extra_of(t, extra, EXTRA_INSIDE_REALM))
		s->holder.realm = (uint32_t)extra[EXTRA_INSIDE_REALM];
	take_ports(t, extra, s);
	take_time(what, f, s);
	bool binds = what != NOTHING && !addr_is_zero(&s->held.addr) &&
		     !addr_is_zero(&s->holder.addr) && !addr_same(&s->held.addr, &s->holder.addr);
	return binds ? ERR_OK : ERR_INPUT;
}
