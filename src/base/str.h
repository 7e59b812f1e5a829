/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text: spans borrowed from somebody's bytes, numbers out of them, and a growing buffer to write
 * to. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *p; /* borrowed, not NUL-terminated */
	size_t n;
};

struct span span_of(const char *s); /* of a C string */
bool span_is(struct span s, const char *word);
bool span_is_nocase(struct span s, const char *word);
bool span_starts(struct span s, const char *word);
struct span span_trim(struct span s);
/* Cuts up to the separator off *rest and returns it; the last field leaves rest->p == NULL. */
struct span span_cut(struct span *rest, char separator);
bool span_uint(struct span s, uint64_t *v);       /* digits only, the whole span */
bool span_int(struct span s, int64_t *v);         /* with an optional sign */
bool span_real(struct span s, double *v);         /* a finite decimal number, the whole span */
bool span_hex(struct span s, void *to, size_t n); /* exactly n bytes, two digits each */
bool span_is_utf8(struct span s);                 /* RFC 3629 */
int hex_digit(char c);                            /* its value, or -1 */
/* Bytes of the UTF-8 sequence at p (n left), or 0 where it is malformed. */
size_t utf8_bytes(const unsigned char *p, size_t n);

/* A growing text; zero-initialise, free with text_fini. p is NUL-terminated once anything was
 * added. */
struct text {
	char *p;
	size_t n, cap;
};
void text_add(struct text *t, const char *p, size_t n);
void text_puts(struct text *t, const char *s);
void text_putc(struct text *t, char c);
void text_fmt(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_hex(struct text *t, const void *p, size_t n); /* two digits a byte */
void text_reset(struct text *t);                        /* empties, keeps the room */
void text_fini(struct text *t);

/* Bounded copy into a C string of cap bytes; returns false where it was cut. */
bool str_copy(char *to, size_t cap, const char *from, size_t n);
/* The word of the n words nearest to `wrong` by edit distance, or NULL where none is near. */
const char *str_nearest(const char *wrong, const char *const *words, size_t n);
