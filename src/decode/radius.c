/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting packets: see radius.h; what they mean: radius_event.c. Whatever is wrong with a packet
 * that its sender has signed is counted, and it is answered all the same: it would only come again.
 * Sources: RFC 2866 (packet, authenticators), RFC 2869, 5.14 (Message-Authenticator: as in other
 * requests whose authenticator is a hash, that counts as zeros), RFC 6929 (extended attributes),
 * RFC 2865, 5.33 (Proxy-State), RFC 5997 (Status-Server: its authenticator is random, and stands in
 * its Message-Authenticator as it is). */
#include "decode/radius.h"
#include "base/md5.h"
#include "decode/radius_event.h"
#include <string.h>

enum { ACCOUNTING_REQUEST = 4, ACCOUNTING_RESPONSE = 5, STATUS_SERVER = 12 };
enum { HEAD_BYTES = 20, AUTHENTICATOR_AT = 4 };
enum { VENDOR_SPECIFIC = 26, PROXY_STATE = 33, MESSAGE_AUTHENTICATOR = 80, EXTENDED_1 = 241 };

static const uint8_t zeros[MD5_BYTES];

static struct span part(const uint8_t *p, size_t n)
{
	return (struct span){(const char *)p, n};
}

/* The next attribute's value; 0 at the end, or where the lengths are impossible (b->bad). */
static uint8_t next(struct buf *b, struct span *value)
{
	if (buf_left(b) == 0)
		return 0;
	uint8_t type = buf_u8(b), n = buf_u8(b);
	if (n < 2) {
		b->bad = true;
		return 0;
	}
	*value = part(buf_take(b, n - 2u), n - 2u);
	return b->bad ? 0 : type;
}

static bool authentic(const uint8_t *p, size_t n, struct span secret)
{
	uint8_t hash[MD5_BYTES];
	struct span parts[] = {part(p, AUTHENTICATOR_AT), part(zeros, MD5_BYTES),
	    part(p + HEAD_BYTES, n - HEAD_BYTES), secret};
	md5(hash, parts, 4);
	return md5_same(hash, p + AUTHENTICATOR_AT);
}

/* mac: the Message-Authenticator's value within the packet. */
static bool message_authentic(const uint8_t *p, size_t n, struct span secret, struct span mac)
{
	uint8_t hash[MD5_BYTES];
	const uint8_t *at = (const uint8_t *)mac.p;
	const uint8_t *random = p[0] == STATUS_SERVER ? p + AUTHENTICATOR_AT : zeros;
	struct span parts[] = {part(p, AUTHENTICATOR_AT), part(random, MD5_BYTES),
	    part(p + HEAD_BYTES, (size_t)(at - p) - HEAD_BYTES), part(zeros, MD5_BYTES),
	    part(at + MD5_BYTES, n - MD5_BYTES - (size_t)(at - p))};
	if (mac.n != MD5_BYTES)
		return false;
	md5_keyed(hash, secret, parts, 5);
	return md5_same(hash, at);
}

static void take_attribute(struct radius_event *e, uint32_t vendor, uint16_t type, uint8_t extended,
    uint8_t part_number, struct span value)
{
	struct radius_value v;
	const struct radius_attribute *a = radius_attribute(vendor, type, extended, part_number);
	if (a && radius_value(a->form, value, &v))
		radius_take(e, a, &v);
}

/* Vendors that number otherwise than with a byte, then a length, are not known here. */
static void take_vendor(struct radius_event *e, struct span value)
{
	struct buf b = buf_of(value.p, value.n);
	uint32_t vendor = buf_be32(&b);
	uint8_t type;
	while ((type = next(&b, &value)))
		take_attribute(e, vendor, type, 0, 0, value);
}

static void take_extended(struct radius_event *e, struct span value)
{
	struct buf b = buf_of(value.p, value.n);
	uint8_t extended = buf_u8(&b), type;
	radius_next_block(e);
	while ((type = next(&b, &value)))
		take_attribute(e, 0, EXTENDED_1, extended, type, value);
	radius_next_block(e);
}

/* NULL, or what is wrong. */
static const char *walk(
    const struct radius_packet *in, size_t n, struct radius_event *e, enum radius_fault *fault)
{
	struct buf b = buf_of(in->p + HEAD_BYTES, n - HEAD_BYTES);
	struct span value, mac = {NULL, 0};
	uint8_t type;
	*fault = RADIUS_MALFORMED;
	while ((type = next(&b, &value))) {
		if (type == MESSAGE_AUTHENTICATOR && mac.p)
			return "more than one Message-Authenticator";
		if (type == MESSAGE_AUTHENTICATOR)
			mac = value;
		else if (type == VENDOR_SPECIFIC)
			take_vendor(e, value);
		else if (type == EXTENDED_1)
			take_extended(e, value);
		else
			take_attribute(e, 0, type, 0, 0, value);
	}
	if (b.bad)
		return "an attribute of an impossible length";
	*fault = RADIUS_FORGED;
	if (mac.p && !message_authentic(in->p, n, in->secret, mac))
		return "a wrong Message-Authenticator";
	if (!mac.p && in->p[0] == STATUS_SERVER)
		return "a Status-Server without a Message-Authenticator";
	*fault = RADIUS_NO_FAULT;
	return NULL;
}

/* A NAS tries again for long: what it sends now it says to be so many seconds old. */
static const char *wrong_time(const struct radius_event *e, int64_t now_ms)
{
	int64_t sent_ms = e->event_ms + (int64_t)e->delay_s * 1000;
	if (e->event_ms && sent_ms + RADIUS_REPLAY_S * 1000 < now_ms)
		return "an Event-Timestamp of more than 300 s ago: sent again, or a wrong clock";
	if (e->event_ms && e->event_ms > now_ms + RADIUS_REPLAY_S * 1000)
		return "an Event-Timestamp of more than 300 s ahead: a wrong clock";
	return NULL;
}

/* Proxies find their way back by their Proxy-State. */
static void answer(const struct radius_packet *in, size_t n, struct radius_reply *r)
{
	struct buf b = buf_of(in->p + HEAD_BYTES, n - HEAD_BYTES);
	struct span value;
	uint8_t type;
	r->n = HEAD_BYTES;
	while ((type = next(&b, &value)))
		if (type == PROXY_STATE) {
			memcpy(r->bytes + r->n, value.p - 2, value.n + 2);
			r->n += value.n + 2;
		}
	r->bytes[0] = ACCOUNTING_RESPONSE;
	r->bytes[1] = in->p[1];
	r->bytes[2] = (uint8_t)(r->n >> 8);
	r->bytes[3] = (uint8_t)r->n;
	struct span parts[] = {part(r->bytes, AUTHENTICATOR_AT),
	    part(in->p + AUTHENTICATOR_AT, MD5_BYTES),
	    part(r->bytes + HEAD_BYTES, r->n - HEAD_BYTES), in->secret};
	md5(r->bytes + AUTHENTICATOR_AT, parts, 4);
}

static void come_out(
    const struct radius_packet *in, const struct radius_event *e, struct batch *out)
{
	size_t before = out->session_n;
	int64_t delay_ms = (int64_t)e->delay_s * 1000;
	radius_sessions(e, e->event_ms ? e->event_ms : in->now_ms - delay_ms, in->now_ms, 0, out);
	for (size_t i = before; i < out->session_n; i++)
		out->sessions[i].exporter = in->exporter;
}

const char *radius_accounting(
    const struct radius_packet *in, struct batch *out, struct radius_reply *reply)
{
	struct radius_event e = {0};
	size_t n = in->n >= HEAD_BYTES ? buf_peek_be16(in->p + 2) : 0;
	reply->n = 0;
	reply->fault = RADIUS_MALFORMED;
	if (in->n < HEAD_BYTES || n < HEAD_BYTES || n > in->n || n > RADIUS_PACKET_MAX)
		return "no RADIUS packet: an impossible length";
	bool asks = in->p[0] == STATUS_SERVER;
	if (!asks && in->p[0] != ACCOUNTING_REQUEST)
		return "not an Accounting-Request";
	reply->fault = RADIUS_FORGED;
	if (!in->secret.n || (!asks && !authentic(in->p, n, in->secret)))
		return "a wrong authenticator: not of this sender, or another secret";
	const char *wrong = walk(in, n, &e, &reply->fault);
	if (!wrong && (wrong = wrong_time(&e, in->now_ms)))
		reply->fault = RADIUS_UNTIMELY;
	if (wrong)
		return wrong;
	e.sender = in->from;
	if (!asks)
		come_out(in, &e, out);
	answer(in, n, reply);
	return NULL;
}
