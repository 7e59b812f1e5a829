/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of Zeek's conn.log -> struct flow. Times are those of the first and last packet; bytes are
 * those of the IP packets, or of the payload where Zeek did not count packets. Zeek looks at both
 * directions, so that nothing back is silence. Flags come from `history`, whose letters say what
 * was seen at least once (upper case: by the originator), else from conn_state.
 *
 * What it misses: Zeek does not count packets with a bad checksum (history C, c), as offloading
 * network cards make them; a side that has only such packets is taken as not told. A connection
 * that Zeek turned round by a guess (history ^) has no certain first packet.
 *
 * Source: docs.zeek.org, base/protocols/conn/main.zeek (Conn::Info). */
#include "decode/zeek.h"
#include "base/when.h"
#include <string.h>

const char *const zeek_names[ZEEK_FIELDS] = {
    [ZEEK_TS] = "ts",
    [ZEEK_ORIG_H] = "id.orig_h",
    [ZEEK_ORIG_P] = "id.orig_p",
    [ZEEK_RESP_H] = "id.resp_h",
    [ZEEK_RESP_P] = "id.resp_p",
    [ZEEK_PROTO] = "proto",
    [ZEEK_IP_PROTO] = "ip_proto",
    [ZEEK_DURATION] = "duration",
    [ZEEK_ORIG_BYTES] = "orig_bytes",
    [ZEEK_RESP_BYTES] = "resp_bytes",
    [ZEEK_CONN_STATE] = "conn_state",
    [ZEEK_HISTORY] = "history",
    [ZEEK_ORIG_PKTS] = "orig_pkts",
    [ZEEK_ORIG_IP_BYTES] = "orig_ip_bytes",
    [ZEEK_RESP_PKTS] = "resp_pkts",
    [ZEEK_RESP_IP_BYTES] = "resp_ip_bytes",
    [ZEEK_QUERY] = "query",
    [ZEEK_QTYPE] = "qtype",
    [ZEEK_QTYPE_NAME] = "qtype_name",
    [ZEEK_RCODE] = "rcode",
    [ZEEK_RCODE_NAME] = "rcode_name",
    [ZEEK_ANSWERS] = "answers",
    [ZEEK_TTLS] = "TTLs",
};

enum zeek_log zeek_log_of(struct span path)
{
	return span_is(path, "conn") ? ZEEK_CONN : span_is(path, "dns") ? ZEEK_DNS : ZEEK_OTHER;
}

enum zeek_log zeek_log_with(uint32_t fields)
{
	const uint32_t ends = 1u << ZEEK_ORIG_H | 1u << ZEEK_RESP_H | 1u << ZEEK_PROTO;
	const uint32_t conn = 1u << ZEEK_CONN_STATE | 1u << ZEEK_ORIG_PKTS | 1u << ZEEK_ORIG_BYTES;
	const uint32_t dns = 1u << ZEEK_QUERY | 1u << ZEEK_QTYPE | 1u << ZEEK_QTYPE_NAME;
	if ((fields & ends) != ends)
		return ZEEK_OTHER;
	return fields & conn ? ZEEK_CONN : fields & dns ? ZEEK_DNS : ZEEK_OTHER;
}

void zeek_open(struct zeek *z, const struct decode_env *env)
{
	z->env = env;
	z->exporter = exporter_number(env->exporters, "zeek");
}

bool zeek_time(const struct zeek *z, const struct zeek_row *row, int64_t *us)
{
	int64_t ms;
	struct span ts = row->f[ZEEK_TS];
	if (when_micros(ts, us))
		return *us >= WHEN_MIN_MS * 1000;
	if (!when_parse(ts, z->env->zone_ms, &ms) || ms < WHEN_MIN_MS || ms > WHEN_MAX_MS)
		return false;
	*us = ms * 1000;
	return true;
}

bool zeek_port(struct span s, uint16_t *port)
{
	uint64_t v;
	if (!span_uint(s, &v) || v > UINT16_MAX)
		return false;
	*port = (uint16_t)v;
	return true;
}

void zeek_history(struct span history, struct flow *f)
{
	static const uint8_t seen[26] = {['s' - 'a'] = TCP_SYN,
	    ['h' - 'a'] = TCP_SYN | TCP_ACK,
	    ['a' - 'a'] = TCP_ACK,
	    ['d' - 'a'] = TCP_PSH | TCP_ACK,
	    ['f' - 'a'] = TCP_FIN,
	    ['r' - 'a'] = TCP_RST,
	    ['q' - 'a'] = TCP_SYN};
	uint8_t flags[2] = {0, 0};
	bool blind[2] = {false, false};
	for (size_t i = 0; i < history.n; i++) {
		bool back = history.p[i] >= 'a';
		char letter = (char)(history.p[i] | 0x20);
		if (letter < 'a' || letter > 'z')
			continue;
		flags[back] |= seen[letter - 'a'];
		blind[back] |= letter == 'c';
	}
	f->flags = flags[0];
	f->rflags = flags[1];
	f->have |=
	    (flags[0] || !blind[0] ? FLOW_FLAGS : 0u) | (flags[1] || !blind[1] ? FLOW_RFLAGS : 0u);
}

void zeek_state(struct span conn_state, struct flow *f)
{
	enum {
		S = TCP_SYN,
		A = TCP_ACK,
		F = TCP_FIN,
		R = TCP_RST,
		BOTH = FLOW_FLAGS | FLOW_RFLAGS
	};
	static const struct {
		const char *word;
		uint32_t have;
		uint8_t flags, rflags;
	} states[] = {
	    {"S0", BOTH, S, 0},
	    {"S1", BOTH, S | A, S | A},
	    {"SF", BOTH, S | A | F, S | A | F},
	    {"REJ", BOTH, S, R | A},
	    {"S2", BOTH, S | A | F, S | A},
	    {"S3", BOTH, S | A, S | A | F},
	    {"RSTO", BOTH, S | A | R, S | A},
	    {"RSTR", BOTH, S | A, S | A | R},
	    {"RSTOS0", BOTH, S | R, 0},
	    {"RSTRH", BOTH, 0, S | A | R},
	    {"SH", BOTH, S | F, 0},
	    {"SHR", BOTH, 0, S | A | F},
	}; /* OTH: midstream, nothing is known */
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (span_is(conn_state, states[i].word)) {
			f->have |= states[i].have;
			f->flags = states[i].flags;
			f->rflags = states[i].rflags;
		}
}

/* Whether the originator's was the first packet: Zeek calls the other side originator where it saw
 * the responder's answer only, or guessed by the ports. */
static bool orig_first(struct span history, struct span state)
{
	if (history.n == 0)
		return !span_is(state, "SHR") && !span_is(state, "RSTRH");
	bool upper = history.p[0] >= 'A' && history.p[0] <= 'Z';
	return upper && !memchr(history.p, '^', history.n);
}

static void count(struct span s, uint64_t *v, uint32_t bit, struct flow *f)
{
	if (span_uint(s, v))
		f->have |= bit;
}

static void counts(const struct zeek_row *row, struct flow *f)
{
	count(row->f[ZEEK_ORIG_PKTS], &f->packets, FLOW_PACKETS, f);
	count(row->f[ZEEK_RESP_PKTS], &f->rpackets, FLOW_RPACKETS, f);
	bool ip = row->f[ZEEK_ORIG_IP_BYTES].p;
	count(row->f[ip ? ZEEK_ORIG_IP_BYTES : ZEEK_ORIG_BYTES], &f->bytes, FLOW_BYTES, f);
	ip = row->f[ZEEK_RESP_IP_BYTES].p;
	count(row->f[ip ? ZEEK_RESP_IP_BYTES : ZEEK_RESP_BYTES], &f->rbytes, FLOW_RBYTES, f);
}

/* Counts of 0 are no fact on a side whose packets had bad checksums. */
static void doubt_counts(struct span history, struct flow *f)
{
	if (history.n == 0)
		return;
	if (memchr(history.p, 'C', history.n) && f->packets == 0)
		f->have &= ~(uint32_t)(FLOW_PACKETS | FLOW_BYTES);
	if (memchr(history.p, 'c', history.n) && f->rpackets == 0)
		f->have &= ~(uint32_t)(FLOW_RPACKETS | FLOW_RBYTES);
}

/* The "ports" of an ICMP row are its type and its code; for types that have a counterpart, the
 * second is the type of the answer. */
static void icmp(struct flow *f)
{
	static const uint8_t pairs[][2] = {{0, 8}, {9, 10}, {13, 14}, {15, 16}, {17, 18},
	    {128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}};
	uint16_t type = f->sport, code = f->dport;
	f->sport = f->dport = 0;
	if (!addr_is_v4(&f->src))
		f->proto = PROTO_ICMP6;
	if (type > UINT8_MAX || code > UINT8_MAX)
		return;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if ((type == pairs[i][0] && code == pairs[i][1]) ||
		    (type == pairs[i][1] && code == pairs[i][0]))
			code = 0;
	f->icmp_type = (uint8_t)type;
	f->icmp_code = (uint8_t)code;
	f->have |= FLOW_ICMP;
}

static uint8_t proto_of(const struct zeek_row *row)
{
	struct span word = row->f[ZEEK_PROTO];
	uint64_t number;
	if (span_is(word, "tcp"))
		return PROTO_TCP;
	if (span_is(word, "udp"))
		return PROTO_UDP;
	if (span_is(word, "icmp"))
		return PROTO_ICMP;
	return span_uint(row->f[ZEEK_IP_PROTO], &number) && number <= UINT8_MAX ? (uint8_t)number
										: 0;
}

static const char *times(const struct zeek *z, const struct zeek_row *row, struct flow *f)
{
	int64_t us, duration_us = 0;
	if (!zeek_time(z, row, &us))
		return "no readable time";
	if (row->f[ZEEK_DURATION].p && !when_micros(row->f[ZEEK_DURATION], &duration_us))
		return "no readable duration";
	f->start_ms = us / 1000;
	f->end_ms = (us + duration_us) / 1000;
	f->have |= FLOW_START | FLOW_END;
	return NULL;
}

/* Fills the flow; returns what is wrong with the row, or NULL. */
static const char *conn(const struct zeek *z, const struct zeek_row *row, struct flow *f)
{
	struct span history = row->f[ZEEK_HISTORY], state = row->f[ZEEK_CONN_STATE];
	const char *wrong = times(z, row, f);
	if (wrong)
		return wrong;
	if (!addr_parse(row->f[ZEEK_ORIG_H], &f->src) || !addr_parse(row->f[ZEEK_RESP_H], &f->dst))
		return "no readable address";
	if (!zeek_port(row->f[ZEEK_ORIG_P], &f->sport) ||
	    !zeek_port(row->f[ZEEK_RESP_P], &f->dport))
		return "no readable port";
	f->exporter = z->exporter;
	f->have |= FLOW_BOTH_WAYS | (orig_first(history, state) ? FLOW_SRC_FIRST : 0u);
	(void)str_copy(f->state, sizeof f->state, state.n ? state.p : "", state.n);
	counts(row, f);
	doubt_counts(history, f);
	if (f->proto == PROTO_ICMP)
		icmp(f);
	if (f->proto == PROTO_TCP && history.n)
		zeek_history(history, f);
	else if (f->proto == PROTO_TCP)
		zeek_state(state, f);
	return flow_check(f) == ERR_OK ? NULL : "an impossible time";
}

static void read_conn(
    const struct zeek *z, const struct zeek_row *row, uint64_t offset, struct batch *out)
{
	uint8_t proto = proto_of(row);
	if (row->f[ZEEK_PROTO].p && !proto) {
		batch_ignore(out, "a protocol that Zeek does not name");
		return;
	}
	struct flow *f = batch_flow(out);
	f->proto = proto;
	const char *wrong = row->f[ZEEK_PROTO].p ? conn(z, row, f) : "no protocol";
	if (wrong) {
		batch_undo_flow(out);
		batch_bad(out, offset, wrong);
	}
}

void zeek_read(struct zeek *z, enum zeek_log log, const struct zeek_row *row, uint64_t offset,
    struct batch *out)
{
	if (log == ZEEK_CONN) {
		read_conn(z, row, offset, out);
	} else if (log == ZEEK_DNS) {
		zeek_read_dns(z, row, offset, out);
	} else if (!z->told) {
		z->told = true;
		batch_ignore(out, "a Zeek log other than conn and dns");
	}
}
