/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packing: see packed.h. A flow is small if its times lie within 24 days of its place in the
 * stream, its counts below 2^32, and it has neither NAT nor realm nor a word for its state; else it
 * is kept as it is. */
#include "rec/packed.h"
#include <stddef.h>
#include <string.h>

enum form { FORM_V4, FORM_V6, FORM_WHOLE };

struct head {
	uint16_t bytes;
	uint8_t form; /* enum form */
	uint8_t proto, flags, rflags, icmp_type, icmp_code;
};

struct small {
	struct head head;
	uint16_t have, sport, dport;
	uint8_t reason, unused;
	uint32_t sampling, exporter;
	int32_t start, end, exported, received; /* after the record's time; NO_TIME: 0 */
	uint32_t packets, bytes, rpackets, rbytes;
	uint32_t addr[2]; /* of FORM_V4; of FORM_V6 both follow whole */
};
enum { SMALL_V4 = sizeof(struct small), SMALL_V6 = offsetof(struct small, addr) + 32 };
_Static_assert(SMALL_V4 == 64 && SMALL_V6 == 88, "a small flow");
_Static_assert(sizeof(struct head) + sizeof(struct flow) <= PACKED_MAX &&
		   sizeof(struct head) + sizeof(struct dns) <= PACKED_MAX,
    "every record fits");

#define NO_TIME INT32_MIN

static int32_t after(int64_t ms, int64_t time_ms, uint64_t *too_far)
{
	int64_t d = ms ? ms - time_ms : 0;
	*too_far |= (uint64_t)(d + INT32_MAX) >> 32;
	return ms ? (int32_t)d : NO_TIME;
}

static int64_t time_of(int32_t d, int64_t time_ms)
{
	return d == NO_TIME ? 0 : time_ms + d;
}

static bool is_small(const struct flow *f)
{
	return !((f->packets | f->bytes | f->rpackets | f->rbytes) >> 32) &&
	       !(f->nat_src.q[0] | f->nat_src.q[1]) && !f->nat_sport && !f->realm && !f->state[0] &&
	       f->have <= UINT16_MAX;
}

static size_t pack_whole(const void *record, size_t n, void *to)
{
	struct head h = {.bytes = (uint16_t)(sizeof h + ((n + 7) & ~7u)), .form = FORM_WHOLE};
	memcpy(to, &h, sizeof h);
	memcpy((uint8_t *)to + sizeof h, record, n);
	return h.bytes;
}

size_t flow_pack(const struct flow *f, int64_t time_ms, void *to)
{
	struct small *s = to;
	bool v4 = addr_is_v4(&f->src) && addr_is_v4(&f->dst);
	uint64_t too_far = 0;
	*s = (struct small){.head = {.bytes = v4 ? SMALL_V4 : SMALL_V6,
				.form = v4 ? FORM_V4 : FORM_V6,
				.proto = f->proto,
				.flags = f->flags,
				.rflags = f->rflags,
				.icmp_type = f->icmp_type,
				.icmp_code = f->icmp_code},
	    .have = (uint16_t)f->have,
	    .sport = f->sport,
	    .dport = f->dport,
	    .reason = f->reason,
	    .sampling = f->sampling,
	    .exporter = f->exporter,
	    .start = after(f->start_ms, time_ms, &too_far),
	    .end = after(f->end_ms, time_ms, &too_far),
	    .exported = after(f->exported_ms, time_ms, &too_far),
	    .received = after(f->received_ms, time_ms, &too_far),
	    .packets = (uint32_t)f->packets,
	    .bytes = (uint32_t)f->bytes,
	    .rpackets = (uint32_t)f->rpackets,
	    .rbytes = (uint32_t)f->rbytes,
	    .addr = {addr_v4_of(&f->src), addr_v4_of(&f->dst)}};
	if (too_far || !is_small(f))
		return pack_whole(f, sizeof *f, to);
	if (!v4) {
		memcpy(s->addr, &f->src, sizeof f->src);
		memcpy((uint8_t *)s->addr + sizeof f->src, &f->dst, sizeof f->dst);
	}
	return s->head.bytes;
}

void flow_unpack(const void *from, int64_t time_ms, struct flow *f)
{
	const struct small *s = from;
	if (s->head.form == FORM_WHOLE) {
		memcpy(f, (const uint8_t *)from + sizeof s->head, sizeof *f);
		return;
	}
	f->start_ms = time_of(s->start, time_ms);
	f->end_ms = time_of(s->end, time_ms);
	f->exported_ms = time_of(s->exported, time_ms);
	f->received_ms = time_of(s->received, time_ms);
	f->packets = s->packets;
	f->bytes = s->bytes;
	f->rpackets = s->rpackets;
	f->rbytes = s->rbytes;
	f->have = s->have;
	f->sampling = s->sampling;
	f->exporter = s->exporter;
	f->sport = s->sport;
	f->dport = s->dport;
	f->proto = s->head.proto;
	f->flags = s->head.flags;
	f->rflags = s->head.rflags;
	f->icmp_type = s->head.icmp_type;
	f->icmp_code = s->head.icmp_code;
	f->reason = s->reason;
	f->realm = f->nat_sport = 0; /* what a small flow has not */
	f->nat_src = (union addr){{0}};
	memset(f->state, 0, sizeof f->state);
	if (s->head.form == FORM_V4) {
		f->src = addr_v4(s->addr[0]);
		f->dst = addr_v4(s->addr[1]);
	} else {
		memcpy(&f->src, s->addr, sizeof f->src);
		memcpy(&f->dst, (const uint8_t *)s->addr + sizeof f->src, sizeof f->dst);
	}
}

/* What stands before the name, the name, the addresses, the other answers. */
size_t dns_pack(const struct dns *d, void *to)
{
	uint8_t *p = (uint8_t *)to + sizeof(struct head);
	memcpy(p, d, offsetof(struct dns, name));
	p += offsetof(struct dns, name);
	memcpy(p, d->name, d->name_n);
	p += d->name_n;
	memcpy(p, d->addrs, d->addr_n * sizeof *d->addrs);
	p += d->addr_n * sizeof *d->addrs;
	memcpy(p, d->other, d->other_n);
	p += d->other_n;
	struct head h = {.bytes = (uint16_t)((size_t)(p - (uint8_t *)to + 7) & ~7u)};
	memcpy(to, &h, sizeof h);
	return h.bytes;
}

void dns_unpack(const void *from, struct dns *d)
{
	const uint8_t *p = (const uint8_t *)from + sizeof(struct head);
	memcpy(d, p, offsetof(struct dns, name));
	p += offsetof(struct dns, name);
	memcpy(d->name, p, d->name_n);
	d->name[d->name_n] = '\0';
	p += d->name_n;
	memcpy(d->addrs, p, d->addr_n * sizeof *d->addrs);
	p += d->addr_n * sizeof *d->addrs;
	memcpy(d->other, p, d->other_n);
}

size_t packed_bytes(const void *from)
{
	return ((const struct head *)from)->bytes;
}
