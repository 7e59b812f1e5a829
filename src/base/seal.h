/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes sealed in pieces, so that nobody without the key can read them, and nobody can change, cut,
 * reorder or add to them unnoticed: XChaCha20-Poly1305 as libsodium's secretstream. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEAL_KEY = 32, SEAL_ID = 16, SEAL_HEAD = 24, SEAL_MORE = 17 };
enum { SEAL_WHOLE = SEAL_HEAD + SEAL_MORE }; /* what a whole grows by */

struct seal_key {
	uint8_t k[SEAL_KEY];
};
struct seal {
	_Alignas(16) uint8_t state[64];
};

/* A key out of a secret of at least 32 bytes. */
struct seal_key seal_key_of(const void *secret, size_t n);
void seal_random(void *p, size_t n);
void seal_wipe(void *p, size_t n); /* memory that held a secret */
/* Which key it is; says nothing about the key. */
void seal_key_id(const struct seal_key *k, uint8_t id[SEAL_ID]);

void seal_begin(struct seal *s, const struct seal_key *k, uint8_t head[SEAL_HEAD]);
/* n bytes into n + SEAL_MORE; about: bytes in the clear that belong to it, may be NULL. */
void seal_put(struct seal *s, const void *p, size_t n, const void *about, size_t about_n, bool last,
    uint8_t *to);

void unseal_begin(struct seal *s, const struct seal_key *k, const uint8_t head[SEAL_HEAD]);
/* n + SEAL_MORE bytes into n. False: they are not what was sealed. */
bool unseal_take(struct seal *s, const uint8_t *p, size_t n, const void *about, size_t about_n,
    void *to, bool *last);

/* The two at once, for what is small: n bytes into n + SEAL_WHOLE and back. */
void seal_whole(const struct seal_key *k, const void *p, size_t n, const void *about,
    size_t about_n, uint8_t *to);
bool unseal_whole(const struct seal_key *k, const uint8_t *p, size_t n, const void *about,
    size_t about_n, void *to);
