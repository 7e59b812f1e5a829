/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Export datagrams (NetFlow v5, v9, IPFIX) -> flows, for whoever has a datagram in hand: the
 * decoder of concatenated datagrams, and pcap for captures of an exporter's UDP. */
#pragma once
#include "decode/decode.h"

/* Templates and sampling per exporter and its domain (source id, observation domain id). */
struct export;
struct export *export_new(const struct decode_env *env);
void export_free(struct export *x);
/* Whether these bytes are one whole export datagram: version 5, 9 or 10 and lengths that add up. */
bool export_sniff(const uint8_t *p, size_t n);
/* exporter: the sender, all zero where unknown. received_ms: 0 where unknown. offset: where the
 * datagram stands in the file, for notes. What is wrong in it is noted in out, the rest decoded. */
void export_datagram(struct export *x, const union addr *exporter, int64_t received_ms,
    const uint8_t *p, size_t n, uint64_t offset, struct batch *out);
