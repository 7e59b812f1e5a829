/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pseudo-random numbers: see rand.h. */
#include "base/rand.h"
#include "base/hash.h"
#include <math.h>

struct rand rand_of(uint64_t seed, uint64_t stream)
{
	struct rand r;
	uint64_t x = hash_mix(seed + 0x9e3779b97f4a7c15ULL) ^ hash_mix(stream * 2 + 1);
	for (int i = 0; i < 4; i++)
		r.s[i] = hash_mix(x += 0x9e3779b97f4a7c15ULL);
	return r;
}

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t rand_u64(struct rand *r)
{
	uint64_t out = rotl(r->s[1] * 5, 7) * 9, t = r->s[1] << 17;
	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rotl(r->s[3], 45);
	return out;
}

uint64_t rand_below(struct rand *r, uint64_t n)
{
	__extension__ typedef unsigned __int128 wide;
	return (uint64_t)(((wide)rand_u64(r) * n) >> 64);
}

double rand_unit(struct rand *r)
{
	return (double)(rand_u64(r) >> 11) * 0x1p-53;
}

double rand_between(struct rand *r, double lo, double hi)
{
	return lo + (hi - lo) * rand_unit(r);
}

double rand_log_between(struct rand *r, double lo, double hi)
{
	return lo * pow(hi / lo, rand_unit(r));
}

double rand_exp(struct rand *r, double mean)
{
	return -mean * log(1 - rand_unit(r));
}

double rand_normal(struct rand *r, double mean, double sd)
{
	double u = sqrt(-2 * log(1 - rand_unit(r)));
	return mean + sd * u * cos(6.283185307179586 * rand_unit(r));
}

double rand_lognormal(struct rand *r, double median, double sigma)
{
	return median * exp(rand_normal(r, 0, sigma));
}

double rand_pareto(struct rand *r, double min, double shape)
{
	return min * pow(1 - rand_unit(r), -1 / shape);
}

unsigned rand_poisson(struct rand *r, double mean)
{
	if (mean > 60) {
		double v = floor(rand_normal(r, mean, sqrt(mean)) + 0.5);
		return v > 0 ? (unsigned)v : 0;
	}
	double limit = exp(-mean), p = rand_unit(r);
	unsigned n = 0;
	for (; p > limit; n++)
		p *= rand_unit(r);
	return n;
}
