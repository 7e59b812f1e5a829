/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches of records from the reader to the sensor, through memory that both processes map: one
 * writes, one reads, nobody locks. What the sensor takes is copied out first and believed later: a
 * reader that was taken over can write anything at any moment, but only into its own records. */
#pragma once
#include "base/err.h"
#include "decode/decode.h"

enum { RING_SLOT_BYTES = 1 << 18, RING_SLOTS_DEFAULT = 512 };

struct ring; /* one process's view of it */

/* slots: a power of two, each RING_SLOT_BYTES. SYS: no such memory. */
int ring_new(struct ring **to, uint32_t slots, struct err *e);
/* For the process that is sent the descriptors: memory, then the event of a waiting sensor. They
 * stay the caller's. INPUT: that memory is no ring. */
int ring_attach(struct ring **to, const int fd[2], struct err *e);
void ring_fds(const struct ring *r, int fd[2]); /* still the ring's */
void ring_free(struct ring *r);

/* The writer. Copies the records of b; received_ms stands with them. Returns how many records found
 * no room and are lost; nothing waits. */
uint64_t ring_put(struct ring *r, const struct batch *b, int64_t received_ms);
uint32_t ring_room(const struct ring *r); /* free slots; a batch needs one or two, of 1,024 sessions
					     three */
/* Where the writer and the reader have got to: what was put before ring_put_at() said n has been
 * taken when ring_taken_at() is n or more. Both only grow, as long as the ring lives. */
uint64_t ring_put_at(const struct ring *r);
uint64_t ring_taken_at(const struct ring *r);

/* The reader. Fills b (reset first) from the oldest slot and frees it; false: there is none. INPUT
 * in *bad where the slot's counts, or how many there are, were impossible: b is then empty. What
 * the records say is not looked at: who takes them asks their checks. */
bool ring_take(struct ring *r, struct batch *b, int64_t *received_ms, int *bad);
/* The event that becomes readable when something was put while ring_waits said so. Ask ring_take
 * once more after ring_waits(true), then poll. */
void ring_waits(struct ring *r, bool waits);
int ring_event(const struct ring *r);
