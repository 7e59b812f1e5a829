/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one RADIUS accounting record says, whether it came as a packet or as text, and the sessions
 * that it makes. */
#pragma once
#include "decode/lease.h"

enum radius_status {
	RADIUS_START = 1,
	RADIUS_STOP,
	RADIUS_INTERIM,
	RADIUS_ON = 7,
	RADIUS_OFF,
};

enum radius_form { /* how a value is written in a packet */
	RADIUS_TEXT,
	RADIUS_BYTES,
	RADIUS_NUMBER,
	RADIUS_IPV4,
	RADIUS_IPV6,
	RADIUS_PREFIX,
	RADIUS_TIME,
};

enum radius_means {
	RADIUS_IS_STATUS,
	RADIUS_IS_USER,
	RADIUS_IS_CUI,
	RADIUS_IS_NAS,      /* NAS-Identifier, which goes before */
	RADIUS_IS_NAS_ADDR, /* its addresses */
	RADIUS_IS_SENDER,   /* whom the packet came from, where it names no NAS: maybe a proxy */
	RADIUS_IS_KEY,
	RADIUS_IS_UNIQUE, /* FreeRADIUS's own, where there is no other key */
	RADIUS_IS_CALLER,
	RADIUS_IS_CIRCUIT,
	RADIUS_IS_REMOTE,
	RADIUS_IS_HELD, /* an address or a prefix */
	RADIUS_IS_DELAY,
	RADIUS_IS_LASTED,
	RADIUS_IS_EVENT,
	RADIUS_IS_LOGGED,   /* when a text was written */
	RADIUS_IS_NAT_ADDR, /* three that together tell of a block of ports */
	RADIUS_IS_NAT_FIRST,
	RADIUS_IS_NAT_LAST,
	RADIUS_IS_NAT_RANGE,  /* all in one text, Nokia's */
	RADIUS_IS_NAT_UPDATE, /* says that the block changes, in a way that is not published */
	RADIUS_IS_RANGE,      /* RFC 8045, 3.1.2: parts of one, `part` says which */
	RADIUS_MEANINGS
};

struct radius_attribute {
	const char *name; /* in FreeRADIUS's dictionaries */
	uint32_t vendor;  /* private enterprise number; 0: the RFCs' */
	uint16_t type;    /* 0: only in texts */
	uint8_t extended; /* second number of 241.N */
	uint8_t part;     /* third, of RADIUS_IS_RANGE */
	enum radius_means means;
	enum radius_form form;
};
/* NULL: of no use. */
const struct radius_attribute *radius_attribute(
    uint32_t vendor, uint16_t type, uint8_t extended, uint8_t part);
const struct radius_attribute *radius_attribute_named(struct span name);

struct radius_value { /* by the attribute's form */
	struct span bytes;
	uint64_t number;
	struct prefix addr;
	int64_t time_ms;
};
/* False: not of that form. */
bool radius_value(enum radius_form form, struct span bytes, struct radius_value *v);

enum { RADIUS_HELD_MAX = 32, RADIUS_BLOCKS_MAX = 16, RADIUS_BITS_MIN = 16 };

struct radius_block {
	union addr outside, inside; /* zero: not said */
	uint64_t first, last, only; /* only: a single port outside */
	uint64_t given;             /* 1: allocated, 2: taken back, 0: not said */
	uint16_t parts;             /* bits: which have been said; all of a whole one */
};

struct radius_event { /* zero-initialise */
	uint64_t status;
	struct session_ids ids; /* but for NAS and key, which are added at last */
	struct span nas, key, unique;
	union addr nas_addr, sender;
	struct prefix held[RADIUS_HELD_MAX];
	struct radius_block blocks[RADIUS_BLOCKS_MAX + 1]; /* the last: all that are too many */
	size_t held_n, block;                              /* block: the one that is told now */
	uint64_t delay_s, lasted_s;
	int64_t event_ms, logged_ms;           /* 0: not said */
	bool has_lasted, nat_update, too_many; /* addresses */
};

/* Spans in the value have to live until radius_sessions. */
void radius_take(
    struct radius_event *e, const struct radius_attribute *a, const struct radius_value *v);
/* The next part begins another block of RFC 8045. */
void radius_next_block(struct radius_event *e);
/* One record for each address, prefix and block; one without, where there is none; at_ms: when it
 * happened. What is of no use is counted. */
void radius_sessions(const struct radius_event *e, int64_t at_ms, int64_t received_ms,
    uint64_t offset, struct batch *out);
