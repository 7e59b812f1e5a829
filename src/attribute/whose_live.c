/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of what is held, as a source of answers: see whose.h. A question costs one probe for
 * each prefix length and size of cell that there is; one without a port, of an address whose ports
 * are held, looks into all its cells. */
#include "attribute/whose.h"
#include "base/mem.h"

struct probe {
	const struct whose_live *live;
	const struct held_table *t;
	const struct question *q;
	struct found *out;
	int64_t lo_ms, hi_ms;
	union addr addr; /* masked */
	uint8_t bits;
};

static void take(struct probe *p, const struct interval *v)
{
	bool line = v->holder == HOLDER_LINE;
	uint64_t key = line ? lines_of(p->live->lines, v->line) : 0;
	found_add(p->out, v, key, line ? lines_flags(p->live->lines, v->line) : 0);
}

static uint64_t hash_of(const struct probe *p, uint32_t cell)
{
	return held_cell_hash(p->t, p->q->realm, &p->addr, p->bits, cell);
}

static void probe_cell(struct probe *p, uint32_t cell, uint64_t hash)
{
	const struct held_table *t = p->t;
	uint32_t i;
	for (struct held_walk w = held_first(t, hash); (i = held_next(t, &w));) {
		const struct interval *v = &t->v[i].v;
		uint32_t cells[INTERVAL_CELLS];
		if (v->realm != p->q->realm || v->bits != p->bits ||
		    !addr_same(&v->addr, &p->addr) || !interval_touches(v, p->lo_ms, p->hi_ms) ||
		    !question_meets(p->q, v))
			continue;
		size_t n = interval_cells(v, cells);
		bool here =
		    p->q->port ? cell >= cells[0] && cell <= cells[n - 1] : cell == cells[0];
		if (here)
			take(p, v);
	}
}

static void probe_all_cells(struct probe *p)
{
	const struct held_shared *s = held_shared_of(p->t, p->q->realm, &p->addr);
	for (uint32_t cell = CELL_RANGE; s && s->n > s->single_n && cell <= CELL_RANGE + 255;
	     cell++)
		probe_cell(p, cell, hash_of(p, cell));
	for (uint32_t cell = CELL_PORT; s && s->single_n && cell < CELL_N; cell++)
		probe_cell(p, cell, hash_of(p, cell));
}

/* Whether no ports are held that a question of many at once would not find. */
static bool is_alike(const struct probe *p)
{
	const struct held_shared *s = held_shared_of(p->t, p->q->realm, &p->addr);
	return !s || (p->q->port && !s->single_n);
}

/* Waiting for one sort of cell, the others are on their way. */
static void probe_length(struct probe *p)
{
	uint16_t port = p->q->port;
	uint32_t cells[] = {CELL_ALL, CELL_RANGE + (port >> 8), CELL_PORT + port};
	const uint32_t *classes = held_classes(p->t, &p->q->addr, p->bits);
	uint64_t hashes[3] = {0};
	size_t n = !port ? 1 : p->q->alike ? 2 : 3;
	p->addr = p->bits == 128 ? p->q->addr : addr_mask(&p->q->addr, p->bits);
	if (p->q->alike && !is_alike(p)) {
		p->out->alike = false;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!classes[i])
			continue;
		hashes[i] = hash_of(p, cells[i]);
		mem_near(&p->t->cells[hashes[i] & p->t->cell_mask]);
	}
	for (size_t i = 0; i < n; i++)
		if (classes[i])
			probe_cell(p, cells[i], hashes[i]);
	if (!port && !p->q->alike)
		probe_all_cells(p);
}

/* The prefix lengths held of an address's family, longest first; -1: no more. */
static int next_length(const struct held_table *t, const union addr *a, int bits)
{
	int shortest = addr_is_v4(a) ? 96 : 0;
	for (bits--; bits >= shortest; bits--) {
		if (bits < 128 && !(t->bits[bits / 64] << (63 - bits % 64)))
			bits -= bits % 64; /* none in the rest of this word */
		else if (t->bits[bits / 64] >> bits % 64 & 1)
			return bits;
	}
	return -1;
}

static void find(
    void *of, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *out)
{
	const struct whose_live *live = of;
	const struct held_table *t = sessions_table(live->sessions);
	struct probe p = {live, t, q, out, lo_ms, hi_ms, {{0}}, 0};
	out->alike = true;
	for (int bits = 129; (bits = next_length(t, &q->addr, bits)) >= 0;) {
		p.bits = (uint8_t)bits;
		probe_length(&p);
	}
}

static void name(void *of, const struct interval *v, char out[LINE_TEXT])
{
	const struct whose_live *live = of;
	struct line_id id;
	lines_name(live->lines, v->line, &id);
	line_id_text(&id, out);
}

struct whose_source whose_live_source(struct whose_live *l)
{
	return (struct whose_source){.find = find, .name = name, .of = l};
}

/* An interval lies in up to three cache lines. */
static void look_at(const struct whose_live *l, const struct held *h, enum whose_near step)
{
	if (step == NEAR_INTERVAL) {
		mem_near(h);
		mem_near((const char *)h + 64);
		mem_near(&h->v.spare);
	} else if (h->v.holder == HOLDER_INSIDE) {
		struct question inside = {.addr = h->v.inside, .realm = h->v.inside_realm};
		whose_look(l, &inside, step - NEAR_LINE);
	} else if (step == NEAR_LINE) {
		lines_look(l->lines, h->v.line);
	}
}

static void look(
    const struct whose_live *l, const struct question *q, uint8_t bits, enum whose_near step)
{
	const struct held_table *t = sessions_table(l->sessions);
	uint32_t cells[] = {CELL_ALL, CELL_RANGE + (q->port >> 8), CELL_PORT + q->port};
	const uint32_t *classes = held_classes(t, &q->addr, bits);
	union addr addr = addr_mask(&q->addr, bits);
	for (size_t i = 0; i < 3; i++) {
		if (!classes[i] || (i && !q->port))
			continue;
		const uint32_t *bucket =
		    &t->cells[held_cell_hash(t, q->realm, &addr, bits, cells[i]) & t->cell_mask];
		if (step == NEAR_BUCKET)
			mem_near(bucket);
		else if (*bucket && *bucket <= t->room)
			look_at(l, &t->v[*bucket], step);
	}
}

void whose_look(const struct whose_live *l, const struct question *q, enum whose_near step)
{
	const struct held_table *t = sessions_table(l->sessions);
	for (int bits = 129; (bits = next_length(t, &q->addr, bits)) >= 0;)
		look(l, q, (uint8_t)bits, step);
}
