/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exporter: flow records in NetFlow v9 (RFC 3954) or IPFIX (RFC 7011) datagrams, written as a
 * pcap of the UDP that a collector would get. Records are sent once a second; a datagram's time is
 * a whole second, so that v9's times relative to the boot are exact. Templates come first and again
 * every minute; packet sampling is announced beside them. */
#pragma once
#include "rec/flow.h"
#include "sim/sink.h"

enum { EXPORT_BYTES = 1400 };

struct export_set { /* records of one template, waiting for their datagram */
	uint8_t p[EXPORT_BYTES];
	size_t n, records;
};

struct exporter_about {
	int64_t start_ms;
	uint32_t sampling;
	uint8_t number; /* tells exporters apart: address and domain */
	bool ipfix, flags;
};

struct exporter {
	struct sink *to;                      /* borrowed */
	int64_t boot_ms, second, told_second; /* told: when templates were last sent */
	uint32_t sampling, sequence, sent_in_second;
	uint8_t number;
	bool ipfix, flags;
	struct export_set sets[2]; /* IPv4, IPv6 */
};

struct export_record {
	union addr src, dst;
	int64_t start_ms, end_ms, exported_ms;
	uint64_t bytes;
	uint32_t packets;
	uint16_t sport, dport, icmp; /* type * 256 + code */
	uint8_t proto, flags, reason;
	bool outward; /* came in on the lines' side */
};

void exporter_open(struct exporter *x, struct sink *to, const struct exporter_about *about);
/* Records come in order of exported_ms. */
void exporter_add(struct exporter *x, const struct export_record *r);
void exporter_close(struct exporter *x);
