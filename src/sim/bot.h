/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Infected lines: which families there are, what a bot of each does, how hard and when. */
#pragma once
#include "sim/home.h"
#include <stdbool.h>

enum deed_kind {
	DEED_NONE,
	DEED_SCAN,
	DEED_BRUTE,
	DEED_SPAM,
	DEED_DDOS,
	DEED_DGA,
	DEED_TUNNEL,
	DEED_BEACON,
	DEED_P2P,
	DEEDS
};

enum { FAMILY_DEEDS = 3, FAMILY_PORTS = 6, EPISODES = 8, CONTROLLERS = 4 };

enum dga_kind { DGA_LETTERS, DGA_SYLLABLES, DGA_WORDS };
enum tunnel_kind { TUNNEL_IODINE, TUNNEL_DNSCAT, TUNNEL_BEACON };

struct family {
	const char *name;
	uint8_t deeds[FAMILY_DEEDS]; /* enum deed_kind, 0 at the end */
	struct {
		uint16_t port;
		uint8_t percent; /* of the probes */
	} scan[FAMILY_PORTS];
	uint8_t scan_syns; /* per host that does not answer */
	uint16_t brute_port;
	bool brute_once;     /* one attempt per host instead of a list of passwords */
	uint8_t dga, tunnel; /* enum dga_kind, enum tunnel_kind */
	uint16_t beacon_port, p2p_port;
	bool beacon_raw; /* one TCP connection with keep-alives instead of a poll each time */
	uint8_t jitter_percent;
	uint32_t beacon_ms; /* between polls or keep-alives */
	uint32_t p2p_ms;    /* between contacts to peers */
};
extern const struct family families[];
extern const size_t families_n;

struct episode { /* minutes of the run, from <= m < to */
	uint32_t from, to;
};

struct deed {
	uint8_t kind, episode_n;
	float level;     /* its unit depends on the kind: see plans in bot.c */
	uint32_t count;  /* of whatever the deed counts, for names that are all different */
	int64_t next_ms; /* of deeds with a clock of their own, 0: not started */
	union addr target;
	struct episode episodes[EPISODES];
};

struct bot {
	uint32_t line;
	uint16_t family;
	uint16_t controller; /* below CONTROLLERS */
	struct deed deeds[FAMILY_DEEDS];
};

struct controller {
	union addr addr;
	uint16_t port;
	char domain[32]; /* registered domain */
};

/* The bot of the n-th infected line; families take turns, so that each has its share. Levels are
 * spread over two decades evenly within each deed, counted by order[kind], so that some bots are
 * loud and some nearly silent in every run. */
void bot_plan(struct bot *b, uint32_t n, const struct home *h, uint32_t order[DEEDS], uint64_t seed,
    uint32_t minutes);
struct controller bot_controller(unsigned family, unsigned which);
const char *deed_word(uint8_t kind); /* "scan" */
