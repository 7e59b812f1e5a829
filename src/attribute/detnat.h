/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deterministic NAT: who holds which ports follows from the device's parameters alone, by
 * arithmetic, and nothing is logged. IPv4 only, host byte order. */
#pragma once
#include "rec/addr.h"

enum detnat_rule {
	DETNAT_RFC7422, /* sequential */
	DETNAT_JUNOS,
	DETNAT_NFTABLES, /* and VyOS, which writes its rules so */
};

enum { DETNAT_GAPS = 17 }; /* below the first port, and 16 more */

struct detnat { /* one set of parameters, as long as it was in force */
	enum detnat_rule rule;
	uint32_t inside, inside_n;   /* the first address that is translated; how many are */
	uint32_t outside, outside_n; /* the same of the pool */
	uint32_t block;              /* ports of each inside address */
	uint32_t shared_by;          /* inside addresses of an outside one; not Junos */
	uint32_t capacity;           /* ports of an outside address that are given away: */
	uint32_t gap_n;              /* all but these, in order, that do not touch */
	struct {
		uint16_t first, last;
	} gaps[DETNAT_GAPS];
	uint32_t realm, inside_realm; /* of the outside, and of the inside addresses */
	int64_t from_ms, to_ms;       /* in force from .. before; 0: open */
};

/* Reads "RULE inside=PREFIX|A-B outside=PREFIX|A-B [block=N] [dynamic=N] [excluded=A-B[+C...]]
 * [first-port=N] [boundary] [realm=N] [inside-realm=N] [from=TIME] [to=TIME]", RULE being rfc7422,
 * junos or nftables. dynamic: RFC 7422's D, as many shares of an outside address as it keeps back
 * for those that need more; excluded: its R, in order, what lies below first-port counted once;
 * block: junos may go without, nftables may not; boundary: Junos translates the first and last
 * address of the prefix, too. CONFIG: with what is wrong, and where the pool is too small for all.
 */
int detnat_parse(struct span text, struct detnat *d, struct err *e);

struct detnat_ports {
	union addr addr;
	uint16_t first, last;
};
enum { DETNAT_PARTS = DETNAT_GAPS + 1 };

/* What an inside address holds: 0 parts where it is none of these; several where excluded ports
 * part a block, or one of Junos begins on one outside address and ends on the next. */
size_t detnat_outside(
    const struct detnat *d, const union addr *inside, struct detnat_ports out[DETNAT_PARTS]);
/* Who holds a port; false: nobody for certain (excluded, dynamic, left over, not of the pool). */
bool detnat_inside(
    const struct detnat *d, const union addr *outside, uint16_t port, union addr *inside);
/* The first port from this one on that is not excluded; 65536: there is none. If nobody holds it,
 * nobody holds one of the same address behind it. */
uint32_t detnat_given(const struct detnat *d, uint32_t port);
