/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who held an address, a prefix, or ports of an address, and from when to when: what became of one
 * or several session events. Times are Unix milliseconds; begin belongs to the interval, end does
 * not. An interval is found again by what is held, its begin and the record that says so; of two
 * such the one that says more of the end is the newer.
 * Tables find it by cells: the whole address, 256 ports each, or one port. */
#pragma once
#include "rec/session.h"

enum interval_holder { HOLDER_LINE, HOLDER_INSIDE };
#define INTERVAL_EVER_MS INT64_MAX

struct interval {
	union addr addr; /* host bits are zero */
	union {
		union addr inside; /* HOLDER_INSIDE: the address behind the NAT */
		uint32_t line;     /* HOLDER_LINE: number of an identifier; 0: nobody was named */
	};
	int64_t t0_ms, t1_ms;  /* t1: EVER while nothing ended it */
	int64_t sure_ms;       /* what lies between this and the end is not known for sure */
	uint64_t began, ended; /* digests of the records that say so; 0: none */
	uint32_t realm, inside_realm;
	uint16_t port_first, port_last, port_step; /* both 0: the whole address */
	uint16_t inside_port;                      /* 0: any */
	uint8_t bits;                              /* prefix length of 128 */
	uint8_t proto;                             /* 0: any */
	uint8_t begin, end;                        /* enum session_edge */
	uint8_t holder;                            /* enum interval_holder */
	uint8_t spare;
};

enum { CELL_ALL = 0, CELL_RANGE = 1, CELL_PORT = 512, CELL_N = CELL_PORT + 65536 };
enum { INTERVAL_CELLS = 32 }; /* an interval over more cells stands in CELL_ALL */

/* Which record it is: the same for the same content, whenever and from whomever it came. */
uint64_t session_digest(const struct session *s);
/* When it happened, which orders the events of a source. */
int64_t session_event_ms(const struct session *s);

/* What the event says, with begin and end as told; the line is 0 yet. */
struct interval interval_of(const struct session *s);
/* The cells it stands in; how many. */
size_t interval_cells(const struct interval *v, uint32_t cells[INTERVAL_CELLS]);

static inline bool interval_has_ports(const struct interval *v)
{
	return v->port_first || v->port_last;
}

/* True of an interval without ports. */
static inline bool interval_has_port(const struct interval *v, uint16_t port)
{
	return !interval_has_ports(v) ||
	       (port >= v->port_first && port <= v->port_last &&
		   (v->port_step < 2 || (port - v->port_first) % v->port_step == 0));
}

static inline bool interval_has_proto(const struct interval *v, uint8_t proto)
{
	return !proto || !v->proto || v->proto == proto;
}

/* Whether some of lo .. hi, both included, lies in it. */
static inline bool interval_touches(const struct interval *v, int64_t lo_ms, int64_t hi_ms)
{
	return v->t0_ms <= hi_ms && (lo_ms < v->t1_ms || lo_ms <= v->t0_ms);
}

static inline bool interval_same_holder(const struct interval *a, const struct interval *b)
{
	if (a->holder != b->holder)
		return false;
	return a->holder == HOLDER_LINE
		   ? a->line == b->line
		   : a->inside_realm == b->inside_realm && addr_same(&a->inside, &b->inside) &&
			 a->inside_port == b->inside_port;
}

static inline bool interval_same_place(const struct interval *a, const struct interval *b)
{
	return a->realm == b->realm && a->bits == b->bits && addr_same(&a->addr, &b->addr);
}

/* The same address, ports and protocol. */
bool interval_same_held(const struct interval *a, const struct interval *b);
/* Both are of whole addresses or both of ports, and something of one is held by the other. */
bool interval_overlaps(const struct interval *a, const struct interval *b);
/* Everything that `part` holds is held by `whole`. */
bool interval_within(const struct interval *part, const struct interval *whole);
/* Both speak of the same interval. */
bool interval_is(const struct interval *a, const struct interval *b);
/* Of two that speak of the same interval: whether a was said later than b. */
bool interval_newer(const struct interval *a, const struct interval *b);
/* By realm, prefix length, address; 0: the same place. */
int interval_order(const struct interval *a, const struct interval *b);
