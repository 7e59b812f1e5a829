/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A live sensor's board as text for people, as JSON and as Prometheus text. Names on the board were
 * written by the reader and are not trusted: they are cut and escaped. */
#pragma once
#include "base/json.h"
#include "run/live.h"
#include "run/stats.h"

struct live_view { /* what the parent knows besides the board */
	const struct live *l;
	pid_t reader, sessions, sensor; /* 0: not running just now */
	uint64_t records_was[LIVE_EXPORTERS_MAX], rate[LIVE_EXPORTERS_MAX]; /* records/s */
	uint64_t flows_was, flow_rate, dns_was, dns_rate;
	int64_t rated_ms;
};
void live_view_rate(struct live_view *v, int64_t now_ms); /* about once a second */

void live_status_text(const struct live_view *v, struct text *out);
void live_status_json(const struct live_view *v, struct text *out);
void live_metrics(const struct live_view *v, struct text *out);
/* The closing summary: the object of detect with what only a live sensor counts, and for people.
 * What the board has is filled into stats. */
void live_summary(const struct live *l, struct stats *stats, struct text *json, struct text *words);
