/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds files of the session index: see session_build.h. Gathered are entries, one for each cell,
 * and for sorting 16 bytes for each: the first bits of its key, and where it lies. Runs have the
 * form of the file, without identifiers; identifiers are numbered once for all of them. */
#include "run/session_build.h"
#include "base/mem.h"
#include "run/place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMORY_MIN = 16 << 20, RUNS_MAX = 1024, BUFFER = 1 << 20, AHEAD = 16 };
#define IDS_MAX (1ull << 30)

struct item {
	uint64_t prefix;
	uint32_t more; /* bits of the key behind those */
	uint32_t at;
};

struct renumber { /* numbers of a table of lines, or of a file, -> ours */
	const void *of;
	uint32_t *v;
	size_t n;
};

struct session_build {
	struct text path;
	struct lines *ids;
	struct renumber map;
	struct segment_entry *v;
	struct item *items, *spare; /* spare: for sorting, as many again */
	size_t n, cap;
	struct session_file runs[RUNS_MAX];
	size_t run_n;
};

/* A file being written: a sink with a buffer. */
struct out {
	int fd;
	struct text path;
	uint8_t *buffer;
	size_t n;
};

static int failed(const char *path, struct err *e)
{
	return err_set(e, ERR_SYS, "%.180s: %s", path, strerror(errno));
}

static int out_flush(struct out *o, struct err *e)
{
	int bad = place_put(o->fd, o->buffer, o->n) != 0 ? failed(o->path.p, e) : ERR_OK;
	o->n = 0;
	return bad;
}

static int out_sink(void *to, const void *p, size_t n, struct err *e)
{
	struct out *o = to;
	int bad = o->n + n > BUFFER ? out_flush(o, e) : ERR_OK;
	if (bad)
		return bad;
	if (n > BUFFER)
		return place_put(o->fd, p, n) != 0 ? failed(o->path.p, e) : ERR_OK;
	memcpy(o->buffer + o->n, p, n);
	o->n += n;
	return ERR_OK;
}

static int out_open(struct out *o, const char *path, struct err *e)
{
	*o = (struct out){.buffer = mem_new(1, BUFFER)};
	text_puts(&o->path, path);
	o->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->fd < 0 || lseek(o->fd, SEGMENT_HEAD, SEEK_SET) < 0)
		return failed(path, e);
	return ERR_OK;
}

int session_sync_names(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct text folder = {0};
	text_add(&folder, slash ? path : ".", slash ? (size_t)(slash - path) : 1);
	int fd = open(folder.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int bad = fd < 0 || fsync(fd) != 0 ? failed(folder.p, e) : ERR_OK;
	if (fd >= 0)
		(void)close(fd);
	text_fini(&folder);
	return bad;
}

/* The head in its place; with a new name, the file outlives a power cut under it. */
static int out_close(
    struct out *o, const uint8_t head[SEGMENT_HEAD], const char *name, int bad, struct err *e)
{
	bad = bad || o->fd < 0 ? bad : out_flush(o, e);
	if (!bad && pwrite(o->fd, head, SEGMENT_HEAD, 0) != SEGMENT_HEAD)
		bad = failed(o->path.p, e);
	if (!bad && name && (fsync(o->fd) != 0 || rename(o->path.p, name) != 0))
		bad = failed(o->path.p, e);
	if (!bad && name)
		bad = session_sync_names(name, e);
	else if (bad && o->fd >= 0)
		(void)unlink(o->path.p);
	if (o->fd >= 0)
		(void)close(o->fd);
	text_fini(&o->path);
	free(o->buffer);
	return bad;
}

int session_file_open(struct session_file *f, const char *path, struct err *e)
{
	struct stat st;
	*f = (struct session_file){0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) != 0) {
		int bad = failed(path, e);
		if (fd >= 0)
			(void)close(fd);
		return bad;
	}
	f->bytes = (size_t)st.st_size;
	f->map = f->bytes ? mmap(NULL, f->bytes, PROT_READ, MAP_SHARED, fd, 0) : NULL;
	(void)close(fd);
	if (f->map == MAP_FAILED) {
		f->map = NULL;
		return failed(path, e);
	}
	int bad = segment_open(&f->segment, (struct span){f->map, f->bytes}, e);
	if (bad)
		session_file_close(f);
	else
		(void)madvise(f->map, f->bytes, MADV_RANDOM);
	return bad;
}

void session_file_close(struct session_file *f)
{
	segment_close(&f->segment);
	if (f->map)
		(void)munmap(f->map, f->bytes);
	*f = (struct session_file){0};
}

struct session_build *session_build_new(const char *path, uint64_t memory_bytes)
{
	struct session_build *b = mem_new(1, sizeof *b);
	uint64_t each = sizeof *b->v + 2 * sizeof *b->items;
	b->cap = (size_t)((memory_bytes > MEMORY_MIN ? memory_bytes : MEMORY_MIN) / each);
	b->v = mem_map(b->cap * sizeof *b->v);
	b->items = mem_map(b->cap * sizeof *b->items);
	b->spare = mem_map(b->cap * sizeof *b->spare);
	b->ids = lines_new(IDS_MAX);
	text_puts(&b->path, path);
	return b;
}

static void free_gathered(struct session_build *b)
{
	mem_unmap(b->v, b->cap * sizeof *b->v);
	mem_unmap(b->items, b->cap * sizeof *b->items);
	mem_unmap(b->spare, b->cap * sizeof *b->spare);
	b->v = NULL;
	b->items = b->spare = NULL;
}

void session_build_drop(struct session_build *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->run_n; i++)
		session_file_close(&b->runs[i]);
	free_gathered(b);
	lines_free(b->ids);
	free(b->map.v);
	text_fini(&b->path);
	free(b);
}

static uint32_t *renumber_at(struct renumber *m, uint32_t number)
{
	if (number >= m->n) {
		size_t n = number + number / 2 + 1024u;
		m->v = mem_grow(m->v, n, sizeof *m->v);
		memset(m->v + m->n, 0, (n - m->n) * sizeof *m->v);
		m->n = n;
	}
	return &m->v[number];
}

static void renumber_for(struct renumber *m, const void *of)
{
	if (m->of == of)
		return;
	m->of = of;
	if (m->n)
		memset(m->v, 0, m->n * sizeof *m->v);
}

static uint32_t seconds_of(int64_t ms)
{
	int64_t s = ms / 1000;
	return s < 0 ? 0 : s < UINT32_MAX ? (uint32_t)s : UINT32_MAX;
}

/* The order of entries, as far as 96 bits go: realm, prefix length, then of IPv4 the address, cell
 * and second, of IPv6 the first bits of the address. */
static struct item item_of(const struct segment_entry *e, size_t at)
{
	const uint64_t most = 0xffffffffffff;
	struct item item = {.at = (uint32_t)at};
	uint64_t realm = e->v.realm < 127 ? e->v.realm : 127;
	uint64_t high = be64toh(e->v.addr.q[0]), low = be64toh(e->v.addr.q[1]), first;
	if (addr_is_v4(&e->v.addr)) {
		bool in_time = e->cell < 0xffff;
		first = (low & 0xffffffff) << 16 | (in_time ? e->cell : 0xffff);
		item.more = in_time ? seconds_of(e->v.t0_ms) : 0;
	} else if (high) {
		first = high >> 16;
		item.more = (uint32_t)(high << 16 | low >> 48);
	} else { /* before IPv4's, or behind */
		first = low > most ? most : 0;
		item.more = low > most ? UINT32_MAX : 0;
	}
	item.prefix = realm << 57 | (uint64_t)e->v.bits << 49 | (uint64_t)(high > 0) << 48 | first;
	return item;
}

enum { DIGITS = 12, VALUES = 256 };
static unsigned digit(const struct item *i, unsigned k)
{
	return (k < 4 ? i->more >> 8 * k : (uint32_t)(i->prefix >> 8 * (k - 4))) & (VALUES - 1);
}

/* One step of the sort; false: all have the same digit. */
static bool sort_digit(const struct item *from, struct item *to, size_t n, unsigned k)
{
	uint32_t at[VALUES] = {0}, sum = 0;
	for (size_t i = 0; i < n; i++)
		at[digit(&from[i], k)]++;
	if (at[digit(&from[0], k)] == n)
		return false;
	for (unsigned d = 0; d < VALUES; d++) {
		uint32_t here = at[d];
		at[d] = sum;
		sum += here;
	}
	for (size_t i = 0; i < n; i++)
		to[at[digit(&from[i], k)]++] = from[i];
	return true;
}

static int by_order(const void *a, const void *b, void *arg)
{
	const struct item *x = a, *y = b;
	const struct segment_entry *v = arg;
	return segment_order(&v[x->at], &v[y->at]);
}

static void sort(struct session_build *b)
{
	for (size_t i = 0; i < b->n; i++)
		b->items[i] = item_of(&b->v[i], i);
	for (unsigned k = 0; k < DIGITS && b->n; k++) {
		if (!sort_digit(b->items, b->spare, b->n, k))
			continue;
		struct item *was = b->items;
		b->items = b->spare;
		b->spare = was;
	}
	for (size_t i = 0, end; i < b->n; i = end) {
		const struct item *first = &b->items[i];
		for (end = i + 1; end < b->n && b->items[end].prefix == first->prefix &&
				  b->items[end].more == first->more;)
			end++;
		if (end - i > 1)
			qsort_r(&b->items[i], end - i, sizeof *b->items, by_order, b->v);
	}
}

static bool same_entry(const struct segment_entry *a, const struct segment_entry *b)
{
	return a->cell == b->cell && interval_is(&a->v, &b->v);
}

static void prefetch(const struct segment_entry *e)
{
	__builtin_prefetch(e);
	__builtin_prefetch((const char *)e + 64);
}

/* What was gathered, sorted, as a run; its file has no name any more once it is open. */
static int spill(struct session_build *b, struct err *e)
{
	struct segment_about about = {0};
	uint8_t head[SEGMENT_HEAD] = {0};
	struct text path = {0};
	struct out o;
	if (b->run_n == RUNS_MAX)
		return err_set(
		    e, ERR_LIMIT, "%.150s: more than %d runs to sort", b->path.p, RUNS_MAX);
	sort(b);
	text_fmt(&path, "%s.run%zu", b->path.p, b->run_n);
	int bad = out_open(&o, path.p, e);
	struct segment_writer *w = segment_write(out_sink, &o);
	for (size_t i = 0; i < b->n; i++) {
		if (i + AHEAD < b->n)
			prefetch(&b->v[b->items[i + AHEAD].at]);
		if (i == 0 || !same_entry(&b->v[b->items[i - 1].at], &b->v[b->items[i].at]))
			segment_add(w, &b->v[b->items[i].at]);
	}
	if (bad)
		segment_drop(w);
	else
		bad = segment_finish(w, NULL, 0, &about, head, e);
	bad = out_close(&o, head, NULL, bad, e);
	bad = bad ? bad : session_file_open(&b->runs[b->run_n], path.p, e);
	(void)unlink(path.p);
	text_fini(&path);
	b->run_n += bad ? 0 : 1;
	b->n = 0;
	return bad;
}

static int add_entry(struct session_build *b, const struct segment_entry *entry, struct err *e)
{
	int bad = b->n == b->cap ? spill(b, e) : ERR_OK;
	if (!bad)
		b->v[b->n++] = *entry;
	return bad;
}

int session_build_add(
    struct session_build *b, const struct interval *v, const struct lines *lines, struct err *e)
{
	struct segment_entry entry = {*v, 0};
	uint32_t cells[INTERVAL_CELLS];
	size_t n = interval_cells(v, cells);
	int bad = ERR_OK;
	renumber_for(&b->map, lines);
	if (v->holder == HOLDER_LINE && v->line) {
		uint32_t *number = renumber_at(&b->map, v->line);
		if (!*number) {
			struct line_id id;
			lines_get(lines, v->line, &id);
			*number = id.kind ? lines_enter_id(b->ids, &id, 0, 0) : 0;
		}
		entry.v.line = *number;
	}
	for (size_t i = 0; i < n && !bad; i++) {
		entry.cell = cells[i];
		bad = add_entry(b, &entry, e);
	}
	return bad;
}

int session_build_add_file(struct session_build *b, const struct segment *s, int64_t after_ms,
    uint64_t *bad_pages, struct err *e)
{
	struct segment_walk w = segment_begin(s);
	struct segment_entry entry;
	int bad = ERR_OK;
	b->map.of = NULL;
	renumber_for(&b->map, s);
	while (!bad && segment_next(&w, &entry)) {
		if (entry.v.t1_ms <= after_ms)
			continue;
		if (entry.v.holder == HOLDER_LINE && entry.v.line && entry.v.line <= s->id_n) {
			uint32_t *number = renumber_at(&b->map, entry.v.line);
			struct line_id id;
			if (!*number && segment_id(s, entry.v.line, &id))
				*number = lines_enter_id(b->ids, &id, 0, 0);
			entry.v.line = *number;
		}
		bad = add_entry(b, &entry, e);
	}
	b->map.of = NULL;
	if (bad_pages)
		*bad_pages += w.bad_pages;
	return bad;
}

struct head { /* of a heap of runs: the next entry of each */
	struct segment_entry e;
	struct segment_walk walk;
};

static void sift(struct head **heap, size_t n, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;
		if (child + 1 < n && segment_order(&heap[child + 1]->e, &heap[child]->e) < 0)
			child++;
		if (child >= n || segment_order(&heap[child]->e, &heap[i]->e) >= 0)
			return;
		struct head *was = heap[i];
		heap[i] = heap[child];
		heap[child] = was;
		i = child;
	}
}

static void merge(struct session_build *b, struct segment_writer *w)
{
	struct head *v = mem_new(b->run_n, sizeof *v), **heap = mem_new(b->run_n, sizeof *heap);
	struct segment_entry last;
	size_t n = 0;
	bool begun = false;
	for (size_t i = 0; i < b->run_n; i++) {
		(void)madvise(b->runs[i].map, b->runs[i].bytes, MADV_SEQUENTIAL);
		v[i].walk = segment_begin(&b->runs[i].segment);
		if (segment_next(&v[i].walk, &v[i].e))
			heap[n++] = &v[i];
	}
	for (size_t i = n; i-- > 0;)
		sift(heap, n, i);
	while (n) {
		if (!begun || !same_entry(&last, &heap[0]->e))
			segment_add(w, &heap[0]->e);
		last = heap[0]->e;
		begun = true;
		if (!segment_next(&heap[0]->walk, &heap[0]->e))
			heap[0] = heap[--n];
		sift(heap, n, 0);
	}
	free(v);
	free(heap);
}

int session_build_end(struct session_build *b, struct segment_about *about, struct err *e)
{
	uint8_t head[SEGMENT_HEAD] = {0};
	struct text path = {0};
	struct out o = {.fd = -1};
	int bad = b->n || !b->run_n ? spill(b, e) : ERR_OK;
	free_gathered(b); /* merging needs no room for that */
	text_fmt(&path, "%s.new", b->path.p);
	bad = bad ? bad : out_open(&o, path.p, e);
	if (!bad) {
		struct segment_writer *w = segment_write(out_sink, &o);
		merge(b, w);
		bad =
		    segment_finish(w, b->ids, (uint32_t)lines_counted(b->ids)->ids, about, head, e);
	}
	bad = out_close(&o, head, b->path.p, bad, e);
	text_fini(&path);
	session_build_drop(b);
	return bad;
}
