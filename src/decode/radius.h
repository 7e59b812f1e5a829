/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RADIUS accounting packets -> sessions, and the answers that their senders wait for. Pure: the
 * listener knows the sender's secret and the time, and sends the answer. Who asks whether anybody
 * is there (Status-Server, RFC 5997) is answered, too. */
#pragma once
#include "decode/decode.h"

enum { RADIUS_PACKET_MAX = 4096, RADIUS_REPLAY_S = 300 };

struct radius_packet {
	const uint8_t *p; /* one datagram, borrowed */
	size_t n;
	struct span secret; /* of its sender */
	union addr from;    /* names the NAS where the packet does not */
	int64_t now_ms;     /* when it came */
	uint32_t exporter;  /* number of the sender, for its sessions */
};

enum radius_fault { /* why a packet is refused, for counting */
	RADIUS_NO_FAULT,
	RADIUS_MALFORMED, /* or of a kind that is not taken */
	RADIUS_FORGED,    /* not signed with the secret */
	RADIUS_UNTIMELY,  /* sent again, or by a wrong clock */
};

struct radius_reply {
	uint8_t bytes[RADIUS_PACKET_MAX];
	size_t n;
	enum radius_fault fault;
};

/* Checks an Accounting-Request: lengths, its Request Authenticator and, where there is one, its
 * Message-Authenticator, and that its Event-Timestamp (with the delay that it tells) is not more
 * than RADIUS_REPLAY_S away from now. NULL: accepted; its sessions are in `out`, and the reply is
 * to be sent once they are kept. Else why it is refused, a static text: nothing is to be answered.
 * A packet that came twice makes the same sessions and the same reply. A Status-Server makes none;
 * it must have a Message-Authenticator. */
const char *radius_accounting(
    const struct radius_packet *in, struct batch *out, struct radius_reply *reply);
