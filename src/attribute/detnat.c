/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deterministic NAT: see detnat.h. By RFC 7422, C inside addresses share an outside one, of whose
 * ports D further shares are kept back: a block has (65536 - first port) / (C + D) ports, and the
 * inside address number i has block i mod C of outside address i / C. Junos puts the ports of all
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

static struct detnat_ports ports_of(const struct detnat *d, uint64_t at, uint32_t first, uint32_t n)
{
	return (struct detnat_ports){
	    addr_v4((uint32_t)(d->outside + at)), (uint16_t)first, (uint16_t)(first + n - 1)};
}

size_t detnat_outside(
    const struct detnat *d, const union addr *inside, struct detnat_ports out[DETNAT_PARTS])
{
	uint32_t capacity = PORTS - d->first_port;
	if (!addr_is_v4(inside) || addr_v4_of(inside) - d->inside >= d->inside_n)
		return 0;
	uint64_t i = addr_v4_of(inside) - d->inside;
	if (d->rule != DETNAT_JUNOS) {
		uint32_t slot = (uint32_t)(i % d->shared_by);
		out[0] = ports_of(d, i / d->shared_by, d->first_port + slot * d->block, d->block);
		return 1;
	}
	uint64_t at = i * d->block;
	uint32_t first = (uint32_t)(at % capacity), left = capacity - first;
	uint32_t n = d->block < left ? d->block : left;
	out[0] = ports_of(d, at / capacity, d->first_port + first, n);
	if (n < d->block)
		out[1] = ports_of(d, at / capacity + 1, d->first_port, d->block - n);
	return n < d->block ? 2 : 1;
}

bool detnat_inside(
    const struct detnat *d, const union addr *outside, uint16_t port, union addr *inside)
{
	uint64_t i;
	if (!addr_is_v4(outside) || port < d->first_port)
		return false;
	uint32_t at = addr_v4_of(outside) - d->outside, offset = port - d->first_port;
	if (at >= d->outside_n)
		return false;
	if (d->rule == DETNAT_JUNOS)
		i = ((uint64_t)at * (PORTS - d->first_port) + offset) / d->block;
	else if (offset / d->block >= d->shared_by)
		return false;
	else
		i = (uint64_t)at * d->shared_by + offset / d->block;
	if (i >= d->inside_n)
		return false;
	*inside = addr_v4((uint32_t)(d->inside + i));
	return true;
}

/* What the words of a set say. */
struct said {
	struct span inside, outside;
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

/* Blocks and shares, from what is said; CONFIG where the pool does not suffice. */
static int lay_out(struct detnat *d, const struct said *s, struct err *e)
{
	uint32_t capacity = PORTS - d->first_port, ratio = divided_up(d->inside_n, d->outside_n);
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
	if (bad)
		return bad;
	if (d->rule == DETNAT_JUNOS && prefix && !s.boundary && d->inside_n > 2) {
		d->inside++;
		d->inside_n -= 2;
	}
	d->first_port = (uint32_t)s.first_port;
	d->realm = (uint32_t)s.realm;
	d->inside_realm = (uint32_t)s.inside_realm;
	d->from_ms = s.from_ms;
	d->to_ms = s.to_ms;
	return lay_out(d, &s, e);
}
