/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a thread has come, in batches: a number that only grows, and that others wait for. To
 * wake a thread costs as much as a batch, so one that has to wait sleeps on until several batches
 * are through. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct gate {
	_Atomic uint64_t n; /* batches that are through */
	pthread_mutex_t lock;
	pthread_cond_t change;
	uint64_t wake; /* the number at which a sleeper is woken */
	uint64_t soon; /* up to here every number wakes */
	bool closed;
};
void gate_init(struct gate *g);
void gate_fini(struct gate *g);
void gate_pass(struct gate *g);  /* one more is through */
void gate_close(struct gate *g); /* no more will come */
/* Whether n batches are through. */
static inline bool gate_is_open(const struct gate *g, uint64_t n)
{
	return atomic_load(&g->n) >= n;
}
/* Waits until n batches are through, and if it has to wait, until n + more are. False: fewer than n
 * are, and no more will come. */
bool gate_wait(struct gate *g, uint64_t n, uint64_t more);
/* Who waits for the n-th batch or one before it does not wait for more. */
void gate_hurry(struct gate *g, uint64_t n);
