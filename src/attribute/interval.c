/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals: see interval.h. */
#include "attribute/interval.h"
#include "base/hash.h"

uint64_t session_digest(const struct session *s)
{
	struct {
		union addr held, inside;
		int64_t t0_ms, t1_ms;
		uint32_t realm, inside_realm;
		uint16_t first, last, step, inside_port;
		uint8_t bits, proto, kind, begin, end, flags, ids[SESSION_IDS_MAX + 1];
	} d = {.held = s->held.addr,
	    .inside = s->holder.addr,
	    .t0_ms = s->t0_ms,
	    .t1_ms = s->t1_ms,
	    .realm = s->realm,
	    .inside_realm = s->holder.realm,
	    .first = s->port_first,
	    .last = s->port_last,
	    .step = s->port_step,
	    .inside_port = s->holder.port,
	    .bits = s->held.bits,
	    .proto = s->proto,
	    .kind = s->kind,
	    .begin = s->begin,
	    .end = s->end,
	    .flags = s->flags};
	size_t n = s->ids.n <= SESSION_IDS_MAX ? s->ids.n : 0;
	memcpy(d.ids, s->ids.bytes, n);
	uint64_t h = hash_bytes(&hash_key_offline, &d, offsetof(__typeof__(d), ids) + n).a;
	return h ? h : 1;
}

int64_t session_event_ms(const struct session *s)
{
	bool by_end = s->end == SESSION_TOLD || s->end == SESSION_SEEN || !s->t0_ms;
	return by_end && s->t1_ms ? s->t1_ms : s->t0_ms;
}

struct interval interval_of(const struct session *s)
{
	bool bound = s->kind == SESSION_BINDING;
	bool ends = s->end == SESSION_TOLD || s->end == SESSION_UNTIL;
	struct interval v = {.addr = addr_mask(&s->held.addr, s->held.bits),
	    .t0_ms = s->t0_ms,
	    .t1_ms = ends ? s->t1_ms : INTERVAL_EVER_MS,
	    .realm = s->realm,
	    .port_first = s->port_first,
	    .port_last = s->port_last,
	    .port_step = s->port_step > 1 && s->port_last > s->port_first ? s->port_step : 1,
	    .bits = s->held.bits,
	    .proto = s->proto,
	    .begin = s->begin,
	    .end = ends ? s->end : SESSION_OPEN,
	    .holder = bound ? HOLDER_INSIDE : HOLDER_LINE};
	v.sure_ms = v.t1_ms;
	if (bound) {
		v.inside = s->holder.addr;
		v.inside_realm = s->holder.realm;
		v.inside_port = s->holder.port;
	}
	return v;
}

size_t interval_cells(const struct interval *v, uint32_t cells[INTERVAL_CELLS])
{
	unsigned first = v->port_first >> 8, n = (v->port_last >> 8) - first + 1u;
	if (!interval_has_ports(v) || n > INTERVAL_CELLS) {
		cells[0] = CELL_ALL;
		return 1;
	}
	if (v->port_first == v->port_last) {
		cells[0] = CELL_PORT + v->port_first;
		return 1;
	}
	for (unsigned i = 0; i < n; i++)
		cells[i] = CELL_RANGE + first + i;
	return n;
}

bool interval_same_held(const struct interval *a, const struct interval *b)
{
	return interval_same_place(a, b) && a->port_first == b->port_first &&
	       a->port_last == b->port_last && a->port_step == b->port_step && a->proto == b->proto;
}

/* Whether two sets of ports meet, counted out where their steps differ. */
static bool ports_meet(const struct interval *a, const struct interval *b)
{
	if (a->port_last < b->port_first || b->port_last < a->port_first)
		return false;
	if (a->port_step == 1 && b->port_step == 1)
		return true;
	const struct interval *few = a->port_step >= b->port_step ? a : b, *many = few == a ? b : a;
	for (uint32_t port = few->port_first; port <= few->port_last; port += few->port_step)
		if (interval_has_port(many, (uint16_t)port))
			return true;
	return false;
}

bool interval_overlaps(const struct interval *a, const struct interval *b)
{
	if (!interval_same_place(a, b) || interval_has_ports(a) != interval_has_ports(b))
		return false;
	return !interval_has_ports(a) || ports_meet(a, b);
}

bool interval_within(const struct interval *part, const struct interval *whole)
{
	if (!interval_same_place(part, whole) || (whole->proto && whole->proto != part->proto) ||
	    interval_has_ports(part) != interval_has_ports(whole))
		return false;
	bool same_step = part->port_step % whole->port_step == 0;
	return part->port_first >= whole->port_first && part->port_last <= whole->port_last &&
	       (same_step || part->port_first == part->port_last) &&
	       interval_has_port(whole, part->port_first);
}

bool interval_is(const struct interval *a, const struct interval *b)
{
	return a->t0_ms == b->t0_ms && a->began == b->began && interval_same_held(a, b);
}

/* How much is said of an end. */
static unsigned weight(uint8_t end)
{
	static const uint8_t weights[] = {[SESSION_OPEN] = 0,
	    [SESSION_SEEN] = 1,
	    [SESSION_UNTIL] = 2,
	    [SESSION_INFERRED] = 3,
	    [SESSION_TOLD] = 4};
	return end < sizeof weights ? weights[end] : 0;
}

bool interval_newer(const struct interval *a, const struct interval *b)
{
	if (a->end != b->end)
		return weight(a->end) > weight(b->end);
	if (a->t1_ms != b->t1_ms) /* what is renewed goes on, what is concluded can only shrink */
		return a->end == SESSION_INFERRED ? a->t1_ms < b->t1_ms : a->t1_ms > b->t1_ms;
	return a->sure_ms > b->sure_ms;
}

int interval_order(const struct interval *a, const struct interval *b)
{
	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	if (a->bits != b->bits)
		return a->bits < b->bits ? -1 : 1;
	return addr_compare(&a->addr, &b->addr);
}
