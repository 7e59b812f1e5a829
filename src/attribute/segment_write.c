/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a segment: see segment.h. Held in memory are one page, what is open at the address and
 * cell that is being written, and the first keys of the pages. */
#include "attribute/segment_page.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

enum { CARRY_ROOM = PAGE_ROOM / 2, OPEN_MAX = 512, SEGMENT_VERSION = 1 };

struct segment_writer {
	save_sink *sink;
	void *to;
	int bad;
	struct err why;
	struct text keys, id_firsts; /* as they will stand in the file */
	struct segment_entry last;   /* put before */
	struct segment_entry open[OPEN_MAX];
	size_t open_n;
	bool crowded; /* more is open here than open[] holds */
	bool begun;   /* last is an entry */
	struct page_head head;
	uint64_t entry_n, interval_n, page_n, id_page_n, id_n, bits[3];
	uint8_t classes;
	uint8_t page[SEGMENT_PAGE];
};

struct segment_writer *segment_write(save_sink *sink, void *to)
{
	struct segment_writer *w = mem_new(1, sizeof *w);
	w->sink = sink;
	w->to = to;
	return w;
}

static void put(struct segment_writer *w, const void *p, size_t n)
{
	if (!w->bad)
		w->bad = w->sink(w->to, p, n, &w->why);
}

static void put_page(struct segment_writer *w)
{
	if (!w->head.n)
		return;
	page_seal(w->page, &w->head);
	put(w, w->page, sizeof w->page);
	w->head = (struct page_head){0};
}

static void put_word(struct text *t, uint64_t v, size_t bytes)
{
	char b[8];
	for (size_t i = 0; i < bytes; i++)
		b[i] = (char)(v >> 8 * i);
	text_add(t, b, bytes);
}

static void put_key(struct segment_writer *w, const struct segment_entry *e)
{
	struct segment_key k = key_of(e);
	text_add(&w->keys, (const char *)k.addr.b, sizeof k.addr.b);
	put_word(&w->keys, (uint64_t)k.t0_ms, 8);
	put_word(&w->keys, k.realm, 4);
	put_word(&w->keys, k.cell, 4);
}

static void put_entry(
    struct segment_writer *w, const struct segment_entry *last, const struct segment_entry *e)
{
	w->head.used =
	    (uint16_t)(w->head.used + segment_put(w->page + PAGE_HEAD + w->head.used, last, e));
	w->head.n++;
}

static bool same_key(const struct segment_entry *a, const struct segment_entry *b)
{
	return a->cell == b->cell && interval_order(&a->v, &b->v) == 0;
}

/* Keeps of what was open that which still is at the begin of e. */
static void prune(struct segment_writer *w, const struct segment_entry *e)
{
	size_t kept = 0;
	if (w->begun && !same_key(&w->last, e)) {
		w->open_n = 0;
		w->crowded = false;
	}
	for (size_t i = 0; i < w->open_n; i++)
		if (w->open[i].v.t1_ms > e->v.t0_ms)
			w->open[kept++] = w->open[i];
	w->open_n = kept;
}

/* A new page, whose first entry of its own is e. */
static void begin_page(struct segment_writer *w, const struct segment_entry *e)
{
	struct segment_entry last = {{.bits = 0}, 0};
	put_page(w);
	prune(w, e);
	if (w->crowded)
		w->head.flags |= PAGE_CROWDED;
	for (size_t i = 0; i < w->open_n; i++) {
		if (w->head.used + SEGMENT_ENTRY_MAX > CARRY_ROOM) {
			w->head.flags |= PAGE_CROWDED;
			break;
		}
		put_entry(w, &last, &w->open[i]);
		last = w->open[i];
	}
	w->head.carried = w->head.n;
	put_entry(w, &last, e);
	put_key(w, e);
	w->page_n++;
}

static void keep_open(struct segment_writer *w, const struct segment_entry *e)
{
	if (w->open_n == OPEN_MAX || (w->begun && !same_key(&w->last, e)))
		prune(w, e);
	if (w->open_n == OPEN_MAX)
		w->crowded = true;
	else
		w->open[w->open_n++] = *e;
}

void segment_add(struct segment_writer *w, const struct segment_entry *e)
{
	uint32_t cells[INTERVAL_CELLS];
	if (!w->head.n || w->head.used + SEGMENT_ENTRY_MAX > PAGE_ROOM)
		begin_page(w, e);
	else
		put_entry(w, &w->last, e);
	keep_open(w, e);
	w->last = *e;
	w->begun = true;
	w->entry_n++;
	(void)interval_cells(&e->v, cells);
	w->interval_n += e->cell == cells[0];
	w->bits[e->v.bits / 64] |= 1ull << e->v.bits % 64;
	w->classes |= (uint8_t)(e->cell == CELL_ALL ? 1 : e->cell < CELL_PORT ? 2 : 4);
}

static void put_ids(struct segment_writer *w, const struct lines *ids, uint32_t n)
{
	put_page(w);
	for (uint32_t i = 1; i <= n && ids; i++) {
		struct line_id id;
		lines_get(ids, i, &id);
		if (w->head.n && w->head.used + 4u + id.n > PAGE_ROOM)
			put_page(w);
		if (!w->head.n) {
			put_word(&w->id_firsts, i, 4);
			w->id_page_n++;
		}
		uint8_t *p = w->page + PAGE_HEAD + w->head.used;
		size_t at = varint_put(p, id.n);
		p[at++] = id.kind;
		memcpy(p + at, id.bytes, id.n);
		w->head.used = (uint16_t)(w->head.used + at + id.n);
		w->head.n++;
		w->id_n++;
	}
	put_page(w);
}

static void make_head(
    const struct segment_writer *w, const struct segment_about *a, uint8_t head[SEGMENT_HEAD])
{
	struct text t = {0};
	uint64_t tail = hash_bytes(&hash_key_offline, w->keys.n ? w->keys.p : "", w->keys.n).a;
	uint64_t ids =
	    hash_bytes(&hash_key_offline, w->id_firsts.n ? w->id_firsts.p : "", w->id_firsts.n).a;
	text_add(&t, "theriacI", 8);
	put_word(&t, SEGMENT_VERSION, 8);
	uint64_t words[] = {(uint64_t)a->from_ms, (uint64_t)a->to_ms, (uint64_t)a->reach_ms,
	    (uint64_t)a->swept_ms, (uint64_t)a->imported_ms, w->interval_n, w->entry_n, w->page_n,
	    w->id_page_n, w->id_n, w->bits[0], w->bits[1], w->bits[2], w->classes, tail, ids};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		put_word(&t, words[i], 8);
	put_word(&t, hash_bytes(&hash_key_offline, t.p, t.n).a, 8);
	memset(head, 0, SEGMENT_HEAD);
	memcpy(head, t.p, t.n);
	text_fini(&t);
}

void segment_drop(struct segment_writer *w)
{
	if (!w)
		return;
	text_fini(&w->keys);
	text_fini(&w->id_firsts);
	free(w);
}

int segment_finish(struct segment_writer *w, const struct lines *ids, uint32_t ids_n,
    const struct segment_about *about, uint8_t head[SEGMENT_HEAD], struct err *e)
{
	put_ids(w, ids, ids_n);
	put(w, w->keys.n ? w->keys.p : "", w->keys.n);
	put(w, w->id_firsts.n ? w->id_firsts.p : "", w->id_firsts.n);
	make_head(w, about, head);
	int bad = w->bad;
	if (bad && e)
		*e = w->why;
	segment_drop(w);
	return bad;
}
