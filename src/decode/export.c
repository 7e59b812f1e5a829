/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Export datagrams -> flows: see export.h. This file finds out the version and where a datagram
 * ends; netflow5.c and sets.c read them. */
#include "base/mem.h"
#include "decode/datagram.h"
#include <stdlib.h>

/* Sets of a datagram that are followed to find its end: a datagram of 9,000 bytes holds about 180.
 * A limit, since behind damage every offset may have to be tried. */
enum { SETS_LOOKED_AT = 512 };

struct export *export_new(const struct decode_env *env)
{
	struct export *x = mem_new(1, sizeof *x);
	x->names = env->exporters;
	templates_init(&x->templates);
	sources_init(&x->sources);
	return x;
}

void export_free(struct export *x)
{
	if (!x)
		return;
	templates_fini(&x->templates);
	sources_fini(&x->sources);
	free(x);
}

static size_t v5_length(const uint8_t *p, size_t n)
{
	if (n < 4)
		return V5_HEADER_BYTES;
	size_t records = buf_peek_be16(p + 2);
	if (records == 0 || records > V5_RECORDS_MAX)
		return 0;
	return V5_HEADER_BYTES + records * V5_RECORD_BYTES;
}

/* NetFlow v9 has no length: sets follow each other until something comes that is no set. A next
 * header is none, since set ids 2 to 255 are not used (RFC 3954, 5.2). */
static size_t v9_length(const uint8_t *p, size_t n, bool whole)
{
	size_t at = V9_HEADER_BYTES;
	for (int sets = 0; sets < SETS_LOOKED_AT; sets++) {
		if (n < at + SET_HEADER_BYTES)
			return whole && at > V9_HEADER_BYTES ? at : at + SET_HEADER_BYTES;
		uint16_t id = buf_peek_be16(p + at), bytes = buf_peek_be16(p + at + 2);
		if ((id > 1 && id < SET_DATA_FIRST) || bytes < SET_HEADER_BYTES ||
		    at + bytes > UINT16_MAX)
			break;
		at += bytes;
	}
	return at > V9_HEADER_BYTES ? at : 0;
}

static size_t ipfix_length(const uint8_t *p, size_t n)
{
	if (n < IPFIX_HEADER_BYTES)
		return IPFIX_HEADER_BYTES;
	size_t bytes = buf_peek_be16(p + 2), at = IPFIX_HEADER_BYTES;
	for (int sets = 0; at + SET_HEADER_BYTES <= bytes && at + SET_HEADER_BYTES <= n; sets++) {
		if (sets == SETS_LOOKED_AT)
			return bytes;
		uint16_t id = buf_peek_be16(p + at), set_bytes = buf_peek_be16(p + at + 2);
		if (id < 2 || (id > 3 && id < SET_DATA_FIRST) || set_bytes < SET_HEADER_BYTES)
			return 0;
		at += set_bytes;
	}
	return bytes >= IPFIX_HEADER_BYTES && (at >= bytes || n < bytes) && at <= bytes ? bytes : 0;
}

size_t datagram_length(const uint8_t *p, size_t n, bool whole)
{
	if (n < 2)
		return whole ? 0 : 2;
	switch (buf_peek_be16(p)) {
	case EXPORT_V5:
		return v5_length(p, n);
	case EXPORT_V9:
		return v9_length(p, n, whole);
	case EXPORT_IPFIX:
		return ipfix_length(p, n);
	default:
		return 0;
	}
}

bool export_sniff(const uint8_t *p, size_t n)
{
	size_t at = 0;
	for (size_t bytes = 1; bytes > 0 && at < n; at += bytes) {
		bytes = datagram_length(p + at, n - at, true);
		if (bytes > n - at)
			return false;
	}
	while (at > 0 && at < n && p[at] == 0) /* some exporters fill their packets up */
		at++;
	return at == n && n > 0;
}

struct source *datagram_source(const struct datagram *d, uint32_t version, uint32_t domain)
{
	struct source_key key = {*d->exporter, domain, version};
	uint64_t dropped_n = d->x->sources.dropped_n;
	bool fresh;
	struct source *s = source_of(&d->x->sources, &key, &fresh);
	if (fresh && (key.exporter.q[0] || key.exporter.q[1])) {
		char word[ADDR_TEXT];
		addr_text(word, &key.exporter);
		s->exporter = exporter_number(d->x->names, word);
	}
	if (d->x->sources.dropped_n > dropped_n)
		datagram_bad(d, d->p, "too many exporters: the sampling of one was forgotten");
	return s;
}

static void read_one(const struct datagram *d)
{
	switch (d->n >= 2 ? buf_peek_be16(d->p) : 0) {
	case EXPORT_V5:
		netflow5_read(d);
		break;
	case EXPORT_V9:
		netflow9_read(d);
		break;
	case EXPORT_IPFIX:
		ipfix_read(d);
		break;
	default:
		datagram_bad(d, d->p, "no export datagram: version is not 5, 9 or 10");
	}
}

void export_datagram(struct export *x, const union addr *exporter, int64_t received_ms,
    const uint8_t *p, size_t n, uint64_t offset, struct batch *out)
{
	struct datagram d = {x, exporter, received_ms, p, n, offset, out};
	size_t bytes = datagram_length(p, n, true);
	while (bytes > 0 && bytes < d.n && datagram_length(d.p + bytes, d.n - bytes, true) > 0) {
		d.n = bytes; /* several messages in one packet */
		read_one(&d);
		d.p += bytes;
		d.offset += bytes;
		d.n = n - (size_t)(d.p - p);
		bytes = datagram_length(d.p, d.n, true);
	}
	read_one(&d);
}
