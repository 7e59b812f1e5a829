/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sequence numbers: see sequence.h. A number ahead opens a gap; a datagram that falls into it fills
 * it; what is still open SEQUENCE_LATE datagrams later is lost. A gap is believed up to what an
 * exporter can have sent since its last datagram, and never across a restart that its uptime
 * shows; all else is a new beginning, not a loss of four billion.
 * What it misses: a loss before the first datagram; a loss across a restart.
 * Sources: RFC 3954 5.1, RFC 7011 3.1, sFlow v5 5; Cisco NetFlow v5. */
#include "decode/sequence.h"

enum { OTHER_ENOUGH = 4, FOLLOWING_ENOUGH = 4 };
#define RECORDS_PER_S   1000000 /* above what any exporter sends */
#define DATAGRAMS_PER_S 65536
#define SLACK_S         10
#define ELAPSED_MAX_S   2000
#define RESTART_MS      60000u      /* uptime that goes back by less is disorder */
#define WRAP_NEAR_MS    0xfa000000u /* a day before 32 bits of uptime are full */

struct sequence sequence_begin(bool by_records)
{
	return (struct sequence){.by_records = by_records};
}

static uint64_t records_of(const struct sequence *s, uint64_t n)
{
	if (s->by_records)
		return n;
	return s->datagrams ? (n * s->records + s->datagrams / 2) / s->datagrams : n;
}

uint64_t sequence_waiting(const struct sequence *s)
{
	uint64_t n = 0;
	for (uint8_t i = 0; i < s->gap_n; i++)
		n += s->gaps[i].n;
	return records_of(s, n);
}

static void drop_gap(struct sequence *s, uint8_t i)
{
	for (s->gap_n--; i < s->gap_n; i++)
		s->gaps[i] = s->gaps[i + 1];
}

static void close_gaps(struct sequence *s, uint64_t *lost)
{
	while (s->gap_n && s->datagrams - s->gaps[0].at > SEQUENCE_LATE) {
		*lost += records_of(s, s->gaps[0].n);
		drop_gap(s, 0);
	}
}

static void open_gap(struct sequence *s, uint32_t from, uint32_t n, uint64_t *lost)
{
	if (s->gap_n == SEQUENCE_GAPS) {
		*lost += records_of(s, s->gaps[0].n);
		drop_gap(s, 0);
	}
	s->gaps[s->gap_n++] = (struct sequence_gap){from, n, s->datagrams};
}

/* Fills the gap that holds these numbers; what is open on both sides becomes two gaps. */
static bool fill_gap(struct sequence *s, uint32_t from, uint32_t n, uint64_t *lost)
{
	for (uint8_t i = 0; i < s->gap_n; i++) {
		struct sequence_gap *g = &s->gaps[i];
		uint32_t before = from - g->from;
		if (before >= g->n || n > g->n - before)
			continue;
		uint32_t behind = g->n - before - n;
		g->n = before;
		if (before && behind)
			open_gap(s, from + n, behind, lost);
		else if (behind)
			*g = (struct sequence_gap){from + n, behind, g->at};
		else if (!before)
			drop_gap(s, i);
		return true;
	}
	return false;
}

static uint32_t gap_max(const struct sequence *s, const struct sequence_step *d)
{
	int64_t elapsed_s = d->clock_ms > s->clock_ms ? (d->clock_ms - s->clock_ms) / 1000 : 0;
	if (elapsed_s > ELAPSED_MAX_S)
		elapsed_s = ELAPSED_MAX_S;
	uint32_t seconds = (uint32_t)elapsed_s + SLACK_S;
	return seconds * (s->by_records ? RECORDS_PER_S : DATAGRAMS_PER_S);
}

static uint32_t late_max(const struct sequence *s)
{
	return SEQUENCE_LATE * (uint32_t)(s->by_records ? s->records / s->datagrams + 1 : 1);
}

static bool restarted(const struct sequence *s, const struct sequence_step *d)
{
	return d->uptime_ms && s->uptime_ms > RESTART_MS && s->uptime_ms < WRAP_NEAR_MS &&
	       d->uptime_ms < s->uptime_ms - RESTART_MS;
}

/* A number behind the one that should come: late, a copy, or (several in a row that follow each
 * other, or far back) the exporter has begun anew. False: it has. */
static bool is_late(struct sequence *s, uint32_t number, uint32_t units, uint64_t *lost)
{
	uint32_t back = s->next - number;
	if (fill_gap(s, number, units, lost))
		return true;
	if (back > late_max(s))
		return false;
	s->late_n = number == s->late ? (uint8_t)(s->late_n + 1) : 0;
	s->late = number + units;
	return s->late_n < FOLLOWING_ENOUGH;
}

/* Whether the exporter counts the other way: then what was missed so far was not. */
static bool counts_otherwise(struct sequence *s, uint32_t number)
{
	if (number == s->next || number != s->other) {
		s->other_n = 0;
		return false;
	}
	if (++s->other_n < OTHER_ENOUGH)
		return false;
	s->by_records = !s->by_records;
	s->other_n = s->gap_n = 0;
	return true;
}

static void go_on(struct sequence *s, const struct sequence_step *d)
{
	s->next = d->number + (s->by_records ? d->records : 1);
	s->late_n = 0;
	s->uptime_ms = d->uptime_ms;
	s->clock_ms = d->clock_ms;
	s->unsure = d->unsure && s->by_records;
}

/* Where the datagram stands against the one expected; true: the expectation follows it. */
static bool judge(
    struct sequence *s, const struct sequence_step *d, uint64_t *lost, uint64_t *resets)
{
	uint32_t ahead = d->number - s->next, units = s->by_records ? d->records : 1;
	if (ahead == 0 || s->unsure || counts_otherwise(s, d->number))
		return true;
	bool anew = restarted(s, d);
	if (!anew && ahead <= gap_max(s, d)) {
		open_gap(s, s->next, ahead, lost);
		return true;
	}
	if (!anew && is_late(s, d->number, units, lost))
		return false;
	++*resets;
	return true;
}

void sequence_take(
    struct sequence *s, const struct sequence_step *d, uint64_t *lost, uint64_t *resets)
{
	s->datagrams++;
	s->records += d->records;
	close_gaps(s, lost);
	if (!s->begun || judge(s, d, lost, resets))
		go_on(s, d);
	s->other = d->number + (s->by_records ? 1 : d->records);
	s->begun = true;
}
