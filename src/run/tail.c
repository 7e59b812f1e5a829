/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing files: see tail.h. */
#include "run/tail.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW_BYTES = 1 << 17 };
#define NS_PER_S 1000000000LL

static int64_t mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

static uint64_t end_of(const struct tail *t)
{
	return t->offset + t->n;
}

void tail_open(struct tail *t, int fd, const char *name, const struct reader_env *env)
{
	*t = (struct tail){.fd = fd, .name = name, .env = env, .cap = WINDOW_BYTES};
	t->window = mem_new(1, t->cap);
}

static void forget_decoder(struct tail *t)
{
	if (t->state && t->decoder->close)
		t->decoder->close(t->state);
	free(t->state);
	t->state = NULL;
	t->decoder = NULL;
}

/* Whether the bytes before the end of what was read are still those. */
static bool is_same(const struct tail *t)
{
	uint8_t now[TAIL_MARK];
	off_t from = (off_t)(end_of(t) - t->mark_n);
	return pread(t->fd, now, t->mark_n, from) == (ssize_t)t->mark_n &&
	       memcmp(now, t->mark, t->mark_n) == 0;
}

static bool was_rewritten(const struct tail *t, const struct stat *st)
{
	uint64_t size = (uint64_t)st->st_size;
	if (size == end_of(t))
		return t->mtime_ns && mtime_of(st) != t->mtime_ns;
	return size < end_of(t) || !is_same(t);
}

static void begin_anew(struct tail *t)
{
	forget_decoder(t);
	t->offset = t->n = t->at = t->mark_n = 0;
	t->mtime_ns = 0;
	t->rewritten++;
}

static void keep_mark(struct tail *t, const uint8_t *p, size_t n)
{
	if (n >= TAIL_MARK) {
		memcpy(t->mark, p + n - TAIL_MARK, TAIL_MARK);
		t->mark_n = TAIL_MARK;
		return;
	}
	size_t keep = t->mark_n < TAIL_MARK - n ? t->mark_n : TAIL_MARK - n;
	memmove(t->mark, t->mark + t->mark_n - keep, keep);
	memcpy(t->mark + keep, p, n);
	t->mark_n = keep + n;
}

static void make_room(struct tail *t)
{
	memmove(t->window, t->window + t->at, t->n - t->at);
	t->offset += t->at;
	t->n -= t->at;
	t->at = 0;
	if (t->n == t->cap)
		t->cap *= 2;
	else if (t->cap > WINDOW_BYTES && t->n < WINDOW_BYTES)
		t->cap = WINDOW_BYTES; /* a long record has passed */
	else
		return;
	t->window = mem_grow(t->window, t->cap, 1);
}

/* How many bytes came; at the end it is noted when they had been written. */
static size_t read_more(struct tail *t)
{
	struct stat st;
	make_room(t);
	ssize_t got = pread(t->fd, t->window + t->n, t->cap - t->n, (off_t)end_of(t));
	if (got > 0) {
		keep_mark(t, t->window + t->n, (size_t)got);
		t->n += (size_t)got;
		t->read_bytes += (size_t)got;
		return (size_t)got;
	}
	if (fstat(t->fd, &st) == 0 && (uint64_t)st.st_size == end_of(t))
		t->mtime_ns = mtime_of(&st);
	return 0;
}

static bool is_compressed(const uint8_t *p, size_t n)
{
	return (n > 2 && p[0] == 0x1f && p[1] == 0x8b) ||
	       (n > 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0);
}

static void open_packed(struct tail *t)
{
	struct tally tally = {.quiet = true};
	struct err e;
	t->is_packed = true;
	t->ended = reader_adopt(&t->packed, t->fd, t->name, t->env, &tally, &e) != ERR_OK;
	t->fd = -1;
}

/* Where the beginning says nothing, the next lines may: a log has many kinds of them. */
static void skip_lines(struct tail *t, struct batch *out)
{
	const uint8_t *end = memrchr(t->window + t->at, '\n', t->n - t->at);
	batch_ignore(out, "lines of no format that is read here");
	t->at = end ? (size_t)(end - t->window) + 1 : t->n;
}

static void choose_decoder(struct tail *t, struct batch *out)
{
	const uint8_t *p = t->window + t->at;
	size_t n = t->n - t->at;
	if (t->offset == 0 && t->at == 0 && is_compressed(p, n)) {
		open_packed(t);
		return;
	}
	t->decoder = n ? reader_choose(p, n, t->env) : NULL;
	if (t->decoder)
		t->state = reader_begin(t->decoder, t->env, &t->told);
	else if (n >= DECODE_SNIFF_BYTES)
		skip_lines(t, out);
}

/* Bytes that the decoder is done with. */
static size_t decode(struct tail *t, bool last, struct batch *out)
{
	if (!t->decoder)
		return 0;
	size_t used = t->decoder->decode(
	    t->state, t->window + t->at, t->n - t->at, t->offset + t->at, last, out);
	t->at += used;
	if (!used && !batch_full(out) && t->n - t->at >= DECODE_RECORD_MAX) {
		batch_bad(out, t->offset + t->at, "a record longer than 16 MiB");
		used = t->n - t->at;
		t->at = t->n;
	}
	return used;
}

static bool read_packed(struct tail *t, struct batch *out)
{
	struct tally tally = {.quiet = true};
	if (t->ended || !reader_next(&t->packed, &tally)) {
		out->bad_n += tally.bad_n;
		t->ended = true;
		return false;
	}
	for (size_t i = 0; i < t->packed.batch.session_n; i++)
		*batch_session(out) = t->packed.batch.sessions[i];
	out->bad_n += tally.bad_n;
	out->ignored_n += tally.ignored_n;
	return true;
}

bool tail_read(struct tail *t, struct batch *out)
{
	struct stat st;
	if (t->is_packed)
		return read_packed(t, out);
	if (fstat(t->fd, &st) != 0)
		return false;
	if (was_rewritten(t, &st))
		begin_anew(t);
	while (!batch_full(out)) {
		if (decode(t, false, out))
			continue;
		if (batch_full(out))
			break;
		if (!read_more(t))
			return false;
		if (!t->decoder)
			choose_decoder(t, out);
		if (t->is_packed)
			return true;
	}
	return true;
}

bool tail_end(struct tail *t, struct batch *out)
{
	while (!t->is_packed && t->decoder && t->at < t->n && !batch_full(out))
		if (!decode(t, true, out) && !batch_full(out))
			t->at = t->n; /* a decoder that leaves a rest has nothing to say of it */
	if (batch_full(out))
		return true;
	return t->decoder && t->decoder->flush && t->decoder->flush(t->state, out);
}

void tail_close(struct tail *t)
{
	struct tally tally = {.quiet = true};
	forget_decoder(t);
	if (t->is_packed)
		reader_close(&t->packed, &tally);
	if (t->fd >= 0)
		(void)close(t->fd);
	free(t->window);
	*t = (struct tail){.fd = -1};
}
