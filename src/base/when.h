/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as text. A time is Unix milliseconds, UTC; 0 means unknown. */
#pragma once
#include "base/str.h"

enum { WHEN_TEXT = 40 };
#define WHEN_MIN_MS 1LL
#define WHEN_MAX_MS 253402300799999LL /* the end of the year 9999 */

/* "2026-01-02T03:04:05Z", with ".678" before the Z where the milliseconds are not 0. */
void when_text(char out[WHEN_TEXT], int64_t ms);
/* Reads RFC 3339 ("2026-01-02T03:04:05[.frac](Z|+hh:mm)"), the same with a space for the T, with
 * `/` for `-`, or a date alone. Without a zone, zone_ms (east of UTC) is used. False where
 * malformed. */
bool when_parse(struct span s, int64_t zone_ms, int64_t *ms);
/* Reads "UTC", "Z", "+01:00", "-0530" as milliseconds east of UTC. */
bool when_zone(struct span s, int64_t *zone_ms);
/* The same, and abbreviations as in "CEST" that name one zone the world over; "CST" does not. */
bool when_zone_abbreviated(struct span s, int64_t *zone_ms);
/* Unix seconds with an optional fraction ("1315000000.123456"). */
bool when_epoch(struct span s, int64_t *ms);
/* Seconds with an optional fraction ("3.000158") as microseconds: for sums of a time and a
 * duration that must not round twice. */
bool when_micros(struct span s, int64_t *us);
/* "90 s", "5 min", "3 h", "2 d" for people; out holds at least WHEN_TEXT bytes. */
void when_span(char out[WHEN_TEXT], int64_t ms);
