/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of one format -> records. A decoder is pure: no clock, no files, no configuration reader;
 * it gets a window of bytes, appends records to a batch and says how many bytes it is done with. */
#pragma once
#include "base/opt.h"
#include "rec/dns.h"
#include "rec/flow.h"
#include "rec/session.h"

enum {
	BATCH_FULL = 128,
	BATCH_NOTES = 8,
	DECODE_SNIFF_BYTES = 65536,
	DECODE_RECORD_MAX = 16 << 20
};

struct batch_note { /* a bad record: where and why */
	uint64_t offset;
	const char *reason; /* static text */
};

/* Records in the order in which they were decoded. Zero-initialise; batch_fini frees. */
struct batch {
	struct flow *flows;
	struct dns *dns;
	struct session *sessions;
	size_t flow_n, flow_cap, dns_n, dns_cap, session_n, session_cap;
	struct batch_note notes[BATCH_NOTES]; /* the first of bad_n */
	uint64_t bad_n;
	uint64_t
	    ignored_n; /* records of no use: option records, firewall events, other protocols */
	const char *ignored; /* what the last of them was, static text, or NULL */
};
/* A zeroed record to fill; valid until the next call. */
struct flow *batch_flow(struct batch *b);
struct dns *batch_dns(struct batch *b);
struct session *batch_session(struct batch *b);
/* Appends copies of records that lie elsewhere. */
void batch_copy(
    struct batch *b, const struct flow *flows, size_t flow_n, const struct dns *dns, size_t dns_n);
void batch_undo_flow(struct batch *b); /* takes the last flow back (it was no good after all) */
void batch_undo_dns(struct batch *b);
void batch_undo_session(struct batch *b);
void batch_bad(struct batch *b, uint64_t offset, const char *reason);
void batch_ignore(struct batch *b, const char *what);
static inline size_t batch_records(const struct batch *b)
{
	return b->flow_n + b->dns_n + b->session_n;
}
/* A decoder returns when this holds, at the latest after the datagram, block or line it is in. */
static inline bool batch_full(const struct batch *b)
{
	return batch_records(b) >= BATCH_FULL;
}
void batch_reset(struct batch *b); /* empties, keeps the room */
void batch_fini(struct batch *b);

/* Names of exporters by number, shared by the inputs of a run; number 0 is "". */
struct exporters;
struct exporters *exporters_new(void);
void exporters_free(struct exporters *x);
uint32_t exporter_number(struct exporters *x, const char *name); /* adds; 0 when 65,536 are known */
const char *exporter_name(const struct exporters *x, uint32_t number);

struct decode_env {                  /* what every decoder is told; outlives it */
	struct exporters *exporters; /* borrowed */
	int64_t zone_ms;             /* of times without a zone, east of UTC */
	int64_t now_ms;   /* when the run began, to date times without a year; 0: unknown */
	const void *opts; /* the decoder's own option struct, filled from its rows */
};

struct decoder {
	const char *name;    /* as on --format, with hyphens */
	const char *summary; /* one line for `list decoders` */
	const char *source;  /* the specification */
	const struct opt_row *rows;
	size_t rows_n, opts_bytes;
	size_t state_bytes;
	/* How sure that these first bytes (at most DECODE_SNIFF_BYTES of the decompressed file) are
	 * of this format: 0 no, 100 a magic number. The highest wins. */
	int (*sniff)(const uint8_t *p, size_t n);
	/* state is zeroed memory of state_bytes; close frees what hangs on it. */
	void (*open)(void *state, const struct decode_env *env);
	/* bytes stand at `offset` of the (decompressed) file; last: no more follow. Returns how
	 * many it is done with: 0 and !last asks for a longer window; with last it must finish (a
	 * rest that makes no record is noted as bad), unless the batch is full. Never reads past n.
	 */
	size_t (*decode)(
	    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out);
	/* After the last byte: records still held (open flows). True: call again. May be NULL. */
	bool (*flush)(void *state, struct batch *out);
	void (*close)(void *state);
};

extern const struct decoder *const decoders[];
extern const size_t decoders_n;
const struct decoder *decoder_find(const char *name); /* NULL where unknown */
/* The decoder that is surest of these bytes, or NULL. */
const struct decoder *decoder_sniff(const uint8_t *p, size_t n);

/* Readers of what comes live: one datagram, one frame at a time. */
#include "decode/dnstap.h"
#include "decode/export.h"
#include "decode/radius.h"
