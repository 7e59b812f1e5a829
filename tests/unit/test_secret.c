/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets: boxes open for their owner alone, a passphrase gives one key, wholes are sealed. */
#include "base/secret.h"
#include "unit.h"
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const struct secret_cost cheap = {1, 8192};

static void a_box_opens_with_its_own_secret_only(void **state)
{
	(void)state;
	uint8_t open[BOX_KEY], secret[BOX_KEY], other_open[BOX_KEY], other[BOX_KEY], again[BOX_KEY];
	uint8_t closed[5 + BOX_MORE];
	char plain[6] = "";
	box_pair(open, secret);
	box_pair(other_open, other);
	box_open_key(again, secret);
	assert_memory_equal(again, open, BOX_KEY);
	assert_true(box_close(closed, "hello", 5, open));
	assert_false(box_take(plain, closed, 5, other_open, other));
	assert_false(box_take(plain, closed, 5, open, other));
	assert_true(box_take(plain, closed, 5, open, secret));
	assert_string_equal(plain, "hello");
	closed[BOX_MORE] ^= 1;
	assert_false(box_take(plain, closed, 5, open, secret));
}

static void a_key_of_zeros_closes_nothing(void **state)
{
	(void)state;
	uint8_t zeros[BOX_KEY] = {0}, closed[1 + BOX_MORE];
	assert_false(box_close(closed, "x", 1, zeros));
}

static void a_passphrase_and_a_salt_give_one_key(void **state)
{
	(void)state;
	static const uint8_t salt[2][SECRET_SALT] = {{1}, {2}};
	struct seal_key a, b;
	assert_true(secret_stretch(&a, "word", 4, salt[0], &cheap));
	assert_true(secret_stretch(&b, "word", 4, salt[0], &cheap));
	assert_memory_equal(&a, &b, sizeof a);
	assert_true(secret_stretch(&b, "word", 4, salt[1], &cheap));
	assert_memory_not_equal(&a, &b, sizeof a);
	assert_true(secret_stretch(&b, "worD", 4, salt[0], &cheap));
	assert_memory_not_equal(&a, &b, sizeof a);
}

static void a_whole_comes_back_as_it_was_sealed_or_not_at_all(void **state)
{
	(void)state;
	struct seal_key k = {{7}}, other = {{8}};
	uint8_t sealed[5 + SEAL_WHOLE];
	char plain[6] = "";
	seal_whole(&k, "hello", 5, "about", 5, sealed);
	assert_true(unseal_whole(&k, sealed, 5, "about", 5, plain));
	assert_string_equal(plain, "hello");
	assert_false(unseal_whole(&k, sealed, 5, "abouT", 5, plain));
	assert_false(unseal_whole(&other, sealed, 5, "about", 5, plain));
	for (size_t i = 0; i < sizeof sealed; i++) {
		sealed[i] ^= 1;
		assert_false(unseal_whole(&k, sealed, 5, "about", 5, plain));
		sealed[i] ^= 1;
	}
}

static void secret_memory_is_zero_and_a_guarded_process_leaves_no_core(void **state)
{
	(void)state;
	static const uint8_t zeros[100];
	uint8_t *p = secret_new(100);
	assert_memory_equal(p, zeros, sizeof zeros);
	secret_free(p);
	secret_free(NULL);
	struct rlimit limit;
	secret_guard();
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
	assert_int_equal(limit.rlim_max, 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_box_opens_with_its_own_secret_only),
	    cmocka_unit_test(a_key_of_zeros_closes_nothing),
	    cmocka_unit_test(a_passphrase_and_a_salt_give_one_key),
	    cmocka_unit_test(a_whole_comes_back_as_it_was_sealed_or_not_at_all),
	    cmocka_unit_test(secret_memory_is_zero_and_a_guarded_process_leaves_no_core),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
