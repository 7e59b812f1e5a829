/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which exporters are listened to, and how much of each. Reached through collect.h. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "rec/addr.h"

enum rule_dialect { RULE_RFC8158, RULE_JUNOS }; /* of NAT events */

enum { RULE_PREFIXES_MAX = 16 };

struct exporter_rule {
	struct prefix from;
	uint32_t sampling; /* 0: as announced; else 1 in N, whatever is announced */
	uint32_t via;      /* the interface that its datagrams come in by; 0: any */
	uint64_t rate;     /* records/s that are taken; 0: no limit */
	uint8_t ttl;       /* smallest hop limit of its datagrams; 0: any */
	uint8_t prefixes_n;
	struct prefix prefixes[RULE_PREFIXES_MAX]; /* whose flows it may report; none: all */
	enum rule_dialect dialect;
	int64_t skew_ms; /* that its clock runs ahead, for what it tells of sessions */
	uint32_t realm;  /* of its addresses, where its records name none */
};

/* "ADDR[/LEN][,KEY=VALUE...]" with the keys sampling=auto|N, dialect=rfc8158|junos, rate=N,
 * prefixes=CIDR[+CIDR...], via=INTERFACE (which must be there), ttl=N, skew=SPAN, realm=N. CONFIG.
 */
int exporter_rule_parse(struct exporter_rule *r, const char *text, struct err *e);
/* skew=SPAN of --exporter, --nas and --sessions: how far a clock runs ahead, a day either way at
 * most. name: what an error calls it. CONFIG. */
int rule_skew(int64_t *skew_ms, const char *name, struct span value, struct err *e);
/* Whether a flow with these ends is one that the exporter may report. */
bool exporter_rule_reports(
    const struct exporter_rule *r, const union addr *src, const union addr *dst);
/* A network or a host. Host bits are more often a slip than meant, and refused: 10.0.0.1/8 would
 * let 10.0.0.0/8 in. CONFIG, naming the option. */
int prefix_of_host(struct span text, struct prefix *p, const char *option, struct err *e);
/* The rule with the longest prefix that holds the address, or NULL: it is not allowed. */
const struct exporter_rule *exporter_rule_of(
    const struct exporter_rule *v, size_t n, const union addr *from);
bool exporter_rule_single(const struct exporter_rule *r); /* one address, no network */

/* A token bucket that holds what one second brings; full at first. */
struct bucket {
	double tokens;
	int64_t at_ms; /* 0: never used */
};
/* How many of n records may pass at that time. A clock that goes back fills nothing. */
uint64_t bucket_take(struct bucket *b, uint64_t rate, int64_t now_ms, uint64_t n);
