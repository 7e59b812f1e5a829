/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Indicators: addresses, prefixes, address and port, domains that others found to be bad. */
#pragma once
#include "detect/detect.h"

enum indicator_kind { INDICATOR_DOMAIN, INDICATOR_ADDR, INDICATOR_ADDR_PORT, INDICATOR_PREFIX };

struct indicator {
	uint8_t kind;              /* enum indicator_kind */
	bool sinkhole;             /* a sinkhole's address: nobody goes there but the infected */
	uint16_t port;             /* of ADDR_PORT */
	int64_t first_ms, last_ms; /* when it was bad, 0: not said */
	char family[32], feed[32]; /* "" not said */
};
/* The best match for a peer (address and port before address before prefix), or NULL. */
const struct indicator *indicators_peer(
    const struct indicators *x, const union addr *a, uint16_t port);
/* The name itself or a parent domain of it. */
const struct indicator *indicators_name(const struct indicators *x, struct span name);
size_t indicators_count(const struct indicators *x);
