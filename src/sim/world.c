/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world outside: see world.h. */
#include "sim/world.h"
#include "base/hash.h"
#include <math.h>
#include <stdio.h>

static const char syllables[64][4] = {"ba", "be", "bo", "bru", "ca", "co", "cu", "da", "de", "di",
    "do", "dra", "du", "fa", "fe", "fi", "flo", "ga", "ge", "go", "gri", "ha", "he", "hu", "ja",
    "jo", "ka", "ke", "ki", "kro", "la", "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "ni",
    "no", "pa", "pe", "pi", "pla", "ra", "re", "ri", "ro", "sa", "se", "si", "so", "sta", "ta",
    "te", "ti", "tro", "va", "ve", "vi", "vo", "zu"};
static const char *const endings[] = {
    "-media", "-shop", "-news", "-cloud", "-home", "-travel", "-sport", "-market"};
static const char *const tops[] = {"com", "com", "com", "net", "org", "de", "fr", "io"};

/* A permutation of the 18-bit ranks, so that neighbours in rank have unlike names. */
static uint32_t scramble(uint32_t rank)
{
	uint32_t x = rank & (WORLD_SITES - 1);
	x = (x * 0x2c9d5u + 0x1b3f1u) & (WORLD_SITES - 1);
	x ^= x >> 9;
	return (x * 0x1a6b3u + 0x0f0d7u) & (WORLD_SITES - 1);
}

struct site world_site(uint32_t rank)
{
	struct site s = {.rank = rank};
	uint32_t x = scramble(rank);
	uint64_t h = hash_mix(rank + 0x736974ULL);
	(void)snprintf(s.domain, sizeof s.domain, "%s%s%s%s.%s", syllables[x & 63],
	    syllables[x >> 6 & 63], syllables[x >> 12 & 63], endings[h & 7], tops[h >> 3 & 7]);
	return s;
}

/* Ranges that are nobody's public host: first address and prefix length (RFC 6890, RFC 9637). */
static const struct {
	uint32_t base;
	uint8_t bits;
} special[] = {{0x00000000, 8}, {0x0a000000, 8}, {0x64400000, 10}, {0x7f000000, 8},
    {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24},
    {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3}};

static bool is_special(uint32_t v)
{
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if ((v ^ special[i].base) >> (32 - special[i].bits) == 0)
			return true;
	return false;
}

union addr world_public(uint64_t number)
{
	uint32_t v = (uint32_t)hash_mix(number);
	while (is_special(v))
		v = (uint32_t)hash_mix(++number + ((uint64_t)v << 32));
	return addr_v4(v);
}

union addr world_random(struct rand *r)
{
	return world_public(rand_u64(r));
}

unsigned world_site_addresses(uint32_t rank)
{
	if (rank < SERVICE_SITES)
		return rank == SERVICE_HOSTING || rank == SERVICE_VPN ? 1 : 16;
	return rank < WORLD_BUSY ? 1 + (unsigned)(hash_mix(rank) & 3) : 1;
}

union addr world_site_v4(uint32_t rank, unsigned which)
{
	uint64_t n = (uint64_t)rank * 16 + which % world_site_addresses(rank);
	if (rank < WORLD_BUSY)
		return addr_v4(0xc6120000u + (uint32_t)(n * 0x9e35u % 0x1fffe) + 1);
	return world_public(n + 0x73697465ULL);
}

union addr world_site_v6(uint32_t rank, unsigned which)
{
	uint64_t h = hash_mix((uint64_t)rank * 16 + which % world_site_addresses(rank));
	uint8_t b[16] = {0x3f, 0xff, (uint8_t)(h >> 8 & 15), (uint8_t)(h >> 16), (uint8_t)(h >> 24),
	    (uint8_t)(h >> 32), [14] = (uint8_t)(h >> 40), [15] = (uint8_t)(h >> 48)};
	return addr_v6(b);
}

bool world_site_has_v6(uint32_t rank)
{
	return hash_mix(rank + 6) % 100 < (rank < WORLD_BUSY ? 60 : 20);
}

static uint32_t zipf(double unit)
{
	return SERVICE_SITES + (uint32_t)(exp(unit * log(WORLD_SITES - SERVICE_SITES)) - 1);
}

uint32_t world_pick(struct rand *r)
{
	return zipf(rand_unit(r));
}

uint32_t world_favourite(uint32_t line, struct rand *r)
{
	enum { FAVOURITES = 24 };
	uint64_t which = rand_below(r, 1 + rand_below(r, FAVOURITES));
	uint64_t h = hash_mix(((uint64_t)line << 8) + which + 0x66617600000000ULL);
	return zipf((double)(h >> 11) * 0x1p-53);
}

union addr world_resolver(bool v6)
{
	static const uint8_t b[16] = {0x3f, 0xff, 0x0f, 0xff, [14] = 0, [15] = 0x53};
	return v6 ? addr_v6(b) : world_own_server(53);
}

union addr world_controller(uint32_t number)
{
	uint32_t host = 1 + number / 2 % 254;
	return addr_v4((number & 1 ? 0xcb007100u : 0xc6336400u) + host);
}

union addr world_own_server(unsigned last)
{
	return addr_v4(0xc0000200u + last);
}

bool world_is_own(const union addr *a)
{
	return addr_is_v4(a) && addr_v4_of(a) >> 8 == 0xc00002;
}
