/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frame Streams: see frames.h. */
#include "collect/collect.h"
#include <string.h>

enum { ACCEPT = 1, START, STOP, READY, FINISH };
enum { WORD = 4, FIELD_CONTENT_TYPE = 1, CONTROL_BYTES_MAX = 512 };

static const char content_type[] = "protobuf:dnstap.Dnstap";
enum { TYPE_BYTES = sizeof content_type - 1 };

static void put_word(struct frames_step *s, uint32_t v)
{
	v = htobe32(v);
	memcpy(s->answer + s->answer_n, &v, WORD);
	s->answer_n += WORD;
}

static void answer(struct frames_step *s, uint32_t kind, bool type)
{
	put_word(s, 0);
	put_word(s, type ? 3 * WORD + TYPE_BYTES : WORD);
	put_word(s, kind);
	if (!type)
		return;
	put_word(s, FIELD_CONTENT_TYPE);
	put_word(s, TYPE_BYTES);
	memcpy(s->answer + s->answer_n, content_type, TYPE_BYTES);
	s->answer_n += TYPE_BYTES;
}

/* Whether dnstap is among the content types; a frame that names none takes any. */
static bool has_type(struct buf *b)
{
	bool any = false;
	while (buf_left(b)) {
		uint32_t field = buf_be32(b), n = buf_be32(b);
		const uint8_t *p = buf_take(b, n);
		if (!p)
			return false;
		if (field != FIELD_CONTENT_TYPE)
			continue;
		any = true;
		if (n == TYPE_BYTES && memcmp(p, content_type, TYPE_BYTES) == 0)
			return true;
	}
	return !any;
}

static void control(struct frames *f, struct buf b, struct frames_step *s)
{
	uint32_t kind = buf_be32(&b);
	s->what = FRAMES_CONTROL;
	if (kind == READY && !f->started && !f->two_way && has_type(&b)) {
		f->two_way = true;
		answer(s, ACCEPT, true);
	} else if (kind == START && !f->started && has_type(&b)) {
		f->started = true;
	} else if (kind == STOP && f->started) {
		s->what = FRAMES_ENDED;
		if (f->two_way)
			answer(s, FINISH, false);
	} else {
		s->what = FRAMES_BAD;
	}
}

struct frames_step frames_next(struct frames *f, const uint8_t *p, size_t n)
{
	struct frames_step s = {.what = FRAMES_MORE};
	struct buf b = buf_of(p, n);
	uint32_t bytes = buf_be32(&b);
	bool escape = !b.bad && bytes == 0;
	if (escape)
		bytes = buf_be32(&b);
	if (b.bad)
		return s;
	if (escape ? bytes < WORD || bytes > CONTROL_BYTES_MAX
		   : bytes > FRAMES_BYTES_MAX || !f->started) {
		s.what = FRAMES_BAD;
		return s;
	}
	const uint8_t *payload = buf_take(&b, bytes);
	if (!payload)
		return s;
	s.used = b.at;
	if (escape) {
		control(f, buf_of(payload, bytes), &s);
	} else {
		s.what = FRAMES_DATA;
		s.data = payload;
		s.data_n = bytes;
	}
	return s;
}

bool frames_sniff(const uint8_t *p, size_t n)
{
	return n >= WORD && buf_peek_be32(p) == 0;
}
