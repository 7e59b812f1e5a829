/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keyed hashing: repeatable with the offline key, different with any other. */
#include "base/hash.h"
#include "unit.h"
#include <string.h>

static bool same(struct hash x, struct hash y)
{
	return x.a == y.a && x.b == y.b;
}

static void the_offline_key_repeats(void **state)
{
	(void)state;
	struct hash h = hash_bytes(&hash_key_offline, "theriac", 7);
	assert_true(same(h, hash_bytes(&hash_key_offline, "theriac", 7)));
	assert_false(same(h, hash_bytes(&hash_key_offline, "theriaC", 7)));
	assert_false(same(h, hash_bytes(&hash_key_offline, "theriac", 6)));
}

static void random_keys_differ(void **state)
{
	(void)state;
	struct hash_key a = hash_key_random(), b = hash_key_random();
	assert_memory_not_equal(a.k, b.k, sizeof a.k);
	assert_false(same(hash_bytes(&a, "x", 1), hash_bytes(&b, "x", 1)));
}

static void the_mixer_spreads_neighbours(void **state)
{
	(void)state;
	unsigned filled[16] = {0};
	for (uint64_t i = 0; i < 16000; i++)
		filled[hash_mix(i) >> 60]++;
	for (size_t i = 0; i < ROWS(filled); i++)
		assert_in_range(filled[i], 850, 1150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_offline_key_repeats),
	    cmocka_unit_test(random_keys_differ),
	    cmocka_unit_test(the_mixer_spreads_neighbours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
