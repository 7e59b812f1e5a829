/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams that come once more. */
#include "run/replay.h"
#include "unit.h"
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { V5 = 5, V9 = 9, IPFIX = 10, SFLOW = 0 /* starts with 32 bits of 5 */ };
#define NOW_MS 1767225600000

struct head {
	int version;
	uint32_t sequence, domain;
	int64_t time_s, uptime_s; /* time: after NOW_MS */
};

static size_t make(uint64_t room[8], const struct head *h, uint32_t salt)
{
	uint32_t *w = (uint32_t *)room, secs = (uint32_t)(NOW_MS / 1000 + h->time_s);
	memset(room, 0, 64);
	w[0] = htobe32(h->version ? (uint32_t)h->version << 16 : 5);
	w[15] = salt;
	if (h->version == V9 || h->version == V5) {
		w[1] = htobe32((uint32_t)(h->uptime_s * 1000));
		w[2] = htobe32(secs);
		w[h->version == V9 ? 3 : 4] = htobe32(h->sequence);
		w[h->version == V9 ? 4 : 5] =
		    htobe32(h->version == V9 ? h->domain : h->domain << 16);
	} else if (h->version == IPFIX) {
		w[1] = htobe32(secs);
		w[2] = htobe32(h->sequence);
		w[3] = htobe32(h->domain);
	}
	return 64;
}

static bool comes(struct replay *r, struct replay_sender *s, struct head h, uint32_t salt)
{
	uint64_t room[8];
	size_t n = make(room, &h, salt);
	return replay_is(r, s, (const uint8_t *)room, n, NOW_MS + h.time_s * 1000);
}

static void the_same_bytes_are_a_copy(void **state)
{
	(void)state;
	static const int versions[] = {V5, V9, IPFIX, SFLOW};
	struct replay *r = replay_new();
	for (size_t i = 0; i < ROWS(versions); i++) {
		struct replay_sender s = {0}, other = {0};
		struct head h = {versions[i], 100, 1, 0, 1000};
		assert_false(comes(r, &s, h, 1));
		assert_true(comes(r, &s, h, 1));
		assert_false(comes(r, &other, h, 1)); /* everybody has his own */
		assert_false(comes(r, &s, h, 2));
		h.sequence++;
		assert_false(comes(r, &s, h, 3));
		replay_forget(r, &s);
		replay_forget(r, &other);
	}
	replay_free(r);
}

/* After a datagram of sequence 1000, exported at 100 s by an exporter that has run for 5,000 s. */
static void what_is_behind_in_number_and_time_is_replayed(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		int version;
		uint32_t sequence, domain;
		int64_t time_s, uptime_s;
		bool replayed;
	} rows[] = {
	    {"behind in both", V9, 900, 1, 94, 4994, true},
	    {"behind in both", V5, 900, 1, 94, 4994, true},
	    {"behind in both", IPFIX, 900, 1, 94, 0, true},
	    {"only late", V9, 990, 1, 96, 4996, false},
	    {"of another domain", V9, 900, 2, 94, 4994, false},
	    {"of the same second", V9, 900, 1, 100, 5000, false},
	    {"began anew", V9, 0, 1, 160, 5, false},
	    {"began anew with its clock behind", V9, 0, 1, 90, 5, false},
	    {"began anew", IPFIX, 0, 1, 160, 0, false},
	    {"its clock was set back", V9, 1001, 1, 50, 5001, false},
	    {"the numbers wrapped", V9, 1000u + 0x7fffffff, 1, 101, 5001, false},
	    {"left to the check of clocks", V9, 900, 1, -4000, 900, false},
	    {"has no such header", SFLOW, 900, 1, 94, 4994, false},
	};
	struct replay *r = replay_new();
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct replay_sender s = {0};
		const struct head first = {rows[i].version, 1000, 1, 100, 5000};
		const struct head then = {rows[i].version, rows[i].sequence, rows[i].domain,
		    rows[i].time_s, rows[i].uptime_s};
		assert_false(comes(r, &s, first, 1));
		if (comes(r, &s, then, 2) != rows[i].replayed)
			fail_msg("%s, version %d", rows[i].what, rows[i].version);
		replay_forget(r, &s);
	}
	replay_free(r);
}

/* One forged datagram must not make all that the honest exporter sends look old. */
static void the_future_silences_nobody(void **state)
{
	(void)state;
	struct replay *r = replay_new();
	struct replay_sender s = {0};
	uint64_t room[8];
	const struct head forged = {IPFIX, 1 << 30, 1, 3000, 0};
	size_t n = make(room, &forged, 1);
	assert_false(replay_is(r, &s, (const uint8_t *)room, n, NOW_MS));
	for (uint32_t i = 0; i < 100; i++)
		assert_false(comes(r, &s, (struct head){IPFIX, i, 1, i, 0}, 2));
	replay_forget(r, &s);
	replay_free(r);
}

/* A flood and many domains: the last 100,000 are known, memory is bounded by the sets' size. */
static void a_flood_is_remembered_in_part(void **state)
{
	(void)state;
	enum { MANY = 600000, KNOWN = 100000 };
	struct replay *r = replay_new();
	struct replay_sender s = {0};
	struct head h = {V9, 0, 0, 0, 1000};
	for (uint32_t i = 0; i < MANY; i++) {
		h.sequence = i;
		h.domain = i % 50;
		assert_false(comes(r, &s, h, i));
	}
	assert_true(s.now.cap + s.before.cap <= 1 << 19);
	for (uint32_t i = MANY - KNOWN; i < MANY; i++) {
		h.sequence = i;
		h.domain = i % 50;
		assert_true(comes(r, &s, h, i));
	}
	replay_forget(r, &s);
	replay_free(r);
}

static void senders_share_what_room_there_is(void **state)
{
	(void)state;
	enum { SENDERS = 100, EACH = 40000 };
	struct replay *r = replay_new();
	struct replay_sender *s = calloc(SENDERS, sizeof *s);
	size_t slots = 0;
	assert_non_null(s);
	for (uint32_t i = 0; i < SENDERS * EACH; i++)
		assert_false(comes(r, &s[i % SENDERS], (struct head){SFLOW, 0, 0, 0, 0}, i));
	for (size_t i = 0; i < SENDERS; i++)
		slots += s[i].now.cap + s[i].before.cap;
	assert_in_range(slots, 1 << 20, 1 << 22);
	for (uint32_t i = SENDERS * EACH - SENDERS; i < SENDERS * EACH; i++)
		assert_true(comes(r, &s[i % SENDERS], (struct head){SFLOW, 0, 0, 0, 0}, i));
	for (size_t i = 0; i < SENDERS; i++)
		replay_forget(r, &s[i]);
	free(s);
	replay_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_bytes_are_a_copy),
	    cmocka_unit_test(what_is_behind_in_number_and_time_is_replayed),
	    cmocka_unit_test(the_future_silences_nobody),
	    cmocka_unit_test(a_flood_is_remembered_in_part),
	    cmocka_unit_test(senders_share_what_room_there_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
