/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes export datagrams for unit tests, and feeds them. */
#pragma once
#include "decode/datagram.h"
#include "unit.h"
#include <stdlib.h>

#define T0_S       1767323045LL /* 2026-01-02T03:04:05Z */
#define T0_MS      (T0_S * 1000)
#define WRAP_MS    (1LL << 32)
#define WIRE_BYTES 4096

struct wire { /* a datagram being written */
	uint8_t b[WIRE_BYTES];
	size_t n;
};

static inline void put(struct wire *w, uint64_t v, size_t n)
{
	assert_true(w->n + n <= sizeof w->b);
	for (size_t i = 0; i < n; i++)
		w->b[w->n++] = n - i > 8 ? 0 : (uint8_t)(v >> 8 * (n - 1 - i));
}

static inline void put_all(struct wire *w, size_t n, const uint16_t *v)
{
	for (size_t i = 0; i < n; i++)
		put(w, v[i], 2);
}

/* A set: put its body between the two; the length is filled in. */
static inline size_t set_begin(struct wire *w, uint16_t id)
{
	put(w, id, 2);
	put(w, 0, 2);
	return w->n - 4;
}

static inline void set_end(struct wire *w, size_t at)
{
	w->b[at + 2] = (uint8_t)((w->n - at) >> 8);
	w->b[at + 3] = (uint8_t)(w->n - at);
}

static inline void v9_begin(struct wire *w, uint32_t uptime)
{
	w->n = 0;
	put_all(w, 2, (const uint16_t[]){9, 1});
	put(w, uptime, 4);
	put(w, T0_S, 4);
	put(w, 1, 4);
	put(w, 7, 4);
}

static inline void ipfix_begin(struct wire *w)
{
	w->n = 0;
	put_all(w, 2, (const uint16_t[]){10, 0});
	put(w, T0_S, 4);
	put(w, 1, 4);
	put(w, 7, 4);
}

static inline void ipfix_end(struct wire *w)
{
	w->b[2] = (uint8_t)(w->n >> 8);
	w->b[3] = (uint8_t)w->n;
}

/* The template of n fields, given as pairs of element and length. */
static inline void put_template(
    struct wire *w, uint16_t set, uint16_t id, const uint16_t *pairs, size_t n)
{
	size_t at = set_begin(w, set);
	put_all(w, 2, (const uint16_t[]){id, (uint16_t)n});
	put_all(w, n * 2, pairs);
	set_end(w, at);
}

struct run {
	struct exporters *names;
	struct decode_env env;
	struct export *x;
	struct batch out;
	union addr from;
};

static inline struct run run_new(void)
{
	struct run r = {.names = exporters_new(), .from = addr_v4(0xc0000201)};
	r.env.exporters = r.names;
	r.x = export_new(&r.env);
	return r;
}

static inline void run_fini(struct run *r)
{
	export_free(r->x);
	exporters_free(r->names);
	batch_fini(&r->out);
}

/* The flows of one more datagram; the batch has nothing else. */
static inline const struct flow *feed(struct run *r, const struct wire *w)
{
	uint8_t *p = malloc(w->n); /* so that a read behind the end is seen */
	assert_non_null(p);
	memcpy(p, w->b, w->n);
	batch_reset(&r->out);
	export_datagram(r->x, &r->from, T0_MS + 5, p, w->n, 0, &r->out);
	free(p);
	return r->out.flows;
}

static inline void put_v5_header(struct wire *w, uint16_t count)
{
	w->n = 0;
	put_all(w, 2, (const uint16_t[]){5, count});
	put(w, 60000, 4);
	put(w, T0_S, 4);
	put(w, 250000000, 4);
	put(w, 1, 4);
	put(w, 0x0102, 2);
	put(w, 0x4000 | 100, 2);
}

static inline void put_v5_record(struct wire *w, uint8_t proto, uint16_t dport)
{
	put(w, 0x0a010005, 4);
	put(w, 0xc6336407, 4);
	put(w, 0, 8);
	put(w, 3, 4);
	put(w, 180, 4);
	put(w, 50000, 4);
	put(w, 59000, 4);
	put(w, proto == PROTO_ICMP ? 0 : 40000, 2);
	put(w, dport, 2);
	put(w, 0x0012, 2);
	put(w, proto, 1);
	put(w, 0, 9);
}
