/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link-layer headers: see link.h. VLAN tags (802.1Q, 802.1ad and the older 0x9100), MPLS labels and
 * PPPoE sessions are passed over; what is behind an MPLS label without an IP packet, encrypted or
 * aggregated 802.11 data and PPP compression are not looked into.
 * Sources: the LINKTYPE_ list of tcpdump.org, IEEE 802.3/802.1Q/802.11, RFC 1042 (SNAP),
 * RFC 1661/1662 (PPP), RFC 2516 (PPPoE), RFC 3032 (MPLS). */
#include "decode/link.h"

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_OUTER = 0x88a8,
	TYPE_VLAN_OLD = 0x9100,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_PPPOE = 0x8864,
	TYPE_LENGTH_MAX = 1500 /* up to here the field is an 802.3 length */
};
enum { TAGS_MAX = 8 }; /* more VLAN tags or MPLS labels than this is not traffic */

static const char frame_cut[] = "frame is cut off in its link header";
static const char frame_other[] = "frames that hold no IP packet";

static const char *no_ip(bool *other)
{
	*other = true;
	return frame_other;
}

/* RFC 1661: the first byte of a protocol number is even, unless it was compressed away. */
static const char *strip_ppp(struct buf *b, bool *other)
{
	if (buf_left(b) >= 2 && b->p[b->at] == 0xff && b->p[b->at + 1] == 0x03)
		buf_skip(b, 2);
	unsigned protocol = buf_u8(b);
	if (!(protocol & 1))
		protocol = protocol << 8 | buf_u8(b);
	if (b->bad)
		return frame_cut;
	return protocol == 0x21 || protocol == 0x57 ? NULL : no_ip(other);
}

static const char *strip_pppoe(struct buf *b, bool *other)
{
	unsigned version = buf_u8(b), code = buf_u8(b);
	buf_skip(b, 4); /* session, length */
	if (b->bad)
		return frame_cut;
	return version == 0x11 && code == 0 ? strip_ppp(b, other) : no_ip(other);
}

static const char *strip_mpls(struct buf *b, bool *other)
{
	for (int i = 0; i < TAGS_MAX; i++) {
		uint32_t label = buf_be32(b);
		if (b->bad)
			return frame_cut;
		if (!(label & 0x100))
			continue;
		unsigned version = buf_left(b) ? b->p[b->at] >> 4 : 0;
		return version == 4 || version == 6 ? NULL : no_ip(other);
	}
	return no_ip(other);
}

/* What follows an Ethernet type or length field. */
static const char *strip_type(unsigned type, struct buf *b, bool *other)
{
	for (int i = 0; i < TAGS_MAX; i++) {
		if (type != TYPE_VLAN && type != TYPE_VLAN_OUTER && type != TYPE_VLAN_OLD)
			break;
		buf_skip(b, 2);
		type = buf_be16(b);
	}
	if (type <= TYPE_LENGTH_MAX && buf_left(b) >= 8 &&
	    buf_peek_be(b->p + b->at, 6) == 0xaaaa03000000) {
		buf_skip(b, 6);
		type = buf_be16(b);
	}
	if (b->bad)
		return frame_cut;
	if (type == TYPE_IPV4 || type == TYPE_IPV6)
		return NULL;
	if (type == TYPE_PPPOE)
		return strip_pppoe(b, other);
	if (type == TYPE_MPLS || type == TYPE_MPLS_MULTICAST)
		return strip_mpls(b, other);
	return no_ip(other);
}

/* The address family is in the byte order of the machine that captured, IPv6 has several numbers:
 * small numbers are families, and the IP header says which. */
static const char *strip_null(struct buf *b, bool *other)
{
	uint32_t family = buf_be32(b);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	if (b->bad)
		return frame_cut;
	return family == 2 || family == 10 || family == 24 || family == 28 || family == 30
		   ? NULL
		   : no_ip(other);
}

static const char *strip_wifi(struct buf *b, bool *other)
{
	enum {
		DATA = 0x08,
		NO_DATA = 0x40,
		QOS = 0x80,
		TO = 1,
		FROM = 2,
		SECRET = 0x40,
		HT = 0x80
	};
	unsigned kind = buf_u8(b), flags = buf_u8(b);
	buf_skip(b, 22);
	if (b->bad)
		return frame_cut;
	if ((kind & 0x0f) != DATA || (kind & NO_DATA) || (flags & SECRET))
		return no_ip(other);
	if ((flags & (TO | FROM)) == (TO | FROM))
		buf_skip(b, 6);
	if (kind & QOS)
		buf_skip(b, flags & HT ? 6 : 2);
	return strip_type(0, b, other);
}

static const char *strip_radiotap(struct buf *b, bool *other)
{
	buf_skip(b, 2);
	unsigned length = buf_le16(b);
	if (length < 4)
		return b->bad ? frame_cut : "radiotap header has an impossible length";
	buf_skip(b, length - 4u);
	return strip_wifi(b, other);
}

const char *link_strip(unsigned type, struct buf *b, bool *other)
{
	*other = false;
	switch (type) {
	case LINK_ETHERNET:
		buf_skip(b, 12);
		return strip_type(buf_be16(b), b, other);
	case LINK_FDDI:
		buf_skip(b, 13);
		return strip_type(0, b, other);
	case LINK_COOKED:
		buf_skip(b, 14);
		return strip_type(buf_be16(b), b, other);
	case LINK_COOKED_2: {
		unsigned protocol = buf_be16(b);
		buf_skip(b, 18);
		return strip_type(protocol, b, other);
	}
	case LINK_CISCO_HDLC:
		buf_skip(b, 2);
		return strip_type(buf_be16(b), b, other);
	case LINK_RAW:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_IPV4:
	case LINK_IPV6:
		return NULL;
	case LINK_NULL:
	case LINK_LOOP:
		return strip_null(b, other);
	case LINK_PPP:
	case LINK_PPP_HDLC:
		return strip_ppp(b, other);
	case LINK_PPPOE:
		return strip_pppoe(b, other);
	case LINK_WIFI:
		return strip_wifi(b, other);
	case LINK_RADIOTAP:
		return strip_radiotap(b, other);
	default:
		*other = true;
		return "frames of a link type that is not read";
	}
}
