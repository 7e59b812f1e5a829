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
