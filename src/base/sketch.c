/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sketches: see sketch.h. */
#include "base/sketch.h"
#include <math.h>
#include <string.h>

#define ALPHA_16 0.673

static double alpha(unsigned m)
{
	return m <= 16 ? ALPHA_16 : m == 32 ? 0.697 : m == 64 ? 0.709 : 0.7213 / (1 + 1.079 / m);
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

double hll_count(const uint8_t *regs, unsigned p)
{
	/* sum of 2^-register, in units so small that most are whole, and none is too large a sum */
	unsigned m = 1u << p, zero = 0, unit = 63 - p;
	uint64_t sum = 0;
	for (unsigned i = 0; i < m; i++) {
		sum += 1ull << unit >> regs[i];
		zero += regs[i] == 0;
	}
	return estimate(ldexp((double)sum, -(int)unit), m, zero);
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

/* Of each pair of 16 registers in 64 bits the larger: bit 4 of a byte says which of two nibbles is.
 */
static uint64_t larger(uint64_t a, uint64_t b)
{
	const uint64_t low = 0x0f0f0f0f0f0f0f0full, top = 0x1010101010101010ull;
	uint64_t most = 0;
	for (int half = 0; half < 8; half += 4) {
		uint64_t x = a >> half & low, y = b >> half & low;
		uint64_t of_x = (((x | top) - y) & top) >> 4; /* 1 in each byte where x >= y */
		uint64_t mask = of_x * 15;
		most |= ((x & mask) | (y & ~mask & low)) << half;
	}
	return most;
}

/* How many of 16 registers in 64 bits are 0. */
static unsigned zeros(uint64_t regs)
{
	const uint64_t ones = 0x1111111111111111ull;
	uint64_t set = (regs | regs >> 1 | regs >> 2 | regs >> 3) & ones;
	return set == ones ? 0 : 16 - (unsigned)(set * ones >> 60);
}

/* Of each two registers in a byte, 2^-one + 2^-other, in units of 2^-15. */
#define TWO(i)   ((1u << 15 >> ((i)&15)) + (1u << 15 >> (i) / 16))
#define FOUR(i)  TWO(i), TWO((i) + 1), TWO((i) + 2), TWO((i) + 3)
#define ROW(i)   FOUR(i), FOUR((i) + 4), FOUR((i) + 8), FOUR((i) + 12)
#define TABLE(i) ROW(i), ROW((i) + 16), ROW((i) + 32), ROW((i) + 48)
static const uint32_t down[256] = {TABLE(0), TABLE(64), TABLE(128), TABLE(192)};

/* Linear counting: 16 log(16 / zeros), by the number of registers that are 0. */
static const double linear[17] = {0, 44.361419555836498, 33.271064666877372, 26.783622937146745,
    22.180709777918249, 18.610412956890894, 15.693268048187619, 13.226857170951487,
    11.090354888959125, 9.2058263184569888, 7.5200580679317701, 5.9950951910625712,
    4.6029131592284935, 3.3222298364519127, 2.1365022819923611, 1.0326163382011386, 0};

double hll4_count_union(const uint8_t a[8], const uint8_t b[8])
{
	uint64_t x, y;
	unsigned sum = 0;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	uint64_t most = larger(x, y);
	for (unsigned i = 0; i < 64; i += 8)
		sum += down[most >> i & 255];
	double raw = ALPHA_16 * 16 * 16 / (sum / 32768.0);
	return raw <= 2.5 * 16 && zeros(most) ? linear[zeros(most)] : raw;
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
