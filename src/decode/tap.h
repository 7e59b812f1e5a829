/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of each captured frame: a part of a flow, of a DNS record, or an export datagram. */
#pragma once
#include "decode/dnstcp.h"
#include "decode/export.h"
#include "decode/fragment.h"
#include "decode/meter.h"

struct frame {
	int64_t time_ms;
	bool lone;           /* the clock does not follow this time */
	unsigned link;       /* enum link_type */
	uint32_t sent_bytes; /* length on the wire */
	const uint8_t *p;    /* what was captured of it */
	size_t n;
	uint64_t offset; /* of its record in the file */
};

enum { TAP_COLLECTORS = 8 };

struct tap {
	struct meter meter;
	struct dnspair dns;
	struct dnstcp dns_tcp;
	struct fragments fragments;
	struct export *export;
	struct {
		union addr addr;
		uint16_t port;
	} collectors[TAP_COLLECTORS]; /* where export datagrams went, the last ones */
	unsigned collectors_n;        /* seen in all */
	int64_t now_ms;               /* the newest time, 0 before the first frame */
};

void tap_init(struct tap *t, const struct decode_env *env, const struct meter_opts *opts);
void tap_fini(struct tap *t);
/* True: the batch is full and the frame has to be given again. */
bool tap_frame(struct tap *t, const struct frame *f, struct batch *out);
/* Exports all that is held, and starts the clock anew. True: the batch is full, call again. */
bool tap_flush(struct tap *t, struct batch *out);
