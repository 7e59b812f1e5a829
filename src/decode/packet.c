/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IP packets: see packet.h. IPv4 with options, IPv6 with at most EXTENSIONS_MAX extension headers,
 * TCP, UDP, UDP-Lite, SCTP, DCCP, ICMP and ICMPv6. Tunnels (GRE, 6in4, 4in6, ESP) are traffic
 * between their ends and are not opened. Checksums are not verified: captures on the sending
 * machine hold unfinished ones.
 * Sources: RFC 791, 8200, 4302 (AH), 9293, 768, 792, 4443, 9260. */
#include "decode/packet.h"

enum { EXTENSIONS_MAX = 8 };
enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AH = 51,
	NEXT_NONE = 59,
	NEXT_DESTINATION = 60,
	NEXT_MOBILITY = 135,
	PROTO_DCCP = 33,
	PROTO_UDP_LITE = 136
};

static const char header_cut[] = "packet is cut off in its IP header";
static const char transport_cut[] = "packet is cut off in its transport header";

/* Ends the cursor where the packet ends: what follows is padding of the frame. */
static void trim(struct packet *k, struct buf *b, size_t start)
{
	size_t captured = b->n - start;
	k->cut = captured < k->bytes;
	if (captured > k->bytes)
		b->n = start + k->bytes;
}

static const char *read_v4(struct packet *k, struct buf *b, uint32_t sent_bytes)
{
	size_t start = b->at, header = (size_t)(buf_u8(b) & 15) * 4;
	buf_skip(b, 1);
	k->bytes = buf_be16(b);
	k->ident = buf_be16(b);
	unsigned fragment = buf_be16(b);
	buf_skip(b, 1);
	k->proto = buf_u8(b);
	buf_skip(b, 2);
	k->src = addr_v4(buf_be32(b));
	k->dst = addr_v4(buf_be32(b));
	if (b->bad)
		return header_cut;
	if (k->bytes == 0)
		k->bytes = sent_bytes;
	if (header < 20 || header > k->bytes)
		return "IPv4 header has impossible lengths";
	trim(k, b, start);
	buf_skip(b, header - 20);
	k->more = fragment & 0x2000;
	k->fragment_at = (fragment & 0x1fff) * 8;
	k->is_fragment = k->more || k->fragment_at;
	return b->bad ? header_cut : NULL;
}

/* Steps over one extension header of type `next`; false where it is none. */
static bool read_extension(struct packet *k, struct buf *b, uint8_t *next)
{
	uint8_t type = *next;
	if (type != NEXT_HOP_BY_HOP && type != NEXT_ROUTING && type != NEXT_DESTINATION &&
	    type != NEXT_MOBILITY && type != NEXT_AH && type != NEXT_FRAGMENT)
		return false;
	*next = buf_u8(b);
	size_t length = buf_u8(b);
	if (type != NEXT_FRAGMENT) {
		buf_skip(b, (type == NEXT_AH ? length * 4 : length * 8) + 6);
		return true;
	}
	unsigned fragment = buf_be16(b);
	k->ident = buf_be32(b);
	k->fragment_at = fragment & 0xfff8u;
	k->more = fragment & 1;
	k->is_fragment = k->more || k->fragment_at; /* else an "atomic fragment", RFC 6946 */
	return true;
}

static const char *read_v6(struct packet *k, struct buf *b, uint32_t sent_bytes)
{
	size_t start = b->at;
	buf_skip(b, 4);
	k->bytes = buf_be16(b);
	uint8_t next = buf_u8(b);
	buf_skip(b, 1);
	const uint8_t *both = buf_take(b, 32);
	if (!both)
		return header_cut;
	k->src = addr_v6(both);
	k->dst = addr_v6(both + 16);
	/* 0 is said by a jumbogram and by segmentation offload */
	k->bytes = k->bytes || next == NEXT_NONE ? k->bytes + 40 : sent_bytes;
	if (k->bytes < 40)
		return "IPv6 header has an impossible length";
	trim(k, b, start);
	int extensions = 0;
	while (!b->bad && k->fragment_at == 0 && read_extension(k, b, &next))
		if (++extensions > EXTENSIONS_MAX)
			return "packet has too many IPv6 extension headers";
	k->proto = next;
	return b->bad ? header_cut : NULL;
}

static const char *read_ip(struct packet *k, struct buf *b, uint32_t sent_bytes)
{
	*k = (struct packet){0};
	if (!buf_left(b))
		return header_cut;
	unsigned version = b->p[b->at] >> 4;
	if (version != 4 && version != 6)
		return "packet is neither IPv4 nor IPv6";
	return version == 4 ? read_v4(k, b, sent_bytes) : read_v6(k, b, sent_bytes);
}

static bool has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP ||
	       proto == PROTO_UDP_LITE || proto == PROTO_DCCP;
}

static void read_tcp(struct packet *k, struct buf *b)
{
	k->seq = buf_be32(b);
	buf_skip(b, 4);
	size_t header = (size_t)(buf_u8(b) >> 4) * 4;
	k->flags = buf_u8(b) & 0x3f;
	if (header >= 20 && buf_left(b) >= header - 14) {
		k->data = b->p + b->at + header - 14;
		k->data_n = buf_left(b) - (header - 14);
	}
}

static void read_udp(struct packet *k, struct buf *b)
{
	if (buf_left(b) < 4)
		return; /* the ports are there, the rest was not captured */
	size_t length = buf_be16(b);
	buf_skip(b, 2);
	k->data = b->p + b->at;
	k->data_n = buf_left(b);
	if (!k->is_fragment && length >= 8 && k->data_n > length - 8)
		k->data_n = length - 8;
}

static void read_icmp(struct packet *k, struct buf *b)
{
	k->icmp_type = buf_u8(b);
	k->icmp_code = buf_u8(b);
	if (buf_left(b) < 6)
		return;
	k->data = b->p + b->at + 6;
	k->data_n = buf_left(b) - 6;
}

const char *packet_read(struct packet *k, struct buf *b, uint32_t sent_bytes)
{
	const char *wrong = read_ip(k, b, sent_bytes);
	if (wrong)
		return wrong;
	if (k->fragment_at) {
		k->data = b->p + b->at;
		k->data_n = buf_left(b);
		return NULL;
	}
	if (has_ports(k->proto)) {
		k->sport = buf_be16(b);
		k->dport = buf_be16(b);
	}
	if (k->proto == PROTO_TCP)
		read_tcp(k, b);
	else if (k->proto == PROTO_UDP)
		read_udp(k, b);
	else if (k->proto == PROTO_ICMP || k->proto == PROTO_ICMP6)
		read_icmp(k, b);
	return b->bad ? transport_cut : NULL;
}

bool packet_quoted(const struct packet *error, struct packet *quoted)
{
	struct buf b = buf_of(error->data, error->data_n);
	bool v4 = error->proto == PROTO_ICMP && error->icmp_type == 3;
	bool v6 = error->proto == PROTO_ICMP6 && error->icmp_type == 1;
	if (!v4 && !v6)
		return false;
	if (read_ip(quoted, &b, 0) || quoted->fragment_at || !has_ports(quoted->proto))
		return false;
	quoted->sport = buf_be16(&b);
	quoted->dport = buf_be16(&b);
	return !b.bad;
}
