/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of who holds what: see held.h. Chains are linked by numbers; a number above the room
 * stands for a further cell of an interval over several. */
#include "attribute/held.h"
#include "base/mem.h"
#include <stdlib.h>

enum { BUCKETS_MIN = 1 << 12, SHARED_MIN = 1 << 8, MORE_FACTOR = 3 };

/* Huge pages: a look-up is a few misses, each of the address as well. */
static uint32_t *buckets_new(uint32_t mask)
{
	return mem_map((mask + 1ull) * sizeof(uint32_t));
}

static void buckets_free(uint32_t *buckets, uint32_t mask)
{
	mem_unmap(buckets, (mask + 1ull) * sizeof(uint32_t));
}

void held_init(struct held_table *t, uint64_t room)
{
	enum { ROOM_MAX = 1 << 29 };
	*t = (struct held_table){.key = hash_key_random(),
	    .cell_mask = BUCKETS_MIN - 1,
	    .session_mask = BUCKETS_MIN - 1,
	    .shared_mask = SHARED_MIN - 1,
	    .n = 1,
	    .more_n = 1,
	    .shared_n = 1};
	t->room = (uint32_t)(room < ROOM_MAX ? room : ROOM_MAX);
	t->more_room = t->room * MORE_FACTOR;
	t->v = mem_map((t->room + 1ull) * sizeof *t->v);
	t->more = mem_map((t->more_room + 1ull) * sizeof *t->more);
	t->cells = buckets_new(t->cell_mask);
	t->sessions = buckets_new(t->session_mask);
	t->shared_at = mem_new(SHARED_MIN, sizeof *t->shared_at);
}

void held_fini(struct held_table *t)
{
	mem_unmap(t->v, (t->room + 1ull) * sizeof *t->v);
	mem_unmap(t->more, (t->more_room + 1ull) * sizeof *t->more);
	buckets_free(t->cells, t->cell_mask);
	buckets_free(t->sessions, t->session_mask);
	free(t->shared_at);
	free(t->shared);
}

uint64_t held_cell_hash(
    const struct held_table *t, uint32_t realm, const union addr *addr, uint8_t bits, uint32_t cell)
{
	uint64_t w[3] = {
	    addr->q[0], addr->q[1], (uint64_t)realm << 32 | (uint64_t)bits << 24 | cell};
	return hash_words(&t->key, w, 3);
}

static uint64_t hash_of(const struct held_table *t, const struct interval *v, uint32_t cell)
{
	return held_cell_hash(t, v->realm, &v->addr, v->bits, cell);
}

static unsigned class_of(uint32_t cell)
{
	return cell == CELL_ALL ? 0 : cell < CELL_PORT ? 1 : 2;
}

static uint64_t shared_hash(const struct held_table *t, uint32_t realm, const union addr *addr)
{
	return held_cell_hash(t, realm, addr, 0, CELL_N);
}

static uint32_t shared_seek(const struct held_table *t, uint32_t realm, const union addr *addr)
{
	uint32_t i = t->shared_at[shared_hash(t, realm, addr) & t->shared_mask];
	while (i && (t->shared[i].realm != realm || !addr_same(&t->shared[i].addr, addr)))
		i = t->shared[i].next;
	return i;
}

const struct held_shared *held_shared_of(
    const struct held_table *t, uint32_t realm, const union addr *addr)
{
	uint32_t i = shared_seek(t, realm, addr);
	return i ? &t->shared[i] : NULL;
}

static void shared_link(struct held_table *t, uint32_t i)
{
	const struct held_shared *s = &t->shared[i];
	uint32_t *bucket = &t->shared_at[shared_hash(t, s->realm, &s->addr) & t->shared_mask];
	t->shared[i].next = *bucket;
	*bucket = i;
}

static void shared_grow(struct held_table *t)
{
	if (t->shared_n < t->shared_cap)
		return;
	t->shared_cap = t->shared_cap ? t->shared_cap * 2 : SHARED_MIN;
	t->shared = mem_grow(t->shared, t->shared_cap, sizeof *t->shared);
	t->shared_mask = t->shared_cap - 1;
	t->shared_at = mem_grow(t->shared_at, t->shared_cap, sizeof *t->shared_at);
	memset(t->shared_at, 0, t->shared_cap * sizeof *t->shared_at);
	for (uint32_t i = 1; i < t->shared_n; i++)
		if (t->shared[i].n)
			shared_link(t, i);
}

static void shared_count(struct held_table *t, const struct interval *v, int step)
{
	uint32_t i = shared_seek(t, v->realm, &v->addr);
	bool single = v->port_first == v->port_last;
	if (!i && step > 0) {
		i = t->shared_free;
		if (i) {
			t->shared_free = t->shared[i].next;
		} else {
			shared_grow(t);
			i = t->shared_n++;
		}
		t->shared[i] = (struct held_shared){.addr = v->addr, .realm = v->realm};
		shared_link(t, i);
	}
	struct held_shared *s = &t->shared[i];
	s->n += (uint32_t)step;
	s->single_n += single ? (uint32_t)step : 0;
	if (s->n)
		return;
	uint32_t *at = &t->shared_at[shared_hash(t, v->realm, &v->addr) & t->shared_mask];
	while (*at != i)
		at = &t->shared[*at].next;
	*at = s->next;
	s->next = t->shared_free;
	t->shared_free = i;
}

/* The link behind a number of a chain of cells. */
static uint32_t *link_of(struct held_table *t, uint32_t at)
{
	return at <= t->room ? &t->v[at].next : &t->more[at - t->room].next;
}

static void cell_link(struct held_table *t, uint64_t hash, uint32_t at)
{
	*link_of(t, at) = t->cells[hash & t->cell_mask];
	t->cells[hash & t->cell_mask] = at;
}

static void cell_unlink(struct held_table *t, uint64_t hash, uint32_t at)
{
	uint32_t *link = &t->cells[hash & t->cell_mask];
	while (*link != at)
		link = link_of(t, *link);
	*link = *link_of(t, at);
}

static uint32_t more_new(struct held_table *t, uint32_t of)
{
	uint32_t i = t->more_free;
	if (i)
		t->more_free = t->more[i].more;
	else if (t->more_n <= t->more_room)
		i = t->more_n++;
	else
		return 0;
	t->more[i] = (struct held_more){.of = of, .more = t->v[of].more};
	t->v[of].more = i;
	return i;
}

static void more_drop(struct held_table *t, uint32_t of)
{
	uint32_t i = t->v[of].more;
	t->v[of].more = t->more[i].more;
	t->more[i].more = t->more_free;
	t->more_free = i;
}

/* Into every cell; false: no room for all of them. The last cell's link is the first `more`. */
static bool link_cells(struct held_table *t, uint32_t i)
{
	uint32_t cells[INTERVAL_CELLS];
	size_t n = interval_cells(&t->v[i].v, cells), made = 1;
	while (made < n && more_new(t, i))
		made++;
	if (made < n) {
		while (t->v[i].more)
			more_drop(t, i);
		return false;
	}
	uint32_t m = t->v[i].more;
	for (size_t k = n - 1; k > 0; k--, m = t->more[m].more)
		cell_link(t, hash_of(t, &t->v[i].v, cells[k]), t->room + m);
	cell_link(t, hash_of(t, &t->v[i].v, cells[0]), i);
	t->classes[addr_is_v4(&t->v[i].v.addr)][t->v[i].v.bits][class_of(cells[0])] += (uint32_t)n;
	t->cell_n += (uint32_t)n;
	return true;
}

static void unlink_cells(struct held_table *t, uint32_t i)
{
	uint32_t cells[INTERVAL_CELLS];
	size_t n = interval_cells(&t->v[i].v, cells);
	for (size_t k = n - 1; k > 0; k--) {
		cell_unlink(t, hash_of(t, &t->v[i].v, cells[k]), t->room + t->v[i].more);
		more_drop(t, i);
	}
	cell_unlink(t, hash_of(t, &t->v[i].v, cells[0]), i);
	t->classes[addr_is_v4(&t->v[i].v.addr)][t->v[i].v.bits][class_of(cells[0])] -= (uint32_t)n;
	t->cell_n -= (uint32_t)n;
}

static void cells_grow(struct held_table *t)
{
	if (t->cell_n <= t->cell_mask / 2) /* few strangers in a chain: each is a miss */
		return;
	buckets_free(t->cells, t->cell_mask);
	t->cell_mask = t->cell_mask * 2 + 1;
	t->cells = buckets_new(t->cell_mask);
	for (uint32_t i = 1; i < t->n; i++) {
		uint32_t cells[INTERVAL_CELLS];
		if (!t->v[i].used)
			continue;
		uint32_t m = t->v[i].more;
		for (size_t k = interval_cells(&t->v[i].v, cells) - 1; k > 0; k--) {
			cell_link(t, hash_of(t, &t->v[i].v, cells[k]), t->room + m);
			m = t->more[m].more;
		}
		cell_link(t, hash_of(t, &t->v[i].v, cells[0]), i);
	}
}

static void session_link(struct held_table *t, uint32_t i)
{
	uint32_t *bucket = &t->sessions[hash_mix(t->v[i].session) & t->session_mask];
	t->v[i].session_next = *bucket;
	*bucket = i;
}

static void sessions_grow(struct held_table *t)
{
	if (t->session_n <= t->session_mask)
		return;
	buckets_free(t->sessions, t->session_mask);
	t->session_mask = t->session_mask * 2 + 1;
	t->sessions = buckets_new(t->session_mask);
	for (uint32_t i = 1; i < t->n; i++)
		if (t->v[i].used && t->v[i].session)
			session_link(t, i);
}

static void session_unlink(struct held_table *t, uint32_t i)
{
	uint32_t *at = &t->sessions[hash_mix(t->v[i].session) & t->session_mask];
	while (*at != i)
		at = &t->v[*at].session_next;
	*at = t->v[i].session_next;
}

static void nas_link(struct held_table *t, uint32_t i)
{
	uint32_t *head = &t->nas[t->v[i].nas % HELD_NAS_BUCKETS];
	t->v[i].nas_prev = 0;
	t->v[i].nas_next = *head;
	if (*head)
		t->v[*head].nas_prev = i;
	*head = i;
}

static void nas_unlink(struct held_table *t, uint32_t i)
{
	struct held *h = &t->v[i];
	if (h->nas_next)
		t->v[h->nas_next].nas_prev = h->nas_prev;
	if (h->nas_prev)
		t->v[h->nas_prev].nas_next = h->nas_next;
	else
		t->nas[h->nas % HELD_NAS_BUCKETS] = h->nas_next;
}

static void count_bits(struct held_table *t, uint8_t bits, int step)
{
	t->bits_n[bits] += (uint64_t)step;
	uint64_t mask = 1ull << bits % 64;
	t->bits[bits / 64] =
	    t->bits_n[bits] ? t->bits[bits / 64] | mask : t->bits[bits / 64] & ~mask;
}

uint32_t held_add(struct held_table *t, const struct held *h)
{
	uint32_t i = t->free ? t->free : t->n <= t->room ? t->n : 0;
	if (!i)
		return 0;
	uint32_t after = t->free ? t->v[i].next : 0;
	struct held *to = &t->v[i];
	*to = *h;
	to->more = to->session_next = to->nas_prev = to->nas_next = 0;
	if (!link_cells(t, i)) {
		to->used = false;
		to->next = after;
		return 0;
	}
	t->n += t->free ? 0 : 1;
	t->free = after;
	to->used = true;
	t->used++;
	count_bits(t, h->v.bits, 1);
	if (interval_has_ports(&h->v))
		shared_count(t, &h->v, 1);
	nas_link(t, i);
	t->session_n += h->session ? 1 : 0;
	if (h->session)
		session_link(t, i);
	sessions_grow(t);
	cells_grow(t);
	return i;
}

void held_drop(struct held_table *t, uint32_t i)
{
	struct held *h = &t->v[i];
	unlink_cells(t, i);
	nas_unlink(t, i);
	count_bits(t, h->v.bits, -1);
	if (interval_has_ports(&h->v))
		shared_count(t, &h->v, -1);
	if (h->session) {
		session_unlink(t, i);
		t->session_n--;
	}
	h->used = false;
	h->next = t->free;
	t->free = i;
	t->used--;
}

uint32_t held_of_session(const struct held_table *t, uint64_t session)
{
	return t->sessions[hash_mix(session) & t->session_mask];
}

uint32_t held_of_nas(const struct held_table *t, uint32_t nas)
{
	return t->nas[nas % HELD_NAS_BUCKETS];
}
