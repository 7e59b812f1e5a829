/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sections of saved state: see save.h. The stream ends with a section "END." without payload, so
 * that a stream that was cut is known by that alone. */
#include "base/save.h"
#include "base/mem.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAG = 4, HEAD = TAG + 4, WORD_MAX = 255 };
static const char end_tag[] = "END.";

struct save save_to(save_sink *sink, void *to)
{
	return (struct save){.sink = sink, .to = to};
}

void save_begin(struct save *s, const char *tag)
{
	assert(s->section.n == 0 && strlen(tag) == TAG);
	text_add(&s->section, tag, TAG);
	save_uint(s, 0, HEAD - TAG);
}

void save_uint(struct save *s, uint64_t v, size_t bytes)
{
	uint64_t little = htole64(v);
	text_add(&s->section, (const char *)&little, bytes);
}

void save_real(struct save *s, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	save_uint(s, bits, sizeof bits);
}

void save_bytes(struct save *s, const void *p, size_t n)
{
	text_add(&s->section, p, n);
}

static void save_eight(struct save *s, const uint8_t *p, size_t n)
{
	char out[1 + 8] = {0};
	size_t at = 1;
	for (size_t i = 0; i < n; i++) {
		out[at] = (char)p[i];
		out[0] = (char)(out[0] | (p[i] != 0) << i);
		at += p[i] != 0;
	}
	text_add(&s->section, out, at);
}

void save_sparse(struct save *s, const void *p, size_t n)
{
	const uint8_t *at = p;
	for (; n >= 8; at += 8, n -= 8)
		save_eight(s, at, 8);
	if (n)
		save_eight(s, at, n);
}

void save_text(struct save *s, const char *word)
{
	size_t n = strlen(word);
	n = n < WORD_MAX ? n : WORD_MAX;
	save_uint(s, n, 1);
	save_bytes(s, word, n);
}

void save_end(struct save *s)
{
	uint32_t n = htole32((uint32_t)(s->section.n - HEAD));
	assert(s->section.n - HEAD <= SAVE_SECTION_MAX);
	memcpy(s->section.p + TAG, &n, sizeof n);
	if (!s->bad)
		s->bad = s->sink(s->to, s->section.p, s->section.n, &s->why);
	text_reset(&s->section);
}

bool save_is_full(const struct save *s)
{
	return s->section.n >= SAVE_SECTION_FULL;
}

void save_blob(struct save *s, const char *tag, const void *p, size_t n)
{
	const char *at = p;
	size_t piece;
	do {
		piece = n < SAVE_SECTION_MAX ? n : SAVE_SECTION_MAX;
		save_begin(s, tag);
		save_bytes(s, at, piece);
		save_end(s);
		at += piece;
		n -= piece;
	} while (n);
}

int save_finish(struct save *s, struct err *e)
{
	save_begin(s, end_tag);
	save_end(s);
	text_fini(&s->section);
	if (s->bad && e)
		*e = s->why;
	return s->bad;
}

static void fail(struct load *l, int bad)
{
	l->bad = bad;
	l->tag[0] = '\0';
	l->section = (struct buf){.bad = true};
}

void load_next(struct load *l)
{
	uint8_t head[HEAD];
	if (l->bad || load_is(l, end_tag))
		return;
	int bad = l->source(l->from, head, sizeof head, &l->why);
	uint32_t n = bad ? 0 : buf_peek_le32(head + TAG);
	if (!bad && n > SAVE_SECTION_MAX)
		bad = err_set(&l->why, ERR_INPUT,
		    "the saved state is damaged: a section of %u bytes, at most %d are allowed", n,
		    SAVE_SECTION_MAX);
	if (!bad && n)
		bad = l->source(l->from, l->room, n, &l->why);
	if (bad) {
		fail(l, bad);
		return;
	}
	memcpy(l->tag, head, TAG);
	l->section = buf_of(l->room, n);
}

struct load load_from(save_source *source, void *from)
{
	struct load l = {.source = source, .from = from};
	l.room = mem_new(1, SAVE_SECTION_MAX);
	load_next(&l);
	return l;
}

bool load_is(const struct load *l, const char *tag)
{
	return memcmp(l->tag, tag, TAG) == 0;
}

bool load_more(const struct load *l)
{
	return l->tag[0] && !load_is(l, end_tag);
}

int load_blob(struct load *l, const char *tag, size_t max, struct text *out)
{
	for (; load_is(l, tag); load_next(l)) {
		if (load_check(l, l->section.n <= max - out->n))
			return l->bad;
		text_add(out, (const char *)l->section.p, l->section.n);
	}
	return l->bad;
}

double load_real(struct load *l)
{
	uint64_t bits = buf_le64(&l->section);
	double v;
	memcpy(&v, &bits, sizeof v);
	return v;
}

struct span load_text(struct load *l)
{
	size_t n = buf_u8(&l->section);
	const uint8_t *p = buf_take(&l->section, n);
	return (struct span){p ? (const char *)p : "", p ? n : 0};
}

bool load_bytes(struct load *l, void *to, size_t n)
{
	const uint8_t *p = buf_take(&l->section, n);
	if (p)
		memcpy(to, p, n);
	return p;
}

bool load_sparse(struct load *l, void *to, size_t n)
{
	uint8_t *at = to;
	for (size_t some; n; n -= some) {
		some = n < 8 ? n : 8;
		uint8_t which = buf_u8(&l->section);
		const uint8_t *p = buf_take(&l->section, (size_t)__builtin_popcount(which));
		if (!p)
			return false;
		for (size_t i = 0; at && i < some; i++)
			*at++ = which >> i & 1 ? *p++ : 0;
	}
	return true;
}

void load_tell(struct load *l, const char *fmt, ...)
{
	char line[240];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	text_fmt(&l->told, "%s\n", line);
}

int load_check(struct load *l, bool good)
{
	if (l->bad || (good && !l->section.bad))
		return l->bad;
	fail(l, err_set(&l->why, ERR_INPUT,
		    "the saved state is damaged: section %.4s holds what cannot be", l->tag));
	return l->bad;
}

int load_finish(struct load *l, struct err *e)
{
	int bad = l->bad;
	if (!bad && !load_is(l, end_tag))
		bad = err_set(&l->why, ERR_INPUT, "the saved state is damaged: it has no end");
	if (bad && e)
		*e = l->why;
	free(l->room);
	text_fini(&l->told);
	l->room = NULL;
	return bad;
}
