/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keyed hashing: see hash.h. */
#include "base/hash.h"
#include <sodium.h>
#include <string.h>

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
