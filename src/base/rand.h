/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Repeatable pseudo-random numbers (xoshiro256**, Blackman and Vigna 2018), never for secrets. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct rand {
	uint64_t s[4];
};

/* A stream of its own for each (seed, stream), so that lines do not depend on each other. */
struct rand rand_of(uint64_t seed, uint64_t stream);
uint64_t rand_u64(struct rand *r);
uint64_t rand_below(struct rand *r, uint64_t n); /* 0 .. n-1, n >= 1 */
double rand_unit(struct rand *r);                /* [0, 1) */
double rand_between(struct rand *r, double lo, double hi);
double rand_log_between(struct rand *r, double lo, double hi); /* uniform in the logarithm */
double rand_exp(struct rand *r, double mean);
double rand_normal(struct rand *r, double mean, double sd);
double rand_lognormal(struct rand *r, double median, double sigma);
double rand_pareto(struct rand *r, double min, double shape);
unsigned rand_poisson(struct rand *r, double mean);
