/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of indicators: see indicators.h. One table holds all kinds, found by the keyed 128-bit
 * hash of address, prefix or name, which stands for the thing itself. Limits: INDICATORS_MAX
 * entries of 120 bytes; a prefix is at least a /8 (IPv4) or /16 (IPv6). Private and special
 * addresses are refused: in somebody else's network they mean something else than here. */
#include "detect/indicators.h"
#include "base/mem.h"
#include "detect/inner.h"
#include <stdlib.h>
#include <string.h>

enum { TABLE_MIN = 1024, V4_BITS_MIN = 96 + 8, V6_BITS_MIN = 16, BITS = 128 };

struct entry {
	struct hash key;
	struct indicator is;
};

struct indicators {
	struct entry *v;
	size_t n, cap;
	uint32_t *table; /* numbers of entries, 0: free; open addressing, at most half full */
	size_t mask;
	uint32_t addr_n, name_n;
	uint8_t lengths[BITS]; /* of prefixes, the longest first */
	unsigned lengths_n;
	unsigned labels_max; /* of a domain */
};

struct indicators *indicators_new(void)
{
	struct indicators *x = mem_new(1, sizeof *x);
	x->mask = TABLE_MIN - 1;
	x->table = mem_new(TABLE_MIN, sizeof *x->table);
	return x;
}

void indicators_free(struct indicators *x)
{
	if (!x)
		return;
	free(x->v);
	free(x->table);
	free(x);
}

size_t indicators_count(const struct indicators *x)
{
	return x->n;
}

static struct hash key_of(const void *p, size_t n)
{
	return hash_bytes(&hash_key_offline, p, n);
}

static struct hash prefix_key(const union addr *a, unsigned bits)
{
	struct {
		union addr net;
		uint64_t bits;
	} key = {addr_mask(a, bits), bits};
	return key_of(&key, sizeof key);
}

/* Number of the entry of that kind, and port where the kind has one; 0: there is none. An address
 * has one key with all its ports: other_kind gives the number of the address alone. */
static uint32_t find(
    const struct indicators *x, struct hash key, uint8_t kind, uint16_t port, uint32_t *other_kind)
{
	uint32_t number;
	for (size_t i = key.a & x->mask; (number = x->table[i]) != 0; i = (i + 1) & x->mask) {
		const struct entry *e = &x->v[number - 1];
		if (e->key.a != key.a || e->key.b != key.b)
			continue;
		if (e->is.kind == kind && (kind != INDICATOR_ADDR_PORT || e->is.port == port))
			return number;
		if (other_kind && e->is.kind == INDICATOR_ADDR)
			*other_kind = number;
	}
	return 0;
}

static void table_put(struct indicators *x, uint32_t number)
{
	size_t i = x->v[number - 1].key.a & x->mask;
	while (x->table[i])
		i = (i + 1) & x->mask;
	x->table[i] = number;
}

static void grow(struct indicators *x)
{
	free(x->table);
	x->mask = x->mask * 2 + 1;
	x->table = mem_new(x->mask + 1, sizeof *x->table);
	for (size_t i = 0; i < x->n; i++)
		table_put(x, (uint32_t)i + 1);
}

static void merge(struct indicator *to, const struct indicator *from)
{
	bool unknown = to->last_ms == 0 || from->last_ms == 0; /* no end said: still bad */
	to->last_ms = unknown ? 0 : to->last_ms > from->last_ms ? to->last_ms : from->last_ms;
	if (from->first_ms && (to->first_ms == 0 || from->first_ms < to->first_ms))
		to->first_ms = from->first_ms;
	to->sinkhole = to->sinkhole || from->sinkhole;
	to->page = to->page && from->page;
	to->confirmed = to->confirmed || strcmp(to->feed, from->feed) != 0;
	if (!to->family[0])
		(void)str_copy(to->family, sizeof to->family, from->family, strlen(from->family));
}

/* Its low bits are those that the table is entered by. */
static uint64_t id_of(struct hash key, const struct indicator *is)
{
	return key.a ^ ((uint64_t)is->kind << 56 | (uint64_t)is->port << 40);
}

static bool put(struct indicators *x, struct hash key, const struct indicator *about)
{
	uint32_t number = find(x, key, about->kind, about->port, NULL);
	if (number) {
		merge(&x->v[number - 1].is, about);
		return true;
	}
	if (x->n == INDICATORS_MAX)
		return false;
	if (x->n == x->cap) {
		x->cap = x->cap ? x->cap * 2 : TABLE_MIN / 2;
		x->v = mem_grow(x->v, x->cap, sizeof *x->v);
	}
	x->v[x->n++] = (struct entry){key, *about};
	x->v[x->n - 1].is.id = id_of(key, about);
	if (x->n * 2 > x->mask)
		grow(x);
	else
		table_put(x, (uint32_t)x->n);
	return true;
}

/* Private, shared and special ranges (RFC 1918, 6598, 4193, 6890): nobody's in particular. */
static bool is_public(const union addr *a)
{
	if (addr_is_special(a))
		return false;
	if (!addr_is_v4(a))
		return (a->b[0] & 0xfe) != 0xfc;
	const uint8_t *b = a->b + 12;
	return b[0] != 10 && !(b[0] == 172 && (b[1] & 0xf0) == 16) &&
	       !(b[0] == 192 && b[1] == 168) && !(b[0] == 100 && (b[1] & 0xc0) == 64);
}

static void note_length(struct indicators *x, uint8_t bits)
{
	unsigned i = x->lengths_n;
	for (; i && x->lengths[i - 1] <= bits; i--)
		if (x->lengths[i - 1] == bits)
			return;
	memmove(x->lengths + i + 1, x->lengths + i, x->lengths_n - i);
	x->lengths[i] = bits;
	x->lengths_n++;
}

bool indicators_put_addr(
    struct indicators *x, const union addr *a, unsigned bits, const struct indicator *about)
{
	if (!is_public(a) || bits > BITS || bits < (addr_is_v4(a) ? V4_BITS_MIN : V6_BITS_MIN))
		return false;
	if (about->kind != INDICATOR_PREFIX) {
		x->addr_n++;
		return put(x, key_of(a, sizeof *a), about);
	}
	note_length(x, (uint8_t)bits);
	return put(x, prefix_key(a, bits), about);
}

static unsigned labels_of(struct span name)
{
	unsigned n = 1;
	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '.';
	return n;
}

bool indicators_put_name(struct indicators *x, struct span name, const struct indicator *about)
{
	unsigned labels = labels_of(name);
	if (labels < 2 || is_special_name(name) || is_public_suffix(name))
		return false;
	x->name_n++;
	x->labels_max = labels > x->labels_max ? labels : x->labels_max;
	return put(x, key_of(name.p, name.n), about);
}

static const struct indicator *at(const struct indicators *x, uint32_t number)
{
	return number ? &x->v[number - 1].is : NULL;
}

const struct indicator *indicators_by_id(const struct indicators *x, uint64_t id)
{
	uint32_t number;
	for (size_t i = id & x->mask; (number = x->table[i]) != 0; i = (i + 1) & x->mask)
		if (x->v[number - 1].is.id == id)
			break;
	return at(x, number);
}

const struct indicator *indicators_peer(
    const struct indicators *x, const union addr *a, uint16_t port)
{
	uint32_t number = 0, alone = 0;
	if (x->addr_n)
		number = find(x, key_of(a, sizeof *a), INDICATOR_ADDR_PORT, port, &alone);
	if (!number)
		number = alone;
	for (unsigned i = 0; !number && i < x->lengths_n; i++)
		number = find(x, prefix_key(a, x->lengths[i]), INDICATOR_PREFIX, 0, NULL);
	return at(x, number);
}

const struct indicator *indicators_name(const struct indicators *x, struct span name)
{
	uint32_t number = 0;
	unsigned labels = x->name_n ? labels_of(name) : 0;
	for (; labels >= 2 && !number; labels--) {
		if (labels <= x->labels_max)
			number = find(x, key_of(name.p, name.n), INDICATOR_DOMAIN, 0, NULL);
		(void)span_cut(&name, '.');
	}
	return at(x, number);
}
