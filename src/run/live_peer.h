/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection that brings a stream of messages: IPFIX (RFC 7011, 10.4) or dnstap in Frame Streams;
 * which of the two is seen from its first bytes. Buffers are bounded by the longest message. */
#pragma once
#include "decode/decode.h"
#include "run/live.h"

struct peer {
	struct live_peer is; /* id 0: free place */
	struct frames frames;
	uint8_t *p;
	size_t n;        /* bytes that wait for the rest of their message */
	int64_t last_ms; /* when it was heard last */
};

struct peer_sink { /* what becomes of messages */
	void *arg;
	void (*ipfix)(void *arg, const union addr *from, const uint8_t *p, size_t n);
	void (*dnstap)(void *arg, const uint8_t *p, size_t n);
};

void peer_open(struct peer *x, const struct live_peer *is);
/* Reads once and passes on what is whole. False: the connection is over; the reason, where it is
 * no orderly end, is in *why. */
bool peer_read(struct peer *x, const struct peer_sink *to, const char **why);
/* Whether it is over TCP and has been silent for so long that its place is needed: a minute where
 * it has said nothing yet, else half an hour. */
bool peer_idle(const struct peer *x, int64_t now_ms);
void peer_close(struct peer *x);
