/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A conversation seen from the line: who opened it, how it ended, how much went each way. The
 * slices of a long flow make one contact: the first comes as such, the later ones as updates of it.
 */
#pragma once
#include "rec/proto.h"
#include "rec/subject.h"

enum contact_opener { OPENER_UNKNOWN, OPENER_SELF, OPENER_PEER };
enum contact_outcome { OUTCOME_UNKNOWN, OUTCOME_ANSWERED, OUTCOME_UNANSWERED, OUTCOME_REFUSED };
enum contact_mark {
	CONTACT_UPDATE = 1, /* adds packets, bytes and a later end to a contact already passed on */
	CONTACT_PEER_INSIDE = 2, /* the peer is a line, too */
	CONTACT_BOTH_WAYS = 4,   /* from a source that shows both directions */
	CONTACT_SYN_ONLY = 8,    /* the line's TCP flags were SYN alone */
	CONTACT_LATE = 16, /* of a flow that came too late to be joined: for indicators only */
};

struct contact {
	struct subject subject;
	union addr peer;
	int64_t start_ms, end_ms;
	uint64_t bytes_out, bytes_in; /* as exported; multiply by sampling for an estimate */
	uint32_t packets_out, packets_in;
	uint32_t sampling; /* 1: unsampled */
	uint16_t port, peer_port;
	uint8_t proto;
	uint8_t opener;  /* enum contact_opener */
	uint8_t outcome; /* enum contact_outcome */
	uint8_t marks;   /* enum contact_mark */
};
_Static_assert(sizeof(struct contact) <= 96, "contact is at most 96 bytes");
