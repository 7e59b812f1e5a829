/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of who holds what now, and held it a while ago: intervals found by address and ports,
 * by session, and by NAS. Its size is fixed; memory that was never used costs nothing. */
#pragma once
#include "attribute/interval.h"
#include "base/hash.h"

struct held {
	uint32_t next; /* of its first cell's chain; the further ones are struct held_more */
	uint32_t more;
	struct interval v;
	int64_t seen_ms;  /* the last record that says that it is held; at least its begin */
	int64_t known_ms; /* the first one */
	uint64_t session; /* which session of which NAS; 0: none was named */
	uint32_t nas;     /* who told it; 0: unnamed */
	uint32_t session_next, nas_prev, nas_next;
	bool used, interims; /* interims: it was said again that it is held */
};

struct held_more { /* stands for an interval in a further cell */
	uint32_t next, of, more;
};

struct held_shared { /* an address held by ports; bucket of a small table */
	union addr addr;
	uint32_t realm, n; /* intervals of it that stand in the table */
	uint32_t single_n; /* of them, of single ports */
	uint32_t next;
};

enum { HELD_NAS_BUCKETS = 1024 };

struct held_table {
	struct hash_key key;
	struct held *v; /* from 1 */
	struct held_more *more;
	struct held_shared *shared;
	uint32_t *cells, *sessions, *shared_at; /* buckets */
	uint32_t nas[HELD_NAS_BUCKETS];
	uint32_t room, n, free, used;
	uint32_t more_room, more_n, more_free;
	uint32_t shared_n, shared_cap, shared_free;
	uint32_t cell_mask, session_mask, shared_mask;
	uint32_t cell_n, session_n; /* entries in buckets */
	uint64_t bits_n[129];       /* how many of each prefix length there are */
	uint64_t bits[3];           /* those lengths as a bitmap */
	/* How many stand in CELL_ALL, CELL_RANGE, CELL_PORT, of each prefix length of each family.
	 */
	uint32_t classes[2][129][3];
	uint32_t hand; /* where the next one that may go is looked for */
};

void held_init(struct held_table *t, uint64_t room);
void held_fini(struct held_table *t);
/* Adds a copy of h, whose links are not looked at; 0: there is no room. */
uint32_t held_add(struct held_table *t, const struct held *h);
void held_drop(struct held_table *t, uint32_t i);

uint64_t held_cell_hash(const struct held_table *t, uint32_t realm, const union addr *addr,
    uint8_t bits, uint32_t cell);
static inline const uint32_t *held_classes(
    const struct held_table *t, const union addr *addr, uint8_t bits)
{
	return t->classes[addr_is_v4(addr)][bits];
}
/* Those that stand in one cell, and others whose hash is near: look at the interval. 0: no more. */
struct held_walk {
	uint32_t at;
};
static inline struct held_walk held_first(const struct held_table *t, uint64_t hash)
{
	return (struct held_walk){t->cells[hash & t->cell_mask]};
}
static inline uint32_t held_next(const struct held_table *t, struct held_walk *w)
{
	uint32_t at = w->at;
	if (!at)
		return 0;
	if (at <= t->room) {
		w->at = t->v[at].next;
		return at;
	}
	const struct held_more *m = &t->more[at - t->room];
	w->at = m->next;
	return m->of;
}
uint32_t held_of_session(const struct held_table *t, uint64_t session); /* then session_next */
uint32_t held_of_nas(const struct held_table *t, uint32_t nas);         /* then nas_next */
/* NULL: no ports of it are held. */
const struct held_shared *held_shared_of(
    const struct held_table *t, uint32_t realm, const union addr *addr);
