/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a thread has come, in batches: a number that only grows, and that others wait for. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t change;
	uint64_t n; /* batches that are through */
	bool closed;
};
void gate_init(struct gate *g);
void gate_fini(struct gate *g);
void gate_pass(struct gate *g);  /* one more is through */
void gate_close(struct gate *g); /* no more will come */
/* Waits until n batches are through. False: fewer are, and no more will come. */
bool gate_wait(struct gate *g, uint64_t n);
