/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the TSV and the JSON form of Zeek's logs share: a row of the fields that we read, and its
 * reading as a flow (conn.log) or a DNS look-up (dns.log). Columns with labels are not among them.
 */
#pragma once
#include "decode/decode.h"

enum zeek_field {
	ZEEK_TS,
	ZEEK_ORIG_H,
	ZEEK_ORIG_P,
	ZEEK_RESP_H,
	ZEEK_RESP_P,
	ZEEK_PROTO,
	ZEEK_IP_PROTO,
	ZEEK_DURATION,
	ZEEK_ORIG_BYTES,
	ZEEK_RESP_BYTES,
	ZEEK_CONN_STATE,
	ZEEK_HISTORY,
	ZEEK_ORIG_PKTS,
	ZEEK_ORIG_IP_BYTES,
	ZEEK_RESP_PKTS,
	ZEEK_RESP_IP_BYTES,
	ZEEK_QUERY,
	ZEEK_QTYPE,
	ZEEK_QTYPE_NAME,
	ZEEK_RCODE,
	ZEEK_RCODE_NAME,
	ZEEK_ANSWERS, /* these two are lists */
	ZEEK_TTLS,
	ZEEK_FIELDS
};
extern const char *const zeek_names[ZEEK_FIELDS]; /* as Zeek spells them */

struct zeek_row {
	struct span f[ZEEK_FIELDS]; /* p is NULL where the field is absent or unset */
	char set_separator;         /* between the elements of ZEEK_ANSWERS and ZEEK_TTLS */
};

enum zeek_log { ZEEK_OTHER, ZEEK_CONN, ZEEK_DNS };
enum zeek_log zeek_log_of(struct span path); /* "conn", "dns" */
/* Which log has these fields (a bit for each zeek_field), where it does not say. */
enum zeek_log zeek_log_with(uint32_t fields);

struct zeek { /* of one input */
	const struct decode_env *env;
	uint32_t exporter;
	bool told; /* that it has lines of other logs */
};
void zeek_open(struct zeek *z, const struct decode_env *env);
/* Appends the row's record, or notes why there is none. */
void zeek_read(struct zeek *z, enum zeek_log log, const struct zeek_row *row, uint64_t offset,
    struct batch *out);
void zeek_read_dns(
    const struct zeek *z, const struct zeek_row *row, uint64_t offset, struct batch *out);
/* Unix microseconds of a row: an epoch, or ISO 8601. */
bool zeek_time(const struct zeek *z, const struct zeek_row *row, int64_t *us);
bool zeek_port(struct span s, uint16_t *port);

/* conn_state and history as flags, by Zeek's documentation of conn.log. */
void zeek_history(struct span history, struct flow *f);
void zeek_state(struct span conn_state, struct flow *f);
