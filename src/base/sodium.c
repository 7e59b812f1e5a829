/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that libsodium does: keyed hashing (hash.h) and sealing (seal.h). */
#include "base/hash.h"
#include "base/seal.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SEAL_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES, "key");
_Static_assert(SEAL_HEAD == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "head");
_Static_assert(SEAL_MORE == crypto_secretstream_xchacha20poly1305_ABYTES, "more");
_Static_assert(sizeof(crypto_secretstream_xchacha20poly1305_state) <= sizeof(struct seal), "state");

typedef crypto_secretstream_xchacha20poly1305_state stream;

static stream *stream_of(struct seal *s)
{
	return (stream *)(void *)s->state;
}

/* Without it libsodium works, but takes the slow path. */
static void ready(void)
{
	if (sodium_init() < 0)
		abort();
}

struct seal_key seal_key_of(const void *secret, size_t n)
{
	struct seal_key k;
	ready();
	(void)crypto_generichash(k.k, sizeof k.k, secret, n, NULL, 0);
	return k;
}

void seal_random(void *p, size_t n)
{
	ready();
	randombytes_buf(p, n);
}

void seal_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

void seal_key_id(const struct seal_key *k, uint8_t id[SEAL_ID])
{
	static const unsigned char what[] = "theriac: which key";
	(void)crypto_generichash(id, SEAL_ID, what, sizeof what, k->k, sizeof k->k);
}

void seal_begin(struct seal *s, const struct seal_key *k, uint8_t head[SEAL_HEAD])
{
	ready();
	(void)crypto_secretstream_xchacha20poly1305_init_push(stream_of(s), head, k->k);
}

void seal_put(struct seal *s, const void *p, size_t n, const void *about, size_t about_n, bool last,
    uint8_t *to)
{
	unsigned char tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
				 : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
	(void)crypto_secretstream_xchacha20poly1305_push(
	    stream_of(s), to, NULL, p, n, about, about_n, tag);
}

void unseal_begin(struct seal *s, const struct seal_key *k, const uint8_t head[SEAL_HEAD])
{
	ready();
	(void)crypto_secretstream_xchacha20poly1305_init_pull(stream_of(s), head, k->k);
}

bool unseal_take(struct seal *s, const uint8_t *p, size_t n, const void *about, size_t about_n,
    void *to, bool *last)
{
	unsigned char tag = 0;
	if (crypto_secretstream_xchacha20poly1305_pull(
		stream_of(s), to, NULL, &tag, p, n + SEAL_MORE, about, about_n) != 0)
		return false;
	*last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	return true;
}

const struct hash_key hash_key_offline = {{0x74, 0x68, 0x65, 0x72, 0x69, 0x61, 0x63, 0x20, 0x6f,
    0x66, 0x66, 0x6c, 0x69, 0x6e, 0x65, 0x31}};

struct hash_key hash_key_random(void)
{
	struct hash_key key;
	randombytes_buf(key.k, sizeof key.k);
	return key;
}

struct hash hash_bytes(const struct hash_key *key, const void *p, size_t n)
{
	struct hash h;
	unsigned char out[16];
	crypto_shorthash_siphashx24(out, p, n, key->k);
	memcpy(&h, out, sizeof h);
	return h;
}
