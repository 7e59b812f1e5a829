/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keyed hashing (SipHash-2-4-128 of libsodium): one hash per contact, every index is cut from it,
 * so that nobody outside can craft collisions. Offline runs use a fixed key and are repeatable. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint8_t k[16];
};
struct hash {
	uint64_t a, b;
};

extern const struct hash_key hash_key_offline;
struct hash_key hash_key_random(void);
struct hash hash_bytes(const struct hash_key *key, const void *p, size_t n);

/* A cheap mixer for numbers that are already hashes or are ours (splitmix64's finaliser). */
static inline uint64_t hash_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* A keyed hash of n 64-bit words for tables on the hot path (folded multiplication, the
 * construction of wyhash): several times faster than hash_bytes, and as long as the key is secret
 * nobody can aim at one bucket. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_words(const struct hash_key *key, const uint64_t *w, size_t n)
{
	uint64_t k[2];
	__builtin_memcpy(k, key->k, sizeof k);
	uint64_t h = k[0] ^ n;
	for (size_t i = 0; i < n; i++)
		h = hash_fold(h ^ w[i], k[1] ^ 0x9e3779b97f4a7c15ULL * (i + 1));
	return hash_mix(h ^ k[1]);
}
