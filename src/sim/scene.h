/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run: the provider's lines, the clock, and what everything that happens is played with. Each
 * minute each line acts out its habits, look-alikes and bot; all draws come from the line's own
 * stream of random numbers. */
#pragma once
#include "sim/sim.h"
#include "sim/stage.h"
#include "sim/world.h"

enum { SHIFTS = 5 };

struct scene {
	struct prefix inside;
	int64_t start_ms, end_ms, minute_ms; /* minute_ms: the minute being made */
	double rate;
	double rhythm[SHIFTS]; /* how busy people are now, by the line's shift, 1 on average */
	uint64_t looks;        /* look-alikes that are played, bit by number */
	uint32_t line_n, bot_n;
	struct home *homes;
	struct bot *bots;
	struct access access; /* of a run with sessions */
	bool sessions;
	struct truth truth;
	struct stage stage;
};

struct ask { /* a look-up to be made */
	int64_t at_ms;
	const char *label, *domain; /* "www", "example.net"; either may be "" */
	uint16_t qtype;
	uint8_t rcode, doing, answer_n;
	bool v6; /* asked over IPv6 */
	uint8_t device;
	uint32_t ttl_s; /* 0: some usual one */
	union addr answers[4];
	const char *text; /* a text answer, NULL: none */
};

double act_rhythm(const struct scene *s, const struct home *h);
/* Some moment of the minute. */
int64_t act_moment(const struct scene *s, struct home *h);
/* True with the chance that something of so many times a day happens in this minute. */
bool act_happens(struct home *h, double times_a_day);
/* How many of so many a day happen in this minute. */
unsigned act_count(struct home *h, double times_a_day);
/* First time >= from_ms of something that comes every period_ms; what tells it from others. */
int64_t act_beat(int64_t from_ms, uint32_t period_ms, uint64_t what);
uint64_t act_key(const struct home *h, unsigned device, unsigned what);

/* A conversation opened by the line with its ends filled in. */
struct talk act_talk(
    const struct scene *s, struct home *h, int64_t at_ms, const union addr *peer, uint16_t port);
/* The same opened by the peer against a port of the line. */
struct talk act_visit_from(
    const struct scene *s, struct home *h, int64_t at_ms, const union addr *peer, uint16_t port);
void act_ask(struct scene *s, struct home *h, const struct ask *a);

struct fetch { /* a TCP or QUIC exchange with a site */
	int64_t at_ms;
	uint32_t rank;
	const char *label;
	uint64_t up, down; /* payload bytes */
	uint32_t span_ms;
	uint16_t port;
	uint8_t device, which; /* which of the site's addresses */
	bool ask;              /* with a look-up before it */
	bool quic;
};
void act_fetch(struct scene *s, struct home *h, const struct fetch *f);

struct link { /* a connection that is kept open for hours with a keep-alive each beat */
	union addr peer;
	uint64_t key;
	uint32_t session_ms, beat_ms, up, down; /* bytes of a beat */
	uint16_t port;
	uint8_t proto, doing;
};
void act_link(struct scene *s, struct home *h, const struct link *l);

/* What every household does in a minute. */
void habit_minute(struct scene *s, struct home *h);
/* What an infected line's bot does in a minute. */
void deed_minute(struct scene *s, struct home *h, struct bot *b);
int indicators_write(const struct scene *s, const char *dir, uint64_t seed, struct err *e);
