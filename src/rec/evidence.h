/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a detector found on a line: every number a notice will say can be recomputed from it. */
#pragma once
#include "rec/proto.h"
#include "rec/subject.h"

enum { EVIDENCE_TOP = 5, EVIDENCE_NAME = 80 };

struct evidence_top {    /* a peer, a port or a name that stands behind the count */
	union addr addr; /* all zero: none */
	uint16_t port;
	uint8_t proto;
	uint32_t count;
	char name[EVIDENCE_NAME]; /* "" none */
};

struct evidence {
	struct subject subject;
	uint32_t detector;                 /* number in detect's table */
	uint32_t cause;                    /* hash of the indicator behind it, 0: none */
	int64_t window_ms;                 /* start of the window it is about */
	int64_t first_ms, last_ms;         /* first and last event it counted in that window */
	int64_t day_first_ms, day_last_ms; /* first and last event it counted on that day */
	double value, threshold;           /* of the statistic; the threshold is the model's u */
	double p;        /* of the statistic under the benign model, 1 where there is none */
	double db;       /* strength, at most cap_db; no bonus in it */
	double bonus_db; /* printed and used for ranking only (detection.md 4.3) */
	double cap_db;
	double prevalence;     /* share of lines; negative: unknown */
	const char *statistic; /* static text, "failed_destinations" */
	const char *unit;      /* static text, "hosts/h" */
	char family[32];       /* "" unknown */
	double share;          /* of attempts that failed and the like; negative: none */
	uint32_t sampling;
	uint8_t which;  /* of the detector's statistics */
	uint32_t count; /* events counted in the window */
	uint32_t top_n;
	bool estimated; /* value comes from a sketch and is rounded to two digits */
	bool behaviour; /* states a fact that may stand alone (detection.md 4.6) */
	struct evidence_top top[EVIDENCE_TOP];
};
