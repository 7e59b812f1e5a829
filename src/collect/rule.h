/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which exporters are listened to, and how much of each. Reached through collect.h. */
#pragma once
#include "base/err.h"
#include "rec/addr.h"

enum rule_dialect { RULE_RFC8158, RULE_JUNOS }; /* of NAT events */

struct exporter_rule {
	struct prefix from;
	uint32_t sampling; /* 0: as announced; else 1 in N, whatever is announced */
	uint64_t rate;     /* records/s that are taken; 0: no limit */
	uint8_t ttl;       /* smallest hop limit of its datagrams; 0: any */
	enum rule_dialect dialect;
};

/* "ADDR[/LEN][,sampling=auto|N][,dialect=rfc8158|junos][,rate=N][,ttl=N]". CONFIG. */
int exporter_rule_parse(struct exporter_rule *r, const char *text, struct err *e);
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
