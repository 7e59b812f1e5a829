/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pcapng blocks: see pcapng.h. Section headers of both byte orders, interface descriptions,
 * enhanced, simple and (obsolete) packet blocks are read, all others passed over. Times are
 * unsigned counts in the interface's resolution since 1970; simple packet blocks have none and get
 * that of the packet before. Source: draft-ietf-opsawg-pcapng. */
#include "decode/pcapng.h"
#include "base/when.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	ORDER_MAGIC = 0x1a2b3c4d,
	BLOCK_MIN = 12,
	SECTION_MIN = 28,
	OPTION_RESOLUTION = 9,
	OPTION_OFFSET = 14,
	MICROSECONDS = 6 /* the resolution of an interface that states none */
};

static uint32_t u32(const uint8_t *p, bool big)
{
	return (uint32_t)(big ? buf_peek_be(p, 4) : buf_peek_le(p, 4));
}

static uint64_t number(struct buf *b, size_t n, bool big)
{
	return big ? buf_be(b, n) : buf_le(b, n);
}

bool pcapng_is(const uint8_t *p, size_t n)
{
	return n >= 12 && u32(p, true) == BLOCK_SECTION &&
	       (u32(p + 8, true) == ORDER_MAGIC || u32(p + 8, false) == ORDER_MAGIC);
}

/* Counts of 10^-x or, with the high bit, 2^-x seconds. -1 where it is no time. */
static int64_t time_of(const struct pcapng_interface *i, uint64_t count)
{
	unsigned x = i->resolution & 0x7f;
	uint64_t ms;
	if (i->resolution & 0x80) {
		uint64_t s = x < 64 ? count >> x : 0;
		uint64_t rest = x < 64 ? count - (s << x) : count;
		unsigned shift = x > 40 ? x - 40 : 0; /* rest * 1000 stays within 64 bits */
		rest = shift < 64 ? rest >> shift : 0;
		if (s > WHEN_MAX_MS / 1000)
			return -1;
		ms = s * 1000 + (rest * 1000 >> (x - shift));
	} else {
		ms = count;
		for (; x > 3; x--)
			ms /= 10;
		for (; x < 3; x++)
			if (__builtin_mul_overflow(ms, 10, &ms))
				return -1;
	}
	int64_t t, offset_ms;
	if (ms > WHEN_MAX_MS || __builtin_mul_overflow(i->offset_s, 1000, &offset_ms) ||
	    __builtin_add_overflow((int64_t)ms, offset_ms, &t))
		return -1;
	return t > 0 && t <= WHEN_MAX_MS ? t : -1;
}

static void frame_of(struct capture_record *r, struct buf *b, uint32_t captured)
{
	r->frame.p = captured <= CAPTURE_FRAME_MAX ? buf_take(b, captured) : NULL;
	r->frame.n = captured;
	r->has_frame = r->frame.p != NULL;
	if (!r->has_frame)
		r->bad = "captured length runs past its block";
	else if (r->frame.time_ms < WHEN_MIN_MS)
		r->bad = "packet has an impossible time";
}

static void read_packet(
    const struct pcapng *s, struct capture_record *r, uint32_t type, struct buf *b)
{
	uint32_t number_of = (uint32_t)number(b, type == BLOCK_PACKET ? 2 : 4, s->big);
	if (type == BLOCK_PACKET)
		buf_skip(b, 2); /* drops */
	if (number_of >= s->n) {
		r->bad = "packet of an interface that is not described";
		return;
	}
	const struct pcapng_interface *i = &s->interfaces[number_of];
	uint64_t high = number(b, 4, s->big);
	r->frame.time_ms = time_of(i, high << 32 | number(b, 4, s->big));
	r->frame.link = i->link;
	uint32_t captured = (uint32_t)number(b, 4, s->big);
	r->frame.sent_bytes = (uint32_t)number(b, 4, s->big);
	frame_of(r, b, captured);
}

static void read_simple(
    const struct pcapng *s, struct capture_record *r, struct buf *b, int64_t last_ms)
{
	if (s->n == 0) {
		r->bad = "packet of an interface that is not described";
		return;
	}
	uint32_t snap = s->interfaces[0].snap_bytes;
	r->frame.time_ms = last_ms;
	r->frame.link = s->interfaces[0].link;
	r->frame.sent_bytes = (uint32_t)number(b, 4, s->big);
	uint32_t captured = r->frame.sent_bytes;
	frame_of(r, b, snap && snap < captured ? snap : captured);
}

struct capture_record pcapng_read(
    const struct pcapng *s, const uint8_t *p, size_t n, int64_t last_ms)
{
	struct capture_record r = {0};
	if (n < BLOCK_MIN)
		return r;
	bool big = s->big;
	uint32_t type = u32(p, big);
	if (type == BLOCK_SECTION) {
		big = u32(p + 8, true) == ORDER_MAGIC;
		if (!pcapng_is(p, n))
			r.wrong = "section header without its byte-order magic";
	}
	size_t size = u32(p + 4, big);
	if (size < (type == BLOCK_SECTION ? SECTION_MIN : BLOCK_MIN) || size % 4 ||
	    size > DECODE_RECORD_MAX)
		r.wrong = "block has an impossible length";
	if (r.wrong)
		return r;
	r.size = size;
	if (size > n)
		return r;
	if (u32(p + size - 4, big) != size) {
		r.wrong = "block does not end with its length";
		return r;
	}
	struct buf body = buf_of(p + 8, size - BLOCK_MIN);
	if (type == BLOCK_ENHANCED || type == BLOCK_PACKET)
		read_packet(s, &r, type, &body);
	else if (type == BLOCK_SIMPLE)
		read_simple(s, &r, &body, last_ms);
	return r;
}

static void learn_options(struct pcapng_interface *i, struct buf *b, bool big)
{
	while (buf_left(b) >= 4) {
		uint16_t code = (uint16_t)number(b, 2, big), length = (uint16_t)number(b, 2, big);
		struct buf value = buf_sub(b, length);
		buf_skip(b, (size_t)(-length & 3));
		if (code == 0)
			return;
		if (code == OPTION_RESOLUTION && length == 1)
			i->resolution = buf_u8(&value);
		if (code == OPTION_OFFSET && length == 8)
			i->offset_s = (int64_t)number(&value, 8, big);
	}
}

const char *pcapng_learn(struct pcapng *s, const uint8_t *block, size_t n)
{
	struct buf b = buf_of(block + 8, n - BLOCK_MIN);
	uint32_t type = u32(block, s->big);
	if (type == BLOCK_SECTION) {
		s->big = buf_be32(&b) == ORDER_MAGIC;
		s->n = 0;
		return number(&b, 2, s->big) == 1 ? NULL : "pcapng version is not 1";
	}
	if (type != BLOCK_INTERFACE)
		return NULL;
	if (s->n == PCAPNG_INTERFACES_MAX)
		return "more interfaces than are read";
	struct pcapng_interface *i = &s->interfaces[s->n];
	*i = (struct pcapng_interface){.resolution = MICROSECONDS};
	i->link = (unsigned)number(&b, 2, s->big);
	buf_skip(&b, 2);
	i->snap_bytes = (unsigned)number(&b, 4, s->big);
	if (b.bad)
		return "interface description is too short";
	learn_options(i, &b, s->big);
	s->n++;
	return NULL;
}
