/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies outside of the lines: sites by popularity, well-known services, the provider's own
 * servers, and any public address. Nothing is stored; all of it is computed from numbers, the same
 * in every run. Busy hosts and everything an indicator may name lie in documentation and benchmark
 * ranges (RFC 5737, 2544, 9637), so that no file of a simulation can do harm to a real host. Rare
 * sites, peers and targets of scans are any public addresses. Names are made up. */
#pragma once
#include "base/rand.h"
#include "rec/addr.h"

enum { WORLD_SITES = 1 << 18, WORLD_BUSY = 4096, WORLD_NAME = 64 };

/* Ranks of the services that many devices know; sites proper begin behind them. */
enum world_service {
	SERVICE_NTP,
	SERVICE_PUSH_PHONE,
	SERVICE_PUSH_TABLET,
	SERVICE_MQTT,
	SERVICE_TELEMETRY,
	SERVICE_CLOUD,
	SERVICE_VIDEO,
	SERVICE_GAME,
	SERVICE_CAMERA,
	SERVICE_REPUTATION,
	SERVICE_BLOCKLIST,
	SERVICE_UPDATE,
	SERVICE_MAIL,
	SERVICE_SPEED,
	SERVICE_VPN,
	SERVICE_CODE,
	SERVICE_HOSTING, /* shared: many names, one address */
	SERVICE_SITES,   /* the first rank that is no service */
};

struct site {
	uint32_t rank;
	char domain[WORLD_NAME]; /* registered domain, "saremolu-media.net" */
};

struct site world_site(uint32_t rank);
/* One of the site's n (1..16) addresses. */
union addr world_site_v4(uint32_t rank, unsigned which);
union addr world_site_v6(uint32_t rank, unsigned which);
unsigned world_site_addresses(uint32_t rank); /* how many it has */
bool world_site_has_v6(uint32_t rank);
/* A rank by Zipf's law with exponent 1 (Adamic and Huberman 2002), no service. */
uint32_t world_pick(struct rand *r);
/* One of a line's own favourites, the same every day. */
uint32_t world_favourite(uint32_t line, struct rand *r);

union addr world_public(uint64_t number); /* any public IPv4 address outside */
union addr world_random(struct rand *r);  /* the same by chance */
union addr world_resolver(bool v6);
union addr world_controller(uint32_t number); /* of bots: 198.51.100.0/24, 203.0.113.0/24 */
union addr world_own_server(unsigned last);   /* the provider's, 192.0.2.0/24 */
bool world_is_own(const union addr *a);       /* one of these */
