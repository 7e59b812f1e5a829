/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of Zeek's dns.log -> struct dns. The time is the query's. Zeek writes bytes that are not
 * printable as \xHH; here they stand as \DDD (see dns.h). Of a TXT answer the first string is kept.
 *
 * Not look-ups, hence ignored: multicast DNS (port 5353), LLMNR (5355), NetBIOS names (137), and
 * answers without a question.
 *
 * Source: docs.zeek.org, base/protocols/dns/main.zeek (DNS::Info). */
#include "decode/zeek.h"
#include <string.h>

enum { RAW_NAME_MAX = 1024, ANSWERS_MAX = 64 };

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes one byte, written as itself, as \xHH or as \\, off s, which is not empty. */
static uint8_t take(struct span *s)
{
	size_t n = 1;
	uint8_t c = (uint8_t)s->p[0];
	if (c == '\\' && s->n >= 4 && s->p[1] == 'x' && hex(s->p[2]) >= 0 && hex(s->p[3]) >= 0) {
		c = (uint8_t)(hex(s->p[2]) << 4 | hex(s->p[3]));
		n = 4;
	} else if (c == '\\' && s->n >= 2 && s->p[1] == '\\') {
		n = 2;
	}
	s->p += n;
	s->n -= n;
	return c;
}

static bool name(struct span raw, struct dns *d)
{
	char out[RAW_NAME_MAX * 4];
	size_t n = 0;
	if (raw.n > RAW_NAME_MAX)
		return false;
	if (span_is_nocase(raw, "<root>") || span_is(raw, "."))
		raw.n = 0;
	while (raw.n) {
		uint8_t c = take(&raw);
		if (c == '.')
			out[n++] = '.';
		else
			n += dns_name_byte(out + n, c);
	}
	dns_set_escaped(d, out, n && out[n - 1] == '.' ? n - 1 : n);
	return true;
}

/* "TXT 5 hello TXT 3 you": leaves the first string's text and how many bytes it has. Other answers
 * are left whole. */
static size_t cut_text(struct span *answer)
{
	struct span rest = *answer;
	uint64_t n;
	if (!span_is(span_cut(&rest, ' '), "TXT") || !rest.p)
		return SIZE_MAX;
	if (!span_uint(span_cut(&rest, ' '), &n) || !rest.p)
		return SIZE_MAX;
	*answer = rest;
	return n;
}

/* Bytes that do not print stand as in names. */
static void add_text(struct span answer, struct dns *d)
{
	char out[DNS_OTHER_BYTES + 4];
	size_t n = 0;
	for (size_t left = cut_text(&answer); left && answer.n && n < DNS_OTHER_BYTES; left--) {
		uint8_t c = take(&answer);
		if (c >= ' ' && c < 0x7f && c != '\\')
			out[n++] = (char)c;
		else
			n += dns_name_byte(out + n, c);
	}
	dns_add_other(d, out, n);
}

static void answers(const struct zeek_row *row, struct dns *d)
{
	struct span rest = row->f[ZEEK_ANSWERS];
	for (int i = 0; rest.p && i < ANSWERS_MAX; i++) {
		struct span one = span_cut(&rest, row->set_separator);
		union addr a;
		if (addr_parse(one, &a))
			dns_add_addr(d, &a);
		else
			add_text(one, d);
	}
}

static void ttls(const struct zeek_row *row, struct dns *d)
{
	struct span rest = row->f[ZEEK_TTLS];
	for (int i = 0; rest.p && i < ANSWERS_MAX; i++) {
		double s;
		if (!span_real(span_cut(&rest, row->set_separator), &s) || s < 0 || s > UINT32_MAX)
			continue;
		if (!d->has_ttl || s < d->ttl_s)
			d->ttl_s = (uint32_t)s;
		d->has_ttl = true;
	}
}

static uint16_t qtype(const struct zeek_row *row)
{
	uint64_t v;
	if (span_uint(row->f[ZEEK_QTYPE], &v) && v <= UINT16_MAX)
		return (uint16_t)v;
	struct span word = row->f[ZEEK_QTYPE_NAME];
	if (!word.p)
		return 0;
	return span_is(word, "*") ? DNS_ANY : dns_type_of(word);
}

static uint8_t rcode(const struct zeek_row *row)
{
	uint64_t v;
	if (span_uint(row->f[ZEEK_RCODE], &v))
		return v < DNS_RCODE_NONE ? (uint8_t)v : DNS_RCODE_NONE;
	struct span word = row->f[ZEEK_RCODE_NAME];
	return word.p ? dns_rcode_of(word) : DNS_RCODE_NONE;
}

static const char *look_up(const struct zeek *z, const struct zeek_row *row, struct dns *d)
{
	int64_t us;
	if (!zeek_time(z, row, &us))
		return "no readable time";
	if (!addr_parse(row->f[ZEEK_ORIG_H], &d->client) ||
	    !addr_parse(row->f[ZEEK_RESP_H], &d->server))
		return "no readable address";
	if (!name(row->f[ZEEK_QUERY], d))
		return "a name that is too long";
	d->time_ms = us / 1000;
	d->qtype = qtype(row);
	d->rcode = rcode(row);
	if (d->rcode != DNS_RCODE_NONE) {
		answers(row, d);
		ttls(row, d);
	}
	return dns_check(d) == ERR_OK ? NULL : "an impossible time";
}

static bool local_names(uint16_t port)
{
	return port == 5353 || port == 5355 || port == 137;
}

void zeek_read_dns(
    const struct zeek *z, const struct zeek_row *row, uint64_t offset, struct batch *out)
{
	uint16_t port, server_port;
	if (!zeek_port(row->f[ZEEK_ORIG_P], &port) ||
	    !zeek_port(row->f[ZEEK_RESP_P], &server_port)) {
		batch_bad(out, offset, "no readable port");
		return;
	}
	if (local_names(server_port) || local_names(port)) {
		batch_ignore(out, "multicast DNS, LLMNR and NetBIOS names");
		return;
	}
	if (!row->f[ZEEK_QUERY].p) {
		batch_ignore(out, "DNS without a question");
		return;
	}
	struct dns *d = batch_dns(out);
	d->client_port = port;
	const char *wrong = look_up(z, row, d);
	if (wrong) {
		batch_undo_dns(out);
		batch_bad(out, offset, wrong);
	}
}
