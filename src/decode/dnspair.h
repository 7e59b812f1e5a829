/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages -> one record per query with its answer. */
#pragma once
#include "decode/decode.h"
#include "decode/packet.h"
#include "decode/pool.h"

struct dnspair {
	struct pool queries; /* waiting for their answer */
	struct hash_key key;
	int64_t wait_ms; /* for an answer, see dnspair_init */
};

struct dnsmessage {
	const struct packet *packet; /* that ends it: gives the two ends */
	const uint8_t *p;
	size_t n;
	bool cut; /* fewer bytes were captured than sent: what is missing is no error */
	int64_t time_ms, now_ms; /* of the packet; of the clock that drives timeouts */
	uint64_t offset;
};

void dnspair_init(struct dnspair *d);
void dnspair_fini(struct dnspair *d);
void dnspair_message(struct dnspair *d, const struct dnsmessage *m, struct batch *out);
/* What a query and its answer have in common; id: their number, 0 where they carry none. */
struct hash dnspair_key(const struct dnspair *d, const struct dns *r, uint64_t id);
/* Takes the last record of out, which is a query, away until its answer comes, or completes it,
 * which is an answer, by what its query said: time and ends. */
void dnspair_take(
    struct dnspair *d, struct hash key, bool response, int64_t now_ms, struct batch *out);
/* Gives up on old queries: their records say that no answer was seen. True: the batch is full. */
bool dnspair_advance(struct dnspair *d, int64_t now_ms, struct batch *out);
bool dnspair_flush(struct dnspair *d, struct batch *out);
