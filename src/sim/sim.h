/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated provider: lines with households, their benign habits and the habits that look like
 * an infection, bots, and what an exporter, a resolver and an indicator feed would tell of them.
 * For trying thresholds and deployments, for the demo and for tests. It is a simulation: it says
 * what detectors do with its traffic, not how they do on a real network. The same options give the
 * same bytes. Memory grows with the lines (about 0.5 KB each), not with the hours
 * unless there are sessions. */
#pragma once
#include "base/opt.h"

struct sim_options {
	uint64_t lines, hours, seed, sampling;
	const char *out, *format, *prefix, *look_alikes;
	double rate, infected, behind_nat;
	int64_t start_ms, active_ms, redial_ms, lease_ms;
	bool one_way, no_flags, no_dns, benign_only, sessions, json;
};
enum { SIM_ROWS = 21 };
extern const struct opt_row sim_rows[SIM_ROWS];

struct sim_result {
	uint64_t conversations, flows, lookups; /* flows: records written */
	uint64_t infected, look_alikes;         /* lines */
	uint64_t bytes;                         /* of all files */
};

struct sim_watch { /* told each simulated minute; both may be NULL */
	void (*tell)(void *to, uint64_t minute, uint64_t minutes, uint64_t flows);
	void *to;
};

/* Writes flows.pcap or conn.log, dns.log, indicators.csv and truth.jsonl to o->out, which is made
 * where it is missing; with sessions also flows-outside.pcap, and who held which address as the
 * files of sessions/. CONFIG: options that do not go together, nothing was written. SYS: a file
 * could not be written. */
int sim_run(
    const struct sim_options *o, struct sim_watch watch, struct sim_result *result, struct err *e);
