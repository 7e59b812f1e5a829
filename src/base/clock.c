/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock: see clock.h. */
#include "base/clock.h"
#include "base/when.h"
#include <stdlib.h>
#include <time.h>

static int64_t shift_ms; /* what $THERIAC_CLOCK is ahead of the machine */

static int64_t machine_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int clock_start(struct err *e)
{
	const char *given = getenv("THERIAC_CLOCK");
	int64_t ms;
	if (!given || !*given)
		return ERR_OK;
	if (!when_parse(span_of(given), 0, &ms))
		return err_set(e, ERR_CONFIG,
		    "THERIAC_CLOCK: '%.60s' is no time such as 2026-01-02T03:04:05Z", given);
	shift_ms = ms - machine_ms();
	return ERR_OK;
}

int64_t clock_now_ms(void)
{
	return machine_ms() + shift_ms;
}
