/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting-Requests for unit tests and the fuzzer: attributes, then signed. */
#pragma once
#include "base/md5.h"
#include "decode/radius.h"
#include <string.h>

#define ACCOUNTING_SECRET "testing123"
enum { ACCOUNTING_HEAD = 20 };

struct accounting {
	uint8_t p[RADIUS_PACKET_MAX];
	size_t n;
};

static inline void accounting_begin(struct accounting *a)
{
	memset(a, 0, sizeof *a);
	a->p[0] = 4;
	a->p[1] = 1;
	a->n = ACCOUNTING_HEAD;
}

static inline void accounting_put(struct accounting *a, uint8_t type, const void *p, size_t n)
{
	if (a->n + n + 2 > sizeof a->p || n > 253)
		return;
	a->p[a->n] = type;
	a->p[a->n + 1] = (uint8_t)(n + 2);
	if (n)
		memcpy(a->p + a->n + 2, p, n);
	a->n += n + 2;
}

static inline void accounting_text(struct accounting *a, uint8_t type, const char *s)
{
	accounting_put(a, type, s, strlen(s));
}

static inline void accounting_number(struct accounting *a, uint8_t type, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	accounting_put(a, type, b, sizeof b);
}

/* One attribute of a vendor. */
static inline void accounting_vendor(
    struct accounting *a, uint32_t vendor, uint8_t type, const void *p, size_t n)
{
	uint8_t b[253] = {(uint8_t)(vendor >> 24), (uint8_t)(vendor >> 16), (uint8_t)(vendor >> 8),
	    (uint8_t)vendor, type, (uint8_t)(n + 2)};
	memcpy(b + 6, p, n);
	accounting_put(a, 26, b, n + 6);
}

static inline void accounting_sign(struct accounting *a)
{
	a->p[2] = (uint8_t)(a->n >> 8);
	a->p[3] = (uint8_t)a->n;
	memset(a->p + 4, 0, MD5_BYTES);
	struct span parts[] = {{(const char *)a->p, a->n}, span_of(ACCOUNTING_SECRET)};
	uint8_t sum[MD5_BYTES];
	md5(sum, parts, 2);
	memcpy(a->p + 4, sum, sizeof sum);
}

/* Fills in the value of a Message-Authenticator that stands at `at`, and signs. */
static inline void accounting_sign_message(struct accounting *a, size_t at)
{
	a->p[2] = (uint8_t)(a->n >> 8);
	a->p[3] = (uint8_t)a->n;
	memset(a->p + 4, 0, MD5_BYTES);
	struct span all = {(const char *)a->p, a->n};
	uint8_t sum[MD5_BYTES];
	md5_keyed(sum, span_of(ACCOUNTING_SECRET), &all, 1);
	memcpy(a->p + at + 2, sum, sizeof sum);
	accounting_sign(a);
}
