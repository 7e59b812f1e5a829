/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a NAS, a DHCP server or a NAT writes of one event of a stay. Times are of its own clock. */
#pragma once
#include "sim/access.h"

/* In the order in which they stand where they happen at the same time: ends come first. */
enum tell_kind {
	TELL_STOP,
	TELL_RELEASE, /* of a block */
	TELL_LEASE_END,
	TELL_START,
	TELL_ALLOC,
	TELL_LEASE,
	TELL_RENEWAL,
	TELL_INTERIM,
};

enum tell_file { TELL_RADIUS, TELL_DHCPD, TELL_DHCPD6, TELL_KEA, TELL_NAT, TELL_FILES };

struct telling {
	const struct access *a;
	const struct stay *s;
	int64_t at_ms;   /* when it happened */
	int64_t skew_ms; /* of the clock that tells it */
	uint32_t number; /* of the stay, or of its block */
	uint8_t delay_s; /* told again so much later */
	uint8_t kind;    /* enum tell_kind */
};

void tell_radius(struct text *out, const struct telling *t);
void tell_dhcpd(struct text *out, const struct telling *t, bool v6);
void tell_kea(struct text *out, const struct telling *t);
void tell_nat(struct text *out, const struct telling *t);
/* What a file begins with. */
const char *tell_head(enum tell_file file);
