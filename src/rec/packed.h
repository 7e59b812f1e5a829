/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records at rest: a flow in 64 bytes (IPv4) or 88 (IPv6) where it is one like most, a DNS record
 * without its unused room. Only memory of this process: no format, no byte order. */
#pragma once
#include "rec/dns.h"
#include "rec/flow.h"

enum { PACKED_MAX = 1024 }; /* bytes that a packed record takes at most */

/* Write to 8-aligned memory of PACKED_MAX bytes; return the bytes taken, a multiple of 8. time_ms
 * is the record's place in the stream. */
size_t flow_pack(const struct flow *f, int64_t time_ms, void *to);
size_t dns_pack(const struct dns *d, void *to);
/* Bytes of what was packed. */
size_t packed_bytes(const void *from);
void flow_unpack(const void *from, int64_t time_ms, struct flow *f);
void dns_unpack(const void *from, struct dns *d);
