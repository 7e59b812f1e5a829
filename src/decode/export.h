/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Export datagrams (NetFlow v5, v9, IPFIX, sFlow v5) -> flows and sessions, for whoever has a
 * datagram in hand: the decoder of concatenated datagrams, pcap for captures of an exporter's UDP,
 * and the live sensor. */
#pragma once
#include "base/str.h"
#include "decode/decode.h"

/* Templates, sampling and sequence numbers per exporter and its domain (source id, observation
 * domain id, engine, sFlow agent). */
struct export;
struct export *export_new(const struct decode_env *env);
void export_free(struct export *x);

/* What the operator says of the exporters of a prefix. */
enum export_dialect { EXPORT_DIALECT_RFC8158, EXPORT_DIALECT_JUNOS };
struct export_rule {
	struct prefix from;
	uint32_t sampling; /* 0: auto, as announced; N: 1 in N whatever is announced */
	uint8_t dialect;   /* enum export_dialect: how natEvent is numbered */
};
/* Copies the rules, in place of those before; the longest prefix wins. */
void export_rules(struct export *x, const struct export_rule *v, size_t n);

/* A decoder's option for files, which name no exporter to make a rule for. */
#define EXPORT_NAT_ROW(offset)                                                                     \
	{                                                                                          \
		"nat-events", OPT_WORD, (offset), 0, 0, "rfc8158|junos", "rfc8158",                \
		    "how exporters number their NAT events"                                        \
	}
void export_nat_events(struct export *x, const char *word);

/* Whether these bytes are whole export datagrams: a version that is read, lengths that add up. */
bool export_sniff(const uint8_t *p, size_t n);
/* exporter: the sender, all zero where unknown. received_ms: 0 where unknown. offset: where the
 * datagram stands in the file, for notes. What is wrong in it is noted in out, the rest decoded. */
void export_datagram(struct export *x, const union addr *exporter, int64_t received_ms,
    const uint8_t *p, size_t n, uint64_t offset, struct batch *out);
/* IPFIX over TCP (RFC 7011 10.4): bytes of the message that begins at p; 0: it is not whole yet;
 * SIZE_MAX: no message begins here, and the connection is lost. */
size_t export_message_bytes(const uint8_t *p, size_t n);

/* What became of one exporter's datagrams, over all its domains, since export_new. None of the
 * numbers ever goes down, but for `waiting`. */
struct export_counts {
	uint64_t datagrams, records; /* records: flows and sessions made of them */
	uint64_t bad;                /* damaged records, sets and datagrams */
	uint64_t ignored;            /* records of no use */
	uint64_t no_template;        /* data sets that came before their template */
	uint64_t lost; /* records missing by sequence numbers; of NetFlow v9 and sFlow, which count
			  datagrams, that many times the mean records of one */
	uint64_t waiting;        /* records missing that may still come late, not yet in lost */
	uint64_t resets;         /* times that its sequence began anew */
	uint64_t wrong_sampling; /* announcements of sampling that were not believed */
	uint64_t redefined;      /* templates that changed their form while in use */
	uint32_t sampling;       /* 1 in N of the newest record, 0: not known */
	int64_t last_ms;         /* when it was heard last; its own time where that is unknown */
};
/* By exporter number (0: the nameless); false past the last. */
bool export_counted(const struct export *x, uint32_t exporter, struct export_counts *c);

/* Templates, sampling and sequence numbers as opaque bytes, to go on with after a restart. */
void export_save(const struct export *x, struct text *out);
/* Into a fresh x. INPUT: damaged, or of another version; x is then as new. */
int export_load(struct export *x, struct span saved, struct err *e);
