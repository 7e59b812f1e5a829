/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams that were taken before: copies that a network made, and recordings that somebody plays
 * once more. Bounded, however many come. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLAY_COURSES = 16 };

struct replay_set { /* hashes, open addressing, at most half full; 0: free */
	uint64_t *slots;
	uint32_t n, cap; /* a power of two */
};

struct replay_course { /* how far one numbering of an exporter has come */
	uint64_t of;   /* version and domain; 0: free place */
	int64_t time_ms;
	uint32_t sequence, boot_ms;
};

struct replay_sender { /* what is remembered of one sender; zero-initialise */
	struct replay_set now, before;
	int64_t turned_ms;
	struct replay_course courses[REPLAY_COURSES];
	uint32_t next; /* the place that is given up next */
};

struct replay; /* what all senders share */
struct replay *replay_new(void);
void replay_free(struct replay *r);
void replay_forget(struct replay *r, struct replay_sender *s);
/* Whether that datagram was taken before; else it counts as taken. now_ms: when it arrived. */
bool replay_is(
    struct replay *r, struct replay_sender *s, const uint8_t *p, size_t n, int64_t now_ms);
