/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frame Streams as a receiver: both handshakes, and nothing that is none. */
#include "collect/collect.h"
#include "unit.h"
#include <string.h>

#define TYPE         "\0\0\0\1\0\0\0\x16protobuf:dnstap.Dnstap"
#define READY_FRAME  "\0\0\0\0\0\0\0\x22\0\0\0\4" TYPE
#define ACCEPT_FRAME "\0\0\0\0\0\0\0\x22\0\0\0\1" TYPE
#define START_FRAME  "\0\0\0\0\0\0\0\x22\0\0\0\2" TYPE
#define STOP_FRAME   "\0\0\0\0\0\0\0\4\0\0\0\3"
#define FINISH_FRAME "\0\0\0\0\0\0\0\4\0\0\0\5"
#define DATA_FRAME   "\0\0\0\3abc"
#define BYTES(s)     (const uint8_t *)(s), sizeof(s) - 1

static size_t step(struct frames *f, const uint8_t *p, size_t n, enum frames_what what,
    const char *answer, size_t answer_n)
{
	struct frames_step s = frames_next(f, p, n);
	assert_int_equal(s.what, what);
	assert_int_equal(s.answer_n, answer_n);
	if (answer_n)
		assert_memory_equal(s.answer, answer, answer_n);
	if (what == FRAMES_DATA)
		assert_memory_equal(s.data, "abc", s.data_n);
	return s.used;
}

static void both_handshakes_are_spoken(void **state)
{
	(void)state;
	struct frames one = {0}, two = {0};
	step(&one, BYTES(START_FRAME), FRAMES_CONTROL, NULL, 0);
	step(&one, BYTES(DATA_FRAME), FRAMES_DATA, NULL, 0);
	step(&one, BYTES(STOP_FRAME), FRAMES_ENDED, NULL, 0);
	step(&two, BYTES(READY_FRAME), FRAMES_CONTROL, ACCEPT_FRAME, sizeof ACCEPT_FRAME - 1);
	step(&two, BYTES(START_FRAME), FRAMES_CONTROL, NULL, 0);
	step(&two, BYTES(DATA_FRAME), FRAMES_DATA, NULL, 0);
	step(&two, BYTES(STOP_FRAME), FRAMES_ENDED, FINISH_FRAME, sizeof FINISH_FRAME - 1);
}

/* Cut anywhere, nothing is used until the frame is whole. */
static void frames_may_come_in_pieces(void **state)
{
	(void)state;
	static const char all[] = START_FRAME DATA_FRAME DATA_FRAME STOP_FRAME;
	for (size_t cut = 1; cut < sizeof all - 1; cut++) {
		struct frames f = {0};
		uint8_t room[sizeof all];
		size_t n = 0, data = 0;
		bool ended = false;
		for (size_t at = 0; at < sizeof all - 1; at += cut) {
			size_t more = sizeof all - 1 - at < cut ? sizeof all - 1 - at : cut;
			memcpy(room + n, all + at, more);
			n += more;
			for (struct frames_step s;
			     (s = frames_next(&f, room, n)).what != FRAMES_MORE;) {
				assert_int_not_equal(s.what, FRAMES_BAD);
				data += s.what == FRAMES_DATA;
				ended |= s.what == FRAMES_ENDED;
				memmove(room, room + s.used, n - s.used);
				n -= s.used;
			}
		}
		assert_int_equal(data, 2);
		assert_true(ended);
		assert_int_equal(n, 0);
	}
}

static void what_is_no_dnstap_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *p;
		size_t n;
	} rows[] = {
	    {DATA_FRAME, sizeof DATA_FRAME - 1}, /* before START */
	    {STOP_FRAME, sizeof STOP_FRAME - 1},
	    {"\0\0\0\0\0\0\0\3\0\0\0", 11},                         /* too short for a type */
	    {"\0\0\0\0\0\0\2\1\0\0\0\2", 12},                       /* a control frame too long */
	    {"\xff\xff\xff\xff", 4},                                /* a data frame too long */
	    {"\0\0\0\0\0\0\0\4\0\0\0\x9", 12},                      /* a control frame unknown */
	    {"\0\0\0\0\0\0\0\x10\0\0\0\2\0\0\0\1\0\0\0\4xyzw", 24}, /* another content type */
	    {"\0\0\0\0\0\0\0\xe\0\0\0\2\0\0\0\1\0\0\xff\xff"
	     "ab",
		22}, /* a field past the end */
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct frames f = {0};
		struct frames_step s = frames_next(&f, (const uint8_t *)rows[i].p, rows[i].n);
		assert_int_equal(s.what, FRAMES_BAD);
	}
	struct frames f = {.started = true};
	step(&f, BYTES(START_FRAME), FRAMES_BAD, NULL, 0); /* twice */
	f = (struct frames){.two_way = true};
	step(&f, BYTES(READY_FRAME), FRAMES_BAD, NULL, 0);
	assert_true(frames_sniff(BYTES(START_FRAME)));
	assert_false(frames_sniff(BYTES("\0\x0a\0\x10")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_handshakes_are_spoken),
	    cmocka_unit_test(frames_may_come_in_pieces),
	    cmocka_unit_test(what_is_no_dnstap_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
