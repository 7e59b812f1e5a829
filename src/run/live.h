/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the processes of a running sensor share besides the ring: a board of counters in memory that
 * all map. Each number has one writer; who reads one believes nothing that could hurt him. */
#pragma once
#include "rec/addr.h"
#include <stdatomic.h>
#include <stdint.h>

enum { LIVE_EXPORTERS_MAX = 1024 };

/* One sender of exports; its place is its number + 1 in the records (`exporter` of struct flow).
 * Written by the reader, but for what the sensor counts. */
struct live_exporter {
	union addr addr;
	_Atomic uint64_t datagrams, bytes, records;
	_Atomic uint64_t bad;            /* records and datagrams that were damaged */
	_Atomic uint64_t ignored;        /* records of no use */
	_Atomic uint64_t no_template;    /* data sets that came before their template */
	_Atomic uint64_t lost;           /* records missing by sequence numbers */
	_Atomic uint64_t resets;         /* times that its sequence began anew */
	_Atomic uint64_t kernel_drops;   /* datagrams that its own socket had no room for */
	_Atomic uint64_t bucket_drops;   /* records over its token bucket */
	_Atomic uint64_t ring_drops;     /* records that the ring had no room for */
	_Atomic uint64_t wrong_clock;    /* records held apart for their time (by the sensor) */
	_Atomic uint64_t wrong_sampling; /* announcements that were not believed */
	_Atomic int64_t last_ms;         /* when it was heard last */
	_Atomic uint32_t sampling;       /* 1 in N in force, 0 not known */
};

struct live_board {
	/* the reader */
	_Atomic uint64_t datagrams, bytes, flows, dns, bad, ignored, files;
	_Atomic uint64_t foreign;      /* datagrams of senders that are not allowed */
	_Atomic uint64_t kernel_drops; /* of the common sockets */
	_Atomic uint64_t ring_drops;
	_Atomic uint64_t dns_bad;
	_Atomic uint32_t exporters;
	/* the sensor */
	_Atomic uint64_t taken, late, muted, dropped, refused; /* refused: failed their check() */
	_Atomic uint64_t wrong_clock;
	_Atomic uint64_t lines, findings, checkpoints, checkpoint_ms, checkpoint_bytes;
	_Atomic uint64_t conversations;
	_Atomic int64_t clock_ms; /* the stage clock */
	_Atomic int64_t checkpoint_at_ms, restored_at_ms;
	struct live_exporter exporter[LIVE_EXPORTERS_MAX];
};
