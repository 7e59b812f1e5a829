/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cursor over bytes from outside that remembers its first error: a read past the end sets `bad`,
 * returns 0 and moves nothing, so that a parser may check once behind a run of reads. */
#pragma once
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	const uint8_t *p; /* borrowed */
	size_t n, at;     /* bytes in all, bytes read */
	bool bad;
};

static inline struct buf buf_of(const void *p, size_t n)
{
	return (struct buf){.p = p, .n = n};
}

static inline size_t buf_left(const struct buf *b)
{
	return b->bad ? 0 : b->n - b->at;
}

/* The next n bytes, or NULL (and bad) where fewer are left. */
static inline const uint8_t *buf_take(struct buf *b, size_t n)
{
	if (b->bad || b->n - b->at < n) {
		b->bad = true;
		return NULL;
	}
	const uint8_t *p = b->p + b->at;
	b->at += n;
	return p;
}

static inline void buf_skip(struct buf *b, size_t n)
{
	(void)buf_take(b, n);
}

/* A cursor over the next n bytes, which are skipped here; bad (and empty) where fewer are left. */
static inline struct buf buf_sub(struct buf *b, size_t n)
{
	const uint8_t *p = buf_take(b, n);
	return (struct buf){.p = p, .n = p ? n : 0, .bad = !p};
}

static inline uint16_t buf_peek_be16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return be16toh(v);
}

static inline uint32_t buf_peek_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

static inline uint64_t buf_peek_be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return be64toh(v);
}

static inline uint16_t buf_peek_le16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return le16toh(v);
}

static inline uint32_t buf_peek_le32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return le32toh(v);
}

static inline uint64_t buf_peek_le64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return le64toh(v);
}

/* Big-endian unsigned number of n bytes at p, n in 0..8 (IPFIX reduced-size encoding). The usual
 * sizes are one load each: decoders spend their time here. */
static inline uint64_t buf_peek_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	if (n == 4)
		return buf_peek_be32(p);
	if (n == 8)
		return buf_peek_be64(p);
	if (n == 2)
		return buf_peek_be16(p);
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static inline uint64_t buf_peek_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

static inline uint64_t buf_be(struct buf *b, size_t n)
{
	const uint8_t *p = buf_take(b, n);
	return p ? buf_peek_be(p, n) : 0;
}

static inline uint64_t buf_le(struct buf *b, size_t n)
{
	const uint8_t *p = buf_take(b, n);
	return p ? buf_peek_le(p, n) : 0;
}

static inline uint8_t buf_u8(struct buf *b)
{
	return (uint8_t)buf_be(b, 1);
}
static inline uint16_t buf_be16(struct buf *b)
{
	return (uint16_t)buf_be(b, 2);
}
static inline uint32_t buf_be32(struct buf *b)
{
	return (uint32_t)buf_be(b, 4);
}
static inline uint64_t buf_be64(struct buf *b)
{
	return buf_be(b, 8);
}
static inline uint16_t buf_le16(struct buf *b)
{
	return (uint16_t)buf_le(b, 2);
}
static inline uint32_t buf_le32(struct buf *b)
{
	return (uint32_t)buf_le(b, 4);
}
static inline uint64_t buf_le64(struct buf *b)
{
	return buf_le(b, 8);
}
