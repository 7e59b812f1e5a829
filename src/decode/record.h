/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data records of NetFlow v9 and IPFIX -> flows, by the plan of their template; and what flows of
 * any version need at the end. */
#pragma once
#include "decode/source.h"

struct record_env { /* the datagram that a record came in */
	const struct source *source;
	int64_t exported_ms, received_ms; /* 0: unknown */
	int64_t boot_ms; /* start of the exporter's clock for 21 and 22; 0: unknown */
};

/* Bytes of the record that begins at p, at most n; 0 where it does not end there. Where fields are
 * variable, starts (of TEMPLATE_FIELDS_MAX) says where each begins. */
size_t record_measure(const struct template *t, const uint8_t *p, size_t n, uint16_t *starts);
/* Extras of an options record. Only those that the template brings are set. */
void record_extras(
    const struct template *t, const uint8_t *p, const uint16_t *starts, uint64_t extra[EXTRA_N]);
/* All fields of a flow and the extras. starts: see record_measure. */
void record_read(const struct template *t, const uint8_t *p, const uint16_t *starts,
    const struct record_env *env, struct flow *f, uint64_t extra[EXTRA_N]);
/* Completes a flow that record_read filled: times, sampling, ICMP. INPUT where it has no time or
 * impossible ones. */
int record_finish(const struct template *t, const struct record_env *env,
    const uint64_t extra[EXTRA_N], struct flow *f);
/* Unix milliseconds of a 32-bit count of milliseconds since boot_ms, which may have wrapped (every
 * 49.7 days) since: the latest that is no more than an hour after the export. 0: unknown, or not
 * credible (a week before the export). */
int64_t uptime_ms(int64_t boot_ms, uint32_t count, int64_t exported_ms);
/* Moves type and code of ICMP out of the destination port, where exporters put them; known: also
 * where the port is 0 (echo reply). */
void flow_take_icmp(struct flow *f, bool known);
