/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subscriber line and the household behind it. All devices share the line's one IPv4 address
 * (NAT44 in the router); with IPv6 each has its own interface id within the line's /64. */
#pragma once
#include "base/rand.h"
#include "rec/addr.h"

enum device {
	DEVICE_PC,
	DEVICE_PHONE,
	DEVICE_TV,
	DEVICE_CAMERA,
	DEVICE_CONSOLE,
	DEVICE_NAS,
	DEVICES
};

struct home {
	struct rand r;  /* the line's own stream: no line's day depends on another's */
	uint64_t roles; /* look-alikes it plays, bit by number in look.h */
	uint32_t line;
	int32_t bot;    /* number of its bot, -1: clean */
	float appetite; /* 1: the median household */
	uint8_t n[DEVICES];
	bool dual;      /* has IPv6, too */
	bool serves;    /* is to be reached from outside: not behind a NAT */
	int8_t shift_h; /* early risers and night workers */
};

struct home home_of(uint64_t seed, uint32_t line);
/* The busiest lines: hotels, halls of residence, shared houses. */
void home_make_busy(struct home *h);
union addr home_v4(const struct prefix *inside, uint32_t line);
union addr home_v6(uint32_t line, unsigned device, int64_t day); /* a privacy address, RFC 8981 */
struct prefix home_v6_net(uint32_t line);
/* How many lines a prefix has room for. */
uint64_t home_room(const struct prefix *inside);
