/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leases: see lease.h. Sources: RFC 3046, 2.0 (sub-options 1 and 2); RFC 4361, 6.1; RFC 8415, 21.18
 * (Interface-Id); RFC 4649 (Remote-Id). */
#include "decode/lease.h"
#include <string.h>

enum {
	ID_BYTES_MAX = UINT8_MAX,
	CLIENT_TYPE_DUID = 255,
	CLIENT_IAID_BYTES = 4,
	DUID_MIN_BYTES = 3
};
enum { RELAY4_CIRCUIT = 1, RELAY4_REMOTE = 2, RELAY6_INTERFACE = 18, RELAY6_REMOTE = 37 };
enum { ENTERPRISE_BYTES = 4 };

struct session *lease_new(struct batch *out)
{
	struct session *s = batch_session(out);
	s->kind = SESSION_LEASE;
	s->port_step = 1;
	return s;
}

void lease_begins(struct session *s, int64_t at_ms, enum session_edge how)
{
	s->t0_ms = at_ms;
	s->begin = (uint8_t)how;
}

void lease_ends(struct session *s, int64_t at_ms, enum session_edge how)
{
	s->t1_ms = at_ms;
	s->end = (uint8_t)how;
}

bool lease_keep(struct batch *out, uint64_t offset, const char *reason)
{
	if (session_check(&out->sessions[out->session_n - 1]) == ERR_OK)
		return true;
	batch_undo_session(out);
	batch_bad(out, offset, reason);
	return false;
}

static bool separates(char c)
{
	return c == ':' || c == '-' || c == '.';
}

size_t lease_bytes(struct span text, uint8_t *to, size_t cap)
{
	size_t n = 0, at = text.n > 2 && text.p[0] == '0' && (text.p[1] | 0x20) == 'x' ? 2 : 0;
	while (at < text.n) {
		int high = hex_digit(text.p[at]), low = -1;
		if (high < 0 || n == cap)
			return 0;
		if (++at < text.n && !separates(text.p[at]) && (low = hex_digit(text.p[at++])) < 0)
			return 0;
		to[n++] = (uint8_t)(low < 0 ? high : high << 4 | low);
		if (at < text.n && separates(text.p[at]) && ++at == text.n)
			return 0;
	}
	return n;
}

void lease_id(struct session_ids *ids, enum session_id kind, struct span bytes)
{
	size_t head = 1 + CLIENT_IAID_BYTES;
	(void)session_ids_add(ids, kind, bytes);
	if (kind == SESSION_CLIENT && bytes.n >= head + DUID_MIN_BYTES &&
	    (uint8_t)bytes.p[0] == CLIENT_TYPE_DUID)
		(void)session_ids_add(
		    ids, SESSION_DUID, (struct span){bytes.p + head, bytes.n - head});
}

void lease_hex(struct session_ids *ids, enum session_id kind, struct span text)
{
	uint8_t bytes[ID_BYTES_MAX];
	size_t n = lease_bytes(text, bytes, sizeof bytes);
	lease_id(ids, kind, (struct span){(const char *)bytes, n});
}

struct relay_form {
	size_t wide; /* bytes of a code, and of a length */
	uint64_t circuit, remote;
	size_t before; /* bytes in front of the remote id's value */
};

static void relay(struct session_ids *ids, struct span options, const struct relay_form *f)
{
	struct buf b = buf_of(options.p, options.n);
	while (buf_left(&b) > 0) {
		uint64_t code = buf_be(&b, f->wide), n = buf_be(&b, f->wide);
		struct span value = {(const char *)buf_take(&b, n), n};
		if (value.p && code == f->circuit)
			(void)session_ids_add(ids, SESSION_CIRCUIT, value);
		if (value.p && code == f->remote && n > f->before)
			(void)session_ids_add(
			    ids, SESSION_REMOTE, (struct span){value.p + f->before, n - f->before});
	}
}

void lease_relay4(struct session_ids *ids, struct span options)
{
	static const struct relay_form form = {1, RELAY4_CIRCUIT, RELAY4_REMOTE, 0};
	relay(ids, options, &form);
}

void lease_relay6(struct session_ids *ids, struct span options)
{
	static const struct relay_form form = {
	    2, RELAY6_INTERFACE, RELAY6_REMOTE, ENTERPRISE_BYTES};
	relay(ids, options, &form);
}
