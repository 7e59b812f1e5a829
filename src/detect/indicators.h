/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Indicators: addresses, prefixes, address and port, domains that others found to be bad. */
#pragma once
#include "detect/detect.h"

enum indicator_kind { INDICATOR_DOMAIN, INDICATOR_ADDR, INDICATOR_ADDR_PORT, INDICATOR_PREFIX };
enum { INDICATORS_MAX = 2 << 20 };

struct indicator {
	uint8_t kind;              /* enum indicator_kind */
	bool sinkhole;             /* a sinkhole's address: nobody goes there but the infected */
	bool page;                 /* a page on it was named: the host may be innocent or shared */
	bool confirmed;            /* by a second feed */
	uint16_t port;             /* of ADDR_PORT */
	uint64_t id;               /* a hash: the same for this entry in every run */
	int64_t first_ms, last_ms; /* when it was bad, 0: not said */
	char family[32], feed[32]; /* "" not said */
};
/* The best match for a peer (address and port before address before prefix), or NULL. What is
 * returned stays in place until more is added. */
const struct indicator *indicators_peer(
    const struct indicators *x, const union addr *a, uint16_t port);
/* The name itself or a parent domain of it, the longest. */
const struct indicator *indicators_name(const struct indicators *x, struct span name);
const struct indicator *indicators_by_id(const struct indicators *x, uint64_t id); /* or NULL */
size_t indicators_count(const struct indicators *x);

/* Add one: the address or prefix of `bits`, or the lower-case domain, that `about` speaks of (kind,
 * port and the rest; the id is set here). What is there already is merged. False: refused, since it
 * is no public address, too wide a prefix, a public suffix or a special name, or there is no room.
 */
bool indicators_put_addr(
    struct indicators *x, const union addr *a, unsigned bits, const struct indicator *about);
bool indicators_put_name(struct indicators *x, struct span name, const struct indicator *about);
