/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One export datagram on its way through the readers of its version. Behind export.h. */
#pragma once
#include "decode/export.h"
#include "decode/record.h"

struct export
{
	struct exporters *names; /* borrowed */
	struct templates templates;
	struct sources sources;
};

struct datagram {
	struct export *x;
	const union addr *exporter;
	int64_t received_ms;
	const uint8_t *p;
	size_t n;
	uint64_t offset; /* of p[0] in the file */
	struct batch *out;
};

enum { EXPORT_V5 = 5, EXPORT_V9 = 9, EXPORT_IPFIX = 10 };
enum { V5_HEADER_BYTES = 24, V5_RECORD_BYTES = 48, V5_RECORDS_MAX = 30 };
enum { V9_HEADER_BYTES = 20, IPFIX_HEADER_BYTES = 16, SET_HEADER_BYTES = 4, SET_DATA_FIRST = 256 };

/* Bytes of the datagram that begins at p; 0: none does. More than n: it is cut, or (whole false)
 * more bytes are needed to tell. whole: nothing follows the n bytes. */
size_t datagram_length(const uint8_t *p, size_t n, bool whole);

void netflow5_read(const struct datagram *d);
void netflow9_read(const struct datagram *d);
void ipfix_read(const struct datagram *d);

/* The source of a datagram, with its exporter's number. */
struct source *datagram_source(const struct datagram *d, uint32_t version, uint32_t domain);
static inline void datagram_bad(const struct datagram *d, const uint8_t *at, const char *reason)
{
	batch_bad(d->out, d->offset + (uint64_t)(at - d->p), reason);
}
