/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deterministic NAT: see detnat.h. By RFC 7422, C inside addresses share an outside one, of whose
 * ports D further shares are kept back: a block has (65536 - R) / (C + D) ports, R being how many
 * are excluded, which are not counted where they lie in it either; the inside address number i has
 * block i mod C of outside address i / C. Junos puts the ports of all
 * outside addresses in a row, block behind block of 64512 / C ports, or of as many as configured;
 * one may end on the next address (by the formula: what the device does with such a block is not
 * published). nftables has blocks of the size configured from the first port on, and takes the next
 * outside address where one would not fit any more.
 * Sources: RFC 7422, 2; Junos OS, "Deterministic NAPT"; VyOS, "CGNAT". */
#include "attribute/detnat.h"
#include "base/when.h"
#include <string.h>

enum { PORTS = 65536, FIRST_PORT = 1024, SHARES_MAX = PORTS };

static uint32_t divided_up(uint32_t a, uint32_t b)
{
	return a / b + (a % b != 0);
}

/* Ports are counted without the excluded ones; false: it is one of these. */
static bool number_of(const struct detnat *d, uint16_t port, uint32_t *number)
{
	*number = port;
	for (uint32_t i = 0; i < d->gap_n && d->gaps[i].first <= port; i++) {
		if (port <= d->gaps[i].last)
			return false;
		*number -= d->gaps[i].last - d->gaps[i].first + 1u;
	}
	return true;
}

uint32_t detnat_given(const struct detnat *d, uint32_t port)
{
	for (uint32_t i = 0; i < d->gap_n && d->gaps[i].first <= port; i++)
		if (port <= d->gaps[i].last)
			return d->gaps[i].last + 1u;
	return port;
}

/* n ports of the outside address `at`, from the number `first` on; how many parts these are. */
static size_t ports_of(
    const struct detnat *d, uint64_t at, uint32_t first, uint32_t n, struct detnat_ports *out)
{
	uint32_t port = first, gap = 0;
	size_t parts = 0;
	for (; gap < d->gap_n && d->gaps[gap].first <= port; gap++)
		port += d->gaps[gap].last - d->gaps[gap].first + 1u;
	while (n) {
		uint32_t room = (gap < d->gap_n ? d->gaps[gap].first : PORTS) - port;
		uint32_t part = n < room ? n : room;
		out[parts++] = (struct detnat_ports){addr_v4((uint32_t)(d->outside + at)),
		    (uint16_t)port, (uint16_t)(port + part - 1)};
		n -= part;
		if (n)
			port = d->gaps[gap++].last + 1u;
	}
	return parts;
}

size_t detnat_outside(
    const struct detnat *d, const union addr *inside, struct detnat_ports out[DETNAT_PARTS])
{
	if (!addr_is_v4(inside) || addr_v4_of(inside) - d->inside >= d->inside_n)
		return 0;
	uint64_t i = addr_v4_of(inside) - d->inside;
	if (d->rule != DETNAT_JUNOS) {
		uint32_t slot = (uint32_t)(i % d->shared_by);
		return ports_of(d, i / d->shared_by, slot * d->block, d->block, out);
	}
	uint64_t at = i * d->block;
	uint32_t first = (uint32_t)(at % d->capacity), left = d->capacity - first;
	uint32_t n = d->block < left ? d->block : left;
	size_t parts = ports_of(d, at / d->capacity, first, n, out);
	return parts + ports_of(d, at / d->capacity + 1, 0, d->block - n, out + parts);
}

bool detnat_inside(
    const struct detnat *d, const union addr *outside, uint16_t port, union addr *inside)
{
	uint64_t i;
	uint32_t number;
	if (!addr_is_v4(outside) || addr_v4_of(outside) - d->outside >= d->outside_n ||
	    !number_of(d, port, &number))
		return false;
	uint32_t at = addr_v4_of(outside) - d->outside;
	if (d->rule == DETNAT_JUNOS)
		i = ((uint64_t)at * d->capacity + number) / d->block;
	else if (number / d->block >= d->shared_by)
		return false;
	else
		i = (uint64_t)at * d->shared_by + number / d->block;
	if (i >= d->inside_n)
		return false;
	*inside = addr_v4((uint32_t)(d->inside + i));
	return true;
}

/* What the words of a set say. */
struct said {
	struct span inside, outside, excluded;
	uint64_t block, dynamic, first_port, realm, inside_realm;
	int64_t from_ms, to_ms;
	bool boundary;
};

static int rule_of(struct span word, enum detnat_rule *rule, struct err *e)
{
	static const char *const names[] = {"rfc7422", "junos", "nftables"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is(word, names[i])) {
			*rule = (enum detnat_rule)i;
			return ERR_OK;
		}
	return err_set(e, ERR_CONFIG,
	    "'%.*s' is no rule of deterministic NAT: rfc7422, junos, nftables", (int)word.n,
	    word.p);
}

static int say(struct said *s, struct span word, struct err *e)
{
	struct span value = word, key = span_cut(&value, '=');
	bool good = value.p != NULL;
	if (span_is(word, "boundary"))
		return s->boundary = true, ERR_OK;
	if (span_is(key, "inside"))
		s->inside = value;
	else if (span_is(key, "outside"))
		s->outside = value;
	else if (span_is(key, "block"))
		good = good && span_uint(value, &s->block) && s->block && s->block <= PORTS;
	else if (span_is(key, "dynamic"))
		good = good && span_uint(value, &s->dynamic) && s->dynamic <= SHARES_MAX;
	else if (span_is(key, "first-port"))
		good = good && span_uint(value, &s->first_port) && s->first_port < PORTS;
	else if (span_is(key, "excluded"))
		s->excluded = value;
	else if (span_is(key, "realm"))
		good = good && span_uint(value, &s->realm) && s->realm <= UINT32_MAX;
	else if (span_is(key, "inside-realm"))
		good = good && span_uint(value, &s->inside_realm) && s->inside_realm <= UINT32_MAX;
	else if (span_is(key, "from"))
		good = good && when_parse(value, 0, &s->from_ms);
	else if (span_is(key, "to"))
		good = good && when_parse(value, 0, &s->to_ms);
	else
		good = false;
	return good ? ERR_OK
		    : err_set(e, ERR_CONFIG, "'%.*s' is not known to deterministic NAT",
			  (int)word.n, word.p);
}

/* "10.0.0.0/24" or "10.0.0.1-10.0.0.9"; *prefix: the former, with a boundary that may be left out.
 */
static int range_of(struct span text, uint32_t *first, uint32_t *n, bool *prefix, struct err *e)
{
	struct prefix p;
	union addr a, b;
	struct span last = text, head = span_cut(&last, '-');
	*prefix = !last.p;
	if (last.p && addr_parse(head, &a) && addr_parse(last, &b) && addr_is_v4(&a) &&
	    addr_is_v4(&b) && addr_v4_of(&a) <= addr_v4_of(&b) &&
	    addr_v4_of(&b) - addr_v4_of(&a) < UINT32_MAX) {
		*first = addr_v4_of(&a);
		*n = addr_v4_of(&b) - *first + 1;
		return ERR_OK;
	}
	if (last.p || !text.n || prefix_parse(text, &p, NULL) != ERR_OK || !addr_is_v4(&p.addr) ||
	    p.bits <= 96)
		return err_set(e, ERR_CONFIG, "'%.*s' is no range of IPv4 addresses", (int)text.n,
		    text.n ? text.p : "");
	*first = addr_v4_of(&p.addr);
	*n = 1u << (128 - p.bits);
	return ERR_OK;
}

/* In order; one that touches the last one widens it. */
static bool add_gap(struct detnat *d, uint64_t first, uint64_t last)
{
	if (first > last || last >= PORTS)
		return false;
	if (d->gap_n && first <= d->gaps[d->gap_n - 1].last + 1u) {
		if (last > d->gaps[d->gap_n - 1].last)
			d->gaps[d->gap_n - 1].last = (uint16_t)last;
		return first >= d->gaps[d->gap_n - 1].first;
	}
	if (d->gap_n == DETNAT_GAPS)
		return false;
	d->gaps[d->gap_n].first = (uint16_t)first;
	d->gaps[d->gap_n++].last = (uint16_t)last;
	return true;
}

/* Which ports are given away, and how many. */
static int leave_out(struct detnat *d, const struct said *s, struct err *e)
{
	uint64_t first, last;
	if (s->excluded.n && d->rule != DETNAT_RFC7422)
		return err_set(e, ERR_CONFIG, "only rfc7422 has excluded ports");
	if (s->first_port)
		(void)add_gap(d, 0, s->first_port - 1);
	for (struct span rest = s->excluded; rest.p;) {
		struct span word = span_cut(&rest, '+'), end = word, begin = span_cut(&end, '-');
		if (!span_uint(begin, &first) || !span_uint(end.p ? end : begin, &last) ||
		    !add_gap(d, first, last))
			return err_set(e, ERR_CONFIG,
			    "excluded: '%.*s' is no port or range of ports behind the one before, "
			    "or one too many",
			    (int)word.n, word.p);
	}
	d->capacity = PORTS;
	for (uint32_t i = 0; i < d->gap_n; i++)
		d->capacity -= d->gaps[i].last - d->gaps[i].first + 1u;
	return ERR_OK;
}

/* Blocks and shares, from what is said; CONFIG where the pool does not suffice. */
static int lay_out(struct detnat *d, const struct said *s, struct err *e)
{
	uint32_t capacity = d->capacity, ratio = divided_up(d->inside_n, d->outside_n);
	d->block = (uint32_t)s->block;
	if (d->rule == DETNAT_RFC7422)
		d->block = (uint32_t)(capacity / (ratio + s->dynamic));
	else if (d->rule == DETNAT_JUNOS && !d->block)
		d->block = capacity / ratio;
	d->shared_by = d->rule == DETNAT_RFC7422 ? ratio : d->block ? capacity / d->block : 0;
	uint64_t fit = d->rule == DETNAT_JUNOS
			   ? d->block ? (uint64_t)d->outside_n * capacity / d->block : 0
			   : (uint64_t)d->outside_n * d->shared_by;
	if (!d->block || fit < d->inside_n)
		return err_set(e, ERR_CONFIG,
		    "%u outside addresses do not suffice for %u inside ones with %u ports each",
		    d->outside_n, d->inside_n, d->block);
	return ERR_OK;
}

int detnat_parse(struct span text, struct detnat *d, struct err *e)
{
	struct said s = {.first_port = FIRST_PORT};
	struct span rest = span_trim(text), word = span_cut(&rest, ' ');
	bool prefix, pool;
	*d = (struct detnat){0};
	int bad = rule_of(word, &d->rule, e);
	while (!bad && rest.p) {
		word = span_cut(&rest, ' ');
		bad = word.n ? say(&s, word, e) : ERR_OK;
	}
	if (!bad)
		bad = range_of(s.inside, &d->inside, &d->inside_n, &prefix, e);
	if (!bad)
		bad = range_of(s.outside, &d->outside, &d->outside_n, &pool, e);
	if (!bad)
		bad = leave_out(d, &s, e);
	if (bad)
		return bad;
	if (d->rule == DETNAT_JUNOS && prefix && !s.boundary && d->inside_n > 2) {
		d->inside++;
		d->inside_n -= 2;
	}
	d->realm = (uint32_t)s.realm;
	d->inside_realm = (uint32_t)s.inside_realm;
	d->from_ms = s.from_ms;
	d->to_ms = s.to_ms;
	return lay_out(d, &s, e);
}
