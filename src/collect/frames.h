/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frame Streams as a receiver (the protocol of farsightsec/fstrm: libmy docs/fstrm.h): bytes in,
 * data frames and answers out, no I/O. Both handshakes: one-way (START … STOP) and two-way (READY,
 * ACCEPT, START … STOP, FINISH). Only the content type protobuf:dnstap.Dnstap is taken.
 * Reached through collect.h. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAMES_BYTES_MAX = 1 << 17, FRAMES_ANSWER_MAX = 64 };

struct frames {
	bool two_way, started;
};

enum frames_what {
	FRAMES_MORE,    /* more bytes are needed */
	FRAMES_DATA,    /* a data frame */
	FRAMES_CONTROL, /* the handshake went on; there may be an answer to send */
	FRAMES_ENDED,   /* the sender said STOP; there may be an answer */
	FRAMES_BAD,     /* no Frame Stream of dnstap */
};

struct frames_step {
	enum frames_what what;
	size_t used; /* bytes that are done with */
	const uint8_t *data;
	size_t data_n;
	uint8_t answer[FRAMES_ANSWER_MAX];
	size_t answer_n;
};
struct frames_step frames_next(struct frames *f, const uint8_t *p, size_t n);
/* Whether these first bytes may begin a Frame Stream: an escape, which no IPFIX message begins
 * with. */
bool frames_sniff(const uint8_t *p, size_t n);
