/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Suricata's EVE, one JSON object a line: the events `flow` -> flows, `dns` -> DNS records; all
 * others are ignored. Suricata looks at both directions and knows who sent the first packet it saw.
 * Its bytes are those of whole frames.
 *
 * Look-ups come in three versions: answers as one event each (1), as one event with `answers` or
 * `grouped` (2), and with `queries` (3). A query and its answer are joined by the flow and the DNS
 * id. Events of version 1 that follow each other are one answer.
 *
 * Flow events carry the time of logging; a capture that is read gives them its first time, which is
 * told from a real one by being before the flow's end. TCP flags of 0 both ways are taken for
 * unknown.
 *
 * Source: the Suricata user guide, "Eve JSON Format"; events that Suricata 7 wrote. */
#include "base/jsonin.h"
#include "base/lines.h"
#include "base/when.h"
#include "decode/argus.h"
#include "decode/dnspair.h"
#include "decode/logline.h"
#include <string.h>

enum { ANSWERS_MAX = 64, SNIFF_LINES_MAX = 8, PORT_DNS = 53, DNS_ID_BITS = 16 };
enum { WAIT_MS = 60000 }; /* Suricata's threads write as they come: by seconds out of order */

struct eve {
	const struct decode_env *env;
	uint32_t exporter;
	struct lines lines;
	struct jsonin in;
	struct dnspair pairs;
	struct dns held; /* an answer of version 1, to which more events may belong */
	struct hash held_key;
	bool holds;
};

static void eve_open(void *state, const struct decode_env *env)
{
	struct eve *e = state;
	e->env = env;
	e->exporter = exporter_number(env->exporters, "suricata");
	dnspair_init(&e->pairs);
	e->pairs.wait_ms = WAIT_MS;
}

static void eve_close(void *state)
{
	struct eve *e = state;
	jsonin_fini(&e->in);
	dnspair_fini(&e->pairs);
}

static bool time_of(const struct eve *e, const struct jsonin *in, const char *key, int64_t *ms)
{
	struct span text;
	return jsonin_string(in, key, &text) && when_parse(text, e->env->zone_ms, ms) &&
	       *ms >= WHEN_MIN_MS && *ms <= WHEN_MAX_MS;
}

static bool addr_of(const struct eve *e, const char *key, union addr *a)
{
	struct span text;
	return jsonin_string(&e->in, key, &text) && addr_parse(text, a);
}

/* True where there is none, too. */
static bool port_of(const struct eve *e, const char *key, uint16_t *port)
{
	uint64_t v = 0;
	if (jsonin_uint(&e->in, key, &v) && v > UINT16_MAX)
		return false;
	*port = (uint16_t)v;
	return true;
}

static void counters(const struct jsonin *flow, struct flow *f)
{
	f->have |= FLOW_BOTH_WAYS | FLOW_SRC_FIRST;
	f->have |= jsonin_uint(flow, "pkts_toserver", &f->packets) ? FLOW_PACKETS : 0;
	f->have |= jsonin_uint(flow, "pkts_toclient", &f->rpackets) ? FLOW_RPACKETS : 0;
	f->have |= jsonin_uint(flow, "bytes_toserver", &f->bytes) ? FLOW_BYTES : 0;
	f->have |= jsonin_uint(flow, "bytes_toclient", &f->rbytes) ? FLOW_RBYTES : 0;
}

static uint8_t flags_of(const struct eve *e, const char *key)
{
	struct span hex;
	char text[8];
	uint64_t v = 0;
	if (!jsonin_string(&e->in, key, &hex) || hex.n > 4)
		return 0;
	memcpy(text, "0x", 2);
	memcpy(text + 2, hex.p, hex.n);
	return argus_number((struct span){text, hex.n + 2}, &v) ? (uint8_t)v : 0;
}

static void flags(const struct eve *e, struct flow *f)
{
	uint64_t type, code;
	bool icmp = f->proto == PROTO_ICMP || f->proto == PROTO_ICMP6;
	if (f->proto == PROTO_TCP) {
		f->flags = flags_of(e, "tcp.tcp_flags_ts");
		f->rflags = flags_of(e, "tcp.tcp_flags_tc");
		f->have |= f->flags || f->rflags ? FLOW_FLAGS | FLOW_RFLAGS : 0;
	}
	if (icmp && jsonin_uint(&e->in, "icmp_type", &type) && type <= UINT8_MAX &&
	    jsonin_uint(&e->in, "icmp_code", &code) && code <= UINT8_MAX) {
		f->icmp_type = (uint8_t)type;
		f->icmp_code = (uint8_t)code;
		f->have |= FLOW_ICMP;
	}
}

static void reason(const struct jsonin *flow, struct flow *f)
{
	struct span word, state = {"", 0};
	(void)jsonin_string(flow, "state", &state);
	if (!jsonin_string(flow, "reason", &word))
		return;
	if (span_is(word, "timeout"))
		f->reason = span_is(state, "closed") ? FLOW_REASON_FIN : FLOW_REASON_IDLE;
	else if (span_is(word, "forced") || span_is(word, "shutdown"))
		f->reason = FLOW_REASON_FORCED;
}

/* What is wrong with the event, or NULL. */
static const char *read_flow(struct eve *e, struct flow *f)
{
	struct jsonin flow;
	int64_t logged_ms;
	if (!jsonin_object(&e->in, "flow", &flow))
		return "a flow event without its flow";
	if (!addr_of(e, "src_ip", &f->src) || !addr_of(e, "dest_ip", &f->dst))
		return "no readable address";
	if (!port_of(e, "src_port", &f->sport) || !port_of(e, "dest_port", &f->dport))
		return "no readable port";
	if (!time_of(e, &flow, "start", &f->start_ms) || !time_of(e, &flow, "end", &f->end_ms))
		return "no readable time";
	f->have |= FLOW_START | FLOW_END;
	if (time_of(e, &e->in, "timestamp", &logged_ms) && logged_ms >= f->end_ms)
		f->exported_ms = logged_ms;
	f->exporter = e->exporter;
	counters(&flow, f);
	flags(e, f);
	reason(&flow, f);
	return flow_check(f) == ERR_OK ? NULL : "an impossible time";
}

static void flow_event(struct eve *e, uint64_t offset, struct batch *out)
{
	struct span proto = {"", 0};
	struct flow *f = batch_flow(out);
	(void)jsonin_string(&e->in, "proto", &proto);
	f->proto = argus_proto(proto);
	const char *wrong = f->proto ? read_flow(e, f) : NULL;
	if (f->proto && !wrong)
		return;
	batch_undo_flow(out);
	if (wrong)
		batch_bad(out, offset, wrong);
	else
		batch_ignore(out, "traffic of an unknown protocol");
}

static void add_data(struct dns *r, uint16_t type, struct span data)
{
	union addr a;
	if (type == DNS_A || type == DNS_AAAA) {
		if (addr_parse(data, &a))
			dns_add_addr(r, &a);
	} else {
		dns_add_other(r, data.p, data.n);
	}
}

/* A record with rrtype, rdata and ttl: an element of `answers`, or an event of version 1, where the
 * SOA is that of a name which does not exist. */
static void add_answer(struct dns *r, const struct jsonin *a)
{
	struct span word = {"", 0}, data;
	uint64_t ttl;
	(void)jsonin_string(a, "rrtype", &word);
	uint16_t type = dns_type_of(word);
	if (type == DNS_SOA)
		return;
	if (jsonin_string(a, "rdata", &data))
		add_data(r, type, data);
	if (!jsonin_uint(a, "ttl", &ttl) || ttl > INT32_MAX)
		return;
	if (!r->has_ttl || ttl < r->ttl_s)
		r->ttl_s = (uint32_t)ttl;
	r->has_ttl = true;
}

static void add_grouped(struct dns *r, const struct jsonin *dns)
{
	static const struct {
		const char *key;
		uint16_t type;
	} groups[] = {{"grouped.A", DNS_A}, {"grouped.AAAA", DNS_AAAA},
	    {"grouped.CNAME", DNS_CNAME}, {"grouped.MX", DNS_MX}, {"grouped.NS", DNS_NS},
	    {"grouped.PTR", DNS_PTR}, {"grouped.TXT", DNS_TXT}};
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
		size_t n = jsonin_list(dns, groups[g].key);
		struct span data;
		for (size_t i = 0; i < n && i < ANSWERS_MAX; i++)
			if (jsonin_list_string(dns, groups[g].key, i, &data))
				add_data(r, groups[g].type, data);
	}
}

/* The question of the event, or the first of `queries`. */
static bool read_question(const struct jsonin *dns, struct dns *r)
{
	struct jsonin at = *dns;
	struct span name, type = {"", 0};
	if (!jsonin_string(&at, "rrname", &name) &&
	    (!jsonin_list_object(dns, "queries", 0, &at) || !jsonin_string(&at, "rrname", &name)))
		return false;
	(void)jsonin_string(&at, "rrtype", &type);
	r->qtype = dns_type_of(type);
	return log_name(r, name);
}

static bool read_response(const struct jsonin *dns, struct dns *r)
{
	struct span word;
	struct jsonin answer;
	r->rcode = DNS_NOERROR;
	if (jsonin_string(dns, "rcode", &word))
		r->rcode = dns_rcode_of(word);
	size_t n = jsonin_list(dns, "answers");
	for (size_t i = 0; i < n && i < ANSWERS_MAX; i++)
		if (jsonin_list_object(dns, "answers", i, &answer))
			add_answer(r, &answer);
	add_grouped(r, dns);
	return r->rcode != DNS_RCODE_NONE;
}

/* Client and server: an answer's event has the ends of its flow or those of its packet. */
static bool read_ends(const struct eve *e, bool response, bool version1, struct dns *r)
{
	union addr src, dst;
	uint16_t sport, dport;
	if (!addr_of(e, "src_ip", &src) || !addr_of(e, "dest_ip", &dst) ||
	    !port_of(e, "src_port", &sport) || !port_of(e, "dest_port", &dport))
		return false;
	bool swap = response && dport != PORT_DNS && (sport == PORT_DNS || version1);
	r->client = swap ? dst : src;
	r->server = swap ? src : dst;
	r->client_port = swap ? dport : sport;
	return true;
}

static struct hash key_of(const struct eve *e, const struct jsonin *dns, const struct dns *r)
{
	struct dns ends = {.client = r->client, .server = r->server, .client_port = r->client_port};
	uint64_t id = 0, flow = 0;
	(void)jsonin_uint(dns, "id", &id);
	(void)jsonin_uint(&e->in, "flow_id", &flow);
	return dnspair_key(&e->pairs, &ends, flow << DNS_ID_BITS ^ id);
}

/* The answer of version 1 has no more events. */
static void release(struct eve *e, struct batch *out)
{
	if (!e->holds)
		return;
	e->holds = false;
	*batch_dns(out) = e->held;
	dnspair_take(&e->pairs, e->held_key, true, e->held.time_ms, out);
}

static bool same(struct hash a, struct hash b)
{
	return a.a == b.a && a.b == b.b;
}

static void hold(struct eve *e, const struct jsonin *dns, struct hash key, const struct dns *r,
    struct batch *out)
{
	if (!e->holds || !same(e->held_key, key)) {
		release(e, out);
		e->held = *r;
		e->held_key = key;
		e->holds = true;
	}
	add_answer(&e->held, dns);
}

static const char *dns_event(struct eve *e, struct batch *out)
{
	struct jsonin dns;
	struct span type;
	struct dns r = {.rcode = DNS_RCODE_NONE};
	if (!jsonin_object(&e->in, "dns", &dns) || !jsonin_string(&dns, "type", &type))
		return "a dns event without its dns";
	bool response = span_is(type, "answer") || span_is(type, "response");
	bool whole =
	    jsonin_list(&dns, "answers") || jsonin_object(&dns, "grouped", &(struct jsonin){0});
	uint64_t version = 1;
	bool version1 = !jsonin_uint(&dns, "version", &version) && !whole && response;
	if (!response && !span_is(type, "query") && !span_is(type, "request"))
		return "a dns event of an unknown type";
	if (!time_of(e, &e->in, "timestamp", &r.time_ms))
		return "no readable time";
	if (!read_ends(e, response, version1, &r))
		return "no readable address";
	if (!read_question(&dns, &r))
		return "no readable name";
	if (response && !read_response(&dns, &r))
		return "no readable rcode";
	struct hash key = key_of(e, &dns, &r);
	if (version1) {
		hold(e, &dns, key, &r, out);
		return NULL;
	}
	release(e, out);
	*batch_dns(out) = r;
	dnspair_take(&e->pairs, key, response, r.time_ms, out);
	(void)dnspair_advance(&e->pairs, r.time_ms, out);
	return NULL;
}

static void read_line(struct eve *e, struct span line, uint64_t offset, struct batch *out)
{
	struct span type = {"", 0};
	if (span_trim(line).n == 0)
		return;
	bool whole = jsonin_read(&e->in, line) && jsonin_string(&e->in, "event_type", &type);
	if (whole && span_is(type, "dns")) {
		const char *wrong = dns_event(e, out);
		if (wrong)
			batch_bad(out, offset, wrong);
		return;
	}
	release(e, out);
	if (!whole)
		batch_bad(out, offset, "a line that is not an event");
	else if (span_is(type, "flow"))
		flow_event(e, offset, out);
	else
		batch_ignore(out, "events that are no flow and no look-up");
}

static size_t eve_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct eve *e = state;
	struct buf b = buf_of(p, n);
	while (!batch_full(out)) {
		struct span line;
		uint64_t at = offset + b.at;
		enum lines_found got = lines_next(&e->lines, &b, last, &line);
		if (got == LINES_MORE)
			break;
		if (got == LINES_LONG)
			batch_bad(out, at, "a line longer than 1 MiB");
		else
			read_line(e, line, at, out);
	}
	return b.at;
}

static bool eve_flush(void *state, struct batch *out)
{
	struct eve *e = state;
	release(e, out);
	return dnspair_flush(&e->pairs, out);
}

static bool holds(struct span line, const char *word)
{
	return memmem(line.p, line.n, word, strlen(word)) != NULL;
}

static int eve_sniff(const uint8_t *p, size_t n)
{
	struct span rest = {(const char *)p, n};
	for (int i = 0; rest.p && i < SNIFF_LINES_MAX; i++) {
		struct span line = span_trim(span_cut(&rest, '\n'));
		if (line.n)
			return line.p[0] == '{' && holds(line, "\"event_type\"") ? 95 : 0;
	}
	return 0;
}

const struct decoder decoder_eve = {
    .name = "eve",
    .summary = "flow and dns events of Suricata (EVE JSON)",
    .source = "Suricata user guide, Eve JSON Format",
    .state_bytes = sizeof(struct eve),
    .sniff = eve_sniff,
    .open = eve_open,
    .decode = eve_decode,
    .flush = eve_flush,
    .close = eve_close,
};
