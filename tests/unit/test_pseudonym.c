/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pseudonyms: stable within an epoch, unlinkable over two. */
#include "attribute/attribute.h"
#include "base/mem.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEEK_MS   (7 * 86400000LL)
#define MONDAY_MS 1767571200000LL /* 2026-01-05T00:00:00Z */
enum { LINES = 20000 };

static const struct pseudonym_key key_a = {2900, {1, 2, 3}}, key_c = {2902, {7, 8, 9}};

static void an_epoch_is_a_week_from_monday_at_midnight(void **state)
{
	(void)state;
	int64_t n = pseudonym_epoch(MONDAY_MS);
	assert_int_equal(pseudonym_epoch(MONDAY_MS - 1), n - 1);
	assert_int_equal(pseudonym_epoch(MONDAY_MS + WEEK_MS - 1), n);
	assert_int_equal(pseudonym_epoch(MONDAY_MS + WEEK_MS), n + 1);
	assert_int_equal(pseudonym_epoch_start_ms(n), MONDAY_MS);
	assert_int_equal(pseudonym_epoch(4 * 86400000LL), 0);
	assert_int_equal(pseudonym_epoch(4 * 86400000LL - 1), -1);
	assert_int_equal(pseudonym_epoch(4 * 86400000LL - WEEK_MS), -1);
	assert_int_equal(pseudonym_epoch(4 * 86400000LL - WEEK_MS - 1), -2);
}

static void the_construction_is_the_documented_one(void **state)
{
	(void)state;
	/* python3: hashlib.blake2b(b"subuser:alice@isp.example", digest_size=16,
	 *          key=bytes([1, 2, 3] + [0] * 29)).hexdigest() */
	char text[ADDR_TEXT];
	struct subject s = pseudonym_of(&key_a, span_of("user:alice@isp.example"), 5);
	subject_text(text, &s);
	assert_string_equal(text, "Pd21095f4fd7c3f4a9c684dcbbd8f113a");
	assert_int_equal(s.kind, SUBJECT_PSEUDONYM);
	assert_int_equal(s.flags, 5);
	assert_int_equal(s.bits, 128);
}

static void two_epochs_live_and_no_more(void **state)
{
	(void)state;
	static const uint8_t k[5][PSEUDONYM_KEY] = {{1}, {2}, {3}, {4}, {5}};
	static const uint8_t zeros[PSEUDONYM_KEY];
	struct pseudonyms p = {0};
	assert_true(pseudonyms_due(&p, MONDAY_MS));
	pseudonyms_turn(&p, MONDAY_MS, k[0]);
	assert_int_equal(p.n, 1);
	assert_null(pseudonyms_before(&p));
	assert_false(pseudonyms_due(&p, MONDAY_MS + WEEK_MS - 1));
	assert_false(pseudonyms_due(&p, MONDAY_MS - 5 * WEEK_MS)); /* time does not go back */
	pseudonyms_turn(&p, MONDAY_MS - 5 * WEEK_MS, k[4]);
	assert_memory_equal(pseudonyms_now(&p)->k, k[0], PSEUDONYM_KEY);
	pseudonyms_turn(&p, MONDAY_MS + WEEK_MS, k[1]);
	assert_memory_equal(pseudonyms_now(&p)->k, k[1], PSEUDONYM_KEY);
	assert_memory_equal(pseudonyms_before(&p)->k, k[0], PSEUDONYM_KEY);
	pseudonyms_turn(&p, MONDAY_MS + 2 * WEEK_MS, k[2]);
	assert_memory_equal(pseudonyms_before(&p)->k, k[1], PSEUDONYM_KEY);
	pseudonyms_turn(&p, MONDAY_MS + 4 * WEEK_MS, k[3]); /* a week was slept through */
	assert_int_equal(p.n, 1);
	assert_memory_equal(p.live[1].k, zeros, PSEUDONYM_KEY);
}

static struct span *made_lines(char (*text)[32])
{
	struct span *lines = mem_new(LINES, sizeof *lines);
	for (int i = 0; i < LINES; i++) {
		(void)snprintf(text[i], sizeof text[i], "user:customer-%d@isp.example", i);
		lines[i] = span_of(text[i]);
	}
	return lines;
}

static unsigned bits_that_differ(const union addr *a, const union addr *b)
{
	return (unsigned)(__builtin_popcountll(a->q[0] ^ b->q[0]) +
			  __builtin_popcountll(a->q[1] ^ b->q[1]));
}

/* Names of one line in two epochs are as far apart as names of two lines: half of the bits, within
 * six standard deviations of the mean over all lines. */
static void over_epochs_a_line_looks_like_another_line(void **state)
{
	(void)state;
	char(*text)[32] = mem_new(LINES, sizeof *text);
	struct span *lines = made_lines(text);
	double same = 0, other = 0;
	for (size_t i = 0; i < LINES; i++) {
		struct subject a = pseudonym_of(&key_a, lines[i], 0);
		struct subject c = pseudonym_of(&key_c, lines[i], 0);
		struct subject d = pseudonym_of(&key_c, lines[(i + 1) % LINES], 0);
		same += bits_that_differ(&a.id, &c.id);
		other += bits_that_differ(&a.id, &d.id);
	}
	double sd = 5.66 / 141.4; /* sqrt(128)/2 over sqrt(LINES) */
	assert_true(same / LINES > 64 - 6 * sd && same / LINES < 64 + 6 * sd);
	assert_true(other / LINES > 64 - 6 * sd && other / LINES < 64 + 6 * sd);
	free(lines);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_epoch_is_a_week_from_monday_at_midnight),
	    cmocka_unit_test(the_construction_is_the_documented_one),
	    cmocka_unit_test(two_epochs_live_and_no_more),
	    cmocka_unit_test(over_epochs_a_line_looks_like_another_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
