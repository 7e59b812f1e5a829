/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Households: see home.h. The numbers of devices follow the usual picture of a European household
 * (two or three phones, one or two computers, a television, few things); they are ours. */
#include "sim/home.h"
#include "base/hash.h"

/* Lines per /24, so that addresses ending in .0, .1 and .255 stay unused. */
enum { PER_NET = 250, FIRST_HOST = 2 };

struct home home_of(uint64_t seed, uint32_t line)
{
	struct home h = {.line = line, .bot = -1, .r = rand_of(seed, line)};
	struct rand *r = &h.r;
	h.n[DEVICE_PC] = (uint8_t)(1 + rand_below(r, 2));
	h.n[DEVICE_PHONE] = (uint8_t)(1 + rand_below(r, 3));
	h.n[DEVICE_TV] = (uint8_t)rand_below(r, 2);
	h.n[DEVICE_CAMERA] = (uint8_t)(rand_below(r, 4) == 0 ? 1 + rand_below(r, 3) : 0);
	h.n[DEVICE_CONSOLE] = rand_below(r, 4) == 0;
	h.n[DEVICE_NAS] = rand_below(r, 8) == 0;
	h.appetite = (float)rand_lognormal(r, 1, 0.4);
	h.dual = rand_below(r, 100) < 40;
	h.shift_h = (int8_t)((int)rand_below(r, 5) - 2);
	return h;
}

void home_make_busy(struct home *h)
{
	double v = rand_pareto(&h->r, 54, 5);
	h->appetite = (float)(v < 110 ? v : 110);
}

union addr home_v4(const struct prefix *inside, uint32_t line)
{
	return addr_v4(
	    addr_v4_of(&inside->addr) + (line / PER_NET << 8) + FIRST_HOST + line % PER_NET);
}

uint64_t home_room(const struct prefix *inside)
{
	uint64_t addresses = 1ULL << (128 - inside->bits);
	return addresses >> 8 ? (addresses >> 8) * PER_NET : 0;
}

struct prefix home_v6_net(uint32_t line)
{
	uint32_t net = line + 0x100;
	uint8_t b[16] = {0x20, 0x01, 0x0d, 0xb8, (uint8_t)(net >> 24), (uint8_t)(net >> 16),
	    (uint8_t)(net >> 8), (uint8_t)net};
	return (struct prefix){.addr = addr_v6(b), .bits = 64};
}

union addr home_v6(uint32_t line, unsigned device, int64_t day)
{
	union addr a = home_v6_net(line).addr;
	uint64_t id = hash_mix(((uint64_t)line << 20) + device + hash_mix((uint64_t)day));
	for (int i = 0; i < 8; i++)
		a.b[8 + i] = (uint8_t)(id >> 8 * i);
	return a;
}
