/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sFlow v5 datagrams -> flows: each sampled packet is one of one packet, with its own flags, and
 * says 1 in how many it stands for. Taken are flow samples, plain and expanded, with the start of
 * the frame (Ethernet, IPv4, IPv6 …) or with the fields of its IP header. Counter samples and
 * frames without IP are counted as ignored. sFlow has no clock: a packet's time is when its
 * datagram was received; in a file that does not say, it is the agent's uptime, counted from 1970.
 * What it misses: extended data (routes, NAT, users), dropped packets, other enterprises' formats.
 * Source: sFlow.org, "sFlow Version 5" (2004). */
#include "decode/datagram.h"
#include "decode/link.h"
#include "decode/packet.h"

enum { ADDR_V4 = 1, ADDR_V6 = 2 };
enum { SAMPLE_FLOW = 1, SAMPLE_COUNTERS, SAMPLE_FLOW_EXPANDED, SAMPLE_COUNTERS_EXPANDED };
enum { RECORD_FRAME = 1, RECORD_V4 = 3, RECORD_V6 = 4, RECORDS_MAX = 64 };
enum { SAMPLING_UNTOLD = 2 };

struct sample {
	struct datagram *d;
	int64_t time_ms;
	uint32_t sampling;
	const uint8_t *at;   /* for notes */
	const char *no_flow; /* why the last record made no flow */
	bool taken;
};

/* XDR pads to four bytes; every length here counts what it heads. */
static size_t header_bytes(uint32_t addr_type)
{
	if (addr_type != ADDR_V4 && addr_type != ADDR_V6)
		return 0;
	return addr_type == ADDR_V4 ? SFLOW_HEADER_BYTES : SFLOW_HEADER_BYTES + 12;
}

size_t sflow_length(const uint8_t *p, size_t n)
{
	if (n < 8)
		return SFLOW_HEADER_BYTES;
	size_t at = header_bytes(buf_peek_be32(p + 4));
	if (at == 0 || n < at)
		return at;
	uint32_t samples = buf_peek_be32(p + at - 4);
	if (samples == 0 || samples > SFLOW_SAMPLES_MAX)
		return 0;
	for (uint32_t i = 0; i < samples; i++) {
		if (n < at + 8)
			return at + 8;
		uint32_t bytes = buf_peek_be32(p + at + 4);
		if (bytes > UINT16_MAX || at + 8 + bytes > UINT16_MAX)
			return 0;
		at += 8 + bytes;
	}
	return at;
}

static struct flow *new_flow(struct sample *s)
{
	struct flow *f = batch_flow(s->d->out);
	f->packets = 1;
	f->start_ms = f->end_ms = s->time_ms;
	f->received_ms = s->d->received_ms;
	f->exporter = s->d->source->exporter;
	f->sampling = s->sampling;
	f->have = FLOW_PACKETS | FLOW_BYTES | FLOW_START | FLOW_END | FLOW_SAMPLING;
	s->taken = true;
	return f;
}

/* The kinds of frames of sFlow (header_protocol) that are read. */
static unsigned link_of(uint32_t protocol)
{
	static const uint8_t links[] = {[1] = LINK_ETHERNET,
	    [4] = LINK_FDDI,
	    [7] = LINK_PPP,
	    [11] = LINK_RAW,
	    [12] = LINK_RAW,
	    [14] = LINK_PPP_HDLC};
	return protocol < sizeof links ? links[protocol] : 0;
}

static void take_packet(struct sample *s, const struct packet *k)
{
	struct flow *f = new_flow(s);
	f->src = k->src;
	f->dst = k->dst;
	f->sport = k->sport;
	f->dport = k->dport;
	f->proto = k->proto;
	f->bytes = k->bytes;
	if (k->fragment_at)
		return; /* what is behind the IP header is in the first fragment only */
	if (k->proto == PROTO_TCP) {
		f->flags = k->flags;
		f->have |= FLOW_FLAGS;
	}
	if (k->proto == PROTO_ICMP || k->proto == PROTO_ICMP6) {
		f->icmp_type = k->icmp_type;
		f->icmp_code = k->icmp_code;
		f->have |= FLOW_ICMP;
	}
}

static void read_frame(struct sample *s, struct buf b)
{
	uint32_t protocol = buf_be32(&b), sent = buf_be32(&b), stripped = buf_be32(&b);
	size_t captured = buf_be32(&b), left = buf_left(&b);
	struct buf frame = buf_sub(&b, captured < left ? captured : left);
	unsigned link = link_of(protocol);
	struct packet k;
	bool other;
	s->no_flow = "sampled frames that hold no IP packet";
	if (b.bad || !link || link_strip(link, &frame, &other))
		return;
	uint64_t before = frame.at + (uint64_t)stripped;
	s->no_flow = "sampled headers that are too short";
	if (!packet_read(&k, &frame, sent > before ? sent - (uint32_t)before : 0))
		take_packet(s, &k);
}

/* The fields of an IP header, as some agents send them in place of the frame. */
static void read_fields(struct sample *s, struct buf b, bool v6)
{
	uint32_t bytes = buf_be32(&b), proto = buf_be32(&b);
	const uint8_t *addrs = buf_take(&b, v6 ? 32 : 8);
	uint32_t sport = buf_be32(&b), dport = buf_be32(&b), flags = buf_be32(&b);
	s->no_flow = "sampled headers that are too short";
	if (b.bad)
		return;
	struct flow *f = new_flow(s);
	f->src = v6 ? addr_v6(addrs) : addr_v4(buf_peek_be32(addrs));
	f->dst = v6 ? addr_v6(addrs + 16) : addr_v4(buf_peek_be32(addrs + 4));
	f->bytes = bytes;
	f->proto = (uint8_t)proto;
	f->sport = (uint16_t)sport;
	f->dport = (uint16_t)dport;
	if (proto == PROTO_TCP) {
		f->flags = (uint8_t)flags & 0x3f;
		f->have |= FLOW_FLAGS;
	}
	flow_take_icmp(f, false);
}

static void read_record(struct sample *s, uint32_t format, const struct buf *body)
{
	if (format == RECORD_FRAME)
		read_frame(s, *body);
	else if (format == RECORD_V4 || format == RECORD_V6)
		read_fields(s, *body, format == RECORD_V6);
}

/* The rate is said by every sample; for each of the agent's data sources it is believed as an
 * announcement is. Where none ever was, 1 in 2: it is sampled for sure, and must not pass for
 * complete. */
static uint32_t sampling_of(struct datagram *d, uint64_t data_source, uint32_t rate)
{
	struct announced *a = source_sampler(d->source, SOURCE_INTERFACE | data_source);
	struct announced passing = {0};
	a = a ? a : &passing;
	datagram_counts(d)->wrong_sampling += !announced_take(a, rate);
	if (d->source->forced)
		return d->source->forced;
	return a->interval ? a->interval : SAMPLING_UNTOLD;
}

static void read_flow_sample(struct sample *s, struct buf b, bool expanded)
{
	buf_skip(&b, 4); /* its sequence number */
	uint64_t data_source = buf_be(&b, expanded ? 8 : 4);
	uint32_t rate = buf_be32(&b);
	buf_skip(&b, expanded ? 24 : 16); /* pool, drops, interfaces */
	uint32_t records = buf_be32(&b);
	if (b.bad) {
		datagram_bad(s->d, s->at, "sFlow: a flow sample cut short");
		return;
	}
	s->sampling = sampling_of(s->d, data_source, rate);
	for (uint32_t i = 0; i < records && i < RECORDS_MAX && !s->taken; i++) {
		uint32_t format = buf_be32(&b), bytes = buf_be32(&b);
		struct buf body = buf_sub(&b, bytes);
		if (b.bad) {
			datagram_bad(s->d, s->at, "sFlow: a record longer than its sample");
			return;
		}
		read_record(s, format, &body);
	}
	if (!s->taken)
		batch_ignore(s->d->out, s->no_flow);
}

static void read_sample(struct sample *s, uint32_t type, const struct buf *body)
{
	if (type == SAMPLE_FLOW || type == SAMPLE_FLOW_EXPANDED)
		read_flow_sample(s, *body, type == SAMPLE_FLOW_EXPANDED);
	else
		batch_ignore(s->d->out, type == SAMPLE_COUNTERS || type == SAMPLE_COUNTERS_EXPANDED
					    ? "counter sample"
					    : "sFlow sample of another kind");
}

void sflow_read(struct datagram *d)
{
	struct buf b = buf_of(d->p, d->n);
	buf_skip(&b, 4);
	uint32_t addr_type = buf_be32(&b);
	const uint8_t *agent_at = buf_take(&b, addr_type == ADDR_V6 ? 16 : 4);
	uint32_t sub_agent = buf_be32(&b), number = buf_be32(&b), uptime = buf_be32(&b);
	uint32_t samples = buf_be32(&b);
	if (b.bad || !header_bytes(addr_type)) {
		datagram_bad(d, d->p, "sFlow: no header of version 5");
		return;
	}
	union addr agent =
	    addr_type == ADDR_V6 ? addr_v6(agent_at) : addr_v4(buf_peek_be32(agent_at));
	datagram_source(d, EXPORT_SFLOW, sub_agent, &agent);
	size_t flow_n = d->out->flow_n;
	for (uint32_t i = 0; i < samples && i < SFLOW_SAMPLES_MAX; i++) {
		struct sample s = {
		    .d = d, .at = d->p + b.at, .no_flow = "sampled headers of another kind"};
		s.time_ms = d->received_ms ? d->received_ms : uptime ? uptime : 1;
		uint32_t type = buf_be32(&b), bytes = buf_be32(&b);
		struct buf body = buf_sub(&b, bytes);
		if (b.bad) {
			datagram_bad(d, s.at, "sFlow: a sample longer than its datagram");
			break;
		}
		read_sample(&s, type, &body);
	}
	uint32_t taken = (uint32_t)(d->out->flow_n - flow_n);
	datagram_sequence(d, &(struct sequence_step){number, taken, uptime, uptime, false});
}
