/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What bots do, one function a deed; each is called for a minute in which the deed goes on. */
#pragma once
#include "sim/scene.h"

struct act { /* who does it */
	struct scene *s;
	struct home *h;
	struct bot *b;
	struct deed *d;
	const struct family *f;
	uint32_t minute;  /* of the episode, 0 at its start */
	uint32_t minutes; /* of the episode */
};

void deed_scan(struct act *a);
void deed_brute(struct act *a);
void deed_spam(struct act *a);
void deed_ddos(struct act *a);
void deed_dga(struct act *a);
void deed_tunnel(struct act *a);
void deed_beacon(struct act *a);
void deed_p2p(struct act *a);

/* How many of so many an hour happen in this minute. */
unsigned deed_count(struct act *a, double an_hour);
