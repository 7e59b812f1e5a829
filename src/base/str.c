/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text: see str.h. */
#include "base/str.h"
#include "base/mem.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 64 };

struct span span_of(const char *s)
{
	return (struct span){s, strlen(s)};
}

bool span_is(struct span s, const char *word)
{
	return strlen(word) == s.n && memcmp(s.p, word, s.n) == 0;
}

bool span_is_nocase(struct span s, const char *word)
{
	return strlen(word) == s.n && strncasecmp(s.p, word, s.n) == 0;
}

bool span_starts(struct span s, const char *word)
{
	size_t n = strlen(word);
	return s.n >= n && memcmp(s.p, word, n) == 0;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
	while (s.n && blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct span span_cut(struct span *rest, char separator)
{
	struct span out = *rest;
	const char *end = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
	if (!end) {
		*rest = (struct span){NULL, 0};
		return out;
	}
	out.n = (size_t)(end - out.p);
	rest->p = end + 1;
	rest->n -= out.n + 1;
	return out;
}

bool span_uint(struct span s, uint64_t *v)
{
	if (s.n == 0 || s.n > 20)
		return false;
	uint64_t sum = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(sum, 10u, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(s.p[i] - '0'), &sum))
			return false;
	}
	*v = sum;
	return true;
}

bool span_int(struct span s, int64_t *v)
{
	bool minus = s.n && s.p[0] == '-';
	if (minus || (s.n && s.p[0] == '+'))
		s.p++, s.n--;
	uint64_t u;
	if (!span_uint(s, &u) || u > INT64_MAX)
		return false;
	*v = minus ? -(int64_t)u : (int64_t)u;
	return true;
}

bool span_real(struct span s, double *v)
{
	char word[WORD_MAX];
	if (s.n == 0 || !str_copy(word, sizeof word, s.p, s.n) || word[0] == ' ')
		return false;
	char *end;
	*v = strtod(word, &end);
	return *end == '\0' && isfinite(*v);
}

static void text_room(struct text *t, size_t more)
{
	size_t need = t->n + more + 1;
	if (need <= t->cap)
		return;
	size_t cap = t->cap ? t->cap * 2 : 256;
	while (cap < need)
		cap *= 2;
	t->p = mem_grow(t->p, cap, 1);
	t->cap = cap;
}

void text_add(struct text *t, const char *p, size_t n)
{
	text_room(t, n);
	if (n)
		memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_putc(struct text *t, char c)
{
	text_add(t, &c, 1);
}

void text_fmt(struct text *t, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		text_room(t, (size_t)n);
		(void)vsnprintf(t->p + t->n, (size_t)n + 1, fmt, again);
		t->n += (size_t)n;
	}
	va_end(again);
}

void text_reset(struct text *t)
{
	t->n = 0;
	if (t->p)
		t->p[0] = '\0';
}

void text_fini(struct text *t)
{
	free(t->p);
	*t = (struct text){0};
}

bool str_copy(char *to, size_t cap, const char *from, size_t n)
{
	size_t fits = n < cap ? n : cap - 1;
	memcpy(to, from, fits);
	to[fits] = '\0';
	return fits == n;
}

static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], na = strlen(a), nb = strlen(b);
	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

const char *str_nearest(const char *wrong, const char *const *words, size_t n)
{
	const char *best = NULL;
	size_t best_distance = strlen(wrong) / 2 + 1;
	for (size_t i = 0; i < n; i++) {
		size_t d = distance(wrong, words[i]);
		if (d < best_distance) {
			best_distance = d;
			best = words[i];
		}
	}
	return best;
}

size_t utf8_bytes(const unsigned char *p, size_t n)
{
	size_t want = p[0] < 0x80                   ? 1
		      : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		      : (p[0] & 0xf0) == 0xe0       ? 3
		      : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						    : 0;
	if (want == 0 || want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return want;
}

bool span_is_utf8(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t at = 0;
	for (size_t k; at < s.n && (k = utf8_bytes(p + at, s.n - at)); at += k)
		;
	return at == s.n;
}

int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

bool span_hex(struct span s, void *to, size_t n)
{
	uint8_t *byte = to;
	if (s.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(s.p[2 * i]), low = hex_digit(s.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		byte[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void text_hex(struct text *t, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = p;
	for (size_t i = 0; i < n; i++) {
		text_putc(t, digits[byte[i] >> 4]);
		text_putc(t, digits[byte[i] & 15]);
	}
}
