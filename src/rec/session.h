/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who held an address at a time: one event of it, as its source told it. A lease is an address or
 * prefix of a line, told with the identifiers seen of it; a binding is what a carrier-grade NAT
 * lent to an inside address: an outside address, or some of its ports. Begin and end usually come
 * as two records. A lease without an address speaks of all that its NAS and session key hold; an
 * end without identifiers, of whoever holds the address. */
#pragma once
#include "base/json.h"
#include "rec/subject.h"

enum session_kind {
	SESSION_LEASE,
	SESSION_BINDING,
	SESSION_RESET, /* its NAS starts afresh: by t1 all that it had told has ended */
};

enum session_edge {   /* how the time of a begin or an end is known */
	SESSION_OPEN, /* not at all; the time is 0 */
	SESSION_TOLD, /* the source says that it happened then */
	/* The source says that it is held at that time: begun before, not ended. As an end it
	 * stands beside a begin that is told: RADIUS counts how long a session has lasted. It is
	 * then the session that began there; an address may have joined it later. */
	SESSION_SEEN,
	SESSION_INFERRED, /* concluded from other records */
	SESSION_UNTIL, /* of an end: then, unless something renews or ends it (a DHCP lifetime) */
};

/* What was seen of the holder of a lease, and which session it is. */
enum session_id {
	SESSION_USER = 1, /* RADIUS User-Name */
	SESSION_CUI,      /* RADIUS Chargeable-User-Identity, RFC 4372 */
	SESSION_CIRCUIT,  /* DHCP relay agent circuit-id, RFC 3046 */
	SESSION_REMOTE,   /* and remote-id */
	SESSION_ASSIGNED, /* what the operator's own list calls the line */
	SESSION_MAC,      /* six bytes, or as many as the hardware has */
	SESSION_DUID,     /* RFC 8415, 11 */
	SESSION_CLIENT,   /* DHCPv4 client identifier, RFC 2132, 9.14 */
	SESSION_NAS, /* who told it: NAS-Identifier, else the NAS's address as text; DHCP server */
	SESSION_KEY, /* the session's own name at that NAS: Acct-Session-Id; IAID */
	SESSION_ID_N
};

/* Identifiers one after the other: kind, length, that many bytes. Each kind stands once at most. */
enum { SESSION_IDS_MAX = 510 };
struct session_ids {
	uint16_t n;
	uint8_t bytes[SESSION_IDS_MAX];
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
	uint8_t flags;                    /* enum subject_flags, from the operator's own list */
	struct session_ids ids;           /* of a lease; none of a binding */
};

/* LIMIT: no room, or more than 255 bytes. An empty one, or one that is there already, is not added.
 */
int session_ids_add(struct session_ids *ids, enum session_id kind, struct span value);
/* The next from *at (0 at first), moved behind it; 0 at the end or where the bytes are damaged. */
enum session_id session_ids_next(const struct session_ids *ids, size_t *at, struct span *value);
/* Empty if it is not there. */
struct span session_ids_get(const struct session_ids *ids, enum session_id kind);

/* The record's place in the stream: when it was exported, else when what it tells happened. An end
 * that is only foreseen has not. */
static inline int64_t session_time_ms(const struct session *s)
{
	bool foreseen = s->end == SESSION_UNTIL && s->t0_ms;
	int64_t told_ms = s->t1_ms > s->t0_ms && !foreseen ? s->t1_ms : s->t0_ms;
	return s->exported_ms ? s->exported_ms : told_ms;
}

/* All its times that are told are so much earlier: the clock of its source runs ahead. */
void session_earlier(struct session *s, int64_t ms);
/* INPUT where a value is impossible: times out of range or reversed, none at all, ports reversed,
 * damaged identifiers, no holder, or no address held where no NAS and session key stand for it. */
int session_check(const struct session *s);
/* One line of `decode --json`; exporter is a name or "". */
void session_json(const struct session *s, const char *exporter, struct json *j);
/* The same for people, without the end of the line. */
void session_words(const struct session *s, const char *exporter, struct text *t);
