/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages: see dnswire.h. Names become text as struct dns wants it; one whose text is longer
 * than DNS_NAME_MAX (raw bytes in labels, as tunnels send) loses its front and keeps its domain.
 * Compression pointers are followed at most JUMPS_MAX times per name.
 * Sources: RFC 1035 4.1, RFC 2181 8 (TTL), RFC 6891 (EDNS), RFC 9460 (SVCB). */
#include "decode/dnswire.h"
#include <string.h>

enum { JUMPS_MAX = 32, LABEL_MAX = 63, WIRE_NAME_MAX = 255, NAME_TEXT = 4 * WIRE_NAME_MAX };
enum { RCODE_MAX = DNS_RCODE_NONE - 1, DNS_DNAME = 39 };

struct name {
	size_t n;
	char text[NAME_TEXT]; /* each byte as four characters at most, dots included */
};

static const char message_cut[] = "DNS message is cut off";

static void add_label(struct name *name, const uint8_t *label, size_t n)
{
	if (name->n)
		name->text[name->n++] = '.';
	for (size_t i = 0; i < n; i++)
		name->n += dns_name_byte(name->text + name->n, label[i]);
}

/* Reads the name at the cursor, which moves behind it; pointers lead anywhere in the message. */
static const char *read_name(struct buf *b, struct name *name)
{
	struct buf at = *b;
	size_t wire = 0;
	int jumps = 0;
	name->n = 0;
	for (;;) {
		size_t n = buf_u8(&at);
		if (n >= 0xc0) {
			n = (n & 0x3f) << 8 | buf_u8(&at);
			if (jumps++ == 0)
				*b = at;
			if (jumps > JUMPS_MAX)
				return "DNS name pointers loop";
			at.at = n < at.n ? n : at.n;
			continue;
		}
		if (n > LABEL_MAX)
			return "DNS label type is unknown";
		wire += n + 1;
		if (wire > WIRE_NAME_MAX)
			return "DNS name is longer than 255 bytes";
		const uint8_t *label = buf_take(&at, n);
		if (!label)
			return message_cut;
		if (n == 0)
			break;
		add_label(name, label, n);
	}
	if (jumps == 0)
		*b = at;
	return NULL;
}

struct record {
	uint16_t type;
	uint32_t ttl_s;
	struct buf data; /* over the whole message, at the first byte */
	size_t data_n;
};

static const char *read_record(struct buf *b, struct record *r)
{
	struct name owner;
	const char *wrong = read_name(b, &owner);
	if (wrong)
		return wrong;
	r->type = buf_be16(b);
	buf_skip(b, 2);
	r->ttl_s = buf_be32(b);
	r->data_n = buf_be16(b);
	r->data = *b;
	buf_skip(b, r->data_n);
	return b->bad ? message_cut : NULL;
}

static const char *add_address(const struct record *r, struct dns *d)
{
	const uint8_t *p = r->data.p + r->data.at;
	if (r->data_n != (r->type == DNS_A ? 4 : 16))
		return "DNS address has a wrong length";
	union addr a = r->type == DNS_A ? addr_v4((uint32_t)buf_peek_be(p, 4)) : addr_v6(p);
	dns_add_addr(d, &a);
	return NULL;
}

/* The name that stands `before` bytes into the data. */
static const char *add_name(struct record *r, size_t before, struct dns *d)
{
	struct name name;
	if (r->data_n <= before)
		return "DNS record is too short for its type";
	buf_skip(&r->data, before);
	const char *wrong = read_name(&r->data, &name);
	if (!wrong)
		dns_add_other(d, name.text, name.n);
	return wrong;
}

/* The first string. Bytes that do not print stand as in names. */
static const char *add_text(struct record *r, struct dns *d)
{
	struct name text = {0};
	size_t n = buf_u8(&r->data);
	if (r->data_n < n + 1)
		return "DNS text runs past its record";
	for (size_t i = 0; i < n; i++) {
		uint8_t c = buf_u8(&r->data);
		if (c >= ' ' && c < 0x7f && c != '\\')
			text.text[text.n++] = (char)c;
		else
			text.n += dns_name_byte(text.text + text.n, c);
	}
	dns_add_other(d, text.text, text.n);
	return NULL;
}

static const char *add_answer(struct record *r, struct dns *d)
{
	uint32_t ttl_s = r->ttl_s >> 31 ? 0 : r->ttl_s;
	if (!d->has_ttl || ttl_s < d->ttl_s)
		d->ttl_s = ttl_s;
	d->has_ttl = true;
	switch (r->type) {
	case DNS_A:
	case DNS_AAAA:
		return add_address(r, d);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_SOA:
	case DNS_PTR:
	case DNS_DNAME:
		return add_name(r, 0, d);
	case DNS_MX:
	case DNS_SVCB:
	case DNS_HTTPS:
		return add_name(r, 2, d);
	case DNS_SRV:
		return add_name(r, 6, d);
	case DNS_TXT:
		return add_text(r, d);
	default:
		return NULL;
	}
}

/* EDNS puts the upper bits of the rcode into the TTL of its OPT record. */
static void add_edns(const struct record *r, struct dns *d)
{
	unsigned rcode = (r->ttl_s >> 24) << 4 | (d->rcode & 15u);
	d->rcode = (uint8_t)(rcode < RCODE_MAX ? rcode : RCODE_MAX);
}

static const char *read_records(struct buf *b, unsigned answers, unsigned others, struct dns *d)
{
	const char *first = NULL;
	for (unsigned i = 0; i < answers + others; i++) {
		struct record r;
		const char *wrong = read_record(b, &r);
		if (wrong)
			return wrong;
		if (r.type == DNS_OPT)
			add_edns(&r, d);
		else if (i < answers)
			wrong = add_answer(&r, d);
		if (!first)
			first = wrong;
	}
	return first;
}

bool dnswire_read(const uint8_t *p, size_t n, struct dnswire *m, struct dns *d, const char **wrong)
{
	struct buf b = buf_of(p, n);
	struct name name;
	m->id = buf_be16(&b);
	unsigned flags = buf_be16(&b);
	m->response = flags >> 15;
	m->opcode = flags >> 11 & 15;
	unsigned questions = buf_be16(&b), answers = buf_be16(&b);
	unsigned others = (unsigned)buf_be16(&b) + buf_be16(&b);
	m->has_question = questions > 0;
	d->rcode = m->response ? flags & 15 : DNS_RCODE_NONE;
	*wrong = b.bad ? message_cut : NULL;
	if (*wrong || m->opcode || !m->has_question)
		return !*wrong;
	for (unsigned i = 0; i < questions; i++) {
		*wrong = read_name(&b, &name);
		unsigned qtype = buf_be16(&b);
		buf_skip(&b, 2);
		if (!*wrong && b.bad)
			*wrong = message_cut;
		if (*wrong)
			return i > 0;
		if (i == 0) {
			dns_set_escaped(d, name.text, name.n);
			d->qtype = (uint16_t)qtype;
		}
	}
	if (m->response)
		*wrong = read_records(&b, answers, others, d);
	return true;
}
