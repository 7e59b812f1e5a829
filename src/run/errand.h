/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that does one thing at a time for another, which goes on meanwhile: what waits for the
 * disk. */
#pragma once
#include <stdbool.h>

struct errand;
struct errand *errand_new(void);
void errand_free(struct errand *e); /* waits for what it is at */
/* While it is idle: does work(arg), whose result errand_over gives. */
void errand_start(struct errand *e, int (*work)(void *arg), void *arg);
bool errand_busy(struct errand *e); /* started, and errand_over did not say yet that it is over */
/* Whether it is over; wait: becomes so. Then *result is set and it is idle. */
bool errand_over(struct errand *e, bool wait, int *result);
int errand_event(const struct errand *e); /* readable when it is over */
