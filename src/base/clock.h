/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one clock outside the stages: Unix milliseconds, UTC. $THERIAC_CLOCK (RFC 3339) sets it: it
 * goes on from there. */
#pragma once
#include "base/err.h"
#include <stdint.h>

/* Takes $THERIAC_CLOCK over; CONFIG where it is no time. Without a call it is the machine's. */
int clock_start(struct err *e);
int64_t clock_now_ms(void);
