/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session events into the order of their times: held back until none earlier can come, and at most
 * REORDER_MAX of them. Events of one time have an order that does not depend on how they came: a
 * NAS that starts afresh, begins, what is still held, ends, and among equals by their digests. */
#pragma once
#include "rec/session.h"

enum { REORDER_MAX = 1 << 18 }; /* five seconds of 50,000 a second; some 170 MB */

struct reorder {         /* zero-initialise, set wait_ms; reorder_fini */
	int64_t wait_ms; /* an event comes at most so much later than one with a later time */
	int64_t newest_ms;
	struct reorder_item *heap;
	struct session *v; /* pool */
	uint32_t *free;
	uint32_t n, cap, free_n;
};
void reorder_put(struct reorder *r, const struct session *s);
/* The clock moves, though no event came. */
void reorder_advance(struct reorder *r, int64_t now_ms);
/* The next event that waited long enough, valid until the next call; all: do not wait. NULL: none.
 */
const struct session *reorder_take(struct reorder *r, bool all);
/* Those that wait, in no order, from number 0 on; NULL: no more. */
const struct session *reorder_peek(const struct reorder *r, uint32_t number);
void reorder_fini(struct reorder *r);
