/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who sends exports to a live reader: found by address, with its number, its rule and its token
 * bucket; bounded, so that a flood of made-up senders finds no more room than that. */
#pragma once
#include "run/live.h"

struct sender {
	union addr addr;
	uint32_t number;                  /* in the records */
	const struct exporter_rule *rule; /* NULL: there are no rules */
	struct bucket bucket;
};

struct senders;
struct senders *senders_new(struct exporters *names, const struct exporter_rule *rules,
    size_t rules_n, struct live_board *board);
void senders_free(struct senders *s);
/* The sender of this address, or NULL where it is not allowed or one too many. */
struct sender *senders_of(struct senders *s, const union addr *from);
/* Tells the decoder what the rules say of sampling and dialects. */
void senders_export_rules(const struct senders *s, struct export *x);
/* Adds what the decoder counted for an exporter since the last time to its place. */
void senders_publish(
    struct senders *s, uint32_t number, const struct export_counts *c, struct live_exporter *to);
