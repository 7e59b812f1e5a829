/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who sends exports to a live reader: found by address, with its number, its rule and its token
 * bucket; bounded, so that a flood of made-up senders finds no more room than that. */
#pragma once
#include "run/live.h"
#include "run/replay.h"

struct sender {
	union addr addr;
	uint32_t number;                  /* in the records */
	const struct exporter_rule *rule; /* NULL: there are no rules */
	struct bucket bucket;
	struct replay_sender *heard;
};

struct senders;
struct senders *senders_new(struct exporters *names, const struct exporter_rule *rules,
    size_t rules_n, struct live_board *board);
void senders_free(struct senders *s);
/* The sender of this address, or NULL where it is not allowed or one too many. */
struct sender *senders_of(struct senders *s, const union addr *from);
/* Whether a datagram of that sender is to be decoded: it came the way that the rule wants, and for
 * the first time. What is refused is counted at its place on the board (may be NULL). */
bool senders_take(struct senders *s, struct sender *x, const struct udp_datagram *d, int64_t now_ms,
    struct live_exporter *at);
/* What the sender's rule says of realm and clock goes into what a batch has from there on: flows
 * and sessions that name no realm, and the times of sessions. */
void senders_mark(const struct sender *x, struct batch *b, size_t flows_from, size_t sessions_from);
/* Of the flows of a batch from `from` on, takes out those that the sender's rule does not let it
 * report, then those over its token bucket, and counts both. */
void senders_sift(
    struct sender *x, struct batch *b, size_t from, int64_t now_ms, struct live_exporter *at);
/* Tells the decoder what the rules say of sampling and dialects. */
void senders_export_rules(const struct senders *s, struct export *x);
/* Before the first datagram, where sequence numbers that were kept go on: what was passed on since
 * they were kept is not missing. */
void senders_resume(struct senders *s, bool kept);
/* Adds what the decoder counted for an exporter since the last time to its place. last: what may
 * still have come late is lost now. */
void senders_publish(struct senders *s, uint32_t number, const struct export_counts *c, bool last,
    struct live_exporter *to);
