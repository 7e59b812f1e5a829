/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the decoders of leases share: records of them, and identifiers out of DHCP's options. */
#pragma once
#include "decode/decode.h"

/* A zeroed lease of a whole address, to fill; valid until the next record. */
struct session *lease_new(struct batch *out);
void lease_begins(struct session *s, int64_t at_ms, enum session_edge how);
void lease_ends(struct session *s, int64_t at_ms, enum session_edge how);
/* The later of two times: an end whose own time is not told was not before what is told above it.
 */
static inline int64_t lease_later(int64_t a_ms, int64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}
/* Keeps the last record, or, where it is impossible, takes it back and notes it as bad: false. */
bool lease_keep(struct batch *out, uint64_t offset, const char *reason);

/* Bytes as digits in pairs, with `:`, `-`, `.` or nothing between, and perhaps 0x in front; a lone
 * digit between separators is a byte, too. 0: malformed, empty, or more than fit. */
size_t lease_bytes(struct span text, uint8_t *to, size_t cap);
/* Adds an identifier, and the DUID that RFC 4361 puts into a DHCPv4 client identifier. */
void lease_id(struct session_ids *ids, enum session_id kind, struct span bytes);
/* Adds one that is written as digits; one that is malformed or too long is left out. */
void lease_hex(struct session_ids *ids, enum session_id kind, struct span text);
/* Circuit and remote id out of a relay's information: RFC 3046 sub-options; DHCPv6 options, where
 * they are called Interface-Id and Remote-Id. The latter's enterprise number is left out: a line
 * has the same name in both families then. */
void lease_relay4(struct session_ids *ids, struct span options);
void lease_relay6(struct session_ids *ids, struct span options);
