/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who held an address at a time: one event of it, as its source told it. A lease is an address or
 * prefix of a line; a binding is what a carrier-grade NAT lent to an inside address: an outside
 * address, or some of its ports. Begin and end usually come as two records. */
#pragma once
#include "base/json.h"
#include "rec/addr.h"

enum session_kind { SESSION_LEASE, SESSION_BINDING };

enum session_edge {   /* how the time of a begin or an end is known */
	SESSION_OPEN, /* not at all; the time is 0 */
	SESSION_TOLD, /* the source says that it happened then */
	SESSION_SEEN, /* the source says that it is held at that time: begun before, not ended */
	SESSION_INFERRED, /* concluded from other records */
};

struct session_holder {
	union addr addr; /* of a binding: the inside address */
	uint32_t realm;
	uint16_t port; /* the inside port, where the binding is of a single one; 0: any */
};

struct session {
	struct prefix held; /* outside address of a binding; address or prefix of a lease */
	struct session_holder holder;
	int64_t t0_ms, t1_ms;             /* begin and end; 0 where the edge is SESSION_OPEN */
	int64_t exported_ms, received_ms; /* 0: unknown */
	uint32_t realm;                   /* of the address held: VRF or exporter group */
	uint32_t exporter;                /* number of the source, see exporter_name in decode.h */
	uint16_t port_first, port_last;   /* both 0: the whole address */
	uint16_t port_step;               /* every so many ports are held; 1: all of them */
	uint8_t proto;                    /* 0: any */
	uint8_t kind;                     /* enum session_kind */
	uint8_t begin, end;               /* enum session_edge: how t0_ms and t1_ms are known */
};

/* The record's place in the stream: when it was exported, else when what it tells happened. */
static inline int64_t session_time_ms(const struct session *s)
{
	return s->exported_ms ? s->exported_ms : s->t1_ms > s->t0_ms ? s->t1_ms : s->t0_ms;
}

/* INPUT where a value is impossible: times out of range or reversed, none at all, ports reversed,
 * no address held or no holder. */
int session_check(const struct session *s);
/* One line of `decode --json`; exporter is a name or "". */
void session_json(const struct session *s, const char *exporter, struct json *j);
/* The same for people, without the end of the line. */
void session_words(const struct session *s, const char *exporter, struct text *t);
