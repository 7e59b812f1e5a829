/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside prefixes: see inside.h. Nested prefixes are made disjoint once, so that a look-up is one
 * bisection; the innermost prefix decides the length of the line. */
#include "attribute/inside.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

struct inside_named {
	struct prefix prefix;
	uint8_t line_bits; /* of 128 */
};

struct inside_range {
	union addr first, last;
	uint8_t line_bits;
};

static int line_bits_of(struct span option, const char *text, struct inside_named *n, struct err *e)
{
	struct span rest = option, key = span_cut(&rest, '=');
	bool v4 = addr_is_v4(&n->prefix.addr);
	unsigned head = v4 ? 96 : 0, least = n->prefix.bits > head ? n->prefix.bits - head : 1;
	uint64_t bits;
	if (!span_is(key, "line") || !rest.p || !span_uint(rest, &bits) || bits + head > 128 ||
	    bits < least)
		return err_set(e, ERR_CONFIG,
		    "--inside '%s': want line=LENGTH, a length of %u..%u within the prefix", text,
		    least, 128 - head);
	n->line_bits = (uint8_t)(bits + head);
	return ERR_OK;
}

int inside_add(struct inside *in, const char *text, struct err *e)
{
	struct span rest = span_of(text), cidr = span_cut(&rest, ',');
	struct inside_named n;
	int bad = prefix_parse(cidr, &n.prefix, e);
	if (bad)
		return bad;
	if (in->named_n == INSIDE_MAX)
		return err_set(e, ERR_CONFIG, "--inside: more than %d prefixes", INSIDE_MAX);
	n.line_bits = addr_is_v4(&n.prefix.addr) || n.prefix.bits > 64 ? 128 : 64;
	if (rest.p && (bad = line_bits_of(rest, text, &n, e)))
		return bad;
	in->named = mem_grow(in->named, in->named_n + 1, sizeof *in->named);
	in->named[in->named_n++] = n;
	return ERR_OK;
}

static union addr last_of(const struct prefix *p)
{
	union addr a = p->addr;
	for (unsigned bit = p->bits; bit < 128; bit++)
		a.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return a;
}

/* The address after (step 1) or before (step -1) a; wraps. */
static union addr beside(union addr a, int step)
{
	for (int i = 15; i >= 0; i--) {
		a.b[i] = (uint8_t)(a.b[i] + step);
		if (a.b[i] != (step > 0 ? 0 : 0xff))
			break;
	}
	return a;
}

static void range_add(struct inside *in, union addr first, union addr last, uint8_t line_bits)
{
	in->v = mem_grow(in->v, in->n + 1, sizeof *in->v);
	in->v[in->n++] = (struct inside_range){first, last, line_bits};
}

static int by_first(const void *a, const void *b)
{
	const struct inside_named *x = a, *y = b;
	int order = addr_compare(&x->prefix.addr, &y->prefix.addr);
	return order ? order : x->prefix.bits - y->prefix.bits;
}

/* Where the ranges of each first byte of an IPv4 address begin. */
static void index_v4(struct inside *in)
{
	uint16_t i = 0;
	for (unsigned first = 0; first <= 256; first++) {
		union addr from = {.q[1] = htobe64(0xffff00000000 + ((uint64_t)first << 24))};
		while (i < in->n && addr_compare(&in->v[i].last, &from) < 0)
			i++;
		in->v4_at[first] = i;
	}
}

/* Lays the prefixes out from left to right with a stack of those that are open. */
void inside_ready(struct inside *in)
{
	const struct inside_named *open[130];
	size_t depth = 0;
	union addr at = {{0}};
	in->n = 0;
	if (in->named_n)
		qsort(in->named, in->named_n, sizeof *in->named, by_first);
	for (size_t i = 0; i <= in->named_n; i++) {
		const struct inside_named *next = i < in->named_n ? &in->named[i] : NULL;
		while (depth &&
		       (!next || !prefix_holds(&open[depth - 1]->prefix, &next->prefix.addr))) {
			union addr last = last_of(&open[depth - 1]->prefix);
			if (addr_compare(&at, &last) <= 0)
				range_add(in, at, last, open[depth - 1]->line_bits);
			at = beside(last, 1);
			depth--;
		}
		if (!next || (depth && next->prefix.bits == open[depth - 1]->prefix.bits))
			continue; /* the same prefix named twice: the first counts */
		if (depth && addr_compare(&at, &next->prefix.addr) < 0)
			range_add(
			    in, at, beside(next->prefix.addr, -1), open[depth - 1]->line_bits);
		at = next->prefix.addr;
		open[depth++] = next;
	}
	index_v4(in);
}

unsigned inside_find(const struct inside *in, const union addr *a)
{
	size_t lo = 0, hi = in->n;
	if (addr_is_v4(a)) {
		lo = in->v4_at[a->b[12]];
		hi = in->v4_at[a->b[12] + 1];
	}
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (addr_compare(&in->v[mid].last, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	bool is_in = lo < in->n && addr_compare(a, &in->v[lo].first) >= 0;
	return is_in ? in->v[lo].line_bits : 0;
}

void inside_line(const union addr *a, unsigned bits, struct subject *line)
{
	*line = (struct subject){
	    .kind = addr_is_v4(a) ? SUBJECT_V4 : SUBJECT_V6, .bits = (uint8_t)bits};
	line->id = bits == 128 ? *a : addr_mask(a, bits);
}

void inside_fini(struct inside *in)
{
	free(in->v);
	free(in->named);
	*in = (struct inside){0};
}
