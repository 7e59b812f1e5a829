/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The distinct things of a window of time, counted exactly. Two windows are kept side by side,
 * since records arrive a little out of the order of their ends. Zero-initialise a pair. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct seen {
	int64_t window;
	uint64_t *v; /* 0: empty */
	uint32_t n, cap;
};

/* Whether the key is new in the window; windows are numbered from 1970. */
bool seen_fresh(struct seen pair[2], int64_t window, uint64_t key);
void seen_fini(struct seen pair[2]);
