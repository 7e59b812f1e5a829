/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows for the tests of attribution, written short: the line is 10.0.0.1:40000, the peer
 * 198.51.100.7:23, unless a row says otherwise; times are seconds after T0. */
#pragma once
#include "attribute/attribute.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

enum { SYN = TCP_SYN, ACK = TCP_ACK, FIN = TCP_FIN, RST = TCP_RST, PSH = TCP_PSH };
enum { NOFLAGS = -1 };
#define T0 1767323045000ll

struct packet_row { /* one exported flow */
	const char *src, *dst;
	double at_s, end_s; /* after T0 */
	int flags, rflags;  /* NOFLAGS: not exported */
	uint64_t packets, rpackets;
	uint32_t have; /* further bits */
	uint32_t sampling, exporter;
	uint16_t sport, dport;
	uint8_t proto;     /* 0: TCP */
	uint8_t icmp_type; /* with FLOW_ICMP */
	const char *state; /* "refused" or NULL */
};

static inline union addr addr_of(const char *word)
{
	union addr a;
	assert_true(addr_parse(span_of(word), &a));
	return a;
}

static inline void flags_of(int flags, uint32_t bit, uint8_t *to, uint32_t *have)
{
	if (flags == NOFLAGS)
		return;
	*to = (uint8_t)flags;
	*have |= bit;
}

static inline struct flow flow_of(const struct packet_row *r)
{
	struct flow f = {.src = addr_of(r->src), .dst = addr_of(r->dst)};
	f.start_ms = T0 + (int64_t)(r->at_s * 1000);
	f.end_ms = T0 + (int64_t)((r->end_s > r->at_s ? r->end_s : r->at_s) * 1000);
	f.exported_ms = f.end_ms;
	f.proto = r->proto ? r->proto : PROTO_TCP;
	f.sport = r->sport;
	f.dport = r->dport;
	f.packets = r->packets ? r->packets : 1;
	f.bytes = f.packets * 40;
	f.rpackets = r->rpackets;
	f.rbytes = r->rpackets * 40;
	f.exporter = r->exporter;
	f.sampling = r->sampling;
	f.icmp_type = r->icmp_type;
	f.have = r->have | FLOW_PACKETS | FLOW_BYTES | FLOW_START | FLOW_END |
		 (r->sampling ? FLOW_SAMPLING : 0u);
	if (f.proto == PROTO_TCP) {
		flags_of(r->flags, FLOW_FLAGS, &f.flags, &f.have);
		if (r->have & FLOW_BOTH_WAYS)
			flags_of(r->rflags, FLOW_RFLAGS, &f.rflags, &f.have);
	}
	if (r->state)
		assert_true(str_copy(f.state, sizeof f.state, r->state, strlen(r->state)));
	return f;
}

struct attributed {
	struct attribute *a;
	struct contacts out;
	int64_t now_ms;
};

static inline struct attributed attributed_new(const char *inside, uint64_t conversations)
{
	struct attribute_options o = {.pair_wait_ms = 15000,
	    .idle_ms = 60000,
	    .active_ms = 1800000,
	    .conversations = conversations};
	struct attributed x = {.a = attribute_new(&o)};
	struct err e;
	if (inside)
		assert_int_equal(attribute_inside(x.a, inside, &e), ERR_OK);
	else
		attribute_inside_private(x.a);
	return x;
}

static inline void attributed_flow(struct attributed *x, const struct flow *f, int64_t now_ms)
{
	struct attribute_key k;
	attribute_look(x->a, f, &k);
	attribute_look_closer(x->a, &k);
	attribute_flow(x->a, f, &k, now_ms, &x->out);
}

static inline void attributed_add(struct attributed *x, const struct packet_row *r)
{
	struct flow f = flow_of(r);
	if (flow_time_ms(&f) > x->now_ms)
		x->now_ms = flow_time_ms(&f);
	attribute_advance(x->a, x->now_ms, &x->out);
	attributed_flow(x, &f, x->now_ms);
}

static inline void attributed_fini(struct attributed *x)
{
	attribute_free(x->a);
	free(x->out.v);
}
