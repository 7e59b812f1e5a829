/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses: see addr.h. */
#include "rec/addr.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool addr_v6_is_special(const union addr *a)
{
	return a->b[0] == 0xff || (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80) ||
	       (a->q[0] == 0 && memcmp(a->b + 8, "\0\0\0\0\0\0\0", 7) == 0 && a->b[15] <= 1);
}

bool addr_parse(struct span s, union addr *a)
{
	char word[ADDR_TEXT];
	struct in_addr v4;
	if (s.n == 0 || !str_copy(word, sizeof word, s.p, s.n))
		return false;
	if (inet_pton(AF_INET, word, &v4) == 1) {
		*a = addr_v4(ntohl(v4.s_addr));
		return true;
	}
	return inet_pton(AF_INET6, word, a->b) == 1;
}

void addr_text(char out[ADDR_TEXT], const union addr *a)
{
	if (addr_is_v4(a))
		(void)inet_ntop(AF_INET, a->b + 12, out, ADDR_TEXT);
	else
		(void)inet_ntop(AF_INET6, a->b, out, ADDR_TEXT);
}

/* The first bits of a word, 0..64. */
static uint64_t word_mask(unsigned bits)
{
	return bits == 0 ? 0 : bits >= 64 ? UINT64_MAX : htobe64(~(UINT64_MAX >> bits));
}

union addr addr_mask(const union addr *a, unsigned bits)
{
	unsigned first = bits < 64 ? bits : 64, second = bits < 64 ? 0 : bits - 64;
	return (union addr){.q = {a->q[0] & word_mask(first), a->q[1] & word_mask(second)}};
}

int prefix_parse(struct span s, struct prefix *p, struct err *e)
{
	struct span rest = s, head = span_cut(&rest, '/');
	uint64_t bits = 0;
	if (!addr_parse(head, &p->addr))
		return err_set(e, ERR_CONFIG,
		    "'%.*s' is not an address or prefix such as 192.0.2.0/24", (int)s.n, s.p);
	unsigned most = addr_is_v4(&p->addr) ? 32 : 128;
	if (rest.p && (!span_uint(rest, &bits) || bits > most))
		return err_set(
		    e, ERR_CONFIG, "'%.*s': a prefix length here is 0..%u", (int)s.n, s.p, most);
	p->bits = (uint8_t)(rest.p ? bits + (128 - most) : 128);
	p->addr = addr_mask(&p->addr, p->bits);
	return ERR_OK;
}

bool prefix_holds(const struct prefix *p, const union addr *a)
{
	union addr masked = addr_mask(a, p->bits);
	return addr_same(&masked, &p->addr);
}

void prefix_text(char out[ADDR_TEXT], const struct prefix *p)
{
	addr_text(out, &p->addr);
	if (p->bits == 128)
		return;
	bool v4 = addr_is_v4(&p->addr) && p->bits >= 96;
	size_t n = strlen(out);
	(void)snprintf(out + n, ADDR_TEXT - n, "/%u", v4 ? p->bits - 96u : p->bits);
}
