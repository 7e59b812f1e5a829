/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads that are not logged yet: see unlogged.h. The order of what is read matters. The turn is
 * read before a load is put: a sensor that comes later raises it. What is logged is read before the
 * turn: a sensor raises the turn before it logs anything, so that under an old turn the number is
 * that of the sensor that took the load. */
#include "run/unlogged.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

enum { ROOM_SLOTS = 16 }; /* a batch that was full needs three or four */

static struct load *load_of(struct unlogged *u, uint64_t number)
{
	return &u->loads[number % UNLOGGED_LOADS_MAX];
}

bool unlogged_room(const struct unlogged *u)
{
	return u->next - u->done < UNLOGGED_LOADS_MAX && u->records < UNLOGGED_RECORDS_MAX &&
	       ring_room(u->ring) >= ROOM_SLOTS;
}

/* All of it or, where the ring has no room for that, once more later. */
static void put(struct unlogged *u, struct load *x)
{
	struct batch b = {.sessions = x->v, .session_n = x->n};
	x->turn = atomic_load(u->turn);
	x->from = ring_put_at(u->ring);
	x->put = ring_put(u->ring, &b, x->received_ms) == 0;
	x->at = ring_put_at(u->ring);
}

void unlogged_put(struct unlogged *u, const struct batch *b, int64_t received_ms)
{
	if (!b->session_n)
		return;
	struct load *x = load_of(u, u->next);
	*x = (struct load){.v = mem_new(b->session_n, sizeof *x->v),
	    .n = b->session_n,
	    .received_ms = received_ms};
	memcpy(x->v, b->sessions, b->session_n * sizeof *x->v);
	u->records += x->n;
	u->next++;
	put(u, x);
}

static void finish(struct unlogged *u, struct load *x)
{
	u->records -= x->n;
	free(x->v);
	*x = (struct load){0};
	u->done++;
}

void unlogged_look(struct unlogged *u)
{
	uint64_t logged = atomic_load(u->logged);
	uint32_t turn = atomic_load(u->turn);
	uint64_t turn_at = atomic_load(u->turn_at);
	while (u->done < u->next) {
		struct load *x = load_of(u, u->done);
		if (!x->put || x->turn != turn || logged < x->at)
			break;
		finish(u, x);
	}
	for (uint64_t i = u->done; i < u->next; i++) {
		struct load *x = load_of(u, i);
		if (x->put && x->from >= turn_at)
			x->turn = turn; /* no sensor before this one took any of it */
		if (x->put && x->turn == turn)
			continue;
		if (ring_room(u->ring) < ROOM_SLOTS)
			break;
		put(u, x);
	}
}

void unlogged_fini(struct unlogged *u)
{
	while (u->done < u->next)
		finish(u, load_of(u, u->done));
}
