/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cursor: reads in order, remembers its first error, never leaves its bytes. */
#include "base/buf.h"
#include "unit.h"

static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09};

static void reads_both_byte_orders(void **state)
{
	(void)state;
	struct buf b = buf_of(bytes, sizeof bytes);
	assert_int_equal(buf_u8(&b), 0x01);
	assert_int_equal(buf_be16(&b), 0x0203);
	assert_int_equal(buf_le16(&b), 0x0504);
	assert_int_equal(buf_be32(&b), 0x06070809);
	assert_int_equal(buf_left(&b), 0);
	assert_false(b.bad);
	b = buf_of(bytes, sizeof bytes);
	assert_true(buf_be64(&b) == 0x0102030405060708ULL);
	b = buf_of(bytes, sizeof bytes);
	assert_true(buf_le64(&b) == 0x0807060504030201ULL);
	b = buf_of(bytes, sizeof bytes);
	assert_int_equal(buf_le32(&b), 0x04030201);
}

static void a_read_past_the_end_is_remembered(void **state)
{
	(void)state;
	struct buf b = buf_of(bytes, 3);
	assert_int_equal(buf_be32(&b), 0);
	assert_true(b.bad);
	assert_int_equal(buf_u8(&b), 0);
	assert_int_equal(buf_left(&b), 0);
	assert_null(buf_take(&b, 0));
}

static void lengths_near_the_largest_do_not_wrap(void **state)
{
	(void)state;
	struct buf b = buf_of(bytes, sizeof bytes);
	buf_skip(&b, 1);
	assert_null(buf_take(&b, SIZE_MAX));
	assert_true(b.bad);
}

static void a_part_has_its_own_end(void **state)
{
	(void)state;
	struct buf b = buf_of(bytes, sizeof bytes), part = buf_sub(&b, 2);
	assert_int_equal(buf_be16(&part), 0x0102);
	buf_skip(&part, 1);
	assert_true(part.bad);
	assert_false(b.bad);
	assert_int_equal(buf_u8(&b), 0x03);
	part = buf_sub(&b, 99);
	assert_true(part.bad && b.bad);
	assert_int_equal(buf_left(&part), 0);
}

static void reduced_sizes_are_read(void **state)
{
	(void)state;
	for (size_t n = 0, want = 0; n <= 8; want = want << 8 | bytes[n], n++)
		assert_true(buf_peek_be(bytes, n) == want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_both_byte_orders),
	    cmocka_unit_test(a_read_past_the_end_is_remembered),
	    cmocka_unit_test(lengths_near_the_largest_do_not_wrap),
	    cmocka_unit_test(a_part_has_its_own_end),
	    cmocka_unit_test(reduced_sizes_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
