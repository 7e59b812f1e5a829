/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records whose time cannot be: those of an exporter that is more than an hour off the time at
 * which we received them, and flows from 1970 or next year. They are counted for the exporter,
 * which is named once, and go no further: one of them would move everybody's clock. */
#pragma once
#include "run/live.h"

enum { LIVE_CLOCK_OFF_MS = 3600000 };

struct live_clock {
	struct live_board *board;
	bool replay; /* the exporters' time is now */
	bool named[LIVE_EXPORTERS_MAX], dns_named, session_named;
};
/* Takes what is held apart, or fails its check, out of the batch. received_ms 0: it is out of a
 * file, which may be old but not of tomorrow. */
void live_clock_check(struct live_clock *c, struct batch *b, int64_t received_ms);
/* Whether a session event's time can be: it may come late, but not of tomorrow. */
bool live_clock_session(struct live_clock *c, const struct session *s, int64_t received_ms);
