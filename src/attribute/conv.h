/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A conversation while it is being put together, and what its flags say: pure functions. */
#pragma once
#include "attribute/attribute.h"

struct way { /* one direction */
	int64_t start_ms, end_ms;
	uint64_t bytes;
	uint32_t packets;    /* at most UINT32_MAX */
	uint16_t exporter;   /* whose records count; those of another are the same packets again */
	uint8_t flags;       /* TCP, OR over the records */
	bool seen : 1;       /* packets went this way */
	bool have_flags : 1; /* the source sends them */
};

/* Sides: 0 is the lower (address, port). way[k] is what side k sent. Two cache lines, aligned: a
 * table of conversations is larger than a cache. */
struct conv {
	_Alignas(64) union addr addr[2];
	uint16_t port[2];
	uint32_t sampling;
	uint16_t exporter;
	uint8_t proto;
	uint8_t icmp_type;
	int8_t first_side;  /* the source says that this side sent the first packet; -1 unknown */
	int8_t opener;      /* decided when it became a contact: 0, 1, or -1 */
	bool both_ways : 1; /* the source gives biflows */
	bool refused : 1;   /* the source says so (ICMP unreachable) */
	bool have_icmp : 1;
	uint32_t realm;
	uint8_t line_bits[2]; /* of the sides' lines, see inside_find(); 0: that side is no line */
	struct way way[2];
};
_Static_assert(sizeof(struct way) == 32 && sizeof(struct conv) == 128, "two cache lines");

/* P3: who opened: side 0 or 1, or -1. two_ways: the exporter shows both directions. */
int conv_opener(const struct conv *c, bool two_ways);
/* P7: enum contact_outcome for the opener's side. */
int conv_outcome(const struct conv *c, int opener, bool two_ways);
/* An answered TCP conversation, and whether its reverse was seen: what two_ways is measured by. */
bool conv_is_answered_tcp(const struct conv *c, bool *reversed);
