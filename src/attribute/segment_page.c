/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of a segment: see segment_page.h. */
#include "attribute/segment_page.h"
#include "base/hash.h"

enum { /* first byte of an entry */
	NEW_PLACE = 1,
	NEW_CELL = 2,
	INSIDE = 4,
	PORTS = 8,
	EVER = 16,
	UNSURE = 32,
	MORE_PORTS = 64,  /* a step or a protocol */
	MORE_INSIDE = 128 /* a realm or a port */
};
enum { EDGE = 7, END_AT = 4, INSIDE_V6 = 8, PLACE_V6 = 128 }; /* second byte */

size_t varint_put(uint8_t *p, uint64_t v)
{
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

uint64_t varint_get(struct buf *b)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = buf_u8(b);
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	b->bad = true;
	return 0;
}

static uint64_t zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static int64_t unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ -(v & 1));
}

static size_t addr_put(uint8_t *p, const union addr *a, bool v6)
{
	size_t n = v6 ? 16 : 4;
	memcpy(p, a->b + 16 - n, n);
	return n;
}

static union addr addr_get(struct buf *b, bool v6)
{
	if (!v6)
		return addr_v4(buf_be32(b));
	const uint8_t *p = buf_take(b, 16);
	return p ? addr_v6(p) : (union addr){{0}};
}

static uint8_t flags_of(const struct segment_entry *last, const struct segment_entry *e)
{
	const struct interval *v = &e->v;
	bool inside = v->holder == HOLDER_INSIDE;
	return (uint8_t)((interval_order(&last->v, v) != 0 ? NEW_PLACE : 0) |
			 (last->cell != e->cell ? NEW_CELL : 0) | (inside ? INSIDE : 0) |
			 (interval_has_ports(v) ? PORTS : 0) |
			 (v->t1_ms == INTERVAL_EVER_MS ? EVER : 0) |
			 (v->sure_ms != v->t1_ms ? UNSURE : 0) |
			 (v->port_step != 1 || v->proto ? MORE_PORTS : 0) |
			 (inside && (v->inside_realm || v->inside_port) ? MORE_INSIDE : 0));
}

static bool has_end_record(const struct interval *v)
{
	return v->end == SESSION_TOLD || v->end == SESSION_INFERRED;
}

static size_t holder_put(uint8_t *p, const struct interval *v, uint8_t flags, bool v6)
{
	size_t n = 0;
	if (v->holder == HOLDER_LINE)
		return varint_put(p, v->line);
	n += addr_put(p, &v->inside, v6);
	if (flags & MORE_INSIDE) {
		n += varint_put(p + n, v->inside_realm);
		n += varint_put(p + n, v->inside_port);
	}
	return n;
}

static size_t word_put(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof v);
	return sizeof v;
}

size_t segment_put(uint8_t *p, const struct segment_entry *last, const struct segment_entry *e)
{
	const struct interval *v = &e->v;
	uint8_t flags = flags_of(last, e);
	bool place_v6 = !addr_is_v4(&v->addr);
	bool inside_v6 = v->holder == HOLDER_INSIDE && !addr_is_v4(&v->inside);
	size_t n = 2;
	p[0] = flags;
	p[1] = (uint8_t)(v->begin | v->end << END_AT | (inside_v6 ? INSIDE_V6 : 0) |
			 (place_v6 ? PLACE_V6 : 0));
	if (flags & NEW_PLACE) {
		n += varint_put(p + n, v->realm);
		p[n++] = v->bits;
		n += addr_put(p + n, &v->addr, place_v6);
	}
	if (flags & NEW_CELL)
		n += varint_put(p + n, e->cell);
	n += varint_put(p + n, zigzag(v->t0_ms - last->v.t0_ms));
	if (!(flags & EVER))
		n += varint_put(p + n, (uint64_t)(v->t1_ms - v->t0_ms));
	if (flags & UNSURE)
		n += varint_put(p + n, zigzag(v->sure_ms - v->t0_ms));
	if (flags & PORTS) {
		n += varint_put(p + n, v->port_first);
		n += varint_put(p + n, (uint64_t)(v->port_last - v->port_first));
	}
	if (flags & MORE_PORTS) {
		n += varint_put(p + n, v->port_step);
		p[n++] = v->proto;
	}
	n += holder_put(p + n, v, flags, inside_v6);
	n += word_put(p + n, v->began);
	if (has_end_record(v))
		n += word_put(p + n, v->ended);
	return n;
}

static void holder_get(struct buf *b, struct interval *v, uint8_t flags, bool v6)
{
	v->inside = (union addr){{0}};
	v->inside_realm = 0;
	v->inside_port = 0;
	if (v->holder == HOLDER_LINE) {
		v->line = (uint32_t)varint_get(b);
		return;
	}
	v->inside = addr_get(b, v6);
	if (flags & MORE_INSIDE) {
		v->inside_realm = (uint32_t)varint_get(b);
		v->inside_port = (uint16_t)varint_get(b);
	}
}

static void ports_get(struct buf *b, struct interval *v, uint8_t flags)
{
	v->port_first = v->port_last = 0;
	v->port_step = 1;
	v->proto = 0;
	if (flags & PORTS) {
		v->port_first = (uint16_t)varint_get(b);
		v->port_last = (uint16_t)(v->port_first + varint_get(b));
	}
	if (flags & MORE_PORTS) {
		v->port_step = (uint16_t)varint_get(b);
		v->proto = buf_u8(b);
	}
}

static void times_get(struct buf *b, struct interval *v, uint8_t flags)
{
	v->t0_ms = (int64_t)((uint64_t)v->t0_ms + (uint64_t)unzigzag(varint_get(b)));
	v->t1_ms = flags & EVER ? INTERVAL_EVER_MS : (int64_t)((uint64_t)v->t0_ms + varint_get(b));
	v->sure_ms = flags & UNSURE
			 ? (int64_t)((uint64_t)v->t0_ms + (uint64_t)unzigzag(varint_get(b)))
			 : v->t1_ms;
}

bool segment_get(struct buf *b, struct segment_entry *e)
{
	struct interval *v = &e->v;
	uint8_t flags = buf_u8(b), edges = buf_u8(b);
	if (flags & NEW_PLACE) {
		v->realm = (uint32_t)varint_get(b);
		v->bits = buf_u8(b);
		v->addr = addr_get(b, edges & PLACE_V6);
	}
	if (flags & NEW_CELL)
		e->cell = (uint32_t)varint_get(b);
	v->holder = flags & INSIDE ? HOLDER_INSIDE : HOLDER_LINE;
	v->begin = edges & EDGE;
	v->end = edges >> END_AT & EDGE;
	times_get(b, v, flags);
	ports_get(b, v, flags);
	holder_get(b, v, flags, edges & INSIDE_V6);
	v->began = buf_le64(b);
	v->ended = has_end_record(v) ? buf_le64(b) : 0;
	return !b->bad && v->bits <= 128 && e->cell < CELL_N && v->port_last >= v->port_first &&
	       v->t1_ms >= v->t0_ms && v->port_step > 0;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void page_seal(uint8_t page[SEGMENT_PAGE], const struct page_head *h)
{
	memset(page + PAGE_HEAD + h->used, 0, (size_t)PAGE_ROOM - h->used);
	put16(page + 8, h->used);
	put16(page + 10, h->n);
	put16(page + 12, h->carried);
	put16(page + 14, h->flags);
	word_put(page, hash_bytes(&hash_key_offline, page + 8, SEGMENT_PAGE - 8).a);
}

bool page_open(const uint8_t *page, struct page_head *h, struct buf *b)
{
	h->used = buf_peek_le16(page + 8);
	h->n = buf_peek_le16(page + 10);
	h->carried = buf_peek_le16(page + 12);
	h->flags = buf_peek_le16(page + 14);
	*b = buf_of(page + PAGE_HEAD, h->used <= PAGE_ROOM ? h->used : 0);
	return h->used <= PAGE_ROOM && h->carried <= h->n &&
	       buf_peek_le64(page) == hash_bytes(&hash_key_offline, page + 8, SEGMENT_PAGE - 8).a;
}

struct segment_key key_of(const struct segment_entry *e)
{
	return (struct segment_key){.addr = e->v.addr,
	    .t0_ms = e->v.t0_ms,
	    .realm = e->v.realm,
	    .cell = (uint32_t)e->v.bits << 24 | e->cell};
}

int key_order(const struct segment_key *a, const struct segment_key *b)
{
	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	if (a->cell >> 24 != b->cell >> 24)
		return a->cell >> 24 < b->cell >> 24 ? -1 : 1;
	int order = addr_compare(&a->addr, &b->addr);
	if (order)
		return order;
	if (a->cell != b->cell)
		return a->cell < b->cell ? -1 : 1;
	return (a->t0_ms > b->t0_ms) - (a->t0_ms < b->t0_ms);
}

int segment_order(const struct segment_entry *a, const struct segment_entry *b)
{
	const struct interval *x = &a->v, *y = &b->v;
	int order = interval_order(x, y);
	if (order)
		return order;
	if (a->cell != b->cell)
		return a->cell < b->cell ? -1 : 1;
	if (x->t0_ms != y->t0_ms)
		return x->t0_ms < y->t0_ms ? -1 : 1;
	if (x->began != y->began)
		return x->began < y->began ? -1 : 1;
	uint64_t p = (uint64_t)x->port_first << 48 | (uint64_t)x->port_last << 32 |
		     (uint64_t)x->port_step << 16 | x->proto;
	uint64_t q = (uint64_t)y->port_first << 48 | (uint64_t)y->port_last << 32 |
		     (uint64_t)y->port_step << 16 | y->proto;
	if (p != q)
		return p < q ? -1 : 1;
	return interval_newer(y, x) - interval_newer(x, y);
}
