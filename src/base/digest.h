/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hashes for what must hold against everybody: BLAKE2b with a key, SHA-256 where outsiders check
 * with tools of their own. For tables there is base/hash.h. */
#pragma once
#include "base/str.h"

enum { DIGEST_SHA256 = 32 };

/* Over the parts as if they were one text; out_n 16..64 bytes, key_n 16..64. */
void digest_keyed(void *out, size_t out_n, const void *key, size_t key_n, const struct span *parts,
    size_t parts_n);
void digest_sha256(uint8_t out[DIGEST_SHA256], const struct span *parts, size_t parts_n);

static inline struct span digest_part(const void *p, size_t n)
{
	return (struct span){p, n};
}
