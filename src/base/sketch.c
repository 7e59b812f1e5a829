/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sketches: see sketch.h. */
#include "base/sketch.h"
#include <math.h>
#include <string.h>

static double alpha(unsigned m)
{
	return m <= 16 ? 0.673 : m == 32 ? 0.697 : m == 64 ? 0.709 : 0.7213 / (1 + 1.079 / m);
}

/* The raw estimate, or linear counting while registers are empty (section 4 of the paper). */
static double estimate(double inverse_sum, unsigned m, unsigned zero)
{
	double e = alpha(m) * m * m / inverse_sum;
	return e <= 2.5 * m && zero ? m * log((double)m / zero) : e;
}

bool hll_add(uint8_t *regs, unsigned p, uint64_t hash)
{
	uint64_t rest = hash << p | 1ull << (p - 1);
	uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1), *reg = &regs[hash >> (64 - p)];
	if (*reg >= rank)
		return false;
	*reg = rank;
	return true;
}

/* 2 to the -n, as the bits of a double. */
static double power_down(uint8_t n)
{
	uint64_t bits = (uint64_t)(1023 - n) << 52;
	double d;
	memcpy(&d, &bits, sizeof d);
	return d;
}

double hll_count(const uint8_t *regs, unsigned p)
{
	unsigned m = 1u << p, zero = 0;
	double sum = 0;
	for (unsigned i = 0; i < m; i++) {
		sum += power_down(regs[i]);
		zero += regs[i] == 0;
	}
	return estimate(sum, m, zero);
}

static unsigned nibble(const uint8_t regs[8], unsigned i)
{
	return regs[i / 2] >> (i % 2 * 4) & 15u;
}

bool hll4_add(uint8_t regs[8], uint64_t hash)
{
	unsigned i = (unsigned)(hash >> 60);
	unsigned rank = (unsigned)__builtin_clzll(hash << 4 | 8) + 1;
	rank = rank > 15 ? 15 : rank;
	if (nibble(regs, i) >= rank)
		return false;
	unsigned shift = i % 2 * 4;
	regs[i / 2] = (uint8_t)((regs[i / 2] & ~(15u << shift)) | rank << shift);
	return true;
}

double hll4_count_union(const uint8_t a[8], const uint8_t b[8])
{
	unsigned zero = 0, sum = 0; /* sum of 2^-register, in units of 2^-15 */
	for (unsigned i = 0; i < 16; i++) {
		unsigned x = nibble(a, i), y = nibble(b, i), most = x > y ? x : y;
		sum += 1u << 15 >> most;
		zero += most == 0;
	}
	return estimate(sum / 32768.0, 16, zero);
}

bool bloom_has(const uint64_t bits[8], uint64_t hash)
{
	unsigned i = hash & 511, j = hash >> 9 & 511;
	return bits[i / 64] >> i % 64 & bits[j / 64] >> j % 64 & 1;
}

unsigned bloom_add(uint64_t bits[8], uint64_t hash)
{
	unsigned set = 0, at[2] = {hash & 511, hash >> 9 & 511};
	for (int k = 0; k < 2; k++) {
		uint64_t bit = 1ull << at[k] % 64;
		set += !(bits[at[k] / 64] & bit);
		bits[at[k] / 64] |= bit;
	}
	return set;
}
