/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of exporters: datagrams of several senders, then the saved state. It must come back
 * as it was; changed (byte 0 says where), or the input itself in its place, it may be refused but
 * must do no harm. */
#include "base/hash.h"
#include "base/mem.h"
#include "decode/datagram.h"
#include "fuzz.h"
#include <assert.h>
#include <stdlib.h>

enum { HASH_BYTES = 16, CHANGES = 4 };

static void check_batch(struct batch *b)
{
	for (size_t i = 0; i < b->flow_n; i++)
		assert(flow_check(&b->flows[i]) == ERR_OK);
	for (size_t i = 0; i < b->session_n; i++)
		assert(session_check(&b->sessions[i]) == ERR_OK);
	batch_reset(b);
}

/* Datagram by datagram, each in a block of its own, by turns from two senders. */
static void feed(struct export *x, const uint8_t *data, size_t n)
{
	struct batch out = {0};
	unsigned turn = 0;
	for (size_t at = 0, bytes; at < n; at += bytes) {
		bytes = datagram_length(data + at, n - at, true);
		if (bytes == 0 || bytes > n - at)
			bytes = n - at < UINT16_MAX ? n - at : UINT16_MAX;
		uint8_t *p = mem_new(1, bytes);
		memcpy(p, data + at, bytes);
		union addr from = addr_v4(0xc0000200 + turn++ % 2);
		export_datagram(x, &from, turn & 4 ? 1767323045000 : 0, p, bytes, at, &out);
		(void)export_message_bytes(p, bytes);
		check_batch(&out);
		free(p);
	}
	batch_fini(&out);
}

static int load(struct export *x, const struct text *saved)
{
	struct err e;
	return export_load(x, (struct span){saved->p, saved->n}, &e);
}

static void seal(struct text *t)
{
	struct hash h = hash_bytes(&hash_key_offline, t->p, t->n - HASH_BYTES);
	uint64_t big[2] = {htobe64(h.a), htobe64(h.b)};
	memcpy(t->p + t->n - HASH_BYTES, big, sizeof big);
}

static void load_and_feed(
    const struct decode_env *env, const struct text *saved, const uint8_t *data, size_t n)
{
	struct export *x = export_new(env);
	struct text again = {0};
	if (load(x, saved) == ERR_OK)
		export_save(x, &again);
	feed(x, data, n);
	text_fini(&again);
	export_free(x);
}

static void comes_back(const struct decode_env *env, const struct text *saved)
{
	struct export *x = export_new(env);
	struct text again = {0};
	assert(load(x, saved) == ERR_OK);
	export_save(x, &again);
	assert(again.n == saved->n && memcmp(again.p, saved->p, saved->n) == 0);
	text_fini(&again);
	export_free(x);
}

static void load_input(const struct decode_env *env, const uint8_t *data, size_t n)
{
	struct text t = {0};
	char none[HASH_BYTES] = {0};
	text_add(&t, "TEXP\0\0\0\1", 8);
	text_add(&t, (const char *)data, n);
	text_add(&t, none, sizeof none);
	seal(&t);
	load_and_feed(env, &t, data, n);
	text_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	struct exporters *names = exporters_new();
	struct decode_env env = {.exporters = names};
	struct export *x = export_new(&env);
	struct text saved = {0};
	feed(x, data + 1, n - 1);
	export_save(x, &saved);
	comes_back(&env, &saved);
	for (size_t i = 0; i < CHANGES; i++) {
		size_t at = 8 + (i * i * 131 + data[0] * 17u) % (saved.n - 8 - HASH_BYTES);
		saved.p[at] = (char)(saved.p[at] ^ data[1 + i % (n - 1)]);
		seal(&saved);
		load_and_feed(&env, &saved, data + 1, n - 1);
	}
	load_input(&env, data, n);
	text_fini(&saved);
	export_free(x);
	exporters_free(names);
	return 0;
}
