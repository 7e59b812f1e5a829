/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and prefixes. IPv4 is kept as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that one type, one
 * table and one comparison serve both families. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

union addr {
	uint8_t b[16];
	uint64_t q[2]; /* for comparison and hashing only: byte order is the wire's */
};

enum { ADDR_TEXT = 64 };

static inline bool addr_same(const union addr *a, const union addr *b)
{
	return a->q[0] == b->q[0] && a->q[1] == b->q[1];
}

/* The five below are asked for every record, and so they are words, not bytes, and no calls. */
static inline bool addr_is_v4(const union addr *a)
{
	return a->q[0] == 0 && (be64toh(a->q[1]) >> 32) == 0xffff;
}

static inline bool addr_is_zero(const union addr *a) /* ::, 0.0.0.0 */
{
	return a->q[0] == 0 && (a->q[1] == 0 || a->q[1] == htobe64(0xffff00000000));
}

static inline union addr addr_v4(uint32_t host_order)
{
	return (union addr){.q = {0, htobe64(0xffff00000000 | host_order)}};
}

static inline uint32_t addr_v4_of(const union addr *a) /* host order; a must be IPv4 */
{
	return (uint32_t)be64toh(a->q[1]);
}

static inline union addr addr_v6(const uint8_t b[16])
{
	union addr a;
	memcpy(a.b, b, sizeof a.b);
	return a;
}

bool addr_v6_is_special(const union addr *a);
/* Neither line nor peer: unspecified, multicast, broadcast, loopback and link-local addresses. */
static inline bool addr_is_special(const union addr *a)
{
	if (!addr_is_v4(a))
		return addr_v6_is_special(a);
	uint8_t first = a->b[12];
	return first == 0 || first >= 224 || first == 127 || (first == 169 && a->b[13] == 254);
}
bool addr_parse(struct span s, union addr *a);
void addr_text(char out[ADDR_TEXT], const union addr *a); /* RFC 5952 */
static inline int addr_compare(const union addr *a, const union addr *b)
{
	int k = a->q[0] == b->q[0];
	uint64_t x = __builtin_bswap64(a->q[k]), y = __builtin_bswap64(b->q[k]);
	return x < y ? -1 : x > y;
}

struct prefix {
	union addr addr; /* host bits are zero */
	uint8_t bits;    /* of 128: an IPv4 /24 has 120 */
};

/* "10.0.0.0/8", "2001:db8::/32" or an address alone. Host bits are cleared. */
int prefix_parse(struct span s, struct prefix *p, struct err *e);
bool prefix_holds(const struct prefix *p, const union addr *a);
union addr addr_mask(const union addr *a, unsigned bits);      /* bits of 128 */
void prefix_text(char out[ADDR_TEXT], const struct prefix *p); /* a host without its length */
