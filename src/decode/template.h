/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates of NetFlow v9 and IPFIX (RFC 3954 5.2, RFC 7011 3.4), compiled into plans: which bytes
 * of a record go to which field, so that records are read without a search. One bounded table per
 * run; where it is full, the template that was unused for longest makes room. */
#pragma once
#include "rec/flow.h"

enum {
	TEMPLATE_FIELDS_MAX = 1024, /* of one template; real ones have up to about 80 */
	TEMPLATE_VARIABLE = 65535,  /* length of a field that carries its own (RFC 7011, 7) */
	TEMPLATES_MAX = 8192,
	TEMPLATES_PER_EXPORTER = 1024, /* real ones have up to about ten for each line card */
	PLAN_STEPS_MAX = 64,
	REVERSE_ENTERPRISE = 29305, /* RFC 5103 */
};
#define SCOPE_ENTERPRISE UINT32_MAX /* v9 scope types are numbers of their own */

enum extra { /* what helps to read a record and is no field of a flow */
	EXTRA_BOOT_MS,
	EXTRA_SAMPLER,
	EXTRA_INTERFACE,
	EXTRA_INTERVAL,
	EXTRA_TAKEN,
	EXTRA_LEFT,
	EXTRA_POPULATION,
	EXTRA_PROBABILITY,
	EXTRA_DURATION_MS,
	EXTRA_DURATION_US,
	EXTRA_BIFLOW,
	EXTRA_NAT_EVENT,
	EXTRA_FIREWALL,
	EXTRA_ORIGIN, /* natOriginatingAddressRealm */
	EXTRA_NAT_DST,
	EXTRA_NAT_DPORT,
	EXTRA_PORT_FIRST,
	EXTRA_PORT_LAST,
	EXTRA_PORT_STEP,
	EXTRA_PORT_N,
	EXTRA_INSIDE_REALM,
	EXTRA_OUTSIDE_REALM,
	EXTRA_N
};

enum convert { /* how a field's bytes become a value */
	CONVERT_EXTRA,
	CONVERT_V4,
	CONVERT_V6,
	CONVERT_U8, /* the lowest byte: TCP flags come in one byte or two */
	CONVERT_U16,
	CONVERT_U32,
	CONVERT_U64,
	CONVERT_ICMP,
	CONVERT_S,
	CONVERT_MS,
	CONVERT_NTP,    /* 64 bits, seconds since 1900 and their fraction */
	CONVERT_AGO_US, /* microseconds before the export */
	CONVERT_UPTIME, /* milliseconds since the exporter's start, 32 bits */
};

enum plan_op { /* what a step does: plain copies of fields of the usual width, or PLAN_ANY */
	PLAN_V4,
	PLAN_V6,
	PLAN_8_TO_8,
	PLAN_16_TO_16,
	PLAN_32_TO_32,
	PLAN_32_TO_64,
	PLAN_64_TO_64,
	PLAN_UPTIME, /* 32 bits */
	PLAN_EXTRA,
	PLAN_EXTRA_ELSE, /* where the one before was 0 */
	PLAN_ANY,        /* by its conversion; what an earlier step has filled stays */
};

struct plan_step {
	uint16_t at, n; /* bytes of the record */
	uint16_t to;    /* offset in struct flow, or enum extra */
	uint8_t op;     /* enum plan_op */
	uint8_t convert;
	uint8_t row; /* of elements.def: its order is the order of the steps */
};

struct field_spec { /* one field of a template as it was sent */
	uint32_t enterprise;
	uint16_t element, n;
};

enum template_kind {
	TEMPLATE_FLOW,
	TEMPLATE_NAT_EVENT,
	TEMPLATE_FIREWALL_EVENT,
	TEMPLATE_OPTIONS,
	TEMPLATE_OTHER, /* records without both addresses */
};

struct template_key {
	union addr exporter;
	uint32_t domain; /* source id or observation domain id */
	uint16_t id, version;
};

struct template
{
	struct template_key key;
	struct template *older, *newer; /* of the same exporter, by their last use */
	uint32_t owner;                 /* number of the exporter */
	uint64_t used;                  /* order of the last use */
	uint32_t have;                  /* enum flow_have that its records bring */
	uint32_t epoch;                 /* of its kind in its source, see source.h */
	uint32_t extras;                /* bits of enum extra */
	uint16_t record_bytes;          /* of the shortest record */
	uint16_t field_n;
	uint8_t kind; /* enum template_kind */
	uint8_t step_n;
	bool options;
	bool variable; /* a field has no fixed length: a step's `at` is the number of its field */
	struct field_spec *fields; /* as they were sent */
	struct plan_step steps[PLAN_STEPS_MAX];
};

struct template_owner { /* an exporter: its templates from the oldest to the newest use */
	struct template *oldest, *newest;
	uint32_t n;
};

struct templates {
	struct template **slots;       /* owned; NULL: free */
	struct template_owner *owners; /* by number */
	uint32_t owner_n;
	uint64_t clock, dropped_n; /* uses so far; templates that had to make room */
};
void templates_init(struct templates *t);
void templates_fini(struct templates *t);
struct template *template_find(struct templates *t, const struct template_key *key);

struct template_text { /* a template as it was sent */
	const struct field_spec *fields;
	size_t n;
	uint32_t owner, epoch;
	bool options;
};
enum template_change {
	TEMPLATE_IMPOSSIBLE, /* no field, no byte, more than 65,535 bytes: an older one stays */
	TEMPLATE_AGAIN,      /* said again */
	TEMPLATE_NEW,
	TEMPLATE_CHANGED,
};
/* Compiles and keeps a template, in place of one with the same key. An exporter with more than
 * TEMPLATES_PER_EXPORTER loses its own that was unused for longest. */
enum template_change template_define(
    struct templates *t, const struct template_key *key, const struct template_text *sent);
void template_withdraw(struct templates *t, const struct template_key *key);
