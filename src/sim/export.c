/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Export datagrams: see export.h. Element numbers: IANA's IPFIX registry; 1 to 127 are NetFlow
 * v9's, too. */
#include "sim/export.h"
#include <string.h>

enum { TEMPLATE_V4 = 256, TEMPLATE_V6, TEMPLATE_SAMPLING };
enum { DOMAIN_ID = 1, LINE_SIDE = 1, NET_SIDE = 2, TEMPLATES_S = 60 };
enum { BOOT_BEFORE_MS = 86400000 };
enum { HEADERS = 14 + 20 + 8, V9_HEADER = 20, IPFIX_HEADER = 16 };

enum field_use { ALWAYS, V4, V6, V9_TIMES, IPFIX_ONLY, FLAGS, ICMP4, ICMP6 };
enum field_value {
	SRC,
	DST,
	SPORT,
	DPORT,
	PROTO,
	TCP,
	PACKETS,
	BYTES,
	FIRST,
	LAST,
	IN,
	OUT,
	ICMP,
	REASON
};

/* One row per element, in the order of the record. */
static const struct field {
	uint16_t element;
	uint8_t bytes, use, value;
} fields[] = {
    {8, 4, V4, SRC},             /* sourceIPv4Address */
    {12, 4, V4, DST},            /* destinationIPv4Address */
    {27, 16, V6, SRC},           /* sourceIPv6Address */
    {28, 16, V6, DST},           /* destinationIPv6Address */
    {7, 2, ALWAYS, SPORT},       /* sourceTransportPort */
    {11, 2, ALWAYS, DPORT},      /* destinationTransportPort */
    {4, 1, ALWAYS, PROTO},       /* protocolIdentifier */
    {6, 1, FLAGS, TCP},          /* tcpControlBits */
    {2, 4, ALWAYS, PACKETS},     /* packetDeltaCount */
    {1, 8, ALWAYS, BYTES},       /* octetDeltaCount */
    {22, 4, V9_TIMES, FIRST},    /* FIRST_SWITCHED */
    {21, 4, V9_TIMES, LAST},     /* LAST_SWITCHED */
    {152, 8, IPFIX_ONLY, FIRST}, /* flowStartMilliseconds */
    {153, 8, IPFIX_ONLY, LAST},  /* flowEndMilliseconds */
    {10, 2, ALWAYS, IN},         /* ingressInterface */
    {14, 2, ALWAYS, OUT},        /* egressInterface */
    {32, 2, ICMP4, ICMP},        /* icmpTypeCodeIPv4 */
    {139, 2, ICMP6, ICMP},       /* icmpTypeCodeIPv6 */
    {136, 1, IPFIX_ONLY, REASON} /* flowEndReason */
};

static uint8_t *put(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	return p + n;
}

static bool used(const struct exporter *x, const struct field *f, bool v6)
{
	switch ((enum field_use)f->use) {
	case ALWAYS:
		return true;
	case V4:
		return !v6;
	case V6:
		return v6;
	case V9_TIMES:
		return !x->ipfix;
	case IPFIX_ONLY:
		return x->ipfix;
	case FLAGS:
		return x->flags;
	case ICMP4: /* v9 has one element for both families */
		return !v6 || !x->ipfix;
	case ICMP6:
		return v6 && x->ipfix;
	}
	return false;
}

static uint64_t number_of(const struct exporter *x, const struct export_record *r, uint8_t value)
{
	int64_t base = x->ipfix ? 0 : x->boot_ms;
	switch ((enum field_value)value) {
	case SPORT:
		return r->sport;
	case DPORT: /* routers put type and code where a port would stand */
		return r->icmp ? r->icmp : r->dport;
	case PROTO:
		return r->proto;
	case TCP:
		return r->flags;
	case PACKETS:
		return r->packets;
	case BYTES:
		return r->bytes;
	case FIRST:
		return (uint64_t)(r->start_ms - base);
	case LAST:
		return (uint64_t)(r->end_ms - base);
	case IN:
		return r->outward ? LINE_SIDE : NET_SIDE;
	case OUT:
		return r->outward ? NET_SIDE : LINE_SIDE;
	case ICMP:
		return r->icmp;
	case REASON:
		return r->reason;
	case SRC:
	case DST:
		break;
	}
	return 0;
}

static uint8_t *put_record(
    const struct exporter *x, uint8_t *p, const struct export_record *r, bool v6)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct field *f = &fields[i];
		if (!used(x, f, v6))
			continue;
		if (f->value == SRC || f->value == DST) {
			const union addr *a = f->value == SRC ? &r->src : &r->dst;
			memcpy(p, a->b + 16 - f->bytes, f->bytes);
			p += f->bytes;
		} else {
			p = put(p, number_of(x, r, f->value), f->bytes);
		}
	}
	return p;
}

static uint8_t *put_template(const struct exporter *x, uint8_t *p, bool v6)
{
	uint8_t *count = p + 2;
	unsigned n = 0;
	p = put(p, v6 ? TEMPLATE_V6 : TEMPLATE_V4, 2) + 2;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (used(x, &fields[i], v6)) {
			p = put(put(p, fields[i].element, 2), fields[i].bytes, 2);
			n++;
		}
	(void)put(count, n, 2);
	return p;
}

/* "1 of N packets, by chance": v9 elements 34 and 35 (RFC 3954), IPFIX 304 to 306 (RFC 5477). */
static uint8_t *put_sampling_template(const struct exporter *x, uint8_t *p)
{
	if (x->ipfix) {
		p = put(put(put(p, TEMPLATE_SAMPLING, 2), 4, 2), 1, 2); /* four fields, one scope */
		p = put(put(p, 149, 2), 4, 2);                          /* observationDomainId */
		p = put(put(p, 304, 2), 2, 2);                          /* selectorAlgorithm */
		p = put(put(p, 305, 2), 4, 2);                          /* samplingPacketInterval */
		return put(put(p, 306, 2), 4, 2);                       /* samplingPacketSpace */
	}
	p = put(put(put(p, TEMPLATE_SAMPLING, 2), 4, 2), 8, 2); /* bytes of scopes and options */
	p = put(put(p, 1, 2), 4, 2);                            /* scope: the system */
	p = put(put(p, 34, 2), 4, 2);                           /* SAMPLING_INTERVAL */
	p = put(put(p, 35, 2), 1, 2);                           /* SAMPLING_ALGORITHM */
	return put(p, 0, 2);                                    /* padding */
}

static uint8_t *put_sampling(const struct exporter *x, uint8_t *p)
{
	enum { UNIFORM_RANDOM = 3, V9_RANDOM = 2 };
	if (x->ipfix)
		return put(
		    put(put(put(p, DOMAIN_ID, 4), UNIFORM_RANDOM, 2), 1, 4), x->sampling - 1, 4);
	return put(put(put(put(p, 0, 4), x->sampling, 4), V9_RANDOM, 1), 0, 3);
}

static uint8_t *put_set_head(uint8_t *set, uint16_t id, uint8_t *end)
{
	(void)put(set, id, 2);
	(void)put(set + 2, (uint64_t)(end - set), 2);
	return end;
}

static uint16_t checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Ethernet, IPv4 and UDP in front of n bytes of payload; the exporter is 192.0.2.1 or 192.0.2.3,
 * the collector 192.0.2.2, without a UDP checksum (allowed over IPv4). */
static void put_frame(const struct exporter *x, uint8_t *p, size_t n)
{
	static const uint8_t ethernet[14] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
	memcpy(p, ethernet, sizeof ethernet);
	uint8_t *ip = p + sizeof ethernet;
	memset(ip, 0, 20);
	ip[0] = 0x45;
	(void)put(ip + 2, 20 + 8 + n, 2);
	ip[8] = 64;
	ip[9] = PROTO_UDP;
	(void)put(ip + 12, 0xc0000201u + 2u * x->number, 4);
	(void)put(ip + 16, 0xc0000202, 4);
	(void)put(ip + 10, checksum(ip, 20), 2);
	(void)put(put(put(put(ip + 20, 50000, 2), x->ipfix ? 4739 : 2055, 2), 8 + n, 2), 0, 2);
}

static void put_le(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Writes the datagram of n bytes that stands behind HEADERS bytes of room; records: data records in
 * it, option records included. */
static void send(struct exporter *x, uint8_t *p, size_t n, size_t records)
{
	uint8_t *head = p + HEADERS, packet[16];
	int64_t seconds = x->second + 1;
	if (x->ipfix) {
		head = put(put(put(head, 10, 2), n, 2), (uint64_t)seconds, 4);
		(void)put(put(head, x->sequence, 4), DOMAIN_ID, 4);
		x->sequence += (uint32_t)records;
	} else {
		head = put(put(head, 9, 2), records, 2);
		head = put(
		    put(head, (uint64_t)(seconds * 1000 - x->boot_ms), 4), (uint64_t)seconds, 4);
		(void)put(put(head, x->sequence++, 4), DOMAIN_ID, 4);
	}
	put_frame(x, p, n);
	put_le(packet, (uint32_t)seconds);
	put_le(packet + 4, x->sent_in_second++);
	put_le(packet + 8, (uint32_t)(n + HEADERS));
	put_le(packet + 12, (uint32_t)(n + HEADERS));
	sink_add(x->to, packet, sizeof packet);
	sink_add(x->to, p, n + HEADERS);
}

static size_t header_bytes(const struct exporter *x)
{
	return x->ipfix ? IPFIX_HEADER : V9_HEADER;
}

static void send_templates(struct exporter *x)
{
	uint8_t p[HEADERS + EXPORT_BYTES];
	uint8_t *set = p + HEADERS + header_bytes(x), *at = set + 4;
	size_t templates = 2, records = 0;
	at = put_template(x, put_template(x, at, false), true);
	at = put_set_head(set, x->ipfix ? 2 : 0, at);
	if (x->sampling > 1) {
		set = at;
		at = put_set_head(set, x->ipfix ? 3 : 1, put_sampling_template(x, at + 4));
		set = at;
		at = put_set_head(set, TEMPLATE_SAMPLING, put_sampling(x, at + 4));
		templates++;
		records++;
	}
	/* v9 counts templates and records alike, IPFIX data records only. */
	send(x, p, (size_t)(at - p) - HEADERS, x->ipfix ? records : records + templates);
	x->told_second = x->second;
}

static void flush(struct exporter *x)
{
	uint8_t p[HEADERS + V9_HEADER + EXPORT_BYTES + 64];
	uint8_t *at = p + HEADERS + header_bytes(x);
	size_t records = 0;
	for (int v6 = 0; v6 < 2; v6++) {
		struct export_set *s = &x->sets[v6];
		if (s->records == 0)
			continue;
		uint8_t *set = at;
		memcpy(set + 4, s->p, s->n);
		at = set + 4 + s->n;
		while ((at - set) % 4)
			*at++ = 0;
		(void)put_set_head(set, v6 ? TEMPLATE_V6 : TEMPLATE_V4, at);
		records += s->records;
		s->n = s->records = 0;
	}
	if (records)
		send(x, p, (size_t)(at - p) - HEADERS, records);
}

void exporter_open(struct exporter *x, struct sink *to, const struct exporter_about *about)
{
	/* pcap: little-endian, microseconds, version 2.4, Ethernet. */
	static const uint8_t head[24] = {
	    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [16] = 0, 0, 4, 0, [20] = 1};
	*x = (struct exporter){.to = to,
	    .ipfix = about->ipfix,
	    .flags = about->flags,
	    .sampling = about->sampling,
	    .number = about->number};
	x->boot_ms = about->start_ms / 1000 * 1000 - BOOT_BEFORE_MS;
	x->second = about->start_ms / 1000;
	sink_add(to, head, sizeof head);
	send_templates(x);
}

void exporter_add(struct exporter *x, const struct export_record *r)
{
	bool v6 = !addr_is_v4(&r->src);
	uint8_t record[128];
	if (r->exported_ms / 1000 != x->second) {
		flush(x);
		x->second = r->exported_ms / 1000;
		x->sent_in_second = 0;
		if (x->second - x->told_second >= TEMPLATES_S)
			send_templates(x);
	}
	size_t n = (size_t)(put_record(x, record, r, v6) - record);
	if (x->sets[0].n + x->sets[1].n + n + 16 > EXPORT_BYTES)
		flush(x);
	struct export_set *s = &x->sets[v6];
	memcpy(s->p + s->n, record, n);
	s->n += n;
	s->records++;
}

void exporter_close(struct exporter *x)
{
	flush(x);
}
