/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a segment: see segment.h. The bytes are those of our own file, but a disk may have changed
 * them: sizes are checked when it is opened, each page when it is read. */
#include "attribute/segment_page.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

enum { KEY_BYTES = 32, WORDS = 16, FIXED = 16 + WORDS * 8, VERSION = 1 };
enum { SCAN_PAGES = 4096, SCAN_FOUND = 64 };

static int no_use(const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, "no index of sessions: %s", why);
}

static void take_words(struct segment *s, const uint64_t w[WORDS])
{
	s->about = (struct segment_about){.from_ms = (int64_t)w[0],
	    .to_ms = (int64_t)w[1],
	    .reach_ms = (int64_t)w[2],
	    .swept_ms = (int64_t)w[3],
	    .imported_ms = (int64_t)w[4],
	    .interval_n = w[5]};
	s->entry_n = w[6];
	s->page_n = w[7];
	s->id_page_n = w[8];
	s->id_n = w[9];
	memcpy(s->bits, w + 10, sizeof s->bits);
	s->classes = (uint8_t)w[13];
}

static void take_keys(struct segment *s, struct buf *b)
{
	s->keys = mem_new(s->page_n, sizeof *s->keys);
	for (uint64_t i = 0; i < s->page_n; i++) {
		const uint8_t *addr = buf_take(b, 16);
		s->keys[i].addr = addr ? addr_v6(addr) : (union addr){{0}};
		s->keys[i].t0_ms = (int64_t)buf_le64(b);
		s->keys[i].realm = buf_le32(b);
		s->keys[i].cell = buf_le32(b);
	}
	s->id_first = mem_new(s->id_page_n, sizeof *s->id_first);
	for (uint64_t i = 0; i < s->id_page_n; i++)
		s->id_first[i] = buf_le32(b);
}

int segment_open(struct segment *s, struct span file, struct err *e)
{
	const uint8_t *p = (const uint8_t *)file.p;
	uint64_t w[WORDS];
	*s = (struct segment){.file = file};
	if (file.n < SEGMENT_HEAD || memcmp(p, "theriacI", 8) != 0)
		return no_use("its head is not one", e);
	if (buf_peek_le64(p + 8) > VERSION)
		return no_use("a newer Theriac wrote it", e);
	if (buf_peek_le64(p + FIXED) != hash_bytes(&hash_key_offline, p, FIXED).a)
		return no_use("its head was changed", e);
	for (size_t i = 0; i < WORDS; i++)
		w[i] = buf_peek_le64(p + 16 + i * 8);
	take_words(s, w);
	uint64_t max = file.n / SEGMENT_PAGE, pages = 1 + s->page_n + s->id_page_n;
	if (s->page_n > max || s->id_page_n > max || s->id_n > UINT32_MAX ||
	    file.n != pages * SEGMENT_PAGE + s->page_n * KEY_BYTES + s->id_page_n * 4)
		return no_use("it was cut", e);
	const uint8_t *keys = p + pages * SEGMENT_PAGE, *ids = keys + s->page_n * KEY_BYTES;
	if (w[14] != hash_bytes(&hash_key_offline, keys, s->page_n * KEY_BYTES).a ||
	    w[15] != hash_bytes(&hash_key_offline, ids, s->id_page_n * 4).a)
		return no_use("its keys were changed", e);
	struct buf b = buf_of(keys, s->page_n * KEY_BYTES + s->id_page_n * 4);
	take_keys(s, &b);
	return ERR_OK;
}

void segment_close(struct segment *s)
{
	free(s->keys);
	free(s->id_first);
	*s = (struct segment){0};
}

static const uint8_t *page_at(const struct segment *s, uint64_t page)
{
	return (const uint8_t *)s->file.p + (1 + page) * SEGMENT_PAGE;
}

/* How many pages begin at or before the key. */
static uint64_t pages_up_to(const struct segment *s, const struct segment_key *k)
{
	uint64_t lo = 0, hi = s->page_n;
	while (lo < hi) {
		uint64_t mid = (lo + hi) / 2;
		if (key_order(&s->keys[mid], k) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct look {
	struct segment_reader *r;
	const struct question *q;
	struct found *out;
	int64_t lo_ms, hi_ms;
	struct segment_key key; /* what is looked for; t0: the end of the window */
	size_t taken;
};

/* The line of an identifier: as a number where the table of lines knows it, else by its bytes. */
static uint64_t line_of(const struct look *l, uint32_t number, uint8_t *flags)
{
	struct line_id id;
	if (!segment_id(l->r->segment, number, &id))
		return 0;
	uint32_t known = l->r->lines ? lines_find(l->r->lines, &id) : 0;
	*flags = known ? lines_flags(l->r->lines, known) : 0;
	if (known)
		return lines_of(l->r->lines, known);
	return (hash_bytes(&hash_key_offline, id.bytes, id.n).a ^ hash_mix(id.kind)) | 1ull << 63;
}

static void take(struct look *l, const struct segment_entry *e)
{
	uint8_t flags = 0;
	if (!interval_touches(&e->v, l->lo_ms, l->hi_ms) || !question_meets(l->q, &e->v))
		return;
	uint64_t key = e->v.holder == HOLDER_LINE ? line_of(l, e->v.line, &flags) : 0;
	l->taken++;
	found_add(l->out, &e->v, key, flags);
}

/* What stood there may have been of somebody else: nothing is exact then. */
static void damaged(struct look *l)
{
	l->r->bad_pages++;
	l->out->more = true;
}

static bool same_cell(const struct segment_key *a, const struct segment_key *b)
{
	return a->cell == b->cell && a->realm == b->realm && addr_same(&a->addr, &b->addr);
}

static bool same_place(const struct segment_key *a, const struct segment_key *b)
{
	return a->cell >> 24 == b->cell >> 24 && a->realm == b->realm &&
	       addr_same(&a->addr, &b->addr);
}

/* All of one cell in a page; whether what is looked for may stand in the page before it, too. */
static bool look_into(struct look *l, uint64_t page)
{
	const struct segment *s = l->r->segment;
	const struct segment_key *first = &s->keys[page];
	struct segment_entry e = {{.bits = 0}, 0};
	struct page_head h;
	struct buf b;
	if (!page_open(page_at(s, page), &h, &b)) {
		damaged(l);
		return same_cell(first, &l->key);
	}
	for (unsigned i = 0; i < h.n; i++) {
		if (!segment_get(&b, &e)) {
			damaged(l);
			break;
		}
		struct segment_key k = key_of(&e);
		if (same_cell(&k, &l->key))
			take(l, &e);
		else if (i >= h.carried && key_order(&k, &l->key) > 0)
			break;
	}
	return same_cell(first, &l->key) && (h.flags & PAGE_CROWDED || first->t0_ms >= l->lo_ms);
}

static void look_up_cell(struct look *l, uint32_t cell)
{
	l->key.cell = (l->key.cell & 0xff000000u) | cell;
	uint64_t page = pages_up_to(l->r->segment, &l->key);
	while (page > 0 && look_into(l, page - 1))
		page--;
}

/* Without a port: all cells of the address, page by page, until enough is found to say so. */
static void scan_place(struct look *l)
{
	const struct segment *s = l->r->segment;
	struct segment_key first = l->key;
	first.cell &= 0xff000000u;
	first.t0_ms = INT64_MIN;
	uint64_t page = pages_up_to(s, &first);
	page -= page > 0;
	for (uint64_t n = 0; page < s->page_n && n < SCAN_PAGES; page++, n++) {
		struct segment_entry e = {{.bits = 0}, 0};
		struct page_head h;
		struct buf b;
		if (key_order(&s->keys[page], &first) > 0 && !same_place(&s->keys[page], &first))
			return;
		if (!page_open(page_at(s, page), &h, &b)) {
			damaged(l);
			continue;
		}
		for (unsigned i = 0; i < h.n && segment_get(&b, &e); i++) {
			struct segment_key k = key_of(&e);
			uint32_t cells[INTERVAL_CELLS];
			(void)interval_cells(&e.v, cells);
			if (i >= h.carried && same_place(&k, &first) && e.cell == cells[0])
				take(l, &e);
		}
		if (l->taken >= SCAN_FOUND || n + 1 == SCAN_PAGES) {
			l->out->more = true;
			return;
		}
	}
}

static void look_up(struct look *l)
{
	const struct segment *s = l->r->segment;
	uint16_t port = l->q->port;
	if (!port && s->classes & 6) {
		scan_place(l);
		return;
	}
	if (s->classes & 1)
		look_up_cell(l, CELL_ALL);
	if (port && s->classes & 2)
		look_up_cell(l, CELL_RANGE + (port >> 8));
	if (port && s->classes & 4)
		look_up_cell(l, CELL_PORT + port);
}

void segment_find(struct segment_reader *r, const struct question *q, int64_t lo_ms, int64_t hi_ms,
    struct found *out)
{
	const struct segment *s = r->segment;
	struct look l = {.r = r, .q = q, .out = out, .lo_ms = lo_ms, .hi_ms = hi_ms};
	for (int bits = 128, shortest = addr_is_v4(&q->addr) ? 96 : 0; bits >= shortest; bits--) {
		if (!(s->bits[bits / 64] >> bits % 64 & 1))
			continue;
		l.key = (struct segment_key){.addr = addr_mask(&q->addr, (unsigned)bits),
		    .t0_ms = hi_ms,
		    .realm = q->realm,
		    .cell = (uint32_t)bits << 24};
		look_up(&l);
	}
}

bool segment_id(const struct segment *s, uint32_t number, struct line_id *id)
{
	uint64_t lo = 0, hi = s->id_page_n;
	struct page_head h;
	struct buf b;
	while (lo < hi) {
		uint64_t mid = (lo + hi) / 2;
		if (s->id_first[mid] <= number)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || !page_open(page_at(s, s->page_n + lo - 1), &h, &b))
		return false;
	for (uint32_t at = s->id_first[lo - 1]; at < s->id_first[lo - 1] + h.n; at++) {
		uint64_t n = varint_get(&b);
		uint8_t kind = buf_u8(&b);
		const uint8_t *p = n <= LINE_VALUE_MAX ? buf_take(&b, n) : NULL;
		if (!p)
			return false;
		if (at < number)
			continue;
		id->kind = kind;
		id->n = (uint16_t)n;
		memcpy(id->bytes, p, n);
		return true;
	}
	return false;
}

struct segment_walk segment_begin(const struct segment *s)
{
	return (struct segment_walk){.segment = s};
}

/* The next page, behind what it repeats; false: there is none. */
static bool walk_page(struct segment_walk *w)
{
	struct page_head h = {0};
	while (w->page < w->segment->page_n) {
		w->last = (struct segment_entry){{.bits = 0}, 0};
		bool good = page_open(page_at(w->segment, w->page++), &h, &w->at);
		for (unsigned i = 0; good && i < h.carried; i++)
			good = segment_get(&w->at, &w->last);
		if (good) {
			w->left = (unsigned)h.n - h.carried;
			return true;
		}
		w->bad_pages++;
	}
	return false;
}

bool segment_next(struct segment_walk *w, struct segment_entry *e)
{
	while (!w->left || !segment_get(&w->at, &w->last)) {
		w->bad_pages += w->left > 0;
		w->left = 0;
		if (!walk_page(w))
			return false;
	}
	w->left--;
	*e = w->last;
	return true;
}
