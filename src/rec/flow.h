/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One exported flow, as its source gave it: host byte order, nothing judged. `have` says what the
 * source really sent; a field without its bit is zero and means nothing. */
#pragma once
#include "base/json.h"
#include "base/when.h"
#include "rec/addr.h"
#include "rec/proto.h"

enum flow_have {
	FLOW_PACKETS = 1 << 0,
	FLOW_BYTES = 1 << 1,
	FLOW_RPACKETS = 1 << 2, /* counts of the way back: the record is a biflow */
	FLOW_RBYTES = 1 << 3,
	FLOW_FLAGS = 1 << 4,  /* TCP flags of src -> dst, cumulative (OR over the packets) */
	FLOW_RFLAGS = 1 << 5, /* of dst -> src */
	FLOW_BOTH_WAYS =
	    1 << 6, /* the source looks at both directions: counts of 0 back mean silence */
	FLOW_START = 1 << 7, /* start_ms is known */
	FLOW_END = 1 << 8,
	FLOW_SRC_FIRST = 1 << 9, /* the source says that src sent the first packet it saw */
	FLOW_ICMP = 1 << 10,     /* icmp_type, icmp_code */
	FLOW_SAMPLING = 1 << 11, /* sampling was announced (1 means unsampled) */
	FLOW_NAT_SRC = 1 << 12,  /* nat_src, nat_sport: the source after NAT */
};

enum flow_reason { /* IPFIX flowEndReason (136), RFC 5102 5.11.3 */
	FLOW_REASON_NONE,
	FLOW_REASON_IDLE,
	FLOW_REASON_ACTIVE,
	FLOW_REASON_FIN,
	FLOW_REASON_FORCED,
	FLOW_REASON_LACK,
};

struct flow {
	union addr src, dst, nat_src;
	int64_t start_ms, end_ms;                  /* first and last packet */
	int64_t exported_ms, received_ms;          /* 0: unknown */
	uint64_t packets, bytes, rpackets, rbytes; /* as exported: not multiplied by the sampling */
	uint32_t have;                             /* enum flow_have */
	uint32_t sampling;                         /* 1 in N packets */
	uint32_t exporter; /* number of the source, see exporter_name in decode.h */
	uint32_t realm;    /* VRF or exporter group, 0: the only one */
	uint16_t sport, dport, nat_sport;
	uint8_t proto, flags, rflags, icmp_type, icmp_code;
	uint8_t reason; /* enum flow_reason */
	char state[16]; /* Zeek's or Argus's word for it, else "" */
};

enum { FLOW_RECEIVED_MAX_MS = 3600000 };

/* The record's place in the stream: when it was exported; else when a collector received it, if
 * that is within an hour of its end (a replayed capture is received at another time altogether);
 * else its end (design.md 1). */
static inline int64_t flow_time_ms(const struct flow *f)
{
	if (f->exported_ms)
		return f->exported_ms;
	int64_t behind_ms = f->received_ms - f->end_ms;
	bool live = behind_ms >= -FLOW_RECEIVED_MAX_MS && behind_ms <= FLOW_RECEIVED_MAX_MS;
	return f->received_ms && (live || !f->end_ms) ? f->received_ms : f->end_ms;
}

/* Each is a time or unknown. */
bool flow_times_ok(const struct flow *f);
/* INPUT where a value is impossible: times out of range or reversed, no time at all. Asked of every
 * record, hence the short way. */
static inline int flow_check(const struct flow *f)
{
	enum { BOTH = FLOW_START | FLOW_END };
	uint64_t all = (uint64_t)(f->start_ms | f->end_ms | f->exported_ms | f->received_ms);
	bool ok = all <= (uint64_t)WHEN_MAX_MS >> 1 || flow_times_ok(f);
	bool reversed = (f->have & BOTH) == BOTH && f->end_ms < f->start_ms;
	return ok && !reversed && flow_time_ms(f) ? ERR_OK : ERR_INPUT;
}

/* False where it was exported more than an hour before it was: that clock cannot be relied on. */
static inline bool flow_clock_is_right(const struct flow *f)
{
	int64_t latest_ms = f->exported_ms + FLOW_RECEIVED_MAX_MS;
	return !f->exported_ms || (f->end_ms <= latest_ms && f->start_ms <= latest_ms);
}

/* One line of `decode --json`; exporter is a name or "". */
void flow_json(const struct flow *f, const char *exporter, struct json *j);
