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
	struct export_counts *counts; /* by exporter number */
	uint32_t count_n;
	struct export_rule *rules;
	size_t rule_n;
};

struct datagram {
	struct export *x;
	struct source *source; /* once its header was read, else NULL */
	const union addr *exporter;
	int64_t received_ms;
	const uint8_t *p;
	size_t n;
	uint64_t offset;        /* of p[0] in the file */
	uint32_t no_template_n; /* data sets in it without a template */
	struct batch *out;
};

enum { EXPORT_V5 = 5, EXPORT_V9 = 9, EXPORT_IPFIX = 10, EXPORT_SFLOW = 0x10005 };
enum { V5_HEADER_BYTES = 24, V5_RECORD_BYTES = 48, V5_RECORDS_MAX = 30 };
enum { SFLOW_HEADER_BYTES = 28 /* with an IPv4 agent */, SFLOW_SAMPLES_MAX = 512 };
enum { V9_HEADER_BYTES = 20, IPFIX_HEADER_BYTES = 16, SET_HEADER_BYTES = 4, SET_DATA_FIRST = 256 };

/* EXPORT_V5 to EXPORT_SFLOW, by the first bytes; 0: none of them, or fewer than tell. */
uint32_t datagram_version(const uint8_t *p, size_t n);
/* Bytes of the datagram that begins at p; 0: none does. More than n: it is cut, or (whole false)
 * more bytes are needed to tell. whole: nothing follows the n bytes. */
size_t datagram_length(const uint8_t *p, size_t n, bool whole);

void netflow5_read(struct datagram *d);
void netflow9_read(struct datagram *d);
void ipfix_read(struct datagram *d);
void sflow_read(struct datagram *d);
size_t sflow_length(const uint8_t *p, size_t n);

/* The source of a datagram, with its exporter's number. agent: of sFlow, else NULL. */
struct source *datagram_source(
    struct datagram *d, uint32_t version, uint32_t domain, const union addr *agent);
void export_forget(struct export *x); /* all templates and sources */
struct source *export_source(struct export *x, const struct source_key *key);
/* What the datagram's exporter has to its account. */
struct export_counts *datagram_counts(const struct datagram *d);
/* Takes the sequence number of a datagram, once its records are counted. */
void datagram_sequence(const struct datagram *d, const struct sequence_step *step);
/* A NAT event, read as a flow, becomes a session. INPUT: it binds nothing. */
int nat_session(const struct template *t, const struct flow *f, const uint64_t extra[EXTRA_N],
    uint8_t dialect, struct session *s);
static inline void datagram_bad(const struct datagram *d, const uint8_t *at, const char *reason)
{
	batch_bad(d->out, d->offset + (uint64_t)(at - d->p), reason);
}
