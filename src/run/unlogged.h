/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions on their way from the session reader to the sensor's log. Each load is kept here until
 * the sensor says that it is in the log, and put into the ring once more where a sensor died that
 * may have taken it: sessions that are told twice are told once. So whoever sent them may be
 * answered, or a file be left, when its load is done. */
#pragma once
#include "run/ring.h"
#include <stdatomic.h>

enum { UNLOGGED_LOADS_MAX = 256, UNLOGGED_RECORDS_MAX = 65536 };

struct load {
	struct session *v;
	size_t n;
	int64_t received_ms;
	uint64_t from, at; /* positions of the ring before and behind it */
	bool put;
	uint32_t turn; /* of the sensor that could take it first */
};

struct unlogged { /* zero-initialise, then set the first four */
	struct ring *ring;
	const _Atomic uint64_t *logged, *turn_at; /* of the board: sessions_logged and so on */
	const _Atomic uint32_t *turn;
	struct load loads[UNLOGGED_LOADS_MAX]; /* by number */
	uint64_t done, next; /* numbers: loads before `done` are logged; of the next one */
	size_t records;
};

/* Whether another batch may be put: there is room here and in the ring. */
bool unlogged_room(const struct unlogged *u);
/* Puts the sessions of a batch as load number `next`; a batch without any is none. */
void unlogged_put(struct unlogged *u, const struct batch *b, int64_t received_ms);
/* Takes note of what the sensor logged, and puts again what may be lost. */
void unlogged_look(struct unlogged *u);
void unlogged_fini(struct unlogged *u);
