/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting packets as they come to the session reader: who may send them, those that came before,
 * and the answers, which wait until the sessions are in the sensor's log. */
#pragma once
#include "base/hash.h"
#include "run/live.h"

enum { ANSWERS_MAX = 16384, HEARD_MAX = 65536 }; /* powers of two */

struct answer {
	uint64_t after; /* so many loads have to be logged: see unlogged.h */
	struct udp_datagram to;
	int fd;
	struct live_source *source;
	uint8_t *p;
	size_t n;
};

struct heard { /* an accepted packet */
	uint64_t key, after;
	int64_t at_ms; /* 0: free place */
};

struct accounting {
	const struct nas_rule *nas; /* borrowed */
	size_t nas_n;
	struct hash_key key;
	struct heard *heard;    /* by the hash of sender, id and authenticator; the latest stays */
	struct answer *answers; /* a ring: from `from` on n wait */
	size_t from, n;
};

void accounting_open(struct accounting *a, const struct nas_rule *nas, size_t nas_n);
void accounting_close(struct accounting *a);
bool accounting_room(const struct accounting *a); /* for UDP_BATCH answers more */
/* Where a packet is acceptable, appends its sessions to the batch, and keeps the answer until
 * `after` loads are logged, of which the batch will be the last; counts it in any case. */
void accounting_take(struct accounting *a, const struct live_feed *feed, struct live_source *source,
    const struct udp_datagram *d, uint64_t after, int64_t now_ms, struct batch *out);
/* Sends the answers that waited for no more than `done` loads. */
void accounting_answer(struct accounting *a, uint64_t done);
