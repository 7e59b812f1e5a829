/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sequence numbers of one exporter's domain: what was lost on the way, what only came late, and
 * when the exporter began anew. NetFlow v5 and IPFIX number records, NetFlow v9 and sFlow number
 * datagrams; some exporters do it the other way round, and are found out. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEQUENCE_GAPS = 8, SEQUENCE_LATE = 32 /* datagrams that one may come late by */ };

struct sequence {
	bool begun;
	bool by_records;    /* what the numbers count; else datagrams */
	bool unsure;        /* what the last datagram held could not be counted */
	uint8_t other_n;    /* numbers in a row that fit the other way of counting only */
	uint8_t late_n;     /* late ones in a row that follow each other */
	uint8_t gap_n;      /* open gaps, the oldest first */
	uint32_t next;      /* the number that should come next */
	uint32_t other;     /* the same by the other way of counting */
	uint32_t late;      /* the number behind the last late one */
	uint32_t uptime_ms; /* of the newest datagram */
	int64_t clock_ms;
	uint64_t datagrams, records; /* seen so far: their ratio turns datagrams into records */
	struct sequence_gap {
		uint32_t from, n;
		uint64_t at; /* datagrams seen when it opened */
	} gaps[SEQUENCE_GAPS];
};

struct sequence_step { /* one datagram */
	uint32_t number;
	uint32_t records;   /* in it, those of options included */
	uint32_t uptime_ms; /* 0: not told */
	int64_t clock_ms;   /* the exporter's time, or milliseconds since its start */
	bool unsure;        /* it may hold more records than were counted */
};

struct sequence sequence_begin(bool by_records);
/* Takes the next datagram; adds to *lost the records that are known to be lost now, and to *resets
 * one where the exporter began anew. */
void sequence_take(
    struct sequence *s, const struct sequence_step *d, uint64_t *lost, uint64_t *resets);
/* Records missing that may still come. */
uint64_t sequence_waiting(const struct sequence *s);
