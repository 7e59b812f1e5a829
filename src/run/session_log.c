/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The append log: see session_log.h. A head of 64 bytes; blocks, each its length, a checksum, and
 * rows: an identifier and its number, a join of two numbers, an interval, or an event as it came.
 * Numbers are those of the writer's table of lines, told before they are used. Little endian. */
#include "run/session_log.h"
#include "base/mem.h"
#include "run/place.h"
#include "run/session_build.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = 64, BLOCK_HEAD = 12, VERSION = 1, BLOCK_MAX = 16 << 20, BLOCK_FULL = 1 << 20 };
enum { ROW_ID = 1, ROW_JOIN, ROW_OPENING, ROW_TOLD, ROW_EVENT };
enum { TOLD_INTERIMS = 1, TOLD_FRESH = 2 };
static const char magic[8] = "theriacL";

struct session_log {
	int fd;
	struct text path, block, all; /* all: blocks that are to be written */
	struct text begins_as;        /* its name until it is begun */
	uint8_t *known;               /* which numbers this log has told, a bit each */
	size_t known_n, join_at;
	size_t flight; /* bytes of `all` that are written and being synchronised */
	uint64_t bytes;
};

static int failed(const char *path, struct err *e)
{
	return err_set(e, ERR_SYS, "%.180s: %s", path, strerror(errno));
}

static void put(struct text *t, uint64_t v, size_t bytes)
{
	char b[8];
	for (size_t i = 0; i < bytes; i++)
		b[i] = (char)(v >> 8 * i);
	text_add(t, b, bytes);
}

static void end_block(struct session_log *l)
{
	if (!l->block.n)
		return;
	put(&l->all, l->block.n, 4);
	put(&l->all, hash_bytes(&hash_key_offline, l->block.p, l->block.n).a, 8);
	text_add(&l->all, l->block.p, l->block.n);
	text_reset(&l->block);
}

static struct session_log *new_log(const char *path, int fd, uint64_t bytes)
{
	struct session_log *l = mem_new(1, sizeof *l);
	text_puts(&l->path, path);
	l->fd = fd;
	l->bytes = bytes;
	return l;
}

int session_log_make(struct session_log **log, const char *path, int64_t from_ms, int64_t swept_ms,
    const struct hash_key *key, struct err *e)
{
	struct session_log *l = new_log(path, -1, 0);
	text_puts(&l->begins_as, path);
	text_puts(&l->begins_as, ".new");
	l->fd = open(l->begins_as.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0) {
		int bad = failed(l->begins_as.p, e);
		session_log_close(l);
		return bad;
	}
	text_add(&l->all, magic, sizeof magic);
	put(&l->all, VERSION, 8);
	put(&l->all, (uint64_t)from_ms, 8);
	put(&l->all, (uint64_t)swept_ms, 8);
	text_add(&l->all, (const char *)key->k, sizeof key->k);
	while (l->all.n < HEAD)
		text_putc(&l->all, '\0');
	*log = l;
	return ERR_OK;
}

int session_log_begun(struct session_log *l, struct err *e)
{
	int bad = session_log_sync(l, e);
	if (!bad && rename(l->begins_as.p, l->path.p) != 0)
		bad = failed(l->path.p, e);
	if (bad)
		return bad;
	text_fini(&l->begins_as);
	bad = session_sync_names(l->path.p, e);
	if (bad)
		(void)unlink(l->path.p);
	return bad;
}

int session_log_append(struct session_log **log, const char *path, uint64_t bytes, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return failed(path, e);
	if (ftruncate(fd, (off_t)bytes) != 0) {
		int bad = failed(path, e);
		(void)close(fd);
		return bad;
	}
	*log = new_log(path, fd, bytes);
	return ERR_OK;
}

static bool is_known(struct session_log *l, uint32_t number)
{
	if (number / 8 >= l->known_n) {
		size_t n = number / 8 + number / 16 + 1024u;
		l->known = mem_grow(l->known, n, 1);
		memset(l->known + l->known_n, 0, n - l->known_n);
		l->known_n = n;
	}
	bool known = l->known[number / 8] >> number % 8 & 1;
	l->known[number / 8] = (uint8_t)(l->known[number / 8] | 1 << number % 8);
	return known;
}

static void put_id(struct session_log *l, uint32_t number, const struct lines *lines)
{
	struct line_id id;
	if (!number || is_known(l, number))
		return;
	lines_get(lines, number, &id);
	put(&l->block, ROW_ID, 1);
	put(&l->block, number, 4);
	put(&l->block, lines_flags(lines, number), 1);
	put(&l->block, id.kind, 1);
	put(&l->block, id.n, 2);
	text_add(&l->block, (const char *)id.bytes, id.n);
}

void session_log_put(
    struct session_log *l, const struct told *t, bool opening, const struct lines *lines)
{
	const struct segment_entry none = {{.bits = 0}, 0}, entry = {t->v, 0};
	uint8_t room[SEGMENT_ENTRY_MAX];
	if (t->v.holder == HOLDER_LINE)
		put_id(l, t->v.line, lines);
	size_t n = segment_put(room, &none, &entry);
	put(&l->block, opening ? ROW_OPENING : ROW_TOLD, 1);
	put(&l->block, t->session, 8);
	put(&l->block, t->nas, 4);
	put(&l->block, (uint64_t)t->seen_ms, 8);
	put(&l->block, (t->interims ? TOLD_INTERIMS : 0u) | (t->fresh ? TOLD_FRESH : 0u), 1);
	put(&l->block, n, 1);
	text_add(&l->block, (const char *)room, n);
	if (l->block.n >= BLOCK_FULL)
		end_block(l);
}

void session_log_put_joins(struct session_log *l, const struct lines *lines)
{
	uint32_t a, b;
	while (lines_next_join(lines, &l->join_at, &a, &b)) {
		put_id(l, a, lines);
		put_id(l, b, lines);
		put(&l->block, ROW_JOIN, 1);
		put(&l->block, a, 4);
		put(&l->block, b, 4);
		if (l->block.n >= BLOCK_FULL)
			end_block(l);
	}
}

/* Of the identifiers only those that there are. */
void session_log_put_event(struct session_log *l, const struct session *event)
{
	size_t fixed = offsetof(struct session, ids.bytes);
	size_t n = event->ids.n < SESSION_IDS_MAX ? event->ids.n : SESSION_IDS_MAX;
	put(&l->block, ROW_EVENT, 1);
	put(&l->block, fixed + n, 2);
	text_add(&l->block, (const char *)event, fixed + n);
	if (l->block.n >= BLOCK_FULL)
		end_block(l);
}

void session_log_renumber(struct session_log *l)
{
	if (l->known_n)
		memset(l->known, 0, l->known_n);
	l->join_at = 0;
}

int session_log_write(struct session_log *l, int *fd, struct err *e)
{
	*fd = -1;
	assert(!l->flight);
	end_block(l);
	if (!l->all.n)
		return ERR_OK;
	/* A disk that was full may hold a part of what is written again. */
	if (lseek(l->fd, (off_t)l->bytes, SEEK_SET) < 0 ||
	    place_put(l->fd, l->all.p, l->all.n) != 0)
		return failed(l->path.p, e);
	l->flight = l->all.n;
	*fd = l->fd;
	return ERR_OK;
}

void session_log_written(struct session_log *l, bool synced)
{
	if (synced) {
		l->bytes += l->flight;
		l->all.n -= l->flight;
		memmove(l->all.p, l->all.p + l->flight, l->all.n);
	}
	l->flight = 0;
}

int session_log_sync(struct session_log *l, struct err *e)
{
	int fd, bad = session_log_write(l, &fd, e);
	if (bad || fd < 0)
		return bad;
	bool synced = fdatasync(fd) == 0;
	bad = synced ? ERR_OK : failed(l->path.p, e);
	session_log_written(l, synced);
	return bad;
}

uint64_t session_log_waiting(const struct session_log *l)
{
	return l->all.n + l->block.n;
}

uint64_t session_log_bytes(const struct session_log *l)
{
	return l->bytes;
}

void session_log_close(struct session_log *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		(void)close(l->fd);
	if (l->fd >= 0 && l->begins_as.n)
		(void)unlink(l->begins_as.p);
	text_fini(&l->begins_as);
	text_fini(&l->path);
	text_fini(&l->block);
	text_fini(&l->all);
	free(l->known);
	free(l);
}

struct reading {
	struct lines *lines;
	int (*take)(void *arg, const struct told *t, struct err *e);
	void *arg;
	struct session_log_about *about;
	uint32_t *numbers; /* the writer's -> ours */
	size_t numbers_n;
	int64_t at_ms; /* what identifiers were seen at: the last interval's time */
	struct err *e;
};

static uint32_t number_of(const struct reading *r, uint32_t number)
{
	return number < r->numbers_n ? r->numbers[number] : 0;
}

static bool take_id(struct reading *r, struct buf *b)
{
	struct line_id id;
	uint32_t number = buf_le32(b);
	uint8_t flags = buf_u8(b);
	id.kind = buf_u8(b);
	id.n = buf_le16(b);
	const uint8_t *p = id.n <= LINE_VALUE_MAX ? buf_take(b, id.n) : NULL;
	if (!p || number > 1u << 30)
		return false;
	memcpy(id.bytes, p, id.n);
	if (number >= r->numbers_n) {
		size_t n = number + number / 2 + 1024u;
		r->numbers = mem_grow(r->numbers, n, sizeof *r->numbers);
		memset(r->numbers + r->numbers_n, 0, (n - r->numbers_n) * sizeof *r->numbers);
		r->numbers_n = n;
	}
	r->numbers[number] = lines_enter_id(r->lines, &id, flags, r->at_ms);
	return true;
}

/* From when on a row says something new. */
static int64_t reach_of(const struct told *t)
{
	if (t->fresh)
		return t->v.t0_ms;
	return t->v.sure_ms < t->v.t1_ms ? t->v.sure_ms : t->v.t1_ms;
}

static int take_told(struct reading *r, struct buf *b, bool opening)
{
	struct segment_entry entry = {{.bits = 0}, 0};
	struct told t = {.session = buf_le64(b)};
	t.nas = buf_le32(b);
	t.seen_ms = (int64_t)buf_le64(b);
	uint8_t flags = buf_u8(b), n = buf_u8(b);
	struct buf sub = buf_sub(b, n);
	if (!segment_get(&sub, &entry))
		return ERR_INPUT;
	t.v = entry.v;
	t.interims = flags & TOLD_INTERIMS;
	t.fresh = flags & TOLD_FRESH;
	if (t.v.holder == HOLDER_LINE)
		t.v.line = number_of(r, t.v.line);
	r->at_ms = t.seen_ms > r->at_ms ? t.seen_ms : r->at_ms;
	if (!opening && reach_of(&t) < r->about->reach_ms)
		r->about->reach_ms = reach_of(&t);
	r->about->told_n++;
	return r->take(r->arg, &t, r->e);
}

/* Events leave in the order and after the time in which they leave the writer's table, so that what
 * is left is what was there. */
static bool take_event(struct reading *r, struct buf *b)
{
	struct session s = {.kind = SESSION_LEASE};
	size_t n = buf_le16(b), fixed = offsetof(struct session, ids.bytes);
	const uint8_t *p = n >= fixed && n <= sizeof s ? buf_take(b, n) : NULL;
	if (!p)
		return false;
	memcpy(&s, p, n);
	if (s.ids.n != n - fixed || session_check(&s) != ERR_OK)
		return false;
	reorder_put(&r->about->waiting, &s);
	while (reorder_take(&r->about->waiting, false))
		;
	return true;
}

static int take_rows(struct reading *r, struct buf b)
{
	while (buf_left(&b)) {
		uint8_t row = buf_u8(&b);
		int bad = ERR_OK;
		if (row == ROW_ID) {
			bad = take_id(r, &b) ? ERR_OK : ERR_INPUT;
		} else if (row == ROW_JOIN) {
			uint32_t x = buf_le32(&b), y = buf_le32(&b);
			lines_join(r->lines, number_of(r, x), number_of(r, y));
		} else if (row == ROW_OPENING || row == ROW_TOLD) {
			bad = take_told(r, &b, row == ROW_OPENING);
		} else {
			bad = row == ROW_EVENT && take_event(r, &b) ? ERR_OK : ERR_INPUT;
		}
		if (bad || b.bad)
			return bad ? bad : ERR_INPUT;
	}
	return ERR_OK;
}

/* Up to the first block that is cut or damaged. */
static int take_blocks(struct reading *r, struct buf *b)
{
	r->about->bytes = b->at;
	while (buf_left(b) >= BLOCK_HEAD) {
		uint32_t n = buf_le32(b);
		uint64_t check = buf_le64(b);
		if (n > BLOCK_MAX + BLOCK_FULL || buf_left(b) < n)
			break;
		const uint8_t *p = buf_take(b, n);
		if (hash_bytes(&hash_key_offline, p, n).a != check)
			break;
		int bad = take_rows(r, buf_of(p, n));
		if (bad && bad != ERR_INPUT)
			return bad;
		if (bad)
			break;
		r->about->bytes = b->at;
	}
	r->about->cut_bytes = b->n - r->about->bytes;
	return ERR_OK;
}

static int read_map(struct reading *r, const uint8_t *p, size_t n, const char *path)
{
	struct buf b = buf_of(p, n);
	if (n < HEAD || memcmp(p, magic, sizeof magic) != 0 || buf_peek_le64(p + 8) > VERSION)
		return err_set(r->e, ERR_INPUT, "%.180s: no log of sessions", path);
	r->about->from_ms = (int64_t)buf_peek_le64(p + 16);
	r->about->swept_ms = (int64_t)buf_peek_le64(p + 24);
	memcpy(r->about->key.k, p + 32, sizeof r->about->key.k);
	r->about->reach_ms = r->at_ms = r->about->from_ms;
	buf_skip(&b, HEAD);
	return take_blocks(r, &b);
}

int session_log_read(const char *path, struct lines *lines,
    int (*take)(void *arg, const struct told *t, struct err *e), void *arg,
    struct session_log_about *about, struct err *e)
{
	struct reading r = {.lines = lines, .take = take, .arg = arg, .about = about, .e = e};
	struct stat st;
	*about = (struct session_log_about){.waiting.wait_ms = about->waiting.wait_ms};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int bad = fd < 0 || fstat(fd, &st) != 0 ? failed(path, e) : ERR_OK;
	size_t n = bad ? 0 : (size_t)st.st_size;
	void *map = n ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	if (fd >= 0)
		(void)close(fd);
	if (map == MAP_FAILED)
		return failed(path, e);
	bad = bad ? bad : read_map(&r, map, n, path);
	if (map)
		(void)munmap(map, n);
	free(r.numbers);
	return bad;
}
