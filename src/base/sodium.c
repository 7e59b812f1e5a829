/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that libsodium does: keyed hashing (hash.h), digests (digest.h), sealing (seal.h), secrets
 * and boxes (secret.h). */
#include "base/digest.h"
#include "base/hash.h"
#include "base/secret.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

_Static_assert(SEAL_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES, "key");
_Static_assert(SEAL_HEAD == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "head");
_Static_assert(SEAL_MORE == crypto_secretstream_xchacha20poly1305_ABYTES, "more");
_Static_assert(sizeof(crypto_secretstream_xchacha20poly1305_state) <= sizeof(struct seal), "state");
_Static_assert(DIGEST_SHA256 == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(SECRET_SALT == crypto_pwhash_SALTBYTES, "salt");
_Static_assert(
    BOX_KEY == crypto_box_PUBLICKEYBYTES && BOX_KEY == crypto_box_SECRETKEYBYTES, "pair");
_Static_assert(BOX_MORE == crypto_box_SEALBYTES, "box");

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

void digest_keyed(void *out, size_t out_n, const void *key, size_t key_n, const struct span *parts,
    size_t parts_n)
{
	crypto_generichash_state s;
	(void)crypto_generichash_init(&s, key, key_n, out_n);
	for (size_t i = 0; i < parts_n; i++)
		(void)crypto_generichash_update(&s, (const unsigned char *)parts[i].p, parts[i].n);
	(void)crypto_generichash_final(&s, out, out_n);
	sodium_memzero(&s, sizeof s);
}

void digest_sha256(uint8_t out[DIGEST_SHA256], const struct span *parts, size_t parts_n)
{
	crypto_hash_sha256_state s;
	(void)crypto_hash_sha256_init(&s);
	for (size_t i = 0; i < parts_n; i++)
		(void)crypto_hash_sha256_update(&s, (const unsigned char *)parts[i].p, parts[i].n);
	(void)crypto_hash_sha256_final(&s, out);
}

void *secret_new(size_t n)
{
	ready();
	void *p = sodium_malloc(n);
	if (!p) {
		(void)fputs("theriac: no memory for a secret\n", stderr);
		exit(1);
	}
	sodium_memzero(p, n);
	return p;
}

void secret_free(void *p)
{
	sodium_free(p);
}

void secret_guard(void)
{
	struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

const struct secret_cost secret_cost_usual = {
    crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE};

bool secret_stretch(struct seal_key *k, const void *word, size_t n, const uint8_t salt[SECRET_SALT],
    const struct secret_cost *cost)
{
	ready();
	return crypto_pwhash(k->k, sizeof k->k, word, n, salt, cost->passes, cost->bytes,
		   crypto_pwhash_ALG_ARGON2ID13) == 0;
}

void box_pair(uint8_t open[BOX_KEY], uint8_t secret[BOX_KEY])
{
	ready();
	(void)crypto_box_keypair(open, secret);
}

void box_open_key(uint8_t open[BOX_KEY], const uint8_t secret[BOX_KEY])
{
	(void)crypto_scalarmult_base(open, secret);
}

bool box_close(uint8_t *to, const void *p, size_t n, const uint8_t open[BOX_KEY])
{
	ready();
	return crypto_box_seal(to, p, n, open) == 0;
}

bool box_take(void *to, const uint8_t *p, size_t n, const uint8_t open[BOX_KEY],
    const uint8_t secret[BOX_KEY])
{
	return crypto_box_seal_open(to, p, n + BOX_MORE, open, secret) == 0;
}
