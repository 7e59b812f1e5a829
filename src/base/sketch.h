/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small sketches: HyperLogLog (Flajolet et al. 2007) with one byte or four bits a register, and a
 * two-hash Bloom filter. Hashes given to them must be keyed (base/hash.h). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* HyperLogLog over 2^p byte registers, p in 4..16. rse 1.04/sqrt(2^p). True where a register rose.
 */
bool hll_add(uint8_t *regs, unsigned p, uint64_t hash);
double hll_count(const uint8_t *regs, unsigned p);
/* The same with p = 4 in 8 bytes, rse 26 %: only for orders of magnitude. Counts of the union of
 * two. */
bool hll4_add(uint8_t regs[8], uint64_t hash);
double hll4_count_union(const uint8_t a[8], const uint8_t b[8]);

/* A Bloom filter of 512 bits, k = 2. */
bool bloom_has(const uint64_t bits[8], uint64_t hash);
unsigned bloom_add(uint64_t bits[8], uint64_t hash); /* how many bits it set anew, 0..2 */
