/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a question: see who.h. */
#include "base/when.h"
#include "run/who.h"
#include <string.h>

static const struct {
	const char *word;
	uint8_t number;
} protos[] = {{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}, {"sctp", 132}};
enum { PROTOS_N = sizeof protos / sizeof *protos };

/* Parts "[ADDR]:PORT", "A.B.C.D:PORT" or an address alone; port.p is NULL where there is none. */
static struct span cut_port(struct span s, struct span *port)
{
	struct span addr = s;
	*port = (struct span){NULL, 0};
	const char *colon = s.n ? memchr(s.p, ':', s.n) : NULL, *end = NULL;
	if (s.n && s.p[0] == '[') {
		end = memchr(s.p, ']', s.n);
		addr = end ? (struct span){s.p + 1, (size_t)(end - s.p) - 1} : (struct span){"", 0};
		end = end ? end + 1 : NULL;
	} else if (colon && memrchr(s.p, ':', s.n) == colon) {
		end = colon;
		addr.n = (size_t)(colon - s.p);
	}
	if (end && end != s.p + s.n) /* what follows must be a port */
		*port = *end == ':' ? (struct span){end + 1, (size_t)(s.p + s.n - end) - 1}
				    : (struct span){"", 0};
	return addr;
}

static int read_addr(const char *text, struct question *q, struct err *e)
{
	uint64_t number = 0;
	struct span port, addr = cut_port(span_of(text), &port);
	if (!addr_parse(addr, &q->addr))
		return err_set(e, ERR_CONFIG,
		    "'%.80s' is no address; it looks like 192.0.2.1, 192.0.2.1:1024 or "
		    "[2001:db8::1]:1024",
		    text);
	if (port.p && (!span_uint(port, &number) || number < 1 || number > 65535))
		return err_set(e, ERR_CONFIG, "'%.80s': the port is outside 1..65535", text);
	q->port = (uint16_t)number;
	return ERR_OK;
}

static int read_proto(const char *text, struct question *q, struct err *e)
{
	uint64_t number;
	if (!text || !*text)
		return ERR_OK;
	for (size_t i = 0; i < PROTOS_N; i++)
		if (span_is_nocase(span_of(text), protos[i].word)) {
			q->proto = protos[i].number;
			return ERR_OK;
		}
	if (!span_uint(span_of(text), &number) || number < 1 || number > 255)
		return err_set(e, ERR_CONFIG,
		    "--proto: '%.40s' is none of icmp, tcp, udp, icmpv6, sctp, and no number in "
		    "1..255",
		    text);
	q->proto = (uint8_t)number;
	return ERR_OK;
}

int who_question(const struct run_who_options *o, const char *addr, const char *time,
    struct question *q, struct err *e)
{
	int64_t zone_ms = 0;
	*q = (struct question){.realm = (uint32_t)o->realm, .skew_ms = (uint32_t)o->skew_ms};
	int bad = read_addr(addr, q, e);
	bad = bad ? bad : read_proto(o->proto, q, e);
	if (!bad && o->zone && !when_zone(span_of(o->zone), &zone_ms))
		bad = err_set(e, ERR_CONFIG,
		    "--tz: '%.40s' is neither UTC nor an offset such as +02:00", o->zone);
	if (!bad && !when_parse(span_of(time), zone_ms, &q->at_ms))
		bad = err_set(
		    e, ERR_CONFIG, "'%.60s' is no time; it looks like 2026-01-02T03:04:05Z", time);
	return bad;
}
