/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What detectors share with each other and with the core; not seen outside this folder. */
#pragma once
#include "detect/detect.h"

/* detection.md 4.3: p of a statistic, and the strength of a p by the Vovk-Wang calibrator (dB). */
double tail_p(const struct tail *t, double x);
double strength_db(double p);

/* A set of hashes counted in one window: exact up to 8 in place; then it gets a cold block, exact
 * up to 64, above that HyperLogLog with p = 10 (3 %). 44 bytes, zero-initialise. */
struct distinct {
	uint32_t window; /* number of the window + 1 */
	uint32_t cold;   /* cold block + 1, 0: none */
	uint32_t n;      /* the count, estimated above 64 */
	uint32_t h[8];
};
/* Adds to the set of that window (another window's set is emptied first). True: it was new. */
bool distinct_add(struct detect *d, struct distinct *s, uint32_t window, uint64_t hash);
/* Members in that window; 0 where the set is of another one. */
uint32_t distinct_count(const struct distinct *s, uint32_t window);
static inline bool distinct_estimated(const struct distinct *s)
{
	return s->n > 64;
}

/* What the detector that runs keeps of the line whose record it sees: its state_bytes, zeroed at
 * first. Most lines never need most detectors, so look at the record before you ask for it. */
void *detect_state(struct detect *d);
void *detect_state_there(const struct detect *d); /* NULL: it keeps nothing of this line yet */

/* The best that one detector found on one line in one day, and when it counted events that day. It
 * emits evidence when it got stronger by 1 dB, when the events came to span 30 s or 30 min, and at
 * the end of the day. */
struct finding {
	uint32_t first_s, last_s;       /* first and last event counted that day */
	uint32_t notes;                 /* notes block + 1: the peers, ports or names behind it */
	uint32_t window_s;              /* start of the best window */
	float value, db, p, prevalence; /* of the best */
	float told_db;                  /* when evidence was last emitted, 0: not yet */
	uint32_t count;
	uint32_t next; /* of the line: number, 0: none */
	uint16_t day;  /* of the records, since 1970, + 1 */
	uint16_t sampling;
	uint8_t detector; /* its number */
	uint8_t share;    /* percent, 255: none */
	uint8_t bonus;    /* dB */
	uint8_t which;    /* of the detector's statistics */
	uint8_t span : 2; /* told so far: 0 none, 1 of 30 s, 2 of 30 min */
	uint8_t estimated : 1;
};
_Static_assert(sizeof(struct finding) == 56, "a line has a few of them");
struct verdict { /* a statistic as measured in one window */
	double value, p;
	double share;      /* of attempts that failed and the like; < 0: none */
	double bonus_db;   /* printed only */
	double prevalence; /* < 0: unknown */
	int64_t window_ms; /* start of the window */
	uint32_t count;    /* events in it */
	uint32_t sampling;
	bool estimated;
	bool alone;    /* the value is of one peer or name: what was noted of others before goes */
	uint8_t which; /* of the detector's statistics */
};
/* All four are about the detector that runs and the line whose record it sees.
 * An event that is counted at time_ms. Call before finding_judge. */
void finding_event(struct detect *d, int64_t time_ms);
/* Keeps the verdict if it is the day's best; then true. The core tells it once the detector
 * returns. */
bool finding_judge(struct detect *d, const struct verdict *v);
/* Notes a peer, port or name behind the count (Space-Saving, 5 rows); name may be "". Costs memory
 * only once the finding has reached 5 dB. */
void finding_note(
    struct detect *d, const union addr *peer, uint16_t port, uint8_t proto, struct span name);
struct finding *finding_now(struct detect *d); /* NULL: there was no event yet */

void detect_emit(struct detect *d, const struct evidence *e);

const struct hash_key *detect_key(const struct detect *d); /* what the hints were hashed with */
/* Of the neighbourhood of a peer: IPv4 /16 (wide) or /20, IPv6 /32 or /48. */
uint64_t net_hash(const struct hash_key *key, const union addr *a, bool wide);
uint64_t subject_hash(const struct hash_key *key, const struct subject *s);
/* The hint's hash of a peer, for an address out of an answer. */
static inline uint64_t peer_hash(const struct hash_key *key, const union addr *a)
{
	return hash_words(key, a->q, 2);
}

/* Number of the window that holds a time; windows tumble since 1970. */
static inline uint32_t window_of(int64_t time_ms, int64_t window_ms)
{
	return (uint32_t)(time_ms / window_ms);
}

/* The same, but what comes a little late counts in the window that is open already (its number +
 * 1). */
static inline uint32_t window_open(uint32_t open, int64_t time_ms, int64_t window_ms)
{
	uint32_t window = window_of(time_ms, window_ms);
	return window + 2 == open ? open - 1 : window;
}

enum port_class port_class(uint16_t port);
/* Registered domain (public suffix plus one label) of a lower-case name; "" where there is none. */
struct span registered_domain(struct span name);
bool is_special_name(
    struct span name); /* arpa, local, lan, home and the like (RFC 6761, 6762, 8375) */
bool is_public_suffix(struct span name);
size_t labels_bytes(struct span labels); /* bytes in a run of labels, without the dots */
double label_entropy(struct span label); /* bits per byte */
/* Labels that begin with an address turned round, as block lists are asked. */
bool is_reversed_address(struct span labels);

/* What regular-contact is made of, for its tests. Intervals are kept as one byte each. */
enum { REGULAR_INTERVALS = 16 };
double regular_share(double prevalence); /* F of detection.md 4.3; < 0: unknown */
uint8_t regular_code(uint32_t seconds);
double regular_seconds(uint8_t code);
/* Median deviation over median of n intervals, 1 <= n <= REGULAR_INTERVALS; and the median. */
double regular_spread(const uint8_t *code, size_t n, double *median_s);

#define DETECTOR(name) extern const struct detector detector_##name;
#include "detect/detectors.def"
#undef DETECTOR
