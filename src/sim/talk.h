/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A conversation between a line and a host outside, as it went over the line, and the pieces of it
 * that an exporter reports: a long one is cut at the active timeout, one whose packets come in
 * widely spaced beats at the inactive timeout (RFC 7011 section 2; Cisco's defaults are 60 and
 * 15 s). Direction 0 goes out of the line, 1 into it. */
#pragma once
#include "base/rand.h"
#include "rec/flow.h"

/* Which exporter sees it. */
enum talk_exporter { EXPORTER_MAIN, EXPORTER_OUTSIDE, EXPORTERS, EXPORTER_NONE = EXPORTERS };
enum talk_end { TALK_ANSWERED, TALK_UNANSWERED, TALK_REFUSED };

struct talk {
	int64_t start_ms;
	union addr host, peer; /* the line's side, the other side */
	uint64_t bytes[2];     /* IP bytes, headers included */
	uint32_t packets[2];
	uint32_t span_ms; /* from the first to the last packet */
	uint32_t beat_ms; /* 0: packets come evenly; else in bursts this far apart */
	uint32_t line;
	uint32_t piece;                /* the next one to export */
	uint16_t host_port, peer_port; /* ICMP: 0, and type * 256 + code of direction 0 */
	uint8_t proto, flags[2];
	uint8_t end;      /* enum talk_end */
	uint8_t doing;    /* enum deed_kind of a bot, 0: nothing of a bot's */
	uint8_t exporter; /* enum talk_exporter */
	bool by_peer;     /* the peer opened it */
	bool midstream;   /* its beginning lies before the run */
	bool cut;         /* its end lies behind the run */
};

struct piece { /* one direction of a part of a conversation */
	int64_t start_ms, end_ms;
	uint64_t bytes;
	uint32_t packets; /* 0: nothing to export */
	uint8_t flags;
	uint8_t reason; /* enum flow_reason */
};

/* Counts of a TCP conversation that was answered; up and down are payload bytes. */
void talk_tcp(struct talk *t, uint64_t up, uint64_t down, uint32_t span_ms);
/* A TCP attempt that failed after so many SYNs. */
void talk_fail(struct talk *t, enum talk_end how, unsigned syns);
/* UDP datagrams each way, payload bytes each; none back: unanswered. */
void talk_udp(struct talk *t, uint32_t out_n, uint32_t out_bytes, uint32_t in_n, uint32_t in_bytes,
    uint32_t span_ms);
/* Ends it at end_ms where it would go on. */
void talk_clip(struct talk *t, int64_t end_ms);
/* The line loses its address at end_ms: all of it lies before. False: nothing is left. */
bool talk_until(struct talk *t, int64_t end_ms);
/* What is left of one in beats where it is opened anew at from_ms. False: nothing, or it is none in
 * beats. */
bool talk_after(struct talk *t, int64_t from_ms);

uint32_t talk_pieces(const struct talk *t, uint32_t active_ms);
/* When the exporter sends the piece. */
int64_t talk_exported(const struct talk *t, uint32_t piece, uint32_t active_ms);
struct piece talk_piece(const struct talk *t, uint32_t piece, int way, uint32_t active_ms);
/* Round trip to a peer, the same each time, 6 to 120 ms. */
uint32_t talk_rtt(const struct talk *t);
