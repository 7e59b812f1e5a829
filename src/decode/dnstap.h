/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnstap messages -> DNS records, for whoever has a frame in hand: the decoder of Frame Streams
 * files, and a listener that resolvers connect to. */
#pragma once
#include "decode/decode.h"

/* Queries of one resolver that wait for their answer. */
struct dnstap;
struct dnstap *dnstap_new(const struct decode_env *env);
void dnstap_free(struct dnstap *s);
/* One data frame: the protobuf of a dnstap.Dnstap. offset: of p in the input, for notes. Older
 * queries without an answer come out, too, where the frame's time shows that they have none. */
void dnstap_frame(struct dnstap *s, const uint8_t *p, size_t n, uint64_t offset, struct batch *out);
/* For a stream that falls silent: gives up on queries older than now_ms less the waiting time.
 * True: the batch is full, call again. dnstap_flush gives up on all, at the end. */
bool dnstap_advance(struct dnstap *s, int64_t now_ms, struct batch *out);
bool dnstap_flush(struct dnstap *s, struct batch *out);
