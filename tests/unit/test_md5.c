/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MD5 and its keyed form against the vectors of RFC 1321 (A.5) and RFC 2202 (2). */
#include "base/md5.h"
#include "unit.h"
#include <string.h>

static void check(const uint8_t got[MD5_BYTES], const char *want)
{
	struct text t = {0};
	for (size_t i = 0; i < MD5_BYTES; i++)
		text_fmt(&t, "%02x", got[i]);
	assert_string_equal(t.p, want);
	text_fini(&t);
}

static void known_texts_have_known_sums(void **state)
{
	(void)state;
	uint8_t sum[MD5_BYTES];
	struct span parts[] = {{"a", 1}, {"", 0}, {"bc", 2}};
	assert_int_equal(md5_ready(NULL), ERR_OK);
	md5(sum, NULL, 0);
	check(sum, "d41d8cd98f00b204e9800998ecf8427e");
	md5(sum, parts, 3);
	check(sum, "900150983cd24fb0d6963f7d28e17f72");
	uint8_t other[MD5_BYTES];
	memcpy(other, sum, sizeof other);
	assert_true(md5_same(sum, other));
	other[15] ^= 1;
	assert_false(md5_same(sum, other));
}

static void keys_of_any_length_are_used(void **state)
{
	(void)state;
	uint8_t sum[MD5_BYTES];
	char key[80];
	struct span parts[] = {{"what do ya want ", 16}, {"for nothing?", 12}};
	md5_keyed(sum, span_of("Jefe"), parts, 2);
	check(sum, "750c783e6ab0b503eaa86e310a5db738");
	memset(key, 0xaa, sizeof key);
	parts[0] = span_of("Test Using Larger Than Block-Size Key - Hash Key First");
	md5_keyed(sum, (struct span){key, sizeof key}, parts, 1);
	check(sum, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_texts_have_known_sums),
	    cmocka_unit_test(keys_of_any_length_are_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
