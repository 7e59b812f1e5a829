/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets -> biflows, as an exporter that looks at both directions would send them. */
#pragma once
#include "decode/decode.h"
#include "decode/packet.h"
#include "decode/pool.h"

struct meter_opts {
	uint64_t flows;    /* at most this many are open; then the oldest is exported */
	int64_t active_ms; /* a flow is exported in slices of this length */
	int64_t idle_ms;   /* a flow without packets for longer has ended */
};

struct meter {
	struct pool pool;
	struct hash_key key;
	struct meter_opts opts;
	int64_t now_ms; /* of the last advance, becomes exported_ms */
};

void meter_init(struct meter *m, const struct meter_opts *opts);
void meter_fini(struct meter *m);
/* Exports what has ended by now_ms, which must not go back. True: the batch is full, call again. */
bool meter_advance(struct meter *m, int64_t now_ms, struct batch *out);
/* Counts a packet of time_ms, which may differ from the time of the last advance. */
void meter_packet(struct meter *m, const struct packet *k, int64_t time_ms, struct batch *out);
/* Exports all that is open, the one silent for longest first. True: the batch is full. */
bool meter_flush(struct meter *m, struct batch *out);
